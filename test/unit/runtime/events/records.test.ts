import { describe, expect, test } from "vitest";
import type { CallCreated, CallSettled, RuntimeEvent } from "../../../../runtime/events/events.ts";
import { Records } from "../../../../runtime/events/records.ts";
import { preview } from "../../../../runtime/values/preview.ts";
import type { Preview } from "../../../../runtime/values/shape.ts";

const at = 1_000;
const started: RuntimeEvent = {
  kind: "run-started",
  v: 1,
  runId: "r1",
  at,
  cell: 4,
  n: 7,
  cellId: "abc",
  title: "In [7]",
  versions: { eagerdeck: "0.1.0", node: "v24.0.0" },
  backend: "local",
};

function created(id: string, more: Partial<CallCreated> = {}): CallCreated {
  return {
    kind: "call-created",
    runId: "r1",
    at: at + 10,
    id,
    seq: Number(id.slice(1)),
    name: "addOne",
    entity: "task",
    version: "v",
    where: "local",
    deps: [],
    inputs: [{ name: "x", preview: preview(5) }],
    ...more,
  };
}

function attempt(id: string, n = 1, atMs = at + 20): RuntimeEvent {
  return { kind: "attempt-started", runId: "r1", at: atMs, id, attempt: n };
}

function settled(id: string, more: Partial<CallSettled> = {}): CallSettled {
  return {
    kind: "call-settled",
    runId: "r1",
    at: at + 30,
    id,
    state: "ok",
    output: preview(6),
    ...more,
  };
}

const ended: RuntimeEvent = { kind: "run-ended", runId: "r1", at: at + 100, state: "ok" };

function fold(...events: readonly RuntimeEvent[]): Records {
  const records = new Records();
  for (const event of events) records.apply(event);
  return records;
}

describe("a call", () => {
  test("goes from queued over running to ok, with its times", () => {
    const records = fold(started, created("t1"));
    const call = records.call("t1");
    expect(call).toMatchObject({ state: "queued", createdAt: at + 10, awaited: true });
    expect(call).not.toHaveProperty("startedAt");
    records.apply(attempt("t1"));
    expect(call).toMatchObject({ state: "running", startedAt: at + 20 });
    records.apply(settled("t1"));
    expect(call).toMatchObject({
      state: "ok",
      endedAt: at + 30,
      output: { line: "6" },
      attempts: [{ n: 1, startedAt: at + 20, endedAt: at + 30 }],
    });
    expect(call).not.toHaveProperty("error");
  });

  test.each([0, -0, "", false, null, undefined, Number.NaN, 0n])(
    "that returns %o has an output",
    (value) => {
      const call = fold(started, created("t1"), settled("t1", { output: preview(value) })).call(
        "t1",
      );
      expect(call?.output).toEqual(preview(value));
      expect(call).not.toHaveProperty("error");
    },
  );

  test("that is retried keeps its attempts, the first start and each error", () => {
    const records = fold(started, created("t1"), attempt("t1"));
    records.apply({
      kind: "attempt-failed",
      runId: "r1",
      at: at + 25,
      id: "t1",
      attempt: 1,
      error: preview(new Error("first")),
      retryAt: at + 40,
    });
    expect(records.call("t1")?.state).toBe("retrying");
    records.apply(attempt("t1", 2, at + 40));
    records.apply(settled("t1", { at: at + 50 }));
    expect(records.call("t1")).toMatchObject({
      state: "ok",
      startedAt: at + 20,
      attempts: [
        { n: 1, endedAt: at + 25, error: { line: "Error: first" }, retryAt: at + 40 },
        { n: 2, startedAt: at + 40, endedAt: at + 50 },
      ],
    });
  });

  test("shows inputs that were awaited in the place of the call they came from", () => {
    const waiting = { line: "← t1 addOne", kind: "call" };
    const inputs = [
      { name: "x", preview: waiting },
      { name: "y", preview: preview(1) },
    ];
    const records = fold(started, created("t2", { inputs, deps: ["t1"] }));
    records.apply({
      kind: "attempt-started",
      runId: "r1",
      at,
      id: "t2",
      attempt: 1,
      inputs: [{ name: "x", preview: preview(6) }],
    });
    expect(records.call("t2")?.inputs.map(({ name, preview: { line } }) => [name, line])).toEqual([
      ["x", "6"],
      ["y", "1"],
    ]);
  });

  test("has progress, a link, a cache outcome and a root failure when they were reported", () => {
    const records = fold(
      started,
      created("t1"),
      { kind: "call-progress", runId: "r1", at, id: "t1", done: 12, total: 40, message: "pages\n" },
      { kind: "call-linked", runId: "r1", at, id: "t1", executionId: "a7", url: "https://c/a7" },
      settled("t1", { state: "cached", cache: { outcome: "hit", reason: "same inputs" } }),
      created("t2"),
      {
        ...settled("t2", { state: "failed", error: preview(new Error("x")), rootFailure: "t1" }),
        output: undefined,
      } as never,
    );
    expect(records.call("t1")).toMatchObject({
      progress: { done: 12, total: 40, message: "pages\\n" },
      link: { executionId: "a7", url: "https://c/a7" },
      cache: { outcome: "hit" },
    });
    expect(records.call("t2")).toMatchObject({ state: "failed", rootFailure: "t1" });
    expect(records.call("t2")).not.toHaveProperty("output");
  });

  test("that nobody awaited is marked by its parent or by the run", () => {
    const records = fold(
      started,
      created("t1"),
      created("t2", { parentId: "t1" }),
      settled("t2"),
      settled("t1", { unawaited: ["t2"] }),
      { ...ended, unawaited: ["t1"] } as RuntimeEvent,
    );
    expect([records.call("t1")?.awaited, records.call("t2")?.awaited]).toEqual([false, false]);
  });
});

describe("a log", () => {
  const log = (text: string, id?: string): RuntimeEvent => ({
    kind: "log",
    runId: "r1",
    at,
    stream: "stdout",
    text,
    ...(id !== undefined && { id }),
  });

  test("keeps the last 50 lines of a call and counts all", () => {
    const records = fold(started, created("t1"));
    for (let line = 1; line <= 362; line++) records.apply(log(`line ${line}\n`, "t1"));
    const { lines, tail } = records.call("t1")?.log ?? { lines: 0, tail: [] };
    expect([lines, tail.length, tail[0], tail.at(-1)]).toEqual([362, 50, "line 313", "line 362"]);
  });

  test("joins what was written without a line end", () => {
    const records = fold(
      started,
      created("t1"),
      log("a", "t1"),
      log("b\nc", "t1"),
      log("\n\n", "t1"),
      log("d", "t1"),
    );
    expect(records.call("t1")?.log).toEqual({ lines: 4, tail: ["ab", "c", "", "d"] });
  });

  test("is bounded whatever is written", () => {
    const records = fold(
      started,
      created("t1"),
      log("x".repeat(1_000_000), "t1"),
      log("y".repeat(1_000_000), "t1"),
    );
    for (let line = 0; line < 100; line++) records.apply(log(`${"z".repeat(5_000)}\n`, "t1"));
    const { tail } = records.call("t1")?.log ?? { tail: [] };
    expect(tail.join("").length).toBeLessThanOrEqual(8_000);
    expect(tail.length).toBeGreaterThan(0);
  });

  test("hides secrets, also one that came in two pieces", () => {
    const records = fold(
      started,
      created("t1"),
      log("Bearer hunter2", "t1"),
      log('hunter2hunter2\npassword="hunter2"\n\x1b[31mred\x1b[0m \x07\n', "t1"),
    );
    expect(records.call("t1")?.log.tail).toEqual([
      "Bearer [redacted]",
      'password="[redacted]"',
      "red \\x07",
    ]);
  });

  test("without a call is counted by its run, and is still taken after the call settled", () => {
    const records = fold(
      started,
      created("t1"),
      settled("t1"),
      log("late\n", "t1"),
      log("a\nb\n"),
      log("c"),
      log("d\n"),
    );
    expect(records.call("t1")?.log.tail).toEqual(["late"]);
    expect(records.run("r1")?.logLines).toBe(3);
  });

  test("of a run that nobody opened is dropped: a cell without calls has no run", () => {
    expect(fold(log("hello\n"), { ...ended }).runs()).toEqual([]);
  });
});

describe("a run", () => {
  test("carries what its start said", () => {
    expect(fold(started).run("r1")).toMatchObject({
      id: "r1",
      cell: 4,
      n: 7,
      cellId: "abc",
      title: "In [7]",
      state: "running",
      startedAt: at,
      backend: "local",
    });
  });

  test("is handled when it ends well although a call failed", () => {
    const bad = settled("t1", { state: "failed", error: preview(new Error("x")) });
    expect(fold(started, created("t1"), bad, ended).run("r1")?.state).toBe("handled");
    expect(fold(started, created("t1"), settled("t1"), ended).run("r1")?.state).toBe("ok");
    expect(
      fold(started, created("t1"), bad, { ...ended, state: "failed" } as RuntimeEvent).run("r1")
        ?.state,
    ).toBe("failed");
  });

  test.each([
    ["interrupted", undefined, "the run was interrupted"],
    [
      "killed",
      { line: "user process ended with SIGKILL", kind: "error" },
      "user process ended with SIGKILL",
    ],
  ] as const)("that was %s closes what was open, with the reason", (state, error, reason) => {
    const records = fold(started, created("t1"), attempt("t1"), created("t2"), {
      ...ended,
      state,
      ...(error && { error }),
    } as RuntimeEvent);
    for (const id of ["t1", "t2"]) {
      expect(records.call(id)).toMatchObject({
        state: "cancelled",
        endedAt: at + 100,
        error: { line: reason },
      });
    }
    expect(records.call("t1")?.attempts[0]?.endedAt).toBe(at + 100);
  });

  test("rises in version with what changes, and only then", () => {
    const records = fold(started, created("t1"), settled("t1"));
    const version = records.run("r1")?.version;
    records.apply(settled("t1"));
    expect(records.run("r1")?.version).toBe(version);
    records.apply(ended);
    expect(records.run("r1")?.version).toBeGreaterThan(version ?? 0);
  });

  test("counts states and functions as they change", () => {
    const records = fold(started, created("t1"), created("t2", { name: "double" }), attempt("t1"));
    const run = records.run("r1");
    expect([...(run?.counts ?? [])].sort()).toEqual([
      ["queued", 1],
      ["running", 1],
    ]);
    records.apply(settled("t1"));
    records.apply(settled("t2"));
    expect([...(run?.counts ?? [])]).toEqual([["ok", 2]]);
    expect([...(run?.groups?.keys() ?? [])]).toEqual(["addOne", "double"]);
    expect(run?.groups?.get("addOne")).toMatchObject({
      total: 1,
      totalMs: 10,
      firstStartedAt: at + 20,
    });
  });
});

describe("bounds", () => {
  test("beyond 10,000 calls good ones are counted, running and failed ones kept", () => {
    const records = fold(started);
    const count = 30_000;
    for (let n = 1; n <= count; n++) {
      const id = `t${n}`;
      records.apply(created(id));
      records.apply(attempt(id));
      const isBad = n % 1_000 === 0;
      if (n < count)
        records.apply(
          isBad ? settled(id, { state: "failed", error: preview(new Error("x")) }) : settled(id),
        );
    }
    const run = records.run("r1");
    expect(run?.calls.size).toBe(10_000 + 19 + 1);
    expect(records.call("t20000")?.state).toBe("failed");
    expect(records.call("t20001")).toBe(undefined);
    expect(run?.counts?.get("ok")).toBe(count - 1 - 29);
    expect(run?.groups?.get("addOne")?.total).toBe(count);
    // A second settle of a counted call makes no stub.
    records.apply(settled("t20001"));
    expect(records.call("t20001")).toBe(undefined);
    expect(run?.lateEvents).toBe(1);
  });

  test("bodies take 2 MB of a run; then the line stays and says where the value is, failures keep theirs", () => {
    const body = (text: string): Preview => ({
      line: '"…"',
      kind: "string",
      body: { as: "text", text },
    });
    const records = fold(started);
    for (let n = 1; n <= 30; n++) {
      records.apply(created(`t${n}`));
      const large = body("x".repeat(100_000));
      records.apply(
        n === 30
          ? settled(`t${n}`, { state: "failed", error: large })
          : settled(`t${n}`, { output: large }),
      );
    }
    expect(records.call("t1")?.output?.body).toBeDefined();
    expect(records.call("t29")?.output).toEqual({
      line: '"…"',
      kind: "string",
      missing: 'value not kept: deck.task("t29").output',
    });
    expect(records.call("t30")?.error?.body).toBeDefined();
  });

  test("old runs go, the newest stay", () => {
    const records = new Records();
    for (let n = 1; n <= 1_500; n++) {
      const runId = `r${n}`;
      records.apply({ ...started, runId } as RuntimeEvent);
      records.apply({ ...created(`t${n}`), runId });
      records.apply({ ...ended, runId } as RuntimeEvent);
    }
    expect(records.runs().length).toBeLessThanOrEqual(1_000);
    expect(records.runs().at(-1)?.id).toBe("r1500");
    expect([records.call("t1"), records.call("t1500")?.state]).toEqual([undefined, "cancelled"]);
  });
});
