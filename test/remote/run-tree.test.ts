/** `eagerdeck run --remote` in a terminal. Runs `dist/`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { openCommand } from "../support/terminal.ts";

const FLOW = `import { task, z } from "eagerdeck";
const x = z.int();
export const addOne = task({ inputs: { x }, output: x }, function addOne({ x }) { return x + 1; });
export const slow = task({ inputs: { x } }, async function slow() { await new Promise((resolve) => setTimeout(resolve, 1e6)); });
`;
let cluster: FlyteDouble;
let folder: TempFolder;

beforeAll(async () => {
  cluster = await startDouble({ runContainers: true });
  const place = "task:\n  project: flytesnacks\n  domain: development\n";
  const config = `${cluster.configYaml}${place}`;
  folder = tempFolder({ "package.json": "{}", "flow.ts": FLOW, "config.yaml": config });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const remotely = (...args: string[]) =>
  openCommand(
    ["run", "--remote", "--config", "config.yaml", "--image", "eagerdeck:test", "flow.ts", ...args],
    { folder: folder.path, columns: 140 },
  );

test("the address of the page comes first, then the tree with what the call waits for, then value and deck", async () => {
  const release = cluster.faults.hold("start");
  using terminal = remotely("addOne", "--x", "5");
  await terminal.see((_, rows) => {
    expect(rows.at(-2)).toMatch(/^http:.*\/executions\/[\w-]+$/);
    expect(rows.at(-1)).toMatch(/^▸ addOne\(x: 5\) +queued.* remote +\d\.\d+ s$/);
  });
  release();
  expect(await terminal.exited()).toBe(0);
  await terminal.see((text, rows) => {
    expect(text).toMatch(/\/executions\/[\w-]+\n6\n✓ addOne\(x: 5\)/);
    expect(rows.filter((row) => row.includes("/executions/"))).toHaveLength(1);
    expect(text).not.toContain("▸");
  });
  const [execution] = cluster.executions();
  expect(terminal.raw).toMatch(new RegExp(`\\x1b\\]8;;http://[^\\x07]*/${execution?.name}\\x07`));
});

test("Ctrl-C stops the execution, and leaves the deck", async () => {
  using terminal = remotely("slow", "--x", "6");
  await cluster.when((all) =>
    all.some(({ entity, phase }) => entity === "flow.slow" && phase === "RUNNING"),
  );
  await terminal.see((_, rows) => expect(rows.at(-1)).toMatch(/^▸ slow/));
  terminal.type("\x03");
  expect(await terminal.exited()).toBe(130);
  await cluster.when((all) => all.every(({ phase }) => /SUCCEEDED|ABORTED/.test(phase)));
  await terminal.see((text) => {
    expect(text).toMatch(/⊘ slow/);
    expect(text).not.toContain("▸");
  });
});

test("Ctrl-C again does not wait for a cluster that says nothing, and leaves the deck", async () => {
  using terminal = remotely("slow", "--x", "7");
  await terminal.see((_, rows) => expect(rows.at(-1)).toMatch(/^▸ slow/));
  await cluster.faults.stopListening();
  terminal.type("\x03");
  await terminal.see((_, rows) => expect(rows.at(-1)).toMatch(/⊘ slow/));
  terminal.type("\x03");
  expect(await terminal.exited()).toBe(130);
  await terminal.see((text) => {
    expect(text).toMatch(/⊘ slow/);
    expect(text).not.toContain("▸");
  });
  await cluster.faults.listenAgain();
});
