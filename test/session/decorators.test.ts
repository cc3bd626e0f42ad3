import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

const TWICE =
  "export const twice = (f: any, c: any) => function (this: any, ...a: any[]) { return f.apply(this, a) * 2 }";

test("decorators of a local file decorate classes of cells and of local files", async () => {
  await using s = openSession({
    files: {
      "dec.ts": TWICE,
      "own.ts":
        "import { twice } from './dec.ts';\nexport class Own { accessor n = 4; @twice m() { return this.n } }",
    },
  });
  await s.run("import { twice } from './dec.ts'\nimport { Own } from './own.ts'");
  expect(
    await s.value(
      "class C { @twice m() { return 1 } }\n;[new C().m(), new Own().m(), new Own().n]",
    ),
  ).toBe("[ 2, 8, 4 ]");
});

test("experimentalDecorators of the tsconfig holds for cells and local files", async () => {
  const dec =
    "(target: any, key: string, index?: unknown) => { target.seen = [key, typeof index] }";
  await using s = openSession({
    files: {
      "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true } }',
      "own.ts": `const dec = ${dec};\nexport class Own { m(@dec x: number) { return x } }`,
    },
  });
  await s.run(`import { Own } from './own.ts'\nconst dec = ${dec}`);
  await s.run("class C { @dec m() {} }");
  expect(await s.value("[(Own.prototype as any).seen, (C.prototype as any).seen].join()")).toBe(
    "'m,number,m,object'",
  );
});

test("an error in a decorated class of an earlier cell points at its line", async () => {
  await using s = openSession();
  await s.run(
    "const dec = (f: any) => f\nclass C {\n  @dec m(x: number) {\n    throw new Error('no')\n  }\n}",
  );
  const settled = await s.run("new C().m(1)");
  expect(settled.error?.frames.slice(0, 2)).toMatchObject([
    { file: "In [1]", line: 4, column: 11 },
    { file: "In [2]", line: 1 },
  ]);
});
