/**
 * What an executor tells of executions that have outlived the process which waited for them: the words between a session,
 * which remembers them, and the cluster, where they run.
 * @module
 */
import type { ExecutionLink } from "./executor.ts";

/** An execution, as it stands. */
export interface ExecutionState {
  readonly executionId: string;
  /** Its page. */
  readonly url: string;
  /** In the words of there; absent when there is none of that name that belongs to the run. */
  readonly phase: string | undefined;
  /** It has ended, or is being ended. */
  readonly isOver: boolean;
  /** What runs, by its name there. */
  readonly entity: string | undefined;
}

export interface OutlivedLook {
  /** Those that were asked for, and what else runs with the same mark. */
  readonly executions: readonly ExecutionState[];
  /** Those that were started on another cluster than this one: nobody asked for them. */
  readonly elsewhere: readonly ExecutionLink[];
  /** Which cluster was asked, as links lead to it. */
  readonly cluster: string;
}

export interface OutlivedEnd extends OutlivedLook {
  /** What ran and was ended. */
  readonly ended: readonly ExecutionState[];
  readonly notEnded: readonly (ExecutionState & { readonly why: string })[];
}

export interface Outlived {
  /** @throws {Error} when the cluster does not answer. */
  look(links: readonly ExecutionLink[]): Promise<OutlivedLook>;
  /**
   * Ends those that still run, and what else runs with the same mark.
   * @param why people read it on the pages of the executions.
   * @throws {Error} when the cluster does not say what runs; nothing was ended then.
   */
  end(links: readonly ExecutionLink[], why: string): Promise<OutlivedEnd>;
}
