import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;

/** Runs a command as a user with this Node would, in the folder the package was installed into. */
function run(command: string, args: readonly string[], cwd = folder.path) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) },
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

beforeAll(() => {
  folder = tempFolder({
    "package.json": '{ "name": "elsewhere", "type": "module", "private": true }',
  });
  // Without scripts: the build has been made, and `prepare` would make another one meanwhile.
  const packed = run(
    "npm",
    ["pack", "--ignore-scripts", "--pack-destination", folder.path],
    process.cwd(),
  );
  expect(packed.stderr).not.toContain("npm error");
  const installed = run("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    `./${packed.stdout.trim().split("\n").at(-1)}`,
  ]);
  expect(installed.stderr).not.toContain("npm error");
});

afterAll(() => folder[Symbol.dispose]());

test("the packed package runs code from the command line", () => {
  expect(run("npx", ["eagerdeck", "repl", "-e", "1 + 1"])).toEqual({
    status: 0,
    stdout: "2\n",
    stderr: "",
  });
});

test("the packed package checks types, Node's own among them", () => {
  const { status, stderr } = run("npx", [
    "eagerdeck",
    "repl",
    "-e",
    "const n: number = process.version",
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain("TS2322");
});

test("the packed package installs its kernelspec below a prefix", () => {
  const { status, stdout } = run("npx", ["eagerdeck", "kernel", "install", "--prefix", "env"]);
  expect([status, stdout.split(" ")[0]]).toEqual([0, "installed"]);
  const spec = JSON.parse(
    readFileSync(join(folder.path, "env/share/jupyter/kernels/eagerdeck/kernel.json"), "utf8"),
  );
  expect(spec.argv.slice(0, 2).every((path: string) => existsSync(path))).toBe(true);
  const [, papermill = ""] = /python -m pip install (.+)/.exec(stdout) ?? [];
  expect(readdirSync(papermill).sort()).toEqual(["eagerdeck_papermill.py", "pyproject.toml"]);
});

test("the file that the README shows runs in plain Node and by `eagerdeck run`", () => {
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8")) ?? [];
  folder.write("readme.ts", code);
  expect(run("node", ["readme.ts"])).toEqual({ status: 0, stdout: "13\n", stderr: "" });
  const byCommand = run("npx", ["eagerdeck", "run", "readme.ts", "flow", "--x", "5"]);
  expect([byCommand.status, byCommand.stdout]).toEqual([0, "13\n13\n"]);
});

test("a workflow module runs in plain Node with the packed package", () => {
  folder.write("flow.ts", readFileSync("notebooks/workflows.ts", "utf8"));
  expect(run("node", ["flow.ts"])).toEqual({ status: 0, stdout: "12\n", stderr: "" });
});
