import { expect, test, vi } from "vitest";
import { Scrollback } from "../../../../repl/state/scrollback.ts";

/** A port that writes down what happens, and flushes when told. */
function openPort() {
  const log: string[] = [];
  const flushes: (() => void)[] = [];
  let isHeld = false;
  return {
    log,
    hold: () => {
      isHeld = true;
    },
    release: () => {
      isHeld = false;
      for (const flush of flushes.splice(0)) flush();
    },
    port: {
      write: (text: string) => void log.push(text),
      flush: () =>
        isHeld ? new Promise<void>((resolve) => flushes.push(resolve)) : Promise.resolve(),
      drained: () => Promise.resolve(),
    },
  };
}

test("texts and changes come out in the order they were put in", async () => {
  const { port, log } = openPort();
  const scrollback = new Scrollback();
  scrollback.text("a\n");
  scrollback.text("b");
  scrollback.change(() => log.push("change"));
  scrollback.text("c");
  scrollback.attach(port);
  await scrollback.drained();
  expect(log).toEqual(["a\nb\n", "change", "c\n"]);
});

test("no text overtakes a change that is not painted yet", async () => {
  const { port, log, hold, release } = openPort();
  const scrollback = new Scrollback();
  scrollback.attach(port);
  hold();
  scrollback.change(() => log.push("change"));
  scrollback.text("after");
  const drained = scrollback.drained();
  while (log.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["change"]);
  release();
  await drained;
  expect(log).toEqual(["change", "after\n"]);
});

test("a change may put in more", async () => {
  const { port, log } = openPort();
  const scrollback = new Scrollback();
  scrollback.attach(port);
  scrollback.change(() => scrollback.text("inner"));
  scrollback.text("outer");
  await scrollback.drained();
  expect(log.join("")).toBe("outer\ninner\n");
});

test("a long text goes out in pieces that end with a line", async () => {
  const { port, log } = openPort();
  const scrollback = new Scrollback();
  scrollback.attach(port);
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join("");
  scrollback.text(lines);
  await scrollback.drained();
  expect(log.length).toBeGreaterThan(1);
  expect(log.every((piece) => piece.endsWith("\n"))).toBe(true);
  expect(log.join("")).toBe(lines);
});

test("while it is paused nothing leaves; then everything does, in its order", async () => {
  const { port, log, hold, release } = openPort();
  const scrollback = new Scrollback();
  scrollback.attach(port);
  hold();
  scrollback.change(() => log.push("change"));
  await vi.waitFor(() => expect(log).toEqual(["change"]));
  const paused = scrollback.pause();
  scrollback.text("a");
  scrollback.change(() => log.push("second change"));
  scrollback.text("b");
  release();
  await paused;
  const drained = scrollback.drained();
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["change"]);
  scrollback.resume();
  await drained;
  expect(log).toEqual(["change", "a\n", "second change", "b\n"]);
});
