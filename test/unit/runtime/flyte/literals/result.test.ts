import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { z } from "zod";
import { VariableSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import {
  outputsOf,
  resultOf,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";

function variables(...names: string[]) {
  return Object.fromEntries(names.map((name) => [name, create(VariableSchema)]));
}

test("one output is the bare value, whatever its name and however falsy", () => {
  for (const value of [0, "", false, null, [], Number.NaN]) {
    expect(resultOf({ o0: value }, variables("o0"))).toBe(value);
    expect(resultOf({ sum: value }, variables("sum"))).toBe(value);
  }
});

test("no outputs are undefined", () => {
  expect(resultOf({}, {})).toBeUndefined();
});

test("o0 … o11 are a tuple in the order of their numbers", () => {
  const names = ["o10", "o2", "o0", "o11", "o1", "o3", "o4", "o5", "o6", "o7", "o8", "o9"];
  const values = Object.fromEntries(names.map((name) => [name, Number(name.slice(1))]));
  expect(resultOf(values, variables(...names))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("names that are not all oN in a row are an object", () => {
  for (const names of [
    ["a", "b"],
    ["o0", "b"],
    ["o0", "o2"],
    ["o0", "o01"],
    ["o1", "o2"],
    ["o0", "o-1"],
  ]) {
    const values = Object.fromEntries(names.map((name) => [name, name]));
    expect(resultOf(values, variables(...names))).toEqual(values);
  }
});

test("what a function gave is spread over its outputs", () => {
  const pair = { name: "f", output: z.tuple([z.int(), z.string()]) };
  expect(outputsOf(pair, [1, "a"])).toEqual({ o0: 1, o1: "a" });
  expect(outputsOf({ name: "f", output: z.int() }, 0)).toEqual({ o0: 0 });
  expect(outputsOf({ name: "f", output: z.void() }, undefined)).toEqual({});
  expect(outputsOf({ name: "f" }, "ignored")).toEqual({});
  expect(outputsOf({ name: "f", outputs: { a: z.int(), b: z.int() } }, { a: 1, b: 2 })).toEqual({
    a: 1,
    b: 2,
  });
  expect(() => outputsOf(pair, [1])).toThrow("f: expected a tuple of 2 values");
  expect(() => outputsOf({ name: "f", outputs: { a: z.int() } }, null)).toThrow(
    "f: expected an object of a",
  );
});

test("a single output is called o0, a tuple's o0 and on, none for a function that gives nothing", () => {
  const names = (of: Omit<Parameters<typeof typedInterface>[0], "name">) =>
    Object.keys(typedInterface({ name: "f", ...of }).outputs?.variables ?? {});
  expect(names({ output: z.int() })).toEqual(["o0"]);
  expect(names({ output: z.null() })).toEqual(["o0"]);
  expect(names({ output: z.tuple([z.int(), z.int(), z.string()]) })).toEqual(["o0", "o1", "o2"]);
  expect(names({ outputs: { sum: z.int(), of: z.int() } })).toEqual(["sum", "of"]);
  expect(names({ output: z.void() })).toEqual([]);
  expect(names({})).toEqual([]);
});
