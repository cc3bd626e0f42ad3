import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

const DEEP = {
  outer: [
    `import { middle } from "./middle.EXT";`,
    "",
    "export function outer(xsANY) {",
    "  for (const x of xs) middle(x);",
    "}",
  ].join("\n"),
  middle: [
    `import { inner } from "./inner.EXT";`,
    "export const middle = (xANY) => {",
    "  const y = 1; return inner(x + y);",
    "};",
  ].join("\n"),
  inner: [
    "export function inner(nANY) {",
    "  while (true) {",
    `    if (n > 1) throw new RangeError("too deep: " + n);`,
    "    return n;",
    "  }",
    "}",
  ].join("\n"),
};

function deepFiles(extension: string): Record<string, string> {
  const any = extension === "ts" ? ": any" : "";
  return Object.fromEntries(
    Object.entries(DEEP).map(([name, text]) => [
      `${name}.${extension}`,
      text.replaceAll("EXT", extension).replaceAll("ANY", any),
    ]),
  );
}

const KINDS = [
  { kind: "TypeScript", extension: "ts", more: {} },
  { kind: "JavaScript", extension: "js", more: {} },
  {
    kind: "TypeScript under ts-node",
    extension: "ts",
    more: {
      "base.json": `{ "ts-node": { "transpileOnly": true }, "compilerOptions": { "strict": true } }`,
      "tsconfig.json": `{ "extends": "./base.json" }`,
    },
  },
] as const;

test.each(KINDS)(
  "an error three calls deep in $kind has its frames, and is gone when the file is mended",
  async ({ extension, more }) => {
    await using open = openSession({ files: { ...deepFiles(extension), ...more } });
    await open.run(`import { outer } from "./outer.${extension}"`);
    const { error } = await open.run("const xs = [1, 2];\nouter(xs);");
    expect(error).toMatchObject({ name: "RangeError", message: "too deep: 2" });
    const at = (name: string) => `${name}.${extension}`;
    expect(error?.frames).toMatchObject([
      { function: "inner", file: at("inner"), line: 3, column: 22, from: "file" },
      { function: "middle", file: at("middle"), line: 3, column: 23 },
      { function: "outer", file: at("outer"), line: 4, column: 23 },
      { file: "In [2]", line: 2, column: 1, from: "cell" },
    ]);
    expect(error?.codeFrame).toContain(
      `❯ 3 │     if (n > 1) throw new RangeError("too deep: " + n);`,
    );
    open.write(
      at("inner"),
      "\n\nexport function inner(n) {\n  return n * 10;\n}\n".replace(
        "(n)",
        extension === "ts" ? "(n: number)" : "(n)",
      ),
    );
    expect((await open.run("outer(xs); 'fixed'")).value?.["text/plain"]).toBe("'fixed'");
    open.write(at("inner"), `// moved\n${deepFiles(extension)[at("inner")]}`);
    const again = await open.run("outer(xs)");
    expect(again.error?.frames[0]).toMatchObject({ file: at("inner"), line: 4, column: 22 });
    expect(again.error?.codeFrame).toContain("❯ 4 │     if (n > 1) throw");
  },
);

test("an error of an older version shows that version's text, also when it is looked at later", async () => {
  await using open = openSession({
    files: { "wf.ts": `export const boom = () => { throw new Error("old") };` },
  });
  await open.run(`import { boom } from "./wf.ts"; const old = boom;`);
  open.write("wf.ts", `\n\nexport const boom = () => "new";\n// nothing here\n`);
  await open.run("boom()");
  const { error } = await open.run("old()");
  expect(error?.frames[0]).toMatchObject({ file: "wf.ts", line: 1, column: 35 });
  expect(error?.codeFrame).toContain(`❯ 1 │ export const boom = () => { throw new Error("old") };`);
});

test("a syntax error in a local file is the cell's error, with the frame of the file", async () => {
  await using open = openSession({
    files: {
      "wf.ts": `import "./broken.ts";`,
      "broken.ts": "const a = 1;\nconst b: = 2;\n",
      "broken.mjs": "const a = 1;\nconst = 2;\n",
      "broken.cjs": "const a = 1;\nconst = 2;\n",
    },
  });
  const { error } = await open.run(`import "./wf.ts"`);
  expect(error).toMatchObject({
    name: "SyntaxError",
    frames: [{ file: "broken.ts", line: 2, column: 10, from: "file" }],
  });
  expect(error?.codeFrame).toContain("❯ 2 │ const b: = 2;");
  const script = (await open.run(`await import("./broken.mjs")`)).error;
  expect(script).toMatchObject({ name: "SyntaxError", frames: [{ file: "broken.mjs", line: 2 }] });
  const common = (await open.run(`require("./broken.cjs")`)).error;
  expect(common).toMatchObject({ name: "SyntaxError", frames: [{ file: "broken.cjs", line: 2 }] });
});

test("scripts keep their hashbang, directives and sloppiness", async () => {
  await using open = openSession({
    files: {
      "strict.cjs": `#!/usr/bin/env node\n"use strict";\nexports.self = (function () { return this })();`,
      "sloppy.cjs": `exports.n = 010; with ({ w: 1 }) exports.w = w;`,
      "bang.ts": `#!/usr/bin/env node\nexport const n: number = 1;`,
    },
  });
  expect(
    await open.value(
      `import { n } from "./bang.ts"; [require("./strict.cjs").self, require("./sloppy.cjs"), n]`,
    ),
  ).toBe("[ undefined, { n: 8, w: 1 }, 1 ]");
});

test("ts-node's type errors are errors at their place, and gone when the file is mended", async () => {
  await using open = openSession({
    files: {
      "tsconfig.json": `{ "ts-node": {}, "compilerOptions": { "strict": true } }`,
      "lib.ts": "export const lib: string = 'a';",
      "wf.ts": `import { lib } from "./lib.ts";\nexport const load = (): string => lib;`,
    },
  });
  await open.run(`import { load } from "./wf.ts"`);
  expect(await open.value("load()")).toBe("'a'");
  open.write("lib.ts", "export const lib: number = 5;");
  expect(await open.value("load()")).toBe("'a'");
  const told = open.events.find((event) => event.kind === "notice");
  expect(told).toMatchObject({ level: "warning" });
  expect(told?.kind === "notice" && told.text).toContain("wf.ts:2:35  TSError: ");
  const { error } = await open.run(`import { load as again } from "./wf.ts"`);
  expect(error).toMatchObject({
    name: "TSError",
    frames: [{ file: "wf.ts", line: 2, column: 35 }],
  });
  expect(error?.message).toContain("TS2322: Type 'number' is not assignable to type 'string'.");
  expect(error?.codeFrame).toContain("❯ 2 │ export const load = (): string => lib;");
  open.write("wf.ts", `import { lib } from "./lib.ts";\nexport const load = (): number => lib;`);
  expect(await open.value("load()")).toBe("5");
});

test("what ts-node compiles has interrupt checks and names of tasks", async () => {
  await using open = openSession({
    files: {
      "tsconfig.json": `{ "ts-node": { "transpileOnly": true } }`,
      "wf.ts": `import { task } from "eagerdeck";\nexport const addOne = task({}, async ({ x }: { x: number }) => x + 1);\nexport function spin() { console.log("spinning"); while (true); }`,
    },
  });
  await open.run(`import { addOne, spin } from "./wf.ts"`);
  const { cell, settled } = open.session.execute({ code: "await addOne({ x: 1 }); spin()" });
  await expect.poll(() => open.printed(cell), { timeout: 10_000 }).toBe("spinning\n");
  expect(
    open.events.flatMap((item) =>
      item.kind === "event" && item.event.kind === "call-created" ? [item.event.name] : [],
    ),
  ).toEqual(["addOne"]);
  await open.session.interrupt("cooperate");
  expect((await settled).status).toBe("interrupted");
});
