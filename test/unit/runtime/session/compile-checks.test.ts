import { expect, test } from "vitest";
import { compileCell, compileModule } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";

function compiledText(source: string, scope = new SessionScope()): string {
  const compiled = compileCell(source, scope, () => 1);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  return compiled.code;
}

function moduleText(source: string, path = "/p/m.ts"): string {
  const compiled = compileModule(path, source);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  return compiled.code;
}

const LOOPS_OFF = "// eagerdeck: check=off loops=off\n";

test("loops=off in the first line leaves out the checks, of a cell and of a local file", () => {
  const loops = "for (let i = 0; i < 3; i++) i;\nwhile (false) { }";
  expect(compiledText(LOOPS_OFF + loops)).not.toContain("interrupted");
  expect(moduleText(LOOPS_OFF + loops)).not.toContain("interrupted");
});

test("loops=off anywhere else is a comment like any other", () => {
  expect(compiledText(`1;\n${LOOPS_OFF}while (false);`)).toContain("interrupted");
  expect(compiledText("const s = '// eagerdeck: loops=off'; while (false);")).toContain(
    "interrupted",
  );
});

test("loops of functions, classes, local files and eval texts have checks", () => {
  expect(
    compiledText("class A { m() { for (const x of []) x } }").match(/interrupted/g),
  ).toHaveLength(1);
  expect(
    moduleText("export function f() { while (true); }").match(/interrupted\(\)/g),
  ).toHaveLength(1);
});

test.each(["task", "workflow", "eager", "mapTask"])(
  "a function given to an imported %s is named after its variable, also renamed, in cells and files",
  (maker) => {
    const named = /\{\s*"one": async \(\) => 1\s*\}\)?\["one"\]/;
    for (const text of [compiledText, moduleText]) {
      expect(
        text(`import { ${maker} } from 'eagerdeck';\nexport const one = ${maker}(async () => 1);`),
      ).toMatch(named);
      expect(
        text(
          `import { ${maker} as m } from 'eagerdeck';\nexport const one = m({}, async () => 1);`,
        ),
      ).toMatch(named);
    }
  },
);

test.each([
  ["of another package", "import { task } from 'gulp';\nconst one = task(async () => 1)"],
  [
    "that is a local of this place",
    "import { task } from 'eagerdeck';\nfunction f(task: any) { const one = task(async () => 1); return one }",
  ],
  [
    "given a function that has a name",
    "import { task } from 'eagerdeck';\nconst one = task(async function own() { return 1 })",
  ],
  [
    "whose result is destructured",
    "import { task } from 'eagerdeck';\nconst { one } = task(async () => 1) as any",
  ],
])("a task %s names nothing", (_, source) => {
  expect(compiledText(source)).not.toContain('["one"]');
});

test("an export … from loads its module, makes no name and says so", () => {
  const code = compiledText(
    "export * from './a.ts';\nexport { b as c } from './b.ts';\nexport type { T } from './t.ts'",
  );
  expect(code).toMatch(/bind\(\{\}, ?\(\) => import\(['"]\.\/a\.ts['"]\)\)/);
  expect(code).toMatch(/bind\(\{\}, ?\(\) => import\(['"]\.\/b\.ts['"]\)\)/);
  expect(code.match(/\$x\.notice\("in a cell, export … from only loads/g)).toHaveLength(2);
  expect(code).not.toContain("t.ts");
});
