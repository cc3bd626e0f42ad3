import { describe, expect, test } from "vitest";
import { settled } from "../../support/hand-clock.ts";
import { KernelRig } from "../../support/kernel-rig.ts";

const text = (value: string) => ({ "text/plain": value });

describe("one cell", () => {
  test("busy, input, text, result, reply, idle", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("1 + 1");
    expect(rig.lines()).toEqual([]);
    const cell = rig.session.cell(0);
    cell.start(1);
    await settled();
    cell.print("hello\n");
    cell.settle({ value: text("2") });
    await settled();
    expect(rig.lines(id)).toEqual([
      "busy",
      "input 1",
      'stdout "hello\\n"',
      "execute_result 2",
      "execute_reply ok 1",
      "idle",
    ]);
    expect(
      rig.noted.find(({ message }) => message.type === "execute_reply")?.message.metadata,
    ).toEqual({
      started: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test("O1: what a cell writes before its input is out follows it", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    const cell = rig.session.cell(0);
    cell.start(1);
    cell.print("early\n");
    cell.settle();
    await settled();
    expect(rig.lines(id)).toEqual([
      "busy",
      "input 1",
      'stdout "early\\n"',
      "execute_reply ok 1",
      "idle",
    ]);
  });

  test("a value of undefined has no result, null has one", async () => {
    const rig = new KernelRig();
    const first = await rig.execute("undefined");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    const second = await rig.execute("null");
    rig.session.cell(1).start(2);
    rig.session.cell(1).settle({ value: text("null") });
    await settled();
    expect(rig.lines(first)).toEqual(["busy", "input 1", "execute_reply ok 1", "idle"]);
    expect(rig.lines(second)).toContain("execute_result null");
  });

  test("an error is one message with the same fields as the reply; colours in the traceback only", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    rig.session.cell(0).start(1);
    const frames = [{ file: "In [1]", line: 1, column: 5, from: "cell" as const }];
    rig.session
      .cell(0)
      .settle({ status: "error", error: { name: "TypeError", message: "no", frames } });
    await settled();
    const error = rig.last("error");
    expect(rig.last("execute_reply")).toEqual({
      status: "error",
      ...error,
      execution_count: 1,
      payload: [],
      user_expressions: {},
    });
    expect(error).toMatchObject({ ename: "TypeError", evalue: "no" });
    expect(error.traceback.join("\n")).toContain("\u001b[1;31mTypeError\u001b[0m: no");
    expect(error.traceback.join("\n")).toContain("In [1]:1:5");
  });

  test("O3: a silent cell shows nothing but busy and idle, not even its error or what it writes later", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("boom()", { silent: true });
    const cell = rig.session.cell(0);
    expect(cell.request).toMatchObject({ silent: true, storeHistory: false });
    cell.start();
    await settled();
    cell.print("text\n");
    cell.settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    cell.print("late\n");
    await rig.clock.advance(1_000);
    expect(rig.lines(id)).toEqual(["busy", "execute_reply error 0", "idle"]);
  });

  test("blank code is ok at once, without a count, and never reaches the session", async () => {
    const rig = new KernelRig();
    const id = await rig.execute(" \n\t");
    expect(rig.lines(id)).toEqual(["busy", "execute_reply ok 0", "idle"]);
    expect(rig.session.cells).toEqual([]);
  });

  test("a cell that is not stored still has an input, with the count of the newest stored one", async () => {
    const rig = new KernelRig();
    rig.session.count = 7;
    const id = await rig.execute("x", { store_history: false });
    rig.session.cell(0).start();
    rig.session.cell(0).settle();
    await settled();
    expect(rig.lines(id)).toEqual(["busy", "input 7", "execute_reply ok 7", "idle"]);
  });

  test("user expressions come after a cell that went well, each with its own outcome", async () => {
    const rig = new KernelRig();
    await rig.execute("x", { user_expressions: { a: "x + 1", b: "bad" } });
    expect(rig.session.evaluated).toEqual([]);
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    await settled();
    expect(rig.last("execute_reply")).toMatchObject({
      user_expressions: {
        a: { status: "ok", data: { "text/plain": "<x + 1>" }, metadata: {} },
        b: { status: "error", ename: "TypeError", evalue: "bad" },
      },
    });
  });

  test("a failure that nobody caught while the cell ran becomes its reply, once", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    await settled();
    rig.session.emit({
      kind: "uncaught",
      cell: 1,
      error: { name: "RangeError", message: "late", frames: [] },
    });
    rig.session.cell(0).settle({ value: text("5") });
    await settled();
    expect(rig.lines(id)).toEqual([
      "busy",
      "input 1",
      "error RangeError: late",
      "execute_reply error 1",
      "idle",
    ]);
  });

  test("a cell refused by its queue says so", async () => {
    const rig = new KernelRig();
    await rig.execute("x");
    const { cell } = rig.session.cell(0);
    expect(cell).toBe(1);
    rig.session.cell(0).abort();
    await settled();
    expect(rig.last("execute_reply")).toEqual({ status: "aborted" });
  });
});

describe("late output", () => {
  test("K4: what a timer prints goes under the cell that started it, also while the next one runs", async () => {
    const rig = new KernelRig();
    const first = await rig.execute("setTimeout(…)");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    const second = await rig.execute("await later");
    rig.session.cell(1).start(2);
    await settled();
    rig.session.cell(0).print("late\n");
    rig.session.cell(1).print("own\n");
    await rig.clock.advance(100);
    expect(rig.lines(first).at(-1)).toBe('stdout "late\\n"');
    expect(rig.lines(second)).toEqual(["busy", "input 2", 'stdout "own\\n"']);
  });

  test("a failure after the cell has ended is an error message under it", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    await settled();
    rig.session.emit({
      kind: "uncaught",
      cell: 1,
      error: { name: "E", message: "later", frames: [] },
    });
    expect(rig.lines(id).at(-1)).toBe("error E: later");
  });

  test("output of nobody goes to the oldest running cell, else to the last one", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    await settled();
    rig.session.emit({ kind: "notice", level: "info", text: "during" });
    rig.session.cell(0).settle();
    await settled();
    rig.session.emit({ kind: "notice", level: "info", text: "after" });
    await rig.clock.advance(100);
    expect(rig.lines(id)).toEqual([
      "busy",
      "input 1",
      'stderr "during\\n"',
      "execute_reply ok 1",
      "idle",
      'stderr "after\\n"',
    ]);
  });
});

describe("order of cells", () => {
  test("cells are given to the session at once, and handled one after the other", async () => {
    const rig = new KernelRig();
    const first = await rig.execute("a");
    const second = await rig.execute("b");
    expect(rig.session.cells.map(({ request }) => request.code)).toEqual(["a", "b"]);
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    rig.session.cell(1).start(2);
    rig.session.cell(1).print("quick\n");
    rig.session.cell(1).settle();
    await settled();
    const order = rig.noted.map(({ parent }) => parent);
    expect(order.lastIndexOf(first)).toBeLessThan(order.indexOf(second));
    expect(rig.lines(second)).toEqual([
      "busy",
      "input 2",
      'stdout "quick\\n"',
      "execute_reply ok 2",
      "idle",
    ]);
  });

  test("R1: an aborted cell has its busy, its reply without a count, and its idle", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    const second = await rig.execute("b");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    rig.session.cell(1).abort();
    await settled();
    expect(rig.lines(second)).toEqual(["busy", "execute_reply aborted", "idle"]);
    expect(rig.last("execute_reply")).toEqual({ status: "aborted" });
  });

  test("R3: a cell sent before its client could know of the error is aborted, one sent afterwards runs", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    const failedAtMs = rig.clock.now();
    await rig.clock.advance(20);
    const early = await rig.send(
      "execute_request",
      { code: "early" },
      { sentAtMs: failedAtMs - 1 },
    );
    const late = await rig.send("execute_request", { code: "late" }, { sentAtMs: failedAtMs });
    expect(rig.lines(early)).toContain("execute_reply aborted");
    expect(rig.session.cell(1).request.code).toBe("late");
    rig.session.cell(1).start(2);
    rig.session.cell(1).settle();
    await settled();
    expect(rig.lines(late)).toContain("execute_reply ok 2");
  });

  test("R3: the date of a client whose clock is an hour off says nothing of before and after: its cell runs", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    for (const [index, offMs] of [-3_600_000, 3_600_000].entries()) {
      const id = await rig.send(
        "execute_request",
        { code: "afterwards" },
        { sentAtMs: rig.clock.now() + offMs },
      );
      rig.session.cell(index + 1).start(index + 2);
      rig.session.cell(index + 1).settle();
      await settled();
      expect(rig.lines(id)).toContain(`execute_reply ok ${index + 2}`);
    }
  });

  test("R3: a cell sent after an error runs, also when the machine's clock has been set back meanwhile", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    rig.clock.setBackMs = 5_000;
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    await rig.execute("afterwards");
    expect(rig.session.cell(1).request.code).toBe("afterwards");
  });

  test("an error with stop_on_error off aborts nothing", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()", { stop_on_error: false });
    expect(rig.session.cell(0).request.stopOnError).toBe(false);
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    await rig.send("execute_request", { code: "b" }, { sentAtMs: rig.clock.now() - 5 });
    expect(rig.session.cell(1).request.code).toBe("b");
  });

  test("cells behind a command wait for it, and are aborted with it when a cell before it fails", async () => {
    const rig = new KernelRig();
    await rig.execute("boom()");
    const command = await rig.execute("%check off");
    const third = await rig.execute("c");
    expect(rig.session.cells).toHaveLength(1);
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle({ status: "error", error: { name: "E", message: "m", frames: [] } });
    await settled();
    expect(rig.lines(command)).toContain("execute_reply aborted");
    expect(rig.lines(third)).toEqual(["busy", "execute_reply aborted", "idle"]);
    expect(rig.session.check).toBe("error");
    expect(rig.session.cells).toHaveLength(1);
  });

  test("after a command the cells behind it go on", async () => {
    const rig = new KernelRig();
    const command = await rig.execute("%check warn");
    await rig.execute("c");
    expect(rig.lines(command)).toEqual([
      "busy",
      "input 0",
      'stdout "Type errors: warn (the cell runs and they are shown)\\n"',
      "execute_reply ok 0",
      "idle",
    ]);
    expect(rig.session.check).toBe("warn");
    expect(rig.session.cell(0).request.code).toBe("c");
  });

  test("the thousand and first waiting cell is refused, the others are not lost", async () => {
    const rig = new KernelRig();
    for (let index = 0; index < 1_000; index++) {
      rig.router.receive("shell", {
        identities: [],
        header: { msg_id: `w${index}`, msg_type: "execute_request", session: "c" },
        parent: {},
        metadata: {},
        content: { code: `${index}` },
        buffers: [],
      });
    }
    const last = await rig.execute("too many");
    expect(rig.lines(last)).toEqual(["busy", "execute_reply error 0", "idle"]);
    expect(rig.last("execute_reply")).toMatchObject({ ename: "QueueFull" });
    expect(rig.session.cells).toHaveLength(1_000);
  });
});

describe("other requests", () => {
  test("R2: they are answered while a cell runs, and the kernel is said to be busy afterwards", async () => {
    const rig = new KernelRig();
    const cell = await rig.execute("await forever");
    rig.session.cell(0).start(1);
    await settled();
    const info = await rig.send("kernel_info_request", {}, { channel: "control" });
    expect(rig.lines(info)).toEqual(["busy", "kernel_info_reply ok", "idle"]);
    expect(rig.noted.at(-1)).toMatchObject({ parent: undefined, message: { type: "status" } });
    expect(rig.lines().at(-1)).toBe("busy");
    expect(rig.lines(cell)).toEqual(["busy", "input 1"]);
  });

  test("an unknown type has busy and idle, no reply", async () => {
    const rig = new KernelRig();
    const id = await rig.send("debug_request", { command: "initialize" }, { channel: "control" });
    expect(rig.lines(id)).toEqual(["busy", "idle"]);
    for (const name of ["toString", "__proto__", "constructor", "status", "execute_reply"]) {
      expect(rig.lines(await rig.send(name, {}))).toEqual(["busy", "idle"]);
    }
  });

  test("bad content is a BadMessage that names the field, for cells and for the others", async () => {
    const rig = new KernelRig();
    const id = await rig.send("execute_request", { code: 5 });
    expect(rig.lines(id)).toEqual(["busy", "execute_reply error", "idle"]);
    expect(rig.last("execute_reply")).toMatchObject({
      ename: "BadMessage",
      evalue: "execute_request.code: expected string",
    });
    await rig.send("complete_request", null);
    expect(rig.last("complete_reply")).toMatchObject({ ename: "BadMessage", status: "error" });
  });

  test("a bug of ours is an InternalError reply and a log line, and the next request is answered", async () => {
    const rig = new KernelRig();
    rig.session.parse = () => {
      throw new Error("broken parser");
    };
    const id = await rig.send("is_complete_request", { code: "x" });
    expect(rig.lines(id)).toEqual(["busy", "is_complete_reply error", "idle"]);
    expect(rig.logged.join("\n")).toContain("broken parser");
    const next = await rig.send("comm_info_request", {});
    expect(rig.lines(next)).toEqual(["busy", "comm_info_reply ok", "idle"]);
  });

  test("a shutdown is answered to its client and to everybody, with restart echoed", async () => {
    const rig = new KernelRig();
    const id = await rig.send("shutdown_request", { restart: true }, { channel: "control" });
    expect(rig.lines(id)).toEqual(["busy", "shutdown_reply ok", "shutdown_reply ok", "idle"]);
    expect(rig.last("shutdown_reply")).toEqual({ status: "ok", restart: true });
    expect(rig.shutdowns).toBe(1);
  });

  test("history and comm_info are empty, and of the right form", async () => {
    const rig = new KernelRig();
    await rig.send("history_request", {
      hist_access_type: "tail",
      n: 10,
      output: false,
      raw: true,
    });
    expect(rig.last("history_reply")).toEqual({ status: "ok", history: [] });
    await rig.send("comm_info_request", { target_name: "x" });
    expect(rig.last("comm_info_reply")).toEqual({ status: "ok", comms: {} });
  });
});

describe("interrupts", () => {
  test("each press climbs while the same cell goes on; a hint says what the next one does", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("while (true) {}");
    rig.session.cell(0).start(1);
    await settled();
    const press = () => rig.send("interrupt_request", {}, { channel: "control" });
    const first = await press();
    expect(rig.lines(first)).toEqual(["busy", "interrupt_reply ok", "idle"]);
    await rig.clock.advance(50);
    await press(); // a key that is held
    expect(rig.session.interrupts).toEqual(["cooperate"]);
    await rig.clock.advance(2_500);
    expect(rig.lines(id).at(-1)).toContain("Interrupting again");
    await press();
    await rig.clock.advance(2_500);
    expect(rig.lines(id).at(-1)).toContain("all variables will be lost");
    await press();
    expect(rig.session.interrupts).toEqual(["cooperate", "terminate", "kill"]);
  });

  test("a kernel that is told to end right after a press has no timer to wait for", async () => {
    const rig = new KernelRig();
    await rig.execute("while (true) {}");
    rig.session.cell(0).start(1);
    await settled();
    rig.router.interrupt();
    rig.session.cell(0).settle({ status: "interrupted" });
    await settled();
    rig.router.close();
    expect(rig.clock.waiting).toBe(0);
  });

  test("the next cell begins at the first rung", async () => {
    const rig = new KernelRig();
    await rig.execute("a");
    rig.session.cell(0).start(1);
    await settled();
    rig.router.interrupt();
    rig.session.cell(0).settle({ status: "interrupted" });
    await rig.execute("b");
    rig.session.cell(1).start(2);
    await rig.clock.advance(2_000);
    rig.router.interrupt();
    expect(rig.session.interrupts).toEqual(["cooperate", "cooperate"]);
  });
});

/** A cell that has settled, while its deck is still being drawn. */
async function cellWhoseDeckIsDrawn(rig: KernelRig): Promise<string> {
  rig.renderer.isPrompt = false;
  const id = await rig.execute("a");
  const { cell, start, settle } = rig.session.cell(0);
  start(1);
  await settled();
  const at = rig.clock.now();
  const how = { version: "1", where: "local", deps: [], inputs: [] } as const;
  const call = { id: "t1", seq: 1, name: "t", entity: "task", ...how } as const;
  rig.session.emit({
    kind: "event",
    cell,
    event: { kind: "call-created", runId: "r1", at, ...call },
  });
  settle({ status: "interrupted", error: { name: "Interrupted", message: "stopped", frames: [] } });
  await settled();
  expect(rig.lines(id)).not.toContain("idle");
  return id;
}

describe("presses that are meant for nobody", () => {
  test("presses in an idle notebook never climb, however many", async () => {
    const rig = new KernelRig();
    for (let press = 0; press < 4; press++) {
      rig.router.interrupt();
      await rig.clock.advance(5_000);
    }
    expect(new Set(rig.session.interrupts)).toEqual(new Set(["cooperate"]));
  });

  test("presses while the deck of a stopped cell is drawn never climb", async () => {
    const rig = new KernelRig();
    await cellWhoseDeckIsDrawn(rig);
    for (let press = 0; press < 4; press++) {
      rig.router.interrupt();
      await rig.clock.advance(5_000);
    }
    expect(new Set(rig.session.interrupts)).toEqual(new Set(["cooperate"]));
  });
});

describe("commands", () => {
  test("%restart restarts, and the loss of the user process is no news", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("%restart");
    expect(rig.session.restarts).toBe(1);
    expect(rig.lines(id)).toEqual([
      "busy",
      "input 0",
      'stdout "Restarted: all variables are gone.\\n"',
      "execute_reply ok 0",
      "idle",
    ]);
  });

  test("x? pages what is known of x, and says when nothing is", async () => {
    const rig = new KernelRig();
    await rig.execute("x?");
    expect(rig.lines().at(2)).toBe('stdout "Nothing is known of x.\\n"');
    rig.session.types.hover = async () => ({
      signature: "const x: number",
      documentation: "An x.",
      start: 0,
      end: 1,
    });
    await rig.execute("?x");
    expect(rig.last("execute_reply")).toMatchObject({
      payload: [
        {
          source: "page",
          start: 0,
          data: {
            "text/markdown": "```ts\nconst x: number\n```\n\nAn x.",
            "text/plain": "const x: number\n\nAn x.",
          },
        },
      ],
    });
  });

  test("an unknown command is an error that names the known ones", async () => {
    const rig = new KernelRig();
    await rig.execute("%matplotlib inline");
    expect(rig.last("error").evalue).toContain("%restart");
    expect(rig.session.cells).toEqual([]);
  });

  test("a user process that dies between cells is told under the last one", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    rig.session.cell(0).settle();
    await settled();
    rig.session.emit({ kind: "phase", phase: "lost", reason: "it was ended by SIGKILL" });
    await rig.clock.advance(100);
    expect(rig.lines(id).at(-1)).toContain("it was ended by SIGKILL");
  });
});

describe("completion", () => {
  test("what begins like a command is completed to commands, never to names", async () => {
    const rig = new KernelRig();
    await rig.send("complete_request", { code: "%ch", cursor_pos: 99 });
    expect(rig.last("complete_reply")).toMatchObject({
      matches: ["%check", "%check error", "%check off", "%check warn"],
      cursor_start: 0,
      cursor_end: 3,
    });
    await rig.send("complete_request", { code: "%load notes", cursor_pos: 11 });
    expect(rig.last("complete_reply")).toMatchObject({ matches: [] });
  });

  test("positions are code points there and back", async () => {
    const rig = new KernelRig();
    rig.session.types.complete = async (_code, offset) => ({
      start: offset - 2,
      end: offset,
      items: [{ name: "toUpperCase", kind: "method", detail: "(): string" }],
    });
    await rig.send("complete_request", { code: '"😀😀".to', cursor_pos: 7 });
    expect(rig.last("complete_reply")).toEqual({
      status: "ok",
      matches: ["toUpperCase"],
      cursor_start: 5,
      cursor_end: 7,
      metadata: {
        _jupyter_types_experimental: [
          { text: "toUpperCase", type: "method", start: 5, end: 7, signature: "(): string" },
        ],
      },
    });
  });

  test("a newer request of the same client answers the older one with no matches, another client's goes on", async () => {
    const rig = new KernelRig();
    const answers: (() => void)[] = [];
    rig.session.types.complete = (_code, offset) =>
      new Promise((resolve) => {
        answers.push(() =>
          resolve({ start: 0, end: offset, items: [{ name: "abc", kind: "variable" }] }),
        );
      });
    const older = await rig.send("complete_request", { code: "a", cursor_pos: 1 });
    const other = await rig.send(
      "complete_request",
      { code: "a", cursor_pos: 1 },
      { client: "other" },
    );
    const newer = await rig.send("complete_request", { code: "ab", cursor_pos: 2 });
    const replies = (id: string) =>
      rig.noted.filter(({ parent, message }) => parent === id && message.type === "complete_reply");
    expect(replies(older)[0]?.message.content).toMatchObject({
      matches: [],
      cursor_start: 1,
      cursor_end: 1,
    });
    expect([replies(other), replies(newer)]).toEqual([[], []]);
    for (const answer of answers) answer();
    await settled();
    expect(replies(other)[0]?.message.content).toMatchObject({ matches: ["abc"] });
    expect(replies(newer)[0]?.message.content).toMatchObject({ matches: ["abc"] });
  });

  test("a type service that fails gives no matches", async () => {
    const rig = new KernelRig();
    rig.session.types.complete = async () => {
      throw new Error("gone");
    };
    await rig.send("complete_request", { code: "ab", cursor_pos: 99 });
    expect(rig.last("complete_reply")).toMatchObject({
      matches: [],
      cursor_start: 2,
      cursor_end: 2,
    });
  });

  test("inspect answers in Markdown and in plain text, the active parameter in bold", async () => {
    const rig = new KernelRig();
    await rig.send("inspect_request", { code: "x", cursor_pos: 1 });
    expect(rig.last("inspect_reply")).toEqual({
      status: "ok",
      found: false,
      data: {},
      metadata: {},
    });
    rig.session.types.signature = async () => ({
      label: "f(a: number, b_c: string)",
      activeParameter: { start: 13, end: 24 },
      documentation: "Adds.",
    });
    await rig.send("inspect_request", { code: "f(1, ", cursor_pos: 5, detail_level: 0 });
    expect(rig.last("inspect_reply")).toMatchObject({
      found: true,
      data: {
        "text/markdown": "f(a: number, **b\\_c: string**)\n\nAdds.",
        "text/plain": "f(a: number, b_c: string)\n\nAdds.",
      },
    });
  });

  test("is_complete passes on what the parser says; commands are complete", async () => {
    const rig = new KernelRig();
    rig.session.parse = () => ({ status: "incomplete", indent: "  " });
    await rig.send("is_complete_request", { code: "if (x) {" });
    expect(rig.last("is_complete_reply")).toEqual({ status: "incomplete", indent: "  " });
    rig.session.parse = () => ({ status: "invalid", offset: 0, message: "no" });
    await rig.send("is_complete_request", { code: ")" });
    expect(rig.last("is_complete_reply")).toEqual({ status: "invalid" });
    for (const code of ["%check off", "name?", "?name", "%nosuch"]) {
      await rig.send("is_complete_request", { code });
      expect(rig.last("is_complete_reply"), code).toEqual({ status: "complete" });
    }
  });
});

describe("displays", () => {
  test("a display stands in its place among the text, an update names its display", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    await settled();
    const display = { kind: "display", cell: 1, metadata: { a: 1 } } as const;
    rig.session.cell(0).print("before");
    rig.session.emit({ ...display, bundle: text("one"), displayId: "d", update: false });
    rig.session.cell(0).print("after");
    rig.session.emit({ ...display, bundle: text("two"), displayId: "d", update: true });
    rig.session.emit({ kind: "clear-output", cell: 1, wait: true });
    rig.session.cell(0).settle();
    await settled();
    expect(rig.lines(id).slice(2, -2)).toEqual([
      'stdout "before"',
      "display_data one",
      'stdout "after"',
      "update_display_data two",
      "clear_output",
    ]);
    expect(rig.last("update_display_data")).toEqual({
      data: text("two"),
      metadata: { a: 1 },
      transient: { display_id: "d" },
    });
  });

  test("a thousand displays of a cell are shown, the rest is a line with the count", async () => {
    const rig = new KernelRig();
    const id = await rig.execute("x");
    rig.session.cell(0).start(1);
    await settled();
    for (let index = 0; index < 10_000; index++) {
      rig.session.emit({
        kind: "display",
        cell: 1,
        bundle: text(`${index}`),
        metadata: {},
        update: false,
      });
    }
    rig.session.cell(0).settle();
    await settled();
    const lines = rig.lines(id);
    expect(lines.filter((line) => line.startsWith("display_data"))).toHaveLength(1_000);
    expect(lines.at(-3)).toBe('stderr "… 9,000 more displays left out\\n"');
  });

  test("a bundle too large for a notebook is shown as text with a note", async () => {
    const rig = new KernelRig();
    await rig.execute("x");
    rig.session.cell(0).start(1);
    rig.session
      .cell(0)
      .settle({ value: { "text/html": "x".repeat(11_000_000), "text/plain": "short" } });
    await settled();
    const { data } = rig.last("execute_result");
    expect(Object.keys(data)).toEqual(["text/plain"]);
    expect(data["text/plain"]).toContain("short\n… 11 MB");
  });

  test("a cell that floods its output is answered only when all of it is out", async () => {
    const rig = new KernelRig();
    const ids = [await rig.execute("a"), await rig.execute("b"), await rig.execute("c")];
    const megabyte = `${"x".repeat(999_999)}\n`;
    for (const [index, id] of ids.entries()) {
      rig.session.cell(index).start(index + 1);
      await settled();
      rig.session.cell(index).print(megabyte);
      rig.session.cell(index).settle();
      await rig.clock.advance(10);
      expect(rig.lines(id).at(-1)).toBe(index < 2 ? "idle" : rig.lines(id).at(-1));
    }
    expect(rig.lines(ids[2])).not.toContain("idle");
    await rig.clock.advance(5_000);
    expect(rig.lines(ids[2]).at(-1)).toBe("idle");
    for (const id of ids) {
      const texts = rig.noted.flatMap(({ message, parent }) =>
        parent === id && message.type === "stream" ? [message.content.text] : [],
      );
      expect(texts.join("") === megabyte).toBe(true);
    }
  });

  test("what draws decks is loaded with the first cell that may make calls, not before", async () => {
    const rig = new KernelRig();
    await rig.execute("const multitask = 1");
    expect(rig.renderer.warmed).toBe(0);
    await rig.execute("const addOne = task((x: number) => x + 1)");
    expect(rig.renderer.warmed).toBe(1);
  });
});
