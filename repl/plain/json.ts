/**
 * JSON lines: one request per line in, one answer or report per line out. For programs.
 *
 * Requests: `{"type":"execute","id":1,"code":"1 + 1"}`, `interrupt` (`kind`, `cell`), `complete`
 * (`code`, `offset`), `restart`, `exit`. Every answer repeats the `id`; reports name the `cell`.
 * `input()` of a cell goes the other way: `{"type":"input","id":"input-1","prompt":"Name? ",
 * "password":false}` is answered by `{"type":"input-reply","id":"input-1","value":"Ada"}`.
 * @module
 */
import { createInterface } from "node:readline";
import type { Session, SessionEvent, Settled } from "../../runtime/session/client/api.ts";
import { exitCodes } from "../exit-codes.ts";
import { JsonQuestions } from "./json-questions.ts";
import { type JsonRequest, parseRequest, type RequestId } from "./json-requests.ts";
import { codeOf } from "./run.ts";

/** Raised when a reader of older lines would misread newer ones. */
const JSON_VERSION = 1;

export interface JsonOptions {
  readonly session: Session;
  readonly write: (line: string) => void;
  /** Cells to run instead of requests. */
  readonly cells: readonly string[] | undefined;
  readonly keepsGoing: boolean;
  readonly onSigint: (press: () => void) => void;
  /** Why `input()` is refused to `cells`. */
  readonly inputRefusal: string;
}

/** Serves until `exit` or the end of the input. @returns the exit code. */
export async function runJson(options: JsonOptions): Promise<number> {
  const server = new JsonServer(options);
  try {
    return options.cells ? await server.runAll(options.cells) : await server.serve();
  } finally {
    server.close();
  }
}

class JsonServer {
  readonly #options: JsonOptions;
  readonly #stop: () => void;
  /** The highest exit code of a request so far. */
  #worst: number = exitCodes.ok;
  #uncaughtCount = 0;
  readonly #running = new Set<Promise<unknown>>();
  readonly #questions = new JsonQuestions((type, fields) => this.#send(type, fields));
  readonly #ids = new Map<number, RequestId>();

  constructor(options: JsonOptions) {
    this.#options = options;
    const { session } = options;
    this.#stop = session.onEvent((event) => this.#report(event));
    const { cells, inputRefusal } = options;
    session.onInput(async (question) =>
      cells
        ? { ok: false, name: "StdinNotAllowed", message: inputRefusal }
        : await this.#questions.ask(question),
    );
    options.onSigint(() => void session.interrupt("cooperate"));
    session.ready.then(
      () => this.#send("ready", { folder: session.folder }),
      // The death itself is reported as a phase.
      () => undefined,
    );
  }

  async runAll(cells: readonly string[]): Promise<number> {
    let code: number = exitCodes.ok;
    for (const [index, cell] of cells.entries()) {
      const ended = codeOf(await this.#execute(index + 1, cell));
      code = Math.max(code, ended);
      if (ended !== exitCodes.ok && !this.#options.keepsGoing) break;
    }
    await this.#settleLate();
    return this.#withLate(code);
  }

  /** A rejection of the last cell is noticed a turn after its end: an answer from the user process comes behind it. */
  async #settleLate(): Promise<void> {
    if (this.#options.session.phase === "ready") await this.#options.session.evaluate("0");
  }

  #withLate(code: number): number {
    return code === exitCodes.ok && this.#uncaughtCount > 0 ? exitCodes.failed : code;
  }

  async serve(): Promise<number> {
    const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.trim() === "") continue;
      const request = parseRequest(line);
      if ("problem" in request) this.#send("bad-request", { ...request });
      else if (request.type === "exit") {
        this.#send("exiting", { id: request.id });
        return this.#withLate(this.#worst);
      } else if (request.type === "input-reply") {
        const { id, value } = request;
        if (!this.#questions.answer(id, value)) {
          this.#send("bad-request", { id, problem: "no `input` of this id waits for an answer" });
        }
      } else this.#track(this.#perform(request));
    }
    this.#questions.end();
    await Promise.all(this.#running);
    await this.#settleLate();
    return this.#withLate(this.#worst);
  }

  close(): void {
    this.#stop();
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  async #perform(request: Exclude<JsonRequest, { type: "exit" | "input-reply" }>): Promise<void> {
    const { session } = this.#options;
    const { id } = request;
    try {
      if (request.type === "execute") await this.#execute(id, request.code);
      else if (request.type === "interrupt") {
        const target = request.cell === undefined ? {} : { cell: request.cell };
        this.#send("interrupted", { id, result: await session.interrupt(request.kind, target) });
      } else if (request.type === "complete") {
        const completions = await session.types.complete(request.code, request.offset);
        this.#send("completions", { id, ...completions });
      } else if (request.type === "restart") {
        await session.restart();
        this.#send("restarted", { id });
      }
    } catch (error) {
      this.#send("failed", { id, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #execute(id: RequestId, code: string): Promise<Settled> {
    const execution = this.#options.session.execute({ code });
    const { cell } = execution;
    this.#ids.set(cell, id);
    const started = await execution.started;
    if (!started.aborted) this.#send("cell-started", { id, cell, n: started.n });
    const settled = await execution.settled;
    const { n, status, durationMs, value, error, runId } = settled;
    if (value) this.#send("result", { id, cell, n, data: value });
    if (error) this.#send("error", { id, cell, n, error });
    this.#send("cell-ended", { id, cell, n, status, durationMs, runId });
    this.#ids.delete(cell);
    this.#worst = Math.max(this.#worst, codeOf(settled));
    return settled;
  }

  #report(event: SessionEvent): void {
    const id =
      event.kind !== "phase" && event.cell !== undefined ? this.#ids.get(event.cell) : undefined;
    switch (event.kind) {
      case "event": {
        const { cell } = event;
        const log = event.event;
        if (log.kind === "log" && log.stream !== "log") {
          return this.#send("stream", {
            id,
            cell,
            stream: log.stream,
            text: log.text,
            call: log.id,
          });
        }
        return this.#send("event", { id, cell, event: log });
      }
      case "uncaught":
        this.#uncaughtCount++;
        return this.#send("uncaught", { id, cell: event.cell, error: event.error });
      case "settled":
        // Told by `cell-ended`, which comes with the id of its request.
        return;
      default: {
        const { kind, ...rest } = event;
        return this.#send(kind, { id, ...rest });
      }
    }
  }

  #send(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.write(`${JSON.stringify({ v: JSON_VERSION, type, ...fields })}\n`);
  }
}
