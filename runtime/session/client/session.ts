/**
 * The session: the queue of cells, the user process that runs them, the checker that reads them first.
 *
 * All of kernel and REPL use; the client's queue is the only queue of cells.
 *
 * Invariants
 *   C1  One cell runs per lane, the others wait here. Every `execute` settles exactly once.
 *   C2  Listeners see one order: a cell's `settled` comes after all that the cell wrote.
 *   C3  The death of the user process settles its running cells as `SessionLost`; counts go on.
 *   C4  Cell, call and count numbers are never reused, also by a new user process.
 * @module
 */
import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import type { RuntimeEvent } from "../../events/events.ts";
import { analyse, parseCell } from "../analyse.ts";
import type { CellError, Diagnostic } from "../cell-error.ts";
import { type Dialect, dialectRules, ownDialect } from "../dialect.ts";
import type { HostItem, HostSettled } from "../protocol.ts";
import type {
  CheckPolicy,
  CommHandling,
  CommMessage,
  ExecuteRequest,
  Execution,
  HistoryQuery,
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
  SessionOptions,
  SessionPhase,
  Settled,
  Types,
} from "./api.ts";
import { CellHistory } from "./cell-history.ts";
import { CommCalls } from "./comm-calls.ts";
import { DIAGNOSTICS_SHOWN_MAX, diagnosticsText } from "./diagnostics-text.ts";
import { installPackages } from "./install.ts";
import { Peeks } from "./peeks.ts";
import { endReason } from "./process-end.ts";
import { Questions } from "./questions.ts";
import { startTypeService, type TypeService } from "./types/service.ts";
import { type ProcessEnd, UserProcess } from "./user-process.ts";

export type * from "./api.ts";

const WAITING_CELLS_MAX = 1_000;
/** How long `interrupt` waits before it answers `pending`; a silent thread is stopped after 250 ms alone. */
const INTERRUPT_ANSWER_MS = { cooperate: 250, terminate: 1_000 } as const;
/** The first cell of a session comes before the next process in everybody's patience. */
const SPARE_AFTER_MS = 2_000;
const SPARE_MEMORY_MIN = 2 ** 30;
const DEATHS_MAX = 3;
const DEATHS_WITHIN_MS = 30_000;
const [NODE_MAJOR = 0] = process.versions.node.split(".").map(Number);

/**
 * Starts a session and returns at once; the user process and the checker start behind it.
 * @throws {Error} when the folder does not exist, or the environment names a dialect that is none.
 */
export function startSession(options: SessionOptions): Session {
  if (!existsSync(options.folder) || !statSync(options.folder).isDirectory()) {
    throw new Error(`the folder does not exist: ${options.folder}`);
  }
  return new ClientSession(options);
}

/** A cell between `execute` and `settled`. */
interface Entry {
  readonly cell: number;
  readonly request: ExecuteRequest;
  readonly started: PromiseWithResolvers<{ readonly n?: number; readonly aborted: boolean }>;
  readonly settled: PromiseWithResolvers<Settled>;
  /** Resolves when the user process has it, or it has ended without. */
  readonly begun: PromiseWithResolvers<void>;
  n?: number;
  stage: "waiting" | "checking" | "running" | "settled";
  /** Ends the check of a cell that is interrupted before it runs. */
  readonly checking: AbortController;
  startedAt: number;
  /** The checker has read it ahead. */
  isPrepared: boolean;
  /** Resolves when what the checker finds in a cell that runs all the same has been told. */
  warned?: Promise<void>;
  /** The first failure of the running cell that nobody caught. */
  uncaught?: CellError;
}

interface Lane {
  running: Entry | undefined;
  readonly waiting: Entry[];
}

type EvaluateAnswer = Awaited<ReturnType<Session["evaluate"]>>;

class ClientSession implements Session {
  readonly folder: string;
  /** Its name in the history; it stays the same when a new user process begins. */
  readonly #id = randomUUID();
  readonly #options: SessionOptions;
  readonly #types: TypeService;
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  readonly #lanes = new Map<string, Lane>();
  readonly #entries = new Map<number, Entry>();
  readonly #evaluations = new Map<number, (answer: EvaluateAnswer) => void>();
  readonly #peeks = new Peeks();
  readonly #comms = new CommCalls();
  readonly #questions = new Questions();
  readonly #history: CellHistory;
  /** Runs whose `run-ended` has not come: they end as `killed` with the process. */
  readonly #openRuns = new Map<string, number | undefined>();
  readonly #installs = new Set<AbortController>();
  #process: UserProcess | undefined;
  /** Loaded and waiting: what restarts and crashes swap in. */
  #spare: UserProcess | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #exiting: Extract<HostItem, { kind: "exiting" }> | undefined;
  #phase: SessionPhase = "starting";
  #count = 0;
  #firstCountOfProcess = 1;
  #nextCell = 1;
  #nextCall = 1;
  #nextEvaluation = 1;
  #deaths: number[] = [];
  #isRestarting = false;
  readonly #dialect: Dialect | undefined;
  #defaultRemote: string | undefined;
  check: CheckPolicy;
  readonly ready: Promise<void>;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.folder = options.folder;
    const dialect = options.dialect ?? ownDialect();
    this.#dialect = dialect;
    this.check = options.check ?? (dialect ? dialectRules(dialect).check : "error");
    this.#history = new CellHistory({
      folder: options.folder,
      session: this.#id,
      isKept: options.history ?? false,
      notice: (text) => this.#emit({ kind: "notice", level: "warning", text }),
    });
    // First the process that takes longest to be ready.
    this.ready = this.#start();
    // Whoever does not await `ready` learns of a failed start from the `lost` phase.
    this.ready.catch(() => undefined);
    this.#types = startTypeService({
      folder: options.folder,
      ...(options.checkerAfter && { startAfter: options.checkerAfter }),
      onNotice: (text) => this.#emit({ kind: "notice", level: "warning", text }),
      peek: (path) => this.peek(path),
      ...(dialect && { defaults: dialectRules(dialect).compilerOptions }),
    });
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get defaultRemote(): string | undefined {
    return this.#defaultRemote;
  }

  get count(): number {
    return this.#count;
  }

  get types(): Types {
    return this.#types;
  }

  parse(code: string): ParseResult {
    return parseCell(code);
  }

  onEvent(listener: (event: SessionEvent) => void): () => void {
    const own = (event: SessionEvent) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  // ── cells ─────────────────────────────────────────────────────────────────────────────────────

  execute(request: ExecuteRequest): Execution {
    const entry: Entry = {
      cell: this.#nextCell++,
      request,
      started: Promise.withResolvers(),
      settled: Promise.withResolvers(),
      begun: Promise.withResolvers(),
      stage: "waiting",
      checking: new AbortController(),
      startedAt: 0,
      isPrepared: false,
    };
    const name = request.lane ?? "main";
    const lane = this.#lanes.get(name) ?? { running: undefined, waiting: [] };
    this.#lanes.set(name, lane);
    this.#entries.set(entry.cell, entry);
    if (this.#phase === "closed") {
      this.#abort(entry, sessionError("SESSION_CLOSED", "the session is closed"));
    } else if (lane.waiting.length >= WAITING_CELLS_MAX) {
      this.#abort(entry, sessionError("QUEUE_FULL", `${WAITING_CELLS_MAX} cells wait already`));
    } else {
      lane.waiting.push(entry);
      if (lane.running) this.#prepareNext(lane.running);
      else this.#next(lane);
    }
    return { cell: entry.cell, started: entry.started.promise, settled: entry.settled.promise };
  }

  #next(lane: Lane): void {
    if (lane.running) return;
    const entry = lane.waiting.shift();
    if (!entry) return;
    lane.running = entry;
    void this.#run(entry);
  }

  async #run(entry: Entry): Promise<void> {
    const { request } = entry;
    const isStored = request.silent !== true && request.storeHistory !== false;
    if (isStored) {
      entry.n = ++this.#count;
      this.#history.began(entry.n, request.code);
    }
    entry.startedAt = performance.now();
    entry.stage = "checking";
    entry.started.resolve({ ...counted(entry), aborted: false });
    const policy = this.#policy(entry);
    if (this.#isChecked(entry)) {
      const { signal } = entry.checking;
      const diagnostics = await this.#types.check(this.#text(entry), signal, this.#beside(entry));
      if (isSettled(entry)) return;
      const errors = diagnostics?.filter(({ severity }) => severity === "error") ?? [];
      if (errors.length > 0) return this.#refuse(entry, errors);
    }
    if (this.#process === undefined) await this.#start().catch(() => undefined);
    await this.#process?.started;
    if (isSettled(entry)) return;
    if (!this.#process) return this.#lose(entry, "it could not be started");
    entry.stage = "running";
    if (policy === "warn") entry.warned = this.#warn(entry);
    this.#process.send({
      kind: "execute",
      cell: entry.cell,
      ...counted(entry),
      ...(request.cellId === undefined ? {} : { cellId: request.cellId }),
      source: request.code,
    });
    entry.begun.resolve();
    this.#prepareNext(entry);
  }

  /** A cell that runs in another lane: whoever looks into it from a subshell means its names. */
  #beside(entry: Entry): { readonly cell: number; readonly code: string } | undefined {
    const running = [...this.#lanes.values()].map((lane) => lane.running);
    const other = running.find((found) => found !== entry && found?.stage === "running");
    return other && this.#text(other);
  }

  #policy({ request }: Entry): CheckPolicy {
    return analyse(request.code).pragmas.check ?? request.check ?? this.check;
  }

  /** Whether type errors would stop it. A text that does not parse is refused by who runs it. */
  #isChecked(entry: Entry): boolean {
    return this.#policy(entry) === "error" && this.parse(entry.request.code).status === "complete";
  }

  /** While a cell runs on one core, the checker reads the one behind it on another. */
  #prepareNext(running: Entry): void {
    const [next] = this.#lanes.get(running.request.lane ?? "main")?.waiting ?? [];
    if (running.stage !== "running" || !next || next.isPrepared || !this.#isChecked(next)) return;
    next.isPrepared = true;
    this.#types.prepare(this.#text(next), this.#text(running));
  }

  detach(cell: number): void {
    const entry = this.#entries.get(cell);
    if (entry?.stage !== "running") return;
    const lane = this.#lanes.get(entry.request.lane ?? "main");
    if (!lane || lane.running !== entry) return;
    lane.running = undefined;
    this.#next(lane);
  }

  #text(entry: Entry) {
    return { cell: entry.cell, code: entry.request.code };
  }

  #refuse(entry: Entry, errors: readonly Diagnostic[]): void {
    const shown = errors.slice(0, DIAGNOSTICS_SHOWN_MAX);
    const [first] = shown;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    this.#settle(entry, {
      status: "error",
      error: {
        name: "TypeScriptError",
        message: first
          ? `TS${first.code}: ${first.message}${more}`
          : "the cell does not type-check",
        frames: [],
        diagnostics: shown,
        codeFrame: diagnosticsText(entry.request.code, label(entry), errors),
      },
    });
  }

  /** Diagnostics of a cell that runs all the same. */
  async #warn(entry: Entry): Promise<void> {
    const diagnostics = await this.#types.check(this.#text(entry), entry.checking.signal);
    if (!diagnostics || diagnostics.length === 0) return;
    const text = diagnosticsText(entry.request.code, label(entry), diagnostics);
    this.#emit({ kind: "diagnostics", cell: entry.cell, diagnostics, text });
  }

  #settle(entry: Entry, ended: Pick<Settled, "status"> & Partial<Settled>): void {
    if (isSettled(entry)) return;
    entry.stage = "settled";
    entry.begun.resolve();
    this.#entries.delete(entry.cell);
    const settled: Settled = {
      published: [],
      durationMs: entry.startedAt === 0 ? 0 : performance.now() - entry.startedAt,
      ...ended,
      cell: entry.cell,
      ...counted(entry),
    };
    if (entry.n !== undefined) this.#history.ended(entry.n, settled);
    this.#emit({ kind: "settled", cell: entry.cell, settled });
    entry.settled.resolve(settled);
    const lane = this.#lanes.get(entry.request.lane ?? "main");
    if (!lane) return;
    // A detached cell has left its lane, and one that waited never ran: nobody there waits for them.
    if (lane.running !== entry) return;
    lane.running = undefined;
    const failed = settled.status === "error" || settled.status === "interrupted";
    if (failed && entry.request.stopOnError !== false && entry.request.silent !== true)
      this.#abortWaiting(lane);
    this.#next(lane);
  }

  #abortWaiting(lane: Lane): void {
    for (const entry of lane.waiting.splice(0)) this.#abort(entry);
  }

  #abort(entry: Entry, error?: CellError): void {
    entry.started.resolve({ aborted: true });
    this.#settle(entry, { status: "aborted", ...(error ? { error } : {}) });
  }

  // ── what the user process says ────────────────────────────────────────────────────────────────

  #onItem(item: HostItem): void {
    switch (item.kind) {
      case "ready":
        this.#setPhase("ready");
        return;
      case "settled":
        this.#onSettled(item.settled);
        return;
      case "evaluated":
        this.#onEvaluated(item);
        return;
      case "peeked":
        this.#peeks.answered(item.id, item.peeked);
        return;
      case "comm-handled":
        this.#comms.handled(item.cell, item.error);
        return;
      case "input-request":
        void this.#questions.ask(item, (id, answer) =>
          this.#process?.send({ kind: "input-reply", id, answer }),
        );
        return;
      case "input-cancelled":
        this.#questions.cancelled(item.id);
        return;
      case "leaving":
        // The process gets the time; nobody is told anything.
        return;
      case "exiting":
        this.#exiting = item;
        return;
      case "default-remote":
        this.#defaultRemote = item.name;
        this.#emit(item);
        return;
      case "uncaught":
        this.#noteUncaught(item);
        this.#emit(item);
        return;
      case "event":
        this.#noteEvent(item.event, item.cell);
        this.#emit(item);
        return;
      default:
        this.#emit(item);
    }
  }

  #noteEvent(event: RuntimeEvent, cell: number | undefined): void {
    if (event.kind === "run-started") this.#openRuns.set(event.runId, cell);
    else if (event.kind === "run-ended") this.#openRuns.delete(event.runId);
    else if (event.kind === "call-created") {
      const number = Number(event.id.slice(1));
      if (number >= this.#nextCall) this.#nextCall = number + 1;
    }
  }

  #onSettled(settled: HostSettled): void {
    const entry = this.#entries.get(settled.cell);
    if (!entry) return;
    this.#deaths = [];
    // Also without names: an interface alone is nothing at run time, and exists for later cells all the same.
    this.#types.published(entry.cell, entry.request.code, settled.published, label(entry));
    // Its diagnostics belong to it: they come before its end, also when the checker is the slower one (C2).
    if (entry.warned) void entry.warned.then(() => this.#settleWith(entry, settled));
    else this.#settleWith(entry, settled);
  }

  #settleWith(entry: Entry, settled: HostSettled): void {
    const { uncaught } = entry;
    if (!uncaught || settled.status !== "ok") return this.#settle(entry, settled);
    const { value: _, ...rest } = settled;
    this.#settle(entry, { ...rest, status: "error", error: uncaught });
  }

  /** A failure that nobody caught is the running cell's: it settles as error, and what waits behind it is aborted. */
  #noteUncaught({ cell, error }: Extract<HostItem, { kind: "uncaught" }>): void {
    const entry = cell === undefined ? undefined : this.#entries.get(cell);
    if (entry?.stage === "running") entry.uncaught ??= error;
  }

  #onEvaluated(item: Extract<HostItem, { kind: "evaluated" }>): void {
    const answer = this.#evaluations.get(item.id);
    this.#evaluations.delete(item.id);
    if (item.error) answer?.({ ok: false, error: item.error });
    else answer?.({ ok: true, value: item.value ?? {} });
  }

  #onRawOutput(stream: "stdout" | "stderr", text: string): void {
    const cell = [...this.#lanes.values()].find((lane) => lane.running?.stage === "running")
      ?.running?.cell;
    const place = cell === undefined ? {} : { cell };
    this.#emit({
      kind: "event",
      ...place,
      event: { kind: "log", runId: "", at: Date.now(), stream, text, ...place },
    });
  }

  // ── life and death of the user process ────────────────────────────────────────────────────────

  async #start(): Promise<void> {
    if (this.#phase === "closed") throw new Error("the session is closed");
    this.#exiting = undefined;
    this.#firstCountOfProcess = this.#count + 1;
    this.#setPhase("starting");
    const spare = this.#spare;
    this.#spare = undefined;
    const own = spare && !spare.isGone ? spare : this.#fork();
    this.#process = own;
    own.begin(this.#nextCall);
    const exit = own.exited.then((end) => this.#onExit(own, end));
    await Promise.race([
      own.ready,
      exit.then((reason) => {
        throw new Error(`the user process could not start: ${reason}`);
      }),
    ]);
    this.#keepSpare();
  }

  #fork(): UserProcess {
    return new UserProcess({
      folder: this.folder,
      columns: this.#options.columns,
      color: this.#options.color ?? false,
      dialect: this.#dialect,
      session: this.#id,
      onItem: (item) => this.#onItem(item),
      onRawOutput: (stream, text) => this.#onRawOutput(stream, text),
    });
  }

  /** Loads the next user process ahead, once this one works and has had the processor to itself for a while. */
  #keepSpare(): void {
    if (this.#options.spare !== true || process.env["EAGERDECK_SPARE"] === "off") return;
    clearTimeout(this.#spareTimer);
    this.#spareTimer = setTimeout(() => {
      // On a machine that is short of memory a restart may take longer.
      if (process.availableMemory() < SPARE_MEMORY_MIN) return;
      if (this.#phase === "ready" && this.#spare === undefined) this.#spare = this.#fork();
    }, SPARE_AFTER_MS);
    this.#spareTimer.unref();
  }

  #onExit(own: UserProcess, end: ProcessEnd): string {
    const reason = this.#isRestarting ? "it was restarted" : endReason(end, this.#exiting);
    if (this.#process !== own) return reason;
    this.#process = undefined;
    if (this.#phase === "closed") {
      for (const entry of [...this.#entries.values()]) this.#lose(entry, "the session was closed");
      return reason;
    }
    const wasReady = this.#phase === "ready";
    this.#types.reset();
    this.#endOpenRuns(reason);
    const exitCode = this.#exiting?.code;
    this.#setPhase("lost", reason, exitCode);
    const cells = [...this.#entries.values()].filter(({ stage }) => stage !== "waiting");
    const gone = this.#goneVariables() + this.#goneRemote();
    for (const { waiting } of this.#lanes.values())
      for (const entry of waiting.splice(0)) this.#abort(entry);
    this.#deaths = [...this.#deaths, performance.now()].slice(-DEATHS_MAX);
    const isDying =
      !this.#isRestarting &&
      this.#deaths.length === DEATHS_MAX &&
      performance.now() - (this.#deaths[0] ?? 0) < DEATHS_WITHIN_MS;
    // First the next process, so that a cell sent by whoever hears of the loss finds it starting.
    if (!isDying && (wasReady || this.#isRestarting)) this.#start().catch(() => undefined);
    for (const entry of cells) this.#lose(entry, reason + gone, isDying);
    for (const answer of this.#evaluations.values()) {
      answer({
        ok: false,
        error: sessionError("SESSION_LOST", `the user process ended: ${reason}`),
      });
    }
    this.#evaluations.clear();
    this.#peeks.lost();
    this.#comms.lost();
    this.#questions.lost();
    return reason;
  }

  /** `; variables of In [1]–In [7] are gone`: which cells the lost process had run. */
  #goneVariables(): string {
    // The cell that runs has no variables to lose yet; what it published goes with the rest.
    const running = [...this.#entries.values()].filter(({ n }) => n !== undefined).length;
    const [first, last] = [this.#firstCountOfProcess, this.#count - running];
    if (last < first) return "";
    return `; variables of ${first === last ? `In [${first}]` : `In [${first}]–In [${last}]`} are gone`;
  }

  /** The next process runs its calls itself, until somebody says otherwise again. */
  #goneRemote(): string {
    const remote = this.#defaultRemote;
    if (remote === undefined) return "";
    this.#defaultRemote = undefined;
    this.#emit({ kind: "default-remote" });
    return `; calls no longer run on ${remote}`;
  }

  #lose(entry: Entry, reason: string, isDying = false): void {
    const next = isDying
      ? "it died three times in 30 seconds: the next cell starts another one"
      : this.#phase === "closed"
        ? "nothing runs after it"
        : "a new one is ready for the next cell";
    this.#settle(entry, {
      status: "error",
      error: {
        name: "SessionLost",
        code: "SESSION_LOST",
        message: `the user process is gone: ${reason}; ${next}`,
        frames: [],
      },
    });
  }

  /** The deck of a run whose process died is drawn from what was known. */
  #endOpenRuns(reason: string): void {
    for (const [runId, cell] of this.#openRuns) {
      const line = `user process gone: ${reason}`;
      this.#emit({
        kind: "event",
        ...(cell === undefined ? {} : { cell }),
        event: {
          kind: "run-ended",
          runId,
          at: Date.now(),
          state: "killed",
          error: { line, kind: "text" },
        },
      });
    }
    this.#openRuns.clear();
  }

  async restart(): Promise<void> {
    if (this.#phase === "closed") throw new Error("the session is closed");
    const own = this.#process;
    if (!own) return await this.#start();
    this.#isRestarting = true;
    this.#deaths = [];
    try {
      await own.end(300);
      await this.#process?.started;
    } finally {
      this.#isRestarting = false;
    }
  }

  async install(packages: readonly string[], options: InstallOptions = {}): Promise<void> {
    if (this.#phase === "closed") throw new Error("the session is closed");
    const stopped = new AbortController();
    this.#installs.add(stopped);
    const say = (stream: "stdout" | "stderr", text: string) =>
      this.#emit({
        kind: "event",
        event: { kind: "log", runId: "", at: Date.now(), stream, text },
      });
    const onOutput = options.onOutput ?? say;
    try {
      const replaced = await installPackages(packages, {
        folder: this.folder,
        signal: AbortSignal.any([stopped.signal, ...(options.signal ? [options.signal] : [])]),
        onOutput,
      });
      // The user process looks again at what was missing, the checker at what npm wrote: nothing to tell them.
      if (replaced.length > 0) {
        const names = replaced.join(", ");
        onOutput("stderr", `another version of ${names}: restart if it was loaded before\n`);
      }
    } finally {
      this.#installs.delete(stopped);
    }
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#setPhase("closed");
    clearTimeout(this.#spareTimer);
    for (const install of this.#installs) install.abort();
    for (const lane of this.#lanes.values()) this.#abortWaiting(lane);
    const spare = this.#spare;
    spare?.kill();
    await Promise.all([
      this.#types.close(),
      this.#process?.end(options.graceMs ?? 300),
      spare?.exited,
    ]);
    await this.#history.close();
    // Those that were being checked while there was no process to tell of its end.
    for (const entry of [...this.#entries.values()]) this.#lose(entry, "the session was closed");
  }

  // ── interrupts and expressions ────────────────────────────────────────────────────────────────

  async interrupt(
    kind: InterruptKind,
    target: { readonly cell?: number } = {},
  ): Promise<InterruptResult> {
    if (target.cell === undefined) for (const install of this.#installs) install.abort();
    const entries = [...this.#entries.values()].filter(
      ({ cell, stage }) =>
        stage !== "waiting" && (target.cell === undefined || cell === target.cell),
    );
    for (const { cell, stage } of target.cell === undefined ? [] : this.#entries.values()) {
      if (cell === target.cell && stage === "waiting") return this.#removeWaiting(cell);
    }
    if (kind === "kill") {
      const own = this.#process;
      own?.kill("it was killed by an interrupt");
      await Promise.all([own?.exited, ...entries.map(({ settled }) => settled.promise)]);
      return "done";
    }
    // Older Nodes abort the process when JavaScript is stopped from outside.
    if (kind === "terminate" && NODE_MAJOR < 24) return "unsafe";
    // Before the cells: what blocks the thread is told by the last number that was named.
    for (const id of target.cell === undefined ? this.#evaluations.keys() : [])
      this.#process?.interrupt(-id, kind === "terminate" ? kind : "interrupt");
    for (const cell of target.cell === undefined ? this.#comms.running : [])
      this.#process?.interrupt(cell, kind === "terminate" ? kind : "interrupt");
    if (entries.length === 0) {
      for (const cell of new Set(this.#openRuns.values())) {
        if (cell !== undefined && (target.cell === undefined || cell === target.cell))
          this.#process?.interrupt(cell);
      }
      return "done";
    }
    for (const entry of entries) this.#stop(entry, kind);
    const all = Promise.all(entries.map(({ settled }) => settled.promise)).then(
      () => "done" as const,
    );
    const { promise: late, resolve } = Promise.withResolvers<"pending">();
    const timer = setTimeout(() => resolve("pending"), INTERRUPT_ANSWER_MS[kind]);
    const answer = await Promise.race([all, late]);
    clearTimeout(timer);
    return answer;
  }

  #stop(entry: Entry, kind: "cooperate" | "terminate"): void {
    entry.checking.abort();
    if (entry.stage === "running") {
      return this.#process?.interrupt(entry.cell, kind === "terminate" ? kind : "interrupt");
    }
    this.#settle(entry, {
      status: "interrupted",
      error: { name: "Interrupted", message: "interrupted before it ran", frames: [] },
    });
  }

  #removeWaiting(cell: number): InterruptResult {
    for (const lane of this.#lanes.values()) {
      const index = lane.waiting.findIndex((entry) => entry.cell === cell);
      const [entry] = index === -1 ? [] : lane.waiting.splice(index, 1);
      if (entry) this.#abort(entry);
    }
    return "done";
  }

  evaluate(
    expression: string,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<EvaluateAnswer> {
    const { timeoutMs } = options;
    const id = this.#nextEvaluation++;
    const { promise, resolve } = Promise.withResolvers<EvaluateAnswer>();
    const fail = (code: string, message: string) => {
      this.#evaluations.delete(id);
      resolve({ ok: false, error: sessionError(code, message) });
    };
    const own = this.#process;
    if (!own) fail("SESSION_LOST", "no user process is running");
    else this.#evaluations.set(id, resolve);
    // Before the process is ready the request would be read without a session behind it.
    void own?.started.then(() => own.send({ kind: "evaluate", id, expression }));
    if (timeoutMs === undefined) return promise;
    const timer = setTimeout(() => {
      fail("TIMED_OUT", `no value within ${timeoutMs} ms`);
    }, timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }

  comm(message: CommMessage): CommHandling {
    // It may overtake a cell that runs, not one that is about to; and a process that starts has no comms yet.
    const before: Promise<unknown>[] = [...this.#entries.values()]
      .filter(({ stage }) => stage === "checking")
      .map(({ begun }) => begun.promise);
    const own = this.#process;
    if (own && this.#phase === "starting") before.push(own.started);
    const isFree = before.length > 0 ? Promise.all(before) : undefined;
    return this.#comms.begin({ cell: this.#nextCell++, message, isFree }, (cell) => {
      const isThere = own !== undefined && own === this.#process && this.#phase === "ready";
      if (isThere) own.send({ kind: "comm", cell, message });
      return isThere;
    });
  }

  onInput(answer: (question: InputQuestion) => Promise<InputAnswer>): void {
    this.#questions.answer = answer;
  }

  async history(query: HistoryQuery): Promise<readonly HistoryRow[]> {
    return await this.#history.rows(query);
  }

  async peek(path: string): Promise<Peeked | undefined> {
    const own = this.#process;
    if (!own || this.#phase !== "ready") return undefined;
    return await this.#peeks.ask((id) => own.send({ kind: "peek", id, path }));
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────

  #setPhase(phase: SessionPhase, reason?: string, exitCode?: number): void {
    if (this.#phase === "closed") return;
    this.#phase = phase;
    this.#emit({
      kind: "phase",
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
  }

  #emit(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function counted(entry: Entry): { readonly n?: number } {
  return entry.n === undefined ? {} : { n: entry.n };
}

function label(entry: Entry): string {
  return entry.n === undefined ? `In [c${entry.cell}]` : `In [${entry.n}]`;
}

/** A function, so that the compiler does not believe that `stage` stands still across an await. */
function isSettled(entry: Entry): boolean {
  return entry.stage === "settled";
}

function sessionError(code: string, message: string): CellError {
  return { name: "SessionError", code, message, frames: [] };
}
