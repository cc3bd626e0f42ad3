import { afterEach, expect, test } from "vitest";
import { compileCell, compileModule } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";
import { runCells, runCellsWith } from "../../../support/compiled-cells.ts";

afterEach(() => {
  Reflect.deleteProperty(Reflect, "metadata");
});

const LOG =
  "const log: any[] = []; const note = (label: string) => (v: any, c: any) => { log.push(`${label} ${c.kind} ${String(c.name)}`) }";

test.each([
  [
    "a method is replaced",
    "const twice = (f: any, c: any) => function (this: any, ...a: any[]) { return [c.name, f.apply(this, a) * 2] }",
    "class D { x = 4; @twice m(n: number) { return this.x + n } } new D().m(1)",
    ["m", 10],
  ],
  [
    "a class is replaced",
    "function mark(C: any, c: any) { return class extends C { label = c.name } }",
    "@mark class Own { a = 1 } const o = new Own() as any; [o.label, o.a, Own.name]",
    ["Own", 1, ""],
  ],
  [
    "a field is initialized through it",
    "const plus = (n: number) => (_: undefined, c: any) => (v: number) => v + n",
    "class F { @plus(10) x = 1; @plus(1) static y = 2 } [new F().x, F.y]",
    [11, 3],
  ],
  [
    "an accessor field has getter and setter",
    "const up = ({ get, set }: any) => ({ get() { return get.call(this) + 1 }, set(v: number) { set.call(this, v * 10) } })",
    "class A { @up accessor x = 1; accessor y = 2 } const a = new A(); const first = a.x; a.x = 2; [first, a.x, a.y, Object.keys(a)]",
    [2, 21, 2, []],
  ],
  [
    "a decorator is a property of a name, called on its object",
    "const ns = { n: 3, dec(this: any, f: any) { const own = this.n; return () => own } }",
    "class N { @ns.dec m() { return 0 } } new N().m()",
    3,
  ],
  [
    "a decorator that is a plain name has no `this`",
    "let seen: any = 'unset'; function dec(this: any) { seen = this }",
    "class T { @dec m() {} } seen",
    undefined,
  ],
  [
    "an expression in parentheses",
    "const all = [(f: any) => () => 'replaced']",
    "class P { @(all[0]!) m() { return 'own' } } new P().m()",
    "replaced",
  ],
  [
    "private members and static blocks",
    "const seen: any[] = []; const see = (v: any, c: any) => { seen.push([c.name, c.private, c.static]) }",
    "class S { @see #p() { return 1 } @see static q = seen.length; static r; static { this.r = seen.length } get p() { return this.#p() } } [new S().p, S.r, seen]",
    [
      1,
      2,
      [
        ["#p", true, false],
        ["q", false, true],
      ],
    ],
  ],
  [
    "a class expression keeps the name of its variable",
    "const nop = (C: any, c: any) => { C.seen = c.name }",
    "const Named = @nop class {}; [Named.name, (Named as any).seen]",
    ["Named", "Named"],
  ],
  [
    "an exported class, the decorator before or behind `export`",
    "const tag = (C: any) => { C.tagged = true }",
    "@tag export class E1 {}\nexport @tag class E2 {}\nexport default @tag class E3 {}\n[E1, E2, E3].map((C: any) => C.tagged)",
    [true, true, true],
  ],
  [
    "the class sees itself and the session sees what the decorator made of it",
    "const swap = (C: any) => class extends C { swapped = true }",
    "@swap class W { static make() { return new W() } } [(W.make() as any).swapped, (new W() as any).swapped]",
    [true, true],
  ],
  [
    "types, parameter properties and an enum in the same cell",
    "const nothing = () => {}",
    "enum K { A = 2 } class Q { @nothing m<T>(x: T): T { return x } constructor(readonly k: K) {} } new Q(K.A).m(new Q(K.A).k as number)",
    2,
  ],
  [
    "an await and an import beside it",
    "const none = () => {}",
    "class B { @none m() { return 1 } } (await Promise.resolve(new B())).m()",
    1,
  ],
])("decorators: %s", async (_, before, source, expected) => {
  const [, value] = await runCells(before, source);
  expect(value).toEqual(expected);
});

test("decorators are evaluated in order and applied members first, innermost first", async () => {
  const [, , value] = await runCells(
    LOG,
    "@note('outer') @note('inner') class O { @note('a') @note('b') m() {} @note('s') static s() {} @note('f') f = 1 }",
    "log",
  );
  expect(value).toEqual([
    "s method s",
    "b method m",
    "a method m",
    "f field f",
    "inner class O",
    "outer class O",
  ]);
});

test("a decorated method sees session names as they are when it runs", async () => {
  const values = await runCells(
    "let rate = 2; const keep = (f: any) => f",
    "class R { @keep m() { return rate } }",
    "rate = 5",
    "new R().m()",
  );
  expect(values[3]).toBe(5);
});

test("a tsconfig with experimentalDecorators has the old protocol, also for parameters", async () => {
  const values = await runCellsWith(
    { experimentalDecorators: true },
    "const seen: any[] = []; const old = (...all: any[]) => { seen.push(all.slice(1)) }",
    "class L { m(@old x: number) { return x } @old f = 1 } seen",
    "const seal = (C: any) => { C.sealed = true }",
    "@seal class M {} (M as any).sealed",
  );
  expect(values[1]).toEqual([
    ["m", 0],
    ["f", undefined],
  ]);
  expect(values[3]).toBe(true);
});

test("a decorator of a parameter without experimentalDecorators is an error, not ignored", () => {
  const source = "class P { m(@inject() x: number) {} }";
  expect(compileCell(source, new SessionScope(), () => 0)).toEqual({
    ok: false,
    problems: [
      {
        message:
          'decorators of parameters need "experimentalDecorators": true in the compilerOptions of tsconfig.json',
        start: 12,
        end: 21,
      },
    ],
  });
});

test("a position in a decorated class maps to where it was written", () => {
  const source =
    "const d = (v: any) => v;\nclass C {\n  @d m(x: number) {\n    throw new Error('here');\n  }\n}";
  const compiled = compileCell(source, new SessionScope(), () => 1);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  const lines = compiled.code.split("\n");
  const line = lines.findIndex((text) => text.includes("new Error"));
  const column = (lines[line] ?? "").indexOf("new Error");
  expect(compiled.locate(line + 1, column + 1)).toEqual({ line: 4, column: 11 });
});

test("decorators and accessor of a local module become code that runs", () => {
  const source =
    "import { d } from './d.ts';\nimport type { T } from './t.ts';\nexport class C { @d accessor x = 1 }";
  const compiled = compileModule("/p/c.ts", source);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  expect(compiled.code).not.toMatch(/@d|accessor x/);
  expect(compiled.code).toMatch(/import \{ d \} from ['"]\.\/d\.ts['"]/);
  expect(compiled.code).not.toContain("t.ts");
  expect(compiled.code).toContain("export { C }");
});

test("emitDecoratorMetadata tells the classes of earlier cells, of this one, and no type parameters", async () => {
  const found = new Map<string, unknown>();
  // What the package reflect-metadata adds.
  Object.defineProperty(Reflect, "metadata", {
    configurable: true,
    value: (key: string, value: unknown) => (_: unknown, member: string) => {
      found.set(`${member} ${key}`, value);
    },
  });
  const [, , , own] = await runCellsWith(
    { experimentalDecorators: true, emitDecoratorMetadata: true },
    "class Dep {} class T {} namespace N { export class In {} } const inject = (..._: any[]) => {}",
    "interface Only { a: 1 }",
    "class Own {} class A<T> { @inject dep?: Dep; @inject own!: Own; @inject t!: T; @inject only!: Only; @inject m(n: N.In, ...[s]: string[]): Dep { return n } }",
    "[Dep, N.In, Own]",
  );
  const [dep, deeper, sameCell] = Array.isArray(own) ? own : [];
  expect(Object.fromEntries(found)).toMatchObject({
    "dep design:type": dep,
    "own design:type": sameCell,
    "t design:type": Object,
    "only design:type": Object,
    "m design:paramtypes": [deeper, String],
    "m design:returntype": dep,
  });
  expect([dep, deeper, sameCell].map(({ name }) => name)).toEqual(["Dep", "In", "Own"]);
});
