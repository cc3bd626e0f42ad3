/**
 * What the fold makes of the events: one record per call, one per run. Views read only these.
 * @module
 */
import type { MimeBundle, Preview } from "../values/shape.ts";
import type {
  CacheOutcome,
  CallState,
  Entity,
  InputPreview,
  RunEndState,
  SourcePosition,
  Where,
} from "./events.ts";
import type { GroupRecord } from "./groups.ts";

export interface AttemptRecord {
  readonly n: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly error?: Preview;
  readonly retryAt?: number;
}

/** Times are epoch milliseconds. Test presence of `output` and `error`, never truthiness. */
export interface CallRecord {
  /** `t11`: counts up over the whole session, also across restarts of the user process. */
  readonly id: string;
  readonly seq: number;
  readonly runId: string;
  readonly parentId?: string;
  /** Which attempt of the parent made it; absent for the first. */
  readonly parentAttempt?: number;
  readonly name: string;
  readonly entity: Entity;
  readonly version: string;
  readonly where: Where;
  /** Which execution on a cluster it is. */
  readonly link?: {
    readonly executionId: string;
    readonly url?: string;
    readonly version?: string;
    readonly tag?: string;
    /** How it ended, where that was heard only after the process of the call was lost: `ABORTED`. */
    readonly ended?: string;
  };
  /** What it waits for there, while it runs. */
  readonly note?: string;
  /** Where the call stands, in the cell or file as written. */
  readonly source?: SourcePosition;
  readonly deps: readonly string[];
  readonly inputs: readonly InputPreview[];
  readonly state: CallState;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly attempts: readonly AttemptRecord[];
  /** Present exactly when ok or cached: also for `0`, `""`, `false`, `null`, `undefined`, `NaN`. */
  readonly output?: Preview;
  /** Present exactly when failed or cancelled. */
  readonly error?: Preview;
  readonly rootFailure?: string;
  readonly cache?: CacheOutcome;
  readonly progress?: { readonly done: number; readonly total?: number; readonly message?: string };
  /** The last 50 lines, at most 8 kB, of `lines` in all. */
  readonly log: { readonly lines: number; readonly tail: readonly string[] };
  readonly awaited: boolean;
}

/** A deck of the user's own. */
export interface UserDeck {
  readonly name: string;
  /** The call that made it first; absent for a deck of the run. */
  readonly callId?: string;
  /** Whether scripts of its HTML may run in its frame of `deck.html`. */
  readonly scripts: boolean;
  /** In the order they were added; each holds `text/plain`. */
  readonly pieces: readonly MimeBundle[];
  /** Pieces that there was no room for. */
  readonly piecesLeftOut: number;
}

/** `handled`: the run is ok although a call failed, because the workflow dealt with it. */
export type RunState = "running" | "handled" | RunEndState;

export interface RunRecord {
  readonly id: string;
  readonly cell?: number;
  /** Execution count. */
  readonly n?: number;
  readonly cellId?: string;
  readonly title: string;
  readonly state: RunState;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** In order of creation. Beyond 10,000 calls only those that run or failed. */
  readonly calls: ReadonlyMap<string, CallRecord>;
  /** All calls, also those without a record, by state. */
  readonly counts?: ReadonlyMap<CallState, number>;
  /** All calls by the name of their function, in order of first call. */
  readonly groups?: ReadonlyMap<string, GroupRecord>;
  readonly error?: Preview;
  readonly versions: { readonly eagerdeck: string; readonly node: string };
  readonly backend: string;
  readonly linkedTo?: string;
  /** How a cell says this run, `runs()[3]`, where a handle on it is shown. Absent: as the newest one. */
  readonly handle?: string;
  /** `3f2a91c + changes` */
  readonly git?: string;
  /** In order of first mention; at most 500. */
  readonly decks?: readonly UserDeck[];
  /** User decks that there was no room for. */
  readonly decksLeftOut?: number;
  /** Lines written outside any call, counted. */
  readonly logLines: number;
  /** Events of a kind this reader does not know, counted and skipped. */
  readonly unknownEvents: number;
  /** Events that came after their call or run had ended, or twice; ignored. */
  readonly lateEvents?: number;
  /** Rises with each applied event that changed something; views poll it. */
  readonly version: number;
}
