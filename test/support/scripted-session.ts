/**
 * A session without a user process: cells are JavaScript expressions that run here, against a few
 * functions that make every kind of event happen on demand.
 *
 * Front ends are tested against it where the real one would be slow or could not be driven by hand.
 * Cells: `print("a")`, `warn("a")`, `wait()` (until interrupted), `stubborn()` (until killed),
 * `calls("a", "b")` (tasks that end at once), `begin("a")` and `settle("t1", 5)`, `fail("why")`,
 * `ask("Name? ")`, `publish("name")`, `die("SIGKILL")`, `exit(3)`, `display("text")`, `refuse(2, 7)`, `untilFile("/path")`; anything else is a value.
 */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { Script } from "node:vm";
import type { CallCreated, RuntimeEvent } from "../../runtime/events/events.ts";
import type {
  CheckPolicy,
  CommHandling,
  Completions,
  ExecuteRequest,
  Execution,
  HistoryRow,
  InputAnswer,
  InputQuestion,
  InstallOptions,
  InterruptKind,
  InterruptResult,
  ParseResult,
  Peeked,
  Session,
  SessionEvent,
  SessionPhase,
  Settled,
  Types,
} from "../../runtime/session/client/api.ts";

/** The distributive form: `runId` and `at` are added here. */
type Said<T> = T extends RuntimeEvent ? Omit<T, "runId" | "at"> : never;

interface Job {
  readonly cell: number;
  readonly request: ExecuteRequest;
  readonly started: PromiseWithResolvers<{ readonly n?: number; readonly aborted: boolean }>;
  readonly settled: PromiseWithResolvers<Settled>;
  n?: number;
  runId?: string;
  readonly published: { readonly name: string; readonly kind: string }[];
  stop?: (error: Error) => void;
  isStubborn?: boolean;
}

export interface ScriptedOptions {
  readonly folder?: string;
  /** `ready` settles when this does. */
  readonly ready?: Promise<void>;
  /** What completes a word: the range is found here. */
  readonly names?: Completions["items"];
}

export class ScriptedSession implements Session {
  readonly folder: string;
  readonly ready: Promise<void>;
  phase: SessionPhase = "starting";
  count = 0;
  defaultRemote: string | undefined;
  check: CheckPolicy = "error";
  readonly interrupts: InterruptKind[] = [];
  isClosed = false;
  readonly types: Types;
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  readonly #queue: Job[] = [];
  readonly #detached = new Set<Job>();
  #running: Job | undefined;
  #answer: ((question: InputQuestion) => Promise<InputAnswer>) | undefined;
  #nextCell = 1;
  #nextCall = 1;

  constructor(options: ScriptedOptions = {}) {
    this.folder = options.folder ?? "/";
    this.types = {
      complete: async (code, offset) => {
        // A checker that never answers.
        if (code.includes("stuck")) await new Promise(() => undefined);
        const word = /\w*$/.exec(code.slice(0, offset))?.[0] ?? "";
        return { start: offset - word.length, end: offset, items: options.names ?? [] };
      },
      hover: async () => ({
        signature: "const __type: number",
        documentation: "A number of the script.",
        start: 0,
        end: 0,
      }),
      // Of the function `alphabet`, for as long as its bracket is open.
      signature: async (code, offset) =>
        /\balphabet\([^)]*$/.test(code.slice(0, offset))
          ? {
              label: "alphabet(first: string): string",
              activeParameter: { start: 9, end: 22 },
              documentation: "The letters.",
            }
          : undefined,
      definition: async () => undefined,
    };
    this.ready = (options.ready ?? Promise.resolve()).then(
      () => {
        this.setPhase("ready");
        this.#next();
      },
      (error: unknown) => {
        this.setPhase("lost", { reason: error instanceof Error ? error.message : String(error) });
        throw error;
      },
    );
    this.ready.catch(() => undefined);
  }

  /** V8's own opinion: these cells are JavaScript expressions. */
  parse(code: string): ParseResult {
    try {
      new Script(code.replaceAll(/\bawait\b/g, "void"));
      return { status: "complete" };
    } catch (error) {
      const { message } = error as SyntaxError; // what node:vm throws for a text
      if (/end of input|missing \) after|Unterminated template/.test(message)) {
        return { status: "incomplete", indent: code.endsWith("(") ? "  " : "" };
      }
      return { status: "invalid", offset: Math.max(0, code.length - 1), message };
    }
  }

  onEvent(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  setPhase(phase: SessionPhase, more: { reason?: string; exitCode?: number } = {}): void {
    this.phase = phase;
    this.emit({ kind: "phase", phase, ...more });
  }

  execute(request: ExecuteRequest): Execution {
    const job: Job = {
      cell: this.#nextCell++,
      request,
      published: [],
      started: Promise.withResolvers(),
      settled: Promise.withResolvers(),
    };
    this.#queue.push(job);
    queueMicrotask(() => this.#next());
    return { cell: job.cell, started: job.started.promise, settled: job.settled.promise };
  }

  async evaluate(expression: string) {
    return { ok: true as const, value: { "text/plain": expression } };
  }

  async interrupt(
    kind: InterruptKind,
    target: { readonly cell?: number } = {},
  ): Promise<InterruptResult> {
    this.interrupts.push(kind);
    const job = [this.#running, ...this.#detached].find(
      (each) => target.cell === undefined || each?.cell === target.cell,
    );
    if (!job) return "done";
    if (kind === "kill") {
      this.#die(job, "it was killed by an interrupt");
      return "done";
    }
    if (job.isStubborn) return kind === "terminate" ? "unsafe" : "pending";
    job.stop?.(Object.assign(new Error("interrupted"), { name: "Interrupted" }));
    return "done";
  }

  async install(packages: readonly string[], options: InstallOptions = {}): Promise<void> {
    options.onOutput?.("stdout", `installed ${packages.join(" ")}\n`);
  }

  detach(cell: number): void {
    const job = this.#running;
    if (job?.cell !== cell) return;
    this.#detached.add(job);
    this.#running = undefined;
    queueMicrotask(() => this.#next());
  }

  comm(): CommHandling {
    throw new Error("no front end of this session has comms");
  }

  onInput(answer: (question: InputQuestion) => Promise<InputAnswer>): void {
    this.#answer = answer;
  }

  async history(): Promise<readonly HistoryRow[]> {
    return [];
  }

  async peek(_path: string): Promise<Peeked | undefined> {
    return undefined;
  }

  async restart(): Promise<void> {
    this.setPhase("lost", { reason: "it was restarted" });
    this.setPhase("ready");
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.setPhase("closed");
  }

  #next(): void {
    if (this.#running || this.phase !== "ready") return;
    const job = this.#queue.shift();
    if (!job) return;
    this.#running = job;
    job.n = ++this.count;
    job.started.resolve({ n: job.n, aborted: false });
    void this.#run(job);
  }

  async #run(job: Job): Promise<void> {
    const stopped = new Promise<never>((_, reject) => {
      job.stop = reject;
    });
    stopped.catch(() => undefined);
    const vocabulary = this.#vocabulary(job, stopped);
    // A real cell begins in another process: whoever waits for `started` hears of it first.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      const parsed = this.parse(job.request.code);
      if (parsed.status === "invalid") throw new SyntaxError(parsed.message);
      // The test's own cells, evaluated so that they may be written as cells are.
      const body = new Function(
        ...Object.keys(vocabulary),
        `return (async () => (${job.request.code}\n))()`,
      );
      const value: unknown = await Promise.race([body(...Object.values(vocabulary)), stopped]);
      const shown = value === undefined ? {} : { value: { "text/plain": inspect(value) } };
      this.#settle(job, { status: "ok", ...shown });
    } catch (error) {
      const { name, message } = error as Error; // whatever a cell of a test throws is an Error
      const diagnostics = (error as { diagnostics?: [] }).diagnostics;
      this.#settle(job, {
        status: name === "Interrupted" ? "interrupted" : "error",
        error: { name, message, frames: [], ...(diagnostics ? { diagnostics } : {}) },
      });
    }
  }

  #vocabulary(job: Job, stopped: Promise<never>) {
    const log = (stream: "stdout" | "stderr") => (text: string) =>
      this.#tell(job, { kind: "log", stream, text, cell: job.cell });
    return {
      print: log("stdout"),
      warn: log("stderr"),
      wait: () => stopped,
      stubborn: () => {
        job.isStubborn = true;
        return stopped;
      },
      untilFile: async (path: string) => {
        while (!existsSync(path)) await delay(20);
        return "found";
      },
      begin: (name: string) => this.begin(job, name),
      settle: (id: string, value: number) => this.settleCall(job, id, value),
      calls: (...names: string[]) => {
        for (const name of names) this.settleCall(job, this.begin(job, name), name.length);
        this.#tell(job, { kind: "run-ended", state: "ok" });
        return names.length;
      },
      ask: async (prompt: string, password = false) => {
        const { signal } = new AbortController();
        const answer = await this.#answer?.({ cell: job.cell, prompt, password, signal });
        return answer?.ok ? answer.value : (answer?.message ?? "nobody asks");
      },
      publish: (name: string) => void job.published.push({ name, kind: "const" }),
      fail: (message: string) => {
        throw new TypeError(message);
      },
      uncaught: (message: string) =>
        this.emit({
          kind: "uncaught",
          cell: job.cell,
          error: { name: "Error", message, frames: [] },
        }),
      refuse: (line: number, column: number) => {
        const place = { line, column, endLine: line, endColumn: column + 1 };
        const diagnostics = [{ code: 2322, message: "no", severity: "error", ...place }];
        throw Object.assign(new Error("TS2322: no"), { name: "TypeScriptError", diagnostics });
      },
      display: (text: string) =>
        this.emit({
          kind: "display",
          cell: job.cell,
          bundle: { "text/plain": text },
          metadata: {},
          update: false,
        }),
      die: (why: string) => {
        this.#die(job, why);
        return stopped;
      },
      exit: (code: number) => {
        this.#die(job, `process.exit(${code}) was called`, code);
        return stopped;
      },
    };
  }

  begin(job: Job, name: string): string {
    if (job.runId === undefined) {
      job.runId = `r${job.cell}`;
      this.#tell(job, {
        kind: "run-started",
        v: 1,
        cell: job.cell,
        title: `In [${job.n}]`,
        versions: { eagerdeck: "0", node: process.versions.node },
        backend: "local",
        ...(job.n === undefined ? {} : { n: job.n }),
      });
    }
    const id = `t${this.#nextCall++}`;
    const created: Said<CallCreated> = {
      kind: "call-created",
      id,
      seq: this.#nextCall - 1,
      name,
      entity: "task",
      version: "1",
      where: "local",
      deps: [],
      inputs: [],
    };
    this.#tell(job, created);
    this.#tell(job, { kind: "attempt-started", id, attempt: 1 });
    return id;
  }

  settleCall(job: Job, id: string, value: number): void {
    const output = { line: String(value), kind: "number" };
    this.#tell(job, { kind: "call-settled", id, state: "ok", output });
  }

  #tell(job: Job, event: Said<RuntimeEvent>): void {
    const full = { ...event, runId: job.runId ?? "", at: Date.now() } as RuntimeEvent; // `Said` left out just these two
    this.emit({ kind: "event", cell: job.cell, event: full });
  }

  #die(job: Job, reason: string, exitCode?: number): void {
    this.setPhase("lost", { reason, ...(exitCode === undefined ? {} : { exitCode }) });
    for (const waiting of this.#queue.splice(0)) {
      waiting.started.resolve({ aborted: true });
      waiting.settled.resolve(settledOf(waiting, { status: "aborted" }));
    }
    this.setPhase("ready");
    this.#settle(job, {
      status: "error",
      error: {
        name: "SessionLost",
        code: "SESSION_LOST",
        message: `the user process is gone: ${reason}`,
        frames: [],
      },
    });
  }

  #settle(job: Job, ended: Pick<Settled, "status"> & Partial<Settled>): void {
    const isDetached = this.#detached.delete(job);
    if (this.#running !== job && !isDetached) return;
    if (this.#running === job) this.#running = undefined;
    const settled = settledOf(job, ended);
    this.emit({ kind: "settled", cell: job.cell, settled });
    job.settled.resolve(settled);
    if (isDetached) return;
    if (settled.status !== "ok" && job.request.stopOnError !== false) {
      for (const waiting of this.#queue.splice(0)) {
        waiting.started.resolve({ aborted: true });
        waiting.settled.resolve(settledOf(waiting, { status: "aborted" }));
      }
    }
    this.#next();
  }
}

function settledOf(job: Job, ended: Pick<Settled, "status"> & Partial<Settled>): Settled {
  return {
    published: job.published,
    durationMs: 1,
    ...ended,
    cell: job.cell,
    ...(job.n === undefined ? {} : { n: job.n }),
    ...(job.runId === undefined ? {} : { runId: job.runId }),
  };
}
