/** Checked cells in a real session: policies, narrowing, texts that are too much, a checker that is killed. */
import { expect, test, vi } from "vitest";
import { openChecker } from "../support/checker.ts";
import { openSession, type TestSession } from "../support/session.ts";

const WRONG = "const wrong: string = 1; wrong";

function codes(rig: TestSession, cell: number): (number | string | undefined)[] {
  return rig.events.flatMap((event) =>
    event.kind === "diagnostics" && event.cell === cell
      ? event.diagnostics.map(({ code }) => code)
      : [],
  );
}

test("`check=warn` as a cell's first line lets it run and tells its errors afterwards", async () => {
  await using rig = openSession({ check: "error" });
  const refused = await rig.run(WRONG);
  expect(refused.error).toMatchObject({
    name: "TypeScriptError",
    diagnostics: [{ code: 2322, line: 1, column: 7 }],
  });
  const warned = await rig.run(`// eagerdeck: check=warn\n${WRONG}`);
  expect(warned).toMatchObject({ status: "ok", value: { "text/plain": "1" } });
  await vi.waitFor(() => expect(codes(rig, warned.cell)).toEqual([2322]), { timeout: 10_000 });
  const off = await rig.run(`// eagerdeck: check=off\n${WRONG}`);
  expect(off.status).toBe("ok");
  // The line says it for its own cell only.
  expect((await rig.run(WRONG)).status).toBe("error");
  expect(codes(rig, off.cell)).toEqual([]);
});

test("a cell's own line is stricter than the session too", async () => {
  await using rig = openSession({ check: "off" });
  expect((await rig.run(WRONG)).status).toBe("ok");
  expect((await rig.run(`// eagerdeck: check=error\n${WRONG}`)).status).toBe("error");
});

test("`@ts-nocheck` as a cell's first line lets it run unchecked, its names are typed all the same", async () => {
  await using rig = openSession({ check: "error" });
  expect(await rig.run(`// @ts-nocheck\n${WRONG}`)).toMatchObject({ status: "ok" });
  expect((await rig.run("const n: number = wrong;")).error?.diagnostics).toMatchObject([
    { code: 2322 },
  ]);
});

test("a `let` of an earlier cell has its declared type, and narrows within a cell only", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run("let id: string | number = 'a'; let plain = 1;");
  expect((await rig.run("id.toUpperCase()")).error?.diagnostics).toMatchObject([{ code: 2339 }]);
  expect(await rig.run("if (typeof id === 'string') id.toUpperCase()")).toMatchObject({
    status: "ok",
  });
  expect(await rig.run("id = 5; id.toFixed(1)")).toMatchObject({
    status: "ok",
    value: { "text/plain": "'5.0'" },
  });
  expect((await rig.run("id = true")).error?.diagnostics).toMatchObject([{ code: 2322 }]);
  expect((await rig.run("plain = 'text'")).error?.diagnostics).toMatchObject([{ code: 2322 }]);
  expect(await rig.value("plain = 2; id")).toBe("5");
});

test("a cell of two megabytes harms nothing, the next one is checked", {
  timeout: 60_000,
}, async () => {
  await using rig = openSession({ check: "error" });
  const line = "export const padding: readonly string[] = ['some text that fills a line'];\n";
  const large = `let size = 0;\n${"size += 1; // some text that fills a line\n".repeat(50_000)}${line}`;
  expect(large.length).toBeGreaterThan(2_000_000);
  const settled = await rig.run(`${large}size`);
  expect(settled).toMatchObject({ status: "ok", value: { "text/plain": "50000" } });
  // A slow machine gave up on the large one, and the checker is still at it.
  await vi.waitFor(
    async () => expect((await rig.run(WRONG)).error?.diagnostics).toMatchObject([{ code: 2322 }]),
    { timeout: 40_000 },
  );
  expect(await rig.value("size + 1")).toBe("50001");
});

test("half a million parentheses harm nothing, the next cell is checked", {
  timeout: 60_000,
}, async () => {
  await using rig = openSession({ check: "error" });
  const deep = `${"(".repeat(500_000)}1${")".repeat(500_000)}`;
  expect((await rig.run(deep)).status).toBe("error");
  expect((await rig.session.types.complete(deep, 500_001)).items).toEqual([]);
  expect((await rig.run(WRONG)).error?.diagnostics).toMatchObject([{ code: 2322 }]);
  expect(await rig.value("1 + 1")).toBe("2");
});

test("a checker that is killed during a completion is replaced and answers it", async () => {
  await using checker = openChecker();
  await checker.ran("const user = { name: 'a' };");
  const asked = checker.complete("user.|");
  const { pid } = checker.service;
  if (pid === undefined) throw new Error("no checker");
  process.kill(pid, "SIGKILL");
  expect((await asked).items.map(({ name }) => name)).toEqual(["name"]);
  expect(checker.service.pid).not.toBe(pid);
  expect(await checker.errors("user.nam")).toHaveLength(1);
  expect(checker.notices).toEqual([]);
});

/** Numbers that are the same in every run: a linear congruential generator. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

test("over two hundred edits a wrong type is always found, a right one never", {
  timeout: 60_000,
}, async () => {
  await using checker = openChecker();
  const random = seeded(7);
  const values = { number: "1", string: "'a'", boolean: "true", "number[]": "[1]" };
  const types = Object.keys(values);
  const declared = new Map<string, string>();
  for (let edit = 0; edit < 200; edit++) {
    const [name, type] = [`v${random(12)}`, types[random(types.length)] ?? "number"];
    const known = [...declared.keys()];
    const other = known[random(known.length)] ?? "";
    const given = declared.get(other) ?? "undefined";
    const isRight = given === type;
    // What was typed on the way must not count.
    if (edit % 3 === 0) await checker.complete(`const ${name}: ${type} = ${other}|`);
    if (other !== "" && other !== name) {
      const found = await checker.errors(`const ${name}: ${type} = ${other};`);
      expect(
        found.map((line) => line.split(" ").slice(0, 2).join(" ")),
        `edit ${edit}: ${name}: ${type} = ${other}, a ${given}`,
      ).toEqual(isRight ? [] : ["1:7 TS2322"]);
    }
    const value = values[type as keyof typeof values]; // one of its keys
    expect(await checker.ran(`let ${name}: ${type} = ${value};`)).toEqual([]);
    declared.set(name, type);
  }
});
