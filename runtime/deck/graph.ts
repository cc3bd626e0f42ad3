/**
 * Which call waited for which, as nodes and edges; `graph-layout.ts` draws them.
 *
 * Nodes are the top rows of the table. Where there are too many of them, or of the edges between them, nodes are functions.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import { formatCount, formatDuration } from "../values/format.ts";
import { functionGroups, isCounted } from "./groups.ts";
import type { DeckModel } from "./model.ts";
import { CALL_LOOKS, functionFill } from "./palette.ts";
import { orderOnly } from "./path.ts";
import { mapSize } from "./rows.ts";
import { type CallNode, elapsedMs } from "./tree.ts";
import { nameText } from "./wording.ts";

export interface GraphNode {
  readonly key: string;
  readonly name: string;
  /** `4.87 s · 2 attempts` */
  readonly note: string;
  readonly fill: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** By a value that went from one to the other, or only known from the order of time. */
  readonly kind: "value" | "order";
  readonly isCritical: boolean;
}

export interface DeckGraph {
  readonly per: "call" | "function";
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A graph, or why there is none although there are edges. */
export type GraphOrNot = DeckGraph | { readonly tooLarge: string };

const NODES_MIN = 3;
const NODES_MAX = 60;
/** More would be a web that nobody can follow, and too many bytes. */
const EDGES_MAX = 150;
const EDGE_WORDS_LENGTH_MAX = 3_000;

/** @returns undefined where a graph would say nothing: under three nodes, or without an edge. */
export function deckGraph(model: DeckModel): GraphOrNot | undefined {
  // Of calls that are only counted nobody knows what they waited for.
  if (isCounted(model.run)) return undefined;
  const calls = model.tree.top.map(({ call }) => call);
  if (calls.length < NODES_MIN) return undefined;
  const edges = callEdges(calls, model);
  if (calls.length <= NODES_MAX && edges.length <= EDGES_MAX) {
    if (edges.length === 0) return undefined;
    return { per: "call", nodes: model.tree.top.map((node) => callNode(node, model)), edges };
  }
  return functionGraph(calls, edges, model);
}

function functionGraph(
  calls: readonly CallRecord[],
  edges: readonly GraphEdge[],
  model: DeckModel,
): GraphOrNot | undefined {
  const merged = functionEdges(calls, edges, model);
  const groups = functionGroups(calls, model.endMs);
  if (groups.length < NODES_MIN || merged.length === 0) return undefined;
  if (groups.length > NODES_MAX || merged.length > EDGES_MAX) {
    return {
      tooLarge: `${formatCount(groups.length)} functions with ${formatCount(merged.length)} edges between them are too many to draw.`,
    };
  }
  // The colours of the table, which also lists functions that are called from within others only.
  const order = functionGroups(
    model.tree.nodes.map(({ call }) => call),
    model.endMs,
  ).map(({ name }) => name);
  const nodes = groups.map(({ name, count, total, counts }): GraphNode => {
    const failed = counts.get("failed") ?? 0;
    const parts = [
      ...(count > 1 ? [`× ${formatCount(count)}`] : []),
      ...(total === "" ? [] : [total]),
      ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ];
    return {
      key: name,
      name: nameText(name),
      note: parts.join(" · "),
      fill: functionFill(order.indexOf(name)),
    };
  });
  return { per: "function", nodes, edges: merged };
}

function callNode({ call, children }: CallNode, model: DeckModel): GraphNode {
  const { word, fill } = CALL_LOOKS[call.state];
  const ms = elapsedMs(call, model.endMs);
  const parts = [ms === undefined ? word : formatDuration(ms)];
  if (call.attempts.length > 1) parts.push(`${call.attempts.length} attempts`);
  if (call.entity === "map") {
    parts.unshift(`× ${formatCount(Math.max(children.length, mapSize(call)))}`);
  }
  return { key: call.id, name: nameText(call.name), note: parts.join(" · "), fill };
}

function callEdges(calls: readonly CallRecord[], model: DeckModel): GraphEdge[] {
  const critical = criticalSteps([...model.critical]);
  return calls.flatMap((call) => {
    const wait = model.waits.get(call.id);
    if (wait === undefined) return [];
    const edge = (from: CallRecord, kind: GraphEdge["kind"]): GraphEdge => ({
      from: from.id,
      to: call.id,
      kind,
      isCritical: critical.has(`${from.id}\0${call.id}`),
    });
    const byOrder = orderOnly(wait, model.endMs);
    return [
      ...wait.byValue.map((from) => edge(from, "value")),
      ...(byOrder ? [edge(byOrder, "order")] : []),
    ];
  });
}

/**
 * Values between functions as they are. Of the order of calls only what the first call of a function tells: between two
 * that run interleaved every order occurs, and says nothing.
 */
function functionEdges(
  calls: readonly CallRecord[],
  edges: readonly GraphEdge[],
  model: DeckModel,
): GraphEdge[] {
  const nameOf = new Map(calls.map((call) => [call.id, call.name]));
  const critical = criticalSteps([...model.critical].map((id) => nameOf.get(id) ?? ""));
  const firstOf = new Map<string, string>();
  for (const { id, name } of calls) if (!firstOf.has(name)) firstOf.set(name, id);
  const merged = new Map<string, GraphEdge>();
  // Values first: an edge that stands for one is solid.
  for (const kind of ["value", "order"] as const) {
    for (const edge of edges) {
      const from = nameOf.get(edge.from);
      const to = nameOf.get(edge.to);
      if (edge.kind !== kind || from === undefined || to === undefined || from === to) continue;
      const key = `${from}\0${to}`;
      const isTold = kind === "value" || edge.isCritical || firstOf.get(to) === edge.to;
      if (merged.has(key) || !isTold) continue;
      merged.set(key, { from, to, kind, isCritical: critical.has(key) });
    }
  }
  return [...merged.values()];
}

function criticalSteps(path: readonly string[]): ReadonlySet<string> {
  return new Set(path.slice(1).map((step, index) => `${path[index]}\0${step}`));
}

/** The head of its section: what lines mean. */
export function graphNote({ per, edges }: DeckGraph, isApproximate: boolean): string {
  const parts = per === "function" ? ["one node per function"] : [];
  if (edges.some(({ kind }) => kind === "value")) parts.push("lines are values");
  if (edges.some(({ kind }) => kind === "order")) {
    parts.push("dashed lines only the order of calls");
  }
  if (edges.some(({ isCritical }) => isCritical)) {
    parts.push(`the thick path is the ${isApproximate ? "approximate " : ""}critical path`);
  }
  return parts.join(" · ");
}

/**
 * Every node with what it came after, in order of call: `t1 load_config; t2 clean after t1; t3 publish after t2 in time`.
 * What is too much is counted.
 */
export function graphWords({ per, nodes, edges }: DeckGraph): string {
  const into = Map.groupBy(edges, ({ to }) => to);
  const lines = nodes.map(({ key, name }) => {
    const label = per === "call" ? `${key} ${name}` : name;
    const after = (into.get(key) ?? []).map(({ from, kind }) => {
      const source = per === "call" ? from : nameText(from);
      return kind === "order" ? `${source} in time` : source;
    });
    return after.length === 0 ? label : `${label} after ${after.join(", ")}`;
  });
  const shown: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 2;
    if (shown.length > 0 && length > EDGE_WORDS_LENGTH_MAX) break;
    shown.push(line);
  }
  const left = lines.length - shown.length;
  if (left > 0) shown.push(`… ${formatCount(left)} more`);
  return shown.join("; ");
}
