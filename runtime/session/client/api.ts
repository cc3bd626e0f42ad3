/**
 * What the front ends know of a session: these names and nothing else.
 *
 * A session owns the user process, the queue of cells and the type service. It knows neither Jupyter
 * nor a terminal. `session.ts` implements this; tests of front ends may script it.
 * @module
 */
import type { RuntimeEvent } from "../../events/events.ts";
import type { FoundCell as HistoryRow } from "../../store/cells.ts";
import type { MimeBundle } from "../../values/shape.ts";
import type { CellError, Diagnostic } from "../cell-error.ts";
import type { CommMessage } from "../comm-message.ts";
import type { Dialect } from "../dialect.ts";
import type { InputAnswer, Peeked } from "../protocol.ts";

export type { FoundCell as HistoryRow } from "../../store/cells.ts";
export type { CellError, Diagnostic } from "../cell-error.ts";
export type { CommMessage } from "../comm-message.ts";
export type { InputAnswer, Peeked } from "../protocol.ts";

/** What type errors do to a cell: stop it, accompany it, or are not looked for. */
export type CheckPolicy = "error" | "warn" | "off";

export interface SessionOptions {
  /** The folder that cells resolve imports from and run in; absolute, must exist. */
  readonly folder: string;
  /** Width of `text/plain` values, in terminal columns. */
  readonly columns: number;
  /** Default of cells that say nothing else. */
  readonly check?: CheckPolicy;
  /** For which kernel the cells were written; default: what the environment says, if anything. */
  readonly dialect?: Dialect;
  /** `FORCE_COLOR` of the user process: what `console.log` of an object may use. */
  readonly color?: boolean;
  /** Keep a second user process loaded, for restarts and crashes; costs its memory. */
  readonly spare?: boolean;
  /** Keep cells in a file of the folder, for `history` of later sessions; default: of this one alone. */
  readonly history?: boolean;
  /** The type checker starts when this has settled; default: at once. Until then cells that are checked wait. */
  readonly checkerAfter?: Promise<unknown>;
}

export interface ExecuteRequest {
  readonly code: string;
  /** Cells of one lane run one after the other; default `"main"`. */
  readonly lane?: string;
  /** No count, no history. */
  readonly silent?: boolean;
  /** Whether the cell gets an execution count; default true unless silent. */
  readonly storeHistory?: boolean;
  readonly check?: CheckPolicy;
  /** Whether an error of this cell aborts those that wait in its lane; default true. */
  readonly stopOnError?: boolean;
  /** Jupyter's id of the cell. */
  readonly cellId?: string;
}

export interface Execution {
  /** The engine's id of the cell: never reused, also by a new user process. */
  readonly cell: number;
  /** Resolves when the cell's turn comes, also for one that will be aborted. `n` is absent for unstored cells. */
  readonly started: Promise<{ readonly n?: number; readonly aborted: boolean }>;
  /** Exactly one per cell, after all that the cell wrote; never rejects. */
  readonly settled: Promise<Settled>;
}

export interface Settled {
  readonly cell: number;
  readonly n?: number;
  readonly status: "ok" | "error" | "interrupted" | "aborted";
  /** The value of the last expression; absent for `undefined`. */
  readonly value?: MimeBundle;
  /** The value shows what is known to be secret: it is for the person's eyes, not for a file. */
  readonly hasSecret?: boolean;
  /** Present for `error` and `interrupted`. */
  readonly error?: CellError;
  /** Session names that exist now because of this cell. */
  readonly published: readonly { readonly name: string; readonly kind: string }[];
  /** The run that the cell's calls belong to; absent when it made none. */
  readonly runId?: string;
  readonly durationMs: number;
}

/** One item of the session's ordered stream. `cell` names the cell that caused it, also long after it ended. */
export type SessionEvent =
  | { readonly kind: "event"; readonly cell?: number; readonly event: RuntimeEvent }
  | {
      readonly kind: "display";
      readonly cell?: number;
      readonly bundle: MimeBundle;
      readonly metadata: Readonly<Record<string, unknown>>;
      /** Lets later items with `update` replace this one. */
      readonly displayId?: string;
      readonly update: boolean;
    }
  | { readonly kind: "clear-output"; readonly cell?: number; readonly wait: boolean }
  /** A cell, or a handler of a comm, sends something to the objects of the front end. */
  | { readonly kind: "comm"; readonly cell?: number; readonly message: CommMessage }
  /** An unhandled rejection or uncaught exception; the session lives on. */
  | { readonly kind: "uncaught"; readonly cell?: number; readonly error: CellError }
  /** A sentence for the person. */
  | {
      readonly kind: "notice";
      readonly cell?: number;
      readonly level: "info" | "warning";
      readonly text: string;
    }
  /** Whether live trees and decks show by themselves from now on. A new user process begins with "on". */
  | { readonly kind: "deck-settings"; readonly cell?: number; readonly inline: "on" | "off" }
  /** Calls that say nothing else run on that cluster from now on; without a name in the user process, as in a new one. */
  | { readonly kind: "default-remote"; readonly cell?: number; readonly name?: string }
  /** Diagnostics of a cell that was not stopped by them (`check: "warn"`). */
  | {
      readonly kind: "diagnostics";
      readonly cell: number;
      readonly diagnostics: readonly Diagnostic[];
      /** The diagnostics as plain text with code frames. */
      readonly text: string;
    }
  | { readonly kind: "settled"; readonly cell: number; readonly settled: Settled }
  /** `lost`: the user process died, names are gone, a new one starts; `ready`: one is ready. */
  | {
      readonly kind: "phase";
      readonly phase: SessionPhase;
      /** Why the user process was lost, in words. */
      readonly reason?: string;
      /** The code a cell gave to `process.exit`. */
      readonly exitCode?: number;
    };

/** `await input(prompt)` in a cell. */
export interface InputQuestion {
  readonly cell?: number;
  readonly prompt: string;
  /** What is typed is not to be shown. */
  readonly password: boolean;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A comm message on its way through the user process. */
export interface CommHandling {
  /** What its handler does is reported under this number, as if it were a cell. */
  readonly cell: number;
  /** Resolves when its handler has ended, with what it threw; never rejects. */
  readonly handled: Promise<CellError | undefined>;
}

/** Which rows of the history; Jupyter's three ways to ask. */
export type HistoryQuery =
  /** The newest. */
  | { readonly kind: "tail"; readonly max: number }
  /** Of one session: 0 is this one, -1 the one before, otherwise its number. Counts from `start`, without `stop`. */
  | {
      readonly kind: "range";
      readonly session: number;
      readonly start: number;
      readonly stop?: number;
    }
  /** Sources that match a glob of `*` and `?` as a whole. `unique`: of equal ones the newest. */
  | {
      readonly kind: "search";
      readonly pattern: string;
      readonly max: number;
      readonly unique?: boolean;
    };

export type SessionPhase = "starting" | "ready" | "lost" | "closed";

export type InterruptKind = "cooperate" | "terminate" | "kill";
/** `done`: settled; `pending`: asked, not settled yet; `unsafe`: nothing was done, climb on. */
export type InterruptResult = "done" | "pending" | "unsafe";

/** What the parser says of a text, without running or checking it. */
export type ParseResult =
  | { readonly status: "complete" }
  /** `indent`: blanks the next line begins with. */
  | { readonly status: "incomplete"; readonly indent: string }
  /** `offset` in UTF-16 units. */
  | { readonly status: "invalid"; readonly offset: number; readonly message: string };

export type CompletionKind =
  | "function"
  | "method"
  | "property"
  | "variable"
  | "constant"
  | "class"
  | "interface"
  | "enum"
  | "type"
  | "module"
  | "keyword";

export interface CompletionItem {
  readonly name: string;
  readonly kind: CompletionKind;
  /** Type, or where it comes from, in one line. */
  readonly detail?: string;
  /** What is inserted when it differs from `name`. */
  readonly insert?: string;
  /** What the item also inserts at another place of the asked text: an import as its first line. */
  readonly edit?: { readonly offset: number; readonly text: string };
}

export interface Completions {
  /** The range the insertion replaces, UTF-16 offsets into the asked text. */
  readonly start: number;
  readonly end: number;
  /** At most 500, best first. */
  readonly items: readonly CompletionItem[];
}

export interface Hover {
  /** The signature, TypeScript source. */
  readonly signature: string;
  /** Documentation as Markdown; may be empty. */
  readonly documentation: string;
  /** The live value of what is hovered, on one line. */
  readonly value?: string;
  readonly start: number;
  readonly end: number;
}

export interface SignatureHelp {
  readonly label: string;
  /** UTF-16 range of the active parameter within `label`. */
  readonly activeParameter?: { readonly start: number; readonly end: number };
  readonly documentation: string;
}

/** Where a name is declared; lines and columns from 1. Without `cell` and `file`: in the asked text itself. */
export interface Definition {
  readonly cell?: number;
  /** The cell as the person knows it: `In [3]`. */
  readonly label?: string;
  /** The whole declaration, as it is written there. */
  readonly text?: string;
  /** Absolute path. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
}

/** Answers from the TypeScript child, never from the user process; offsets are UTF-16. */
export interface Types {
  /** @param options `autoImport`: also names that would have to be imported; slower, so on request only. */
  complete(
    code: string,
    offset: number,
    signal?: AbortSignal,
    options?: { readonly autoImport?: boolean },
  ): Promise<Completions>;
  hover(code: string, offset: number, signal?: AbortSignal): Promise<Hover | undefined>;
  signature(code: string, offset: number, signal?: AbortSignal): Promise<SignatureHelp | undefined>;
  /** Through imports and earlier cells, to whoever declares the name at `offset`. */
  definition(code: string, offset: number, signal?: AbortSignal): Promise<Definition | undefined>;
}

export interface InstallOptions {
  readonly signal?: AbortSignal;
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

export interface Session {
  readonly folder: string;
  /** Settles when the first user process is ready; calls made before are queued. Rejects if it cannot start. */
  readonly ready: Promise<void>;
  readonly phase: SessionPhase;
  /** The execution count of the newest stored cell; 0 at first. */
  readonly count: number;
  /** The cluster where calls run that say nothing else, `flytesnacks/development`; undefined: in the user process. */
  readonly defaultRemote: string | undefined;
  /** Default check policy of cells, changeable at any time. */
  check: CheckPolicy;
  execute(request: ExecuteRequest): Execution;
  /** The next cell of its lane starts while this running one goes on; its end then aborts nobody. */
  detach(cell: number): void;
  /** Subscribes to the stream; returns the way to stop. Items arrive in one order for all listeners. */
  onEvent(listener: (event: SessionEvent) => void): () => void;
  /** Evaluates one expression in the scope of the session: no count, no history, not checked; `await` allowed. */
  evaluate(
    expression: string,
    options?: { readonly timeoutMs?: number },
  ): Promise<
    | { readonly ok: true; readonly value: MimeBundle }
    | { readonly ok: false; readonly error: CellError }
  >;
  /**
   * What the live value at a path of session names has, `a.b[0]["c"]`: found without running any of its code.
   * Undefined when there is no such value, behind accessors and proxies, and after 50 ms without an answer.
   */
  peek(path: string): Promise<Peeked | undefined>;
  parse(code: string): ParseResult;
  readonly types: Types;
  /** Hands a comm message of the front end to the user process; it reaches a running cell too. */
  comm(message: CommMessage): CommHandling;
  /** Sets who answers `input()`; without anybody it rejects with `StdinNotAllowed`. */
  onInput(answer: (question: InputQuestion) => Promise<InputAnswer>): void;
  /** Cells of this and earlier sessions of the folder, oldest first, at most 1,000; also while a cell blocks. */
  history(query: HistoryQuery): Promise<readonly HistoryRow[]>;
  /** One press of the person; never throws. Without running cells it stops calls that finished cells left over. */
  interrupt(kind: InterruptKind, target?: { readonly cell?: number }): Promise<InterruptResult>;
  /**
   * npm for the session's folder. Its output goes to `onOutput`, else it comes as `log` events without a cell.
   * An interrupt without a target stops it. Rejects with an `InstallError`, whose message is for people.
   */
  install(packages: readonly string[], options?: InstallOptions): Promise<void>;
  /** A new user process: names are gone, counts go on. Waiting cells are aborted. */
  restart(): Promise<void>;
  /** Ends both children; SIGKILL after `graceMs`. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
