/**
 * The double against a client that is not ours: flytekit registers tasks and workflows there, and its own containers
 * run them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";

const BIN = fileURLToPath(new URL("../../.venv-interop/bin", import.meta.url));
const SOURCES = fileURLToPath(new URL("./python", import.meta.url));
const hasPython = existsSync(`${BIN}/python`);

if (!hasPython && !process.env["CI"]) {
  console.info("skipped: there is no .venv-interop; bash test/support/interop-venv.sh makes it");
}

/** Starts a double that has Python, runs a program against it, and reads what it printed. */
async function run(program: string): Promise<{ double: FlyteDouble; printed: unknown }> {
  const double = await startDouble({
    runContainers: true,
    storage: "s3",
    pythonBin: BIN,
    environment: { PYTHONPATH: SOURCES },
  });
  onTestFinished(async () => await double[Symbol.asyncDispose]());
  const child = spawn(`${BIN}/python`, [`${SOURCES}/${program}`, double.endpoint], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: SOURCES },
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const ended = once(child, "close");
  const printed = await text(child.stdout);
  expect(await ended).toEqual([0, null]);
  return { double, printed: JSON.parse(printed) };
}

// A dozen Python processes, one after another.
describe.skipIf(!hasPython && !process.env["CI"])("flytekit", { timeout: 600_000 }, () => {
  test("registers, runs, and gets values, files, failures and retries back", async () => {
    const { double, printed } = await run("remote.py");
    expect(printed).toMatchObject({
      version: "v1.16.5-double",
      again: "v1",
      add: { o0: 9 },
      swap: [["b", "a"], "Point(x=2, y=1.0)"],
      fail: {
        code: "USER:RuntimeError",
        message: expect.stringMatching(/^Trace:[\s\S]*Message:\n\n {4}ValueError: no luck$/),
      },
      third_time: { o0: 12 },
      fetched: { o0: 3 },
      through_a_file: { o0: "a word" },
      by_default: { o0: "by default" },
      failing: "USER:RuntimeError",
      listed: 8,
    });
    const failing = double.executions().find(({ entity }) => entity === "flows.failing");
    expect(failing?.nodes).toMatchObject({ n0: "FAILED", fn0: "SUCCEEDED" });
  });

  test("its eager workflow starts children with its labels, its map task runs once per item", async () => {
    const { double, printed } = await run("eager_flows.py");
    expect(printed).toEqual({ each: [2, 3], eager: 4 });
    const [, parent, ...children] = double.executions();
    expect(children).toHaveLength(2);
    for (const child of children) {
      expect(child.name).toMatch(/^e-three-mo-[a-z0-9]{5}-add-one-[0-9a-f]{16}$/);
      expect(child).toMatchObject({
        entity: "eager_flows.add_one",
        phase: "SUCCEEDED",
        labels: { "eager-exec": parent?.name, "eager-root-exec": parent?.name },
        environment: { _F_EE_ROOT: parent?.name },
      });
    }
  });
});
