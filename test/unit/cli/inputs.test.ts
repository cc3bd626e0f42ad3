import { describe, expect, test } from "vitest";
import { readInputs } from "../../../cli/inputs.ts";
import { workflowHelp } from "../../../cli/run-help.ts";
import { UsageError } from "../../../cli/usage.ts";
import { FlyteDirectory, FlyteFile, StructuredDataset, task, z } from "../../../runtime/index.ts";
import { describeEntity } from "../../../runtime/types/interface.ts";
import { tempFolder } from "../../support/temp-folder.ts";

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

describe("files, folders and tables", () => {
  const csv = FlyteFile.schema({ format: "csv" });
  const reads = task(
    {
      inputs: {
        file: csv,
        spare: csv.optional(),
        nothing: FlyteFile.schema().nullable().optional(),
        folder: FlyteDirectory.schema().optional(),
        table: StructuredDataset.schema().optional(),
        files: z.array(csv).optional(),
        order: z.object({ scans: z.record(z.string(), csv) }).optional(),
        days: z.int().default(7).describe("How far back"),
        mode: z.enum(["fast", "safe"]).optional(),
      },
    },
    function reads() {},
  );
  const entity = { exported: "reads", ...describeEntity(reads) };

  test("are given as paths, or as addresses that nobody looks up", () => {
    using at = tempFolder({ "data.csv": "a\n1\n", "folder/part": "" });
    const given = {
      file: `${at.path}/data.csv`,
      spare: "s3://bucket/none.csv",
      nothing: "null",
      folder: `${at.path}/folder`,
      table: "https://example.org/table.parquet",
      files: JSON.stringify([`${at.path}/data.csv`, "gs://bucket/b.csv"]),
    };
    const args = Object.entries(given).flatMap(([name, text]) => [`--${name}`, text]);
    expect(readInputs(entity, args)).toEqual({
      ...given,
      nothing: null,
      files: [given.file, "gs://bucket/b.csv"],
    });
  });

  test.each([
    [["--file", "none.csv"], "--file: no such file: none.csv"],
    [["--file", ""], "--file: an empty address names no data"],
    [["--file"], "--file: needs a value: --file <path>"],
    [[], "reads needs --file <path>; it takes"],
    [["--file", "test"], "--file: test is a folder; give a file, or an address"],
    [["--file", "ftp://host/x"], "--file: ftp://host/x: addresses begin with s3://"],
    [["--file", "s3://b/x", "--spare", "none"], "--spare: no such file: none"],
    [["--file", "s3://b/x", "--nothing", "7"], "--nothing: no such file: 7"],
    [["--file", "s3://b/x", "--folder", "none/"], "--folder: no such folder: none/"],
    [["--file", "s3://b/x", "--folder", "package.json"], "--folder: package.json is a file; give"],
    [["--file", "s3://b/x", "--table", "none"], "--table: no such file: none"],
    [["--file", "s3://b/x", "--files", '["s3://b/y", "no"]'], "--files[1]: no such file: no"],
    [
      ["--file", "s3://b/x", "--order", '{"scans":{"one":"no"}}'],
      "--order.scans.one: no such file: no",
    ],
  ])("%j is refused with its flag and path", (args, message) => {
    expect(() => readInputs(entity, args)).toThrow(message);
    expect(() => readInputs(entity, args)).toThrow(UsageError);
  });

  test("show as paths in the help of a workflow", () => {
    const text = workflowHelp("files.ts", entity);
    expect(text).toContain("Usage: eagerdeck run [options] files.ts reads --file <path> [--spare");
    expect(text).toMatch(/\n {2}--file <path> +a path of this machine, or an address \(s3:/);
    expect(text).toMatch(/\n {2}--folder <path>/);
    expect(text).toMatch(/\n {2}--nothing <path>/);
    expect(text).toMatch(/\n {2}--files <\["path", …\]>/);
    expect(text).toMatch(/\n {2}--days <integer> +How far back \(default: 7\)\n/);
    expect(text).toMatch(/\n {2}--mode <fast\|safe>\n/);
  });
});

test("the help of a workflow without inputs, or without schemas, says so", () => {
  const of = { exported: "flow", name: "flow", entity: "task", output: undefined } as const;
  expect(workflowHelp("f.ts", { ...of, inputs: [] })).toMatch(/f\.ts flow\n\nIt takes no inputs/);
  expect(workflowHelp("f.ts", { ...of, inputs: undefined })).toContain("as --name value");
});
