/**
 * The mark that all executions of one parent have in common: on them, in their names, and in what is found again later.
 *
 * Cheap: sessions load it without anything of the cluster.
 * @module
 */
import { localTag } from "./names.ts";

type Parent = { readonly id: string };

let earlier: ((run: Parent) => string | undefined) | undefined;
const tags = new WeakMap<Parent, string>();

/**
 * Lets a run go on with the executions of an earlier one that lost its process: `find` tells the tag of those.
 * Asked once for each run, when it makes its first call on a cluster.
 */
export function setEarlierTags(find: ((run: Parent) => string | undefined) | undefined): void {
  earlier = find;
}

/** The tag of a run: within a container of the cluster the execution that it is part of. */
export function tagOf(run: Parent): string {
  let tag = tags.get(run);
  if (tag === undefined) {
    tag = process.env["FLYTE_INTERNAL_EXECUTION_ID"] ?? earlier?.(run) ?? localTag(run.id);
    tags.set(run, tag);
  }
  return tag;
}

/** The execution at the top, of which nested eager workflows of either language tell. */
export function rootOf(tag: string): string {
  return process.env["_F_EE_ROOT"] ?? tag;
}
