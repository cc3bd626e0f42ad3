import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RuntimeEvent } from "../../../../runtime/events/events.ts";
import type { RunRecord } from "../../../../runtime/events/record-shape.ts";
import { Records } from "../../../../runtime/events/records.ts";

const value = { line: "1", kind: "number" };
const error = { line: "Error: x", kind: "error" };

/** Events in no sensible order: lost creates, duplicates, late ones, kinds of a newer version. */
const anyEvent: fc.Arbitrary<RuntimeEvent> = fc
  .record({
    runId: fc.constantFrom("r1", "r2"),
    id: fc.constantFrom("t1", "t2", "t3", "t4"),
    at: fc.integer({ min: 0, max: 1_000 }),
    attempt: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom("addOne", "double"),
    text: fc.constantFrom("a", "a\n", "\n", "", "a\nb"),
    kind: fc.constantFrom(
      "run-started",
      "call-created",
      "attempt-started",
      "attempt-failed",
      "call-progress",
      "call-linked",
      "call-noted",
      "execution-ended",
      "settled-ok",
      "settled-failed",
      "log",
      "run-ended",
      "from-the-future",
    ),
    retries: fc.boolean(),
  })
  .map(({ kind, runId, id, at, attempt, name, text, retries }): RuntimeEvent => {
    const base = { runId, at };
    switch (kind) {
      case "run-started":
        return {
          ...base,
          kind,
          v: 1,
          title: "t",
          versions: { eagerdeck: "", node: "" },
          backend: "local",
        };
      case "call-created":
        return {
          ...base,
          kind,
          id,
          seq: Number(id.slice(1)),
          name,
          entity: "task",
          version: "",
          where: "local",
          deps: [],
          inputs: [],
        };
      case "attempt-started":
        return { ...base, kind, id, attempt };
      case "attempt-failed":
        return { ...base, kind, id, attempt, error, ...(retries && { retryAt: at + 1 }) };
      case "call-progress":
        return { ...base, kind, id, done: attempt };
      case "call-linked":
        return { ...base, kind, id, executionId: "e" };
      case "call-noted":
        return { ...base, kind, id, text };
      case "execution-ended":
        return { ...base, kind, id, phase: text };
      case "settled-ok":
        return { ...base, kind: "call-settled", id, state: "ok", output: value, unawaited: ["t4"] };
      case "settled-failed":
        return { ...base, kind: "call-settled", id, state: "failed", error };
      case "log":
        return { ...base, kind, stream: "log", text, ...(retries && { id }) };
      case "run-ended":
        return { ...base, kind, state: "ok", unawaited: ["t1", "t9"] };
      default:
        return { ...base, kind } as never;
    }
  });

function fold(events: readonly RuntimeEvent[]): Records {
  const records = new Records();
  for (const event of events) records.apply(event);
  return records;
}

function plain(run: RunRecord): unknown {
  return structuredClone({ ...run });
}

describe("whatever comes in whatever order", () => {
  test("F1: the fold never throws, and folding again gives the same", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        expect(fold(events).runs().map(plain)).toEqual(fold(events).runs().map(plain));
      }),
    );
  });

  test("F1: looking in between changes nothing", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const records = new Records();
        for (const event of events) {
          records.apply(event);
          for (const run of records.runs()) plain(run);
        }
        expect(records.runs().map(plain)).toEqual(fold(events).runs().map(plain));
      }),
    );
  });

  test("F2: a settled call does not change any more, but for its log and who awaited it", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const records = new Records();
        const settled = new Map<string, unknown>();
        const fixed = (id: string) => {
          const call = records.call(id);
          if (call?.endedAt === undefined) return undefined;
          const { state, endedAt, output, error: failure, attempts, startedAt, progress } = call;
          return structuredClone({
            state,
            endedAt,
            output,
            failure,
            attempts,
            startedAt,
            progress,
          });
        };
        for (const event of events) {
          records.apply(event);
          for (const id of ["t1", "t2", "t3", "t4"]) {
            const now = fixed(id);
            if (settled.has(id)) expect(now).toEqual(settled.get(id));
            else if (now) settled.set(id, now);
          }
        }
      }),
    );
  });

  test("F3: no call is open after the run has ended; output and error exclude each other", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        for (const run of fold(events).runs()) {
          for (const call of run.calls.values()) {
            if (run.endedAt !== undefined) expect(call.endedAt).toBeDefined();
            const isGood = call.state === "ok" || call.state === "cached";
            const isBad = call.state === "failed" || call.state === "cancelled";
            expect("output" in call).toBe(isGood);
            expect("error" in call).toBe(isBad);
            expect(call.endedAt !== undefined).toBe(isGood || isBad);
          }
        }
      }),
    );
  });

  test("the counts are those of the calls", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        for (const run of fold(events).runs()) {
          const counted = new Map<string, number>();
          const named = new Map<string, number>();
          for (const { state, name } of run.calls.values()) {
            counted.set(state, (counted.get(state) ?? 0) + 1);
            named.set(name, (named.get(name) ?? 0) + 1);
          }
          expect(new Map(run.counts)).toEqual(counted);
          const groups = [...(run.groups?.values() ?? [])];
          expect(new Map(groups.map(({ name, total }) => [name, total]))).toEqual(named);
        }
      }),
    );
  });

  test("a kind of a newer version is counted and skipped", () => {
    const run = fold([
      {
        kind: "run-started",
        runId: "r1",
        at: 0,
        v: 1,
        title: "t",
        versions: { eagerdeck: "", node: "" },
        backend: "",
      },
      { kind: "deck-moved", runId: "r1", at: 1 } as never,
      { kind: "deck-moved", runId: "elsewhere", at: 1 } as never,
    ]).run("r1");
    expect(run?.unknownEvents).toBe(1);
  });

  test("a call whose creation was lost has a record, which a late creation fills", () => {
    const records = fold([
      { kind: "call-settled", runId: "r9", at: 5, id: "t7", state: "ok", output: value },
    ]);
    expect(records.call("t7")).toMatchObject({
      name: "(unknown call)",
      state: "ok",
      output: value,
    });
    records.apply({
      kind: "run-started",
      runId: "r9",
      at: 1,
      v: 1,
      n: 3,
      title: "In [3]",
      versions: { eagerdeck: "1", node: "24" },
      backend: "local",
    });
    records.apply({
      kind: "call-created",
      runId: "r9",
      at: 2,
      id: "t7",
      seq: 1,
      name: "late",
      entity: "task",
      version: "",
      where: "local",
      deps: [],
      inputs: [],
    });
    expect(records.run("r9")).toMatchObject({ n: 3, title: "In [3]", startedAt: 1 });
    expect(records.call("t7")).toMatchObject({ name: "late", state: "ok", output: value, seq: 1 });
    expect([...(records.run("r9")?.groups?.keys() ?? [])]).toEqual(["late"]);
  });

  test("an event that names a call of another run changes neither", () => {
    const create = (runId: string, id: string): RuntimeEvent => ({
      kind: "call-created",
      runId,
      at: 1,
      id,
      seq: 1,
      name: "f",
      entity: "task",
      version: "",
      where: "local",
      deps: [],
      inputs: [],
    });
    const records = fold([
      create("r1", "t1"),
      create("r2", "t1"),
      { kind: "call-settled", runId: "r2", at: 2, id: "t1", state: "ok", output: value },
    ]);
    expect(records.call("t1")).toMatchObject({ runId: "r1", state: "queued" });
    expect(records.run("r2")?.calls.size).toBe(0);
  });
});
