/**
 * One user process: started, listened to, interrupted, ended. Knows nothing of cells' meaning.
 *
 * Invariants
 *   U1  Items come out in the order the host wrote them; `settled` waits until the cell's raw output on
 *       fds 1 and 2 has been seen, 50 ms at most.
 *   U2  `exited` resolves after everything the process wrote has been delivered.
 *   U3  The client always reads: the host's blocking writes depend on it.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { totalmem } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { deserialize } from "node:v8";
import { DIALECT_VARIABLE, type Dialect } from "../dialect.ts";
import { builtModule } from "../package-root.ts";
import {
  CONTROL_FD,
  type ControlRequest,
  EVENTS_FD,
  FRAME_BYTES_MAX,
  type HostItem,
  type Request,
} from "../protocol.ts";

const RAW_OUTPUT_WAIT_MS = 50;
const DRAIN_MS = 300;
/** For a process that has executions on a cluster to stop before it ends. */
const LEAVE_MAX_MS = 10_000;
const STDERR_TAIL_CHARS = 4_096;
const DUMP_LENGTH_MAX = 64 * 1024;
/** How Node and V8 begin their last words. A program that a cell started may die with the same. */
const DUMP = /^\n*(?:-{5} Native stack trace -{5}|<--- Last few GCs --->|#\n# Fatal error in)/m;

export interface UserProcessOptions {
  readonly folder: string;
  readonly columns: number;
  readonly color: boolean;
  readonly dialect: Dialect | undefined;
  /** Name of the session in the history. */
  readonly session: string;
  /** Everything the host reports, in order. */
  readonly onItem: (item: HostItem) => void;
  /** What add-ons and child programs wrote to the descriptors themselves. */
  readonly onRawOutput: (stream: "stdout" | "stderr", text: string) => void;
}

/** How a user process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not start, or why we had to end it. */
  readonly problem?: string;
  /** The last lines it wrote to stderr below Node: V8's own words about memory, an add-on's assertion. */
  readonly stderrTail: string;
}

export class UserProcess {
  readonly #child: ChildProcess;
  readonly #options: UserProcessOptions;
  readonly #marker = `\u0000${randomUUID()}:`;
  readonly #raw: Record<"stdout" | "stderr", RawOutput>;
  readonly #queue: HostItem[] = [];
  #waiting: NodeJS.Timeout | undefined;
  #problem: string | undefined;
  #isDrained = false;
  /** Set while it was asked to end. */
  #killTimer: NodeJS.Timeout | undefined;
  #stderrTail = "";
  /** What may be the process's last words, held until it is known whether it ends. */
  #dump = "";
  readonly ready: Promise<void>;
  #becomeReady: () => void = () => undefined;
  readonly exited: Promise<ProcessEnd>;

  constructor(options: UserProcessOptions) {
    this.#options = options;
    const { FORCE_COLOR: _, NO_COLOR: __, NODE_OPTIONS: nodeOptions, ...env } = process.env;
    this.#child = fork(builtModule("runtime/session/host/main.js"), [], {
      cwd: options.folder,
      detached: true, // its own process group: a Ctrl-C typed at a terminal is ours to interpret
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe", "pipe"],
      execArgv: hostFlags(),
      env: {
        ...env,
        ...(nodeOptions ? { NODE_OPTIONS: nodeOptions } : {}),
        FORCE_COLOR: options.color ? "1" : "0",
        ...(options.dialect && { [DIALECT_VARIABLE]: options.dialect }),
      },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#raw = {
      stdout: this.#readRaw("stdout", this.#child.stdout),
      stderr: this.#readRaw("stderr", this.#child.stderr),
    };
    const events = this.#pipe(EVENTS_FD);
    this.#readFrames(events);
    this.#pipe(CONTROL_FD)?.on("error", ignoreBrokenPipe).resume();
    this.exited = this.#waitForEnd(events);
  }

  /**
   * Puts it to work: \`ready\` resolves soon after. Until then it has loaded its code and waits, so that a
   * spare can be kept warm.
   * @param firstCall the number of the first workflow call it makes.
   */
  begin(firstCall: number): void {
    const { folder, columns, session } = this.#options;
    this.send({ kind: "init", folder, columns, session, firstCall, marker: this.#marker });
  }

  /** It is ready, or never will be. */
  get started(): Promise<unknown> {
    return Promise.race([this.ready, this.exited]);
  }

  /** It has ended, or never began. */
  get isGone(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  /** Our end of a descriptor; Node makes sockets of "pipe" stdio, the declarations know five of them only. */
  #pipe(fd: number): Socket | null {
    const pipes: readonly unknown[] = this.#child.stdio;
    return (pipes[fd] ?? null) as Socket | null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(request: Request): void {
    // A process that has just died tells so by `exited`; the request is then lost with everything else.
    if (this.#child.connected) this.#child.send(request, ignoreBrokenPipe);
  }

  /** Raises the interrupt flag for a cell, also while the main thread is blocked. */
  interrupt(cell: number, kind: ControlRequest["kind"] = "interrupt"): void {
    const request: ControlRequest = { kind, cell };
    const control = this.#pipe(CONTROL_FD);
    if (control?.writable) control.write(`${JSON.stringify(request)}\n`);
  }

  /** Ends the process and the children it started. */
  kill(problem?: string): void {
    this.#problem ??= problem;
    const { pid } = this.#child;
    if (pid === undefined || this.isGone) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group is gone already, or was never made (ESRCH): what is left is the process itself.
      this.#child.kill("SIGKILL");
    }
  }

  /** Asks it to end; kills it after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    this.send({ kind: "shutdown" });
    this.#killTimer = setTimeout(() => this.kill(), graceMs);
    await this.exited;
    clearTimeout(this.#killTimer);
  }

  // ── reading ───────────────────────────────────────────────────────────────────────────────────

  #readFrames(pipe: Readable | null): void {
    const reader = new FrameReader(
      (items) => {
        this.#queue.push(...items);
        this.#pump();
      },
      (problem) => this.kill(problem),
    );
    pipe?.on("data", (chunk: Buffer) => reader.push(chunk)).on("error", ignoreBrokenPipe);
  }

  #readRaw(stream: "stdout" | "stderr", pipe: Readable | null): RawOutput {
    const raw = new RawOutput(this.#marker, (text) => {
      if (stream === "stderr")
        this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL_CHARS);
      const shown = stream === "stderr" ? this.#withoutLastWords(text) : text;
      if (shown !== "") this.#options.onRawOutput(stream, shown);
    });
    pipe?.on("data", (chunk: Buffer) => {
      if (raw.push(chunk)) this.#pump();
    });
    pipe?.on("error", ignoreBrokenPipe);
    return raw;
  }

  /**
   * Node's stacks of itself would bury the message about the end, and are of use to nobody but Node's own people. They
   * are dropped with the process, and shown when a cell ends all the same.
   */
  #withoutLastWords(text: string): string {
    const at = this.#dump === "" ? text.search(DUMP) : 0;
    if (at === -1) return text;
    this.#dump += text.slice(at);
    if (this.#dump.length > DUMP_LENGTH_MAX) this.#showDump();
    return text.slice(0, at);
  }

  /** They were another's. */
  #showDump(): void {
    const text = this.#dump;
    this.#dump = "";
    if (text !== "") this.#options.onRawOutput("stderr", text);
  }

  /** Delivers what may be delivered (U1). */
  #pump(): void {
    for (let item = this.#queue[0]; item; item = this.#queue[0]) {
      if (item.kind === "settled" && !this.#rawSeen(item.settled.cell)) return this.#waitForRaw();
      this.#queue.shift();
      if (this.#waiting) clearTimeout(this.#waiting);
      this.#waiting = undefined;
      if (item.kind === "ready") this.#becomeReady();
      if (item.kind === "leaving") {
        clearTimeout(this.#killTimer);
        this.#killTimer = setTimeout(() => this.kill(), LEAVE_MAX_MS);
      }
      if (item.kind === "settled") {
        this.#showDump();
        for (const raw of Object.values(this.#raw)) raw.forget(item.settled.cell);
      }
      this.#options.onItem(item);
    }
  }

  #rawSeen(cell: number): boolean {
    return this.#isDrained || (this.#raw.stdout.seen(cell) && this.#raw.stderr.seen(cell));
  }

  #waitForRaw(): void {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      const item = this.#queue[0];
      if (item?.kind === "settled") {
        this.#raw.stdout.giveUp(item.settled.cell);
        this.#raw.stderr.giveUp(item.settled.cell);
      }
      this.#pump();
    }, RAW_OUTPUT_WAIT_MS);
  }

  /**
   * Programs that cells started end with the process, however it ended: a server would keep its port, and nobody
   * would know of it. One that is to stay is started `detached`, in a group of its own.
   */
  #endChildren(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGTERM");
    } catch {
      // ESRCH: there are none.
    }
  }

  async #waitForEnd(events: Readable | null): Promise<ProcessEnd> {
    const { promise, resolve } = Promise.withResolvers<Pick<ProcessEnd, "code" | "signal">>();
    this.#child.once("exit", (code, signal) => resolve({ code, signal }));
    this.#child.once("error", (error) => {
      this.#problem ??= `it could not be started: ${error.message}`;
      if (this.#child.pid === undefined) resolve({ code: null, signal: null });
    });
    const end = await promise;
    this.#endChildren();
    // A grandchild may hold the pipes open, so their end is not waited for without a limit.
    await Promise.race([
      Promise.all([events, this.#child.stdout, this.#child.stderr].map(ended)),
      new Promise((done) => setTimeout(done, DRAIN_MS).unref()),
    ]);
    this.#isDrained = true;
    for (const raw of Object.values(this.#raw)) raw.flush();
    this.#pump();
    return {
      ...end,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      stderrTail: this.#stderrTail,
    };
  }
}

function ended(pipe: Readable | null): Promise<void> {
  if (!pipe || pipe.readableEnded || pipe.destroyed) return Promise.resolve();
  return new Promise((resolve) => pipe.once("close", resolve).once("end", resolve));
}

/** A pipe to a process that dies breaks; that the process died is known from `exit`. */
function ignoreBrokenPipe(): void {}

function hostFlags(): string[] {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const memory = Math.min(process.constrainedMemory() || totalmem(), totalmem());
  return [
    // The loader constant of node:vm and module hooks announce themselves as experimental at each start.
    "--disable-warning=ExperimentalWarning",
    ...(major >= 24 ? ["--no-force-async-hooks-checks"] : []),
    // Newer Nodes let the young generation grow to 192 MB: a loop that prints would seem to leak.
    ...(process.env["NODE_OPTIONS"]?.includes("semi-space") ? [] : ["--max-semi-space-size=16"]),
    // A flag would win over the person's own limit.
    ...(process.env["NODE_OPTIONS"]?.includes("max-old-space-size")
      ? []
      : [`--max-old-space-size=${Math.floor((memory * 0.75) / 1024 / 1024)}`]),
  ];
}

/** Cuts a byte stream into the frames of `protocol.ts`. */
class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #isBroken = false;
  readonly #onItems: (items: HostItem[]) => void;
  readonly #onGarbage: (problem: string) => void;

  constructor(onItems: (items: HostItem[]) => void, onGarbage: (problem: string) => void) {
    this.#onItems = onItems;
    this.#onGarbage = onGarbage;
  }

  push(chunk: Buffer): void {
    if (this.#isBroken) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (
      let size = this.#frameSize();
      size !== undefined && this.#length >= size + 4;
      size = this.#frameSize()
    ) {
      const all = this.#joined();
      const body = all.subarray(4, size + 4);
      this.#chunks = [all.subarray(size + 4)];
      this.#length = all.length - size - 4;
      let items: HostItem[];
      try {
        items = deserialize(body);
      } catch {
        return this.#break();
      }
      if (!Array.isArray(items)) return this.#break();
      this.#onItems(items);
    }
  }

  #frameSize(): number | undefined {
    if (this.#length < 4 || this.#isBroken) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < 4) this.#joined();
    const size = this.#chunks[0]?.readUInt32BE(0) ?? 0;
    if (size <= FRAME_BYTES_MAX) return size;
    this.#break();
    return undefined;
  }

  #joined(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const joined = all ?? Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #break(): void {
    this.#isBroken = true;
    this.#chunks = [];
    this.#onGarbage("its event stream was written to by something else (fd 4)");
  }
}

/** Text on fd 1 or 2, with the host's end-of-cell markers taken out. */
class RawOutput {
  readonly #marker: string;
  readonly #onText: (text: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  readonly #seen = new Set<number>();
  #held = "";

  constructor(marker: string, onText: (text: string) => void) {
    this.#marker = marker;
    this.#onText = onText;
  }

  /** @returns whether a marker came by. */
  push(chunk: Buffer): boolean {
    this.#held += this.#decoder.write(chunk);
    let isMarked = false;
    for (
      let at = this.#held.indexOf(this.#marker);
      at !== -1;
      at = this.#held.indexOf(this.#marker)
    ) {
      const end = this.#held.indexOf("\n", at);
      if (end === -1) break;
      this.#emit(this.#held.slice(0, at));
      this.#seen.add(Number(this.#held.slice(at + this.#marker.length, end)));
      this.#held = this.#held.slice(end + 1);
      isMarked = true;
    }
    // A marker begins with NUL: text up to the last one cannot be part of it.
    const start = this.#held.lastIndexOf("\u0000");
    const isPart =
      start !== -1 && this.#marker.startsWith(this.#held.slice(start, start + this.#marker.length));
    const safe = isPart ? start : this.#held.length;
    this.#emit(this.#held.slice(0, safe));
    this.#held = this.#held.slice(safe);
    return isMarked;
  }

  seen(cell: number): boolean {
    return this.#seen.has(cell);
  }

  /** Nothing more is waited for: the cell closed the descriptor, or floods it. */
  giveUp(cell: number): void {
    this.#seen.add(cell);
  }

  forget(cell: number): void {
    this.#seen.delete(cell);
  }

  flush(): void {
    this.#emit(this.#held + this.#decoder.end());
    this.#held = "";
  }

  #emit(text: string): void {
    if (text !== "") this.#onText(text);
  }
}
