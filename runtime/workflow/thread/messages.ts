/**
 * What the executor and its threads say to each other. All of it survives a structured clone.
 * @module
 */
import type { MimeBundle } from "../../values/shape.ts";
import type { TaskContext } from "../context.ts";
import type { Travelling } from "./travelling.ts";

/** Code as a cell compiled it, at its place there. */
export interface Piece {
  readonly text: string;
  /** What an anonymous function is called. */
  readonly name: string;
  /** Whether it is written as the method of an object. */
  readonly isMethod: boolean;
  /** Name of the compiled text that it is part of, and where it begins there, from 1: for stacks. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Names of the objects that hold the session's names: `$0`. */
  readonly segments: readonly string[];
  /** What its checks are called: `$x`, `$i`. */
  readonly support: string;
  readonly flags: string;
}

/** What a name of the session is in a thread; plain values are in `values`. */
export type SliceName =
  | { readonly kind: "code"; readonly piece: Piece }
  /** The bare function of another task, `addOne.fn`. */
  | { readonly kind: "fn"; readonly piece: Piece }
  | { readonly kind: "import"; readonly load: string; readonly exported: string }
  /** An export of eagerdeck's own. */
  | { readonly kind: "own"; readonly exported: string }
  | { readonly kind: "signal" }
  /** What the session's own module has under this name. */
  | { readonly kind: "session"; readonly name: string }
  | { readonly kind: "require" };

/** Where a thread has the function from. */
export type ThreadCode =
  | { readonly kind: "module"; readonly url: string }
  | {
      readonly kind: "slice";
      readonly root: Piece;
      readonly names: Readonly<Record<string, SliceName>>;
      /** Copied with the call. */
      readonly values: Readonly<Record<string, unknown>>;
      /** The folder that imports and `require` begin at. */
      readonly folder: string;
    };

/** A module that a thread imports before any of the user's: its `prepare` gets `data`. */
export interface Preload {
  readonly url: string;
  readonly data: unknown;
}

/** What the session's module is in a thread. */
export interface Prepared {
  readonly names: Readonly<Record<string, unknown>>;
  /** Resolves when all that a call has begun to tell the session is told. */
  readonly settled: () => Promise<void>;
}

/** Tells the session something about the call that is running; it survives a structured clone. */
export type TellSession = (item: unknown) => void;

/** The counters that both sides of a call see. */
export const flagIndex = { cancelled: 0, unread: 1 } as const;

export interface ThreadRequest {
  readonly id: number;
  /** Name of the task. */
  readonly task: string;
  readonly code: ThreadCode;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  readonly call: TaskContext["call"];
  /** By `flagIndex`, shared memory. */
  readonly flags: Int32Array;
  readonly preload: Preload | undefined;
}

/** In the order they happened; `returned` or `threw` is the last of a call. */
export type ThreadMessage = { readonly eagerdeckCall: number } & (
  | { readonly kind: "log"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total: number | undefined;
      readonly message: string | undefined;
    }
  /** A piece of a deck of the user's own, made where its content is. */
  | {
      readonly kind: "deck";
      readonly name: string;
      readonly bundle: MimeBundle;
      readonly mode: "set" | "append";
      readonly scripts: boolean;
    }
  /** For the session, of which the engine knows nothing. */
  | { readonly kind: "session"; readonly item: unknown }
  | { readonly kind: "output"; readonly stream: "stdout" | "stderr"; readonly text: string }
  /** One was read: the main thread has to know it too, to keep it out of what is shown. */
  | { readonly kind: "secret"; readonly text: string }
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: Travelling }
);
