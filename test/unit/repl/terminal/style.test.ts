import { expect, test } from "vitest";
import { createStyle, hasLightGround, type Tone } from "../../../../repl/terminal/style.ts";

const TONES: readonly Tone[] = ["retry", "warning", "cached", "numberLiteral"];
const UNREADABLE_ON_LIGHT = /\x1b\[3[36]m/;

function paintAll(style: ReturnType<typeof createStyle>): string {
  return TONES.map((tone) => style.paint("x", tone)).join("");
}

test("a light theme has neither yellow nor cyan, and a dark one has them back", () => {
  const style = createStyle({ hasColor: true, isAscii: false });
  expect(paintAll(style)).toMatch(UNREADABLE_ON_LIGHT);
  style.setTheme("light");
  expect(paintAll(style)).not.toMatch(UNREADABLE_ON_LIGHT);
  expect(style.paint("x", "warning")).toBe("\x1b[35mx\x1b[39m");
  style.setTheme("dark");
  expect(style.paint("x", "warning")).toBe("\x1b[33mx\x1b[39m");
});

test("auto is what the terminal said of its ground", () => {
  const style = createStyle({ hasColor: true, isAscii: false, isGroundLight: true });
  expect(paintAll(style)).not.toMatch(UNREADABLE_ON_LIGHT);
  style.setTheme("dark");
  expect(paintAll(style)).toMatch(UNREADABLE_ON_LIGHT);
  style.setTheme("auto");
  expect(paintAll(style)).not.toMatch(UNREADABLE_ON_LIGHT);
});

test("no theme prints no escape, neither for colours nor for links", () => {
  const style = createStyle({ hasColor: true, isAscii: false });
  style.setTheme("none");
  expect(style.hasColor).toBe(false);
  expect(style.paint("x", "failed") + style.link("deck", "file:///deck.html")).toBe("xdeck");
  style.setTheme("auto");
  expect(style.hasColor).toBe(true);
});

test("no theme brings colours where the environment wants none", () => {
  const style = createStyle({ hasColor: false, isAscii: false });
  for (const theme of ["dark", "light", "auto"] as const) {
    style.setTheme(theme);
    expect(style.hasColor).toBe(false);
    expect(paintAll(style)).toBe("xxxx");
  }
});

test.each([
  ["0;15", true],
  ["0;default;15", true],
  ["0;7", true],
  ["15;0", false],
  ["15;8", false],
  ["0;default", false],
  ["", false],
  ["0;150", false],
  ["junk", false],
])("COLORFGBG=%s", (value, isLight) => {
  expect(hasLightGround({ COLORFGBG: value })).toBe(isLight);
  expect(hasLightGround({})).toBe(false);
});

test("a span of the deck that leads somewhere is a link without the blanks around it", () => {
  const row = [{ text: "  remote ", role: "muted", url: "https://x/e" }] as const;
  const link = "\x1b]8;;https://x/e\x07\x1b[2mremote\x1b[22m\x1b]8;;\x07";
  expect(createStyle({ hasColor: true, isAscii: false }).row(row)).toBe(`  ${link} `);
  expect(createStyle({ hasColor: false, isAscii: false }).row(row)).toBe("  remote ");
});
