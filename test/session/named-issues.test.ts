/**
 * What people asked of other TypeScript kernels, one test each.
 * @module
 */
import { expect, test, vi } from "vitest";
import { openSession } from "../support/session.ts";

test("tslab#72: ESM-only packages load, also with a top-level await, where require would fail", async () => {
  await using s = openSession({
    files: {
      "node_modules/esm-only/package.json": `{ "name": "esm-only", "type": "module", "exports": { "import": "./main.js" } }`,
      "node_modules/esm-only/main.js": `export default await Promise.resolve("default");\nexport const named = "named";`,
    },
  });
  expect(await s.value(`import made, { named } from "esm-only"; [made, named]`)).toBe(
    "[ 'default', 'named' ]",
  );
  expect(await s.value(`(await import("esm-only")).named`)).toBe("'named'");
});

test("tslab#51: packages are found from the notebook's folder, and files that say `export` are no error", async () => {
  await using s = openSession({
    files: {
      "node_modules/with-export/package.json": `{ "name": "with-export", "module": "main.mjs", "main": "main.mjs" }`,
      "node_modules/with-export/main.mjs": `export { part } from "./part.mjs";`,
      "node_modules/with-export/part.mjs": `export const part = "a part";`,
      "local-package/package.json": `{ "name": "local-package", "type": "module", "main": "index.js" }`,
      "local-package/index.js": `import { part } from "with-export";\nexport const local = part + " of it";`,
    },
  });
  expect(
    await s.value(
      `import { part } from "with-export"; import { local } from "./local-package/index.js"; [part, local]`,
    ),
  ).toBe("[ 'a part', 'a part of it' ]");
});

test("tslab#48: what the project around the notebook installed is found, by name and by tsconfig paths", async () => {
  const files = {
    "node_modules/installed/package.json": `{ "name": "installed", "main": "main.js", "types": "main.d.ts" }`,
    "node_modules/installed/main.js": `exports.answer = 42;`,
    "node_modules/installed/main.d.ts": `export const answer: number;`,
    "tsconfig.json": `{ "compilerOptions": { "strict": true, "paths": { "@lib/*": ["./src/lib/*"] } } }`,
    "src/lib/half.ts": `import { answer } from "installed";\nexport const half: number = answer / 2;`,
    "notebooks/deep/note.txt": "",
  };
  await using project = openSession({ files });
  await using s = openSession({ folder: `${project.folder}/notebooks/deep`, check: "error" });
  expect(
    await s.value(
      `import { answer } from "installed"; import { half } from "@lib/half"; [answer, half]`,
    ),
  ).toBe("[ 42, 21 ]");
  const { error } = await s.run("const wrong: string = half");
  expect(error?.message).toContain("Type 'number' is not assignable to type 'string'");
});

test("tslab#103: type errors stop a cell, accompany it or are not looked for, per session and per cell", async () => {
  await using s = openSession({ check: "error" });
  const wrong = "const length: string = [1, 2].length; length";
  expect((await s.run(wrong)).error?.message).toContain("not assignable to type 'string'");
  expect((await s.run(`// eagerdeck: check=off\n${wrong}`)).value?.["text/plain"]).toBe("2");
  expect((await s.run(`// @ts-nocheck\n${wrong}`)).value?.["text/plain"]).toBe("2");
  expect(s.events.some(({ kind }) => kind === "diagnostics")).toBe(false);
  const warned = await s.run(wrong, { check: "warn" });
  expect(warned.value?.["text/plain"]).toBe("2");
  await vi.waitFor(
    () =>
      expect(
        s.events.flatMap((event) =>
          event.kind === "diagnostics" ? [[event.cell, event.diagnostics.length]] : [],
        ),
      ).toEqual([[warned.cell, 1]]),
    { timeout: 15_000 },
  );
  s.session.check = "off";
  expect(await s.value(wrong)).toBe("2");
  s.session.check = "error";
  expect((await s.run(wrong)).status).toBe("error");
});

test("deno#24660: an edited module is in force without importing it again, also for functions that exist", async () => {
  await using s = openSession({
    files: {
      "rates.ts": "export const rate = (): number => 1;",
      "wf.ts": `import { rate } from "./rates.ts";\nexport const total = (n: number) => n * rate();`,
    },
  });
  await s.run(`import { total } from "./wf.ts"; let calls = 0;`);
  await s.run("function twice(n: number) { calls++; return total(n) * 2 }");
  expect(await s.value("twice(10)")).toBe("20");
  s.write("rates.ts", "export const rate = (): number => 7;");
  expect(await s.value("[twice(10), calls]")).toBe("[ 140, 2 ]");
});

test("deno#20662: completions carry types from the checker, also while a cell runs", async () => {
  await using s = openSession({ check: "error" });
  await s.run("interface Row { id: number; label: string }");
  await s.run("const rows: Row[] = [{ id: 1, label: 'a' }];");
  const execution = s.session.execute({ code: "console.log('begun'); while (true);" });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("begun"), {
    timeout: 15_000,
  });
  const code = "rows[0]!.";
  const { items, start, end } = await s.session.types.complete(code, code.length);
  expect([start, end]).toEqual([code.length, code.length]);
  expect(items.map(({ name, kind }) => [name, kind])).toEqual(
    expect.arrayContaining([
      ["id", "property"],
      ["label", "property"],
    ]),
  );
  const hover = await s.session.types.hover("rows", 1);
  expect(hover?.signature).toContain("Row[]");
  await s.session.interrupt("cooperate");
  expect((await execution.settled).status).toBe("interrupted");
});

test("deno#24491: Stop ends a cell that waits and keeps all state, the server that it started included", async () => {
  await using s = openSession();
  await s.run("import { createServer } from 'node:http'; let hits = 0;");
  await s.run(
    "const server = createServer((_, res) => { hits++; res.end('hello') }); await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))",
  );
  const execution = s.session.execute({
    code: "const more = 1; console.log('waiting'); await new Promise(() => {})",
  });
  await vi.waitFor(() => expect(s.printed(execution.cell)).toContain("waiting"), {
    timeout: 15_000,
  });
  await s.session.interrupt("cooperate");
  expect((await execution.settled).status).toBe("interrupted");
  expect(await s.value("[server.listening, more, hits]")).toBe("[ true, 1, 0 ]");
  expect(
    await s.value(
      "const address = server.address() as { port: number }; [await (await fetch(`http://127.0.0.1:${address.port}/`)).text(), hits]",
    ),
  ).toBe("[ 'hello', 1 ]");
  await s.run("server.closeAllConnections(); server.close()");
});
