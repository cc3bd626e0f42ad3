import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  type Variable,
  VariableSchema,
} from "../../../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { LiteralMapSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  decodeMap,
  encodeMap,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { Duration } from "../../../../../runtime/types/duration.ts";
import {
  comparable,
  comparableType,
  type Golden,
  goldens,
  isOfOtherForm,
  SCHEMAS,
  withUris,
} from "../../../../support/literal-table.ts";

const all = goldens();

test("there is a golden for every schema of the table, and a schema for every golden", () => {
  const names = all.map(({ name }) => name);
  expect(names.sort()).toEqual(Object.keys(SCHEMAS).sort());
});

test("a field for which the callee's class has a value is left out, not written as none", async () => {
  const type = all.find(({ name }) => name === "pydantic model or none")?.type;
  if (!type) return expect.fail("no golden");
  const x = { id: 1, at: new Date(0), took: new Duration("1s"), part: { n: 1 } };
  const variables = { x: create(VariableSchema, { type }) };
  const map = await encodeMap({ x }, variables, {});
  const text = JSON.stringify(map.literals["x"] && comparable(map.literals["x"]), bigintsAsText);
  expect(text).toContain('"note":null,"part":{"n":1},"took":1');
});

function bigintsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

describe.each(all)("$name", (golden) => {
  const python = { x: create(VariableSchema, { type: golden.type }) };
  const own = ownVariables(golden);

  test("what flytekit wrote is read, by its types and by ours", async () => {
    const integers = golden.name === "bigint" ? "bigint" : "number";
    for (const { literal, value } of golden.cases) {
      const map = create(LiteralMapSchema, { literals: { x: literal } });
      for (const variables of own ? [python, own] : [python]) {
        const { x } = await decodeMap(map, variables, { integers });
        expect(withUris(x)).toStrictEqual(withUris(expectedOf(golden, value)));
      }
    }
  });

  // Pydantic writes dates and durations as other text than dataclasses do, and reads both.
  test.runIf(own && !isOfOtherForm(golden))(
    "what is written says the same as what flytekit writes, union types included",
    async () => {
      for (const { literal, value } of golden.cases) {
        const map = await encodeMap({ x: expectedOf(golden, value) }, python, {});
        expect(map.literals["x"] && comparable(map.literals["x"])).toStrictEqual(
          comparable(literal),
        );
      }
    },
  );

  test.runIf(own && !isOfOtherForm(golden))(
    "a cluster takes the schema's type and Python's for the same",
    () => {
      const type = own?.["x"]?.type;
      expect(type && comparableType(type)).toEqual(comparableType(golden.type));
    },
  );
});

function ownVariables({ name }: Golden): Record<string, Variable> | undefined {
  const schema = SCHEMAS[name];
  return schema && typedInterface({ name, inputs: { x: schema } }).inputs?.variables;
}

/** A program that asked for bigints gets the small ones so, too. */
function expectedOf({ name }: Golden, value: unknown): unknown {
  return name === "bigint" && typeof value === "number" ? BigInt(value) : value;
}
