/**
 * Runs a notebook through the kernel's own router, without sockets and without Python. Outputs, counts and
 * times are saved as nbclient saves them.
 * @module
 */
import { randomUUID } from "node:crypto";
import { dirname, resolve } from "node:path";
import { RunFiles } from "../runtime/deck/run-files.ts";
import { isHistoryOn } from "../runtime/events/home.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { Records } from "../runtime/events/records.ts";
import type { CheckPolicy, Session } from "../runtime/session/client/api.ts";
import type { ErrorFields } from "../runtime/session/client/error-fields.ts";
import { startSession } from "../runtime/session/client/session.ts";
import {
  type CellOutput,
  type CodeCell,
  KERNELSPEC,
  type Notebook,
  notebookDialect,
  readNotebook,
  writeNotebook,
} from "../runtime/session/notebook-file.ts";
import { systemClock } from "./clock.ts";
import { LocalRenderer } from "./deck-renderer.ts";
import { stderrLog } from "./log.ts";
import type { MessageContent, OutgoingMessage, Transport } from "./messages.ts";
import { injectParameters } from "./parameters.ts";
import { Router } from "./router.ts";

const COLUMNS = 100;
const CLOSE_GRACE_MS = 300;

export interface NotebookRunOptions {
  /** `.ipynb`, or a script with `// %%`. Cells run in its folder. */
  readonly input: string;
  /** Where the notebook is saved with its outputs, also when a cell failed; nowhere when absent. */
  readonly output?: string;
  /** Other values for variables of the cell tagged `parameters`, see `parameters.ts`. */
  readonly parameters?: ReadonlyMap<string, unknown>;
  /** Run the cells after a failing one too. */
  readonly keepGoing?: boolean;
  /** Asked before each cell; the ones left are not run. */
  readonly isStopped?: () => boolean;
  readonly check?: CheckPolicy;
  readonly onProgress?: (progress: NotebookProgress) => void;
  readonly onWarning?: (text: string) => void;
  /** Stays open; otherwise one is started and closed again. */
  readonly session?: Session;
}

export interface NotebookProgress {
  /** Of the code cells, from 1. */
  readonly cell: number;
  readonly cells: number;
  readonly state: "started" | "ok" | "failed";
  readonly error?: ErrorFields;
}

export interface NotebookRunResult {
  /** Every cell ended well, or was tagged `raises-exception`. */
  readonly ok: boolean;
  readonly notebook: Notebook;
  /** One per cell that made calls, oldest first. */
  readonly runs: readonly RunRecord[];
  /** Why the output could not be written: a full disk must not cost what the cells gave. */
  readonly unsaved?: Error;
}

/**
 * @throws {NotebookFileError} when the input is not a notebook.
 * @throws {ParameterError} when a parameter cannot be written as code.
 * @throws what the file system throws when it cannot be read.
 */
export async function runNotebook(options: NotebookRunOptions): Promise<NotebookRunResult> {
  const { notebook, warnings } = injectParameters(
    await readNotebook(options.input),
    options.parameters ?? new Map(),
  );
  for (const warning of warnings) options.onWarning?.(warning);
  const dialect = notebookDialect(notebook);
  const session =
    options.session ??
    startSession({
      folder: dirname(resolve(options.input)),
      columns: COLUMNS,
      ...(options.check === undefined ? {} : { check: options.check }),
      ...(dialect && { dialect }),
    });
  const records = new Records();
  const stop = session.onEvent((event) => {
    if (event.kind === "event" && event.event.runId !== "") records.apply(event.event);
  });
  try {
    await session.ready;
    const ok = await runCells(notebook, session, options);
    const unsaved = options.output === undefined ? undefined : await save(options.output, notebook);
    return { ok, notebook, runs: records.runs(), ...(unsaved && { unsaved }) };
  } finally {
    stop();
    if (options.session === undefined) await session.close({ graceMs: CLOSE_GRACE_MS });
  }
}

async function save(file: string, notebook: Notebook): Promise<Error | undefined> {
  try {
    await writeNotebook(file, notebook);
    return undefined;
  } catch (error) {
    // Whatever is wrong with the place or, for a script, with a cell's text; the caller says it.
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function runCells(
  notebook: Notebook,
  session: Session,
  options: NotebookRunOptions,
): Promise<boolean> {
  const page = new Page();
  const log = stderrLog(process.env["EAGERDECK_LOG"]);
  const onNotice = (text: string) => log("error", text);
  const files = isHistoryOn() ? new RunFiles({ folder: session.folder, onNotice }) : undefined;
  const renderer = new LocalRenderer(files);
  const router = new Router({
    session,
    transport: page,
    renderer,
    clock: systemClock,
    log,
    onShutdown: () => undefined, // nobody asks for it
  });
  try {
    await describeKernel(notebook, page, router);
    const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
    let allOk = true;
    for (const [index, cell] of cells.entries()) {
      if (options.isStopped?.()) return false;
      const place = { cell: index + 1, cells: cells.length };
      options.onProgress?.({ ...place, state: "started" });
      const reply = await runCell(cell, page, router);
      const isOk = reply.status !== "error" || mayRaise(cell);
      allOk &&= isOk;
      if (isOk) options.onProgress?.({ ...place, state: "ok" });
      else
        options.onProgress?.({
          ...place,
          state: "failed",
          ...(reply.status === "error" ? { error: reply } : {}),
        });
      if (!isOk && options.keepGoing !== true) break;
    }
    return allOk;
  } finally {
    await renderer.flush();
    router.close();
  }
}

async function runCell(
  cell: CodeCell,
  page: Page,
  router: Router,
): Promise<MessageContent["execute_reply"]> {
  cell.outputs = [];
  cell.execution_count = null;
  const content = {
    code: cell.source,
    store_history: true,
    allow_stdin: false,
    stop_on_error: true,
  };
  const { header, reply } = page.ask("execute_request", cell);
  router.receive("shell", {
    identities: [],
    header,
    parent: {},
    metadata: { cellId: cell.id },
    content,
    buffers: [],
  });
  // One map gives each request its reply: an `execute_request` is answered by an `execute_reply`.
  const answer = (await reply) as MessageContent["execute_reply"];
  if ("execution_count" in answer && cell.source.trim() !== "") {
    cell.execution_count = answer.execution_count;
  }
  return answer;
}

/** What a client writes into the notebook when a kernel has started. */
async function describeKernel(notebook: Notebook, page: Page, router: Router): Promise<void> {
  const { header, reply } = page.ask("kernel_info_request");
  const message = { identities: [], header, parent: {}, metadata: {}, content: {}, buffers: [] };
  router.receive("shell", message);
  const info = (await reply) as MessageContent["kernel_info_reply"]; // as above
  notebook.metadata["language_info"] = info.language_info;
  notebook.metadata["kernelspec"] ??= { ...KERNELSPEC };
}

function mayRaise(cell: CodeCell): boolean {
  const tags = cell.metadata["tags"];
  return Array.isArray(tags) && tags.includes("raises-exception");
}

interface Asked {
  /** Absent for requests that are not cells. */
  readonly cell: CodeCell | undefined;
  readonly resolve: (content: OutgoingMessage["content"]) => void;
  answer: OutgoingMessage["content"] | undefined;
  /** The next output replaces what is there. */
  clearsNext: boolean;
}

/** The notebook as a transport: what would be broadcast goes into its cells. */
class Page implements Transport {
  readonly #session = randomUUID();
  readonly #asked = new Map<string, Asked>();
  /** Display id → every output that shows it. */
  readonly #displays = new Map<
    string,
    { data: Record<string, unknown>; metadata: Record<string, unknown> }[]
  >();

  ask(type: string, cell?: CodeCell) {
    const { promise: reply, resolve } = Promise.withResolvers<OutgoingMessage["content"]>();
    const header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.#session,
      date: new Date().toISOString(),
    };
    this.#asked.set(header.msg_id, { cell, resolve, answer: undefined, clearsNext: false });
    return { header, reply };
  }

  request(): never {
    throw new Error("a notebook answers no questions"); // its cells do not allow stdin
  }

  async flushed(): Promise<void> {
    // Nothing is ever under way.
  }

  reply(_channel: unknown, _identities: unknown, message: OutgoingMessage): void {
    const asked = this.#of(message);
    if (asked === undefined) return;
    this.#note(asked, "shell.execute_reply");
    asked.answer = message.content;
  }

  publish(message: OutgoingMessage): void {
    const asked = this.#of(message);
    if (asked === undefined) return;
    switch (message.type) {
      case "status":
        this.#note(asked, `iopub.status.${message.content.execution_state}`);
        // Complete only now: everything that belongs to the request has come.
        if (message.content.execution_state === "idle" && asked.answer) asked.resolve(asked.answer);
        return;
      case "execute_input":
        return this.#note(asked, "iopub.execute_input");
      case "clear_output":
        if (message.content.wait) asked.clearsNext = true;
        else asked.cell?.outputs.splice(0);
        return;
      case "stream":
        return this.#add(asked, { output_type: "stream", ...message.content });
      case "error":
        return this.#add(asked, { output_type: "error", ...message.content });
      case "execute_result":
        return this.#add(asked, {
          output_type: "execute_result",
          data: { ...message.content.data },
          metadata: { ...message.content.metadata },
          execution_count: message.content.execution_count,
        });
      case "display_data": {
        const { data, metadata, transient } = message.content;
        const output = {
          output_type: "display_data" as const,
          data: { ...data },
          metadata: { ...metadata },
        };
        this.#add(asked, output);
        const id = transient.display_id;
        if (id !== undefined) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
        return;
      }
      case "update_display_data": {
        const { data, metadata, transient } = message.content;
        for (const output of this.#displays.get(transient.display_id) ?? []) {
          output.data = { ...data };
          output.metadata = { ...metadata };
        }
        return;
      }
      default:
        return; // replies come by `reply`
    }
  }

  #of(message: OutgoingMessage): Asked | undefined {
    const id = message.parent["msg_id"];
    return typeof id === "string" ? this.#asked.get(id) : undefined;
  }

  #add(asked: Asked, output: CellOutput): void {
    const outputs = asked.cell?.outputs;
    if (outputs === undefined) return;
    if (asked.clearsNext) outputs.splice(0);
    asked.clearsNext = false;
    const last = outputs.at(-1);
    const continues =
      output.output_type === "stream" &&
      last?.output_type === "stream" &&
      last.name === output.name;
    if (continues) last.text += output.text;
    else outputs.push(output);
  }

  #note(asked: Asked, step: string): void {
    const { cell } = asked;
    if (cell === undefined) return;
    const before = step === "iopub.status.busy" ? {} : (cell.metadata["execution"] as object); // our own, just made
    cell.metadata["execution"] = { ...before, [step]: new Date().toISOString() };
  }
}
