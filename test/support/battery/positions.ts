/** Where errors point; rows as in `language.ts`, `In [1]` being the first cell of the row. @module */
import type { Row } from "./language.ts";

export const positionRows: Readonly<Record<string, readonly Row[]>> = {
  "positions, in odd texts": [
    ["\tif (true) {\n\t\tthrow new Error('two tabs');\n\t}", "! Error: two tabs @2:9"],
    [
      "const t1 = '\t\t'; null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @1:23",
    ],
    [
      "const s1 = '👩‍👩‍👧'; null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @1:29",
    ],
    ["/* 日本語 */ null.x", "! TypeError: Cannot read properties of null (reading 'x') @1:16"],
    ["1;\r\n\r\n  null.x;\r\n", "! TypeError: Cannot read properties of null (reading 'x') @3:8"],
    ["`line\nline\n${null.x}`", "! TypeError: Cannot read properties of null (reading 'x') @3:8"],
    ["`${1} ${2} ${null.x}`", "! TypeError: Cannot read properties of null (reading 'x') @1:19"],
    [
      "const long = [\n  1,\n  2,\n  null.x,\n]",
      "! TypeError: Cannot read properties of null (reading 'x') @4:8",
    ],
    [
      "#!/usr/bin/env node\nnull.x",
      "! TypeError: Cannot read properties of null (reading 'x') @2:6",
    ],
    [
      "// eagerdeck: loops=off\nfor (const i of [1]) null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @2:27",
    ],
    [
      "for (const i of [1])\n  null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @2:8",
    ],
    [
      "for (const i of [1]) { i; null.x }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:32",
    ],
    ["while (true) null.x", "! TypeError: Cannot read properties of null (reading 'x') @1:19"],
    [
      "do { null.x } while (true)",
      "! TypeError: Cannot read properties of null (reading 'x') @1:11",
    ],
    [
      "const x1 = await 1; await null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @1:32",
    ],
    [
      "if (true) { await null; null.x }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:30",
    ],
    [
      "export const e1 = 1; null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @1:27",
    ],
    ["export default null.x", "! TypeError: Cannot read properties of null (reading 'x') @1:21"],
    [
      "type T = { a: 1 }; null.x",
      "! TypeError: Cannot read properties of null (reading 'x') @1:25",
    ],
    [
      "const y1: Record<string, number> = {}; y1.a.b",
      "! TypeError: Cannot read properties of undefined (reading 'b') @1:45",
    ],
    ["enum En { A = 1 } null.x", "! TypeError: Cannot read properties of null (reading 'x') @1:24"],
    ["enum Em { A = null.x }", "! TypeError: Cannot read properties of null (reading 'x') @1:20"],
    [
      "namespace Ns { export const v = 1; null.x }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:41",
    ],
    ["let z1 = 1; z1 = null.x", "! TypeError: Cannot read properties of null (reading 'x') @1:23"],
    [
      "let z2: any = { f: null } %% z2.f.g.h",
      "! TypeError: Cannot read properties of null (reading 'g') @1:6",
    ],
    ["let z3: any = {} %% z3.f()", "! TypeError: z3.f is not a function @1:4"],
    [
      "let z4: any = {} %% z4.a.b()",
      "! TypeError: Cannot read properties of undefined (reading 'b') @1:6",
    ],
    ["let z5: any %% new z5()", "! TypeError: z5 is not a constructor @1:1"],
    ["let z6: any %% z6`tag`", "! TypeError: z6 is not a function @1:3"],
    ["let z7: any %% [...z7]", "! TypeError: z7 is not iterable @1:5"],
    [
      "let z8: any %% ({ ...z8, a: z8.b })",
      "! TypeError: Cannot read properties of undefined (reading 'b') @1:17",
    ],
    [
      "let z9: any = 1 %% const [q9] = z9",
      "! TypeError: number 1 is not iterable (cannot read property Symbol(Symbol.iterator)) @1:14",
    ],
    ["let y2: any %% for (const i of y2) i", "! TypeError: y2 is not iterable @1:17"],
    [
      "let y3: any %% 'a' in y3",
      "! TypeError: Cannot use 'in' operator to search for 'a' in undefined @1:5",
    ],
    [
      "let y4: any %% ({}) instanceof y4",
      "! TypeError: Right-hand side of 'instanceof' is not an object @1:6",
    ],
    [
      "let y5: any %% class D5 extends y5 {}",
      "! TypeError: Class extends value undefined is not a constructor or null @1:18",
    ],
    [
      "let y6: any %% y6?.a.b; y6.a?.b",
      "! TypeError: Cannot read properties of undefined (reading 'a') @1:13",
    ],
    ["const y7 = 1 %% { y7 = 2 }", "! TypeError: Assignment to constant variable 'y7'. @1:6"],
    ["const y8: any = 1 %% y8 += 2", "! TypeError: Assignment to constant variable 'y8'. @1:4"],
    [
      "var f1 = (x: any) => x.y.z; %% f1({})",
      "! TypeError: Cannot read properties of undefined (reading 'z') @In [1]:1:26",
    ],
    [
      "var f2 = (x = null.y) => x; %% f2()",
      "! TypeError: Cannot read properties of null (reading 'y') @In [1]:1:20",
    ],
    [
      "function f3({ a: { b } }: any) { return b } %% f3({})",
      "! TypeError: Cannot read properties of undefined (reading 'b') @In [1]:1:20",
    ],
    [
      "class P1 { #p = 1; static get(o: any) { return o.#p } } %% P1.get({})",
      "! TypeError: Cannot read private member #p from an object whose class did not declare it @In [1]:1:50",
    ],
    [
      "class P2 { v = null.x } %% new P2()",
      "! TypeError: Cannot read properties of null (reading 'x') @In [1]:1:21",
    ],
    [
      "class P3 { static v = null.x }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:28",
    ],
    [
      "class P4 { get g() { return this.a.b } a: any } %% new P4().g",
      "! TypeError: Cannot read properties of undefined (reading 'b') @In [1]:1:36",
    ],
    [
      "class P5 { m() { return super.nope() } } %% new P5().m()",
      "! TypeError: (intermediate value).nope is not a function @In [1]:1:31",
    ],
    [
      "function* g1() { yield 1; null.x } %% [...g1()]",
      "! TypeError: Cannot read properties of null (reading 'x') @In [1]:1:32",
    ],
    [
      "async function a1() { await 1; null.x } %% await a1()",
      "! TypeError: Cannot read properties of null (reading 'x') @In [1]:1:37",
    ],
    [
      "switch (1) { case null.x: }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:24",
    ],
    [
      "try { null.x } finally { 1 }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:12",
    ],
    [
      "try { null.x } catch (e) { throw e }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:12",
    ],
    ["try { null.x } catch { (() => { throw new Error('two') })() }", "! Error: two @1:39"],
    [
      "lab: for (;;) { null.x; break lab }",
      "! TypeError: Cannot read properties of null (reading 'x') @1:22",
    ],
    ["[3, 1].sort(() => { throw new Error('in sort') })", "! Error: in sort @1:27"],
    ["JSON.parse('{}', () => { throw new Error('reviver') })", "! Error: reviver @1:32"],
    [
      "'aa'.replaceAll('a', () => null.x)",
      "! TypeError: Cannot read properties of null (reading 'x') @1:33",
    ],
    ["await new Promise(() => { throw new Error('executor') })", "! Error: executor @1:33"],
    ["await Promise.all([1, Promise.reject(new Error('member'))])", "! Error: member @1:38"],
    [
      "const p9 = Promise.reject(new Error('kept')); p9.catch(() => 0) %% await p9",
      "! Error: kept @In [1]:1:27",
    ],
    ["decodeURIComponent('%')", "! URIError: URI malformed @1:1"],
    ["'a'.repeat(-1)", "! RangeError: Invalid count value: -1 @1:5"],
    ["(1).toFixed(101)", "! RangeError: toFixed() digits argument must be between 0 and 100 @1:5"],
    [
      "BigInt(1.5)",
      "! RangeError: The number 1.5 cannot be converted to a BigInt because it is not an integer @1:1",
    ],
    ["new RegExp('(')", "! SyntaxError: Invalid regular expression: /(/: Unterminated group @1:1"],
    ["structuredClone(() => 1)", "! DataCloneError: () => 1 could not be cloned. @1:1"],
    [
      "require('node:fs').readFileSync('/nowhere/at/all')",
      "! Error: ENOENT: no such file or directory, open '/nowhere/at/all' @1:20",
    ],
    [
      "Object.freeze([1]).push(2)",
      "! TypeError: Cannot add property 1, object is not extensible @1:20",
    ],
    [
      "(function rec(): number { return rec() })()",
      "! RangeError: Maximum call stack size exceeded @1:14",
    ],
  ],
  "syntax errors": [
    ["const = 1", "! SyntaxError: Unexpected token @1:7"],
    ["let a = 1;\nlet a = 2", "! SyntaxError: Identifier `a` has already been declared @2:5"],
    ["f(", "! SyntaxError: Expected `)` but found `EOF` @1:3"],
    ["1 +", "! SyntaxError: Unexpected token @1:4"],
    ["const c1", "! SyntaxError: Missing initializer in const declaration @1:7"],
    [
      "return 1",
      "! SyntaxError: A 'return' statement can only be used within a function body. @1:1",
    ],
    [
      "a b",
      "! SyntaxError: Expected a semicolon or an implicit semicolon after a statement, but found none @1:2",
    ],
    ["if (1) {\n  2\n}}\n3", "! SyntaxError: Unexpected token @3:2"],
    ["'unclosed", "! SyntaxError: Unterminated string @1:1"],
    ["`unclosed", "! SyntaxError: Unterminated string @1:1"],
    ["/re", "! SyntaxError: Unterminated regular expression (and 1 more) @1:1"],
    ["break", "! SyntaxError: Illegal break statement @1:1"],
    [
      "({ a: 1, })) ",
      "! SyntaxError: Expected a semicolon or an implicit semicolon after a statement, but found none @1:12",
    ],
    [
      "function f() { await 1 }",
      "! SyntaxError: `await` is only allowed within async functions and at the top levels of modules @1:16",
    ],
    ["class { }", "! SyntaxError: A class name is required. @1:1"],
    [
      "class A { constructor() {} constructor() {} }",
      "! SyntaxError: Multiple constructor implementations are not allowed. @1:28",
    ],
    ["1 = 2", "! SyntaxError: Cannot assign to this expression @1:1"],
    ["'😀'; let let = 1", "! SyntaxError: The keyword 'let' is reserved @1:11"],
    ["\t\tconst x = ;", "! SyntaxError: Unexpected token @1:13"],
    ["x.#p", "! SyntaxError: Private identifier '#p' is not allowed outside class bodies @1:3"],
    ["for (const i of [1] {}", "! SyntaxError: Expected `)` but found `{` @1:21"],
    ["enum { A }", "! SyntaxError: Unexpected token @1:6"],
    ["import { a from 'x'", "! SyntaxError: Expected `,` or `}` but found `from` @1:12"],
    [
      "const { a, ...b, c } = {}",
      "! SyntaxError: A rest element must be last in a destructuring pattern @1:12",
    ],
    [
      "01",
      "! SyntaxError: '0'-prefixed octal literals and octal escape sequences are deprecated @1:1",
    ],
    ["with ({}) {}", "! SyntaxError: 'with' statements are not allowed @1:1"],
    ["delete x", "! SyntaxError: Delete of an unqualified identifier in strict mode. @1:8"],
  ],
  "err.stack, as the user's code sees it": [
    ["const e = new Error('m'); e.stack", "'Error: m\\n    at In [1]:1:11'"],
    [
      "function h() { return new Error('m').stack } %% const k = () => h(); k()",
      "'Error: m\\n    at h (In [1]:1:23)\\n    at k (In [2]:1:17)\\n    at In [2]:1:22'",
    ],
    [
      "class C { constructor() { this.s = new Error('m').stack } s } %% new C().s",
      "'Error: m\\n    at new C (In [1]:1:36)\\n    at In [2]:1:1'",
    ],
    [
      "let e2: any; try { null.x } catch (e) { e2 = e } e2.stack",
      "\"TypeError: Cannot read properties of null (reading 'x')\\n    at In [1]:1:25\"",
    ],
    ["const o = {}; Error.captureStackTrace(o); (o as any).stack", "'Error\\n    at In [1]:1:21'"],
    [
      "await (async function later() { await null; return new Error('m').stack })()",
      "'Error: m\\n    at later (In [1]:1:52)\\n    at async In [1]:1:1'",
    ],
    [
      "[1].map(() => new Error('m').stack)[0]",
      "'Error: m\\n    at In [1]:1:15\\n    at In [1]:1:5'",
    ],
    ["eval('new Error(\"m\").stack')", "'Error: m\\n    at In [1]:1:1'"],
  ],
};
