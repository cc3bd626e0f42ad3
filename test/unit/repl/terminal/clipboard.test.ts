import { afterEach, expect, test, vi } from "vitest";
import { type ClipboardOptions, copyText } from "../../../../repl/terminal/clipboard.ts";

afterEach(() => void vi.useRealTimers());

/** A terminal, and a machine's clipboard that may fail. */
function open(options: Partial<ClipboardOptions> = {}) {
  const written: string[] = [];
  const local: string[] = [];
  const copy = (text: string) =>
    copyText(text, {
      write: (sequence) => written.push(sequence),
      environment: {},
      writeLocally: async (copied) => void local.push(copied),
      ...options,
    });
  return { copy, written, local };
}

const noClipboard = () => Promise.reject(new Error("no xsel here\nsudo apt install xsel"));

test("the terminal and the machine are given the text", async () => {
  const { copy, written, local } = open();
  await copy("const é = 1\n\x1b[2J");
  expect(written).toEqual([`\x1b]52;c;${btoa("const \xc3\xa9 = 1\n\x1b[2J")}\x07`]);
  expect(local).toEqual(["const é = 1\n\x1b[2J"]);
});

test("over SSH the machine's clipboard is somebody else's", async () => {
  const { copy, written, local } = open({
    environment: { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" },
  });
  await copy("a");
  expect([written.length, local.length]).toEqual([1, 0]);
});

test("without a program for it the terminal has it alone", async () => {
  const { copy, written } = open({ writeLocally: noClipboard });
  await copy("a");
  expect(written).toHaveLength(1);
});

test("what the terminal cannot take goes to the machine only", async () => {
  const { copy, written, local } = open();
  const text = "x".repeat(74_995);
  await copy(text);
  expect([written, local]).toEqual([[], [text]]);
});

test("if nobody can take it a sentence says why", async () => {
  const { copy } = open({ writeLocally: noClipboard });
  await expect(copy("é".repeat(40_000))).rejects.toThrow(
    "80,000 bytes are too much for the terminal's clipboard (74,994), and the machine's cannot be used: no xsel here",
  );
});

test("a program that never answers is not waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const { copy } = open({ writeLocally: () => new Promise(() => undefined) });
  const copied = copy("x".repeat(80_000)).catch(String);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await copied).toContain("it does not answer");
});
