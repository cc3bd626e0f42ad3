/**
 * Which rows a tree of calls shows when there is no room for all, and which calls share a row.
 *
 * Choosing never reorders: rows stand in order of call, each before its children.
 * @module
 */
import type { CallState } from "../events/events.ts";
import type { CallRecord } from "../events/record-shape.ts";
import { formatCount } from "../values/format.ts";
import { CALL_LOOKS, COUNT_ORDER } from "./palette.ts";
import {
  type CallNode,
  type CallTree,
  countStates,
  elapsedMs,
  isOpen,
  type StateCounts,
} from "./tree.ts";

/** More calls than this are told per function. */
export const CALL_ROWS_MAX = 50;
/** Of a live tree. */
export const LIVE_ROWS_MAX = 40;
/** Calls of one caller to the same function share a row from here on. */
export const FOLD_CALLS_MIN = 10;
/** Of those, so many failures keep rows of their own. */
const FOLD_FAILURES_MAX = 5;
/** What has just settled stays for a moment, so that it does not vanish while it is read. */
const RECENT_MS = 2_000;
const RECENT_MAX = 5;

export interface CallRow {
  readonly kind: "call";
  readonly node: CallNode;
  readonly depth: number;
}

/** `fetch_page × 1,200`: siblings of one name, or a map with its calls. */
export interface FoldRow {
  readonly kind: "fold";
  readonly name: string;
  /** The map whose calls these are. */
  readonly map?: CallNode;
  readonly nodes: readonly CallNode[];
  /** Of the nodes, and as queued those that a map has still to make. */
  readonly counts: StateCounts;
  readonly depth: number;
}

export type TreeRow = CallRow | FoldRow;

export interface ChosenRows {
  readonly rows: readonly TreeRow[];
  /** What is not shown, in words: `337 queued, 1,031 done`; empty when all is shown. */
  readonly left: string;
}

/** All rows, with siblings folded. */
export function foldRows(tree: CallTree): TreeRow[] {
  const rows: TreeRow[] = [];
  // A stack instead of recursion: 5,000 levels must not overflow it.
  const open: TreeRow[] = siblingRows(tree.top, tree.root).reverse();
  while (open.length > 0) {
    const row = open.pop();
    if (!row) break;
    rows.push(row);
    if (row.kind === "call") open.push(...siblingRows(row.node.children, row.node.call).reverse());
  }
  return rows;
}

/** The state that a row of several calls shows: what somebody would want to know first. */
export function worstOf(counts: StateCounts): CallState {
  if (counts.has("failed")) return "failed";
  if (counts.has("running") || counts.has("retrying")) return "running";
  // Between two of them, as it were: some are done, others wait.
  if (counts.has("queued")) return counts.size === 1 ? "queued" : "running";
  if (counts.has("cancelled")) return "cancelled";
  return counts.has("ok") || counts.size === 0 ? "ok" : "cached";
}

function siblingRows(siblings: readonly CallNode[], parent: CallRecord | undefined): TreeRow[] {
  const byName = Map.groupBy(siblings, (node) => node.call.name);
  // The calls of a map share a row however few they are; below any other call, so does the map with its calls.
  const foldMin = parent?.entity === "map" ? 1 : FOLD_CALLS_MIN;
  const rows: TreeRow[] = [];
  for (const node of siblings) {
    const named = byName.get(node.call.name) ?? [];
    if (named.length >= foldMin) {
      if (named[0] === node) {
        const { name } = node.call;
        rows.push(...foldedRows({ name, nodes: named, depth: node.depth }, parent));
      }
    } else if (node.call.entity === "map" && hasMapped(node)) {
      const { call, children, depth } = node;
      rows.push(...foldedRows({ name: call.name, nodes: children, depth, map: node }, call));
    } else {
      rows.push({ kind: "call", node, depth: node.depth });
    }
  }
  return rows;
}

/** A map that made no call is a call like any other: it was refused, reused, or had nothing to do. */
function hasMapped({ call, children }: CallNode): boolean {
  return children.length > 0 || call.endedAt === undefined || mapSize(call) > 0;
}

/** One row for all, then some of those that failed. */
function foldedRows(
  row: Omit<FoldRow, "kind" | "counts">,
  caller: CallRecord | undefined,
): TreeRow[] {
  const { nodes, depth } = row;
  const counts = new Map(countStates(nodes.map((each) => each.call)));
  const waiting = caller ? waitingOf(caller, nodes) : 0;
  if (waiting > 0) counts.set("queued", (counts.get("queued") ?? 0) + waiting);
  const failed = nodes.filter((each) => each.call.state === "failed").slice(0, FOLD_FAILURES_MAX);
  return [
    { kind: "fold", ...row, counts },
    ...failed.map((node): CallRow => ({ kind: "call", node, depth: depth + 1 })),
  ];
}

/** How many calls an open map has still to make: with a limit it makes them as there is room. */
function waitingOf({ entity, endedAt, progress }: CallRecord, nodes: readonly CallNode[]): number {
  if (entity !== "map" || endedAt !== undefined || progress?.total === undefined) return 0;
  // Of a run that is too large, calls that are done have no record any more.
  const open = nodes.filter((node) => isOpen(node.call)).length;
  return Math.max(0, progress.total - Math.max(nodes.length, progress.done + open));
}

/** The state a row shows. */
export function stateOf(row: TreeRow): CallState {
  if (row.kind === "call") return row.node.call.state;
  return row.map?.call.state ?? worstOf(row.counts);
}

/** The same from one picture to the next, and of no other row. */
export function rowKey(row: TreeRow): string {
  if (row.kind === "call") return row.node.call.id;
  return row.map ? row.map.call.id : `${row.nodes[0]?.call.id} fold`;
}

/** How many calls share a row; of a map also those that have no record any more, or not yet. */
export function sizeOf({ counts, map }: FoldRow): number {
  const known = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return Math.max(known, map ? mapSize(map.call) : 0);
}

/** How many calls a map makes, as far as it is known. */
export function mapSize({ progress }: CallRecord): number {
  return progress?.total ?? progress?.done ?? 0;
}

/** When the calls of a row ran; of a map, it itself. */
export function rowCalls(row: TreeRow): readonly CallRecord[] {
  if (row.kind === "call") return [row.node.call];
  return row.map ? [row.map.call] : row.nodes.map((node) => node.call);
}

/**
 * At most `rowsMax` of the rows: failed, running (longest first), folded, just settled, their callers, then
 * from the first on. What does not fit is counted.
 * @param nowMs the moment that "running for" and "just settled" refer to.
 */
export function chooseRows(all: readonly TreeRow[], rowsMax: number, nowMs: number): ChosenRows {
  if (all.length <= rowsMax) return { rows: all, left: "" };
  const byId = new Map<string, TreeRow>();
  for (const row of all) {
    if (row.kind === "call") byId.set(row.node.call.id, row);
    else if (row.map) byId.set(row.map.call.id, row);
  }
  // One row goes to the sentence about the rest.
  const roomMax = Math.max(0, rowsMax - 1);
  const chosen = new Set<TreeRow>();
  for (const row of byImportance(all, nowMs)) {
    if (chosen.has(row)) continue;
    const added = [row];
    for (let up = parentOf(row); up; up = up.parent) {
      const above = byId.get(up.call.id);
      if (above && !chosen.has(above)) added.push(above);
    }
    if (chosen.size + added.length > roomMax) continue;
    for (const each of added) chosen.add(each);
    if (chosen.size === roomMax) break;
  }
  const rest = all.filter((row) => !chosen.has(row)).flatMap(callsOf);
  return { rows: all.filter((row) => chosen.has(row)), left: leftText(rest) };
}

function byImportance(all: readonly TreeRow[], nowMs: number): TreeRow[] {
  const calls = all.filter((row) => row.kind === "call");
  const failed = calls.filter(({ node }) => node.call.state === "failed");
  const running = calls
    .filter(({ node }) => isOpen(node.call) && node.call.state !== "queued")
    .sort((a, b) => (elapsedMs(b.node.call, nowMs) ?? 0) - (elapsedMs(a.node.call, nowMs) ?? 0));
  const recent = calls
    .filter(({ node }) => nowMs - (node.call.endedAt ?? Number.NEGATIVE_INFINITY) <= RECENT_MS)
    .slice(-RECENT_MAX);
  return [...failed, ...running, ...all.filter((row) => row.kind === "fold"), ...recent, ...all];
}

function parentOf(row: TreeRow): CallNode | undefined {
  if (row.kind === "call") return row.node.parent;
  return row.map ? row.map.parent : row.nodes[0]?.parent;
}

function callsOf(row: TreeRow): CallRecord[] {
  if (row.kind === "call") return [row.node.call];
  const calls = row.nodes.map((node) => node.call);
  return row.map ? [row.map.call, ...calls] : calls;
}

function leftText(calls: readonly CallRecord[]): string {
  const counts = countStates(calls);
  const done = (counts.get("ok") ?? 0) + (counts.get("cached") ?? 0);
  const parts = COUNT_ORDER.filter((state) => state !== "ok" && state !== "cached")
    .filter((state) => counts.has(state))
    .map((state) => `${formatCount(counts.get(state) ?? 0)} ${CALL_LOOKS[state].word}`);
  if (done > 0) parts.push(`${formatCount(done)} done`);
  return parts.join(", ");
}
