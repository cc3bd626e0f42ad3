import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { startSession } from "../../runtime/session/client/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** What a long cell's worth of memory of this process is in use. */
function memory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const CELLS = 10_000;
const EARLY = 2_000;
/** Four times the 2 kB that the bench aims at: a leak of what a cell printed or compiled is far more. */
const BYTES_PER_CELL_MAX = 8_192;

test("10,000 cells: neither process keeps more of the last cell than of the first", async () => {
  using folder = tempFolder();
  const session = startSession({ folder: folder.path, columns: 80, check: "off" });
  try {
    let events = 0;
    session.onEvent(() => events++);
    const run = (code: string, storeHistory = true) =>
      session.execute({ code, storeHistory }).settled;
    const measure = async () => {
      const { value, error } = await run(
        'require("node:v8").setFlagsFromString("--expose-gc");' +
          'require("node:vm").runInNewContext("gc")();' +
          "[process.memoryUsage().heapUsed, process.getActiveResourcesInfo().length].join()",
        false,
      );
      expect(error).toBeUndefined();
      const [heap = 0, resources = 0] = String(value?.["text/plain"])
        .replaceAll(/['"]/g, "")
        .split(",")
        .map(Number);
      return { heap, resources, frontEnd: memory(), events };
    };
    const runFrom = async (first: number, end: number) => {
      const failed: string[] = [];
      for (let i = first; i < end; i++) {
        const before = i === 0 ? "0" : `total${i - 1}`;
        const { status, error } = await run(
          `const total${i} = ${before} + 1; function add${i}(x: number) { return x + total${i} }\nadd${i}(1)`,
        );
        if (status !== "ok") failed.push(`${i}: ${error?.message}`);
      }
      expect(failed).toEqual([]);
    };

    await runFrom(0, EARLY);
    const early = await measure();
    await runFrom(EARLY, CELLS);
    const late = await measure();

    const bytesPerCell = (late.heap - early.heap) / (CELLS - EARLY);
    expect(bytesPerCell).toBeLessThan(BYTES_PER_CELL_MAX);
    expect((late.frontEnd - early.frontEnd) / (CELLS - EARLY)).toBeLessThan(BYTES_PER_CELL_MAX);
    // What would make a cell slower the more went before it: items sent, timers and handles left behind.
    expect((late.events - early.events) / (CELLS - EARLY)).toBeCloseTo(early.events / EARLY, 1);
    expect(late.resources).toBeLessThanOrEqual(early.resources);
    const last = await run(`add0(1) + total${CELLS - 1}`);
    expect(last.value?.["text/plain"]).toBe(String(2 + CELLS));
  } finally {
    await session.close({ graceMs: 200 });
  }
}, 120_000);

test("a cell that prints without end makes neither process grow, and stops at an interrupt", async () => {
  const BYTES = 100_000_000;
  const GROWTH_MAX = 64_000_000;
  using folder = tempFolder();
  const session = startSession({ folder: folder.path, columns: 80, check: "off" });
  try {
    await session.ready;
    const enough = Promise.withResolvers<void>();
    let printed = 0;
    session.onEvent((item) => {
      if (item.kind !== "event" || item.event.kind !== "log") return;
      printed += item.event.text.length;
      if (printed > BYTES) enough.resolve();
    });
    const before = memory();
    const cell = session.execute({
      code: 'for (let i = 0; ; i++) console.log(`${i} ${"x".repeat(1_000)}`)',
    });
    await enough.promise;
    await session.interrupt("cooperate");
    expect((await cell.settled).status).toBe("interrupted");
    // Buffers are let go of by another thread, in its own time.
    await vi.waitFor(() => expect(memory() - before).toBeLessThan(GROWTH_MAX), { timeout: 10_000 });
    const after = session.execute({
      code:
        'require("node:v8").setFlagsFromString("--expose-gc");' +
        'require("node:vm").runInNewContext("gc")(); process.memoryUsage().heapUsed',
    });
    expect(Number((await after.settled).value?.["text/plain"])).toBeLessThan(GROWTH_MAX);
  } finally {
    await session.close({ graceMs: 200 });
  }
}, 60_000);
