/**
 * What the two halves of a session say to each other.
 *
 * Three channels. **IPC** carries requests to the user process. **fd 4** carries everything back:
 * frames of a 4-byte big-endian length and a `v8.serialize`d batch, written with blocking writes, so there
 * is one order for output, displays, events and results, they are delivered while a cell blocks its
 * thread, and a slow reader slows the writer instead of filling its memory (`process.send` would queue
 * in memory until the loop turns). **fd 5** is read by a worker of the user process and
 * acts while the main thread is blocked: one JSON message per line.
 * @module
 */
import type { RuntimeEvent } from "../events/events.ts";
import type { DeclaredTypes } from "../types/declared-types.ts";
import type { MimeBundle } from "../values/shape.ts";
import type { CellError } from "./cell-error.ts";
import type { CommMessage } from "./comm-message.ts";

export const EVENTS_FD = 4;
export const CONTROL_FD = 5;

/** Client → host, by IPC. */
export type Request =
  | {
      readonly kind: "init";
      readonly folder: string;
      readonly columns: number;
      /** Of the front end: it goes on when a new user process begins. */
      readonly session: string;
      /** The first call gets this number: ids go on across restarts. */
      readonly firstCall: number;
      /** Written to fds 1 and 2 at a cell's end, so that the client knows it has seen all of the cell's raw output. */
      readonly marker: string;
    }
  | {
      readonly kind: "execute";
      readonly cell: number;
      readonly n?: number;
      readonly cellId?: string;
      readonly source: string;
    }
  | { readonly kind: "evaluate"; readonly id: number; readonly expression: string }
  | { readonly kind: "peek"; readonly id: number; readonly path: string }
  /** `cell`: the number under which its handler runs. */
  | { readonly kind: "comm"; readonly cell: number; readonly message: CommMessage }
  | { readonly kind: "input-reply"; readonly id: number; readonly answer: InputAnswer }
  | { readonly kind: "shutdown" };

/** What became of a question: the line that was typed, or the error that `input()` rejects with. */
export type InputAnswer =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly name: string; readonly message: string };

export interface Published {
  readonly name: string;
  readonly kind: string;
  /** Of a constant whose interface is known only while it runs. */
  readonly types?: DeclaredTypes;
}

/** How a cell ended, as the host reports it. `aborted` exists on the client's side only. */
export interface HostSettled {
  readonly cell: number;
  readonly status: "ok" | "error" | "interrupted";
  readonly value?: MimeBundle;
  /** The value shows what this process knows to be secret: it is for the person's eyes, not for a file. */
  readonly hasSecret?: boolean;
  readonly error?: CellError;
  readonly published: readonly Published[];
  readonly runId?: string;
  readonly durationMs: number;
}

/** A live value, as far as it can be seen without running any of its code. */
export interface Peeked {
  /** What `typeof` says, or the name of an object's class. */
  readonly type: string;
  /** The value on one line. */
  readonly preview: string;
  /** Own ones and those of its classes, `Object` excluded; at most 500. */
  readonly properties: readonly PeekedProperty[];
}

export interface PeekedProperty {
  readonly name: string;
  readonly kind: "property" | "method" | "accessor";
  /** Absent for accessors: only their code knows. */
  readonly type?: string;
}

/** Host → client, on fd 4, in one order. */
export type HostItem =
  | { readonly kind: "ready"; readonly pid: number; readonly node: string }
  | { readonly kind: "event"; readonly cell?: number; readonly event: RuntimeEvent }
  | {
      readonly kind: "display";
      readonly cell?: number;
      readonly bundle: MimeBundle;
      readonly metadata: Readonly<Record<string, unknown>>;
      readonly displayId?: string;
      readonly update: boolean;
    }
  | { readonly kind: "clear-output"; readonly cell?: number; readonly wait: boolean }
  | { readonly kind: "uncaught"; readonly cell?: number; readonly error: CellError }
  | {
      readonly kind: "notice";
      readonly cell?: number;
      readonly level: "info" | "warning";
      readonly text: string;
    }
  /** A cell said whether decks show by themselves. */
  | { readonly kind: "deck-settings"; readonly cell?: number; readonly inline: "on" | "off" }
  /** Where calls run from now on that say nothing: a cluster by its name, or this process. */
  | { readonly kind: "default-remote"; readonly cell?: number; readonly name?: string }
  | { readonly kind: "comm"; readonly cell?: number; readonly message: CommMessage }
  | { readonly kind: "comm-handled"; readonly cell: number; readonly error?: CellError }
  /** A cell asks the person. */
  | {
      readonly kind: "input-request";
      readonly id: number;
      readonly cell?: number;
      readonly prompt: string;
      readonly password: boolean;
    }
  /** Nobody waits for the answer any more. */
  | { readonly kind: "input-cancelled"; readonly id: number }
  | { readonly kind: "settled"; readonly settled: HostSettled }
  | {
      readonly kind: "evaluated";
      readonly id: number;
      readonly value?: MimeBundle;
      readonly error?: CellError;
    }
  | { readonly kind: "peeked"; readonly id: number; readonly peeked?: Peeked }
  /** It was asked to end, and has executions on a cluster to stop before. */
  | { readonly kind: "leaving" }
  /** The process ends because the user's code asked it to. */
  | {
      readonly kind: "exiting";
      readonly code: number;
      readonly cell?: number;
      readonly where?: string;
    };

/** Client → host on the control pipe; the cell's settling on fd 4 is the answer. */
export interface ControlRequest {
  /** `terminate` also stops JavaScript that has no checks: its `finally` blocks do not run. */
  readonly kind: "interrupt" | "terminate";
  /** A cell's number, or that of an expression, below zero. */
  readonly cell: number;
}

/** On stderr, before the reason for which a host ended itself: its event stream may be what is gone. */
export const OWN_END = "eagerdeck ended this process: ";

/** The largest frame that is believed: anything larger is garbage on the pipe. */
export const FRAME_BYTES_MAX = 512 * 1024 * 1024;
