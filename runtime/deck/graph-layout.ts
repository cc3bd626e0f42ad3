/**
 * A graph as a picture, laid out by dagre from left to right. The only module that loads dagre; it comes with the first HTML.
 * @module
 */
import { Graph, layout } from "@dagrejs/dagre";
import { columnsOf, fitLine } from "../values/escape.ts";
import type { DeckGraph, GraphEdge, GraphNode } from "./graph.ts";
import { FILLS, ON_FILL } from "./palette.ts";

export interface GraphPicture {
  readonly svg: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const NODE_HEIGHT_PX = 40;
const NODE_WIDTH_MIN_PX = 96;
/** Of the monospaced fonts at 12 and 10.5 px, and of the room left and right of the text. */
const NAME_COLUMN_PX = 7.25;
const NOTE_COLUMN_PX = 6.35;
const NODE_PADDING_PX = 11;
const NAME_COLUMNS_MAX = 32;
const MARGIN_PX = 4;
const FONT = "ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace";
const ARROW =
  `<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" ` +
  `markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="${FILLS.cancelled}"/></marker></defs>`;

export function graphPicture(graph: DeckGraph): GraphPicture {
  const drawing = new Graph();
  drawing.setGraph({
    rankdir: "LR",
    nodesep: 14,
    edgesep: 10,
    ranksep: 44,
    marginx: MARGIN_PX,
    marginy: MARGIN_PX,
  });
  for (const node of graph.nodes) {
    drawing.setNode(node.key, { width: widthOf(node), height: NODE_HEIGHT_PX });
  }
  for (const { from, to } of graph.edges) drawing.setEdge(from, to, {});
  layout(drawing);
  const { width = 0, height = 0 } = drawing.graph();
  const size = { widthPx: Math.ceil(width), heightPx: Math.ceil(height) };
  const edges = graph.edges.map((edge) => {
    const { points = [] } = drawing.edge(edge.from, edge.to);
    return edgePath(edge, points, drawing.node(edge.from), drawing.node(edge.to));
  });
  const nodes = graph.nodes.map((node) => nodeShape(node, drawing.node(node.key)));
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.widthPx}" height="${size.heightPx}" ` +
    `viewBox="0 0 ${size.widthPx} ${size.heightPx}" font-family="${FONT}">${ARROW}` +
    `<g fill="none" stroke="${FILLS.cancelled}" stroke-width="1.5" marker-end="url(#a)">${edges.join("")}</g>` +
    `${nodes.join("")}</svg>`;
  return { svg, ...size };
}

function widthOf(node: GraphNode): number {
  const columns = Math.max(
    Math.min(NAME_COLUMNS_MAX, columnsOf(node.name)) * NAME_COLUMN_PX,
    columnsOf(node.note) * NOTE_COLUMN_PX,
  );
  return Math.max(NODE_WIDTH_MIN_PX, Math.ceil(columns + 2 * NODE_PADDING_PX));
}

interface Placed {
  readonly x?: number | undefined;
  readonly y?: number | undefined;
  readonly width?: number | undefined;
}

/**
 * From the right middle of one node to the left middle of the other, by way of the points in between; the other way round
 * for an edge that closes a circle.
 */
function edgePath(
  { kind, isCritical }: GraphEdge,
  points: readonly Point[],
  from: Placed,
  to: Placed,
): string {
  const side = (to.x ?? 0) < (from.x ?? 0) ? -1 : 1;
  const start = { x: (from.x ?? 0) + (side * (from.width ?? 0)) / 2, y: from.y ?? 0 };
  const end = { x: (to.x ?? 0) - side * ((to.width ?? 0) / 2 + 1), y: to.y ?? 0 };
  let last: Point = start;
  let d = `M${px(start.x)} ${px(start.y)}`;
  // The first and the last point lie on the nodes' edges, wherever a straight line would meet them.
  for (const point of [...points.slice(1, -1), end]) {
    const middle = px((last.x + point.x) / 2);
    d += `C${middle} ${px(last.y)} ${middle} ${px(point.y)} ${px(point.x)} ${px(point.y)}`;
    last = point;
  }
  const dashes = kind === "order" ? ` stroke-dasharray="6 4"` : "";
  const width = isCritical ? ` stroke-width="3"` : "";
  return `<path d="${d}"${dashes}${width}/>`;
}

function nodeShape(node: GraphNode, { x = 0, y = 0, width = 0 }: Placed): string {
  const left = x - width / 2;
  const top = y - NODE_HEIGHT_PX / 2;
  const name = columnsOf(node.name) > NAME_COLUMNS_MAX ? cutName(node.name) : node.name;
  const textX = px(left + NODE_PADDING_PX);
  return (
    `<rect x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${NODE_HEIGHT_PX}" rx="6" fill="${node.fill}"/>` +
    `<text x="${textX}" y="${px(top + 17)}" font-size="12" font-weight="600" fill="${ON_FILL}">${xmlText(name)}</text>` +
    `<text x="${textX}" y="${px(top + 32)}" font-size="10.5" fill="${ON_FILL}">${xmlText(node.note)}</text>`
  );
}

function cutName(name: string): string {
  return fitLine(name, NAME_COLUMNS_MAX).trimEnd();
}

function px(value: number): string {
  return String(Math.round(value));
}

/** What XML does not allow, in any form, becomes a mark: one such character and no viewer draws anything. */
function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
