/**
 * Random programs of a few cells: names that are redeclared, captured, shadowed and reassigned in every
 * way that a rewriter of names could get wrong. What they compute is of no interest.
 *
 * Session names are written `@a`, so that a run may have its own; locals have the same names without the
 * `@` in front half of the time, for shadowing is what is to be tested. Loops are bounded by construction,
 * and functions of the session only call built-ins.
 * @module
 */
import fc from "fast-check";

const lets = ["a", "b", "o"] as const;
const vars = ["v", "w"] as const;
const constants = ["c", "d"] as const;
const functions = ["f", "g"] as const;
const assignable = [...lets, ...vars];
const readable = [...assignable, ...constants];
/** Every name that a program may declare in the session. */
export const sessionNames = [...readable, ...functions, "K"];

const at = (names: readonly string[]) => fc.constantFrom(...names).map((name) => `@${name}`);
const target = at(assignable);
/** A local: half of them hide a name of the session. */
const local = fc.oneof(fc.constantFrom("x", "y"), at([...readable, ...functions, "K"]));
const literal = fc.oneof(
  fc.integer({ min: -3, max: 9 }).map((n) => (n < 0 ? `(${n})` : String(n))),
  fc.constantFrom("'s'", "null", "undefined", "true", "[1, 2, 3]", "{ p: 1, q: [2] }", "`t`"),
);

/** Joins parts into text: `write("a", expr, "b")`. */
function write(...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  return fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((texts) => texts.join(""));
}

/** A named function that calls one of its names may never end, so it calls built-ins in their place. */
function withoutCalls(code: string): string {
  return code
    .replaceAll(/@[fg](\?\.)?\(/g, "[7].concat$1(")
    .replaceAll(/@[fg]`/g, "String.raw`")
    .replaceAll("new @K(", "new Map([[1, 2]], ");
}

/** An error as a value would show its stack, which nobody compares: its text takes its place. */
const caught = (name: string) =>
  `${name}) { if (${name} instanceof Error) ${name} = \`\${${name}}\`; `;

interface Grammar {
  expr: string;
  pattern: string;
  fn: string;
  body: string;
  stmt: string;
}

const grammar = fc.letrec<Grammar>((untyped) => {
  // All of the grammar is text; the builder's own types lose that as soon as one rule is mapped.
  const tie = untyped as (rule: keyof Grammar) => fc.Arbitrary<string>;
  const expr = tie("expr");
  const pattern = tie("pattern");
  const body = tie("body");
  const fn = tie("fn");
  const stmt = tie("stmt");
  const object = write("({ p: ", expr, ", q: [", expr, "] })");
  const operator = fc.constantFrom("+", "-", "*", "<", "===", "??", "||", "&&", ",", "%");
  const assignment = fc.constantFrom("=", "=", "+=", "-=", "??=", "||=", "&&=");
  return {
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      literal.map((text) => (text.startsWith("{") ? `(${text})` : text)),
      { weight: 4, arbitrary: at(readable) },
      { weight: 2, arbitrary: local },
      write("(", expr, " ", operator, " (", expr, "))").map((text) =>
        // The grammar forbids ?? beside || and &&; parentheses around each side allow it.
        text.replace(
          /^\((.*?) (\?\?|\|\||&&) \(/s,
          (_, left: string, sign: string) => `((${left}) ${sign} (`,
        ),
      ),
      write("(", target, " ", assignment, " ", expr, ")"),
      write("(", at(constants), " = ", expr, ")"),
      write(target, fc.constantFrom("++", "--")),
      write(fc.constantFrom("++", "--"), target),
      write(at(functions), "(", expr, ")"),
      write(at(functions), "?.(", expr, ", ...[", expr, "])"),
      write(at(functions), "`a${", expr, "}b`"),
      write("`<${", expr, "}>`"),
      write("typeof ", at(sessionNames)),
      write(at(readable), "?.p"),
      write(at(readable), "?.q?.[", expr, "]"),
      write("[", expr, ", ...[", expr, ", 2]]"),
      object,
      at(readable).map((name) => `({ ${name}, ${name}: 1, m() { return ${name} } })`),
      write("({ ...", expr, ", [", expr, "]: ", expr, " })"),
      write("(", expr, " ? ", expr, " : ", expr, ")"),
      write("(", fn, ")(", expr, ")"),
      write("new @K(", expr, ").get()"),
      write("(([", pattern, "] = [", expr, "]) => ", expr, ")()"),
      write("(0, [", target, ", ", target, "] = [", expr, ", ", expr, "])"),
      write(
        "(0, { p: ",
        target,
        ", q: ",
        target,
        " = ",
        expr,
        ", ...",
        target,
        " } = ",
        object,
        ")",
      ),
      write("((@o = ", object, ").p = ", expr, ", @o.q.length)"),
      write("[...(function* () { const x = ", expr, "; yield x; yield* [", expr, "] })()]"),
      write("(class { static s = ", expr, "; static { ", target, " = this.s } }).s"),
    ),
    pattern: fc.oneof(
      { depthSize: "small" },
      local,
      write(local, " = ", expr),
      write("{ p: ", local, " = ", expr, " } = { q: 1 }"),
      write("[", local, "] = [1, 2]"),
    ),
    fn: fc.oneof(
      write(
        "(x) => ",
        expr.map((text) => `(${text})`),
      ),
      write("(", local, " = ", expr, ") => { ", body, " }"),
      write("function (x, ...y) { ", body, " }"),
      write("function ", local, "(x) { ", body.map(withoutCalls), " }"),
    ),
    body: fc.oneof(
      write("return ", expr),
      write(stmt, "; return ", expr),
      write("const z = ", expr, "; ", stmt, "\n  return [z, ", expr, "]"),
    ),
    stmt: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 3, arbitrary: write(target, " = ", expr) },
      write("void ", expr),
      write("if (", expr, ") { ", stmt, " } else { ", stmt, " }"),
      write("{ let ", local, " = ", expr, "; ", stmt, " }"),
      write("{ function x() { ", body, " } ", target, " = x(1) }"),
      write("for (let i = 0; i < 3; i++) { ", stmt, " }"),
      write("for (const ", local, " of [1, 2]) { ", stmt, " }"),
      write("for (const [", local, "] of [[", expr, "]]) { ", stmt, " }"),
      write("for (", target, " of [", expr, ", 2]) { ", stmt, " }"),
      write("for ([", target, "] of [[", expr, "]]) { ", stmt, " }"),
      write("for (", target, " in { k: 1, l: 2 }) { ", stmt, " }"),
      write("{ let i = 0; while (i++ < 2) { ", stmt, "; if (", expr, ") continue; ", stmt, " } }"),
      write("{ let i = 0; do { ", stmt, "; if (", expr, ") break } while (i++ < 2) }"),
      write(
        "x: for (const i of [1, 2]) { for (const j of [1, 2]) { if (",
        expr,
        ") continue x; if (",
        expr,
        ") break x; ",
        stmt,
        " } }",
      ),
      write("switch (", expr, ") { case ", expr, ": ", stmt, "; break; default: ", stmt, " }"),
      write("try { ", stmt, "; throw ", expr, " } catch (", local.map(caught), stmt, " }"),
      write("try { ", stmt, "; throw ", expr, " } catch { ", stmt, " } finally { ", stmt, " }"),
      write("try { ", stmt, " } finally { ", stmt, " }"),
    ),
  };
});

const { expr, fn, body, stmt } = grammar;
const calm = expr.map(withoutCalls);
/** Defaults of a pattern: one that fails half-way, or reads a later name, is among the listed differences. */
const ofFirst = (name: string) =>
  fc.constantFrom(name, `[${name}, @v]`, `typeof ${name}`, "[8, 9]");
const topExpr = expr.map((text) => (text.startsWith("{") ? `(${text})` : text));

/** Statements that only a cell may have: they declare names of the session, or wait. */
const topStatement = fc.oneof(
  { weight: 4, arbitrary: stmt },
  write("let ", at(lets), " = ", topExpr),
  write("let ", at(lets)),
  write("const ", at(constants), " = ", topExpr),
  write("var ", at(vars), " = ", topExpr),
  write("var ", at(vars)),
  write("let [@a, @b = ", ofFirst("@a"), ", ...@o] = [", topExpr, ", undefined, 3]"),
  write("const { p: @c, q: [@d = ", ofFirst("@c"), "] = [] } = { p: ", topExpr, " }"),
  write("if (", topExpr, ") { var ", at(vars), " = ", topExpr, " }"),
  write("for (var @v = 0; @v < 3; @v++) { ", stmt, "; if (!(@v >= 0)) break }"),
  write("for (var @w of [", topExpr, ", 1]) { ", stmt, " }"),
  write("try { throw ", topExpr, " } catch (", fc.constant(caught("@a")), "var @v = @a }"),
  write("function ", at(functions), "(x, y = ", calm, ") { ", body.map(withoutCalls), " }"),
  write("function* ", at(functions), "(x) { yield x; yield ", calm, " }"),
  write("let ", at(lets), " = ", fn),
  write(
    "class @K { #x = ",
    calm,
    "; static n = ",
    calm,
    "; constructor(x) { this.y = x } get() { return [this.#x, this.y, ",
    calm,
    "] } }",
  ),
  write(target, " = await ", topExpr),
  write(
    "let ",
    at(lets),
    " = await (async () => ",
    topExpr.map((text) => `(${text})`),
    ")()",
  ),
  write("for await (const x of [", topExpr, ", Promise.resolve(2)]) { ", stmt, " }"),
);

/** One cell: some statements and an expression; the last of its declarations of a lexical name wins. */
const cell = fc
  .tuple(fc.array(topStatement, { minLength: 1, maxLength: 4 }), topExpr)
  .map(([statements, last]) => [...once(statements), `(${last})`].join(";\n"));

/** Drops what would declare a name twice in one cell, which is a SyntaxError and no program. */
function once(statements: readonly string[]): string[] {
  const seen = new Set<string>();
  return statements.filter((statement) => {
    const head = /^(?:(let|const|class)\b|(?:async )?function)([^=(]*(?:= [^;]*\.\.\.@o\])?)/.exec(
      statement,
    );
    if (!head) return true;
    const names = /^(?:let \[|const \{)/.test(statement)
      ? statement.startsWith("let")
        ? ["@a", "@b", "@o"]
        : ["@c", "@d"]
      : (head[2]?.match(/@\w/g)?.slice(0, 1) ?? []);
    if (names.some((name) => seen.has(name))) return false;
    for (const name of names) seen.add(name);
    return true;
  });
}

/** Declares every name: what a first declaration does before it has run is among the listed differences. */
const first = [
  "let @a = 1, @b = [2], @o = { p: 3, q: [4] }",
  "var @v = 5, @w",
  "const @c = 'c', @d = { p: 6 }",
  "function @f(x) { return [x, @a, @c] }",
  "function @g(x) { @b = x; return @v++ }",
  "class @K { #x = @a; constructor(x) { this.y = x } get() { return [this.#x, this.y] } }",
  "0",
].join(";\n");

/** Two to five cells, the first of which declares the names. */
export const program: fc.Arbitrary<string[]> = fc
  .array(cell, { minLength: 1, maxLength: 4 })
  .map((cells) => [first, ...cells]);
