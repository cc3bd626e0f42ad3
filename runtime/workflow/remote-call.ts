/**
 * What one call may have different where it runs on a cluster: `train.with({ version: "v12" })`. Says nothing of a call
 * that runs here.
 * @module
 */
import { preview } from "../values/preview.ts";

export interface RemoteCallOptions {
  /** Of the task, workflow or launch plan. */
  readonly version?: string;
  /** Computes cached values anew, and keeps them. */
  readonly overwriteCache?: boolean;
  /** Whether it may run on machines that can be taken away. */
  readonly interruptible?: boolean;
  /** How many nodes of a workflow run at once. */
  readonly maxParallelism?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where files and tables of its outputs go: `s3://bucket/prefix`. */
  readonly rawOutputPrefix?: string;
  readonly clusterPool?: string;
  /** Default: one that tells equal calls of the same parent apart, and is the same when the parent begins again. */
  readonly executionName?: string;
}

export const REMOTE_CALL_OPTIONS = [
  ...["version", "overwriteCache", "interruptible", "maxParallelism", "annotations"],
  ...["rawOutputPrefix", "clusterPool", "executionName"],
] as const;

export const NO_REMOTE_CALL: RemoteCallOptions = {};

type Given = Readonly<Record<string, unknown>>;

/** @throws {TypeError} that names the option, what it is and how it is written. */
export function remoteCall(
  what: string,
  options: Given,
  base: RemoteCallOptions,
): RemoteCallOptions {
  if (REMOTE_CALL_OPTIONS.every((name) => options[name] === undefined)) return base;
  const read = { ...base };
  const take = (name: string, isFine: boolean, form: string) => {
    const value = options[name];
    if (value === undefined) return;
    if (!isFine) throw new TypeError(`${what}: ${name} is ${preview(value).line}, not ${form}`);
    Object.assign(read, { [name]: value });
  };
  for (const name of ["version", "clusterPool"]) {
    take(name, isText(options[name]), `a text like "v12"`);
  }
  for (const name of ["overwriteCache", "interruptible"]) {
    take(name, typeof options[name] === "boolean", "true or false");
  }
  const { maxParallelism: parallel, executionName, annotations, rawOutputPrefix } = options;
  take(
    "maxParallelism",
    Number.isSafeInteger(parallel) && (parallel as number) > 0,
    "a whole number from 1",
  );
  take(
    "rawOutputPrefix",
    isText(rawOutputPrefix) && /^\w+:\/\//.test(rawOutputPrefix),
    `a place like "s3://bucket/prefix"`,
  );
  take(
    "executionName",
    isText(executionName) && /^[a-z][a-z0-9-]{0,62}$/.test(executionName),
    "a name of lower-case letters, digits and hyphens that begins with a letter, of at most 63 characters",
  );
  take(
    "annotations",
    typeof annotations === "object" &&
      annotations !== null &&
      Object.values(annotations).every((value) => typeof value === "string"),
    `an object of texts`,
  );
  return read;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
