import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { openSession, type TestSession } from "../support/session.ts";

function notices(open: TestSession): string[] {
  return open.events.flatMap((event) => (event.kind === "notice" ? [event.text] : []));
}

test("an edited file is in force at the next cell, also for functions of earlier cells", async () => {
  await using open = openSession({
    files: { "wf.ts": "export const rate: number = 1;\nexport const load = () => rate * 10;" },
  });
  await open.run(`import { load, rate } from "./wf.ts"; import * as wf from "./wf.ts"`);
  await open.run("function twice() { return load() * 2 }");
  expect(await open.value("[rate, load(), twice(), wf.rate]")).toBe("[ 1, 10, 20, 1 ]");
  open.write("wf.ts", "export const rate: number = 5;\nexport const load = () => rate * 100;");
  expect(await open.value("[rate, load(), twice(), wf.rate]")).toBe("[ 5, 500, 1000, 5 ]");
  expect(notices(open)).toEqual([]);
});

test("a change deep in a diamond of imports reaches all of it, and what did not change keeps its state", async () => {
  await using open = openSession({
    files: {
      "base.ts": "export const base = 1;",
      "left.ts": `import { base } from "./base.ts"; export const left = base + 1;`,
      "right.ts": `import { base } from "./base.ts"; export const right = base + 2;`,
      "top.ts": `import { left } from "./left.ts"; import { right } from "./right.ts"; import { bump } from "./state.ts"; export const top = () => [left, right, bump()];`,
      "state.ts": "let count = 0; export const bump = () => ++count;",
    },
  });
  await open.run(`import { top } from "./top.ts"; import { bump } from "./state.ts"`);
  expect(await open.value("top()")).toBe("[ 2, 3, 1 ]");
  expect(await open.value("bump()")).toBe("2");
  open.write("base.ts", "export const base = 10;");
  expect(await open.value("top()")).toBe("[ 11, 12, 3 ]");
  expect(await open.value("bump()")).toBe("4");
});

test("files that import each other are reloaded together", async () => {
  await using open = openSession({
    files: {
      "a.ts": `import { b } from "./b.ts"; export const a = 1; export function sum() { let total = 0; for (const x of [a, b]) total += x; return total }`,
      "b.ts": `import { sum } from "./a.ts"; export const b = 2; export const name = typeof sum;`,
    },
  });
  await open.run(`import { sum } from "./a.ts"`);
  expect(await open.value("sum()")).toBe("3");
  open.write(
    "b.ts",
    `import { sum } from "./a.ts"; export const b = 20; export const name = typeof sum;`,
  );
  expect(await open.value("sum()")).toBe("21");
});

test("loops of functions that run before their own module, as in a cycle, find their checks", async () => {
  await using open = openSession({
    files: {
      "a.ts": `import { early } from "./b.ts"; export function count() { let n = 0; for (let i = 0; i < 3; i++) n++; return n } export const result = early;`,
      "b.ts": `import { count } from "./a.ts"; export const early = count();`,
    },
  });
  expect(await open.value(`import { result } from "./a.ts"; result`)).toBe("3");
});

test("a version that does not compile leaves the old one in force and says where it fails", async () => {
  await using open = openSession({ files: { "wf.ts": "export const load = () => 1;" } });
  await open.run(`import { load } from "./wf.ts"`);
  open.write("wf.ts", "export const other = 1;\nexport const load = () => ;");
  const settled = await open.run("load()");
  expect(settled.value?.["text/plain"]).toBe("1");
  const notice = open.events.find((event) => event.kind === "notice");
  expect(notice).toMatchObject({ level: "warning", cell: settled.cell });
  expect(notices(open)[0]).toContain("wf.ts:2:27  SyntaxError: ");
  expect(notices(open)[0]).toContain("❯ 2 │ export const load = () => ;");
  expect(await open.value("1 + 1")).toBe("2");
  expect(notices(open)).toHaveLength(1);
  expect(await open.value("load()")).toBe("1");
  expect(notices(open)[1]).toContain("load: still the older version (wf.ts:2:27");
  open.write("wf.ts", "export const load = () => 3;");
  expect(await open.value("load()")).toBe("3");
  expect(notices(open)).toHaveLength(2);
});

test("a version that throws leaves the old one in force, and an import says the same error each time", async () => {
  await using open = openSession({ files: { "wf.ts": "export const load = () => 1;" } });
  await open.run(`import { load } from "./wf.ts"`);
  open.write("wf.ts", `export const load = () => 2;\nthrow new Error("not today");`);
  expect(await open.value("load()")).toBe("1");
  expect(notices(open)[0]).toContain("wf.ts:2:7  Error: not today");
  for (let round = 0; round < 2; round++) {
    const { error } = await open.run(`import { load as again } from "./wf.ts"; again()`);
    expect(error).toMatchObject({ message: "not today", frames: [{ file: "wf.ts", line: 2 }] });
  }
  open.write("wf.ts", "export const load = () => 4;");
  expect(await open.value("load()")).toBe("4");
});

test("what failed for a reason outside of its files is tried again when it is imported again", async () => {
  await using open = openSession({
    files: { "wf.ts": `if (!globalThis.isUp) throw new Error("down"); export const x = 1;` },
  });
  expect((await open.run(`import { x } from "./wf.ts"`)).error?.message).toBe("down");
  await open.run("globalThis.isUp = true");
  expect(await open.value(`import { x } from "./wf.ts"; x`)).toBe("1");
});

test("a deleted file stays in force until it comes back", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = 1;" } });
  await open.run(`import { x } from "./wf.ts"`);
  rmSync(join(open.folder, "wf.ts"));
  expect(await open.value("x")).toBe("1");
  expect(notices(open)[0]).toContain("the file './wf.ts' does not exist");
  open.write("wf.ts", "export const x = 2;");
  expect(await open.value("x")).toBe("2");
});

test("a file that is created where an import failed is found, and its importer works again", async () => {
  await using open = openSession({
    files: { "wf.ts": `import { y } from "./later.ts"; export const x = y + 1;` },
  });
  const { error } = await open.run(`import { x } from "./wf.ts"`);
  expect(error?.message).toBe("the file './later.ts' does not exist (imported by wf.ts)");
  open.write("later.ts", "export const y = 1;");
  expect(await open.value(`import { x } from "./wf.ts"; x`)).toBe("2");
});

test("a reload that waits for a missing file happens when the file is there", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = 1;" } });
  await open.run(`import { x } from "./wf.ts"`);
  open.write("wf.ts", `import { y } from "./later.ts"; export const x = y + 1;`);
  expect(await open.value("x")).toBe("1");
  open.write("later.ts", "export const y = 41;");
  expect(await open.value("x")).toBe("42");
});

test("JSON, JavaScript and TSX in the chain are reloaded as TypeScript is", async () => {
  await using open = openSession({
    files: {
      "d.json": `{ "n": 1 }`,
      "m.mjs": `import data from "./d.json" with { type: "json" }; export const m = data.n;`,
      "j.js": `import { m } from "./m.mjs"; export const j = m + 10;`,
      "t.tsx": `import { j } from "./j.js"; export const t: number = j + 100;`,
    },
  });
  await open.run(`import { t } from "./t.tsx"`);
  expect(await open.value("t")).toBe("111");
  open.write("d.json", `{ "n": 2 }`);
  expect(await open.value("t")).toBe("112");
  open.write("m.mjs", "export const m = 5;");
  expect(await open.value("t")).toBe("115");
  open.write("j.js", `import { m } from "./m.mjs"; export const j = m + 20;`);
  expect(await open.value("t")).toBe("125");
});

test("CommonJS files are reloaded, imported and required", async () => {
  await using open = openSession({
    files: {
      "inner.cjs": `"use strict";\nmodule.exports = { n: 1 };`,
      "c.cjs": `const { n } = require("./inner.cjs"); exports.c = n + 10;`,
      "typed.cts": "const one: number = 1; exports.typed = one;",
    },
  });
  await open.run(`import { c } from "./c.cjs"; import { typed } from "./typed.cts"`);
  const get = `[c, typed, require("./c.cjs").c]`;
  expect(await open.value(get)).toBe("[ 11, 1, 11 ]");
  open.write("inner.cjs", "module.exports = { n: 2 };");
  open.write("typed.cts", "const one: number = 3; exports.typed = one;");
  expect(await open.value(get)).toBe("[ 12, 3, 12 ]");
});

test("import() gives the newest version, also in functions of earlier cells, and so does require", async () => {
  await using open = openSession({ files: { "x.ts": "export const x: number = 1;" } });
  await open.run(
    `const later = async () => (await import("./x.ts")).x; const now = () => require("./x.ts").x`,
  );
  expect(await open.value("[await later(), now()]")).toBe("[ 1, 1 ]");
  open.write("x.ts", "export const x: number = 2;");
  expect(await open.value("[await later(), now()]")).toBe("[ 2, 2 ]");
  expect(await open.value(`[(await import("./x.ts")).x]`)).toBe("[ 2 ]");
});

test("a local module sees its plain path and URL, whichever version of it runs", async () => {
  const text = "export const at = [import.meta.url, import.meta.filename, import.meta.dirname];";
  await using open = openSession({ files: { "x.ts": text } });
  await open.run(`import { at } from "./x.ts"`);
  open.write("x.ts", `${text}\n// changed`);
  const file = join(open.folder, "x.ts");
  expect(await open.value("JSON.stringify(at)")).toBe(
    `'${JSON.stringify([`file://${file}`, file, open.folder])}'`,
  );
});

test("a reload that waits for ever is interrupted, and the next cell runs with the old version", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = 1;" } });
  await open.run(`import { x } from "./wf.ts"`);
  open.write("wf.ts", "export const x = 2; console.log('waiting'); await new Promise(() => {});");
  const { cell, settled, started } = open.session.execute({ code: "x" });
  await started;
  await expect.poll(() => open.printed(cell), { timeout: 10_000 }).toBe("waiting\n");
  await open.session.interrupt("cooperate");
  expect((await settled).status).toBe("interrupted");
  expect(await open.value("x")).toBe("1");
});

test("a reload that loops for ever is interrupted", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = 1;" } });
  await open.run(`import { x } from "./wf.ts"`);
  open.write("wf.ts", "export const x = 2; console.log('looping'); while (true);");
  const { cell, settled } = open.session.execute({ code: "x" });
  await expect.poll(() => open.printed(cell), { timeout: 10_000 }).toBe("looping\n");
  await open.session.interrupt("cooperate");
  expect((await settled).status).toBe("interrupted");
  expect(await open.value("x")).toBe("1");
});

test("two cells that begin at once reload once and both see the new version", async () => {
  await using open = openSession({
    files: { "wf.ts": "globalThis.loads = (globalThis.loads ?? 0) + 1; export const x = 1;" },
  });
  await open.run(`import { x } from "./wf.ts"`);
  open.write("wf.ts", "globalThis.loads++; await null; export const x = 2;");
  const [one, two] = await Promise.all([
    open.run("[x, loads]", { lane: "a" }),
    open.run("[x, loads]", { lane: "b" }),
  ]);
  expect([one, two].map(({ value }) => value?.["text/plain"])).toEqual(["[ 2, 2 ]", "[ 2, 2 ]"]);
});

test("at 200 versions a notice says that a restart frees them", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = 0;" } });
  await open.run(`import { x } from "./wf.ts"`);
  for (let n = 1; n < 202; n++) {
    open.write("wf.ts", `export const x = ${n};`);
    expect(await open.value("x")).toBe(String(n));
  }
  const told = notices(open);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("wf.ts was loaded 200 times");
  expect(told[0]).toContain("a restart frees them");
});

test("JSON and text are imported with attributes, and JSON without, statically and dynamically", async () => {
  await using open = openSession({
    files: {
      "d.json": `{ "n": 1, "list": [1] }`,
      "t.txt": "hello\n",
      "m.ts": `import d from "./d.json"; import { n } from "./d.json"; import e from "./d.json" with { type: "json" }; import t from "./t.txt" with { type: "text" }; export const m = [d.n, n, e.n, t];`,
    },
  });
  await open.run(
    `import d from "./d.json"; import e from "./d.json" with { type: "json" }; import t from "./t.txt" with { type: "text" }; import { m } from "./m.ts"; import { n } from "./d.json"`,
  );
  expect(await open.value("[d.n, n, e.n, t, m]")).toBe(
    "[ 1, 1, 1, 'hello\\n', [ 1, 1, 1, 'hello\\n' ] ]",
  );
  expect(
    await open.value(
      `[(await import("./d.json")).default.n, (await import("./d.json", { with: { type: "json" } })).default.n, (await import("./t.txt", { with: { type: "text" } })).default]`,
    ),
  ).toBe("[ 1, 1, 'hello\\n' ]");
  open.write("d.json", `{ "n": 2, "list": [1] }`);
  open.write("t.txt", "bye\n");
  expect(await open.value("[d.n, n, e.n, t, m]")).toBe(
    "[ 2, 2, 2, 'bye\\n', [ 2, 2, 2, 'bye\\n' ] ]",
  );
});

test("JSON that does not parse is an error at its place", async () => {
  await using open = openSession({ files: { "d.json": `{\n  "n": oops\n}` } });
  for (const attribute of ["", ` with { type: "json" }`]) {
    const { error } = await open.run(`import d from "./d.json"${attribute}`);
    expect(error).toMatchObject({
      name: "SyntaxError",
      frames: [{ file: "d.json", line: 2, column: 8 }],
    });
    expect(error?.codeFrame).toContain(`❯ 2 │   "n": oops`);
  }
});

test("packages load whatever their format, subpath or top-level await, and keep their state", async () => {
  await using open = openSession({
    files: {
      "node_modules/esm/package.json": `{ "name": "esm", "type": "module", "exports": { ".": "./main.js", "./sub": "./lib/sub.js" } }`,
      "node_modules/esm/main.js": "export const esm = await Promise.resolve(1);",
      "node_modules/esm/lib/sub.js": "export default 'sub';",
      "node_modules/cjs/package.json": `{ "name": "cjs", "main": "main.js" }`,
      "node_modules/cjs/main.js": `const made = { hidden: 2 }; Object.assign(module.exports, made);`,
    },
  });
  await open.run(
    `import { esm } from "esm"; import sub from "esm/sub"; import { hidden } from "cjs"`,
  );
  expect(await open.value(`[esm, sub, hidden, (await import("esm")).esm]`)).toBe(
    "[ 1, 'sub', 2, 1 ]",
  );
});

test("eagerdeck and tslab are the session's own copy, also for local files", async () => {
  await using open = openSession({
    files: { "wf.ts": `export { task } from "eagerdeck"; export { display } from "tslab";` },
  });
  await open.run(
    `import { task as theirs, display } from "./wf.ts"; import { task } from "eagerdeck"`,
  );
  expect(await open.value("[theirs === task, typeof display]")).toBe("[ true, 'object' ]");
});

test("an export that is missing is named with the module, when it is read", async () => {
  await using open = openSession({ files: { "wf.ts": "export const x = undefined;" } });
  expect((await open.run(`import { X, x } from './wf.ts'; x`)).status).toBe("ok");
  expect((await open.run("X")).error?.message).toBe("'X' is not exported by './wf.ts' (a type?)");
  open.write("wf.ts", "export const x = 1, X = 2;");
  expect(await open.value("X")).toBe("2");
});

test("a missing package is an error that says how to install it, and works once it is there", async () => {
  await using open = openSession({
    files: {
      "wf.ts": `import { z } from "zod2"; export const w = z;`,
      "r.cjs": `exports.r = require("zod2/lib").r;`,
    },
  });
  const advice = "the package 'zod2' is not installed here; run %npm i zod2";
  const of = async (code: string) => (await open.run(code)).error?.message;
  expect(await of(`import { z } from "zod2"`)).toBe(advice);
  expect(await of(`await import("zod2")`)).toBe(advice);
  expect(await of(`require("zod2")`)).toContain(advice);
  expect(await of(`import { w } from "./wf.ts"`)).toBe(
    advice.replace(";", " (imported by wf.ts);"),
  );
  expect(await of(`require("./r.cjs")`)).toContain("is not installed here (imported by r.cjs)");
  open.write(
    "node_modules/zod2/package.json",
    `{ "name": "zod2", "type": "module", "exports": { ".": { "import": "./index.js", "require": "./c.cjs" }, "./lib": "./lib.cjs" } }`,
  );
  open.write("node_modules/zod2/index.js", "export { z } from './inner.js';");
  open.write("node_modules/zod2/inner.js", "export const z = 1;");
  open.write("node_modules/zod2/c.cjs", "exports.z = 2;");
  open.write("node_modules/zod2/lib.cjs", "exports.r = 3;");
  expect(await open.value(`import { z } from "zod2"; z`)).toBe("1");
  expect(await open.value(`(await import("zod2")).z`)).toBe("1");
  expect(await open.value(`require("zod2").z`)).toBe("2");
  expect(await open.value(`import { w } from "./wf.ts"; w`)).toBe("1");
  expect(await open.value(`require("./r.cjs").r`)).toBe("3");
});

test("a wrong name or extension of a local file gets a hint", async () => {
  await using open = openSession({
    files: { "work.ts": "export const x = 1;", "lib/help.mts": "" },
  });
  const of = async (code: string) => (await open.run(code)).error?.message;
  expect(await of(`import { x } from "./wrok.ts"`)).toBe(
    "the file './wrok.ts' does not exist; did you mean './work.ts'?",
  );
  expect(await of(`await import("./work.mjs")`)).toBe(
    "the file './work.mjs' does not exist; did you mean './work.ts'?",
  );
  expect(await of(`import "./lib/help.ts"`)).toContain("did you mean './lib/help.mts'?");
  expect(await of(`require("./wrok.ts")`)).toContain("did you mean './work.ts'?");
  expect(await of(`import "./nothing-alike.ts"`)).toBe(
    "the file './nothing-alike.ts' does not exist",
  );
});

test("a linked folder is local: it is reloaded", async () => {
  await using open = openSession({
    files: {
      "pkg/package.json": `{ "name": "pkg", "type": "module", "main": "index.ts" }`,
      "pkg/index.ts": "export const p: number = 1;",
    },
  });
  mkdirSync(join(open.folder, "node_modules"));
  symlinkSync("../pkg", join(open.folder, "node_modules/pkg"));
  expect(await open.value(`import { p } from "pkg"; p`)).toBe("1");
  open.write("pkg/index.ts", "export const p: number = 2;");
  expect(await open.value("p")).toBe("2");
});

test("require reads JSON, from a cell and from a CommonJS file", async () => {
  await using s = openSession({
    files: {
      "d.json": '{ "a": 1 }',
      "uses.cts": "module.exports = require('./d.json').a + 1;\n",
    },
  });
  expect(await s.value("require('./d.json').a")).toBe("1");
  expect(await s.value("require('./uses.cts')")).toBe("2");
});

test("a package that looks whether another one is there sees Node's own error", async () => {
  await using s = openSession({
    files: {
      "node_modules/peer/package.json": '{ "name": "peer", "version": "1.0.0" }',
      "node_modules/peer/index.js":
        "try { require('zzz-missing') } catch (error) { module.exports = [error.code, error.message.split('\\n')[0], Array.isArray(error.requireStack)].join('|') }",
    },
  });
  expect(await s.value("require('peer')")).toBe(
    "\"MODULE_NOT_FOUND|Cannot find module 'zzz-missing'|true\"",
  );
});

test("an interrupt while a changed file blocks the thread ends the cell that waits for it", async () => {
  await using s = openSession({ files: { "slow.ts": "export const n = 1;\n" } });
  await s.run("import { n } from './slow.ts'");
  s.write(
    "slow.ts",
    "console.log('loading');\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);\nexport const n = 2;\n",
  );
  const cell = s.session.execute({ code: "while (true);" });
  await vi.waitFor(() => expect(s.printed(cell.cell)).toContain("loading"), { timeout: 15_000 });
  await s.session.interrupt("cooperate");
  expect((await cell.settled).status).toBe("interrupted");
});

test("fake timers do not stop a session that has a failing file", async () => {
  await using s = openSession({ files: { "bad.ts": "throw new Error('bad');\n" } });
  await s.run("const real = globalThis.setImmediate; globalThis.setImmediate = () => 0");
  expect((await s.run("import './bad.ts'")).error?.message).toBe("bad");
  expect(await s.value("1 + 1")).toBe("2");
});
