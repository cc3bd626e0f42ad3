import { create } from "@bufbuild/protobuf";
import ts from "typescript";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { handleStateOf } from "../../../../../runtime/flyte/handle.ts";
import { VariableSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { LiteralMapSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
} from "../../../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import {
  decodeMap,
  encodeMap,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { literalTypeOf } from "../../../../../runtime/flyte/literals/types.ts";
import { declaredTypes } from "../../../../../runtime/flyte/literals/typescript.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import { goldens } from "../../../../support/literal-table.ts";

/** The compiler reads its library with the first question. */
vi.setConfig({ testTimeout: 60_000 });

const CLASSES = `declare module "eagerdeck" {
  export class Duration { #own: 1 }
  export class FlyteFile { #own: 2 }
  export class FlyteDirectory { #own: 3 }
  export class StructuredDataset { #own: 4 }
}
`;
const FILE = "/declared.ts";
const CLASSES_FILE = "/classes.d.ts";
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: ts.ScriptTarget.ESNext,
  types: [],
};
const host = ts.createCompilerHost(OPTIONS);
let library: ts.Program | undefined;

/** What TypeScript says of statements, by their lines. */
function errors(statements: readonly string[]): string[] {
  const text = `${statements.join("\n")}\nexport {};`;
  const own = new Map([
    [FILE, text],
    [CLASSES_FILE, CLASSES],
  ]);
  const program = ts.createProgram([...own.keys()], OPTIONS, {
    ...host,
    fileExists: (name) => own.has(name) || host.fileExists(name),
    getSourceFile: (name, ...more) => {
      const source = own.get(name);
      if (source !== undefined) return ts.createSourceFile(name, source, ts.ScriptTarget.ESNext);
      return library?.getSourceFile(name) ?? host.getSourceFile(name, ...more);
    },
  });
  library ??= program;
  const file = program.getSourceFile(FILE);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    ({ messageText, start = 0 }) => {
      const line = text.slice(text.lastIndexOf("\n", start - 1) + 1).split("\n")[0];
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    },
  );
}

/** A value as somebody would write it. */
function written(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return String(JSON.stringify(value) ?? value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Duration) return `new (await import("eagerdeck")).Duration()`;
  const state = handleStateOf(value);
  if (state) {
    const classes = {
      file: "FlyteFile",
      directory: "FlyteDirectory",
      dataset: "StructuredDataset",
    };
    return `new (await import("eagerdeck")).${classes[state.kind]}()`;
  }
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  const entries = Object.entries(value).map(
    ([key, item]) => `[${JSON.stringify(key)}]: ${written(item)}`,
  );
  return `{ ${entries.join(", ")} }`;
}

function declared(type: LiteralType, integers: "number" | "bigint" = "number") {
  const variables = { x: create(VariableSchema, { type }) };
  return declaredTypes({ inputs: variables, optional: new Set(), outputs: variables }, integers);
}

test("every value that flytekit writes fits the type of its output, as we read it", async () => {
  const statements: string[] = [];
  for (const [at, { name, type, cases }] of goldens().entries()) {
    const integers = name === "bigint" ? "bigint" : "number";
    const { output } = declared(type, integers);
    for (const [nth, { literal }] of cases.entries()) {
      const variables = { x: create(VariableSchema, { type }) };
      const map = create(LiteralMapSchema, { literals: { x: literal } });
      const { x } = await decodeMap(map, variables, { integers });
      statements.push(`const row${at}_${nth}: ${output} = ${written(x)}; // ${name}`);
    }
  }
  expect(statements.length).toBeGreaterThan(60);
  expect(errors(statements)).toEqual([]);
});

test("every value that we write for flytekit fits the type of its input", async () => {
  const statements: string[] = [];
  for (const [at, { name, type, cases }] of goldens().entries()) {
    const variables = { x: create(VariableSchema, { type }) };
    const { inputs } = declared(type);
    for (const [nth, { value }] of cases.entries()) {
      await encodeMap({ x: value }, variables, {});
      statements.push(`const row${at}_${nth}: ${inputs} = { x: ${written(value)} }; // ${name}`);
    }
  }
  expect(errors(statements)).toEqual([]);
});

test("what one function gives another one of the same type takes, also where a text ends early", () => {
  const wide = literalTypeOf({
    kind: "struct",
    fields: Array.from({ length: 500 }, (_, i) => ({ name: `f${i}`, type: { kind: "string" } })),
    open: false,
  });
  const empty = literalTypeOf({ kind: "struct", fields: [], open: false });
  const types = [...goldens().map(({ type }) => type), wide, empty];
  const text = literalTypeOf({ kind: "string" });
  const statements = types.flatMap((type, at) => {
    const x = create(VariableSchema, { type });
    const a = create(VariableSchema, { type: text });
    const none = { inputs: {}, optional: new Set<string>(), outputs: {} };
    return [
      [{ x }, { o0: x }, ""] as const,
      [{ x }, { o0: a, o1: x }, "[1]"] as const,
      [{ a, x }, { o0: x }, ""] as const,
    ].map(([inputs, outputs, path], nth) => {
      const taker = declaredTypes({ ...none, inputs }, "number");
      const giver = declaredTypes({ ...none, outputs }, "number");
      const gave = `const gave${at}_${nth}: ${giver.output} = null!;`;
      return `${gave} const takes${at}_${nth}: (${taker.inputs})["x"] = gave${at}_${nth}${path};`;
    });
  });
  expect(errors(statements)).toEqual([]);
});

test("absences are written as they may be given, and as they come", () => {
  const { inputs, outputs } = typedInterface({
    name: "t",
    inputs: { needed: z.int(), none: z.string().nullable(), odd: z.object({ "a-b": z.int() }) },
    outputs: { none: z.string().optional(), nothing: z.void() },
  });
  const types = declaredTypes(
    {
      inputs: { ...inputs?.variables, filled: inputs?.variables["needed"] ?? expect.fail() },
      optional: new Set(["filled"]),
      outputs: outputs?.variables ?? {},
    },
    "bigint",
  );
  expect(types).toEqual({
    inputs: `{ needed: number | bigint; none?: string | null | undefined; odd: { "a-b": number | bigint }; filled?: number | bigint | undefined }`,
    output: "{ none: string | undefined; nothing: undefined }",
  });
});

test.each([
  ["none", [], "undefined"],
  ["one", ["o0"], "bigint"],
  ["a tuple of twelve", Array.from({ length: 12 }, (_, i) => `o${11 - i}`), "[bigint, string"],
  ["named ones", ["b", "a"], "{ b: bigint; a: string }"],
])("%s of outputs", (_, names, text) => {
  const type = (name: string, i: number) =>
    literalTypeOf(
      i === 0 || name === "o0" ? { kind: "integer", as: "number" } : { kind: "string" },
    );
  const outputs = Object.fromEntries(
    names.map((name, i) => [name, create(VariableSchema, { type: type(name, i) })]),
  );
  const { output } = declaredTypes({ inputs: {}, optional: new Set(), outputs }, "bigint");
  expect(output.startsWith(text)).toBe(true);
});

test("names and values of others stay literals on one line", () => {
  const nasty = `"; } \u2028 declare const x: any; //\n`;
  const type = literalTypeOf({
    kind: "struct",
    fields: [{ name: nasty, type: { kind: "enum", values: [nasty, "*/"] } }],
    open: false,
  });
  const variable = create(VariableSchema, { type });
  const { inputs, output } = declaredTypes(
    { inputs: { [nasty]: variable }, optional: new Set(), outputs: { [nasty]: variable } },
    "number",
  );
  for (const text of [inputs, output]) expect(text).not.toMatch(/[\n\r\u2028\u2029]/);
  expect(errors([`const a: ${inputs} = null!; const b: ${output} = null!; [a, b];`])).toEqual([]);
  expect(errors([`const a: ${output} = { wrong: 1 };`])).toHaveLength(1);
});

test("a structure that holds itself, and a very large one, end in anything", () => {
  const schema = {
    type: "object",
    title: "Node",
    $defs: {
      n: { type: "object", properties: { l: { $ref: "#/$defs/n" }, r: { $ref: "#/$defs/n" } } },
    },
    properties: {
      l: { $ref: "#/$defs/n" },
      wide: { enum: Array.from({ length: 300 }, (_, i) => `v${i}`) },
    },
    additionalProperties: false,
  };
  const type = create(LiteralTypeSchema, {
    type: { case: "simple", value: SimpleType.STRUCT },
    metadata: schema,
  });
  const { inputs, output } = declared(type);
  expect(inputs).toContain("unknown");
  expect(inputs.length + output.length).toBeLessThan(40_000);
  expect(errors([`const a: ${inputs} = null!; const b: ${output} = null!; [a, b];`])).toEqual([]);
});
