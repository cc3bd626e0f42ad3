/**
 * A Jupyter client over real ZeroMQ sockets, with its own HMAC and framing: it shares no code with the
 * kernel, so that a bug is not shared either. Every message is checked against the specification.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { curveKeyPair, Dealer, Request, Subscriber } from "zeromq";
import { distFolder } from "./dist.ts";
import { messageProblem, type SentRequest, transcriptProblems } from "./message-spec.ts";
import { freePorts } from "./ports.ts";
import { tempFolder } from "./temp-folder.ts";

/** How a kernel is started; its connection file is appended. The one place that knows. */
const KERNEL_COMMAND: readonly string[] = process.env["EAGERDECK_TEST_KERNEL"]?.split(" ") ?? [
  process.execPath,
  join(distFolder, "cli", "main.js"),
  "kernel",
  "start",
];

/** Less than the limit of a test: a wait that fails lets the test clean up. */
const WAIT_MAX_MS = 20_000;

/** Whatever happens to a test, its kernels end with the process that ran it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface Received {
  readonly channel: "shell" | "control" | "stdin" | "iopub";
  /** Of iopub messages. */
  readonly topic: string;
  readonly header: {
    readonly msg_id: string;
    readonly msg_type: string;
    readonly session: string;
    readonly date: string;
  };
  readonly parent: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: the specification's table has checked it, tests read what they expect
  readonly content: any;
  readonly buffers: readonly Uint8Array[];
}

export interface KernelOptions {
  readonly transport?: "tcp" | "ipc";
  /** Empty: unsigned. */
  readonly key?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; default: a folder of its own, removed with it. */
  readonly folder?: string;
  /** Changes to the connection file. */
  readonly connection?: Readonly<Record<string, unknown>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A kernel in a process of its own, ended with the test whatever happens. */
export class KernelProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly connection: Connection;
  readonly #ended: Promise<Ended>;
  readonly #cleanUp: () => void;
  readonly #clients: KernelClient[] = [];
  #stderr = "";

  private constructor(
    child: ChildProcess,
    connection: Connection,
    folder: string,
    cleanUp: () => void,
  ) {
    this.child = child;
    this.connection = connection;
    this.folder = folder;
    this.#cleanUp = cleanUp;
    child.stderr?.on("data", (chunk) => {
      this.#stderr += String(chunk);
    });
    child.stdout?.resume();
    running.add(child);
    this.#ended = new Promise((resolve) =>
      child.once("close", (code, signal) => resolve({ code, signal })),
    );
    void this.#ended.then(() => running.delete(child));
  }

  static async start(options: KernelOptions = {}): Promise<KernelProcess> {
    const folder = tempFolder();
    const connection = await newConnection(folder.path, options);
    const file = folder.write("connection.json", JSON.stringify(connection));
    const [command = "", ...args] = KERNEL_COMMAND;
    const child = spawn(command, [...args, file], {
      cwd: options.folder ?? folder.path,
      env: { ...process.env, EAGERDECK_LOG: "info", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const workFolder = options.folder ?? folder.path;
    return new KernelProcess(child, connection, workFolder, () => folder[Symbol.dispose]());
  }

  /** How the kernel ended; fails when it does not. */
  async exited(): Promise<Ended> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`the kernel did not end within ${WAIT_MAX_MS} ms:\n${this.#stderr}`)),
      WAIT_MAX_MS,
    );
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the kernel logged so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** A client that is connected: it has been welcomed and misses nothing from here on. */
  async connect(options: { readonly key?: string } = {}): Promise<KernelClient> {
    const client = new KernelClient({ ...this.connection, ...options });
    this.#clients.push(client);
    await Promise.race([
      client.welcomed,
      this.#ended.then(({ code }) => {
        throw new Error(`the kernel ended with ${code} before it answered:\n${this.#stderr}`);
      }),
    ]);
    return client;
  }

  /** Ends it in order. */
  async end(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.child.kill("SIGTERM");
    const kill = setTimeout(() => this.child.kill("SIGKILL"), 3_000);
    await this.#ended;
    clearTimeout(kill);
    this.#cleanUp();
  }
}

export interface Connection {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly signature_scheme: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly curve_publickey?: string;
  readonly curve_secretkey?: string;
}

export interface Executed {
  readonly id: string;
  readonly reply: Received;
  /** Everything of this cell on iopub, busy and idle included, up to idle. */
  readonly published: readonly Received[];
  /** Text of stdout and stderr. */
  readonly stdout: string;
  readonly stderr: string;
  /** Of the execute_result, as text. */
  readonly result: string | undefined;
}

export class KernelClient {
  /** Also the identity of its sockets. */
  readonly session: string;
  readonly welcomed: Promise<void>;
  /** In the order of arrival. */
  readonly received: Received[] = [];
  readonly sent: SentRequest[] = [];
  readonly #key: string;
  readonly #channels: Readonly<Record<"shell" | "control" | "stdin", Dealer>>;
  readonly #iopub: Subscriber;
  readonly #heartbeat: Request;
  readonly #waiters = new Set<(message: Received) => void>();
  readonly #problems: string[] = [];
  #sends: Promise<unknown> = Promise.resolve();

  /** @param session that of a client before it, for one that reconnects. */
  constructor(connection: Connection, session: string = randomUUID()) {
    this.session = session;
    this.#key = connection.key;
    const address = (port: number) =>
      connection.transport === "ipc"
        ? `ipc://${connection.ip}-${port}`
        : `tcp://${connection.ip}:${port}`;
    const curve = curveOptions(connection);
    const dealer = (port: number): Dealer => {
      const socket = new Dealer({
        routingId: this.session,
        linger: 0,
        receiveHighWaterMark: 0,
        sendHighWaterMark: 0,
        ...curve,
      });
      socket.connect(address(port));
      return socket;
    };
    this.#channels = {
      shell: dealer(connection.shell_port),
      control: dealer(connection.control_port),
      stdin: dealer(connection.stdin_port),
    };
    this.#iopub = new Subscriber({ receiveHighWaterMark: 0, ...curve });
    this.#heartbeat = new Request({ linger: 0, ...curve });
    this.#iopub.connect(address(connection.iopub_port));
    this.#iopub.subscribe();
    this.#heartbeat.connect(address(connection.hb_port));
    for (const name of ["shell", "control", "stdin"] as const)
      void this.#read(this.#channels[name], name);
    void this.#read(this.#iopub, "iopub");
    this.welcomed = this.message((message) => message.header.msg_type === "iopub_welcome").then(
      () => undefined,
    );
  }

  /** Sends a message and does not wait. @returns its id. */
  send(
    type: string,
    content: unknown,
    options: {
      readonly channel?: "shell" | "control" | "stdin";
      readonly metadata?: object;
      readonly header?: object;
      readonly parent?: object;
      readonly key?: string;
      readonly buffers?: readonly Uint8Array[];
      readonly subshell?: string;
    } = {},
  ): string {
    const msg_id = randomUUID();
    const header = {
      msg_id,
      msg_type: type,
      session: this.session,
      username: "tester",
      date: new Date().toISOString(),
      version: "5.3",
      ...(options.subshell === undefined ? {} : { subshell_id: options.subshell }),
      ...options.header,
    };
    const parts = [header, options.parent ?? {}, options.metadata ?? {}, content].map((part) =>
      JSON.stringify(part),
    );
    this.sent.push({ msg_id, msg_type: type });
    this.sendRaw(
      [
        "<IDS|MSG>",
        this.#sign(parts, options.key ?? this.#key),
        ...parts,
        ...(options.buffers ?? []),
      ],
      options.channel,
    );
    return msg_id;
  }

  /** The frames of a message whose four parts are given as they are, well signed; for `sendRaw`. */
  signed(parts: readonly (string | Uint8Array)[]): (string | Uint8Array)[] {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return ["<IDS|MSG>", hmac.digest("hex"), ...parts];
  }

  /** Frames as they are; not part of the transcript that is checked. */
  sendRaw(
    frames: readonly (string | Uint8Array)[],
    channel: "shell" | "control" | "stdin" = "shell",
  ): void {
    const socket = this.#channels[channel];
    this.#sends = this.#sends.then(() => socket.send([...frames]));
  }

  /** Forgets a request that is not meant to be answered. */
  forget(id: string): void {
    const at = this.sent.findIndex((request) => request.msg_id === id);
    if (at >= 0) this.sent.splice(at, 1);
  }

  async request(
    type: string,
    content: unknown = {},
    channel: "shell" | "control" = "shell",
  ): Promise<Received> {
    const id = this.send(type, content, { channel });
    await this.idle(id);
    return await this.reply(id);
  }

  async reply(id: string): Promise<Received> {
    return await this.message(
      ({ channel, parent }) =>
        (channel === "shell" || channel === "control") && parent["msg_id"] === id,
    );
  }

  async idle(id: string): Promise<Received> {
    return await this.message(
      (message) => message.content["execution_state"] === "idle" && message.parent["msg_id"] === id,
    );
  }

  async execute(code: string, options: object = {}): Promise<Executed> {
    return await this.executed(this.startCell(code, options));
  }

  /** @param how the subshell, for one. */
  startCell(code: string, options: object = {}, how: { readonly subshell?: string } = {}): string {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
      ...options,
    };
    return this.send("execute_request", content, how);
  }

  async executed(id: string): Promise<Executed> {
    const [reply] = await Promise.all([this.reply(id), this.idle(id)]);
    const published = this.published(id);
    const text = (name: string): string =>
      published
        .flatMap(({ content }) => (content["name"] === name ? [content["text"]] : []))
        .join("");
    const result = published.find((message) => message.header.msg_type === "execute_result");
    return {
      id,
      reply,
      published,
      stdout: text("stdout"),
      stderr: text("stderr"),
      result: result?.content["data"]["text/plain"],
    };
  }

  /** What came on iopub for a request so far. */
  published(id: string): Received[] {
    return this.received.filter(
      (message) => message.channel === "iopub" && message.parent["msg_id"] === id,
    );
  }

  /**
   * The first message, also of those that have come, for which `holds`.
   * @throws after a while, so that `using` ends the kernel of a test that would otherwise hang for ever.
   */
  async message(holds: (message: Received) => boolean): Promise<Received> {
    const found = this.received.find(holds);
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    // Told of each message once: a thousand of these may wait.
    const take = (message: Received): void => {
      if (holds(message)) resolve(message);
    };
    this.#waiters.add(take);
    const timer = setTimeout(() => reject(new Error(this.#whatCame())), WAIT_MAX_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(take);
    }
  }

  #whatCame(): string {
    const last = this.received
      .slice(-15)
      .map(
        ({ channel, content, header }) =>
          `${channel} ${header.msg_type} ${JSON.stringify(content).slice(0, 100)}`,
      );
    return `no such message within ${WAIT_MAX_MS} ms; the last that came:\n${last.join("\n")}`;
  }

  /** Echo of the heartbeat. */
  async beat(text: string): Promise<string> {
    await this.#heartbeat.send(text);
    return String((await this.#heartbeat.receive())[0]);
  }

  /** What is wrong with the conversation so far; every test ends with an empty one. */
  problems(lateOutput: readonly string[] = []): string[] {
    return [
      ...this.#problems,
      ...transcriptProblems(this.sent, this.received, new Set(lateOutput)),
    ];
  }

  close(): void {
    for (const socket of [...Object.values(this.#channels), this.#iopub, this.#heartbeat]) {
      if (!socket.closed) socket.close();
    }
  }

  #sign(parts: readonly string[], key: string): string {
    if (key === "") return "";
    return createHmac("sha256", key).update(parts.join("")).digest("hex");
  }

  async #read(socket: Dealer | Subscriber, channel: Received["channel"]): Promise<void> {
    for await (const frames of socket) {
      const texts = frames.map(String);
      const at = texts.indexOf("<IDS|MSG>");
      const [signature, ...parts] = texts.slice(at + 1, at + 6);
      if (at < 0 || parts.length !== 4) this.#problems.push(`${channel}: malformed frames`);
      else if (signature !== this.#sign(parts, this.#key))
        this.#problems.push(`${channel}: wrong signature`);
      else {
        const [header, parent, metadata, content] = parts.map((part) => JSON.parse(part));
        const message: Received = {
          channel,
          topic: texts.slice(0, at).join(),
          header,
          parent,
          metadata,
          content,
          buffers: frames.slice(at + 6),
        };
        const problem = messageProblem(message);
        if (problem !== undefined) this.#problems.push(problem);
        this.received.push(message);
        for (const take of this.#waiters) take(message);
      }
    }
  }
}

/** Of a client with a pair of its own, that knows the kernel's public key. */
function curveOptions({ curve_publickey }: Connection) {
  if (curve_publickey === undefined) return {};
  const { publicKey, secretKey } = curveKeyPair();
  return {
    curveServerKey: curve_publickey,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
  };
}

async function newConnection(folder: string, options: KernelOptions): Promise<Connection> {
  const isIpc = options.transport === "ipc";
  const ports = isIpc ? [1, 2, 3, 4, 5] : await freePorts(5);
  const [shell_port = 0, iopub_port = 0, stdin_port = 0, control_port = 0, hb_port = 0] = ports;
  return {
    transport: isIpc ? "ipc" : "tcp",
    ip: isIpc ? join(folder, "socket") : "127.0.0.1",
    key: options.key ?? randomUUID(),
    signature_scheme: "hmac-sha256",
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
    ...options.connection,
  };
}
