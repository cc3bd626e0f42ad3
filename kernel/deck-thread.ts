/**
 * The kernel's end of the deck thread: starts it when it is needed, starts it again when it dies.
 *
 * A run's events are kept until the run is forgotten, so that a new thread can be told what the dead one
 * knew. The second time a question ends its thread it is not asked again.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { RuntimeEvent } from "../runtime/events/events.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";
import type { DeckRenderer } from "./deck-renderer.ts";
import type { DeckReply, DeckRequest } from "./deck-worker.ts";
import type { Log } from "./log.ts";

/** A drawing that takes longer has hung. */
const ANSWER_MAX_MS = 30_000;
const DEATHS_MAX = 2;

interface Question {
  readonly request: Extract<DeckRequest, { id: number }>;
  readonly resolve: (bundle: MimeBundle) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  deaths: number;
}

export class DeckThread implements DeckRenderer {
  readonly #log: Log;
  readonly #file: URL;
  readonly #runs = new Map<string, RuntimeEvent[]>();
  readonly #questions = new Map<number, Question>();
  /** Events of this turn of the loop, sent as one message. */
  #unsent: RuntimeEvent[] = [];
  #worker: Worker | undefined;
  #nextId = 1;
  #closed = false;

  constructor(log: Log, file: URL = new URL("./deck-worker.js", import.meta.url)) {
    this.#log = log;
    this.#file = file;
  }

  /** Starts the thread now, so that the first deck does not wait for it. */
  warm(): void {
    if (!this.#closed) this.#running();
  }

  apply(event: RuntimeEvent): void {
    const events = this.#runs.get(event.runId);
    if (events === undefined) this.#runs.set(event.runId, [event]);
    else events.push(event);
    if (this.#unsent.length === 0) setImmediate(() => this.#sendEvents());
    this.#unsent.push(event);
  }

  async live(runId: string, nowMs: number): Promise<MimeBundle> {
    return await this.#ask({ kind: "live", id: this.#nextId++, runId, nowMs });
  }

  async deck(runId: string): Promise<MimeBundle> {
    return await this.#ask({ kind: "deck", id: this.#nextId++, runId });
  }

  forget(runId: string): void {
    this.#sendEvents();
    this.#runs.delete(runId);
    this.#worker?.postMessage({ kind: "forget", runId } satisfies DeckRequest);
  }

  async flush(): Promise<void> {
    // Without a thread nothing has been forgotten since it ended.
    if (this.#worker === undefined || this.#closed) return;
    await this.#ask({ kind: "flush", id: this.#nextId++ });
  }

  close(): void {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    for (const id of [...this.#questions.keys()]) this.#fail(id, "the kernel ends");
  }

  #ask(request: Question["request"]): Promise<MimeBundle> {
    const { promise, resolve, reject } = Promise.withResolvers<MimeBundle>();
    const timer = setTimeout(() => {
      this.#log("error", `the deck thread did not answer within ${ANSWER_MAX_MS} ms`);
      void this.#worker?.terminate(); // its `exit` asks again
    }, ANSWER_MAX_MS);
    this.#questions.set(request.id, { request, resolve, reject, timer, deaths: 0 });
    if (this.#closed) this.#fail(request.id, "the kernel ends");
    else {
      this.#sendEvents();
      this.#running().postMessage(request);
    }
    return promise;
  }

  #sendEvents(): void {
    const events = this.#unsent;
    if (events.length === 0 || this.#closed) return;
    this.#unsent = [];
    this.#running().postMessage({ kind: "events", events } satisfies DeckRequest);
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#file);
    this.#worker = worker;
    worker.unref();
    worker.on("message", (reply: DeckReply) => this.#receive(reply));
    worker.on("error", (error) => this.#log("error", `the deck thread failed: ${String(error)}`));
    worker.on("exit", () => this.#onExit(worker));
    return worker;
  }

  #receive(reply: DeckReply): void {
    if ("notice" in reply) return this.#log("error", reply.notice);
    const question = this.#questions.get(reply.id);
    if (question === undefined) return;
    if ("problem" in reply) return this.#fail(reply.id, reply.problem);
    this.#questions.delete(reply.id);
    clearTimeout(question.timer);
    question.resolve(reply.bundle);
  }

  #fail(id: number, problem: string): void {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    clearTimeout(question?.timer);
    question?.reject(new Error(problem));
  }

  #onExit(worker: Worker): void {
    if (this.#worker !== worker) return; // closed, or replaced already
    this.#worker = undefined;
    for (const [id, question] of this.#questions) {
      question.deaths += 1;
      if (question.deaths >= DEATHS_MAX) this.#fail(id, "the deck thread died over it twice");
    }
    if (this.#runs.size === 0 && this.#questions.size === 0) return;
    this.#unsent = [...this.#runs.values()].flat();
    this.#sendEvents();
    for (const { request } of this.#questions.values()) this.#running().postMessage(request);
  }
}
