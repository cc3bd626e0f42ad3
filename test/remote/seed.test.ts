/**
 * The eager workflows of the first notebook on a cluster: their tasks there and their functions here, in one tree; and
 * the same file registered, each workflow an eager task in a container. Runs `dist/`; containers are real processes.
 */
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Records } from "../../runtime/events/records.ts";
import { runCommand } from "../support/command.ts";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { openSession } from "../support/session.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let double: FlyteDouble;
let folder: TempFolder;
let config: string;

beforeAll(async () => {
  double = await startDouble({ runContainers: true });
  folder = tempFolder({ "package.json": "{}" });
  copyFileSync("notebooks/workflows.ts", join(folder.path, "workflows.ts"));
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(resolve("."), join(folder.path, "node_modules/eagerdeck"));
  const place = "task:\n  project: flytesnacks\n  domain: development\n";
  config = folder.write("config.yaml", `${double.configYaml}${place}`);
});
afterAll(async () => {
  await double[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Each workflow with an input and its value: the ones that the page of eager workflows shows. */
const EXAMPLES = [
  ["simpleEagerWorkflow", 5, 12],
  ["simpleEagerWorkflow", -10, -1],
  ["anotherEagerWorkflow", 5, 10],
  ["eagerWorkflowWithConditionals", 150, 100],
  ["eagerWorkflowWithConditionals", 5, 12],
  ["eagerWorkflowWithForLoop", 5, 30],
  ["eagerWorkflowWithStaticSubworkflow", 5, 12],
  ["nestedEagerWorkflow", 5, 12],
  ["eagerWorkflowWithException", 0, -1],
] as const;

describe("the eager workflows of the first notebook", { timeout: 240_000 }, () => {
  test("run with every task on the cluster, in one tree, with the same values", async () => {
    await using session = openSession({ folder: folder.path });
    const setUp = await session.run(`
      import * as flows from "./workflows.ts";
      import { Config, FlyteRemote } from "eagerdeck";
      new FlyteRemote({ config: Config.auto(${JSON.stringify(config)}), image: "eagerdeck:test" }).use();`);
    expect(setUp.error).toBeUndefined();
    const calls = EXAMPLES.map(([name, x]) => `flows.${name}({ x: ${x} })`);
    const settled = await session.run(`JSON.stringify(await Promise.all([${calls.join(", ")}]))`);
    expect(settled.error).toBeUndefined();
    expect(String(settled.value?.["text/plain"])).toContain(
      JSON.stringify(EXAMPLES.map(([, , value]) => value)),
    );
    const records = new Records();
    for (const item of session.events) if (item.kind === "event") records.apply(item.event);
    const run = records.run(settled.runId ?? "");
    const all = [...(run?.calls.values() ?? [])];
    const roots = all.filter(({ parentId }) => parentId === undefined);
    expect(roots.map(({ name, where }) => `${name} ${where}`)).toEqual(
      EXAMPLES.map(([name]) => `${name} local`),
    );
    const below = all.filter(({ parentId }) => parentId !== undefined);
    expect(below.length).toBeGreaterThan(15);
    expect(below.every(({ where, link }) => where === "remote" && link !== undefined)).toBe(true);
    const names = new Set(double.executions().map(({ name }) => name));
    expect(below.every(({ link }) => names.has(link?.executionId ?? ""))).toBe(true);
  });

  test.each(EXAMPLES)("%s --x %i is an eager task in a container", async (name, x, value) => {
    const args = ["run", "--remote", "--config", config, "--image", "eagerdeck:test"];
    const { code, stdout, stderr } = await runCommand(
      [...args, "workflows.ts", name, "--x", String(x)],
      { folder: folder.path },
    );
    expect(stderr).toContain("/executions/");
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: String(value) });
  });
});
