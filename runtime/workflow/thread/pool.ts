/**
 * The threads: one pool per process, as many as the machine has processors, started when needed.
 *
 * Invariants
 *   P1  A thread runs one call at a time: ending it ends that call alone.
 *   P2  A call is given to piscina only when a thread is free for it. Piscina's own queue would stand still when the
 *       thread that it waits for is ended.
 *   P3  Threads do not keep the process alive; calls that run in them do.
 * @module
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import { Limiter } from "../limiter.ts";
import type { ThreadMessage, ThreadRequest } from "./messages.ts";

/** An idle thread ends after this. */
const IDLE_MS = 10_000;

/**
 * At its limit a thread gets 16 MB more to end in. One collection of a larger young generation overruns them, and then
 * V8 ends the whole process.
 */
const YOUNG_MB = 8;

/** From the sources the worker is TypeScript too, and Node strips it. */
const WORKER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url),
);

export class ThreadPool {
  readonly #piscina: Piscina<ThreadRequest, void>;
  readonly #limiter: Limiter;
  readonly #listeners = new Map<number, (message: ThreadMessage) => void>();
  /** Threads that have started, and calls that are in one or wait for one to start. */
  #ready = 0;
  #running = 0;
  /** Calls that run or wait for room. */
  #held = 0;
  #isRetired = false;

  static async open(): Promise<ThreadPool> {
    const { Piscina: Pool } = await import("piscina");
    return new ThreadPool(
      new Pool({
        filename: WORKER,
        name: "run",
        minThreads: 0,
        // Two also on one processor: a thread may wait for another one.
        maxThreads: Math.max(2, availableParallelism()),
        idleTimeout: IDLE_MS,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      }),
    );
  }

  private constructor(piscina: Piscina<ThreadRequest, void>) {
    this.#piscina = piscina;
    this.#limiter = new Limiter(piscina.maxThreads);
    piscina.on("workerCreate", () => this.#ready++);
    // Also told of a thread that ended before it had started.
    piscina.on("workerDestroy", () => {
      this.#ready = Math.max(0, this.#ready - 1);
    });
    piscina.on("message", (message: unknown) => this.#heard(message));
    // A thread without a call failed: what an earlier call left behind in it. The next call gets a new one.
    piscina.on("error", (error: unknown) => process.emitWarning(asError(error)));
  }

  /** Calls `start` when a thread is free for it, at once if one is. */
  take(start: () => void): void {
    this.#held++;
    this.#limiter.take(() => {
      this.#running++;
      start();
    });
  }

  /** Whether what is given now is read now. */
  get hasIdleThread(): boolean {
    return this.#running < this.#ready;
  }

  /**
   * Runs a call that `take` has made room for.
   * @param signal ends the thread.
   * @param listener gets what the thread says of this call.
   * @returns when the thread is free again; rejects when it ended, or when the request cannot be copied.
   */
  async run(
    request: ThreadRequest,
    signal: AbortSignal,
    listener: (message: ThreadMessage) => void,
  ): Promise<void> {
    this.#listeners.set(request.id, listener);
    try {
      await this.#piscina.run(request, { signal });
    } finally {
      this.release();
    }
  }

  /** The room of a call is free again. */
  release(): void {
    this.#running--;
    this.#held--;
    this.#limiter.release();
    if (this.#isRetired) this.#close();
  }

  /** Nothing is heard of a call any more. */
  forget(id: number): void {
    this.#listeners.delete(id);
  }

  /** Takes no more calls, and ends with its last one. */
  retire(): void {
    this.#isRetired = true;
    this.#close();
  }

  #close(): void {
    if (this.#held > 0) return;
    // Only our own threads can fail to end, and then with the process.
    this.#piscina.destroy().catch(() => undefined);
  }

  #heard(message: unknown): void {
    if (typeof message !== "object" || message === null || !("eagerdeckCall" in message)) return;
    // Only `worker.ts` marks its messages so.
    const said = message as ThreadMessage;
    const listener = this.#listeners.get(said.eagerdeckCall);
    if (listener) listener(said);
    else if (said.kind === "output") process[said.stream].write(said.text);
  }
}

let unsettled = 0;
/** Does nothing but keep the process alive (P3). */
let alive: NodeJS.Timeout | undefined;
const ALIVE_MS = 2 ** 30;

/**
 * A call waits for what its thread will say; the process must not end before. Piscina lets go of a thread when its
 * function has ended, which may be before what it returned has arrived.
 */
export function holdProcess(): void {
  alive ??= setInterval(() => undefined, ALIVE_MS);
  if (unsettled++ === 0) alive.ref();
}

/** The same call has settled. */
export function letProcessEnd(): void {
  if (--unsettled === 0) alive?.unref();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
