/**
 * Which call waited for which, as nodes and edges; `graph-layout.ts` draws them.
 *
 * Nodes are the top rows of the table, also those that stand for many calls. Where there are too many of them, or of the
 * edges between them, nodes are functions.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import { formatCount, formatDuration } from "../values/format.ts";
import { functionGroups, isCounted } from "./functions.ts";
import type { DeckModel } from "./model.ts";
import { CALL_LOOKS, functionFills } from "./palette.ts";
import { orderOnly } from "./path.ts";
import { FOLD_CALLS_MIN, mapSize, worstOf } from "./rows.ts";
import { type CallNode, elapsedMs } from "./tree.ts";
import { nameText } from "./wording.ts";

export interface GraphNode {
  readonly key: string;
  readonly name: string;
  /** How others speak of it: the id of a call, the name of several. */
  readonly ref: string;
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
export type GraphOrNot = DeckGraph | { readonly notDrawn: string };

const NODES_MIN = 3;
const NODES_MAX = 60;
/** More would be a web that nobody can follow, and too many bytes. */
const EDGES_MAX = 150;
const ALL_WORDS_LENGTH_MAX = 3_000;
const VALUE_WORDS_LENGTH_MAX = 1_500;

/** Calls that share a node. */
interface Unit {
  readonly key: string;
  readonly nodes: readonly CallNode[];
}

/** @returns undefined where a graph would say nothing: under three nodes, or without an edge. */
export function deckGraph(model: DeckModel): GraphOrNot | undefined {
  // Of calls that are only counted nobody knows what they waited for.
  if (isCounted(model.run)) return undefined;
  const { top } = model.tree;
  if (top.length < NODES_MIN) return undefined;
  const edges = callEdges(model);
  if (top.length <= NODES_MAX) {
    const byName = Map.groupBy(top, ({ call }) => call.name);
    const isFolded = ({ call }: CallNode) => (byName.get(call.name)?.length ?? 0) >= FOLD_CALLS_MIN;
    const rows = unitsOf(top, (node) => (isFolded(node) ? nameKey(node) : node.call.id));
    const perCall = graphOf(rows, edges, { model, per: "call" });
    if (perCall.edges.length <= EDGES_MAX) return isWorthIt(perCall) ? perCall : undefined;
  }
  const perFunction = graphOf(unitsOf(top, nameKey), edges, { model, per: "function" });
  if (!isWorthIt(perFunction)) return undefined;
  const { nodes, edges: merged } = perFunction;
  if (nodes.length <= NODES_MAX && merged.length <= EDGES_MAX) return perFunction;
  return {
    notDrawn: `${formatCount(nodes.length)} functions with ${formatCount(merged.length)} edges between them are too many to draw.`,
  };
}

function isWorthIt({ nodes, edges }: DeckGraph): boolean {
  return nodes.length >= NODES_MIN && edges.length > 0;
}

/** No id of a call has a colon. */
function nameKey({ call }: CallNode): string {
  return `:${call.name}`;
}

function unitsOf(top: readonly CallNode[], keyOf: (node: CallNode) => string): Unit[] {
  return [...Map.groupBy(top, keyOf)].map(([key, nodes]) => ({ key, nodes }));
}

function graphOf(
  units: readonly Unit[],
  edges: readonly GraphEdge[],
  { model, per }: { readonly model: DeckModel; readonly per: DeckGraph["per"] },
): DeckGraph {
  // The colours of the table, which also lists functions that are only called from within others.
  const all = per === "function" ? model.tree.nodes : [];
  const fills = functionFills(all.map(({ call }) => call.name));
  const nodes = units.map(({ key, nodes: [first, ...more] }): GraphNode => {
    const ofFunction = first && fills.get(first.call.name);
    const node =
      first && more.length === 0 && per === "call"
        ? callNode(first, model)
        : groupNode(first ? [first, ...more] : [], model);
    return { ...node, key, ...(ofFunction !== undefined && { fill: ofFunction }) };
  });
  return { per, nodes, edges: unitEdges(units, edges, model) };
}

function groupNode(nodes: readonly CallNode[], model: DeckModel): GraphNode {
  const calls = nodes.map(({ call }) => call);
  const [group] = functionGroups(calls, model.endMs);
  const { name = "", total = "", counts = new Map() } = group ?? {};
  const failed = counts.get("failed") ?? 0;
  const parts = [
    ...(calls.length > 1 ? [`× ${formatCount(calls.length)}`] : []),
    ...(total === "" ? [] : [total]),
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
  ];
  const text = nameText(name);
  const { fill } = CALL_LOOKS[worstOf(counts)];
  return { key: name, name: text, ref: text, note: parts.join(" · "), fill };
}

function callNode({ call, children }: CallNode, model: DeckModel): GraphNode {
  const { word, fill } = CALL_LOOKS[call.state];
  const ms = elapsedMs(call, model.endMs);
  const parts = [ms === undefined ? word : formatDuration(ms)];
  if (call.attempts.length > 1) parts.push(`${call.attempts.length} attempts`);
  if (call.entity === "map") {
    parts.unshift(`× ${formatCount(Math.max(children.length, mapSize(call)))}`);
  }
  return { key: call.id, name: nameText(call.name), ref: call.id, note: parts.join(" · "), fill };
}

function callEdges({ tree, waits, endMs }: DeckModel): GraphEdge[] {
  return tree.top.flatMap(({ call }) => {
    const wait = waits.get(call.id);
    if (wait === undefined) return [];
    const edge = (from: CallRecord, kind: GraphEdge["kind"]): GraphEdge => ({
      from: from.id,
      to: call.id,
      kind,
      isCritical: false,
    });
    const byOrder = orderOnly(wait, endMs);
    return [
      ...wait.byValue.map((from) => edge(from, "value")),
      ...(byOrder ? [edge(byOrder, "order")] : []),
    ];
  });
}

/**
 * Edges between units. Values as they are; of the order of calls only what the first call of a unit tells, and the critical
 * path where it goes on to a later unit: between two that run interleaved every order occurs, and says nothing.
 */
function unitEdges(
  units: readonly Unit[],
  edges: readonly GraphEdge[],
  { critical }: DeckModel,
): GraphEdge[] {
  const unitOf = new Map<string, string>();
  const placeOf = new Map<string, number>();
  const firsts = new Set<string>();
  for (const [place, { key, nodes }] of units.entries()) {
    placeOf.set(key, place);
    for (const { call } of nodes) unitOf.set(call.id, key);
    if (nodes[0]) firsts.add(nodes[0].call.id);
  }
  const path = [...critical];
  const callSteps = stepsOf(path);
  const unitSteps = stepsOf(path.map((id) => unitOf.get(id) ?? ""));
  const merged = new Map<string, GraphEdge>();
  // Values first: an edge that stands for one is solid.
  for (const kind of ["value", "order"] as const) {
    for (const edge of edges) {
      const from = unitOf.get(edge.from);
      const to = unitOf.get(edge.to);
      if (edge.kind !== kind || from === undefined || to === undefined || from === to) continue;
      const goesOn = (placeOf.get(from) ?? 0) < (placeOf.get(to) ?? 0);
      const isTold =
        kind === "value" ||
        firsts.has(edge.to) ||
        (goesOn && callSteps.has(stepKey(edge.from, edge.to)));
      const key = stepKey(from, to);
      if (merged.has(key) || !isTold) continue;
      merged.set(key, { from, to, kind, isCritical: unitSteps.has(key) });
    }
  }
  return [...merged.values()];
}

function stepsOf(path: readonly string[]): ReadonlySet<string> {
  return new Set(path.slice(1).map((step, index) => stepKey(path[index] ?? "", step)));
}

function stepKey(from: string, to: string): string {
  return `${from}\0${to}`;
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
export function graphWords(graph: DeckGraph): string {
  return wordsOf(graph, graph.edges, () => true, ALL_WORDS_LENGTH_MAX);
}

/** The same of the values alone, for those who have the order before their eyes; empty without any. */
export function valueWords(graph: DeckGraph): string {
  const values = graph.edges.filter(({ kind }) => kind === "value");
  const to = new Set(values.map((edge) => edge.to));
  return wordsOf(graph, values, (node) => to.has(node.key), VALUE_WORDS_LENGTH_MAX);
}

function wordsOf(
  { nodes }: DeckGraph,
  edges: readonly GraphEdge[],
  isTold: (node: GraphNode) => boolean,
  lengthMax: number,
): string {
  const into = Map.groupBy(edges, ({ to }) => to);
  const refs = new Map(nodes.map(({ key, ref }) => [key, ref]));
  const lines = nodes.filter(isTold).map(({ key, name, ref }) => {
    const label = ref === name ? name : `${ref} ${name}`;
    const after = (into.get(key) ?? []).map(
      ({ from, kind }) => `${refs.get(from)}${kind === "order" ? " in time" : ""}`,
    );
    return after.length === 0 ? label : `${label} after ${after.join(", ")}`;
  });
  const shown: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 2;
    if (shown.length > 0 && length > lengthMax) break;
    shown.push(line);
  }
  const left = lines.length - shown.length;
  if (left > 0) shown.push(`… ${formatCount(left)} more`);
  return shown.join("; ");
}
