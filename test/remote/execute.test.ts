import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { parseErrorText } from "../../runtime/flyte/error-text.ts";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
} from "../../runtime/flyte/idl/flyteidl/core/errors_pb.ts";
import { ExecutionError_ErrorKind } from "../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  type Literal,
  LiteralMapSchema,
  LiteralSchema,
} from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { bundleFile } from "../../runtime/flyte/register/bundle.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const FLOW = `import { readFileSync } from "node:fs";
import { currentContext, Deck, eager, task, z } from "eagerdeck";
const x = z.int();
export const addOne = task({ inputs: { x }, output: x }, function addOne({ x }) { return x + 1; });
export const both = task({ inputs: { x }, outputs: { twice: x, text: z.string() } }, function both({ x }) { return { twice: x * 2, text: "é" }; });
export const nothing = task(function nothing() { console.log("ran"); });
export const fails = task({ inputs: { x }, retries: 2 }, function fails({ x }) { throw new RangeError("x is " + x, { cause: new Error("below") }); });
export const final = task({ inputs: { x }, retries: 2 }, function final() { throw Object.assign(new Error("no"), { recoverable: false }); });
export const large = task({ output: z.string() }, function large() { return "x".repeat(3 * 2 ** 20); });
export const leaves = task({ output: x }, function leaves() { setInterval(() => {}, 1e6); return 1; });
export const exits = task(function exits() { process.exit(3); });
export const throwsLater = task(async function throwsLater() { setTimeout(() => { throw new TypeError("later"); }, 1); await new Promise(() => { setInterval(() => {}, 1e6); }); });
export const never = task(async function never() { await new Promise(() => {}); });
export const wrong = task({ output: x }, function wrong() { return "text" as never; });
export const counts = task({ output: x }, async function counts(_, { attempt, checkpoint }) {
  const before = await checkpoint.read();
  await checkpoint.write(String(attempt));
  return before === undefined ? -attempt : Number(Buffer.from(before).toString()) * 10 + attempt;
});
export const decked = task({ output: x }, function decked() { Deck("mine", "**bold**"); return 1; });
export const knows = task({ output: z.string() }, function knows() { return currentContext().call.name + currentContext().attempt; });
export const waits = task(async function waits(_, { signal }) { console.log("waiting"); signal.addEventListener("abort", () => console.log("aborted")); await new Promise(() => { setInterval(() => {}, 1e6); }); });
export const quiet = eager({ inputs: { x }, output: x }, async function quiet({ x }) { return x; });
`;

const integer = (value: bigint): Literal =>
  create(LiteralSchema, {
    value: {
      case: "scalar",
      value: {
        value: { case: "primitive", value: { value: { case: "integer", value } } },
      },
    },
  });

interface Place extends TempFolder {
  /** Runs a task of flow.ts; `extra` comes before `--`. */
  execute(
    task: string,
    extra?: readonly string[],
    environment?: Record<string, string>,
  ): Promise<Ran>;
  args(task: string, extra?: readonly string[]): string[];
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly outputs: Readonly<Record<string, Literal>> | undefined;
  readonly error: ReturnType<typeof readError> | undefined;
  readonly has: (name: string) => boolean;
}

function place(files: Readonly<Record<string, string>> = {}): Place {
  const folder = tempFolder({ "package.json": "{}", "flow.ts": FLOW, "out/.keep": "", ...files });
  const inputs = create(LiteralMapSchema, { literals: { x: integer(5n) } });
  writeFileSync(join(folder.path, "inputs.pb"), toBinary(LiteralMapSchema, inputs));
  const uri = (name: string) => `file://${folder.path}/${name}`;
  const args = (task: string, extra: readonly string[] = []) => [
    ...["execute", "--inputs", uri("inputs.pb"), "--output-prefix", uri("out")],
    ...["--raw-output-data-prefix", uri("raw"), "--checkpoint-path", uri("out/check")],
    ...["--prev-checkpoint", '""', ...extra, "--", "flow.ts", task],
  ];
  return {
    ...folder,
    args,
    async execute(task, extra = [], environment = {}) {
      const said = await runCommand(args(task, extra), { folder: folder.path, environment });
      const file = (name: string) => join(folder.path, "out", name);
      const bytes = (name: string) =>
        existsSync(file(name)) ? readFileSync(file(name)) : undefined;
      const outputs = bytes("outputs.pb");
      const error = bytes("error.pb");
      return {
        ...said,
        outputs: outputs && fromBinary(LiteralMapSchema, outputs).literals,
        error: error && readError(error),
        has: (name) => existsSync(file(name)),
      };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function readError(bytes: Uint8Array) {
  const error = fromBinary(ErrorDocumentSchema, bytes).error;
  if (!error) throw new Error("error.pb holds no error");
  return { ...error, text: parseErrorText(error.message) };
}

describe("a task that returns", () => {
  test("has its value as o0, several ones by name, and none without an output", async () => {
    using here = place();
    expect((await here.execute("flow.addOne")).outputs).toEqual({ o0: integer(6n) });
    const both = await here.execute("flow.both");
    expect(Object.keys(both.outputs ?? {}).sort()).toEqual(["text", "twice"]);
    expect(both.outputs?.["twice"]).toEqual(integer(10n));
    const nothing = await here.execute("flow.nothing");
    expect(nothing).toMatchObject({ code: 0, outputs: {}, error: undefined });
    expect(nothing.stdout).toContain("ran");
  });

  test("ends its container although timers of its own still run", async () => {
    using here = place();
    expect(await here.execute("flow.leaves")).toMatchObject({ code: 0, error: undefined });
  });

  test("knows how often it was tried, and what the attempt before has left", async () => {
    using here = place();
    expect((await here.execute("flow.counts")).outputs).toEqual({ o0: integer(-1n) });
    const prev = ["--prev-checkpoint", `file://${here.path}/out/check`];
    const second = await here.execute("flow.counts", prev, { FLYTE_ATTEMPT_NUMBER: "1" });
    expect(second.outputs).toEqual({ o0: integer(12n) });
  });

  test("puts what is large into a file beside, where the cluster asks for it", async () => {
    using here = place();
    const { outputs, has, stderr } = await here.execute("flow.large");
    expect(outputs?.["o0"]?.value.case).toBe("scalar");
    expect(stderr).toContain("FlyteFile");
    expect(has("o0_offloaded_metadata.pb")).toBe(false);
    const off = await here.execute("flow.large", [], { _F_L_MIN_SIZE_MB: "1" });
    const value = off.outputs?.["o0"]?.value;
    if (value?.case !== "offloadedMetadata") throw new Error("it was not offloaded");
    expect(value.value).toMatchObject({
      uri: `file://${here.path}/out/o0_offloaded_metadata.pb`,
      inferredType: { type: { case: "simple" } },
    });
    const bytes = readFileSync(new URL(value.value.uri));
    expect(value.value.sizeBytes).toBe(BigInt(bytes.length));
    expect(fromBinary(LiteralSchema, bytes).value.case).toBe("scalar");
  });

  test("fails when its outputs are more than they may be", async () => {
    using here = place();
    const { error, outputs } = await here.execute("flow.large", ["--max-output-mb", "2"]);
    expect(outputs).toBeUndefined();
    expect(error).toMatchObject({ code: "USER:OUTPUT_TOO_LARGE" });
    expect(error?.text.message).toContain("FlyteFile");
  });
});

describe("a task that fails", () => {
  test("writes error.pb in flytekit's layout, with causes and the lines of its source", async () => {
    using here = place();
    const { code, error, outputs, stderr } = await here.execute("flow.fails");
    expect([code, outputs]).toEqual([0, undefined]);
    expect(error).toMatchObject({
      code: "USER:RangeError",
      kind: ContainerError_Kind.RECOVERABLE,
      origin: ExecutionError_ErrorKind.USER,
      text: { name: "RangeError", message: "x is 5" },
    });
    expect(error?.text.stack).toMatch(/flow\.ts:7:\d+/);
    expect(error?.text.stack).toContain("Caused by: Error: below");
    expect(stderr).toContain("RangeError: x is 5");
  });

  test("is not tried again when its error says so, or nobody asked for it", async () => {
    using here = place();
    expect((await here.execute("flow.final")).error?.kind).toBe(
      ContainerError_Kind.NON_RECOVERABLE,
    );
    expect((await here.execute("flow.wrong")).error).toMatchObject({
      code: "USER:OUTPUT_INVALID",
      kind: ContainerError_Kind.NON_RECOVERABLE,
    });
  });

  test("exits with 1 where that is asked for", async () => {
    using here = place();
    const ran = await here.execute("flow.fails", [], { FLYTE_FAIL_ON_ERROR: "true" });
    expect(ran.code).toBe(1);
  });

  test.each([
    ["by process.exit", "exits", "process.exit(3)"],
    ["by an exception that nobody catches", "throwsLater", "later"],
    ["by waiting for nothing", "never", "can never happen"],
  ])("%s tells so", async (_, name, message) => {
    using here = place();
    const { code, error } = await here.execute(`flow.${name}`);
    expect(code).toBe(0);
    expect(error?.origin).toBe(ExecutionError_ErrorKind.USER);
    expect(error?.text.message).toContain(message);
  });

  test("by being unknown names what is near", async () => {
    using here = place();
    const { error } = await here.execute("flow.addTwo");
    expect(error?.text.message).toContain("makes no task flow.addTwo");
  });

  test("by loading: the module throws, or calls what it defines", async () => {
    using here = place({
      "flow.ts":
        'import { task } from "eagerdeck";\nconst t = task(function t() {});\nawait t();\n',
    });
    const { error } = await here.execute("flow.t");
    expect(error).toMatchObject({ origin: ExecutionError_ErrorKind.USER });
    expect(error?.text.message).toContain("import.meta.main");
  });

  test("by us is the system's and tried again: no inputs, no storage", async () => {
    using here = place();
    const missing = await here.execute("flow.addOne", ["--inputs", `file://${here.path}/none.pb`]);
    expect(missing.error).toMatchObject({
      code: "SYSTEM:STORAGE_NOT_FOUND",
      kind: ContainerError_Kind.RECOVERABLE,
      origin: ExecutionError_ErrorKind.SYSTEM,
    });
    const nowhere = await here.execute("flow.fails", ["--output-prefix", "nowhere://x/y"]);
    expect(nowhere.code).toBe(70);
  });
});

describe("the deck", () => {
  test("is written for eager workflows, and for a task that adds to it", async () => {
    using eager = place();
    const ran = await eager.execute("flow.quiet");
    expect(ran).toMatchObject({ code: 0, outputs: { o0: integer(5n) } });
    expect(ran.has("deck.html")).toBe(true);
    using decked = place();
    await decked.execute("flow.decked");
    expect(readFileSync(join(decked.path, "out/deck.html"), "utf8")).toContain("added by decked");
    using plain = place();
    expect((await plain.execute("flow.addOne")).has("deck.html")).toBe(false);
  });
});

describe("a bundle", () => {
  test("is loaded instead of the image's module, under the same names", async () => {
    using source = place();
    const { bytes, module, sha256 } = await bundleFile(join(source.path, "flow.ts"));
    using here = place({ "flow.ts": "throw new Error('the wrong one');\n" });
    writeFileSync(join(here.path, "b.tar.gz"), bytes);
    const bundle = ["--bundle", `file://${here.path}/b.tar.gz`, "--sha256", sha256];
    expect(module).toBe("flow.mjs");
    expect((await here.execute("flow.addOne", bundle)).outputs).toEqual({ o0: integer(6n) });
    const failed = await here.execute("flow.fails", bundle);
    expect(failed.error?.text.stack).toMatch(/\(flow\.ts:7:\d+\)/);
  });

  test("that is not the one that was registered is refused", async () => {
    using source = place();
    const { bytes } = await bundleFile(join(source.path, "flow.ts"));
    using here = place();
    writeFileSync(join(here.path, "b.tar.gz"), bytes);
    const bundle = ["--bundle", `file://${here.path}/b.tar.gz`, "--sha256", "0".repeat(64)];
    const { error, outputs } = await here.execute("flow.addOne", bundle);
    expect(outputs).toBeUndefined();
    expect(error).toMatchObject({
      code: "SYSTEM:BUNDLE_INVALID",
      origin: ExecutionError_ErrorKind.SYSTEM,
    });
  });
});

describe("the process", () => {
  test("exits with 2 when arguments are missing", async () => {
    using here = place();
    const cases = [["--inputs", "x"], ["--output-prefix", "y"], []];
    for (const given of cases) {
      const { code, stderr } = await runCommand(["execute", ...given], { folder: here.path });
      expect(code).toBe(2);
      expect(stderr).toContain("execute needs");
    }
  });

  test("ends with 143 on SIGTERM, tells its task, and writes nothing", async () => {
    using here = place();
    await using command = startCommand(here.args("flow.waits"), { folder: here.path });
    await command.said("waiting");
    command.process.kill("SIGTERM");
    const { code, stdout } = await command.ended;
    expect(code).toBe(143);
    expect(stdout).toContain("aborted");
    expect(existsSync(join(here.path, "out/error.pb"))).toBe(false);
  });
});
