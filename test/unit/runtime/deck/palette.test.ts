/** Contrast by WCAG 2, computed from the palette itself. */
import { describe, expect, test } from "vitest";
import {
  CALL_LOOKS,
  ERROR_PANEL,
  FILLS,
  functionFill,
  MUTED_OPACITY,
  ON_FILL,
  RUN_LOOKS,
} from "../../../../runtime/deck/palette.ts";

type Rgb = readonly [number, number, number];

/** Backgrounds and text of the viewers: light, JupyterLab dark, VS Code dark, GitHub dark. */
const HOSTS = [
  { name: "light", ground: "#ffffff", text: "rgba(0,0,0,0.87)" },
  { name: "JupyterLab dark", ground: "#111111", text: "rgba(255,255,255,0.87)" },
  { name: "VS Code dark", ground: "#1f1f1f", text: "#cccccc" },
  { name: "GitHub dark", ground: "#0d1117", text: "#e6edf3" },
];

function rgb(color: string): { color: Rgb; alpha: number } {
  const hex = /^#(..)(..)(..)$/.exec(color);
  if (hex) {
    const [r = 0, g = 0, b = 0] = hex.slice(1).map((part) => Number.parseInt(part, 16));
    return { color: [r, g, b], alpha: 1 };
  }
  const [r = 0, g = 0, b = 0, alpha = 1] = color.match(/[\d.]+/g)?.map(Number) ?? [];
  return { color: [r, g, b], alpha };
}

function over(top: string, ground: Rgb, opacity = 1): Rgb {
  const { color, alpha } = rgb(top);
  const share = alpha * opacity;
  const [r, g, b] = color.map((part, at) => part * share + (ground[at] ?? 0) * (1 - share));
  return [r ?? 0, g ?? 0, b ?? 0];
}

function luminance(color: Rgb): number {
  const [r = 0, g = 0, b = 0] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const fills = [
  ...new Set([
    ...Object.values(FILLS),
    ...Object.values(CALL_LOOKS).map((look) => look.fill),
    ...Object.values(RUN_LOOKS).map((look) => look.fill),
    ...[0, 1, 2, 3, 4, 5, 6, 7].map(functionFill),
  ]),
];

describe.each(fills)("%s", (fill) => {
  test("white text on it reaches 4.5 : 1", () => {
    expect(contrast(rgb(fill).color, rgb(ON_FILL).color)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(HOSTS)("stands out by 3 : 1 from $name", ({ ground }) => {
    expect(contrast(rgb(fill).color, rgb(ground).color)).toBeGreaterThanOrEqual(3);
  });
});

test.each(HOSTS)("muted text reaches 4.5 : 1 on $name, also in the error panel", (host) => {
  const ground = rgb(host.ground).color;
  const panel = over(ERROR_PANEL, ground);
  for (const behind of [ground, panel]) {
    const text = over(host.text, behind, MUTED_OPACITY);
    expect(contrast(text, behind)).toBeGreaterThanOrEqual(4.5);
  }
});

test("no function is red, which only ever means failure", () => {
  const reds = [0, 1, 2, 3, 4, 5].map(functionFill).filter((fill) => fill === FILLS.failed);
  expect(reds).toEqual([]);
});

test("no glyph is an emoji code point, which a viewer would paint in its own way", () => {
  for (const { glyph } of [...Object.values(CALL_LOOKS), ...Object.values(RUN_LOOKS)]) {
    expect(glyph).not.toMatch(/\p{Emoji}/u);
  }
});
