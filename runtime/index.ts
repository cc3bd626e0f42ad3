/**
 * Eager workflows for TypeScript: functions become tasks whose awaited results are plain values, every call is tracked.
 *
 * The only module that users import. It needs no session, front end or network: a workflow file runs unchanged in plain
 * Node, from the command line, in Jupyter and in the terminal.
 * @module
 */
import { setCacheStore } from "./workflow/cache.ts";

// Loaded with the first call of a task that has a cache. A session has its own by then.
setCacheStore(async () => {
  const { CacheFile } = await import("./store/cache.ts");
  const { cache, notice } = CacheFile.open(process.cwd());
  if (notice !== undefined) process.emitWarning(notice);
  return cache;
});

export { z } from "zod";
export type { CallState } from "./events/events.ts";
export {
  type BlobSchema,
  type DatasetOptions,
  type FileOptions,
  type FileSource,
  FlyteDirectory,
  FlyteFile,
  type FolderListOptions,
  StructuredDataset,
} from "./flyte/blobs.ts";
export { Config, type EndpointOptions } from "./flyte/config.ts";
export { FlyteError, type FlyteErrorCode } from "./flyte/errors.ts";
export type {
  Execution,
  ExecutionListOptions,
  ExecutionSummary,
  LogLink,
  PhaseName,
} from "./flyte/execution.ts";
export type { Fetched, FetchOptions } from "./flyte/fetch.ts";
export { OpaqueValue } from "./flyte/opaque.ts";
export type {
  EntityReference,
  FlyteRemoteOptions,
  LaunchOptions,
  Registered,
  RegisteredEntity,
} from "./flyte/options.ts";
export { type CheckResult, FlyteRemote, type RemoteRegisterOptions } from "./flyte/remote.ts";
export { Duration, type DurationParts } from "./types/duration.ts";
export type { StandardSchema } from "./types/standard-schema.ts";
export type { Call, MapCall } from "./workflow/call.ts";
export { currentContext, type TaskContext } from "./workflow/context.ts";
export { Deck, type DeckOptions, type RichText, type UserDeckHandle } from "./workflow/deck.ts";
export { type EagerCode, EagerException, type EagerKind } from "./workflow/errors.ts";
export type { Executor } from "./workflow/executor.ts";
export { group } from "./workflow/group.ts";
export { type MapInputs, type MapOptions, type MapTask, mapTask } from "./workflow/map-task.ts";
export type { CacheOptions, CallOptions, RetryOptions } from "./workflow/settings.ts";
export type {
  Eager,
  EntityOptions,
  Graph,
  GraphBinding,
  GraphNode,
  Task,
  Workflow,
} from "./workflow/signatures.ts";
export { eager, task } from "./workflow/task.ts";
export { workflow } from "./workflow/workflow.ts";
