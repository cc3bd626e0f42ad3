import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { Records } from "../../../../runtime/events/records.ts";
import { type EagerException, eager, mapTask, task } from "../../../../runtime/index.ts";
import { CacheFile } from "../../../../runtime/store/cache.ts";
import { History } from "../../../../runtime/store/history.ts";
import { Recorder } from "../../../../runtime/store/recorder.ts";
import { observe } from "../../../../runtime/workflow/engine.ts";
import { keepCalls, keptCall } from "../../../../runtime/workflow/kept.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** What a session does with its runs, without a session. */
function recording(folder: string, session = "s1") {
  const records = new Records();
  const notices: string[] = [];
  keepCalls(20_000);
  const recorder = new Recorder({
    folder,
    session,
    isKept: true,
    sourceOf: () => "await flow()",
    valuesOf: keptCall,
    recordOf: (id) => records.run(id),
    notice: (text) => notices.push(text),
  });
  const stop = observe((event) => {
    records.apply(event);
    recorder.event(event);
  });
  return {
    records,
    recorder,
    notices,
    [Symbol.dispose]: () => {
      stop();
      recorder.flush();
      keepCalls(0);
    },
  };
}

async function inRun<T>(work: () => Promise<T>, options: { title?: string } = {}): Promise<Run> {
  const run = new Run({ title: "In [1]", n: 1, cell: 1, ...options });
  await run.enter(work).catch(() => undefined);
  await run.end("ok");
  return run;
}

const step = task({ name: "step" }, ({ x }: { x: number }) => {
  if (x < 0) throw new RangeError(`${x} is below zero`);
  return x * 2;
});
const flow = eager({ name: "flow" }, async () => {
  const two = await step({ x: 1 });
  await step({ x: -two }).catch(() => undefined);
  return two;
});

describe("the history", () => {
  test("has the record of a run, as it was folded, and its values", async () => {
    using folder = tempFolder();
    let runId: string;
    {
      using session = recording(folder.path);
      const run = await inRun(() => flow());
      runId = run.id;
      session.recorder.flush();
      const { history } = History.open(folder.path);
      expect(history.record(runId)).toEqual(toPlain(session.records.run(runId)));
      history.close();
    }
    const { history, notice } = History.open(folder.path);
    expect(notice).toBeUndefined();
    expect(history.runs()).toMatchObject([
      {
        id: runId,
        session: "s1",
        n: 1,
        title: "In [1]",
        name: "flow",
        state: "handled",
        calls: 3,
        source: "await flow()",
      },
    ]);
    const [root, good, bad] = [...(history.record(runId)?.calls.keys() ?? [])];
    expect(history.call(runId, good ?? "")).toMatchObject({
      inputs: { x: 1 },
      outcome: { ok: true, value: 2 },
    });
    const failed = history.call(runId, bad ?? "")?.outcome as { error: EagerException };
    expect(failed.error.cause).toMatchObject({ name: "RangeError", message: "-2 is below zero" });
    expect(history.runOfCall("s1", root ?? "")).toBe(runId);
    expect(history.runOfCall("s2", root ?? "")).toBeUndefined();
    history.close();
  });

  test.each([0, "", false, null, undefined, Number.NaN, -0, 0n])(
    "keeps the value %s",
    async (value) => {
      using folder = tempFolder();
      using session = recording(folder.path);
      const gives = task({ name: "gives" }, (_: object) => value);
      const run = await inRun(() => gives({}));
      const [id = ""] = [...(session.records.run(run.id)?.calls.keys() ?? [])];
      const outcome = session.recorder.readable?.call(run.id, id)?.outcome;
      expect(outcome).toEqual({ ok: true, value });
      expect(outcome && "value" in outcome).toBe(true);
    },
  );

  test("has what a call was given, also when its function changed that", async () => {
    using folder = tempFolder();
    using session = recording(folder.path);
    const sorts = task({ name: "sorts" }, ({ list }: { list: number[] }) => list.sort().push(9));
    const run = await inRun(() => sorts({ list: Promise.resolve([2, 1]) }));
    const [id = ""] = [...(session.records.run(run.id)?.calls.keys() ?? [])];
    expect(session.recorder.readable?.call(run.id, id)?.inputs).toEqual({ list: [2, 1] });
  });

  test("has a run that goes on from its events, and one of a lost process as killed", async () => {
    using folder = tempFolder();
    using session = recording(folder.path);
    const gate = Promise.withResolvers<void>();
    const waits = task({ name: "waits" }, async (_: object) => await gate.promise);
    const run = new Run({ title: "In [2]" });
    const call = run.enter(() => waits({}));
    const history = session.recorder.readable;
    expect(history?.record(run.id)?.calls.get(call.id)?.state).toBe("running");
    expect(history?.run(run.id)?.state).toBe("running");
    const other = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
    // A process that is over: its number may be another one's by now, its start is not.
    other.exec("UPDATE runs SET born = '1'");
    expect(history?.run(run.id)?.state).toBe("killed");
    expect(history?.record(run.id)).toMatchObject({ state: "killed" });
    expect(history?.record(run.id)?.calls.get(call.id)?.state).toBe("cancelled");
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    other.exec(`UPDATE runs SET pid = ${pid}, born = ''`);
    expect(history?.run(run.id)?.state).toBe("killed");
    other.exec("UPDATE runs SET host = 'another machine'");
    expect(history?.run(run.id)?.state).toBe("running");
    other.close();
    gate.resolve();
    await call;
    await run.end("ok");
  });

  test("keeps neither secrets nor what cannot be written, and says so", async () => {
    using folder = tempFolder();
    using session = recording(folder.path);
    const login = task(
      { name: "login" },
      ({ password }: { user: string; password: string; db: () => void }) => ({
        token: password,
      }),
    );
    const run = await inRun(() =>
      login({ user: "me", password: "hunter2hunter2", db: () => undefined }),
    );
    const [id = ""] = [...(session.records.run(run.id)?.calls.keys() ?? [])];
    const stored = session.recorder.readable?.call(run.id, id);
    expect(stored).toMatchObject({
      inputs: { user: "me" },
      missing: { password: "may be a secret", db: "is a function" },
      outcomeMissing: "may be a secret (at .token)",
    });
    session.recorder.flush();
    const raw = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
    const dump = JSON.stringify([
      raw.prepare("SELECT * FROM runs").all(),
      raw.prepare("SELECT * FROM calls").all(),
    ]);
    expect(dump).not.toContain("hunter2");
    raw.close();
  });

  test("is bounded: the oldest of 200 runs go, of 12,000 calls the first 10,000 and failures have values", async () => {
    using folder = tempFolder();
    using session = recording(folder.path);
    for (let n = 0; n < 205; n++) await inRun(() => step({ x: n }), { title: `run ${n}` });
    const many = await inRun(() =>
      mapTask(step, { minSuccessRatio: 0 })(
        Array.from({ length: 12_000 }, (_, n) => ({ x: n === 11_999 ? -1 : n })),
      ),
    );
    const history = session.recorder.readable;
    const runs = history?.runs(1_000) ?? [];
    expect(runs.length).toBe(200);
    expect(runs.at(-1)?.title).toBe("run 6");
    expect(runs[0]).toMatchObject({ id: many.id, calls: 12_001 });
    const raw = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
    const count = raw.prepare("SELECT count(*) AS n FROM calls WHERE run_id = ?").get(many.id);
    expect(Number(count?.["n"])).toBe(10_001);
    expect(raw.prepare("SELECT count(*) AS n FROM events").get()?.["n"]).toBe(0);
    raw.close();
  });
});

describe("a history file that is none", () => {
  const FILES: [string, (file: string) => void][] = [
    [
      "garbage",
      (file) =>
        writeFileSync(file, "this is no database, and long enough to be looked at ".repeat(50)),
    ],
    [
      "a database of another program",
      (file) => {
        const other = new DatabaseSync(file);
        other.exec("CREATE TABLE theirs (a)");
        other.close();
      },
    ],
    [
      "torn in the middle",
      (file) => {
        const own = History.open(join(file, "../..")).history;
        own.close();
        writeFileSync(
          file,
          Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(5_000, 7)]),
        );
      },
    ],
  ];
  test.each(FILES)("%s: is moved aside with a notice, and a new one begun", (_, spoil) => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, ".eagerdeck"));
    spoil(join(folder.path, ".eagerdeck/history.db"));
    const { history, notice } = History.open(folder.path);
    expect(notice).toMatch(
      /history\.db could not be read \(.+\); it was moved aside, and a new one was begun/,
    );
    expect(history.runs()).toEqual([]);
    history.close();
    const names = readdirSync(join(folder.path, ".eagerdeck"));
    expect(names.some((name) => name.startsWith("history.db.unreadable-"))).toBe(true);
  });

  test("of a newer eagerdeck is left alone: the session goes on without, and says so once", async () => {
    using folder = tempFolder();
    History.open(folder.path).history.close();
    const raw = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
    raw.exec("PRAGMA user_version = 99");
    raw.close();
    using session = recording(folder.path);
    await inRun(() => flow());
    session.recorder.flush();
    await inRun(() => flow());
    session.recorder.flush();
    expect(session.notices).toHaveLength(1);
    expect(session.notices[0]).toContain("was written by a newer eagerdeck; update, or remove it");
    // What runs from then on is known within the session.
    expect(session.recorder.readable?.runs().map(({ name }) => name)).toEqual(["flow"]);
  });

  test("a directory, or a place that is a file, costs one notice and nothing else", async () => {
    for (const make of [
      (path: string) => mkdirSync(join(path, ".eagerdeck/history.db"), { recursive: true }),
      (path: string) => writeFileSync(join(path, ".eagerdeck"), ""),
    ]) {
      using folder = tempFolder();
      make(folder.path);
      using session = recording(folder.path);
      await inRun(() => flow());
      session.recorder.flush();
      expect(session.notices).toHaveLength(1);
      expect(session.notices[0]).toMatch(/^this session keeps no history: /);
    }
  });

  test("that breaks while it is used is moved aside, and the next run is kept", async () => {
    using folder = tempFolder();
    using session = recording(folder.path);
    await inRun(() => flow());
    session.recorder.flush();
    const file = join(folder.path, ".eagerdeck/history.db");
    const raw = new DatabaseSync(file);
    raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    raw.close();
    writeFileSync(file, Buffer.alloc(20_000, 7));
    await inRun(() => flow());
    session.recorder.flush();
    await inRun(() => flow());
    expect(session.recorder.readable?.runs().length).toBeGreaterThan(0);
    expect(session.notices.length).toBe(1);
  });
});

test("damage that spares the beginning of the file is moved aside with a notice, when it is met", async () => {
  using folder = tempFolder();
  using session = recording(folder.path);
  for (let n = 0; n < 20; n++) await inRun(() => flow());
  session.recorder.flush();
  session.recorder.readable?.close();
  const file = join(folder.path, ".eagerdeck/history.db");
  const bytes = readFileSync(file);
  writeFileSync(
    file,
    Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 7)]),
  );
  using later = recording(folder.path, "s2");
  for (let n = 0; n < 3; n++) {
    await inRun(() => flow());
    later.recorder.flush();
  }
  expect(later.notices).toEqual([
    expect.stringContaining("it was moved aside, and a new one was begun"),
  ]);
  expect(later.recorder.readable?.runs().length).toBeGreaterThan(0);
});

test("runs whose process was killed make room too", async () => {
  using folder = tempFolder();
  using session = recording(folder.path);
  await inRun(() => step({ x: 1 }));
  session.recorder.flush();
  const raw = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
  for (let n = 0; n < 300; n++) {
    raw.exec(
      `INSERT INTO runs (id, session, host, pid, born, title, state, started_at) SELECT 'lost${n}', session, host, pid, 'x', 'lost', 'running', ${n} FROM runs LIMIT 1`,
    );
  }
  await inRun(() => step({ x: 2 }));
  session.recorder.flush();
  expect(raw.prepare("SELECT count(*) AS n FROM runs").get()?.["n"]).toBe(200);
  raw.close();
});

test("while another session writes nothing waits for long, and what was to be written is, later", async () => {
  using folder = tempFolder();
  using session = recording(folder.path);
  await inRun(() => flow());
  session.recorder.flush();
  const other = new DatabaseSync(join(folder.path, ".eagerdeck/history.db"));
  other.exec("BEGIN IMMEDIATE");
  await inRun(() => flow());
  session.recorder.flush();
  expect(other.prepare("SELECT count(*) AS n FROM runs").get()?.["n"]).toBe(1);
  other.exec("COMMIT");
  await vi.waitFor(
    () => expect(other.prepare("SELECT count(*) AS n FROM runs").get()?.["n"]).toBe(2),
    { timeout: 4_000 },
  );
  expect(session.notices).toEqual([]);
  other.close();
});

test("two sessions write into one folder in turns", async () => {
  using folder = tempFolder();
  const one = new Recorder(recorderOptions(folder.path, "one"));
  const two = new Recorder(recorderOptions(folder.path, "two"));
  for (let n = 0; n < 20; n++) {
    for (const [name, recorder] of [
      ["one", one],
      ["two", two],
    ] as const) {
      const at = Date.now();
      const runId = `${name}-${n}`;
      recorder.event({
        kind: "run-started",
        v: 1,
        runId,
        at,
        title: runId,
        versions: { eagerdeck: "", node: "" },
        backend: "local",
      });
      recorder.event({ kind: "run-ended", runId, at, state: "ok" });
      recorder.flush();
    }
  }
  expect(one.readable?.runs()).toHaveLength(40);
});

function recorderOptions(
  folder: string,
  session: string,
): ConstructorParameters<typeof Recorder>[0] {
  const records = new Records();
  return {
    folder,
    session,
    isKept: true,
    sourceOf: () => undefined,
    valuesOf: () => undefined,
    recordOf: (id) => {
      records.apply({
        kind: "run-started",
        v: 1,
        runId: id,
        at: 0,
        title: id,
        versions: { eagerdeck: "", node: "" },
        backend: "local",
      });
      return records.run(id);
    },
    notice: (text) => {
      throw new Error(text);
    },
  };
}

describe("the file of cached values", () => {
  const entry = {
    key: "k",
    name: "t",
    interface: "i",
    version: "1",
    inputs: { x: "h" },
    storedAt: 5,
  };

  test("gives back what it was given, after a restart too, and forgets all when it is told to", () => {
    using folder = tempFolder();
    const { cache } = CacheFile.open(folder.path);
    expect(cache.put({ ...entry, value: undefined })).toBeUndefined();
    expect(cache.put({ ...entry, key: "k2", value: () => 1 })).toBe("it is a function");
    cache.close();
    const again = CacheFile.open(folder.path).cache;
    expect(again.get("k")).toEqual({ value: undefined, storedAt: 5 });
    expect(again.get("k2")).toBeUndefined();
    const { key: _, ...description } = entry;
    expect(again.newestOf("t")).toEqual(description);
    expect(again.newestOf("u")).toBeUndefined();
    expect(again.clear()).toBe(1);
    expect(again.get("k")).toBeUndefined();
    again.close();
  });
});

/** Without what only the fold needs. */
function toPlain(run: unknown): unknown {
  return expect.objectContaining(
    Object.fromEntries(
      Object.entries(run as object).filter(([name]) =>
        ["id", "state", "calls", "counts", "groups", "startedAt"].includes(name),
      ),
    ),
  );
}
