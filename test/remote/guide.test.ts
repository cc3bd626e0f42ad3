import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command.ts";
import { distFolder } from "../support/dist.ts";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { checkedProgram, guideCode } from "../support/guide.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** `runtime/flyte/README.md`, done by somebody who does all that it says, in that order. */
const guide = guideCode();
let cluster: FlyteDouble;
let folder: TempFolder;
let config: string;

beforeAll(async () => {
  cluster = await startDouble({ runContainers: true });
  folder = tempFolder({ "package.json": "{}", ...guide.files });
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(join(distFolder, ".."), join(folder.path, "node_modules/eagerdeck"));
  // The first settings of the guide, with the place of this cluster.
  const rest = guide.blocks("yaml")[0]?.replace(/^admin:\n(?: .*\n)*/, "");
  config = folder.write("config.yaml", `${cluster.configYaml}${rest}`);
});

afterAll(async () => {
  folder[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

test("its commands do what they say", async () => {
  const commands = guide
    .blocks("sh")
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("npx eagerdeck "));
  const said: string[] = [];
  for (const command of commands) {
    const args = command.split(" ").slice(2);
    const { code, stderr, stdout } = await runCommand(args, {
      folder: folder.path,
      environment: { FLYTECTL_CONFIG: config },
    });
    expect([command, code, code === 0 ? "" : stderr]).toEqual([command, 0, ""]);
    said.push(stdout);
  }
  const [dry = "", registered = "", value, page = ""] = said;
  expect(dry).toMatch(/to be created {2}task +flow\.addOne/);
  expect(registered).toMatch(/created +task +flow\.addOne/);
  expect(value).toBe("12\n");
  expect(page.trim()).toBe(
    `http://${cluster.endpoint}/console/projects/flytesnacks/domains/development/executions/my-first`,
  );
});

test("its program gives the values that it says", async () => {
  const program = checkedProgram(guide.program);
  const checks = program.match(/told\(/g)?.length ?? 0;
  expect(checks).toBeGreaterThan(10);
  folder.write(
    "main.ts",
    `import { inspect } from "node:util";
const wrong: string[] = [];
let checks = 0;
function told(value: unknown, said: string) {
  checks++;
  if (inspect(value) !== said) wrong.push(said + " is " + inspect(value));
}
${program}
await remote.close();
console.log(JSON.stringify({ checks, wrong }));
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["main.ts"], {
    cwd: folder.path,
    env: { ...process.env, FLYTECTL_CONFIG: config },
  });
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({ checks, wrong: [] });
  expect(stdout).toContain("REMOTE_FAILED");
  expect(stdout).toContain("RangeError]: 2000 is too much");
});
