/**
 * The five sockets of a kernel. The only file that knows ZeroMQ.
 *
 * Sockets are read without waiting for handlers: receive, verify, dispatch, next. What is sent goes
 * through one outbox per socket.
 * @module
 */
import { capability, Reply, Router, type Socket, XPublisher } from "zeromq";
import { type Connection, ConnectionError, type CurveKeys } from "./connection.ts";
import { ipcFile, ipcFileInUse, removeIpcFile } from "./ipc.ts";
import type { Log } from "./log.ts";
import type {
  Channel,
  IncomingMessage,
  MessageContent,
  OutgoingMessage,
  Transport,
} from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { Wire } from "./wire.ts";

const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
/** Nobody signs a heartbeat or a subscription: a stranger must not fill our memory with one. Jupyter's have few bytes. */
const UNSIGNED_BYTES_MAX = 64 * 1024;
const LINGER_MS = 1_000;
/** An unreachable client: without it a send on a `mandatory` router stays pending for ever. */
const STDIN_SEND_MS = 500;
const COMPLAINT_EVERY_MS = 10_000;

// High-water mark 0: with the default of 1,000 a slow reader loses messages, and a lost `idle` hangs nbclient.
// What a stalled reader can cost is limited by the output budget instead.
const shared = { sendHighWaterMark: 0, maxMessageSize: MESSAGE_BYTES_MAX, linger: LINGER_MS };
// `handover`: a server that reconnects keeps its identity instead of being refused.
const router = { ...shared, handover: true };

/** An address could not be bound; the message is for people. */
export class BindError extends Error {
  static {
    Object.defineProperty(BindError.prototype, "name", { value: "BindError" });
  }
}

export class Sockets implements Transport {
  readonly #wire: Wire;
  readonly #log: Log;
  readonly #shell = new Router(router);
  readonly #control = new Router(router);
  readonly #stdin = new Router({ ...router, mandatory: true, sendTimeout: STDIN_SEND_MS });
  // Default verbosity reports only the first of two equal subscriptions: the second client would never be welcomed.
  readonly #iopub = new XPublisher({
    ...shared,
    maxMessageSize: UNSIGNED_BYTES_MAX,
    verbosity: "allSubs",
  });
  readonly #heartbeat = new Reply({ linger: 0, maxMessageSize: UNSIGNED_BYTES_MAX });
  readonly #published: Outbox;
  readonly #replies: Readonly<Record<Channel, Outbox>>;
  readonly #dropped = { count: 0, why: "" };
  #complaining: NodeJS.Timeout | undefined;
  /** Files of ipc addresses that are ours. */
  readonly #files: string[] = [];
  #closed = false;

  constructor(key: string, log: Log) {
    this.#wire = new Wire(key);
    this.#log = log;
    const failed = (error: unknown): void => {
      if (!this.#closed) log("error", `a message could not be sent: ${String(error)}`);
    };
    this.#published = new Outbox((frames) => this.#iopub.send(frames), failed);
    this.#replies = {
      shell: new Outbox((frames) => this.#shell.send(frames), failed),
      control: new Outbox((frames) => this.#control.send(frames), failed),
    };
  }

  /**
   * @throws {ConnectionError} when encryption is asked for and not to be had.
   * @throws {BindError} when an address is taken or cannot be used.
   */
  async bind(connection: Connection): Promise<void> {
    const sockets = {
      shell: this.#shell,
      control: this.#control,
      stdin: this.#stdin,
      iopub: this.#iopub,
      heartbeat: this.#heartbeat,
    };
    if (connection.curve !== undefined) encrypt(Object.values(sockets), connection.curve);
    for (const [name, address] of Object.entries(connection.addresses)) {
      const file = ipcFile(address);
      try {
        const inUse = file === undefined ? undefined : await ipcFileInUse(file);
        if (inUse !== undefined) throw new Error(inUse);
        if (name === "iopub") this.#start(address);
        else await sockets[name as keyof typeof sockets].bind(address); // the record's own keys
      } catch (error) {
        throw new BindError(`cannot listen on ${address} (${name}): ${reason(error)}`, {
          cause: error,
        });
      }
      if (file !== undefined) this.#files.push(file);
    }
  }

  /**
   * `starting` goes out once, in the very turn in which iopub is bound: after an `idle` it would leave JupyterLab at
   * "Starting", and a subscriber that is faster than a turn would get it before its welcome.
   */
  #start(address: string): void {
    const type = "status";
    const content = { execution_state: "starting" } as const;
    // Ready before it binds: the first signature takes milliseconds, in which somebody might subscribe.
    const frames = this.#wire.write([this.#topic(type)], { type, content, parent: {} });
    this.#iopub.bindSync(address);
    this.#published.put(frames);
  }

  /**
   * Reads all sockets until they are closed.
   * @param receive must not throw and does not wait: it is called for each message in order.
   */
  async serve(
    receive: (channel: Channel | "stdin", message: IncomingMessage) => void,
  ): Promise<void> {
    await Promise.all([
      this.#read(this.#shell, (message) => receive("shell", message)),
      this.#read(this.#control, (message) => receive("control", message)),
      this.#read(this.#stdin, (message) => receive("stdin", message)),
      this.#welcome(),
      this.#beat(),
    ]);
  }

  publish(message: OutgoingMessage): void {
    const stream = message.type === "stream" ? `.${message.content.name}` : "";
    this.#publishAs(this.#topic(message.type + stream), message);
  }

  reply(channel: Channel, identities: readonly Uint8Array[], message: OutgoingMessage): void {
    if (!this.#closed) this.#replies[channel].put(this.#wire.write(identities, message));
  }

  request(identities: readonly Uint8Array[], message: OutgoingMessage) {
    const id = this.#wire.nextId();
    // One question at a time: no queue is needed in front of this socket.
    return { id, sent: this.#stdin.send(this.#wire.write(identities, message, id)) };
  }

  async flushed(): Promise<void> {
    await this.#published.flushed();
  }

  /** Sends what waits, then closes; the sockets linger for a second at most. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await Promise.all([
      this.#published.flushed(),
      this.#replies.shell.flushed(),
      this.#replies.control.flushed(),
    ]);
    this.#closed = true;
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub, this.#heartbeat]) {
      socket.close();
    }
    clearTimeout(this.#complaining);
    for (const file of this.#files) removeIpcFile(file);
  }

  #topic(kind: string): Buffer {
    return Buffer.from(`kernel.${this.#wire.session}.${kind}`);
  }

  #publishAs(topic: Buffer, message: OutgoingMessage): void {
    if (!this.#closed) this.#published.put(this.#wire.write([topic], message));
  }

  async #read(socket: Router, receive: (message: IncomingMessage) => void): Promise<void> {
    for await (const frames of socket) {
      const read = this.#wire.read(frames);
      if (read.kind === "message") receive(read.message);
      else this.#complain(read.why);
    }
  }

  /** At once, then one line per ten seconds with their count: a port scanner must not fill the disk. */
  #complain(why: string): void {
    this.#dropped.count += 1;
    this.#dropped.why = why;
    if (this.#complaining === undefined) this.#sayDropped();
  }

  #sayDropped(): void {
    const { count, why } = this.#dropped;
    this.#complaining = undefined;
    if (count === 0) return;
    this.#dropped.count = 0;
    this.#log("error", `dropped ${count} message(s), the last for its ${why}`);
    this.#complaining = setTimeout(() => this.#sayDropped(), COMPLAINT_EVERY_MS).unref();
  }

  /** Tells each new subscriber that it is connected: from here on it misses nothing. */
  async #welcome(): Promise<void> {
    for await (const [frame] of this.#iopub) {
      if (frame?.[0] !== 1) continue; // 0: somebody left
      let subscription: string;
      try {
        subscription = new TextDecoder("utf-8", { fatal: true }).decode(frame.subarray(1));
      } catch {
        continue; // a topic that is not text cannot be answered in JSON; that subscriber waits for no welcome
      }
      const content: MessageContent["iopub_welcome"] = { subscription };
      this.#publishAs(Buffer.from(subscription), { type: "iopub_welcome", content, parent: {} });
    }
  }

  async #beat(): Promise<void> {
    for await (const frames of this.#heartbeat) await this.#heartbeat.send(frames);
  }
}

/** Before anything is bound: a socket takes over what it was set to when it began to listen. */
function encrypt(sockets: readonly Socket[], { publicKey, secretKey }: CurveKeys): void {
  if (capability.curve !== true) {
    throw new ConnectionError(
      "the connection file asks for CurveZMQ encryption, which this build of zeromq cannot do: install one with libsodium",
    );
  }
  for (const socket of sockets) {
    try {
      socket.curveServer = true;
      socket.curvePublicKey = publicKey;
      socket.curveSecretKey = secretKey;
    } catch (error) {
      throw new ConnectionError(`the curve keys cannot be used: ${reason(error)}`, {
        cause: error,
      });
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
