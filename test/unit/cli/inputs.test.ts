import { expect, test } from "vitest";
import { readInputs } from "../../../cli/inputs.ts";
import { UsageError } from "../../../cli/usage.ts";

const input = (name: string, schema: Record<string, unknown>, required = true) => ({
  name,
  schema,
  required,
});
const entity = {
  exported: "flow",
  name: "flow",
  entity: "eager",
  output: undefined,
  inputs: [
    input("count", { type: "integer" }),
    input("label", { type: "string" }, false),
    input("dry", { type: "boolean" }, false),
    input("days", { type: "array" }, false),
    input("mode", { enum: ["fast", "safe"] }, false),
  ],
} as const;

test("values are read by the schema of their input", () => {
  const args = ["--count", "-5", "--label=7", "--dry", "--days", "[1,2]", "--mode", "fast"];
  expect(readInputs(entity, args)).toEqual({
    count: -5,
    label: "7",
    dry: true,
    days: [1, 2],
    mode: "fast",
  });
});

test.each([
  [["--count", "five"], "--count: 'five' is no integer"],
  [["--count", "1.5"], "--count: '1.5' is no integer"],
  [["--count", ""], "--count: '' is no integer"],
  [["--count"], "--count: needs a value: --count <integer>"],
  [
    [],
    "flow needs --count <integer>; it takes --count <integer> --label <string> --dry <boolean> --days <array> --mode <fast|safe>.",
  ],
  [["--cuont", "1"], "flow has no input '--cuont'. Did you mean '--count'?"],
  [["5"], "inputs are given as --name value; '5' has no name"],
  [["--count", "1", "--count", "2"], "--count is given twice"],
  [["--count", "1", "--dry=maybe"], "--dry: 'maybe' is no boolean; write --dry or --dry=false"],
  [["--count", "1", "--days", "{}"], "--days: '{}' is no array in JSON"],
])("%j is refused in one sentence", (args, message) => {
  expect(() => readInputs(entity, args)).toThrow(new UsageError(message));
});

test("without schemas JSON is read as JSON and the rest as text", () => {
  const untyped = {
    exported: "flow",
    name: "flow",
    entity: "task",
    inputs: undefined,
    output: undefined,
  } as const;
  expect(readInputs(untyped, ["--x", "5", "--who", "Ada", "--flag"])).toEqual({
    x: 5,
    who: "Ada",
    flag: true,
  });
});
