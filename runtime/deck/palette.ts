/**
 * Colours, glyphs and words of the deck.
 *
 * Every fill has a relative luminance between 0.14 and 0.183: white text on it reaches 4.5 : 1, and it
 * stands out by 3 : 1 from white as well as from the dark themes of JupyterLab, VS Code and GitHub. No text
 * has a colour of its own, since none reaches 4.5 : 1 on both sides. `palette.test.ts` computes all of it.
 * @module
 */
import type { CallState } from "../events/events.ts";
import type { RunState } from "../events/record-shape.ts";

export const FILLS = {
  ok: "#2a8544",
  failed: "#d1352f",
  running: "#1f6fd6",
  cached: "#14808a",
  retry: "#a06a00",
  cancelled: "#6e7781",
} as const;

/** Text on a fill. */
export const ON_FILL = "#ffffff";
export const HAIRLINE = "rgba(127,127,127,0.28)";
export const QUEUED_LINE = "rgba(127,127,127,0.38)";
export const ERROR_PANEL = "rgba(209,53,47,0.09)";
export const CODE_BLOCK = "rgba(127,127,127,0.10)";
export const TRANSPARENT = "rgba(0,0,0,0)";
/** Muted text has this opacity instead of a colour. */
export const MUTED_OPACITY = 0.75;

/** One per function, in order of first call, repeating. Red only ever means failure. */
const FUNCTION_FILLS = ["#1f6fd6", "#8957e5", "#14808a", "#a06a00", "#bf3989", "#6e7781"] as const;

export function functionFill(index: number): string {
  return FUNCTION_FILLS[index % FUNCTION_FILLS.length] ?? FILLS.running;
}

/** The colours of functions, given the name of each call in order. */
export function functionFills(names: Iterable<string>): ReadonlyMap<string, string> {
  const fills = new Map<string, string>();
  for (const name of names) if (!fills.has(name)) fills.set(name, functionFill(fills.size));
  return fills;
}

/** How a state looks; the glyphs are no emoji code points, so that no viewer paints them. */
export interface StateLook {
  readonly glyph: string;
  readonly word: string;
  /** Of badge and pill, with white on it. */
  readonly fill: string;
}

export const CALL_LOOKS: Readonly<Record<CallState, StateLook>> = {
  ok: { glyph: "✓", word: "ok", fill: FILLS.ok },
  cached: { glyph: "◆", word: "cached", fill: FILLS.cached },
  running: { glyph: "▸", word: "running", fill: FILLS.running },
  retrying: { glyph: "▸", word: "retrying", fill: FILLS.retry },
  queued: { glyph: "…", word: "queued", fill: FILLS.cancelled },
  cancelled: { glyph: "⊘", word: "cancelled", fill: FILLS.cancelled },
  failed: { glyph: "✕", word: "failed", fill: FILLS.failed },
};

export const RUN_LOOKS: Readonly<Record<RunState, StateLook>> = {
  ok: { glyph: "✓", word: "ok", fill: FILLS.ok },
  running: { glyph: "▸", word: "running", fill: FILLS.running },
  handled: { glyph: "!", word: "finished with failures", fill: FILLS.retry },
  failed: { glyph: "✕", word: "failed", fill: FILLS.failed },
  interrupted: { glyph: "⊘", word: "interrupted", fill: FILLS.cancelled },
  killed: { glyph: "✕", word: "killed", fill: FILLS.failed },
};

/** Order of the segmented bar and of the counts in words. */
export const COUNT_ORDER = [
  "ok",
  "cached",
  "running",
  "retrying",
  "queued",
  "cancelled",
  "failed",
] as const satisfies readonly CallState[];
