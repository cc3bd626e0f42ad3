/**
 * Cells as people write them, made from a seed: 4 to 8 lines, each declaring a few names and using three earlier cells.
 *
 * Every cell can also be had with one planted line: a type error whose code and position are known, or a
 * throw whose position is known. The same seed gives the same text on every machine.
 * @module
 */

/** A position of the planted line; line and column count from 1. */
interface Planted {
  readonly code: string;
  readonly line: number;
  readonly column: number;
}

export interface CorpusCell {
  readonly code: string;
  /** With a type error: the one diagnostic of the cell is TS`error`. */
  readonly wrong: Planted & { readonly error: number };
  /** With a throw at top level: the innermost frame is at this position. */
  readonly throwing: Planted & { readonly name: string };
}

/** A cell under construction: its top-level statements, and expressions of type number over its names. */
interface Draft {
  readonly statements: readonly string[];
  readonly provides: readonly string[];
}

/** @param i number of the cell; @param n a small number; @param a, b, c expressions over three earlier cells. */
type Shape = (i: number, n: number, a: string, b: string, c: string) => Draft;

const shapes: readonly Shape[] = [
  (i, n, a, b, c) => ({
    statements: [
      `interface Row${i} { id: number; label: string; size?: number }`,
      `const rows${i}: Row${i}[] = [\n  { id: ${a}, label: "a" },\n  { id: ${b}, label: "b", size: ${n} },\n];`,
      `const byLabel${i} = new Map(rows${i}.map((row) => [row.label, row] as const));`,
      `const v${i} = rows${i}.reduce((sum, { id, size = 1 }) => (sum + id * size) % 997, ${c});`,
    ],
    provides: [`v${i}`, `rows${i}.length`, `(byLabel${i}.get("a")?.id ?? 0)`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `type Pair${i}<A, B> = { readonly left: A; readonly right: B };`,
      `function pair${i}<A, B>(left: A, right: B): Pair${i}<A, B> {\n  return { left, right };\n}`,
      `const both${i} = pair${i}(${a} + ${b}, \`n\${${c}}\`);`,
      `const v${i} = (both${i}.left + both${i}.right.length * ${n}) % 997;`,
    ],
    provides: [`v${i}`, `pair${i}(${n}, "x").left`, `both${i}.right.length`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `enum Level${i} { Low = 1, Mid = Low * 2, High = Mid + ${n} }`,
      `const levels${i} = [Level${i}.Low, Level${i}.High, ${a}, ${b}];`,
      `let v${i} = 0;`,
      `for (const level of levels${i}) {\n  v${i} += level === Level${i}.High ? ${c} : level;\n}`,
      `v${i} %= 997;`,
    ],
    provides: [`v${i}`, `Level${i}.High`, `levels${i}.length`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `class Counter${i} {\n  #count = ${a};\n  static readonly step: number = ${n};\n  next(by: number = ${b}) {\n    return (this.#count = (this.#count + by * Counter${i}.step) % 997);\n  }\n}`,
      `const v${i} = new Counter${i}().next() + new Counter${i}().next(${c});`,
    ],
    provides: [`v${i}`, `Counter${i}.step`, `new Counter${i}().next(2)`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `async function load${i}(n: number): Promise<{ n: number; tags: string[] }> {\n  await Promise.resolve();\n  return { n: (n + ${a}) % 997, tags: ["x", "y"] };\n}`,
      `const [first${i}, second${i}] = await Promise.all([load${i}(${b}), load${i}(${c})]);`,
      `const v${i} = (first${i}.n + second${i}.tags.length * ${n}) % 997;`,
    ],
    provides: [`v${i}`, `second${i}.n`, `first${i}.tags.length`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `const { x: x${i}, deep: { y: y${i} = ${n} }, ...rest${i} } = { x: ${a}, deep: {} as { y?: number }, z: ${b} };`,
      `const [head${i}, , ...tail${i}] = [x${i}, y${i}, rest${i}.z, ${c}];`,
      `const v${i} = tail${i}.reduce((sum, each) => (sum + each) % 997, head${i});`,
      `v${i} + y${i}`,
    ],
    provides: [`v${i}`, `rest${i}.z`, `tail${i}.map(Math.abs).length`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `type Shape${i} = { kind: "dot" } | { kind: "box"; side: number };`,
      `const area${i} = (shape: Shape${i}): number => {\n  if (shape.kind === "dot") return ${a};\n  return shape.side * ${n};\n};`,
      `const shapes${i}: Shape${i}[] = [{ kind: "dot" }, { kind: "box", side: ${b} }];`,
      `const v${i} = shapes${i}.map(area${i}).reduce((sum, each) => (sum + each) % 997, ${c});`,
    ],
    provides: [`v${i}`, `area${i}({ kind: "box", side: 2 })`, `shapes${i}.length`],
  }),
  (i, n, a, b, c) => ({
    statements: [
      `function* upTo${i}(end: number) {\n  for (let at = 0; at < end; at++) yield at;\n}`,
      `const limits${i} = { soft: ${a}, hard: ${b} } satisfies Record<string, number>;`,
      `const v${i} = [...upTo${i}(${n})].length + ((limits${i}.soft + limits${i}.hard + ${c}) % 997);`,
    ],
    provides: [`v${i}`, `limits${i}.soft`, `[...upTo${i}(3)].length`],
  }),
];

/** Lines with a type error; the caret is where the checker points. */
const mistakes: readonly ((i: number, number: string) => { error: number; marked: string })[] = [
  (i, number) => ({ error: 2322, marked: `const ^wrong${i}: string = ${number};` }),
  (_, number) => ({ error: 2339, marked: `(${number}).^missing;` }),
  (_, number) => ({ error: 2345, marked: `parseInt(^+${number});` }),
  (i) => ({ error: 2304, marked: `^nowhere${i};` }),
];

/** Lines that throw; the caret is where the engine points. */
const throws: readonly ((number: string) => { name: string; marked: string })[] = [
  (number) => ({
    name: "RangeError",
    marked: `if (${number} > -1) throw ^new RangeError("planted");`,
  }),
  () => ({ name: "SyntaxError", marked: `/* from text */ JSON.^parse("{");` }),
  () => ({ name: "TypeError", marked: `console.log((undefined as any).^planted);` }),
];

/** @returns `count` cells to be run in order, in a session of their own. */
export function corpus(count: number, seed = 1): readonly CorpusCell[] {
  const random = randomFrom(seed);
  const provided: (readonly string[])[] = [];
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[Math.floor(random() * list.length)];
    if (picked === undefined) throw new Error("the corpus picks from an empty list");
    return picked;
  };
  return Array.from({ length: count }, (_, i) => {
    const constants = [["1"], ["2"], ["3"]];
    const earlier = [...constants, ...provided];
    // Mostly near cells, as people write, and sometimes one from long ago.
    const near = () => pick(pick(random() < 0.8 ? earlier.slice(-20) : earlier));
    const uses = [near(), near(), near()] as const;
    const { statements, provides } = pick(shapes)(i, 1 + Math.floor(random() * 9), ...uses);
    provided.push(provides);
    const place = Math.floor(random() * (statements.length + 1));
    const { error, marked: mistake } = pick(mistakes)(i, uses[0]);
    const { name, marked: thrower } = pick(throws)(uses[1]);
    return {
      code: statements.join("\n"),
      wrong: { ...planted(statements, place, mistake), error },
      throwing: { ...planted(statements, place, thrower), name },
    };
  });
}

/** Puts a line with a caret before statement `place`; the caret is taken out and told as position. */
function planted(statements: readonly string[], place: number, marked: string): Planted {
  const before = statements.slice(0, place);
  const lines = [...before, marked.replace("^", ""), ...statements.slice(place)];
  return {
    code: lines.join("\n"),
    line: before.join("\n").split("\n").length + (place === 0 ? 0 : 1),
    column: marked.indexOf("^") + 1,
  };
}

/** Mulberry32: the same numbers everywhere, which `Math.random` cannot promise. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
