/**
 * The options of `task`, `workflow`, `eager` and of one call, checked and made ready for the engine.
 * @module
 */
import { nearest } from "../values/nearest.ts";
import { preview } from "../values/preview.ts";
import {
  CLUSTER_OPTIONS,
  type ClusterSettings,
  clusterSettings,
  NO_CLUSTER_SETTINGS,
  type SecretName,
} from "./cluster-settings.ts";
import { type DurationLike, durationMs } from "./duration.ts";
import { type Executor, executorFrom } from "./executor.ts";
import {
  NO_REMOTE_CALL,
  REMOTE_CALL_OPTIONS,
  type RemoteCallOptions,
  remoteCall,
} from "./remote-call.ts";

/** How often a failed attempt is followed by another one, and after which pause. */
export interface RetryOptions {
  /** Attempts after the first one. */
  readonly count: number;
  /**
   * The pause before the next attempt: always the same, or worked out from the number of the attempt that failed (from 1).
   * Default: 100 ms, doubled each time, at most 10 s.
   */
  readonly backoff?: DurationLike | ((attempt: number) => DurationLike);
}

export interface CacheOptions {
  /** Default: a hash of the function's source, so that an edited function runs again. */
  readonly version?: string;
  /** Inputs that make no difference to the value: a connection, a log level. */
  readonly ignore?: readonly string[];
  /** How long a value holds. Default: for ever. */
  readonly ttl?: DurationLike;
  /** Runs the function although there is a value, and keeps the new one. */
  readonly refresh?: boolean;
}

/** What one call may have different: `addOne.with({ retries: 2 })({ x: 1 })`. */
export interface CallOptions extends RemoteCallOptions {
  readonly retries?: number | RetryOptions;
  /** Of each attempt. */
  readonly timeout?: DurationLike;
  readonly cache?: boolean | CacheOptions;
  /** How many of the calls it makes run at once. One that goes on after its timeout counts no more. */
  readonly concurrency?: number;
  /** Run in a worker thread. Tasks only. */
  readonly thread?: boolean;
  /** Environment variables on a cluster, beside those of the task. */
  readonly env?: Readonly<Record<string, string>>;
  /** Labels on a cluster, beside those of the task. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Retries {
  readonly count: number;
  /** @returns milliseconds. @throws what the user's function throws, or TypeError. */
  readonly delayMs: (failedAttempt: number) => number;
}

export interface CacheSetting {
  readonly version: string | undefined;
  readonly ignore: readonly string[];
  readonly ttlMs: number | undefined;
  readonly refresh: boolean;
}

/** `undefined`: nobody said anything about it. */
export interface Settings {
  readonly retries: Retries | undefined;
  readonly timeoutMs: number | undefined;
  readonly cache: CacheSetting | undefined;
  /** The cache was switched off for this call, by name. */
  readonly cacheOff: boolean;
  readonly concurrency: number | undefined;
  readonly thread: boolean;
  /** Where it runs, when not where its scope says. */
  readonly executor: Executor | undefined;
  /** What a cluster gives it. */
  readonly cluster: ClusterSettings;
  /** What one call has different there. */
  readonly remoteCall: RemoteCallOptions;
  /** Where the calls run that it makes, of an eager workflow. */
  readonly childExecutor: Executor | undefined;
  /** What that logs in with, on a cluster. */
  readonly clientSecret?: SecretName | undefined;
}

export const NO_SETTINGS: Settings = {
  retries: undefined,
  timeoutMs: undefined,
  cache: undefined,
  cacheOff: false,
  concurrency: undefined,
  thread: false,
  executor: undefined,
  cluster: NO_CLUSTER_SETTINGS,
  remoteCall: NO_REMOTE_CALL,
  childExecutor: undefined,
};

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;

const CALL_OPTIONS = ["retries", "timeout", "cache", "concurrency", "thread"] as const;

/** Of an eager workflow: where its calls run. */
const REMOTE_OPTIONS = ["remote", "clientSecretGroup", "clientSecretKey"] as const;

/** What `name`, `inputs` and so on are read by is `definition.ts`. */
const OWN_OPTIONS = ["name", "inputs", "output", "outputs"] as const;

/**
 * The options of an entity.
 * @param what for messages: `task fetch`.
 * @throws {TypeError} for an option that there is not, with the nearest name, or a value that it cannot have.
 */
export function entitySettings(what: string, options: Readonly<Record<string, unknown>>): Settings {
  const isEager = what.startsWith("eager ");
  refuseUnknown(what, options, [
    ...[...OWN_OPTIONS, ...CALL_OPTIONS, ...CLUSTER_OPTIONS],
    ...(isEager ? REMOTE_OPTIONS : []),
  ]);
  const read = settings(what, options, NO_SETTINGS);
  if (!isEager) return read;
  const childExecutor = readRemote(what, options);
  const { clientSecretGroup: group, clientSecretKey: key } = options;
  const clientSecret =
    typeof group === "string" && typeof key === "string" ? { group, key } : undefined;
  return { ...read, childExecutor, clientSecret };
}

/** @returns what runs the calls of an eager workflow. */
function readRemote(
  what: string,
  { remote, clientSecretGroup: group, clientSecretKey: key }: Readonly<Record<string, unknown>>,
): Executor | undefined {
  if ((group === undefined) !== (key === undefined)) {
    const missing = group === undefined ? "clientSecretGroup" : "clientSecretKey";
    throw new TypeError(`${what}: a secret has a group and a key; ${missing} is missing`);
  }
  for (const [name, value] of Object.entries({ clientSecretGroup: group, clientSecretKey: key })) {
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    throw new TypeError(`${what}: ${name} is text, not ${preview(value).line}`);
  }
  if (remote === undefined) {
    if (group === undefined) return undefined;
    throw new TypeError(`${what}: clientSecretGroup says how remote logs in; give remote too`);
  }
  const secret =
    typeof group === "string" && typeof key === "string" ? { secret: { group, key } } : {};
  const executor = executorFrom(remote, secret);
  if (executor !== undefined) return executor;
  throw new TypeError(
    `${what}: remote is a FlyteRemote, like new FlyteRemote({ config: Config.auto() }), not ${preview(remote).line}`,
  );
}

/** The settings of one call: those of its entity with these options. @throws {TypeError} as `entitySettings` does. */
export function callSettings(what: string, options: unknown, base: Settings): Settings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `${what}: with() takes an object of options like { retries: 2 }, not ${preview(options).line}`,
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  refuseUnknown(`${what}: with()`, given, [
    ...[...CALL_OPTIONS, "env", "labels"],
    ...REMOTE_CALL_OPTIONS,
  ]);
  return settings(what, given, base);
}

function settings(
  what: string,
  options: Readonly<Record<string, unknown>>,
  base: Settings,
): Settings {
  const { retries, timeout, cache, concurrency, thread } = options;
  if (thread !== undefined && typeof thread !== "boolean") {
    throw new TypeError(`${what}: thread is true or false, not ${preview(thread).line}`);
  }
  if (thread === true && !what.startsWith("task ")) {
    throw new TypeError(
      `${what}: only a task runs in a thread; the tasks that it calls may have thread: true`,
    );
  }
  return {
    retries: retries === undefined ? base.retries : readRetries(what, retries),
    timeoutMs: timeout === undefined ? base.timeoutMs : readTimeout(what, timeout),
    cache: cache === undefined ? base.cache : readCache(what, cache, base.cache),
    cacheOff: cache === undefined ? base.cacheOff : cache === false,
    concurrency: concurrency === undefined ? base.concurrency : readLimit(what, concurrency),
    thread: thread ?? base.thread,
    executor: base.executor,
    cluster: clusterSettings(what, options, base.cluster),
    remoteCall: remoteCall(what, options, base.remoteCall),
    childExecutor: base.childExecutor,
    clientSecret: base.clientSecret,
  };
}

function readRetries(what: string, retries: unknown): Retries {
  const given: unknown =
    typeof retries === "object" && retries !== null ? retries : { count: retries };
  const { count, backoff } = given as { count?: unknown; backoff?: unknown };
  if (!Number.isSafeInteger(count) || (count as number) < 0) {
    const advice = `write retries: 3, or retries: { count: 3, backoff: "1s" }`;
    throw new TypeError(`${what}: retries is ${preview(retries).line}; ${advice}`);
  }
  const where = `${what}: the backoff of retries`;
  if (typeof backoff === "function") {
    return {
      count: count as number,
      delayMs: (attempt) => durationMs(backoff(attempt), where),
    };
  }
  if (backoff !== undefined) {
    const fixedMs = durationMs(backoff, where);
    return { count: count as number, delayMs: () => fixedMs };
  }
  return {
    count: count as number,
    delayMs: (attempt) => Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (attempt - 1)),
  };
}

function readTimeout(what: string, timeout: unknown): number {
  const ms = durationMs(timeout, `${what}: timeout`);
  if (ms > 0) return ms;
  throw new TypeError(`${what}: timeout is 0, so that no attempt could end in time`);
}

function readCache(
  what: string,
  cache: unknown,
  base: CacheSetting | undefined,
): CacheSetting | undefined {
  if (cache === false) return undefined;
  const known = base ?? { version: undefined, ignore: [], ttlMs: undefined, refresh: false };
  if (cache === true) return known;
  if (typeof cache !== "object" || cache === null) {
    const advice = `write cache: true, or cache: { version: "2", ttl: "1h" }`;
    throw new TypeError(`${what}: cache is ${preview(cache).line}; ${advice}`);
  }
  const given = cache as Readonly<Record<string, unknown>>;
  refuseUnknown(`${what}: cache`, given, ["version", "ignore", "ttl", "refresh"]);
  const { version = known.version, ignore = known.ignore, ttl, refresh = known.refresh } = given;
  if (version !== undefined && (typeof version !== "string" || version === "")) {
    throw new TypeError(`${what}: the version of its cache is text, not ${preview(version).line}`);
  }
  if (!Array.isArray(ignore) || ignore.some((name) => typeof name !== "string")) {
    throw new TypeError(`${what}: cache.ignore lists names of inputs, like ["log"]`);
  }
  if (typeof refresh !== "boolean") {
    throw new TypeError(`${what}: cache.refresh is true or false, not ${preview(refresh).line}`);
  }
  return {
    version: version as string | undefined,
    ignore,
    ttlMs: ttl === undefined ? known.ttlMs : durationMs(ttl, `${what}: cache.ttl`),
    refresh,
  };
}

/** @throws {TypeError} when it is no number of calls. */
export function readLimit(what: string, limit: unknown): number | undefined {
  if (limit === Number.POSITIVE_INFINITY) return undefined;
  if (Number.isSafeInteger(limit) && (limit as number) >= 1) return limit as number;
  throw new TypeError(
    `${what}: concurrency is how many calls run at once, 1 or more, not ${preview(limit).line}`,
  );
}

/** @throws {TypeError} naming the option that is unknown, and the nearest one or all. */
export function refuseUnknown(
  what: string,
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const advice =
      near === undefined ? `the options are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new TypeError(`${what} has no option ${preview(name).line}; ${advice}`);
  }
}
