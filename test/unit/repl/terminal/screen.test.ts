import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Output, Screen } from "../../../../repl/terminal/screen.ts";

class FakeOutput extends EventEmitter {
  columns = 80;
  rows = 24;
  isTTY = true;
  writableNeedDrain = false;
  written = "";
  write(text: string, done?: () => void): boolean {
    this.written += text;
    done?.();
    return true;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const output = new FakeOutput();
  return { output, screen: new Screen(output satisfies Output) };
}

test("bytes go straight through and are counted", () => {
  const { output, screen } = open();
  screen.write("é\n");
  expect([output.written, screen.bytes]).toEqual(["é\n", 3]);
});

test("while the window is dragged the old size stays and paints are held", () => {
  const { output, screen } = open();
  const resized = vi.fn();
  screen.on("resize", resized);
  output.columns = 60;
  output.emit("resize");
  screen.write("frame");
  vi.advanceTimersByTime(50);
  output.columns = 40;
  output.emit("resize");
  vi.advanceTimersByTime(50);
  expect([output.written, screen.columns, resized.mock.calls.length]).toEqual(["", 80, 0]);
  vi.advanceTimersByTime(10);
  expect([output.written, screen.columns, resized.mock.calls.length]).toEqual(["frame", 40, 1]);
});

test("whoever waits for a held write is told once it is out", () => {
  const { output, screen } = open();
  const done = vi.fn();
  output.emit("resize");
  screen.write("", done);
  expect(done).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60);
  expect(done).toHaveBeenCalledOnce();
});

test("closing in the middle of a resize loses nothing", () => {
  const { output, screen } = open();
  output.emit("resize");
  screen.write("last words");
  screen.close();
  expect(output.written).toBe("last words");
  expect(output.listenerCount("resize")).toBe(0);
});

test("an output that does not know its size is 80 × 24", () => {
  const output = new FakeOutput();
  output.columns = 0;
  output.rows = 0;
  expect(new Screen(output).size).toEqual({ columns: 80, rows: 24 });
});

test("while another program has the terminal its size is the old one, afterwards the new one at once", () => {
  const { output, screen } = open();
  const resized = vi.fn();
  screen.on("resize", resized);
  screen.pause();
  output.columns = 60;
  output.emit("resize");
  vi.runAllTimers();
  expect([screen.columns, resized.mock.calls.length]).toEqual([80, 0]);
  screen.resume();
  screen.resume();
  expect([screen.columns, resized.mock.calls.length]).toEqual([60, 1]);
  screen.pause();
  screen.resume();
  expect(resized).toHaveBeenCalledTimes(1);
});

test("a resize that has not settled is settled before another program gets the terminal", () => {
  const { output, screen } = open();
  output.columns = 60;
  output.emit("resize");
  screen.write("frame");
  screen.pause();
  expect([output.written, screen.columns]).toEqual(["frame", 60]);
});
