/** Tasks and eager workflows of cells on a cluster, in containers. Runs `dist/`. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { openSession, type TestSession } from "../support/session.ts";

let cluster: FlyteDouble;
beforeAll(async () => {
  cluster = await startDouble({ runContainers: true });
});
afterAll(async () => await cluster[Symbol.asyncDispose]());

const SET_UP = () => `const remote = new FlyteRemote({
  config: Config.forEndpoint("${cluster.endpoint}", { insecure: true }),
  defaultProject: "flytesnacks", defaultDomain: "development", image: "eagerdeck:test",
});`;
const ADD_ONE = `const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) { return x + 1; });`;

/** A session with a cluster, in which these cells have run. */
async function sessionWith(
  cells: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<TestSession> {
  const session = openSession({ files: { "package.json": "{}", ...files } });
  for (const cell of [SET_UP(), ...cells]) await session.value(cell);
  return session;
}

describe("a task of a cell", () => {
  test("runs in a container and gives its value back", async () => {
    await using session = await sessionWith([ADD_ONE]);
    expect(await session.value("await addOne.on(remote)({ x: 41 })")).toBe("42");
  });

  test("is registered again on a cluster that was made anew", async () => {
    const first = await startDouble({ runContainers: true });
    const port = Number(first.endpoint.split(":").at(-1));
    await using session = openSession({ files: { "package.json": "{}" } });
    await session.value(SET_UP().replace(cluster.endpoint, first.endpoint));
    await session.value(ADD_ONE);
    expect(await session.value("await addOne.on(remote)({ x: 1 })")).toBe("2");
    await first[Symbol.asyncDispose]();
    await using _second = await startDouble({ runContainers: true, port });
    const lost = await session.run("await addOne.on(remote)({ x: 2 })");
    expect(lost.error?.message).toContain("The cluster has lost it since: call it again");
    expect(await session.value("await addOne.on(remote)({ x: 3 })")).toBe("4");
  });

  test("takes along functions, constants, schemas and classes of earlier cells", async () => {
    await using session = await sessionWith([
      `const Row = z.object({ name: z.string(), n: z.int() }); type Row = z.infer<typeof Row>;`,
      `enum Level { Low = 1, High = 10 }
       let factor = 3; const limits = { when: new Date(0), seen: new Set(["a"]), big: 2n, re: /a+/g };
       function even(n: number): boolean { return n === 0 || odd(n - 1); }
       function odd(n: number): boolean { return n !== 0 && even(n - 1); }
       class Scale { constructor(readonly by: number) {} apply(n: number) { return n * this.by; } }
       const bounds = { lower: 1, within(n: number) { return n >= this.lower; } };`,
      `const scaled = task({ inputs: { row: Row }, output: Row }, ({ row }) => ({
         name: [row.name, even(row.n), limits.when.getTime(), limits.seen.has("a"), limits.big, limits.re.test("aa"),
           Level[10], bounds.within(0), typeof nobody].join(" "),
         n: new Scale(factor).apply(row.n) + Level.High }));`,
    ]);
    expect(await session.value(`await scaled.on(remote)({ row: { name: "r", n: 4 } })`)).toBe(
      "{ name: 'r true 0 true 2 true High false undefined', n: 22 }",
    );
  });

  test("leaves a link to what it has printed", async () => {
    await using session = await sessionWith([
      `const says = task(function says() { console.log("printed there"); });`,
      "const execution = await remote.execute(says); await execution.wait();",
    ]);
    const links =
      "(await execution.logs()).map(({ uri }) => fs.readFileSync(new URL(uri), 'utf8'))";
    expect(await session.value(`import fs from "node:fs"; ${links}`)).toContain("printed there");
  });

  test("has what its schemas transform transformed once, in the container", async () => {
    await using session = await sessionWith([
      `const Size = z.object({ text: z.string().transform((text) => text.length) });
       const measure = task({
         inputs: { size: Size, mark: z.string().transform((text) => text + "!"), at: z.int().default(7) },
         output: z.string().transform((text) => ({ text: text + "?" })),
       }, function measure({ size, mark, at }) { return [typeof size.text, size.text, mark, at].join(" "); });`,
    ]);
    const here = await session.value(`await measure({ size: { text: "four" }, mark: "a" })`);
    expect(here).toBe("{ text: 'number 4 a! 7?' }");
    const there = `await measure.on(remote)({ size: { text: "four" }, mark: "a" })`;
    expect(await session.value(there)).toBe(here);
    await session.value(
      `const execution = await remote.execute(measure, { size: { text: "four" }, mark: "a" })`,
    );
    expect(await session.value("await execution.wait()")).toBe(here);
    const wrong = await session.run(`await measure.on(remote)({ size: { text: 4 }, mark: "a" })`);
    expect(wrong.error?.message).toContain("expected string, received number");
  });

  test("is given what its schemas coerce, fill in and strip, beside what they transform", async () => {
    await using session = await sessionWith([
      `const length = z.string().transform((text) => text.length);
       const measure = task({
         inputs: {
           at: z.coerce.date().transform((at) => at.getTime()),
           size: z.object({ text: length, n: z.coerce.number(), width: length.default(9) }),
           mark: z.preprocess((mark) => mark + "!", z.string()), filled: length.default(7),
         },
         output: z.string().trim().overwrite((text) => text + "?"),
       }, function measure(inputs) { return JSON.stringify(inputs); });`,
      `const given = { at: "1970-01-01", size: { text: "four", n: "5", more: 1 }, mark: "a" };`,
    ]);
    const here = await session.value("await measure(given)");
    expect(here).toBe(`'{"at":0,"size":{"text":4,"n":5,"width":9},"mark":"a!","filled":7}?'`);
    expect(await session.value("await measure.on(remote)(given)")).toBe(here);
  });

  test("takes along what it imports, packages and local files", async () => {
    await using session = await sessionWith(
      [
        `import { basename } from "node:path"; import * as lib from "./lib.ts"; import twice from "./lib.ts";
         import { z as schemas } from "eagerdeck"; import settings from "./settings.json" with { type: "json" };`,
        `const calls = task({ inputs: { x: schemas.int() }, output: schemas.string() }, async function calls({ x }) {
           const later = await import("./later.ts");
           return [basename("/a/b"), lib.half(x), twice(x), settings.unit, later.name].join(" ");
         });`,
      ],
      {
        "lib.ts": `import { base } from "./base.ts";
          export const half = (n: number) => n / base; export default (n: number) => n * base;`,
        "base.ts": "export const base: number = 2;",
        "settings.json": `{ "unit": "mm" }`,
        "later.ts": `export const name = "later";`,
      },
    );
    expect(await session.value("await calls.on(remote)({ x: 8 })")).toBe("'b 4 16 mm later'");
    session.write("base.ts", "export const base: number = 4;");
    expect(await session.value("await calls.on(remote)({ x: 8 })")).toBe("'b 2 32 mm later'");
  });

  test("is a new version when it, what it uses or a constant has changed, and else the same", async () => {
    await using session = await sessionWith([ADD_ONE]);
    const version = async () => {
      const registered = await session.value(`(await remote.register([addOne])).version`);
      return registered?.replaceAll("'", "");
    };
    const first = await version();
    expect(first).toMatch(/^ed-[\w-]{22}$/);
    await session.value(`// the same again, and lower\n\n${ADD_ONE}`);
    expect(await version()).toBe(first);
    await session.value(`let more = 2; ${ADD_ONE.replace("x + 1", "x + more")}`);
    const second = await version();
    await session.value("more = 3");
    const third = await version();
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await session.value("await addOne.on(remote)({ x: 1 })")).toBe("4");
  });

  test("that fails says the place in its declaration", async () => {
    await using session = await sessionWith([
      `function check(n: number) {\n  if (n > 0) throw new RangeError("n is " + n);\n}`,
      `const fails = task({\n  inputs: { x: z.int() },\n}, function fails({ x }) {\n  check(x);\n});`,
    ]);
    const { error } = await session.run("await fails.on(remote)({ x: 3 })");
    expect(error?.message).toContain("RangeError: n is 3");
    expect(error?.cause?.trace?.map(String).join("\n")).toBe(
      "at check (In [2]:2:20)\nat Object.fails (In [3]:4:3)",
    );
  });

  test("of a notebook has the notebook's name there, whatever characters that has", async () => {
    vi.stubEnv("JPY_SESSION_NAME", "/home/me/März #1: 50%.ipynb");
    await using session = await sessionWith([
      `const fails = task({ inputs: { x: z.int() } }, function fails({ x }) { throw new RangeError("x is " + x); });`,
    ]);
    vi.unstubAllEnvs();
    const { error } = await session.run("await fails.on(remote)({ x: 3 })");
    expect(error?.message).toContain("RangeError: x is 3");
    expect(String(error?.cause?.trace?.[0])).toContain("(In [2]:1:");
    const names = await session.value(
      "(await remote.register([fails])).entities.map(({ name }) => name)",
    );
    expect(names).toBe("[ 'März_1_50_.fails' ]");
  });

  test("is the one that its name has, also where others have the same function", async () => {
    await using session = await sessionWith([
      `const inputs = { x: z.int() };
       const a = task({ inputs, output: z.int() , name: "same.a" }, ({ x }) => x);
       const b = task({ inputs: { x: z.string() }, output: z.string(), name: "same.b" }, ({ x }) => x);`,
      `const c = task({ inputs: { x: z.boolean() }, output: z.boolean(), name: "same.c" }, ({ x }) => x);`,
    ]);
    const all = `await Promise.all([a.on(remote)({ x: 1 }), b.on(remote)({ x: "2" }), c.on(remote)({ x: true })])`;
    expect(await session.value(all)).toBe("[ 1, '2', true ]");
  });
});

describe("an eager workflow of a cell", () => {
  test("takes its tasks and workflows along, under its own version", async () => {
    await using session = await sessionWith(
      [
        `import { triple } from "./flow.ts";`,
        ADD_ONE,
        `const tools = { double: task({ inputs: { x: z.int() }, output: z.int() }, function double({ x }) { return x * 2; }) };
       const addAll = mapTask(addOne); const patient = addOne.with({ retries: 1 });
       const inner = eager({ inputs: { x: z.int() }, output: z.int() }, async ({ x }) => await tools.double({ x }));`,
        `const outer = eager({ remote, inputs: { x: z.int() }, output: z.array(z.int()) }, async function outer({ x }) {
         const out = await patient({ x });
         if (out > 100) return await outer({ x: 1 });
         return [out, await inner({ x }), await triple({ x }), ...(await addAll([{ x }, { x }]))];
       });`,
      ],
      {
        "flow.ts": `import { task, z } from "eagerdeck";
       export const triple = task({ inputs: { x: z.int() }, output: z.int() }, function triple({ x }) { return x * 3; });`,
      },
    );
    expect(await session.value("await outer.on(remote)({ x: 5 })")).toBe("[ 6, 10, 15, 6, 6 ]");
    const outer = cluster.executions().findLast(({ name }) => name.includes("outer"));
    expect(outer).toBeDefined();
  });

  test("runs here when it is not sent, its calls there", async () => {
    await using session = await sessionWith([
      ADD_ONE,
      `const local = eager({ remote, inputs: { x: z.int() } }, async ({ x }) => (await Promise.all([1, 2, 3].map((n) => addOne({ x: x + n })))).join());`,
    ]);
    expect(await session.value("await local({ x: 1 })")).toBe("'3,4,5'");
  });

  test("uses modules that were imported by code, and a schema that was assigned", async () => {
    await using session = await sessionWith(
      [
        `const lib = await import("./lib.ts"); let Shape = z.object({ n: z.string() });`,
        "Shape = z.object({ n: z.int() });",
        `const uses = task({ inputs: { shape: Shape }, output: z.int() }, ({ shape }) => lib.half(shape.n));`,
      ],
      { "lib.ts": "export const half = (n: number): number => n / 2;" },
    );
    expect(await session.value("await uses.on(remote)({ shape: { n: 8 } })")).toBe("4");
  });

  test("is one bundle for a fan-out, and asks the cluster once for what it calls", async () => {
    await using session = await sessionWith([
      `const echo = task({ inputs: { x: z.int() }, output: z.int() }, function echo({ x }) { return x; });`,
      `const fan = eager({ remote, inputs: { n: z.int() } }, async ({ n }) => Promise.all(Array.from({ length: n }, (_, x) => echo({ x }))));`,
    ]);
    cluster.requests.clear();
    expect(await session.value("await fan({ n: 4 })")).toBe("[ 0, 1, 2, 3 ]");
    expect(cluster.requests.count("CreateTask")).toBe(1);
    expect(cluster.requests.count("CreateUploadLocation")).toBe(1);
  });

  test("of a workflow takes its tasks along", async () => {
    await using session = await sessionWith([
      ADD_ONE,
      `const twice = workflow({ inputs: { x: z.int() }, output: z.int() }, function twice({ x }) { return addOne({ x: addOne({ x }) }); });`,
    ]);
    expect(await session.value("await twice.on(remote)({ x: 5 })")).toBe("7");
  });

  test("calls what was fetched", async () => {
    await using session = await sessionWith([
      ADD_ONE,
      "const { version } = await remote.register([addOne])",
      `const fetched = await remote.fetchTask({ name: "session.addOne", version });`,
      `const uses = eager({ remote, inputs: { x: z.int() }, output: z.int() }, async ({ x }) => Number(await fetched({ x })));`,
    ]);
    expect(await session.value("await uses.on(remote)({ x: 5 })")).toBe("6");
  });
});

describe("what cannot be sent", () => {
  test("an image that nobody names is asked for", async () => {
    await using session = openSession();
    await session.value(SET_UP().replace(', image: "eagerdeck:test"', ""));
    const { error } = await session.run(
      `await task({ name: "homeless" }, function homeless() {}).on(remote)()`,
    );
    expect(error?.message).toContain("Say in which image it runs, new FlyteRemote({ image: … })");
  });

  test.each([
    [
      "a live value",
      "import { createServer } from 'node:net'; const server = createServer();",
      "server.close()",
      "uses `server` (a Server), which lives in this process only",
    ],
    [
      "a part of a value",
      "class Db { q() {} } const state = { db: new Db(), n: 1 };",
      "state.n",
      "uses `state.db` (a Db), which lives in this process only",
    ],
    [
      "a large constant",
      "const table = 'x'.repeat(2_000_000);",
      "table.length",
      "uses `table`, which has 2",
    ],
    [
      "a schema made of its older self",
      "let Row = z.object({}); Row = Row.extend({ n: z.int() });",
      "Row.parse(1)",
      "uses `Row`, which is made of an older `Row`",
    ],
    [
      "a secret",
      "process.env._FSEC_G_K = 'hunter22'; const key = await eager(async function e(_: {}, { secrets }) { return secrets.get('g', 'k'); })({});",
      "key.length",
      "uses `key`, which holds a secret",
    ],
    ["a session's own function", "", "display(1)", "uses `display`, which only a session has"],
    ["require", "", "require('node:fs')", "uses `require`"],
    [
      "a variable of a block",
      "",
      "local",
      "uses `local`, a variable of the function or block around it",
    ],
    ["an assignment", "let total = 0;", "(total = 1)", "assigns `total`"],
    ["a file", "const file = FlyteFile.at('s3://b/k');", "file.uri", "uses `file` (a FlyteFile)"],
  ])("%s is refused by its name", async (_what, before, use, message) => {
    await using session = await sessionWith([before]);
    const { error } = await session.run(`{ const local = 1;
      await task({ name: "bad" }, function bad() { return ${use}; }).on(remote)(); }`);
    expect(error?.message).toContain("task bad cannot run on a cluster: it ");
    expect(error?.message).toContain(message);
  });
});

describe("a task of a file", () => {
  test("is registered without those that were taken out of its file", async () => {
    const good = `import { task, z } from "eagerdeck";
      export const good = task({ inputs: {}, output: z.int() }, function good() { return 1; });`;
    await using session = await sessionWith([`import { good } from "./flow.ts";`], {
      "flow.ts": `${good}
      export const bad = task({ inputs: { f: z.function() } }, function bad() {});`,
    });
    const call = "await good.on(remote)({})";
    expect((await session.run(call)).error?.message).toContain("bad");
    session.write("flow.ts", good);
    expect(await session.value(call)).toBe("1");
  });

  test("that is edited, or whose imports are, runs with the new code from the next cell on", async () => {
    const flow = (
      name: string,
    ) => `import { task, z } from "eagerdeck"; import { unit } from "./unit.ts";
      export const told = task({ inputs: {}, output: z.string() }, function told() { return "${name} " + unit; });`;
    await using session = await sessionWith([`import { told } from "./flow.ts";`], {
      "flow.ts": flow("one"),
      "unit.ts": `export const unit: string = "mm";`,
    });
    const call = "await told.on(remote)({})";
    expect(await session.value(call)).toBe("'one mm'");
    session.write("flow.ts", flow("second"));
    expect(await session.value(call)).toBe("'second mm'");
    session.write("unit.ts", `export const unit: string = "inch";`);
    expect(await session.value(call)).toBe("'second inch'");
    expect(await session.value(`(await remote.register([told])).entities[0].state`)).toBe(
      "'unchanged'",
    );
  });
});
