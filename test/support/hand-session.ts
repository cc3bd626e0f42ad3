/**
 * A session operated by hand: the test says when a cell starts, what happens and how it ends.
 * @module
 */
import type {
  CellError,
  CommHandling,
  CommMessage,
  Completions,
  ExecuteRequest,
  Execution,
  HistoryQuery,
  HistoryRow,
  InputAnswer,
  InputQuestion,
  InterruptKind,
  InterruptResult,
  ParseResult,
  Session,
  SessionEvent,
  SessionPhase,
  Settled,
  Types,
} from "../../runtime/session/client/api.ts";

/** A cell the session was given. */
export interface HandCell {
  readonly cell: number;
  readonly request: ExecuteRequest;
  start(n?: number): void;
  abort(): void;
  print(text: string, stream?: "stdout" | "stderr"): void;
  settle(how?: Partial<Settled>): void;
}

export class HandSession implements Session {
  readonly folder = "/";
  readonly ready = Promise.resolve();
  phase: SessionPhase = "ready";
  count = 0;
  readonly defaultRemote = undefined;
  check: Session["check"] = "error";
  readonly cells: HandCell[] = [];
  readonly interrupts: InterruptKind[] = [];
  readonly interruptedCells: number[] = [];
  restarts = 0;
  evaluated: string[] = [];
  /** Answers of the type service; replaced by the test that needs others. */
  types: Types = {
    complete: async (_code, offset): Promise<Completions> => ({
      start: offset,
      end: offset,
      items: [],
    }),
    hover: async () => undefined,
    signature: async () => undefined,
    definition: async () => undefined,
  };
  parse: (code: string) => ParseResult = () => ({ status: "complete" });
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  execute(request: ExecuteRequest): Execution {
    const cell = this.cells.length + 1;
    const started = Promise.withResolvers<{ n?: number; aborted: boolean }>();
    const settled = Promise.withResolvers<Settled>();
    const base = { cell, published: [], durationMs: 1 };
    let count: { n?: number } = {};
    this.cells.push({
      cell,
      request,
      start: (n) => {
        count = n === undefined ? {} : { n };
        if (n !== undefined) this.count = n;
        started.resolve({ ...count, aborted: false });
      },
      abort: () => {
        started.resolve({ aborted: true });
        settled.resolve({ ...base, status: "aborted" });
      },
      print: (text, stream = "stdout") =>
        this.emit({
          kind: "event",
          cell,
          event: { kind: "log", runId: "", at: 0, stream, text, cell },
        }),
      settle: (how = {}) => {
        const end: Settled = { ...base, ...count, status: "ok", ...how };
        this.emit({ kind: "settled", cell, settled: end });
        settled.resolve(end);
      },
    });
    return { cell, started: started.promise, settled: settled.promise };
  }

  /** The cell given as number `index`, from 0. */
  cell(index: number): HandCell {
    const cell = this.cells[index];
    if (cell === undefined) throw new Error(`the session has only ${this.cells.length} cells`);
    return cell;
  }

  emit(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  onEvent(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async evaluate(expression: string): ReturnType<Session["evaluate"]> {
    this.evaluated.push(expression);
    if (expression === "bad") {
      return { ok: false, error: { name: "TypeError", message: "bad", frames: [] } };
    }
    return { ok: true, value: { "text/plain": `<${expression}>` } };
  }

  async interrupt(
    kind: InterruptKind,
    target: { readonly cell?: number } = {},
  ): Promise<InterruptResult> {
    if (target.cell === undefined) this.interrupts.push(kind);
    else this.interruptedCells.push(target.cell);
    return "pending";
  }

  readonly installed: string[][] = [];

  async install(packages: readonly string[]): Promise<void> {
    this.installed.push([...packages]);
  }

  readonly detached: number[] = [];

  detach(cell: number): void {
    this.detached.push(cell);
  }

  /** Messages of comms that came from the front end, and the way to end their handlers. */
  readonly comms: {
    readonly cell: number;
    readonly message: CommMessage;
    handled(error?: CellError): void;
  }[] = [];

  comm(message: CommMessage): CommHandling {
    const { promise, resolve } = Promise.withResolvers<CellError | undefined>();
    const cell = 1_000 + this.comms.length;
    this.comms.push({ cell, message, handled: resolve });
    return { cell, handled: promise };
  }

  /** What a cell's `input()` does. */
  ask: (question: InputQuestion) => Promise<InputAnswer> = async () => {
    throw new Error("nobody takes questions");
  };

  onInput(answer: (question: InputQuestion) => Promise<InputAnswer>): void {
    this.ask = answer;
  }

  readonly historyQueries: HistoryQuery[] = [];
  historyRows: readonly HistoryRow[] = [];

  async history(query: HistoryQuery): Promise<readonly HistoryRow[]> {
    this.historyQueries.push(query);
    return this.historyRows;
  }

  async peek(): Promise<undefined> {
    return undefined;
  }

  async restart(): Promise<void> {
    this.restarts += 1;
    this.emit({ kind: "phase", phase: "lost", reason: "it was restarted" });
  }

  async close(): Promise<void> {
    this.phase = "closed";
  }
}
