/** Calls on a cluster, against the double. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Config } from "../../runtime/flyte/config.ts";
import type { FlyteRemoteOptions } from "../../runtime/flyte/options.ts";
import { setEarlierTags } from "../../runtime/flyte/tags.ts";
import { EagerException, eager, FlyteFile, group, mapTask, task, z } from "../../runtime/index.ts";
import { finished } from "../../runtime/workflow/leaving.ts";
import { Run } from "../../runtime/workflow/run.ts";
import { TaskFailure } from "../support/flyte-double/double.ts";
import { observedEvents, rejection } from "../support/observed-events.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { tempFolder } from "../support/temp-folder.ts";

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
  return x + 1;
});
const double = task({ inputs: { x: z.int() }, output: z.int() }, function double({ x }) {
  return x * 2;
});
const waits = task(
  { inputs: { x: z.int() }, output: z.int() },
  async function waits(_, { signal }) {
    return await new Promise<number>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  },
);

const PLACE = { defaultProject: "flytesnacks", defaultDomain: "development" };

let rig: RemoteRig;
beforeEach(async () => {
  rig = await remoteRig();
});
afterEach(async () => {
  setEarlierTags(undefined);
  await rig[Symbol.asyncDispose]();
});

const running = () =>
  rig.double.executions().filter(({ phase }) => ["QUEUED", "RUNNING", "UNDEFINED"].includes(phase));

describe("a call on a cluster", () => {
  test("gives the plain value, and its row leads to its execution", async () => {
    await rig.serve(addOne);
    await rig.serve(double);
    using seen = observedEvents();
    const simple = eager({ remote: rig.remote }, async function simple({ x }: { x: number }) {
      const out = await addOne({ x });
      if (out < 0) return -1;
      return await double({ x: out });
    });
    expect(await simple({ x: 5 })).toBe(12);
    expect(await simple({ x: -7 })).toBe(-1);
    const [first] = rig.double.executions();
    const linked = seen.events.find(({ kind }) => kind === "call-linked");
    expect(linked).toMatchObject({
      executionId: first?.name,
      url: `http://${rig.double.endpoint}/console/projects/flytesnacks/domains/development/executions/${first?.name}`,
      version: "v1",
    });
    expect(first?.name).toMatch(/^e-simple-[a-z0-9-]{1,5}-addone-[0-9a-f]{16}$/);
    expect(first?.labels).toMatchObject({ "eager-exec": linked && "tag" in linked && linked.tag });
    expect(first?.environment["_F_EE_ROOT"]).toBe(first?.labels["eager-exec"]);
  });

  test.each([
    ["0", z.int(), 0],
    ["an empty text", z.string(), ""],
    ["false", z.boolean(), false],
    ["an empty list", z.array(z.int()), []],
    ["null", z.int().nullable(), null],
    ["-0", z.number(), -0],
    ["an empty object", z.object({}), {}],
  ])("%s is a value, in the code and in the deck", async (_name, output, value) => {
    const gives = task({ inputs: {}, output }, function gives() {
      return value as never;
    });
    await rig.serve(gives);
    using seen = observedEvents();
    expect(await gives.on(rig.remote)()).toEqual(value);
    const settled = seen.events.findLast(({ kind }) => kind === "call-settled");
    expect(settled).toMatchObject({ state: "ok", output: { line: expect.any(String) } });
  });

  test("twelve outputs are a tuple in the order of their numbers", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `o${index}`);
    const many = task(
      { inputs: {}, outputs: Object.fromEntries(names.map((name) => [name, z.int()])) },
      function many() {
        return Object.fromEntries(names.map((name, index) => [name, index])) as never;
      },
    );
    const name = await rig.serve(many);
    const fetched = await rig.remote.fetchTask(name);
    expect(await fetched()).toEqual(names.map((_, index) => index));
  });

  test("named outputs are an object", async () => {
    const both = task(
      { inputs: { x: z.int() }, outputs: { half: z.number(), text: z.string() } },
      function both({ x }) {
        return { half: x / 2, text: String(x) };
      },
    );
    await rig.serve(both);
    expect(await both.on(rig.remote)({ x: 3 })).toEqual({ half: 1.5, text: "3" });
  });

  test("a file of this machine that is not there is an input that does not fit, by name", async () => {
    const reads = task({ inputs: { file: FlyteFile.schema() } }, function reads() {});
    await rig.serve(reads);
    const error = await rejection(reads.on(rig.remote)({ file: FlyteFile.from("no/such.csv") }));
    expect(error).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/^reads: there is no file .*no\/such\.csv$/),
    });
    expect(rig.double.executions()).toEqual([]);
  });

  test("inputs that do not fit the interface there start nothing, and every path is named", async () => {
    await rig.serve(
      task({ name: "addOne", inputs: { x: z.int() }, output: z.int() }, () => 0),
      {
        name: "there",
      },
    );
    const there = await rig.remote.fetchTask("there");
    const error = await rejection(there({ x: "five", y: 1 }));
    expect(error).toMatchObject({ code: "INPUT_INVALID" });
    expect((error as Error).message).toMatch(/x: expected .*integer.*; y/);
    expect(rig.double.executions()).toEqual([]);
  });

  test("a name that nobody registered is refused with those that are near", async () => {
    await rig.serve(addOne, { name: "ml.train" });
    await rig.serve(addOne, { name: "ml.serve" });
    await expect(rig.remote.fetchTask("ml.trian")).rejects.toMatchObject({
      code: "REMOTE_NOT_FOUND",
      message: expect.stringContaining("near it are ml.train, ml.serve"),
    });
    await expect(rig.remote.fetchWorkflow("ml.train")).rejects.toMatchObject({
      code: "REMOTE_NOT_FOUND",
      message: expect.stringContaining(`but a task of that name: fetchTask("ml.train")`),
    });
    const error = await rejection(double.on(rig.remote)({ x: 1 }));
    expect(error).toMatchObject({ code: "REMOTE_NOT_FOUND", kind: "system" });
    expect((error as Error).message).toContain("eagerdeck register");
  });

  test("the latest version runs, or the one that is pinned", async () => {
    const gives = (value: string) =>
      task({ name: "gives", inputs: {}, output: z.string() }, () => value);
    await rig.serve(gives("old"), { name: "gives", version: "v1" });
    await rig.serve(gives("new"), { name: "gives", version: "v2" });
    const latest = await rig.remote.fetchTask("gives");
    const pinned = await rig.remote.fetchTask({ name: "gives", version: "v1" });
    expect([latest.version, pinned.version]).toEqual(["v2", "v1"]);
    await pinned();
    await latest.with({ version: "v1" })();
    await latest();
    expect(rig.double.executions().map(({ version }) => version)).toEqual(["v1", "v1", "v2"]);
  });

  test("schemas that disagree with the interface are refused path by path", async () => {
    await rig.serve(addOne, { name: "one" });
    const options = { name: "one", inputs: { x: z.string(), z: z.int() }, output: z.string() };
    const error = (await rejection(rig.remote.fetchTask(options))) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/input x is integer there.*no input z.*output o0 is integer/);
  });
});

describe("a failure there", () => {
  test("is an EagerException with the class, the message and the page of what failed", async () => {
    await rig.serve(addOne);
    const message =
      "[1/1] currentAttempt done. Last Error: USER::Trace:\n\n    Traceback (most recent call last):\n" +
      '      File "flows.py", line 3, in train\n    ValueError: no rows\n\nMessage:\n\n    ValueError: no rows\n';
    for (const name of ["there"]) await rig.serve(addOne, { name });
    rig.double.answer("there", () => {
      throw new TaskFailure(message, { code: "RetriesExhausted|USER:ValueError" });
    });
    const there = await rig.remote.fetchTask("there");
    const error = (await rejection(there({ x: 1 }))) as EagerException;
    expect(error).toBeInstanceOf(EagerException);
    expect(error).toMatchObject({ code: "REMOTE_FAILED", kind: "user", task: "there" });
    expect(error.url).toContain("/executions/");
    expect(error.message).toBe("there failed: ValueError: no rows");
    expect(error.cause).toMatchObject({ name: "ValueError", message: "no rows" });
    expect((error.cause as Error).stack).toContain('File "flows.py", line 3');
  });

  test("is caught by the workflow as the seed does it", async () => {
    await rig.serve(
      task({ name: "raises", inputs: { x: z.int() }, output: z.int() }, ({ x }) => {
        if (x <= 0) throw new TypeError("not positive");
        return x;
      }),
      { name: "raises" },
    );
    const raises = await rig.remote.fetchTask<{ x: number }, number>("raises");
    const flow = eager({ remote: rig.remote }, async function flow({ x }: { x: number }) {
      try {
        return await raises({ x });
      } catch (error) {
        if (error instanceof EagerException) return -1;
        throw error;
      }
    });
    expect([await flow({ x: 0 }), await flow({ x: 2 })]).toEqual([-1, 2]);
  });

  test("an execution that somebody else aborts says who and why", async () => {
    await rig.serve(waits);
    const call = waits.on(rig.remote)({ x: 1 });
    await rig.double.when((all) => all.some(({ phase }) => phase === "RUNNING"));
    const [{ name } = { name: "" }] = rig.double.executions();
    await rig.client.admin.terminateExecution({
      id: { project: "flytesnacks", domain: "development", name },
      cause: "too expensive",
    });
    const error = await rejection(call);
    expect(error).toMatchObject({ code: "REMOTE_ABORTED", kind: "cancelled" });
    expect((error as Error).message).toContain("too expensive");
  });
});

describe("names", () => {
  test("equal calls in any order of start have the same names in another run of their parent", async () => {
    await rig.serve(addOne);
    const flow = (xs: readonly number[]) =>
      eager({ name: "flow", remote: rig.remote }, async () => {
        return await Promise.all(xs.map((x) => addOne({ x })));
      });
    setEarlierTags(() => "eager-local-same");
    await flow([1, 2, 2, 3])();
    const first = rig.double.executions().map(({ name }) => name);
    const again = await flow([3, 2, 1, 2])();
    expect(again).toEqual([4, 3, 2, 3]);
    expect(rig.double.executions().map(({ name }) => name)).toEqual(first);
    expect(new Set(first).size).toBe(4);
  });

  test("an execution of that name which is another one is refused and left alone", async () => {
    await rig.serve(addOne);
    await rig.serve(double);
    await addOne.on(rig.remote).with({ executionName: "taken" })({ x: 1 });
    const error = await rejection(double.on(rig.remote).with({ executionName: "taken" })({ x: 1 }));
    expect(error).toMatchObject({ code: "NAME_COLLISION" });
    expect(rig.double.executions()).toHaveLength(1);
  });

  /** A parent in a container, in a process of its own: the cluster tells it which execution it is. */
  async function parent(options: Partial<FlyteRemoteOptions> = {}): Promise<string> {
    const index = JSON.stringify(pathToFileURL(resolve("runtime/index.ts")).href);
    const given = JSON.stringify({ ...PLACE, ...options });
    const program = `
      import { Config, eager, FlyteRemote } from ${index};
      const config = Config.forEndpoint("${rig.double.endpoint}", { insecure: true });
      await using remote = new FlyteRemote({ config, ...${given} });
      const [first, second] = [await remote.fetchTask("first"), await remote.fetchTask("second")];
      const flow = eager({ name: "flow", remote }, async () => [await first({ x: 1 }), await second({ x: 1 })]);
      console.log(await flow().then(JSON.stringify, (error) => error.code + " " + error.cause.code));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", program],
      { env: { ...process.env, FLYTE_INTERNAL_EXECUTION_ID: "fparent" } },
    );
    return stdout.trim();
  }
  const seen = () => rig.double.executions().map(({ entity, phase }) => `${entity} ${phase}`);

  test("a parent that begins again takes what succeeded, and tries what failed once more", async () => {
    let fails = true;
    const second = task({ inputs: { x: z.int() }, output: z.int() }, function second({ x }) {
      if (fails) throw new Error("not yet");
      return x * 2;
    });
    await rig.serve(addOne, { name: "first" });
    await rig.serve(second, { name: "second" });
    expect(await parent()).toBe("TASK_FAILED REMOTE_FAILED");
    const tried = ["first SUCCEEDED", "second FAILED"];
    expect(seen()).toEqual(tried);

    expect(await parent({ rerunFailed: false })).toBe("TASK_FAILED REMOTE_FAILED");
    expect(seen()).toEqual(tried);

    fails = false;
    expect(await parent()).toBe("[2,2]");
    expect(seen()).toEqual([...tried, "second SUCCEEDED"]);
    const [, failed, again] = rig.double.executions();
    expect(again?.name).toBe(`${failed?.name}-r1`);
  });
});

describe("nothing is left running", () => {
  const manyWait = (count: number) =>
    eager({ name: "many", remote: rig.remote }, async () => {
      await Promise.all(Array.from({ length: count }, (_, x) => waits({ x })));
    });

  test("when the run is interrupted", async () => {
    await rig.serve(waits);
    const run = new Run({ title: "In [1]" });
    const call = run.enter(() => manyWait(20)());
    void run.end("ok");
    await rig.double.when((all) => all.filter(({ phase }) => phase === "RUNNING").length === 20);
    run.abort(Object.assign(new Error("the cell was stopped"), { name: "Interrupted" }));
    await rejection(call);
    await finished(10_000);
    await rig.double.when((all) => all.every(({ phase }) => phase === "ABORTED"));
    expect(rig.double.executions()[0]?.abort?.cause).toContain("the cell was stopped");
  });

  test("when a call is cancelled while the request to start it is on its way", async () => {
    await rig.serve(waits);
    rig.double.faults.latencyMs = 100;
    const call = waits.on(rig.remote)({ x: 1 });
    await rig.double.when(() => rig.double.requests.count("CreateExecution") > 0);
    call.cancel(new Error("changed my mind"));
    await rejection(call);
    await finished(10_000);
    await rig.double.when((all) => all.every(({ phase }) => phase === "ABORTED"));
    expect(running()).toEqual([]);
  });

  test("when the workflow fails for another reason", async () => {
    await rig.serve(waits);
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      void waits({ x: 1 });
      void waits({ x: 2 });
      await rig.double.when((all) => all.filter(({ phase }) => phase === "RUNNING").length === 2);
      throw new Error("no more");
    });
    await rejection(flow());
    await finished(10_000);
    await rig.double.when((all) => all.every(({ phase }) => phase === "ABORTED"));
  });

  test("of one cancelled call only its own execution ends", async () => {
    await rig.serve(waits);
    await rig.serve(addOne, { delayMs: 300 });
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      const lost = waits({ x: 1 });
      const kept = addOne({ x: 1 });
      await rig.double.when((all) => all.filter(({ phase }) => phase === "RUNNING").length === 2);
      lost.cancel();
      return await kept;
    });
    expect(await flow()).toBe(2);
  });

  test("but an execution of somebody else whose name was asked for goes on", async () => {
    await rig.serve(waits);
    await rig.serve(addOne);
    const named = { executionName: "taken" };
    const theirs = await rig.another().execute(waits, { x: 1 }, named);
    await rig.double.when(() => running().length === 1);
    rig.double.faults.latencyMs = 100;
    rig.double.requests.clear();
    const call = addOne.on(rig.remote).with(named)({ x: 1 });
    await vi.waitFor(() => expect(rig.double.requests.count("CreateExecution")).toBe(1));
    call.cancel();
    await rejection(call);
    await finished(10_000);
    expect(running().map(({ name }) => name)).toEqual(["taken"]);
    await theirs.cancel();
  });

  test("of two calls that share an execution by its name the other one keeps it", async () => {
    await rig.serve(waits);
    const named = waits.with({ executionName: "shared" });
    let left: number | undefined;
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      const lost = named({ x: 1 });
      void named({ x: 1 });
      await vi.waitFor(() => expect(rig.double.requests.count("GetExecution")).toBe(1));
      lost.cancel();
      await rejection(lost);
      await finished(10_000);
      left = running().length;
      throw new Error("enough");
    });
    await rejection(flow());
    expect(left).toBe(1);
    await finished(10_000);
    await rig.double.when((all) => all.every(({ phase }) => phase === "ABORTED"));
  });

  test("but with onInterrupt leave they go on", async () => {
    await rig.serve(waits);
    const call = waits.on(rig.another({ onInterrupt: "leave" }))({ x: 1 });
    await rig.double.when((all) => all.some(({ phase }) => phase === "RUNNING"));
    call.cancel();
    await rejection(call);
    await finished(1_000);
    expect(running()).toHaveLength(1);
  });
});

describe("a cluster that has a bad day", () => {
  test("a cut connection after the execution was made starts nothing twice", async () => {
    await rig.serve(addOne);
    rig.double.faults.cut("CreateExecution", "after", 2);
    expect(await addOne.on(rig.remote)({ x: 1 })).toBe(2);
    expect(rig.double.executions()).toHaveLength(1);
  });

  test("polls that fail change nothing", async () => {
    await rig.serve(addOne, { delayMs: 100 });
    rig.double.faults.fail("ListExecutions", 3, Code.Unavailable);
    rig.double.faults.cut("ListExecutions", "before", 1);
    expect(await addOne.on(rig.remote)({ x: 1 })).toBe(2);
  });

  test("answers that are garbage are asked for again or refused, and nothing hangs", async () => {
    await rig.serve(addOne);
    rig.double.faults.garbage("GetExecutionData", 1_000);
    const error = await rejection(addOne.on(rig.remote)({ x: 1 }));
    expect(error).toBeInstanceOf(EagerException);
  });

  test("an outage is waited for, said in the row, and the value arrives", async () => {
    await rig.serve(addOne, { delayMs: 500 });
    using seen = observedEvents();
    const call = addOne.on(rig.remote)({ x: 1 });
    await rig.double.when((all) => all.some(({ phase }) => phase === "RUNNING"));
    await rig.double.faults.stopListening();
    const notes = () =>
      seen.events.flatMap((event) =>
        event.kind === "call-noted" && event.text !== undefined ? [event.text] : [],
      );
    await vi.waitFor(() => expect(notes().join()).toContain("no answer"), 30_000);
    await rig.double.faults.listenAgain();
    expect(await call).toBe(2);
  });

  test("outputs that admin could not read come from their file", async () => {
    await rig.serve(addOne);
    rig.double.faults.emptyOutputs = true;
    expect(await addOne.on(rig.remote)({ x: 1 })).toBe(2);
  });

  test("an output of 50 MB arrives where it is offloaded, and is refused where it is not", async () => {
    const large = task({ inputs: { n: z.int() }, output: z.string() }, function large({ n }) {
      return "x".repeat(n);
    });
    await rig.serve(large);
    // A cluster takes no file of outputs beyond 10 MB, and says so.
    const refused = await rejection(large.on(rig.remote)({ n: 50_000_000 }));
    expect(refused).toMatchObject({ code: "REMOTE_FAILED" });
    expect((refused as Error).message).toContain("exceeds max");
    rig.double.faults.offloadOverBytes = 1_000_000;
    expect(await large.on(rig.remote)({ n: 50_000_001 })).toHaveLength(50_000_001);
  });

  test("a list that takes no names is replaced by single questions", async () => {
    await rig.serve(addOne, { delayMs: 50 });
    rig.double.faults.fail("ListExecutions", 1_000, Code.InvalidArgument);
    expect(await addOne.on(rig.remote)({ x: 1 })).toBe(2);
  });

  test("no settings at all is told with the places that were looked at", async () => {
    const { FlyteRemote } = await import("../../runtime/flyte/remote.ts");
    const remote = new FlyteRemote({ config: Config.auto("/nowhere/config.yaml") });
    const error = await rejection(addOne.on(remote)({ x: 1 }));
    expect(error).toMatchObject({ code: "CONFIG_NOT_FOUND", task: "addOne" });
    expect((error as Error).message).toContain("/nowhere/config.yaml");
  });

  test("settings that were mended are read again, also by a workflow with a secret of its own", async () => {
    await rig.serve(addOne);
    using folder = tempFolder();
    const config = Config.auto(join(folder.path, "config.yaml"));
    const remote = rig.another({ config });
    vi.stubEnv("_FSEC_TEAM_CLIENT", "hush");
    onTestFinished(() => void vi.unstubAllEnvs());
    const secret = { clientSecretGroup: "team", clientSecretKey: "client" };
    const flow = eager({ name: "flow", remote, ...secret }, async () => await addOne({ x: 1 }));
    expect(await rejection(flow())).toMatchObject({ root: { code: "CONFIG_NOT_FOUND" } });
    folder.write("config.yaml", `${rig.double.configYaml}  clientId: flows\n`);
    expect(await flow()).toBe(2);
  });
});

describe("many", () => {
  test("a thousand calls are all there, in the order they were asked for", async () => {
    await rig.serve(addOne);
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      return await Promise.all(Array.from({ length: 1_000 }, (_, x) => addOne({ x })));
    });
    expect(await flow()).toEqual(Array.from({ length: 1_000 }, (_, x) => x + 1));
    expect(new Set(rig.double.executions().map(({ name }) => name)).size).toBe(1_000);
  });

  test("one question is about a hundred executions", async () => {
    await rig.serve(waits);
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      await Promise.all(Array.from({ length: 100 }, (_, x) => waits({ x })));
    });
    const call = flow();
    await rig.double.when((all) => all.filter(({ phase }) => phase === "RUNNING").length === 100);
    rig.double.requests.clear();
    await vi.waitFor(
      () => expect(rig.double.requests.count("ListExecutions")).toBeGreaterThan(1),
      10_000,
    );
    expect(rig.double.requests.count("GetExecution")).toBe(0);
    call.cancel();
    await rejection(call);
    await finished(10_000);
  });

  test("mapTask and group work as they do here", async () => {
    await rig.serve(addOne);
    const flow = eager({ name: "flow", remote: rig.remote }, async () => {
      return await group("part", () => mapTask(addOne)([{ x: 1 }, { x: 2 }, { x: 3 }]));
    });
    expect(await flow()).toEqual([2, 3, 4]);
  });
});

test("what was fetched is read as the caller's schema takes it, which makes something else of it", async () => {
  const says = task({ name: "says", inputs: {}, output: z.string() }, () => "1970-01-01T00:00:00Z");
  const name = await rig.serve(says);
  const decode = (text: string) => new Date(text);
  const encode = (at: Date) => at.toISOString();
  const output = z.codec(z.iso.datetime(), z.date(), { decode, encode });
  const fetched = await rig.remote.fetchTask({ name, inputs: {}, output });
  expect(await fetched()).toEqual(new Date(0));
  const wrong = { name, inputs: {}, output: z.date().transform(Number) };
  await expect(rig.remote.fetchTask(wrong)).rejects.toThrow("string there and date here");
});

describe("executions on their own", () => {
  test("execute returns at once, wait gives the value, the page is known", async () => {
    await rig.serve(addOne, { delayMs: 50 });
    const execution = await rig.remote.execute(addOne, { x: 1 });
    expect(execution.url).toContain(execution.id);
    expect(await rig.remote.wait(execution)).toBe(2);
    expect(execution.phase).toBe("SUCCEEDED");
    expect(await execution.outputs()).toEqual({ o0: 2 });
    expect(await execution.inputs()).toEqual({ x: 1 });
    const found = await rig.remote.fetchExecution(execution.url);
    expect(await found.wait()).toBe(2);
    expect(await rig.remote.list({ limit: 5 })).toMatchObject([
      { id: execution.id, phase: "SUCCEEDED", version: "v1" },
    ]);
  });

  test("the value is as a call gives it, by the schemas of what was fetched", async () => {
    const name = await rig.serve(addOne);
    const output = z.int64().transform((n) => `n${typeof n}${n}`);
    const fetched = await rig.remote.fetchTask({ name, inputs: { x: z.int() }, output });
    expect(await fetched({ x: 1 })).toBe("nbigint2");
    const execution = await rig.remote.execute(fetched, { x: 1 });
    expect(await execution.wait()).toBe("nbigint2");
    const wrong = { name, inputs: { x: z.int() }, output: z.int().max(1) };
    const strict = await rig.remote.execute(await rig.remote.fetchTask(wrong), { x: 1 });
    await expect(strict.wait()).rejects.toMatchObject({ code: "OUTPUT_INVALID" });
  });

  test("inputs that do not fit start nothing, and say of what", async () => {
    const fetched = await rig.remote.fetchTask<{ x: string }, number>(await rig.serve(addOne));
    await expect(rig.remote.execute(fetched, { x: "1" })).rejects.toThrow(
      /addOne of version v1 on the cluster: x: expected integer, received "1"$/,
    );
    expect(rig.double.executions()).toEqual([]);
  });

  test("inputs that no request can hold are inputs that do not fit, with what to do", async () => {
    const long = task({ name: "long", inputs: { s: z.string() }, output: z.int() }, () => 0);
    await rig.serve(long);
    const failure = {
      code: "INPUT_INVALID",
      message: expect.stringMatching(/^long: its inputs are larger .* as a FlyteFile$/),
    };
    const inputs = { s: "x".repeat(11_000_000) };
    await expect(long.on(rig.remote)(inputs)).rejects.toMatchObject(failure);
    await expect(rig.remote.execute(long, inputs)).rejects.toMatchObject(failure);
  });

  test("terminate ends one, twice is no error", async () => {
    await rig.serve(waits);
    const execution = await rig.remote.execute(waits, { x: 1 });
    await rig.remote.terminate(execution.id, "enough");
    await rig.remote.terminate(execution.id);
    await expect(execution.wait()).rejects.toMatchObject({
      code: "REMOTE_ABORTED",
      message: expect.stringContaining("enough"),
    });
  });

  test("check tells the server, the place and where files go", async () => {
    expect(await rig.remote.check()).toMatchObject({
      endpoint: rig.double.endpoint,
      server: expect.stringContaining("double"),
      project: "flytesnacks",
    });
  });
});
