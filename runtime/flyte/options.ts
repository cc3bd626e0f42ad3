/**
 * What a person says of a cluster, and of one call on it. Loads nothing.
 * @module
 */
import type { RemoteCallOptions } from "../workflow/remote-call.ts";
import type { Config } from "./config.ts";

export interface FlyteRemoteOptions {
  /** Where the cluster is and how to log in. */
  readonly config: Config;
  readonly defaultProject?: string;
  readonly defaultDomain?: string;
  /** The container image that tasks of this code are registered with. */
  readonly image?: string;
  /**
   * Which version of an entity runs when nothing names one: `own`, the one of this code, registered when it is missing and
   * an image is known; `latest`, by the time of registration; or that very version. Default: `own`.
   */
  readonly versions?: "own" | "latest" | (string & {});
  /** Whether a call of a parent that begins again is made once more when its execution had failed. Default: true. */
  readonly rerunFailed?: boolean;
  /** Whether executions go on when the call that started them is interrupted. Default: `cancel`. */
  readonly onInterrupt?: "cancel" | "leave";
  /** How many executions are started at once, and how many of one scope may run. Default: 16 and 100. */
  readonly launches?: { readonly atOnce?: number; readonly running?: number };
  /** How integers of fetched references arrive, which have no schema to say it. Default: `number`. */
  readonly integers?: "number" | "bigint";
}

/** A task, workflow or launch plan that is registered. */
export interface EntityReference {
  readonly name: string;
  readonly version?: string;
  readonly project?: string;
  readonly domain?: string;
}

export type EntityKind = "task" | "workflow" | "launch_plan";

/** What one execution may have different. */
export interface LaunchOptions extends RemoteCallOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** One of what was registered, or was there. */
export interface RegisteredEntity {
  readonly kind: EntityKind;
  readonly name: string;
  readonly version: string;
  /** `missing`: a dry run would create it. */
  readonly state: "created" | "unchanged" | "missing";
  /** Its page. */
  readonly url: string;
}

export interface Registered {
  /** Of the first file, when they come from several. */
  readonly version: string;
  readonly entities: readonly RegisteredEntity[];
}
