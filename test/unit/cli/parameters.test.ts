import { describe, expect, test } from "vitest";
import { joinedParameters, readParameters } from "../../../cli/parameters.ts";
import { UsageError } from "../../../cli/usage.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const read = (pairs: readonly string[], file?: string) =>
  Object.fromEntries(readParameters(pairs, file));

describe("-p takes a name and a value, or both in one", () => {
  test.each([
    [
      ["-p", "x", "10"],
      ["--parameter", "x=10"],
    ],
    [
      ["-p", "x=10", "out.ipynb"],
      ["--parameter", "x=10", "out.ipynb"],
    ],
    [
      ["--parameter", "x", "-5"],
      ["--parameter", "x=-5"],
    ],
    [
      ["-p", "x", "-.5", "-p", "y", "a=b"],
      ["--parameter", "x=-.5", "--parameter", "y=a=b"],
    ],
    [
      ["-p", "x", ""],
      ["--parameter", "x="],
    ],
    [
      ["in.ipynb", "--", "-p", "x"],
      ["in.ipynb", "--", "-p", "x"],
    ],
    [["-px=5"], ["-px=5"]],
  ])("%j", (args, joined) => {
    expect(joinedParameters(args)).toEqual(joined);
  });

  test.each([
    [["-p"]],
    [["-p", "x"]],
    [["-p", "x", "--keep-going"]],
    [["-p", "x", "-f", "a.json"]],
  ])("%j is refused", (args) => {
    expect(() => joinedParameters(args)).toThrow(UsageError);
  });
});

describe("values are JSON, and text where they are none", () => {
  test.each([
    ["x=10", 10],
    ["x=-1.5e3", -1500],
    ["x=null", null],
    ["x=true", true],
    ["x=True", "True"],
    ['x="5"', "5"],
    ["x=Ada Lovelace", "Ada Lovelace"],
    ["x=", ""],
    ["x=a=b", "a=b"],
    ['x={ "a": [1, null] }', { a: [1, null] }],
    ["x={a: 1}", "{a: 1}"],
    ["x=NaN", "NaN"],
    ["x=007", "007"],
    ["x=0.1234567890123456789", 0.12345678901234568],
    ["x=9007199254740991", 9007199254740991],
    ["x=9007199254740992", 9007199254740992],
    ["x=10000000000000000000000", 1e22],
  ])("%s", (pair, value) => {
    expect(read([pair])).toEqual({ x: value });
  });

  test.each([
    ["9007199254740993"],
    ["12345678901234567891"],
    ["1e999"],
    ['{ "a": [12345678901234567891] }'],
  ])("%s would come out as another number, and is refused", (text) => {
    expect(() => read([`x=${text}`])).toThrow("beyond what a number holds exactly");
  });

  test.each([["x"], ["=5"], [""]])("%j is refused: it has no name or no value", (pair) => {
    expect(() => read([pair])).toThrow("-p takes NAME VALUE or NAME=VALUE");
  });

  test("a name that is given twice is refused", () => {
    expect(() => read(["x=1", "x=1"])).toThrow('"x" is given twice');
  });
});

describe("a file of parameters", () => {
  test("is an object; -p wins over it", () => {
    using folder = tempFolder();
    const file = folder.write("p.json", '\ufeff{ "x": 1, "y": { "z": [null] } }');
    expect(read(["x=2"], file)).toEqual({ x: 2, y: { z: [null] } });
  });

  test.each([
    ["[1]", "must hold one object"],
    ["null", "must hold one object"],
    ["{ x: 1 }", "is not JSON"],
    ["", "is not JSON"],
    ['{ "x": 12345678901234567891 }', "beyond what a number holds exactly"],
  ])("%s is refused, with the file's name", (text, why) => {
    using folder = tempFolder();
    const file = folder.write("p.json", text);
    expect(() => read([], file)).toThrow(why);
    expect(() => read([], file)).toThrow("p.json");
  });

  test("that is not there, or a folder, is refused", () => {
    using folder = tempFolder();
    expect(() => read([], `${folder.path}/none.json`)).toThrow("no such file");
    expect(() => read([], folder.path)).toThrow("is a folder");
  });
});
