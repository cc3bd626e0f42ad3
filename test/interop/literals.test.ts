import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VariableSchema } from "../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { LiteralSchema } from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  type LiteralType,
  LiteralTypeSchema,
} from "../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { encodeMap, typedInterface } from "../../runtime/flyte/literals/literals.ts";
import { goldens, isOfOtherForm, SCHEMAS } from "../support/literal-table.ts";

const PYTHON = ".venv-interop/bin/python";
const hasPython = existsSync(PYTHON);

if (!hasPython && !process.env["CI"]) {
  console.info("skipped: there is no .venv-interop; bash test/support/interop-venv.sh makes it");
}

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** test/interop/read_literals.py: one process for all questions. */
class PythonReader {
  readonly #process = spawn(PYTHON, ["test/interop/read_literals.py"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly #lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  async ask(question: object): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Python ended; its reason is above");
    return JSON.parse(value) as Answer;
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }
}

describe.skipIf(!hasPython && !process.env["CI"])("flytekit", () => {
  let python: PythonReader | undefined;
  beforeAll(() => {
    if (!hasPython)
      throw new Error(`${PYTHON} is missing; bash test/support/interop-venv.sh makes it`);
    python = new PythonReader();
  });
  afterAll(() => python?.end());

  test.each(goldens())("reads a $name as it was", async ({ name, cases, type: pythons }) => {
    if (!python) return expect.fail("Python was not started");
    const reader = python;
    const schema = SCHEMAS[name];
    if (!schema) throw new Error(`no schema for ${name}`);
    const variables = typedInterface({ name, inputs: { x: schema } }).inputs?.variables ?? {};
    const theirs = { x: create(VariableSchema, { type: pythons }) };
    const type = variables["x"]?.type;
    if (!type) throw new Error(`no type for ${name}`);
    for (const { value, json } of cases) {
      // As the callee declares it: only its own union types have the tags it looks for.
      const declared = isOfOtherForm({ name }) ? theirs : variables;
      const { literals } = await encodeMap({ x: value }, declared, {});
      const literal = base64(toBinary(LiteralSchema, literals["x"] ?? expect.fail("no literal")));
      expect(await reader.ask({ row: name, literal })).toEqual({ value: json });
      if (isOfOtherForm({ name })) continue;
      // A client of Python knows our interface only: the classes it makes of that do what those of its own do.
      const ask = (as: LiteralType) =>
        reader.ask({ type: base64(toBinary(LiteralTypeSchema, as)), literal });
      expect(await ask(type)).toEqual(await ask(pythons));
    }
  });
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
