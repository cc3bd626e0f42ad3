import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HARD,
  type Out,
  type Role,
  SOFT,
  Streams,
  WINDOW_MS,
  wireBytes,
} from "../../../kernel/streams.ts";

type Sent = Exclude<Out<string>, { kind: "left-out" }> & { readonly atMs: number };

/** The streams with a clock, and what they sent. */
class Rig {
  readonly streams = new Streams<string>();
  readonly sent: Sent[] = [];
  readonly leftOut: Extract<Out<string>, { kind: "left-out" }>[] = [];
  nowMs = 5_000;

  take(outs: readonly Out<string>[]): void {
    for (const out of outs) {
      if (out.kind === "left-out") this.leftOut.push(out);
      else this.sent.push({ ...out, atMs: this.nowMs });
    }
  }

  write(cell: number, text: string, name: "stdout" | "stderr" = "stdout"): void {
    this.take(this.streams.write(cell, name, text, this.nowMs));
  }

  put(cell: number, message: string, key?: string, role: Role = key ? "updates" : "shows"): void {
    const { nowMs } = this;
    const how = { role, nowMs, ...(key !== undefined && { key }) };
    this.take(this.streams.put(cell, message, how));
  }

  end(cell: number): void {
    this.take(this.streams.end(cell, this.nowMs));
  }

  /** Time passes; timers that fall due are served. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = this.streams.dueAtMs;
      if (due === undefined || due > endMs) break;
      this.nowMs = Math.max(this.nowMs, due);
      this.take(this.streams.tick(this.nowMs));
    }
    this.nowMs = endMs;
  }

  text(cell: number, name: "stdout" | "stderr" = "stdout"): string {
    return this.texts(cell, name).join("");
  }

  texts(cell: number, name: "stdout" | "stderr" = "stdout"): string[] {
    return this.sent.flatMap((out) =>
      out.kind === "text" && out.cell === cell && out.name === name ? [out.text] : [],
    );
  }
}

function textOf(outs: readonly { readonly text: string }[]): string {
  return outs.map(({ text }) => text).join("");
}

function shape(sent: readonly Sent[]): string[] {
  return sent.map((out) => (out.kind === "text" ? `${out.name} ${out.text}` : out.message));
}

describe("merging", () => {
  test("writes within 40 ms are one message, sent when the first has waited that long", () => {
    const rig = new Rig();
    rig.write(1, "a\n");
    rig.pass(39);
    rig.write(1, "b\n");
    expect(rig.sent).toEqual([]);
    rig.pass(1);
    expect(shape(rig.sent)).toEqual(["stdout a\nb\n"]);
  });

  test("ten thousand lines are few messages, complete at the end of the cell", () => {
    const rig = new Rig();
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`);
    for (const line of lines) rig.write(1, line);
    rig.end(1);
    expect(rig.text(1)).toBe(lines.join(""));
    expect(rig.sent.length).toBeLessThan(10);
  });

  test("text goes before a display that came after it", () => {
    const rig = new Rig();
    rig.write(1, "before");
    rig.put(1, "display");
    rig.write(1, "after");
    rig.end(1);
    expect(shape(rig.sent)).toEqual(["stdout before", "display", "stdout after"]);
  });

  test("a change between stdout and stderr keeps their order", () => {
    const rig = new Rig();
    rig.write(1, "out");
    rig.write(1, "err", "stderr");
    rig.write(1, "out again");
    rig.end(1);
    expect(shape(rig.sent)).toEqual(["stdout out", "stderr err", "stdout out again"]);
  });

  test("a program that alternates all the time does not make a message per line", () => {
    const rig = new Rig();
    for (let line = 0; line < 1_000; line++) {
      rig.write(1, "o\n");
      rig.write(1, "e\n", "stderr");
    }
    rig.end(1);
    expect(rig.sent.length).toBeLessThan(30);
    expect(rig.text(1)).toBe("o\n".repeat(1_000));
    expect(rig.text(1, "stderr")).toBe("e\n".repeat(1_000));
  });

  test("cells do not mix", () => {
    const rig = new Rig();
    rig.write(1, "one");
    rig.write(2, "two");
    rig.pass(40);
    expect(rig.sent.map(({ cell }) => cell)).toEqual([1, 2]);
  });

  test("a pair of surrogates written in two halves is sent as one character", () => {
    const rig = new Rig();
    rig.write(1, "a\ud83d");
    rig.pass(100);
    rig.write(1, "\ude00b");
    rig.pass(100);
    expect(rig.texts(1)).toEqual(["a", "\u{1f600}b"]);
  });

  test("half a pair at the end of a cell is not kept back for ever, nor does it hold up a display", () => {
    const rig = new Rig();
    rig.write(1, "a\ud83d");
    rig.put(1, "display");
    rig.end(1);
    expect(shape(rig.sent)).toEqual(["stdout a\ud83d", "display"]);
    expect(rig.streams.isDrained(1)).toBe(true);
  });
});

describe("clearing", () => {
  /** As many messages as may go out at once. */
  function spent(): Rig {
    const rig = new Rig();
    for (let n = 0; n < SOFT.messages; n++) rig.put(9, "x");
    rig.sent.length = 0;
    return rig;
  }

  test("S4: of a loop that clears and draws, one drawing waits", () => {
    const rig = spent();
    for (let n = 0; n < 5_000; n++) {
      rig.put(1, "clear", undefined, "clears-later");
      rig.put(1, `draw ${n}`);
    }
    rig.end(1);
    rig.pass(10_000);
    expect(shape(rig.sent)).toEqual(["clear", "draw 4999"]);
  });

  test("what waits before an immediate clearing is not sent, and the limit of text begins anew", () => {
    const rig = new Rig();
    for (let n = 0; n < 10; n++) {
      rig.write(1, `${"x".repeat(999)}\n`.repeat(900));
      rig.put(1, "clear", undefined, "clears");
    }
    rig.write(1, "seen\n");
    rig.end(1);
    rig.pass(60_000);
    expect(shape(rig.sent).slice(-2)).toEqual(["clear", "stdout seen\n"]);
    expect(rig.text(1, "stderr")).toBe("");
  });

  test("a clearing that waits for an output which never comes removes nothing", () => {
    const rig = new Rig();
    rig.write(1, "a\n");
    rig.put(1, "clear", undefined, "clears-later");
    rig.end(1);
    expect(shape(rig.sent)).toEqual(["stdout a\n", "clear"]);
  });

  test("updates and messages of others stay, and later updates come after the clearing", () => {
    const rig = spent();
    rig.put(1, "update a1", "a");
    rig.put(1, "comm", undefined, "other");
    rig.put(1, "clear", undefined, "clears");
    rig.put(1, "update a2", "a");
    rig.put(1, "update a3", "a");
    rig.pass(WINDOW_MS + 100);
    expect(shape(rig.sent)).toEqual(["update a1", "comm", "clear", "update a3"]);
  });

  test("an update does not overtake the display it is of", () => {
    const rig = spent();
    rig.put(1, "update 1", "a");
    rig.put(1, "show 2", "a", "shows");
    rig.put(1, "update 3", "a");
    rig.pass(WINDOW_MS + 100);
    expect(shape(rig.sent)).toEqual(["update 1", "show 2", "update 3"]);
  });
});

describe("the budget", () => {
  const megabyte = "x".repeat(1_000_000);

  test("more than fits waits, and comes when the window has moved on", () => {
    const rig = new Rig();
    rig.write(1, megabyte);
    rig.write(1, megabyte);
    rig.pass(1_000);
    expect(rig.text(1).length).toBeLessThan(SOFT.bytes);
    rig.pass(4_000);
    expect(rig.text(1)).toBe(megabyte + megabyte);
  });

  test("what waits is sent in full at the end of the cell", () => {
    const rig = new Rig();
    rig.write(1, megabyte);
    rig.write(1, megabyte);
    rig.end(1);
    expect(rig.text(1)).toBe(megabyte + megabyte);
    expect(rig.streams.isDrained(1)).toBe(true);
  });

  test("S3: what cannot wait is left out, with a count and the last lines", () => {
    const rig = new Rig();
    for (let line = 0; line < 100_000; line++) rig.write(1, `${String(line).padStart(99)}\n`);
    rig.end(1);
    rig.pass(10_000);
    expect(rig.text(1, "stderr")).toMatch(/… [\d,]+ lines \(\d\.\d MB\) left out/);
    const lines = rig.text(1).trimEnd().split("\n").map(Number);
    expect(lines.slice(-200)).toEqual(Array.from({ length: 200 }, (_, index) => 99_800 + index));
    const shown = lines.slice(0, -200);
    expect(shown).toEqual(shown.map((_, index) => index));
    const leftOut = Number(
      /… ([\d,]+) lines/.exec(rig.text(1, "stderr"))?.[1]?.replaceAll(",", ""),
    );
    expect(leftOut + shown.length).toBe(100_000);
  });

  test("a cell's text ends at 4 MB, however slowly it comes", () => {
    const rig = new Rig();
    for (let second = 0; second < 100; second++) {
      rig.write(1, "y".repeat(100_000));
      rig.pass(1_000);
    }
    expect(rig.text(1).length).toBe(4_000_000);
  });

  test("a timer that prints too much after its cell has ended is news once", () => {
    const rig = new Rig();
    rig.write(1, "first");
    rig.end(1);
    for (let second = 0; second < 100; second++) {
      rig.write(1, "y".repeat(100_000));
      rig.pass(1_000);
    }
    expect(rig.leftOut.map(({ isNews }) => isNews).indexOf(true)).toBe(0);
    expect(rig.leftOut.filter(({ isNews }) => isNews)).toHaveLength(1);
    expect(rig.text(1).length + textOf(rig.leftOut).length).toBe(10_000_005);
  });

  test("S3: what is shown and what is left out are the whole text, and the note says where the rest is", () => {
    const rig = new Rig();
    const lines = Array.from({ length: 60_000 }, (_, line) => `${String(line).padStart(99)}\n`);
    for (const line of lines) rig.write(1, line);
    const shown = rig.text(1);
    rig.take(rig.streams.end(1, rig.nowMs, () => ", all in FILE"));
    rig.pass(10_000);
    expect(textOf(rig.leftOut)).toBe(lines.join("").slice(-textOf(rig.leftOut).length));
    expect(rig.text(1).startsWith(shown)).toBe(true);
    const tail = lines.slice(-200).join("");
    expect(rig.text(1).slice(0, -tail.length) + textOf(rig.leftOut) === lines.join("")).toBe(true);
    expect(rig.text(1, "stderr")).toMatch(
      /^\n… [\d,]+ lines \(\d\.\d MB\) left out, all in FILE; the last of them:\n$/,
    );
  });

  test("updates of one display that have to wait replace each other", () => {
    const rig = new Rig();
    for (let index = 0; index < 5_000; index++) rig.put(1, `update ${index}`, "d1");
    expect(rig.sent.length).toBe(SOFT.messages);
    rig.end(1);
    expect(shape(rig.sent).at(-1)).toBe("update 4999");
    expect(rig.sent.length).toBe(SOFT.messages + 1);
  });

  test("text of another cell finds room when the first one is done", () => {
    const rig = new Rig();
    for (let part = 0; part < 4; part++) rig.write(1, megabyte.slice(0, 600_000));
    rig.write(2, "short");
    rig.end(1);
    rig.end(2);
    rig.pass(10_000);
    expect(rig.text(2)).toBe("short");
    expect(rig.streams.isDrained(1)).toBe(true);
  });
});

test("S1, S2: whatever is written, the text is the same, in order, and the budget is kept", () => {
  const cell = fc.integer({ min: 1, max: 3 });
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("write" as const),
        cell,
        name: fc.constantFrom("stdout" as const, "stderr" as const),
        text: fc.string({ unit: "binary", maxLength: 20 }),
        times: fc.constantFrom(1, 1, 1, 500, 20_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("put" as const),
        cell,
        message: fc.string({ maxLength: 5 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(1, 20, 40, 500, 3_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), cell }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rig = new Rig();
      const written = new Map<string, string>();
      const put: Record<number, string[]> = { 1: [], 2: [], 3: [] };
      for (const item of steps) {
        if (item.do === "write") {
          const text = item.text.repeat(item.times);
          rig.write(item.cell, text, item.name);
          const key = `${item.cell} ${item.name}`;
          written.set(key, (written.get(key) ?? "") + text);
        } else if (item.do === "put") {
          rig.put(item.cell, item.message);
          put[item.cell]?.push(item.message);
        } else if (item.do === "pass") rig.pass(item.ms);
        else rig.end(item.cell);
      }
      for (const id of [1, 2, 3]) rig.end(id);
      rig.pass(20_000);
      for (const id of [1, 2, 3]) {
        expect(rig.streams.isDrained(id)).toBe(true);
        const messages = rig.sent.flatMap((out) =>
          out.kind === "message" && out.cell === id ? [out.message] : [],
        );
        expect(messages).toEqual(put[id]);
        if (/left out/.test(rig.text(id, "stderr"))) continue; // counted by the tests above
        for (const name of ["stdout", "stderr"] as const) {
          expect(rig.text(id, name) === (written.get(`${id} ${name}`) ?? "")).toBe(true);
        }
      }
      expectWithinBudget(rig.sent);
    }),
    { numRuns: 60 },
  );
}, 30_000);

function expectWithinBudget(sent: readonly Sent[]): void {
  for (const [index, first] of sent.entries()) {
    if (index > 0 && sent[index - 1]?.atMs === first.atMs) continue;
    const window = sent.slice(index).filter(({ atMs }) => atMs - first.atMs < WINDOW_MS);
    const bytes = window.reduce(
      (sum, out) => sum + (out.kind === "text" ? wireBytes(out.text) : 0),
      0,
    );
    // The note about what was left out after a cell's end is a line that does not wait.
    expect(bytes).toBeLessThanOrEqual(HARD.bytes + 5_000);
    expect(window.length).toBeLessThanOrEqual(HARD.messages + 5);
  }
}
