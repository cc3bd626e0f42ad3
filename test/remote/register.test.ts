import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, startCommand } from "../support/command.ts";
import { distFolder } from "../support/dist.ts";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const FLOW = `import { eager, task, workflow, z } from "eagerdeck";
import { double } from "./lib/double.ts";
const x = z.int();
export const addOne = task({ inputs: { x }, output: x, retries: 1 }, function addOne({ x }) { return x + 1; });
export const simple = eager({ inputs: { x }, output: x }, async function simple({ x }) {
  const out = await addOne({ x });
  return out < 0 ? -1 : await double({ x: out });
});
export const fixed = workflow({ inputs: { x: z.int().default(5) }, output: x }, function fixed({ x }) {
  return double({ x: addOne({ x }) });
});
export const fails = task({ inputs: { x } }, function fails({ x }) { throw new RangeError("x is " + x); });
export const slow = task({ inputs: { x } }, async function slow() { await new Promise((resolve) => setTimeout(resolve, 1e6)); });
export const waits = eager({ inputs: { x } }, async function waits({ x }) { await slow({ x }); });
`;
const DOUBLE = `import { task, z } from "eagerdeck";
export const double = task({ inputs: { x: z.int() }, output: z.int() }, function double({ x }) { return x * 2; });
`;
const FILES = { "package.json": "{}", "flow.ts": FLOW, "lib/double.ts": DOUBLE };

let cluster: FlyteDouble;
let settings: TempFolder;
let config: string;

beforeAll(async () => {
  cluster = await startDouble({ runContainers: true });
  settings = tempFolder();
  const place = "task:\n  project: flytesnacks\n  domain: development\n";
  config = settings.write("config.yaml", `${cluster.configYaml}${place}`);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  settings[Symbol.dispose]();
});

const image = ["--image", "eagerdeck:test"];
const run = (folder: TempFolder, args: readonly string[]) =>
  runCommand([...args.slice(0, 1), "--config", config, ...args.slice(1)], { folder: folder.path });
const remotely = (folder: TempFolder, ...args: string[]) =>
  run(folder, ["run", "--remote", ...image, "flow.ts", ...args]);
const versionOf = (stdout: string) => /ed-[\w-]{22}/.exec(stdout)?.[0];

describe("eagerdeck register", () => {
  test("creates tasks, workflows and launch plans, of imported files too, and the second time nothing", async () => {
    using folder = tempFolder(FILES);
    const first = await run(folder, ["register", ...image, "flow.ts"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const lines = first.stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    for (const line of [
      ["created", "task", "flow.addOne"],
      ["created", "task", "lib.double.double"],
      ["created", "task", "flow.simple"],
      ["created", "task", "flow.simple-cleanup"],
      ["created", "workflow", "flow.simple"],
      ["created", "launch plan", "flow.simple"],
      ["created", "workflow", "flow.fixed"],
      ["created", "launch plan", "flow.fixed"],
    ]) {
      expect(lines).toContainEqual(line);
    }
    cluster.requests.clear();
    using elsewhere = tempFolder(FILES);
    const second = await run(elsewhere, ["register", ...image, "."]);
    expect(versionOf(second.stdout)).toBe(versionOf(first.stdout));
    expect(second.stdout).not.toContain("created  ");
    expect(cluster.requests.count("CreateUploadLocation")).toBe(0);
    expect(cluster.requests.count("CreateTask")).toBe(0);
  });

  test("makes another version of other code, settings or image", async () => {
    const versions = new Set<string | undefined>();
    for (const [flow, name] of [
      [FLOW, "a:1"],
      [FLOW, "a:2"],
      [FLOW.replace("x + 1", "x + 3"), "a:1"],
      [FLOW.replace("retries: 1", "retries: 2"), "a:1"],
    ] as const) {
      using folder = tempFolder({ ...FILES, "flow.ts": flow });
      const said = await run(folder, ["register", "--dry-run", "--image", name, "flow.ts"]);
      expect(said.code).toBe(0);
      versions.add(versionOf(said.stdout));
    }
    expect([versions.size, versions.has(undefined)]).toEqual([4, false]);
  });

  test("shows with --dry-run what it would create, and creates nothing", async () => {
    using folder = tempFolder({ ...FILES, "flow.ts": FLOW.replace("x + 1", "x + 7") });
    cluster.requests.clear();
    const said = await run(folder, ["register", "--dry-run", ...image, "flow.ts"]);
    expect(said.stdout).toMatch(/to be created {2}task +flow\.addOne/);
    expect(cluster.requests.count("CreateTask")).toBe(0);
  });

  test("refuses another content under a version that is taken, by name", async () => {
    using folder = tempFolder(FILES);
    const args = ["register", ...image, "--version", "v1", "flow.ts"];
    expect((await run(folder, args)).code).toBe(0);
    expect((await run(folder, args)).stdout).toMatch(/unchanged +task +flow\.addOne/);
    folder.write("flow.ts", FLOW.replace("x + 1", "x + 2"));
    const { code, stderr } = await run(folder, args);
    expect(code).toBe(1);
    expect(stderr).toContain("is registered with version v1 already");
  });

  test("says what is missing: an image, a project, a file, a schema", async () => {
    using folder = tempFolder(FILES);
    const noImage = await run(folder, ["register", "flow.ts"]);
    expect([noImage.code, noImage.stderr]).toEqual([1, expect.stringContaining("--image")]);
    const bare = settings.write("bare.yaml", cluster.configYaml);
    const noProject = await runCommand(["register", "--config", bare, "flow.ts"], {
      folder: folder.path,
    });
    expect([noProject.code, noProject.stderr]).toEqual([2, expect.stringContaining("--project")]);
    const noFile = await run(folder, ["register", "none.ts"]);
    expect([noFile.code, noFile.stderr]).toEqual([2, expect.stringContaining("no such file")]);
    const source =
      'import { task } from "eagerdeck";\ntask(function f({ x }: { x: number }) { return x; });\n';
    writeFileSync(join(folder.path, "loose.ts"), source);
    const noSchema = await run(folder, ["register", ...image, "loose.ts"]);
    expect([noSchema.code, noSchema.stderr]).toEqual([1, expect.stringContaining("inputs")]);
  });

  test("does not run a module that is a program", async () => {
    using folder = tempFolder({ ...FILES, "flow.ts": `${FLOW}await simple({ x: 1 });\n` });
    const { code, stderr } = await run(folder, ["register", ...image, "flow.ts"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("import.meta.main")]);
  });
});

describe("eagerdeck run --remote", () => {
  test("registers what is missing and prints the value: a task, an eager and a static workflow", async () => {
    using folder = tempFolder(FILES);
    const task = await remotely(folder, "addOne", "--x", "5");
    expect(task).toMatchObject({ code: 0, stdout: "6\n" });
    expect(task.stderr).toContain("/executions/");
    expect(await remotely(folder, "simple", "--x", "5")).toMatchObject({ code: 0, stdout: "12\n" });
    expect(await remotely(folder, "fixed")).toMatchObject({ code: 0, stdout: "12\n" });
  });

  test("fails with 1 and the error of the task, and with 2 for inputs that do not fit", async () => {
    using folder = tempFolder(FILES);
    const { code, stderr, stdout } = await remotely(folder, "fails", "--x", "3");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("RangeError: x is 3");
    expect((await remotely(folder, "addOne", "--x", "much")).code).toBe(2);
  });

  test("leaves with --detach, and gives the execution its name", async () => {
    using folder = tempFolder(FILES);
    const { code, stdout } = await remotely(
      folder,
      "addOne",
      "--detach",
      "--name",
      "mine",
      "--x",
      "1",
    );
    expect([code, stdout.trim().split("/").at(-1)]).toEqual([0, "mine"]);
    await cluster.when((all) =>
      all.some(({ name, phase }) => name === "mine" && phase === "SUCCEEDED"),
    );
  });

  test("stops the execution and all below it on Ctrl-C, and exits with 130", async () => {
    using folder = tempFolder(FILES);
    const args = ["run", "--remote", "--config", config, ...image, "flow.ts", "waits", "--x", "77"];
    await using command = startCommand(args, { folder: folder.path });
    const isSlow = ({ entity, phase }: { entity: string; phase: string }) =>
      entity === "flow.slow" && phase === "RUNNING";
    await cluster.when((all) => all.some(isSlow));
    command.process.kill("SIGINT");
    expect((await command.ended).code).toBe(130);
    await cluster.when(
      (all) => !all.some(({ phase }) => /RUNNING|QUEUED|UNDEFINED|ING$/.test(phase)),
    );
    const phases = cluster.executions().filter(({ entity }) => /flow\.(?:slow|waits)/.test(entity));
    expect(phases.map(({ phase }) => phase)).toEqual(["ABORTED", "ABORTED"]);
  });
});

describe("files of eagerdeck run", () => {
  const READS = `import { FlyteDirectory, FlyteFile, task, z } from "eagerdeck";
const csv = FlyteFile.schema({ format: "csv" });
export const reads = task(
  { inputs: { file: csv, more: z.array(csv).optional(), folder: FlyteDirectory.schema().optional() }, output: z.string() },
  async function reads({ file, more = [], folder }) {
    const texts = await Promise.all([file, ...more].map((each) => each.text()));
    const names = folder ? (await Array.fromAsync(folder.list({ recursive: true }))).map(({ path }) => path) : [];
    return [...texts, ...names].join("|");
  },
);
`;
  const DATA = {
    ...{ "package.json": "{}", "flow.ts": READS },
    ...{ "data/a.csv": "one", "data/b.csv": "two", "all/c/d.txt": "three" },
  };
  const GIVEN = ["--file", "data/a.csv", "--more", '["data/b.csv"]', "--folder", "all"];

  test("go up with --remote, and the task reads them there", async () => {
    using folder = tempFolder(DATA);
    const { code, stdout, stderr } = await remotely(folder, "reads", ...GIVEN);
    expect([code, stdout, stderr]).toEqual([0, "'one|two|c/d.txt'\n", expect.any(String)]);
    const detached = await remotely(folder, "reads", "--detach", "--file", "data/b.csv");
    expect(detached).toMatchObject({ code: 0 });
  });

  test("are read where they are without it", async () => {
    using folder = tempFolder(DATA);
    const said = await runCommand(["run", "flow.ts", "reads", ...GIVEN], { folder: folder.path });
    expect(said).toMatchObject({ code: 0, stdout: "'one|two|c/d.txt'\n" });
  });

  test("that are not there are said before anything is registered or run", async () => {
    using folder = tempFolder(DATA);
    cluster.requests.clear();
    const stderr = "eagerdeck: --file: no such file: data/none.csv\n";
    const wrong = ["reads", "--file", "data/none.csv"];
    expect(await remotely(folder, ...wrong)).toEqual({ code: 2, stdout: "", stderr });
    expect(cluster.requests.count("CreateUploadLocation")).toBe(0);
    expect(cluster.requests.count("CreateTask")).toBe(0);
    const locally = await runCommand(["run", "flow.ts", ...wrong], { folder: folder.path });
    expect(locally).toEqual({ code: 2, stdout: "", stderr });
  });
});

describe("an eager workflow on the cluster", () => {
  const LEFT = `import { eager, task, z } from "eagerdeck";
const x = z.int();
const slow = task({ inputs: { x } }, async function slow() { await new Promise((resolve) => setTimeout(resolve, 1e6)); });
export const crashes = eager({ inputs: { x } }, async function crashes({ x }) {
  void slow({ x });
  await new Promise((resolve) => setTimeout(resolve, x * 1000));
  throw new TypeError("after all");
});
export const hangs = eager({ inputs: { x } }, async function hangs({ x }) { await slow({ x }); });
`;
  const ofEntity = (name: string) => cluster.executions().filter(({ entity }) => entity === name);

  test("that fails stops what it has started, and tells why", async () => {
    using folder = tempFolder({ "package.json": "{}", "flow.ts": LEFT });
    const { code, stderr } = await remotely(folder, "crashes", "--x", "3");
    expect([code, stderr]).toEqual([1, expect.stringContaining("TypeError: after all")]);
    await cluster.when((all) =>
      all.every(({ entity, phase }) => entity !== "flow.slow" || phase === "ABORTED"),
    );
    expect(ofEntity("flow.slow").length).toBeGreaterThan(0);
  });

  test("that fails stops nothing of another one whose name begins the same", async () => {
    using folder = tempFolder({ "package.json": "{}", "flow.ts": LEFT });
    await remotely(folder, "hangs", "--detach", "--name", "twins-one", "--x", "21");
    const ofOne = () => ofEntity("flow.slow").filter(({ name }) => name.includes("-twins-"));
    await cluster.when(() => ofOne().some(({ phase }) => phase === "RUNNING"));
    await remotely(folder, "crashes", "--detach", "--name", "twins-two", "--x", "2");
    await cluster.when((all) =>
      all.some(({ name, phase }) => name === "twins-two" && phase === "FAILED"),
    );
    await cluster.when(() => ofOne().some(({ phase }) => phase === "ABORTED"));
    expect(ofOne().filter(({ phase }) => phase === "RUNNING")).toHaveLength(1);
    cluster.abort("twins-one", "enough");
    await cluster.when(() => ofOne().every(({ phase }) => phase === "ABORTED"));
  });

  const isSlow = (phase: string) => (each: { entity: string; phase: string }) =>
    each.entity === "flow.slow" && each.phase === phase;

  test("whose pod is taken away leaves its calls alone, and the next pod takes them up", async () => {
    using folder = tempFolder({ "package.json": "{}" });
    const gate = join(folder.path, "open");
    const flow = `import { existsSync } from "node:fs";
import { eager, task, z } from "eagerdeck";
const x = z.int();
const gated = task({ inputs: { x }, output: x }, async function gated({ x }) {
  while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 20));
  return x + 1;
});
export const hangs = eager({ inputs: { x }, output: x, retries: 1 }, async function hangs({ x }) { return await gated({ x }); });
`;
    folder.write("flow.ts", flow);
    await remotely(folder, "hangs", "--detach", "--name", "preempted", "--x", "11");
    const gated = () => ofEntity("flow.gated");
    await cluster.when(() => gated().some(({ phase }) => phase === "RUNNING"));
    cluster.signal("preempted", "SIGTERM");
    folder.write("open", "");
    await cluster.when((all) =>
      all.some(({ name, phase }) => name === "preempted" && phase === "SUCCEEDED"),
    );
    expect(gated().map(({ phase }) => phase)).toEqual(["SUCCEEDED"]);
  });

  test("that is aborted in the console stops them", async () => {
    using folder = tempFolder({ "package.json": "{}", "flow.ts": LEFT });
    await remotely(folder, "hangs", "--detach", "--name", "aborted", "--x", "12");
    await cluster.when((all) => all.some(isSlow("RUNNING")));
    cluster.abort("aborted", "enough");
    await cluster.when((all) => !all.some(isSlow("RUNNING")) && all.some(isSlow("ABORTED")));
    await cluster.when((all) =>
      all.some(({ name, phase }) => name === "aborted" && phase === "ABORTED"),
    );
  });
});

describe("a program with a FlyteRemote", () => {
  const install = (folder: TempFolder) => {
    mkdirSync(join(folder.path, "node_modules"));
    symlinkSync(join(distFolder, ".."), join(folder.path, "node_modules/eagerdeck"));
  };

  test("registers its code on the way, as the same version as the command does", async () => {
    using folder = tempFolder({
      ...FILES,
      "main.ts": `import { Config, FlyteRemote } from "eagerdeck";
import { simple } from "./flow.ts";
const remote = new FlyteRemote({ config: Config.auto(${JSON.stringify(config)}), image: "eagerdeck:test" });
console.log(await simple.on(remote)({ x: 20 }));
const { entities } = await remote.register([simple]);
console.log(entities.every(({ state }) => state === "unchanged"), entities.length);
await remote.close();
`,
    });
    install(folder);
    const registered = await run(folder, ["register", ...image, "flow.ts"]);
    cluster.requests.clear();
    const { stdout } = await promisify(execFile)(process.execPath, ["main.ts"], {
      cwd: folder.path,
    });
    expect(stdout).toBe("42\ntrue 14\n");
    expect(cluster.requests.count("CreateTask")).toBe(0);
    expect(cluster.executions().at(-1)?.version).toBe(versionOf(registered.stdout));
  });

  test("that catches nothing stops what it has started on Ctrl-C, and exits with 130", async () => {
    using folder = tempFolder({
      ...FILES,
      "main.ts": `import { Config, FlyteRemote } from "eagerdeck";
import { slow } from "./flow.ts";
const remote = new FlyteRemote({ config: Config.auto(${JSON.stringify(config)}), image: "eagerdeck:test" });
await Promise.all([slow.on(remote)({ x: 31 }), slow.on(remote)({ x: 32 })]);
`,
    });
    install(folder);
    const before = cluster.executions().length;
    const ours = () => cluster.executions().slice(before);
    const program = spawn(process.execPath, ["main.ts"], { cwd: folder.path });
    const ended = once(program, "exit");
    await cluster.when(() => ours().filter(({ phase }) => phase === "RUNNING").length === 2);
    program.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    await cluster.when(() => ours().every(({ phase }) => phase === "ABORTED"));
  });

  test.each([
    ["workflow fails", "await both({});", "of no use"],
    [
      "own code throws",
      "void both({}).catch(() => undefined); await addOne.on(remote)({ x: 1 }); throw new Error('mine');",
      "mine",
    ],
  ])(
    "that catches nothing and whose %s stops what it has started before it ends with 1",
    async (_, last, said) => {
      using folder = tempFolder({
        ...FILES,
        "main.ts": `import { Config, eager, FlyteRemote } from "eagerdeck";
import { addOne, slow } from "./flow.ts";
const remote = new FlyteRemote({ config: Config.auto(${JSON.stringify(config)}), image: "eagerdeck:test" });
const both = eager({ remote }, async function both() {
  void slow({ x: 33 });
  await addOne({ x: 2 });
  throw new Error("of no use");
});
${last}
`,
      });
      install(folder);
      const before = cluster.executions().length;
      const program = spawn(process.execPath, ["main.ts"], { cwd: folder.path });
      const stderr = text(program.stderr);
      expect((await once(program, "exit"))[0]).toBe(1);
      expect(await stderr).toContain(said);
      const ours = cluster.executions().slice(before);
      const slow = ours.filter(({ name }) => name.includes("-slow-"));
      expect(slow.map(({ phase }) => phase)).toEqual([expect.stringMatching(/^ABORT/)]);
    },
  );
});
