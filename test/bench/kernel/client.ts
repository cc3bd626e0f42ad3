/**
 * The Jupyter client of the benchmark: the same for all kernels, and cheap per message, since what it costs would be
 * taken for the kernel's. It notes when each message came and does nothing else with it.
 *
 * The tests' client checks everything that it receives and is no watch.
 * @module
 */
import { createHmac, randomUUID } from "node:crypto";
import { Dealer, Request, Subscriber } from "zeromq";
import type { Connection } from "../../support/kernel-client.ts";

/** Milliseconds. The usual 100 would be the resolution of every start. */
const reconnectInterval = 5;

export interface Message {
  readonly type: string;
  readonly parentId: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: of four kernels; whoever reads it knows the protocol
  readonly content: any;
  /** `performance.now()`. */
  readonly at: number;
  readonly isIopub: boolean;
}

/** A request and what came for it so far. */
export interface Asked {
  readonly id: string;
  readonly sentAt: number;
  readonly reply: Promise<Message>;
  readonly idle: Promise<Message>;
  /** On iopub, under this request. */
  readonly published: Message[];
}

interface Open extends Asked {
  readonly resolveReply: (message: Message) => void;
  readonly resolveIdle: (message: Message) => void;
}

export class BenchClient {
  readonly #session = randomUUID();
  readonly #key: string;
  readonly #shell: Dealer;
  readonly #control: Dealer;
  readonly #iopub = new Subscriber({ receiveHighWaterMark: 0, linger: 0, reconnectInterval });
  readonly #heart = new Request({ linger: 0, reconnectInterval });
  readonly #open = new Map<string, Open>();
  /** What belongs to no request that is known. */
  readonly stray: Message[] = [];
  #sends: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection) {
    this.#key = connection.key;
    const address = (port: number) => `tcp://${connection.ip}:${port}`;
    const dealer = (port: number) => {
      const routingId = this.#session;
      const socket = new Dealer({
        routingId,
        linger: 0,
        receiveHighWaterMark: 0,
        reconnectInterval,
      });
      socket.connect(address(port));
      return socket;
    };
    this.#shell = dealer(connection.shell_port);
    this.#control = dealer(connection.control_port);
    this.#iopub.connect(address(connection.iopub_port));
    this.#iopub.subscribe();
    this.#heart.connect(address(connection.hb_port));
    for (const socket of [this.#shell, this.#control, this.#iopub]) void this.#read(socket);
  }

  ask(type: string, content: object, channel: "shell" | "control" = "shell"): Asked {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.#session,
      username: "bench",
      date: new Date().toISOString(),
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", this.#key).update(parts.join("")).digest("hex");
    const reply = Promise.withResolvers<Message>();
    const idle = Promise.withResolvers<Message>();
    const asked: Open = {
      id,
      sentAt: performance.now(),
      reply: reply.promise,
      idle: idle.promise,
      published: [],
      resolveReply: reply.resolve,
      resolveIdle: idle.resolve,
    };
    this.#open.set(id, asked);
    const socket = channel === "shell" ? this.#shell : this.#control;
    this.#sends = this.#sends.then(() => socket.send(["<IDS|MSG>", signature, ...parts]));
    return asked;
  }

  execute(code: string): Asked {
    const flags = { silent: false, store_history: true, stop_on_error: true, allow_stdin: false };
    return this.ask("execute_request", { code, user_expressions: {}, ...flags });
  }

  /** One heartbeat. */
  async beat(): Promise<void> {
    await this.#heart.send("b");
    await this.#heart.receive();
  }

  close(): void {
    for (const socket of [this.#shell, this.#control, this.#iopub, this.#heart]) socket.close();
  }

  async #read(socket: Dealer | Subscriber): Promise<void> {
    const isIopub = socket === this.#iopub;
    for await (const frames of socket) {
      const at = performance.now();
      const delimiter = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
      const [, header, parent, , content] = frames.slice(delimiter + 1);
      if (header === undefined || parent === undefined || content === undefined) continue;
      const parentId: string | undefined = JSON.parse(parent.toString()).msg_id;
      const message: Message = {
        type: JSON.parse(header.toString()).msg_type,
        parentId,
        content: JSON.parse(content.toString()),
        at,
        isIopub,
      };
      const asked = parentId === undefined ? undefined : this.#open.get(parentId);
      if (asked === undefined) this.stray.push(message);
      else if (!isIopub) asked.resolveReply(message);
      else {
        asked.published.push(message);
        if (message.content.execution_state === "idle") asked.resolveIdle(message);
      }
    }
  }
}

/** The value, or `undefined` after `timeMaxMs`: a kernel that hangs must not hang the run. */
export async function within<T>(timeMaxMs: number, value: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), timeMaxMs);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
