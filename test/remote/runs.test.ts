/** What a killed process has left running on a cluster: `runs()` lists it, goes on with it, ends it. Runs `dist/`. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { task, z } from "../../runtime/index.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { openSession, type TestSession } from "../support/session.ts";

let waiting: (() => void)[] = [];
let isReleased = false;
/** Ends at once for negative numbers, else when the test lets it. */
const naps = task(
  { inputs: { x: z.int() }, output: z.int() },
  async function naps({ x }, { signal }) {
    if (x < 0) return x;
    await new Promise<void>((done, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (isReleased) done();
      waiting.push(done);
    });
    return x;
  },
);
const release = () => {
  isReleased = true;
  for (const done of waiting) done();
};

let rig: RemoteRig;
let session: TestSession;
beforeEach(async () => {
  waiting = [];
  isReleased = false;
  rig = await remoteRig();
  await rig.serve(naps, { name: "naps" });
  session = openSession();
});
afterEach(async () => {
  await session[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const remoteOf = (endpoint: string) => `new FlyteRemote({
  config: Config.forEndpoint("${endpoint}", { insecure: true }),
  defaultProject: "flytesnacks", defaultDomain: "development",
})`;
const setUp = () => `
const remote = ${remoteOf(rig.double.endpoint)};
const naps = await remote.fetchTask("naps");
const many = eager({ name: "many", remote }, async ({ n }) => {
  const first = await naps({ x: -1 });
  return [first, ...await Promise.all(Array.from({ length: n }, (_, x) => naps({ x })))];
});`;
const CELL = "await many({ n: 20 })";

const count = (phase: string) =>
  rig.double.executions().filter((execution) => execution.phase === phase).length;
const names = () => rig.double.executions().map(({ name }) => name);

/** Executions that the history knows by now. */
function linksKept(): number {
  const database = new DatabaseSync(join(session.folder, ".eagerdeck/history.db"), {
    readOnly: true,
  });
  try {
    const rows = database.prepare("SELECT batch FROM events").all();
    return rows.flatMap(({ batch }) => String(batch).match(/"call-linked"/g) ?? []).length;
  } finally {
    database.close();
  }
}

/** The user process is killed while twenty children run; one has ended before. */
async function killed(cell = CELL, links = 21): Promise<void> {
  await session.run(setUp());
  const pid = Number(await session.value("process.pid"));
  const ran = session.session.execute({ code: cell });
  await rig.double.when(() => count("RUNNING") === 20);
  await vi.waitFor(() => expect(linksKept()).toBe(links), { timeout: 10_000 });
  process.kill(pid, "SIGKILL");
  expect((await ran.settled).error?.code).toBe("SESSION_LOST");
}

/** With the settings of before, in the process that came after it. */
const again = async () => expect((await session.run(setUp())).status).toBe("ok");

/** Resolves when the session says it. */
async function noticed(text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  session.session.onEvent((item) => {
    if (item.kind === "notice" && item.text.includes(text)) resolve();
  });
  await promise;
}

describe("a run whose process was killed with twenty children running", () => {
  test("is listed with how many may still run and what to type, and so does its deck", async () => {
    await killed();
    const list = (await session.value("runs()")) ?? "";
    expect(list).toMatch(/^\[0\] {2}✕ killed {2}In \[3\] {2}22 calls .* 20 may still run$/m);
    expect(list).toContain("await runs()[0].resume()      goes on with them");
    expect(list).toContain("await runs()[0].cancel()      ends them");
    await session.run('await task({ name: "quick" }, () => 1)()');
    const deck = (await session.value("runs()[1]")) ?? "";
    expect(deck).toContain("Go on: await runs()[1].resume()");
    expect(deck).toContain(
      "20 executions on the cluster may still run. To end them: await runs()[1].cancel()",
    );
  });

  test("lists its executions as they stand, each with its call, phase and page", async () => {
    await killed();
    await again();
    const list = (await session.value("await runs()[0].executions({ remote })")) ?? "";
    const [head, ...rows] = list.split("\n");
    expect(head).toMatch(/^call +name +phase +url$/);
    expect(rows).toHaveLength(20);
    const [one = ""] = names().slice(1);
    const page = `http://${rig.double.endpoint}/console/projects/flytesnacks/domains/development/executions/${one}`;
    const row = rows.find((line) => line.endsWith(page));
    expect(row).toMatch(/^t\d+ +naps +RUNNING +http/);
    rig.double.abort(one, "enough");
    await rig.double.when(() => count("ABORTED") === 1);
    expect(
      await session.value(
        "(await runs()[0].executions({ remote })).map((each) => each.phase).filter((phase) => phase !== 'RUNNING')",
      ),
    ).toBe("[ 'ABORTED' ]");
    expect(await session.value("runs()")).toContain("19 may still run");
  });

  test("is cancelled: all twenty end, nothing else does, and a second time there is nothing to end", async () => {
    await killed();
    await again();
    await session.run("const other = await remote.execute(naps, { x: 99 })");
    await rig.double.when(() => count("RUNNING") === 21);
    expect(await session.value("await runs()[0].cancel({ remote })")).toBe(
      "20 executions of In [3] were ended",
    );
    await rig.double.when(() => count("ABORTED") === 20);
    expect([count("RUNNING"), count("SUCCEEDED")]).toEqual([1, 1]);
    expect(rig.double.execution(names()[5] ?? "").abort?.cause).toContain(
      "eagerdeck: the process of In [3] was lost, and runs().cancel() ended what it had left running (eager-local-",
    );
    expect(await session.value("runs()")).not.toContain("may still run");
    expect(await session.value("runs()[0]")).not.toContain("may still run");
    expect(await session.value("await runs()[0].cancel({ remote })")).toContain("nothing to end");
    const allEnded = await session.value(
      "(await runs()[0].executions({ remote })).every((each) => each.phase === 'ABORTED')",
    );
    expect(allEnded).toBe("true");
  });

  test("is cancelled through the cluster of the session; without one it says what to type", async () => {
    await killed();
    const asked = session.value("await runs()[0].cancel()");
    await expect(asked).rejects.toThrow(
      `20 executions of In [3] may still run at http://${rig.double.endpoint}, and this session has no cluster`,
    );
    await expect(asked).rejects.toThrow("%remote flytesnacks/development");
    await expect(asked).rejects.toThrow("await runs()[0].cancel({ remote: new FlyteRemote(");
    await session.run(`${remoteOf(rig.double.endpoint)}.use()`);
    expect(await session.value("(await runs()[0].cancel()).ended")).toBe("20");
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("is not looked for on another cluster, and nothing is lost when its own does not answer", async () => {
    await killed();
    await again();
    await using other = await remoteRig();
    await expect(
      session.value(`await runs()[0].cancel({ remote: ${remoteOf(other.double.endpoint)} })`),
    ).rejects.toThrow(
      `20 executions of In [3] may run on http://${rig.double.endpoint}, and http://${other.double.endpoint} was asked`,
    );
    expect(other.double.requests.count()).toBe(0);
    rig.double.faults.fail("ListExecutions", 1, Code.PermissionDenied, "not you");
    await expect(session.value("await runs()[0].cancel({ remote })")).rejects.toThrow("not you");
    expect([count("RUNNING"), await session.value("runs()")]).toEqual([
      20,
      expect.stringContaining("20 may still run"),
    ]);
    await expect(session.value('await runs()[0].cancel({ remote: "prod" })')).rejects.toThrow(
      'cancel({ remote }) takes a FlyteRemote, not "prod"',
    );
  });

  test("keeps them while its cluster does not answer, and ends them when it does again", async () => {
    await killed();
    const cancel = `(await runs()[0].cancel({ remote: ${remoteOf(rig.double.endpoint)} })).ended`;
    await rig.double.faults.stopListening();
    await expect(session.value(cancel)).rejects.toThrow(
      "could not ask the cluster what still runs",
    );
    expect([count("RUNNING"), await session.value("runs()")]).toEqual([
      20,
      expect.stringContaining("20 may still run"),
    ]);
    await rig.double.faults.listenAgain();
    expect(await session.value(cancel)).toBe("20");
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("has those with a name of the user's own ended too, and not what others run under such a name", async () => {
    const cell = `await Promise.all(Array.from({ length: 20 }, (_, x) => naps.with({ executionName: "mine-" + x })({ x })))`;
    await killed(cell, 20);
    await again();
    rig.double.abort("mine-3", "enough");
    await rig.double.when(() => count("ABORTED") === 1);
    await session.run(
      'const other = await remote.execute(naps, { x: 99 }, { executionName: "theirs" })',
    );
    const history = new DatabaseSync(join(session.folder, ".eagerdeck/history.db"));
    history.exec("UPDATE events SET batch = replace(batch, 'mine-3', 'theirs')");
    history.close();
    expect(await session.value("(await runs()[0].cancel({ remote })).ended")).toBe("19");
    await rig.double.when(() => count("ABORTED") === 20);
    expect(rig.double.execution("theirs").phase).toBe("RUNNING");
  });

  test("names those that could not be ended, with their pages, and the rest is ended", async () => {
    await killed();
    await again();
    rig.double.faults.fail("TerminateExecution", 1, Code.PermissionDenied, "not this one");
    const said =
      (await session.value("const report = await runs()[0].cancel({ remote }); report")) ?? "";
    expect(said).toMatch(
      /^19 executions of In \[3\] were ended, 1 could not be:\n {2}http:\S+\/executions\/e-many-\S+: could not end it: not this one/,
    );
    expect(await session.value("[report.ended, report.notEnded.length]")).toBe("[ 19, 1 ]");
    expect(await session.value("runs()")).toContain(" 1 may still run");
    expect(await session.value("await runs()[0].cancel({ remote })")).toBe(
      "1 execution of In [3] was ended",
    );
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("is resumed: what went well is taken from before, the twenty are taken up, none runs twice", async () => {
    await killed();
    const before = names();
    await again();
    const goesOn = noticed("goes on with 20 executions that In [3] had started");
    const resumed = session.session.execute({ code: "await runs()[0].resume()" });
    await goesOn;
    {
      await using another = openSession({ folder: session.folder });
      await another.run(setUp());
      expect(await another.value("runs()")).not.toContain("may still run");
      const refusal = "In [3] has gone on with the executions of In [3], and still runs";
      await expect(another.value("await runs()[1].cancel({ remote })")).rejects.toThrow(refusal);
      await expect(another.value("await runs()[0].cancel({ remote })")).rejects.toThrow(
        "In [3] still runs, in another process: interrupt it there",
      );
      await expect(another.value("await runs()[1].resume()")).rejects.toThrow("still runs; wait");
    }
    expect(count("RUNNING")).toBe(20);
    release();
    expect((await resumed.settled).value?.["text/plain"]).toContain("17, 18, 19");
    expect(names()).toEqual(before);
    expect(count("SUCCEEDED")).toBe(21);
    expect(await session.value("runs()")).not.toContain("may still run");
    expect(await session.value("await runs()[1].cancel({ remote })")).toBe(
      "nothing to end: In [3] has left nothing running",
    );
  });

  test("and was resumed and killed once more has its executions in the newer run, which ends them", async () => {
    await killed();
    await again();
    const pid = Number(await session.value("process.pid"));
    const goesOn = noticed("goes on with 20 executions");
    const resumed = session.session.execute({ code: "await runs()[0].resume()" });
    await goesOn;
    await vi.waitFor(() => expect(linksKept()).toBe(41), { timeout: 10_000 });
    process.kill(pid, "SIGKILL");
    expect((await resumed.settled).error?.code).toBe("SESSION_LOST");
    await again();
    const list = (await session.value("runs()")) ?? "";
    expect(list.match(/may still run$/gm)).toHaveLength(1);
    expect(list.split("\n")[0]).toContain("20 may still run");
    expect(await session.value("(await runs()[0].cancel({ remote })).ended")).toBe("20");
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("runs anew when it is resumed after it was cancelled, and takes what went well", async () => {
    await killed();
    await again();
    await session.value("await runs()[0].cancel({ remote })");
    release();
    expect(await session.value("await runs()[0].resume()")).toContain("19");
    expect([count("ABORTED"), count("SUCCEEDED")]).toEqual([20, 21]);
  });
});

describe("a run whose process lives", () => {
  test("has its calls cancelled, and what they had started is ended", async () => {
    await session.run(setUp());
    await session.run("var end = many({ n: 20 }).catch((error) => error.code); 0");
    await rig.double.when(() => count("RUNNING") === 20);
    expect(await session.value("(await deck.executions({ remote })).length")).toBe("20");
    expect(await session.value("await deck.cancel()")).toBe(
      "1 call of In [2] was cancelled, with what it had started",
    );
    expect(await session.value("await end")).toBe("'CANCELLED'");
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("and has ended has nothing to end, and the cluster is not asked", async () => {
    release();
    await session.run(setUp());
    await session.run(CELL);
    const asked = rig.double.requests.count();
    expect(await session.value("await runs()[0].cancel()")).toBe(
      "nothing to end: In [2] has left nothing running",
    );
    expect(await session.value("await runs()[0].executions()")).toBe(
      "no executions: nothing was left running",
    );
    expect(rig.double.requests.count()).toBe(asked);
    await expect(session.value("await runs()[0].cancel({ cluster: 1 })")).rejects.toThrow(
      "cluster",
    );
  });
});
