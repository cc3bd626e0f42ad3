/**
 * Names of executions: the same call in the same parent has the same name, in every process that makes it.
 *
 * So a repeated request is refused by the cluster instead of running twice, and a parent that begins again finds what it
 * had started.
 *
 * Invariants
 *   N1  Only what tells calls apart goes into a name, never the order they were started in: calls that are equal in
 *       everything are counted, and are interchangeable.
 *   N2  Lower-case ASCII letters, digits and hyphens, a letter first, at most 63 characters.
 * @module
 */
import { createHash } from "node:crypto";

const HEX_DIGITS = 16;
const WORKFLOW_MAX = 8;
const TAG_MAX = 5;
const TASK_MAX = 8;
/** What admin takes for the name of an execution. */
const NAME_MAX = 63;

/** What runs, and for whom. */
export interface NameParts {
  /** What all executions of the parent are marked with. */
  readonly tag: string;
  /** Of the parent, as people read it. */
  readonly workflow: string;
  readonly kind: "task" | "workflow" | "launch_plan";
  readonly project: string;
  readonly domain: string;
  /** Of the entity that runs. */
  readonly name: string;
  readonly version: string;
  /** Of its inputs: `literalsHash`. */
  readonly inputs: string;
  /** How many calls that are equal in all of this the parent has made before. */
  readonly nth: number;
}

/** `e-train-1a2b3-addone-0123456789abcdef` */
export function executionName(parts: NameParts): string {
  const { tag, workflow, kind, project, domain, name, version, inputs, nth } = parts;
  const hash = createHash("sha256")
    .update(JSON.stringify([tag, kind, project, domain, name, version, inputs, nth]))
    .digest("hex")
    .slice(0, HEX_DIGITS);
  const task = name.slice(name.lastIndexOf(".") + 1);
  return ["e", dnsName(workflow, WORKFLOW_MAX), tagMark(tag), dnsName(task, TASK_MAX), hash]
    .filter((part) => part !== "")
    .join("-");
}

/** The name of the next try, after what `name` was for has failed: `-r1`, `-r2`. */
export function retryName(name: string, retry: number): string {
  const suffix = `-r${retry}`;
  return `${name.slice(0, NAME_MAX - suffix.length)}${suffix}`;
}

const LOCAL_TAG = "eager-local-";

/**
 * What of a tag stands in the names of its executions. Of a run of this machine the end: the beginning is the time, which
 * all runs of twenty minutes share.
 */
export function tagMark(tag: string): string {
  return dnsName(tag.startsWith(LOCAL_TAG) ? tag.slice(-TAG_MAX) : tag, TAG_MAX);
}

/** The mark of executions whose parent is a run of this machine. */
export function localTag(runId: string): string {
  return `${LOCAL_TAG}${dnsName(runId, NAME_MAX - LOCAL_TAG.length)}`;
}

/**
 * As much of a text as a DNS label may hold. Accents fall off their letters; of scripts without ASCII letters nothing is
 * left, and the hash alone tells them apart.
 */
export function dnsName(text: string, max: number): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, max)
    .replace(/-+$/, "");
}
