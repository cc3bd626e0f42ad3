/**
 * The look of the deck's HTML: each style once. In a notebook it is emitted inline, since JupyterLab drops `<style>` in
 * untrusted ones: only declarations that its sanitizer keeps, no `inherit`, `var()`, `overflow-wrap`, `inset`. In a page
 * `stylesheet.ts` makes classes of it.
 * @module
 */
import type { CSSProperties } from "react";
import {
  CODE_BLOCK,
  ERROR_PANEL,
  FILLS,
  HAIRLINE,
  MUTED_OPACITY,
  ON_FILL,
  QUEUED_LINE,
  TRANSPARENT,
} from "../palette.ts";

const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
const CLIP = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } as const;
// JupyterLab centres tables, aligns cells to the right, stripes rows and fills code: each cell says what it wants.
const CELL = { textAlign: "left", verticalAlign: "top", padding: "4px 8px" } as const;
const HEAD = {
  fontSize: 11,
  fontWeight: 600,
  padding: "4px 8px",
  borderBottom: `1px solid ${HAIRLINE}`,
  whiteSpace: "nowrap",
  opacity: MUTED_OPACITY,
} as const;
const CODE = { fontSize: 12, backgroundColor: TRANSPARENT, padding: 0 } as const;

export const styles = {
  box: {
    boxSizing: "border-box",
    maxWidth: 1080,
    border: `1px solid ${HAIRLINE}`,
    borderRadius: 8,
    position: "relative",
    padding: "14px 16px",
    fontFamily: SANS,
    fontSize: 13,
    lineHeight: 1.45,
    textAlign: "left",
  },
  /** Of the form for trivial runs: no frame. */
  plain: {
    position: "relative",
    maxWidth: 1080,
    fontFamily: SANS,
    fontSize: 13,
    lineHeight: "20px",
    textAlign: "left",
  },
  header: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: 8 },
  title: { fontFamily: MONO, fontSize: 15, fontWeight: 600 },
  titleInputs: { fontFamily: MONO, fontSize: 13, opacity: MUTED_OPACITY },
  headerRight: { marginLeft: "auto", fontSize: 13 },
  output: { margin: "6px 0 0 0", ...CLIP },
  facts: { display: "flex", flexWrap: "wrap", gap: "4px 24px", margin: "10px 0 0 0" },
  fact: { display: "inline-block", lineHeight: 1.3 },
  factValue: { display: "block", fontSize: 16, fontWeight: 600 },
  factLabel: { fontSize: 11, opacity: MUTED_OPACITY },
  muted: { opacity: MUTED_OPACITY },
  small: { fontSize: 11, opacity: MUTED_OPACITY },
  /** Text for those who do not see colours, and for viewers without styles. */
  hidden: { position: "absolute", width: 1, height: 1, overflow: "hidden", whiteSpace: "nowrap" },
  code: { ...CODE, whiteSpace: "nowrap" },
  codeWrapped: { ...CODE, whiteSpace: "pre-wrap" },
  panel: {
    borderLeft: `3px solid ${FILLS.failed}`,
    backgroundColor: ERROR_PANEL,
    borderRadius: "0 6px 6px 0",
    padding: "8px 12px",
    margin: "8px 0 0 0",
  },
  panelText: {
    fontFamily: MONO,
    fontSize: 12,
    margin: "6px 0 0 0",
    whiteSpace: "pre-wrap",
    wordWrap: "break-word",
    backgroundColor: TRANSPARENT,
    padding: 0,
  },
  copy: { fontSize: 12, margin: "8px 0 0 0" },
  /** Breaks between the lines to copy before it breaks within one. */
  copyLine: { display: "inline-block", marginRight: 16 },
  section: { margin: "12px 0 0 0" },
  sectionHead: { cursor: "pointer", fontSize: 13, fontWeight: 600, padding: "4px 0" },
  sectionNote: { fontWeight: 400, opacity: MUTED_OPACITY },
  sectionBody: { padding: "4px 0 0 0" },
  scroll: { overflowX: "auto" },
  table: {
    width: "100%",
    minWidth: 760,
    borderCollapse: "collapse",
    tableLayout: "fixed",
    margin: 0,
    fontSize: 13,
    lineHeight: "20px",
  },
  liveTable: {
    width: "100%",
    minWidth: 420,
    borderCollapse: "collapse",
    tableLayout: "fixed",
    margin: 0,
    fontSize: 13,
    lineHeight: "20px",
  },
  headRow: { backgroundColor: TRANSPARENT },
  row: { backgroundColor: TRANSPARENT, borderBottom: `1px solid ${HAIRLINE}` },
  cell: CELL,
  cellNumber: { ...CELL, textAlign: "right", whiteSpace: "nowrap" },
  cellNoWrap: { ...CELL, whiteSpace: "nowrap" },
  cellLane: { ...CELL, padding: "4px 0 4px 8px" },
  liveCell: { ...CELL, padding: "2px 8px 2px 0" },
  liveTime: { ...CELL, textAlign: "right", padding: "2px 0", whiteSpace: "nowrap" },
  clip: CLIP,
  summary: { cursor: "pointer", ...CLIP },
  lane: { position: "relative", height: 20 },
  body: { fontSize: 12 },
  bodyText: {
    fontFamily: MONO,
    fontSize: 12,
    margin: "4px 0",
    whiteSpace: "pre-wrap",
    wordWrap: "break-word",
    backgroundColor: CODE_BLOCK,
    borderRadius: 4,
    padding: "6px 8px",
  },
  bodyTable: { borderCollapse: "collapse", margin: "4px 0", fontSize: 12, tableLayout: "auto" },
  bodyHead: {
    textAlign: "left",
    padding: "2px 10px 2px 0",
    borderBottom: `1px solid ${HAIRLINE}`,
  },
  bodyHeadNumber: {
    textAlign: "right",
    padding: "2px 10px 2px 0",
    borderBottom: `1px solid ${HAIRLINE}`,
  },
  bodyNumber: { textAlign: "right", verticalAlign: "top", padding: "2px 10px 2px 0" },
  bodyCell: { textAlign: "left", verticalAlign: "top", padding: "2px 10px 2px 0" },
  image: { maxWidth: 640, height: "auto", verticalAlign: "top" },
  userHtml: { overflowX: "auto", margin: "4px 0" },
  /** Of `deck.html` only: no notebook keeps a frame. */
  frame: {
    boxSizing: "border-box",
    width: "100%",
    height: 480,
    border: `1px solid ${HAIRLINE}`,
    borderRadius: 4,
    resize: "vertical",
  },
  /** Of a value, within its row. */
  frameOfValue: {
    boxSizing: "border-box",
    width: "100%",
    height: 160,
    border: `1px solid ${HAIRLINE}`,
    borderRadius: 4,
    resize: "vertical",
    display: "block",
  },
  /** Of a picture of time, as wide as the deck. */
  picture: { width: "100%", height: "auto", display: "block" },
  axis: {
    display: "flex",
    justifyContent: "space-between",
    fontSize: 11,
    opacity: MUTED_OPACITY,
    padding: "2px 0 0 0",
  },
  advice: { fontSize: 12, margin: "6px 0 0 0", opacity: MUTED_OPACITY },
  line: { padding: "1px 0" },
  smallPrint: { fontSize: 12, opacity: MUTED_OPACITY },
  segments: {
    display: "flex",
    height: 6,
    borderRadius: 3,
    overflow: "hidden",
    margin: "8px 0 0 0",
  },
  legend: {
    display: "flex",
    flexWrap: "wrap",
    gap: "2px 16px",
    fontSize: 12,
    margin: "6px 0 0 0",
  },
  legendItem: { whiteSpace: "nowrap" },
} as const satisfies Readonly<Record<string, CSSProperties>>;

export function headCell(align: "left" | "right", width?: string | number): CSSProperties {
  return { textAlign: align, ...HEAD, ...(width !== undefined && { width }) };
}

export function badgeStyle(fill: string): CSSProperties {
  return {
    display: "inline-block",
    width: 16,
    height: 16,
    lineHeight: "16px",
    borderRadius: 4,
    backgroundColor: fill,
    color: ON_FILL,
    textAlign: "center",
    fontSize: 11,
    fontWeight: 700,
    marginRight: 6,
    verticalAlign: 1,
  };
}

export function pillStyle(fill: string): CSSProperties {
  return {
    display: "inline-block",
    backgroundColor: fill,
    color: ON_FILL,
    borderRadius: 4,
    padding: "1px 7px",
    fontSize: 12,
    fontWeight: 600,
    lineHeight: "18px",
    whiteSpace: "nowrap",
  };
}

/** The square before a function's name, in the colour of its bar. */
export function swatchStyle(fill: string, sizePx = 10): CSSProperties {
  return {
    display: "inline-block",
    width: sizePx,
    height: sizePx,
    borderRadius: 2,
    backgroundColor: fill,
    marginRight: sizePx > 9 ? 6 : 5,
  };
}

export function segmentStyle(fill: string, share: number): CSSProperties {
  return { width: percent(share), minWidth: 4, backgroundColor: fill };
}

/** A bar at the very end would stick out by its least width, and the table would scroll. */
const LEFT_MAX = 0.975;

/** Of a graph that is wider than the page: its smallest text is 10.5 px. */
const GRAPH_SCALE_MIN = 0.75;

/** A bar in a lane, in shares of it. */
export function barStyle(fill: string, from: number, to: number): CSSProperties {
  return {
    position: "absolute",
    left: percent(Math.min(from, LEFT_MAX)),
    width: percent(to - from),
    minWidth: 3,
    top: 4,
    height: 12,
    borderRadius: 2,
    backgroundColor: fill,
  };
}

export function queueStyle(from: number, to: number): CSSProperties {
  return {
    position: "absolute",
    left: percent(from),
    width: percent(to - from),
    top: 9,
    height: 2,
    backgroundColor: QUEUED_LINE,
  };
}

/** A border without a colour has the colour of the text. */
export function underlineStyle(from: number, to: number): CSSProperties {
  return {
    position: "absolute",
    left: percent(Math.min(from, LEFT_MAX)),
    width: percent(to - from),
    minWidth: 3,
    top: 18,
    borderTop: "2px solid",
  };
}

/** A row's body, wider than its column so that it spans the table. */
export function rowBodyStyle(widthPercent: number, indentPx: number): CSSProperties {
  return {
    width: `calc(${widthPercent}% - ${indentPx}px)`,
    padding: "4px 0 6px 22px",
    boxSizing: "border-box",
  };
}

/** A wide graph scrolls in its box before its text gets too small to read. */
export function graphStyle(widthPx: number): CSSProperties {
  return {
    width: "100%",
    maxWidth: widthPx,
    minWidth: Math.round(widthPx * GRAPH_SCALE_MIN),
    height: "auto",
    display: "block",
  };
}

function percent(share: number): string {
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;
}

/** A printed deck is read whole. */
const PRINT_RULE =
  "@media print{.eagerdeck details::details-content{content-visibility:visible;height:auto}}";

/**
 * What inline styles cannot say; losing it changes neither layout nor text. Fixed text: nothing of a run goes in.
 */
export const OPTIONAL_STYLE =
  "<style>.eagerdeck{font-variant-numeric:tabular-nums}" +
  ".eagerdeck td,.eagerdeck summary{overflow-wrap:anywhere}" +
  ".eagerdeck tbody tr:hover{background-color:rgba(127,127,127,.10)!important}" +
  ".eagerdeck summary:focus-visible{outline:2px solid #1f6fd6;outline-offset:2px}" +
  PRINT_RULE +
  "</style>";
