/**
 * What this REPL has run: per cell its source, how it ended and what it showed. `.save`, `.rerun`, `.history`,
 * `.edit` and `.copy` read it.
 *
 * Invariants
 *   T1  A cell is found by its number from the moment it has one, and keeps it.
 *   T2  Outputs stand in the order in which they came; of one display only its last state.
 *   T3  Bounded: text of a cell beyond 512 kB, and displays beyond 200, are only counted.
 * @module
 */
import type { CellError, SessionEvent, Settled } from "../../runtime/session/client/api.ts";
import type { MimeBundle } from "../../runtime/values/shape.ts";

const TEXT_LENGTH_MAX = 512_000;
const DISPLAYS_MAX = 200;

export type TranscriptOutput =
  | { readonly kind: "text"; readonly stream: "stdout" | "stderr"; text: string }
  | {
      readonly kind: "display";
      bundle: MimeBundle;
      metadata: Readonly<Record<string, unknown>>;
      readonly displayId?: string;
    };

/** One cell, as it stands. */
export interface TranscriptCell {
  /** The session's id of the cell. */
  readonly cell: number;
  /** Execution count; absent until it begins, and for cells that were dropped from the queue. */
  readonly n?: number;
  readonly source: string;
  readonly status: Settled["status"] | "running";
  readonly outputs: readonly TranscriptOutput[];
  /** Characters of output that there was no room for. */
  readonly textLeftOut: number;
  readonly displaysLeftOut: number;
  readonly value?: MimeBundle;
  /** The value is for the person's eyes, not for a file. */
  readonly hasSecret: boolean;
  readonly error?: CellError;
  /** Runs that its calls belong to. */
  readonly runIds: readonly string[];
}

/** A name that cells have given to the session. */
export interface SessionName {
  readonly name: string;
  /** `const`, `function`, `interface`, …; what the session says of it. */
  readonly kind: string;
  /** Execution count of the newest cell that declared it. */
  readonly n?: number;
}

interface OpenCell extends TranscriptCell {
  n?: number;
  status: TranscriptCell["status"];
  readonly outputs: TranscriptOutput[];
  readonly runIds: string[];
  textLength: number;
  textLeftOut: number;
  displays: number;
  displaysLeftOut: number;
  value?: MimeBundle;
  hasSecret: boolean;
  error?: CellError;
  /** The next output replaces what is there. */
  clearsNext: boolean;
}

export class Transcript {
  readonly #cells = new Map<number, OpenCell>();
  readonly #byCount = new Map<number, OpenCell>();
  readonly #names = new Map<string, SessionName>();

  /** Cells that have a number, in the order in which they were entered. */
  cells(): readonly TranscriptCell[] {
    return [...this.#cells.values()].filter((cell) => cell.n !== undefined);
  }

  /** `In [n]`; without a number the newest. */
  find(n?: number): TranscriptCell | undefined {
    return n === undefined ? this.cells().at(-1) : this.#byCount.get(n);
  }

  /** What cells declared in the user process that runs now, by name. */
  names(): readonly SessionName[] {
    return [...this.#names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A cell was given to the session, under the id that its events will carry. */
  entered(cell: number, source: string): void {
    this.#cells.set(cell, {
      cell,
      source,
      status: "running",
      outputs: [],
      runIds: [],
      textLength: 0,
      textLeftOut: 0,
      displays: 0,
      displaysLeftOut: 0,
      hasSecret: false,
      clearsNext: false,
    });
  }

  /** Its turn has come. */
  started(cell: number, n: number | undefined): void {
    const found = this.#cells.get(cell);
    if (found && n !== undefined) this.#number(found, n);
  }

  /** Takes the next item of the session's stream. */
  apply(event: SessionEvent): void {
    if (event.kind === "phase") {
      // The values went with their process.
      if (event.phase === "lost") this.#names.clear();
      return;
    }
    if (event.kind === "settled") return this.settled(event.settled);
    const cell = event.cell === undefined ? undefined : this.#cells.get(event.cell);
    if (cell === undefined) return;
    switch (event.kind) {
      case "event":
        if (event.event.kind === "run-started") cell.runIds.push(event.event.runId);
        if (event.event.kind === "log" && event.event.stream !== "log") {
          addText(cell, event.event.stream, event.event.safe ?? event.event.text);
        }
        return;
      case "display":
        return addDisplay(cell, event);
      case "clear-output":
        if (event.wait) cell.clearsNext = true;
        else clear(cell);
        return;
      case "diagnostics":
        return addText(cell, "stderr", `${event.text}\n`);
      default:
        return; // of no use to somebody who reads the cell later
    }
  }

  /** A cell has ended; told once or several times. */
  settled({ cell: id, n, status, value, hasSecret, error, published }: Settled): void {
    const cell = this.#cells.get(id);
    if (cell === undefined) return;
    if (n !== undefined) this.#number(cell, n);
    cell.status = status;
    if (value !== undefined) cell.value = value;
    if (error !== undefined) cell.error = error;
    cell.hasSecret = hasSecret === true;
    // Whatever lost its process has published nothing that is still there.
    if (error?.code === "SESSION_LOST") return;
    for (const { name, kind } of published) {
      this.#names.set(name, { name, kind, ...(n === undefined ? {} : { n }) });
    }
  }

  /** Forgets the cells that have ended, and all names. */
  clear(): void {
    this.#names.clear();
    for (const [id, cell] of this.#cells) {
      if (cell.status === "running") continue;
      this.#cells.delete(id);
      if (cell.n !== undefined) this.#byCount.delete(cell.n);
    }
  }

  #number(cell: OpenCell, n: number): void {
    cell.n = n;
    this.#byCount.set(n, cell);
  }
}

function addText(cell: OpenCell, stream: "stdout" | "stderr", text: string): void {
  replace(cell);
  const kept = text.slice(0, Math.max(0, TEXT_LENGTH_MAX - cell.textLength));
  cell.textLeftOut += text.length - kept.length;
  if (kept === "") return;
  cell.textLength += kept.length;
  const last = cell.outputs.at(-1);
  if (last?.kind === "text" && last.stream === stream) last.text += kept;
  else cell.outputs.push({ kind: "text", stream, text: kept });
}

function addDisplay(cell: OpenCell, event: SessionEvent & { kind: "display" }): void {
  const { bundle, metadata, displayId, update } = event;
  const shown =
    displayId === undefined
      ? undefined
      : cell.outputs.find((output) => output.kind === "display" && output.displayId === displayId);
  if (shown?.kind === "display") {
    shown.bundle = bundle;
    shown.metadata = metadata;
    return;
  }
  // An update of something that another cell shows, or that was cleared, is nothing of this cell.
  if (update) return;
  replace(cell);
  if (++cell.displays > DISPLAYS_MAX) cell.displaysLeftOut++;
  else {
    const id = displayId === undefined ? {} : { displayId };
    cell.outputs.push({ kind: "display", bundle, metadata, ...id });
  }
}

function replace(cell: OpenCell): void {
  if (!cell.clearsNext) return;
  cell.clearsNext = false;
  clear(cell);
}

function clear(cell: OpenCell): void {
  cell.outputs.splice(0);
  cell.textLength = 0;
  cell.textLeftOut = 0;
  cell.displays = 0;
  cell.displaysLeftOut = 0;
}
