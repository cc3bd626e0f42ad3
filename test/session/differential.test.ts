/**
 * The same cells in our engine and in V8's own console (`replMode`), whose authors had the same wish: names
 * that stay, redeclared at will, `await` at the top. Where the two differ on purpose, the difference is
 * listed with its reason and both outcomes.
 * @module
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorRows } from "../support/battery/errors.ts";
import { languageRows } from "../support/battery/language.ts";
import { positionRows } from "../support/battery/positions.ts";
import { program, sessionNames } from "../support/random-cells.ts";
import { ReplMode } from "../support/repl-mode.ts";
import { openSession, type TestSession } from "../support/session.ts";

/** What both have to agree on: the value as text, or `! Name: message` without our place. */
async function ours(s: TestSession, code: string): Promise<string> {
  const { error, value } = await s.run(code, { stopOnError: false });
  if (!error) return String(value?.["text/plain"] ?? "undefined");
  return error.thrown === undefined ? `! ${error.name}: ${error.message}` : `! ${error.message}`;
}

/** Groups and single rows that are not JavaScript, or need a module: the console knows neither. */
const notForTheConsole = new Set([
  "modules",
  "enums",
  "syntax errors",
  "err.stack, as the user's code sees it",
]);
const needsTransform =
  /constructor\((?:public|readonly)|^(?:import|export|namespace) |^enum |structuredClone|require\(/;
/** `this` is compared below: at the console it is the whole global object. */
const ofThis = /\(this: unknown|^this$/;

interface Difference {
  readonly reason: string;
  readonly cells: string;
  readonly ours: string;
  readonly console: string;
}

const differences: readonly Difference[] = [
  {
    reason: "a cell's value is that of a last expression, not of a block or an `if`",
    cells: "let a = 1 %% { let a = 2; a }",
    ours: "undefined",
    console: "2",
  },
  { reason: "as above", cells: "if (1) 2; else 3", ours: "undefined", console: "2" },
  { reason: "as above", cells: "for (const i of [1, 2]) i", ours: "undefined", console: "2" },
  { reason: "as above", cells: "1; const last = 2", ours: "undefined", console: "1" },
  {
    reason: "as above",
    cells: "early(); function early() { return 3 }",
    ours: "undefined",
    console: "3",
  },
  {
    reason: "as above",
    cells: "try { 1 } finally { 2 }",
    ours: "undefined",
    console: "1",
  },
  {
    reason: "cells are strict: there is no sloppy `this`",
    cells: "typeof (function () { return this })()",
    ours: "'undefined'",
    console: "'object'",
  },
  { reason: "as above", cells: "typeof this", ours: "'undefined'", console: "'object'" },
  {
    reason: "cells are strict: only what was declared can be assigned",
    cells: "undeclared17 = 1",
    ours: "! ReferenceError: undeclared17 is not defined",
    console: "1",
  },
  {
    reason: "cells are strict: writing to what is frozen says so",
    cells:
      "Object.freeze([1]).push === undefined; const fr = Object.freeze({ a: 1 }); fr.a = 2; fr.a",
    ours: "! TypeError: Cannot assign to read only property 'a' of object '#<Object>'",
    console: "1",
  },
  {
    reason: "cells are strict: a function in a block stays in it",
    cells: "{ function inBlock() {} } %% typeof inBlock",
    ours: "'undefined'",
    console: "'function'",
  },
  {
    reason: "cells are strict: arguments are no aliases",
    cells: "(function (a) { arguments[0] = 2; return a })(1)",
    ours: "1",
    console: "2",
  },
  {
    reason: "a constant's error names it",
    cells: "const r5 = 1 %% r5 = 2",
    ours: "! TypeError: Assignment to constant variable 'r5'.",
    console: "! TypeError: Assignment to constant variable.",
  },
  {
    reason: "a redeclaration may change the kind",
    cells: "const r2 = 1 %% let r2 = 2 %% r2 = 3; r2",
    ours: "3",
    console: "! TypeError: Assignment to constant variable.",
  },
  {
    reason: "as above",
    cells: "function r3() { return 1 } %% const r3 = 5 %% r3",
    ours: "5",
    console: "[Function: r3]",
  },
  {
    reason: "as above",
    cells: "class R4 {} %% function R4() { return 4 } %% R4()",
    ours: "4",
    console: "! TypeError: Class constructor R4 cannot be invoked without 'new'",
  },
  { reason: "as above", cells: "const r15 = 1 %% var r15 = 2 %% r15", ours: "2", console: "1" },
  {
    reason: "as above",
    cells: "let r16 = 1 %% function r16() { return 7 } r16()",
    ours: "7",
    console: "! SyntaxError: Identifier 'r16' has already been declared",
  },
  {
    reason: "a name whose declaration failed says which cell failed",
    cells: "const ok12 = 1; throw new Error('half'); const no12 = 2 %% no12",
    ours: "! ReferenceError: no12 is not initialized: In [N] failed before it",
    console: "! ReferenceError: no12 is not defined",
  },
  {
    reason: "a name that is assigned before its first declaration has run takes the value",
    cells: "function early19() { late19 = 3; return 4 } let late19 = early19(); late19",
    ours: "4",
    console: "! ReferenceError: Cannot access 'late19' before initialization",
  },
  {
    reason: "a pattern whose default reads a later name of its own is wrong, as in any module",
    cells: "let m20 = 1 %% let [l20 = m20, m20] = [undefined, 2]",
    ours: "! ReferenceError: Cannot access 'm20' before initialization",
    console: "undefined",
  },
  {
    reason: "the names of a pattern are new together or not at all",
    cells: "let p21 = 1, q21 = 2 %% let [p21, q21 = null.x] = [5] %% [p21, q21]",
    ours: "[ 1, 2 ]",
    console: "[ 5, 2 ]",
  },
  {
    reason: "V8 names what is not iterable when it is a plain name; ours is a property",
    cells: "let z9: any = 1 %% const [q9] = z9",
    ours: "! TypeError: number 1 is not iterable (cannot read property Symbol(Symbol.iterator))",
    console: "! TypeError: z9 is not iterable",
  },
  {
    reason: "names of the session are no properties of the global object",
    cells: "var v20 = 1 %% typeof globalThis.v20",
    ours: "'undefined'",
    console: "'number'",
  },
  {
    reason: "as above",
    cells: "function parseInt() { return 'mine' } %% [parseInt(), globalThis.parseInt('4')]",
    ours: "[ 'mine', 4 ]",
    console: "[ 'mine', 'mine' ]",
  },
  {
    reason: "what `using` holds ends with its cell",
    cells:
      "let closed = 0 %% using d1 = { [Symbol.dispose]() { closed++ } }; closed %% [closed, typeof d1]",
    ours: "[ 1, 'undefined' ]",
    console: "[ 0, 'object' ]",
  },
];

/** Rows of the battery whose text is only written another way. */
const sameThingOtherWords = new Set([
  "throw 'text'",
  "throw Object.defineProperty(new Error('m'), 'message', { get() { throw 1 } })",
]);

describe("beside V8's console", () => {
  test("every row of the battery that is JavaScript gives the same, or its difference is listed", async () => {
    await using console = new ReplMode();
    const listed = new Set(differences.map(({ cells }) => cells));
    const wrong: object[] = [];
    let compared = 0;
    for (const [group, rows] of Object.entries({
      ...languageRows,
      ...errorRows,
      ...positionRows,
    })) {
      if (notForTheConsole.has(group)) continue;
      for (const [cells, expected] of rows) {
        if (needsTransform.test(cells) || ofThis.test(cells)) continue;
        if (listed.has(cells) || sameThingOtherWords.has(cells)) continue;
        // The place and the name in a constant's error are ours alone.
        const want = expected
          .replace(/ @(?:In \[\d+\]:)?\S*$/, "")
          .replace(/(constant variable) '\w+'\.$/, "$1.");
        let said = "";
        const context = `row ${++compared}`;
        for (const code of cells.split(" %% ")) {
          said = await console.run(code, { context, types: true });
        }
        if (said !== want) wrong.push({ group, cells, ours: want, console: said });
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(270);
  });

  test("every intended difference is one, for its reason", async () => {
    await using console = new ReplMode();
    await using s = openSession();
    const found: Difference[] = [];
    for (const [index, { cells, reason }] of differences.entries()) {
      const both = { ours: "", console: "" };
      for (const code of cells.split(" %% ")) {
        both.ours = (await ours(s, code)).replace(/In \[\d+\]/, "In [N]");
        both.console = await console.run(code, { context: `difference ${index}`, types: true });
      }
      found.push({ reason, cells, ...both });
    }
    expect(found).toEqual(differences);
  });
});

/** All names at the end, each with its value; what cannot be read is absent in both. */
const allNames = `[${sessionNames.map((name) => `(() => { try { return ["${name}", @${name}] } catch { return "no ${name}" } })()`).join(", ")}]`;

/** Where lines break in a text of a value is not what is compared. */
function comparable(said: string): string {
  return (
    said
      .replaceAll(/\s+/g, " ")
      // Which quotes a text gets depends on those in it.
      .replaceAll(/\\?["'`]/g, "'")
      // Two parsers, two wordings.
      .replace(/^! SyntaxError: .*/, "! SyntaxError")
      .replaceAll(/(Assignment to constant variable) '\w+'\./g, "$1.")
      .replaceAll(/is not initialized: In \[\d+\] failed before it/g, "is not defined")
      .slice(0, 5_000)
  );
}

test("random programs do the same in our engine and at V8's console", async () => {
  await using console = new ReplMode({ strict: true });
  await using s = openSession();
  // Our functions are made of rewritten text, and say so.
  const untold = "Function.prototype.toString = () => 'its text'; 0";
  expect([await ours(s, untold), await console.run(untold)]).toEqual(["0", "0"]);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(program, async (cells) => {
      // Each run has its own names, for a shrunk run has to begin from nothing too.
      const run = `_${++runs}`;
      const texts = [...cells, allNames].map((text) => text.replaceAll(/@(\w)/g, `$1${run}`));
      const here = await Promise.all(texts.map((text) => ours(s, text)));
      const there = await Promise.all(texts.map((text) => console.run(text)));
      const transcript = texts.map((text, index) => ({
        cell: text,
        shown: comparable(here[index] ?? ""),
      }));
      const expected = texts.map((text, index) => ({
        cell: text,
        shown: comparable(there[index] ?? ""),
      }));
      expect(transcript).toEqual(expected);
    }),
    { seed: 1, numRuns: 200 },
  );
}, 120_000);
