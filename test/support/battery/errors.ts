/** Errors and the exact places they name; rows as in `language.ts`. @module */
import type { Row } from "./language.ts";

export const errorRows: Readonly<Record<string, readonly Row[]>> = {
  "errors, thrown": [
    ["throw new Error('one')", "! Error: one @1:7"],
    ["\n\n  throw new RangeError('three')", "! RangeError: three @3:9"],
    ["1;\r\n2;\r\nthrow new Error('crlf')", "! Error: crlf @3:7"],
    ["\t\tthrow new Error('tabs')", "! Error: tabs @1:9"],
    ["'😀日本'; throw new Error('wide')", "! Error: wide @1:15"],
    [
      "const u: any = undefined;\nu.rows.length",
      "! TypeError: Cannot read properties of undefined (reading 'rows') @2:3",
    ],
    ["const notF: any = 1 %% notF()", "! TypeError: notF is not a function @1:1"],
    ["const notF2: any = { x: 1 } %% notF2.x()", "! TypeError: notF2.x is not a function @1:7"],
    ["nowhere", "! ReferenceError: nowhere is not defined @1:1"],
    ["const a = 1;\n  nowhere2 + a", "! ReferenceError: nowhere2 is not defined @2:3"],
    ["function f() {\n  throw new Error('earlier');\n} %% f()", "! Error: earlier @In [1]:2:9"],
    [
      "class T { constructor() { throw new Error('ctor') } } %% new T()",
      "! Error: ctor @In [1]:1:33",
    ],
    ["const g = { get x() { throw new Error('getter') } };\ng.x", "! Error: getter @1:29"],
    ["class S { static { throw new Error('static') } }", "! Error: static @1:26"],
    ["`a${(() => { throw new Error('template') })()}`", "! Error: template @1:20"],
    [
      "[1]\n  .map((x) => x)\n  .map(() => {\n    throw new Error('chain');\n  })",
      "! Error: chain @4:11",
    ],
    ["await Promise.reject(new Error('awaited'))", "! Error: awaited @1:22"],
    [
      "await (async () => {\n  await null;\n  throw new Error('async');\n})()",
      "! Error: async @3:9",
    ],
    ["throw null", "! null"],
    ["throw undefined", "! undefined"],
    ["throw 'text'", '! "text"'],
    ["throw { a: 1 }", "! { a: 1 }"],
    ["throw 42n", "! 42n"],
    ["throw new AggregateError([new Error('x')], 'many')", "! AggregateError: many @1:7"],
    ["const e1 = new Error('self'); e1.cause = e1; throw e1", "! Error: self @1:12"],
    [
      "throw Object.defineProperty(new Error('m'), 'message', { get() { throw 1 } })",
      "! Error: [unreadable] @1:29",
    ],
    ["throw Object.assign(new Error('named'), { name: 'MyError' })", "! MyError: named @1:21"],
    [
      "interface A { x: number }\ninterface B { y: number }\nthrow new Error('after types')",
      "! Error: after types @3:7",
    ],
    [
      "const v: number = 1; const w: Array<number> = [v]; (w as any).nope()",
      "! TypeError: w.nope is not a function @1:63",
    ],
    [
      "JSON.parse('{')",
      "! SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2) @1:6",
    ],
    ["new Array(-1)", "! RangeError: Invalid array length @1:1"],
  ],
  "errors, at operators and brackets": [
    [
      "(1n as any) + 1",
      "! TypeError: Cannot mix BigInt and other types, use explicit conversions @1:13",
    ],
    ["Symbol() + ''", "! TypeError: Cannot convert a Symbol value to a string @1:10"],
    [
      "null[Symbol.iterator]",
      "! TypeError: object null is not iterable (cannot read property Symbol(Symbol.iterator)) @1:5",
    ],
  ],
};
