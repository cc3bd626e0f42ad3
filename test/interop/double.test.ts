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
import { startDouble } from "../support/flyte-double/double.ts";

const BIN = fileURLToPath(new URL("../../.venv-interop/bin", import.meta.url));
const SOURCES = fileURLToPath(new URL("./python", import.meta.url));
const hasPython = existsSync(`${BIN}/python`);

if (!hasPython && !process.env["CI"]) {
  console.info("skipped: there is no .venv-interop; bash test/support/interop-venv.sh makes it");
}

describe.skipIf(!hasPython && !process.env["CI"])("flytekit", () => {
  // A dozen Python processes, one after another.
  test("registers, runs, and gets values, files, failures and retries back", {
    timeout: 600_000,
  }, async () => {
    const double = await startDouble({
      runContainers: true,
      storage: "s3",
      pythonBin: BIN,
      environment: { PYTHONPATH: SOURCES },
    });
    onTestFinished(async () => await double[Symbol.asyncDispose]());
    const child = spawn(`${BIN}/python`, [`${SOURCES}/remote.py`, double.endpoint], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, PYTHONPATH: SOURCES },
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const ended = once(child, "close");
    const printed = await text(child.stdout);
    expect(await ended).toEqual([0, null]);
    expect(JSON.parse(printed)).toMatchObject({
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
    const { nodes } = double.execution(
      double.executions().find(({ entity }) => entity === "flows.failing")?.name ?? "",
    );
    expect(nodes).toMatchObject({ n0: "FAILED", fn0: "SUCCEEDED" });
  });
});
