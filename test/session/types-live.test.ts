/** Types and live values together: what the user process knows that the checker does not. */
import { expect, test, vi } from "vitest";
import type { Completions } from "../../runtime/session/client/api.ts";
import { openSession, type TestSession } from "../support/session.ts";

/** Completes at the `|` of the text. */
function complete({ session }: TestSession, marked: string): Promise<Completions> {
  const offset = marked.indexOf("|");
  return session.types.complete(marked.slice(0, offset) + marked.slice(offset + 1), offset);
}

async function names(rig: TestSession, marked: string): Promise<string[]> {
  return (await complete(rig, marked)).items.map(({ name }) => name);
}

/** Until it holds: on a busy machine 50 ms pass without an answer, and then there is no live value. */
function eventually(holds: () => Promise<void>): Promise<void> {
  return vi.waitFor(holds, { timeout: 10_000 });
}

const DATA = `const data = JSON.parse('{"rows":[{"id":1,"label":"a"}],"total":3,"a-b":true}')`;

test("what is `any` to the checker completes with the members of the live value", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run(DATA);
  await eventually(async () => {
    expect(await complete(rig, "data.rows[0].|")).toEqual({
      start: 13,
      end: 13,
      items: [
        { name: "id", kind: "property", detail: "number · live" },
        { name: "label", kind: "property", detail: "string · live" },
      ],
    });
    expect(await names(rig, "data?.rows[0].la|")).toEqual(["label"]);
    expect(await names(rig, "data.total.toF|")).toEqual(["toFixed"]);
  });
});

test("a name that is no identifier comes in brackets, in place of the dot", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run(DATA);
  await eventually(async () => {
    const { start, end, items } = await complete(rig, "1 + data?.|");
    expect([start, end]).toEqual([8, 10]);
    expect(items.map(({ insert, name }) => insert ?? name)).toEqual([
      '?.["a-b"]',
      "?.rows",
      "?.total",
    ]);
  });
  const typed = await complete(rig, "({ 'c-d': 1, e: 2 }).|");
  expect(typed.start).toBe(20);
  expect(typed.items.map(({ insert }) => insert)).toEqual(['["c-d"]', ".e"]);
});

test("members of value and type are merged, the checker's word is kept", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run(
    "interface Named { name: string }; const user: Named = Object.assign({ name: 'a' }, { extra: 1 })",
  );
  await eventually(async () => {
    expect((await complete(rig, "user.|")).items).toMatchObject([
      { name: "extra", detail: "number · live" },
      { name: "name", detail: expect.stringContaining("name: string") },
    ]);
  });
});

test("a name that the text declares itself has no live value", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run(`${DATA}; const list: any[] = [1];`);
  await eventually(async () => expect(await names(rig, "data.|")).toContain("total"));
  expect(await names(rig, "const data = { own: 1 }; data.|")).toEqual(["own"]);
  expect(await names(rig, "[{ own: 1 }].map((data) => data.|)")).toEqual(["own"]);
  expect(await names(rig, "function f(data: { own: 1 }) { data.|")).toEqual(["own"]);
  expect(await rig.session.types.hover("list.map((data) => data)", 20)).not.toHaveProperty("value");
});

test("hover tells the live value of what is hovered", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run("let count: number = 41; const user = { name: 'Ada', age: 36 };");
  await eventually(async () =>
    expect(await rig.session.types.hover("count + 1", 2)).toMatchObject({
      signature: "let count: number",
      value: "41",
    }),
  );
  await rig.run("count++");
  await eventually(async () => {
    expect((await rig.session.types.hover("count + 1", 2))?.value).toBe("42");
    expect((await rig.session.types.hover("user.name", 6))?.value).toBe('"Ada"');
  });
  expect(await rig.session.types.hover("parseInt", 2)).not.toHaveProperty("value");
});

test("no getter runs and no proxy is touched by completing, hovering and peeking", async () => {
  await using rig = openSession();
  await rig.run(`
    let touched = 0;
    const trap: any = new Proxy({ inner: { a: 1 } }, new Proxy({}, { get: () => { touched++ } }));
    const box: any = { get lazy() { touched++; return { a: 1 } }, trap, toString() { touched++ } };`);
  await eventually(async () =>
    expect(await names(rig, "box.|")).toEqual(["lazy", "toString", "trap"]),
  );
  for (const place of ["box.lazy.|", "trap.|", "box.trap.|", "trap.inner.|"]) {
    expect(await names(rig, place), place).toEqual([]);
  }
  await rig.session.types.hover("box.lazy", 5);
  await rig.session.types.hover("trap.inner", 6);
  expect(await rig.session.peek("box.lazy")).toBeUndefined();
  expect(await rig.session.peek("box")).toMatchObject({ type: "Object" });
  expect(await rig.value("touched")).toBe("0");
});

test("imports, local and of packages, can be peeked at", async () => {
  await using rig = openSession({ files: { "own.ts": "export const settings = { depth: 2 };" } });
  await rig.run("import { settings } from './own.ts'; import * as os from 'node:os';");
  await eventually(async () => {
    expect(await rig.session.peek("settings.depth")).toMatchObject({
      type: "number",
      preview: "2",
    });
    expect((await rig.session.peek("os"))?.properties.map(({ name }) => name)).toContain("cpus");
  });
});

test("answers come while a cell awaits", async () => {
  await using rig = openSession();
  await rig.run(DATA);
  const waiting = rig.session.execute({ code: "await new Promise(() => {})" });
  await waiting.started;
  await eventually(async () => expect((await rig.session.peek("data"))?.type).toBe("Object"));
  await eventually(async () => expect(await names(rig, "data.rows[0].|")).toEqual(["id", "label"]));
});

test("while a cell blocks its thread types are answered, live values are left out, and come back", async () => {
  await using rig = openSession({ check: "error" });
  await rig.run(`${DATA}; const user = { name: "a" };`);
  const loop = rig.session.execute({ code: "while (true) {}", check: "off" });
  await loop.started;
  await eventually(async () => expect(await rig.session.peek("data")).toBeUndefined());
  expect(await names(rig, "user.na|")).toEqual(["name"]);
  expect(await names(rig, "data.rows.|")).toEqual([]);
  expect(await rig.session.types.hover("user", 1)).toMatchObject({
    signature: expect.stringContaining("name: string"),
  });
  expect((await rig.session.types.signature("parseInt(", 9))?.label).toContain("parseInt");
  await rig.session.interrupt("cooperate");
  expect((await loop.settled).status).toBe("interrupted");
  await eventually(async () => expect(await names(rig, "data.|")).toContain("total"));
});

test("nothing is known of a value before the session is ready, nor after it is closed", async () => {
  const rig = openSession();
  expect(await rig.session.peek("deck")).toBeUndefined();
  await rig.session.ready;
  expect(await rig.session.peek("nobody")).toBeUndefined();
  expect(await rig.session.peek("deck.runId; 1")).toBeUndefined();
  await rig[Symbol.asyncDispose]();
  expect(await rig.session.peek("deck")).toBeUndefined();
});
