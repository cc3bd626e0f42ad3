/**
 * Document 0: the types of the names every cell starts with.
 *
 * Their values are made in `host/prelude.ts`; a test holds the two lists together. The shapes are
 * written by hand, because the classes behind them carry what no cell should see.
 * @module
 */

/** Names of the public API that are in scope without an import. */
const API = [
  "task",
  "workflow",
  "eager",
  "mapTask",
  "group",
  "currentContext",
  "EagerException",
  "Deck",
  "z",
  "FlyteRemote",
  "Config",
  "FlyteError",
  "OpaqueValue",
  "Duration",
  "FlyteFile",
  "FlyteDirectory",
  "StructuredDataset",
];

/** Names of a session. */
const SESSION = [
  "deck",
  "decks",
  "runs",
  "display",
  "displayBundle",
  "clearOutput",
  "html",
  "md",
  "svg",
  "comms",
  "widget",
  "input",
  "confirm",
  "cells",
  "Out",
  "_",
  "_error",
  "signal",
];

/** Types that appear in signatures of the prelude; exported so that messages can name them. */
const TYPES = [
  "CallHandle",
  "CancelReport",
  "ExecutionRow",
  "DeckHandle",
  "SessionDeck",
  "RunList",
  "DisplayHandle",
  "DisplayOptions",
  "Display",
  "CellFacts",
  "Comm",
  "CommData",
  "CommOptions",
  "Widget",
];

export const preludeNames: readonly string[] = [...API, ...SESSION];

export const preludeText = `import { ${API.join(", ")} } from "eagerdeck";
import type { Fetched } from "eagerdeck";
/** \`T\` with what its value is known to take and give, unless it was typed by hand. */
export type FetchedAs<T, I, O> =
  T extends Fetched<Record<string, unknown>, infer R> ? unknown extends R ? Fetched<I, O> : T : T;
/** One call of the session with its real inputs and output. */
interface CallHandle {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** What the call was given, by input name. */
  readonly inputs: Readonly<Record<string, any>>;
  /** What the call returned; throws what it failed with. */
  readonly output: any;
  /** What the call failed with; undefined when it did not. */
  readonly error: any;
  /** Each time its function was started. */
  readonly attempts: readonly { readonly n: number; readonly startedAt: number; readonly endedAt?: number }[];
  /** Where the call was written. */
  readonly source: { readonly file: string; readonly line: number; readonly column: number } | undefined;
  /** The last lines that the call logged or printed. */
  logs(): readonly string[];
  /** Calls the newest definition of the same name again, without its cache: the old inputs with these changes. */
  rerun(changes?: Readonly<Record<string, unknown>>): Promise<any>;
  /** Ends the call at once, if it still runs; tells whether it did. */
  cancel(reason?: unknown): boolean;
}
/** The deck of the whole session: the newest run of each cell. */
interface SessionDeck {
  /** Writes the summary as a page that stands alone. Resolves to the absolute path. */
  save(path: string): Promise<string>;
  /** Opens the summary in a browser. Resolves to the path of its page. */
  open(): Promise<string>;
}
/** An execution on a cluster that a run had started and did not see end. */
interface ExecutionRow {
  /** Id of the call; empty when none was kept of it. */
  readonly call: string;
  /** Of the task. */
  readonly name: string;
  /** Now, as Flyte names it: \`RUNNING\`. */
  readonly phase: string;
  /** Its name there. */
  readonly execution: string;
  /** Its page. */
  readonly url: string;
}
/** What \`cancel()\` came to. */
interface CancelReport {
  /** How many executions ran, and were ended. */
  readonly ended: number;
  /** Those that could not be ended. */
  readonly notEnded: readonly { readonly execution: string; readonly url: string; readonly why: string }[];
}
/** The deck of one run, or of the newest one. Shows itself when it is a cell's value. */
interface DeckHandle {
  /** Of the run; undefined before the first call. */
  readonly id: string | undefined;
  readonly title: string;
  readonly state: "running" | "ok" | "handled" | "failed" | "interrupted" | "killed" | undefined;
  readonly settings: {
    /** Whether live trees and decks show by themselves; \`deck\` has everything either way. */
    inline: "on" | "off";
    /** Texts and patterns that read [redacted] in decks, besides what looks like a secret. */
    redact: readonly (RegExp | string)[];
  };
  /** Any call of the session by its id, as the deck shows it: \`deck.task("t3")\`. */
  task(id: string): CallHandle;
  /** The calls of this run to the task of that name, in order of call. */
  tasks(name: string): CallHandle[];
  /** The calls of this run that failed. */
  readonly failed: CallHandle[];
  /** Runs the cell of this run again and takes what went well before instead of calling it anew. */
  resume(): Promise<any>;
  /** Ends what this run has left running: its calls, or, after its process was lost, its executions on the session's or the given cluster. */
  cancel(options?: { readonly remote?: FlyteRemote }): Promise<CancelReport>;
  /** The executions on a cluster that this run did not see end, as they stand now. */
  executions(options?: { readonly remote?: FlyteRemote }): Promise<ExecutionRow[]>;
  /** The summary of the whole session. */
  session(title?: string): SessionDeck;
  /** Writes this deck as a page that stands alone. Resolves to the absolute path. */
  save(path: string): Promise<string>;
  /** Opens this deck in a browser. Resolves to the path of its page. */
  open(): Promise<string>;
}
/** Handles on runs, newest first; shows itself as a list. Read the first as there, also where indexes are checked. */
interface RunList extends Array<DeckHandle> {
  0: DeckHandle;
}
/** A thing shown once that can be replaced later. */
interface DisplayHandle<T = unknown> {
  readonly id: string;
  /** Shows something else in the same place, also from a later cell: of the kind that it was made with. */
  update(value: T): void;
}
interface DisplayOptions {
  /** Front ends know the place by it; made up when absent. */
  readonly id?: string;
  /** By media type: \`{ "image/png": { width: 300 } }\`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}
/** Shows values, or what is said to be of a kind; each gives a handle with \`update\`. */
interface Display {
  /** Shows any value as the cell's result would be shown. */
  (value: unknown, options?: DisplayOptions): DisplayHandle;
  /** HTML, taken as it is; \`html\` as a tag of a template string escapes what stands in it. */
  html(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** Markdown. */
  markdown(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** LaTeX with its dollar signs: \`display.latex("$x^2$")\`. */
  latex(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** The text of an SVG document. */
  svg(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** Text without quotes. */
  text(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** Code for the browser: it runs there, in a notebook that is trusted. */
  javascript(text: TextLike, options?: DisplayOptions): DisplayHandle<TextLike>;
  /** The bytes of a PNG file, or their base64. */
  png(bytes: FileBytes, options?: DisplayOptions): DisplayHandle<FileBytes>;
  /** The bytes of a JPEG file, or their base64. */
  jpeg(bytes: FileBytes, options?: DisplayOptions): DisplayHandle<FileBytes>;
  /** The bytes of a GIF file, or their base64. */
  gif(bytes: FileBytes, options?: DisplayOptions): DisplayHandle<FileBytes>;
  /** The bytes of a PDF file, or their base64. */
  pdf(bytes: FileBytes, options?: DisplayOptions): DisplayHandle<FileBytes>;
  /** JSON as a tree that folds. */
  json(value: unknown, options?: DisplayOptions): DisplayHandle;
  /** A chart: a specification of Vega-Lite or Vega, by its \`$schema\`. */
  vega(spec: unknown, options?: DisplayOptions): DisplayHandle;
}
type TextLike = string | { toString(): string };
type FileBytes = Uint8Array | ArrayBuffer | string;
/** What a handler of a comm is given. */
interface CommData {
  /** Any JSON value. */
  readonly data: any;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}
interface CommOptions {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}
/** One open channel to an object of the front end. */
interface Comm {
  readonly id: string;
  readonly target: string;
  /** Sends JSON, and bytes beside it. */
  send(data?: unknown, options?: CommOptions): void;
  /** Sets what is called for each message of the front end. */
  onMessage(handler: (message: CommData) => unknown): void;
  /** Sets what is called when the front end closes the comm. */
  onClose(handler: (message: CommData) => unknown): void;
  /** Closes it on both sides. */
  close(data?: unknown, options?: CommOptions): void;
}
/** What \`cells[n]\` tells of a cell. */
interface CellFacts {
  readonly source: string;
  readonly status: string;
  readonly durationMs: number | undefined;
  readonly result: any;
}
/** The deck of the newest run. */
declare const deck: DeckHandle;
/** By execution count: \`decks[7]\` is the newest run of \`In [7]\`. */
declare const decks: { readonly [count: number]: DeckHandle };
/** Handles on all runs of this folder, newest first, also of earlier sessions. */
declare function runs(): RunList;
/** Shows any value as the cell's result would be shown; \`display.html(text)\` and others show what they are given. */
declare const display: Display;
/** Shows a bundle as it is: media type to content. */
declare function displayBundle(bundle: Record<string, unknown>, metadata?: Record<string, unknown>): DisplayHandle<Record<string, unknown>>;
/** Clears what the cell has shown so far; with \`wait\`, when something new comes. */
declare function clearOutput(options?: { wait?: boolean }): void;
/** HTML to show, or for a deck; in a template string interpolations are escaped. */
declare const html: typeof Deck.html;
/** Markdown to show, or for a deck. */
declare const md: typeof Deck.md;
/** An SVG picture to show. */
declare function svg(parts: TemplateStringsArray, ...values: unknown[]): object;
/** Channels to objects of the front end, such as widgets. */
declare const comms: {
  /** Opens a comm to a target of the front end. */
  open(target: string, data?: unknown, options?: CommOptions): Comm;
  /** Sets what is called when the front end opens a comm to that target. */
  registerTarget(target: string, handler: (comm: Comm, open: CommData) => unknown): void;
  /** Front ends that open a comm to it are refused from now on. */
  unregisterTarget(target: string): void;
};
/** A state that cells and the front end share, drawn there by JavaScript. Shows itself as a cell's value. */
interface Widget<S> {
  readonly id: string;
  /** Reading gives the newest values; setting one shows in the front end. */
  readonly state: S;
  /** Sets several values with one message. */
  set(changes: Partial<S>): void;
  /** Calls the handler after each change of that value, by either side; returns the way to stop. */
  on<K extends keyof S & string>(name: K, handler: (value: S[K], previous: S[K]) => unknown): () => void;
  /** Resolves to the value after its next change. */
  changed<K extends keyof S & string>(name: K): Promise<S[K]>;
  /** A message of your own, besides the state. */
  send(content: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]): void;
  /** Sets what is called for messages of the front end's JavaScript. */
  onMessage(handler: (content: unknown, buffers: readonly Uint8Array[]) => unknown): void;
  /** Removes it from the front end. */
  close(): void;
}
/** Widgets by anywidget's protocol: the front end needs its extension (pip install anywidget). */
declare const widget: {
  /** \`esm\`: text of an ES module whose default export has \`render({ model, el })\`. */
  <S extends Record<string, unknown> = {}>(options: { readonly esm: string; readonly css?: string; readonly state?: S }): Widget<S>;
  /** A number that the person sets. */
  slider(options?: { label?: string; min?: number; max?: number; step?: number; value?: number }): Widget<{ label: string; min: number; max: number; step: number; value: number }>;
  /** A number that the cell sets. */
  progress(options?: { label?: string; max?: number; value?: number }): Widget<{ label: string; max: number; value: number }>;
  /** Counts its clicks. */
  button(label?: string): Widget<{ label: string; clicks: number }>;
};
/** Asks the person for a line of text. */
declare function input(prompt?: unknown, options?: { password?: boolean }): Promise<string>;
/** Asks the person a question until the answer is yes or no; an empty answer is no. */
declare function confirm(question?: unknown): Promise<boolean>;
/** What ran, by execution count. */
declare const cells: { readonly [count: number]: CellFacts };
/** Values of cells by execution count. */
declare const Out: { readonly [count: number]: any };
/** The last value. */
declare const _: any;
/** The last error. */
declare const _error: any;
/** Aborts when the running cell is interrupted: pass it to \`fetch\` and timers. */
declare const signal: AbortSignal;
export { ${[...API, ...SESSION].join(", ")} };
export type { ${TYPES.join(", ")} };
`;
