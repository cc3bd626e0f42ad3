/**
 * The one stream everything people see is made of: what the workflow engine reports, as plain data.
 *
 * Tagged by `kind`, serializable, versioned by `EVENTS_VERSION` in `run-started`. Live tree, deck, JSON
 * lines and history are readers of this stream; a new front end is a new reader and nothing else.
 * @module
 */
import type { MimeBundle, Preview } from "../values/shape.ts";

/** Raised when a reader of older events would misread newer ones. */
export const EVENTS_VERSION = 1;

export type CallState =
  | "queued"
  | "running"
  | "retrying"
  | "ok"
  | "cached"
  | "failed"
  | "cancelled";
export type SettledState = "ok" | "cached" | "failed" | "cancelled";
export type Entity = "task" | "workflow" | "eager" | "map" | "group";
/** Where a call runs. */
export type Where = "local" | "thread" | "remote";

/** A named value given to a call. */
export interface InputPreview {
  readonly name: string;
  readonly preview: Preview;
}

/** A place in a cell or file as the person wrote it; line and column count from 1. */
export interface SourcePosition {
  /** `In [7]` or a path relative to the working folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface EventBase {
  /** The run this belongs to; empty for output outside a run. */
  readonly runId: string;
  /** Epoch milliseconds, from a monotonic clock: never runs backwards within a process. */
  readonly at: number;
}

export interface RunStarted extends EventBase {
  readonly kind: "run-started";
  readonly v: typeof EVENTS_VERSION;
  /** The session engine's id of the cell; absent outside a session. */
  readonly cell?: number;
  /** Execution count: what people see in `In [n]`. */
  readonly n?: number;
  /** Jupyter's id of the cell. */
  readonly cellId?: string;
  /** A short title for runs with several root calls: `In [7]`, a file's name. */
  readonly title: string;
  readonly versions: { readonly eagerdeck: string; readonly node: string };
  /** `"local"`, or the cluster. */
  readonly backend: string;
  /** The run that this one repeats or resumes. */
  readonly linkedTo?: string;
  /** The commit the work stands at, `3f2a91c`, with ` + changes` when the folder differs from it. */
  readonly git?: string;
}

export interface CallCreated extends EventBase {
  readonly kind: "call-created";
  readonly id: string;
  /** Order of creation within the run, from 1. */
  readonly seq: number;
  readonly parentId?: string;
  /** Which attempt of the parent made it; absent for the first. */
  readonly parentAttempt?: number;
  readonly name: string;
  readonly entity: Entity;
  readonly version: string;
  readonly where: Where;
  /** Calls whose values go into an input. */
  readonly deps: readonly string[];
  /** An input that is still a call reads `← t2 fetch_orders`. */
  readonly inputs: readonly InputPreview[];
  readonly source?: SourcePosition;
}

export interface AttemptStarted extends EventBase {
  readonly kind: "attempt-started";
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Previews of the inputs that had to be awaited, now that they exist. */
  readonly inputs?: readonly InputPreview[];
}

export interface AttemptFailed extends EventBase {
  readonly kind: "attempt-failed";
  readonly id: string;
  readonly attempt: number;
  readonly error: Preview;
  /** When the next attempt starts; absent when there is none. */
  readonly retryAt?: number;
}

export interface CallProgress extends EventBase {
  readonly kind: "call-progress";
  readonly id: string;
  readonly done: number;
  readonly total?: number;
  readonly message?: string;
}

export interface CallLinked extends EventBase {
  readonly kind: "call-linked";
  readonly id: string;
  readonly executionId: string;
  /** Its page. */
  readonly url?: string;
  /** Of the entity that runs there. */
  readonly version?: string;
  /** What all executions of the run are marked with, there: by it a new process finds them again. */
  readonly tag?: string;
}

/** What a call that runs somewhere else waits for: "queued on the cluster". Only while it runs; the newest one holds. */
export interface CallNoted extends EventBase {
  readonly kind: "call-noted";
  readonly id: string;
  /** Empty when there is nothing more to say. */
  readonly text: string;
}

/** The execution of a call has ended, as somebody heard who asked after its process was lost. Also after `run-ended`. */
export interface ExecutionEnded extends EventBase {
  readonly kind: "execution-ended";
  readonly id: string;
  /** In the words of there: `ABORTED`. */
  readonly phase: string;
}

/** Why a value came, or did not come, from the cache. */
export interface CacheOutcome {
  readonly outcome: "hit" | "miss" | "reused" | "off";
  readonly reason: string;
}

export interface CallSettled extends EventBase {
  readonly kind: "call-settled";
  readonly id: string;
  readonly state: SettledState;
  /** Present exactly when ok or cached, also for `0`, `""`, `false`, `null` and `undefined`. */
  readonly output?: Preview;
  /** Present exactly when failed or cancelled. */
  readonly error?: Preview;
  /** The call whose failure caused this one. */
  readonly rootFailure?: string;
  readonly cache?: CacheOutcome;
  /** Ids of this call's children that nobody awaited. */
  readonly unawaited?: readonly string[];
}

export interface LogWritten extends EventBase {
  readonly kind: "log";
  /** `log` is `ctx.log`: shown in tree and deck only. */
  readonly stream: "stdout" | "stderr" | "log";
  readonly text: string;
  /** The same for decks and files, where the text holds a secret that only its process knows. */
  readonly safe?: string;
  readonly cell?: number;
  /** The call that wrote it. */
  readonly id?: string;
}

/** A deck of the user's own: `Deck(name, content)`. Same call and name, same deck. */
export interface DeckAdded extends EventBase {
  readonly kind: "deck-added";
  readonly name: string;
  /** The call that made it; absent for a deck of the run. */
  readonly id?: string;
  /**
   * One piece of content as the user gave it: `text/html`, `text/markdown`, an image, always `text/plain`. Nothing in it
   * is made safe yet: each view does that in its own way.
   */
  readonly bundle: MimeBundle;
  /** `set` replaces what the deck holds, `append` adds a piece. */
  readonly mode: "set" | "append";
  /** Scripts of its HTML may run in the frame of `deck.html`, and nowhere else. */
  readonly scripts?: boolean;
}

export type RunEndState = "ok" | "failed" | "interrupted" | "killed";

export interface RunEnded extends EventBase {
  readonly kind: "run-ended";
  readonly state: RunEndState;
  /** The error that ended the run or the cell after its calls. */
  readonly error?: Preview;
  /** Ids of the run's root calls that nobody awaited. */
  readonly unawaited?: readonly string[];
}

/** Everything that can be reported. */
export type RuntimeEvent =
  | RunStarted
  | CallCreated
  | AttemptStarted
  | AttemptFailed
  | CallProgress
  | CallLinked
  | CallNoted
  | ExecutionEnded
  | CallSettled
  | LogWritten
  | DeckAdded
  | RunEnded;
