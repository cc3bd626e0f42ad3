/**
 * The calls of a run as a tree, in order of call.
 * @module
 */
import type { CallState } from "../events/events.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";

export interface CallNode {
  readonly call: CallRecord;
  readonly depth: number;
  readonly parent?: CallNode;
  readonly children: readonly CallNode[];
}

export interface CallTree {
  /** The only root call, when it has children: the deck bears its name, its children are the top rows. */
  readonly root?: CallRecord;
  /** Top rows. */
  readonly top: readonly CallNode[];
  /** All rows, each before its children. */
  readonly nodes: readonly CallNode[];
  /** The top row that a call belongs to. */
  readonly topOf: (id: string) => string | undefined;
}

interface OpenNode extends CallNode {
  depth: number;
  parent?: OpenNode;
  readonly children: OpenNode[];
}

/** A call whose parent is unknown stands at the top, so that nothing is lost. */
export function callTree(run: RunRecord): CallTree {
  const nodes = new Map<string, OpenNode>();
  for (const call of run.calls.values()) nodes.set(call.id, { call, depth: 0, children: [] });
  const roots: OpenNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.call.parentId ?? "");
    // Parents exist before their children; anything else would be a cycle of a broken stream.
    if (parent && parent !== node && parent.call.seq < node.call.seq) parent.children.push(node);
    else roots.push(node);
  }
  const only = roots.length === 1 ? roots[0] : undefined;
  const root = only && only.children.length > 0 ? only.call : undefined;
  const top = (root && only?.children) || roots;

  const tops = new Map<string, string>();
  const inOrder: CallNode[] = [];
  // A stack instead of recursion: 5,000 levels must not overflow it.
  const open = top.map((node) => ({ node, depth: 0, topId: node.call.id })).reverse();
  while (open.length > 0) {
    const next = open.pop();
    if (!next) break;
    const { node, depth, topId } = next;
    node.depth = depth;
    tops.set(node.call.id, topId);
    inOrder.push(node);
    for (const child of node.children.toReversed()) {
      child.parent = node;
      open.push({ node: child, depth: depth + 1, topId });
    }
  }
  return { ...(root && { root }), top, nodes: inOrder, topOf: (id) => tops.get(id) };
}

export type StateCounts = ReadonlyMap<CallState, number>;

export function countStates(calls: Iterable<CallRecord>): StateCounts {
  const counts = new Map<CallState, number>();
  for (const { state } of calls) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/**
 * How long a call has run, its time in the queue not counted; undefined when it never started.
 * @param nowMs stands for the end of a call that still runs.
 */
export function elapsedMs(call: CallRecord, nowMs: number): number | undefined {
  const startMs = startOf(call);
  return startMs === undefined ? undefined : Math.max(0, (call.endedAt ?? nowMs) - startMs);
}

/** When a call began to run. A value from the cache may need no attempt; a cancelled call may never have started. */
export function startOf({ state, startedAt, createdAt }: CallRecord): number | undefined {
  return startedAt ?? (state === "ok" || state === "cached" ? createdAt : undefined);
}

export function isOpen(call: CallRecord): boolean {
  return call.endedAt === undefined;
}
