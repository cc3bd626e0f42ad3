import { describe, expect, test } from "vitest";
import { Decks, type Frame } from "../../../kernel/decks.ts";
import type { RuntimeEvent } from "../../../runtime/events/events.ts";
import { HandClock, settled } from "../../support/hand-clock.ts";
import { HandRenderer } from "../../support/kernel-rig.ts";

const CELL = 7;

class Rig {
  readonly clock = new HandClock();
  readonly renderer = new HandRenderer();
  readonly shown: (Frame & { readonly cell: number; readonly atMs: number })[] = [];
  readonly logged: string[] = [];
  readonly decks = new Decks({
    renderer: this.renderer,
    clock: this.clock,
    log: (_level, text) => this.logged.push(text),
    show: (cell, frame) => this.shown.push({ cell, atMs: this.clock.now(), ...frame }),
  });
  #calls = 0;

  /** A call begins; @returns how it ends. */
  call(runId = "r1"): () => void {
    this.#calls += 1;
    const id = `t${this.#calls}`;
    this.#apply({
      kind: "call-created",
      runId,
      at: this.clock.now(),
      id,
      seq: this.#calls,
      name: "task",
      entity: "task",
      version: "1",
      where: "local",
      deps: [],
      inputs: [],
    });
    return () =>
      this.#apply({ kind: "call-settled", runId, at: this.clock.now(), id, state: "ok" });
  }

  progress(): void {
    this.#apply({ kind: "call-progress", runId: "r1", at: this.clock.now(), id: "t1", done: 1 });
  }

  end(runId = "r1"): void {
    this.#apply({ kind: "run-ended", runId, at: this.clock.now(), state: "ok" });
  }

  /** What was shown: `+live 1` is a new display, `~deck 2` an update. */
  get frames(): string[] {
    return this.shown.map(
      ({ bundle, isUpdate }) => `${isUpdate ? "~" : "+"}${String(bundle["text/html"])}`,
    );
  }

  #apply(event: RuntimeEvent): void {
    this.decks.apply(CELL, event);
  }
}

test("a cell that ends soon shows its deck once, and the run is forgotten", async () => {
  const rig = new Rig();
  const settle = rig.call();
  await rig.clock.advance(100);
  settle();
  rig.end();
  await rig.decks.settle(CELL);
  await rig.clock.advance(60_000);
  expect(rig.frames).toEqual(["+deck 1"]);
  expect(rig.renderer.forgotten).toEqual(["r1"]);
  expect(rig.clock.waiting).toBe(0);
});

test("a cell without calls shows nothing", async () => {
  const rig = new Rig();
  await rig.decks.settle(CELL);
  rig.decks.cleared(CELL);
  await rig.clock.advance(60_000);
  expect(rig.frames).toEqual([]);
});

describe("live frames", () => {
  test("the first comes after 150 ms, the deck replaces it in the same display", async () => {
    const rig = new Rig();
    const settle = rig.call();
    await rig.clock.advance(149);
    expect(rig.frames).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.frames).toEqual(["+live 1"]);
    settle();
    rig.end();
    await rig.decks.settle(CELL);
    expect(rig.frames).toEqual(["+live 1", "~deck 2"]);
    expect(new Set(rig.shown.map(({ displayId }) => displayId)).size).toBe(1);
  });

  test("four a second while something happens", async () => {
    const rig = new Rig();
    rig.call();
    for (let step = 0; step < 215; step++) {
      await rig.clock.advance(10);
      rig.progress();
    }
    expect(rig.frames).toHaveLength(1 + 8);
  });

  test("one a second while nothing happens but calls run, none when no call runs", async () => {
    const rig = new Rig();
    const settle = rig.call();
    await rig.clock.advance(150 + 3_000);
    expect(rig.frames).toHaveLength(1 + 3);
    settle();
    await rig.clock.advance(10_000);
    expect(rig.frames).toHaveLength(1 + 3 + 1);
  });

  test("one a second when a frame is large", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    rig.call();
    await rig.clock.advance(150);
    rig.renderer.asked[0]?.draw("x".repeat(32_001));
    rig.progress();
    await rig.clock.advance(999);
    expect(rig.renderer.asked).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.renderer.asked).toHaveLength(2);
  });

  test("one a second after a minute, one in five seconds after ten", async () => {
    const rig = new Rig();
    rig.call();
    const framesIn = async (seconds: number): Promise<number> => {
      const before = rig.frames.length;
      for (let tenth = 0; tenth < seconds * 10; tenth++) {
        await rig.clock.advance(100);
        rig.progress();
      }
      return rig.frames.length - before;
    };
    await rig.clock.advance(61_000);
    expect(await framesIn(5)).toBe(5);
    await rig.clock.advance(600_000);
    expect(await framesIn(10)).toBe(2);
  });

  test("D3: a slow renderer is asked for one frame at a time", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    rig.call();
    await rig.clock.advance(5_000);
    for (let index = 0; index < 20; index++) rig.progress();
    await rig.clock.advance(5_000);
    expect(rig.renderer.asked).toHaveLength(1);
    rig.renderer.asked[0]?.draw();
    await rig.clock.advance(1);
    expect(rig.renderer.asked).toHaveLength(2);
  });

  test("a frame that cannot be drawn is logged, the next one comes", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    rig.call();
    await rig.clock.advance(150);
    rig.renderer.asked[0]?.fail();
    await settled();
    expect(rig.logged.join()).toContain("cannot draw");
    await rig.clock.advance(1_000);
    rig.renderer.asked[1]?.draw("second");
    await settled();
    expect(rig.frames).toEqual(["+second"]);
  });

  test("after clear_output the display is shown anew", async () => {
    const rig = new Rig();
    rig.call();
    await rig.clock.advance(150);
    rig.decks.cleared(CELL);
    await rig.clock.advance(250);
    expect(rig.frames).toEqual(["+live 1", "+live 2"]);
  });
});

describe("the end", () => {
  test("D2: a frame that is drawn after its cell has settled is not shown", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    const settle = rig.call();
    await rig.clock.advance(150);
    settle();
    rig.end();
    const done = rig.decks.settle(CELL);
    await settled();
    rig.renderer.asked[1]?.draw("deck");
    await done;
    rig.renderer.asked[0]?.draw("late frame");
    await rig.clock.advance(60_000);
    expect(rig.frames).toEqual(["+deck"]);
  });

  test("D1: settle waits for the deck", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    rig.call()();
    rig.end();
    let isDone = false;
    const done = rig.decks.settle(CELL).then(() => {
      isDone = true;
    });
    await settled();
    expect(isDone).toBe(false);
    rig.renderer.asked[0]?.draw("deck");
    await done;
    expect(rig.frames).toEqual(["+deck"]);
  });

  test("a deck that cannot be drawn is a sentence, and the cell ends", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    rig.call();
    const done = rig.decks.settle(CELL);
    await settled();
    rig.renderer.asked[0]?.fail();
    await done;
    expect(rig.shown[0]?.bundle).toEqual({
      "text/plain": expect.stringContaining("could not be drawn"),
    });
  });

  test("calls that outlive their cell update its deck every ten seconds at most, and once at the end", async () => {
    const rig = new Rig();
    const settle = rig.call();
    await rig.decks.settle(CELL);
    expect(rig.frames).toEqual(["+deck 1"]);
    for (let second = 0; second < 25; second++) {
      await rig.clock.advance(1_000);
      rig.progress();
    }
    expect(rig.frames).toEqual(["+deck 1", "~deck 2", "~deck 3"]);
    settle();
    rig.end();
    await settled();
    expect(rig.frames).toEqual(["+deck 1", "~deck 2", "~deck 3", "~deck 4"]);
    expect(rig.renderer.forgotten).toEqual(["r1"]);
  });

  test("a run that ends while its deck is drawn is drawn once more", async () => {
    const rig = new Rig();
    rig.renderer.isPrompt = false;
    const settle = rig.call();
    const done = rig.decks.settle(CELL);
    await settled();
    settle();
    rig.end();
    rig.renderer.asked[0]?.draw("still running");
    await done;
    rig.renderer.asked[1]?.draw("ended");
    await settled();
    expect(rig.frames).toEqual(["+still running", "~ended"]);
    expect(rig.renderer.asked).toHaveLength(2);
  });

  test("a kernel that closes shows nothing more", async () => {
    const rig = new Rig();
    rig.call();
    rig.decks.close();
    await rig.clock.advance(60_000);
    expect(rig.frames).toEqual([]);
  });
});

test("10,000 events a second for a minute: at most four frames in any second, and the deck at the end", async () => {
  const rig = new Rig();
  const startMs = rig.clock.now();
  const settle = rig.call();
  for (let step = 0; step < 1_200; step++) {
    for (let n = 0; n < 500; n++) rig.progress();
    await rig.clock.advance(50);
  }
  settle();
  rig.end();
  await rig.decks.settle(CELL);
  const times = rig.shown.slice(0, -1).map(({ atMs }) => atMs - startMs);
  expect(times[0]).toBe(150);
  expect(times.length).toBeGreaterThan(200);
  for (const at of times) {
    expect(times.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(
      4,
    );
  }
  expect(rig.frames.at(-1)).toMatch(/^~deck/);
  expect(new Set(rig.shown.map(({ displayId }) => displayId)).size).toBe(1);
});

describe("when decks do not show themselves", () => {
  test("nothing is sent, however long the cell runs", async () => {
    const rig = new Rig();
    rig.decks.showThemselves(false);
    const settle = rig.call();
    await rig.clock.advance(5_000);
    settle();
    rig.end();
    await rig.decks.settle(CELL);
    expect(rig.frames).toEqual([]);
  });

  test("a tree that shows already ends as its deck: it would look like a run that goes on", async () => {
    const rig = new Rig();
    const settle = rig.call();
    await rig.clock.advance(200);
    rig.decks.showThemselves(false);
    settle();
    rig.end();
    await rig.decks.settle(CELL);
    expect(rig.frames.at(-1)).toMatch(/^~deck/);
  });
});
