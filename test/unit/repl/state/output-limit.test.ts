import { expect, test } from "vitest";
import { OutputLimit, type OutputLimitOptions } from "../../../../repl/state/output-limit.ts";

const RESET = "\x1b[0m";

function limit(options: Partial<OutputLimitOptions> = {}) {
  let kept = "";
  const output = new OutputLimit({
    keep: (text) => {
      kept += text;
    },
    note: (text) => `<${text}>`,
    ...options,
  });
  return { output, kept: () => kept };
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");
}

test("5,000 lines are printed as they come", () => {
  const { output, kept } = limit();
  expect(output.take(lines(0, 5_000))).toBe(lines(0, 5_000));
  expect([output.progress, output.hasKept, output.end(", nowhere")]).toEqual(["", false, ""]);
  expect(kept()).toBe("");
});

test("what comes then is kept whole and counted, and its last 200 lines come at the end", () => {
  const { output, kept } = limit();
  expect(output.take(lines(0, 5_003))).toBe(lines(0, 5_000));
  expect(output.progress).toBe("… 3 more lines, 1 kB");
  expect(output.take(lines(5_003, 100_000))).toBe("");
  expect(output.progress).toBe("… 95,000 more lines, 1.0 MB");
  expect(kept()).toBe(lines(5_000, 100_000));
  expect(output.end(", all in FILE")).toBe(
    `${RESET}<… 95,000 lines (1.0 MB) left out, all in FILE; the last of them:>\n${RESET}${lines(99_800, 100_000)}`,
  );
});

test("the last lines are the same however the text comes", () => {
  const whole = limit({ linesMax: 10 });
  whole.output.take(lines(0, 3_000));
  const single = limit({ linesMax: 10 });
  for (let i = 0; i < 3_000; i++) single.output.take(`line ${i}\n`);
  expect(single.output.end("")).toBe(whole.output.end(""));
  expect(single.kept()).toBe(whole.kept());
});

test("if the last lines are all that was left out, nothing is said to be missing", () => {
  const { output } = limit({ linesMax: 2 });
  expect(output.take(lines(0, 5))).toBe(lines(0, 2));
  expect(output.end(", all in FILE")).toBe(RESET + lines(2, 5));
});

test("512 kB are enough too, however few lines they have", () => {
  const { output, kept } = limit();
  const line = `${"x".repeat(4_000)}\n`;
  const shown = output.take(line.repeat(200));
  expect(shown.length).toBeGreaterThanOrEqual(512 * 1024);
  expect(shown.length).toBeLessThan(512 * 1024 + line.length);
  expect(shown.length + kept().length).toBe(200 * line.length);
});

test("a line over 4 kB is cut with a count, and kept whole", () => {
  const { output, kept } = limit();
  const line = `${"x".repeat(1_000_000)}\n`;
  expect(output.take(`a\n${line}b\n`)).toBe(
    `a\n${"x".repeat(4_096)}${RESET}<… 995,904 more characters>\nb\n`,
  );
  expect(kept()).toBe(line);
  expect(output.end(", all in FILE")).toBe(`${RESET}<… 1 line cut, all in FILE>\n`);
});

test("a cut goes neither through a character nor through a colour", () => {
  const { output } = limit();
  const rest = "y".repeat(100);
  expect(output.take(`${"x".repeat(4_095)}😀${rest}\n`)).toContain(`x${RESET}<… 102 more`);
  expect(output.take(`${"x".repeat(4_093)}\x1b[31m${rest}\n`)).toContain(`x${RESET}<… 105 more`);
  expect(output.take(`${"x".repeat(4_095)}\x1b[31m${rest}\n`)).toContain(`x${RESET}<… 105 more`);
});

test("long lines at the end are cut too, empty ones are lines", () => {
  const { output } = limit({ linesMax: 1 });
  output.take(`a\n\n\n${"x".repeat(5_000)}\n`);
  expect(output.end("")).toBe(`${RESET}\n\n${"x".repeat(4_096)}${RESET}<… 904 more characters>\n`);
});

test("no lines at all are a limit as well", () => {
  const { output, kept } = limit({ linesMax: 0 });
  expect(output.take("")).toBe("");
  expect(output.take("a\n")).toBe("");
  expect(kept()).toBe("a\n");
});
