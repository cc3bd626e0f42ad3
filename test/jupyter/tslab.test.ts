/**
 * Notebooks as tslab and jslab leave them (`tslab/*.ipynb`: their kernelspecs, the outputs they gave) give the same here,
 * unchanged.
 * @module
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { requireVenv, runPython } from "../support/jupyter.ts";
import { saidByCells } from "../support/said-by-cells.ts";
import { tempFolder } from "../support/temp-folder.ts";

const FOLDER = "test/jupyter/tslab";
const notebooks = readdirSync(FOLDER).filter((name) => name.endsWith(".ipynb"));
const cli = resolve("dist/cli/main.js");

beforeAll(requireVenv);

/** A folder without a tsconfig, with the notebook; `language.ipynb` imports a package. */
function workFolder(name: string) {
  const folder = tempFolder();
  copyFileSync(join(FOLDER, name), join(folder.path, name));
  if (name === "language.ipynb")
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  return folder;
}

function eagerdeck(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  expect(stderr).not.toContain("failed");
  expect(status).toBe(0);
}

/** Executes a notebook by nbclient on the kernel of the name that it asks for. */
function executedAsItIs(name: string, install: (home: string) => void) {
  using folder = workFolder(name);
  install(folder.path);
  const out = join(folder.path, "out.ipynb");
  execute([join(folder.path, name), out, "--own-kernel"], folder.path);
  return saidByCells(out);
}

describe.each(notebooks)("%s", (name) => {
  const stored = () => saidByCells(join(FOLDER, name));

  test("has the outputs of tslab itself", () => {
    const said = executedAsItIs(name, (home) => {
      for (const [kernel, flags] of Object.entries({ tslab: [], jslab: ["--js"] })) {
        const spec = join(home, "share", "jupyter", "kernels", kernel);
        mkdirSync(spec, { recursive: true });
        const tslab = resolve("node_modules/tslab/bin/tslab");
        const argv = [
          process.execPath,
          tslab,
          "kernel",
          ...flags,
          "--config-path",
          "{connection_file}",
        ];
        const text = JSON.stringify({ argv, display_name: kernel, language: "typescript" });
        writeFileSync(join(spec, "kernel.json"), text);
      }
    });
    expect(said).toEqual(stored());
  });

  test("gives the same on ours, installed under the name that it asks for", () => {
    const said = executedAsItIs(name, (home) => {
      eagerdeck("kernel", "install", "--prefix", home, "--for", "tslab");
      eagerdeck("kernel", "install", "--prefix", home, "--for", "jslab");
    });
    expect(said).toEqual(stored());
  });

  test("gives the same by eagerdeck notebook run, and keeps its kernelspec", () => {
    using folder = workFolder(name);
    const [source, out] = [join(folder.path, name), join(folder.path, "out.ipynb")];
    eagerdeck("notebook", "run", source, "-o", out);
    expect(saidByCells(out)).toEqual(stored());
    expect(kernelspec(out)).toEqual(kernelspec(source));
  });
});

test("a notebook whose types hold in strict mode too runs on the kernel eagerdeck as it is", () => {
  using folder = workFolder("display.ipynb");
  const [source, out] = [join(folder.path, "display.ipynb"), join(folder.path, "out.ipynb")];
  eagerdeck("kernel", "install", "--prefix", folder.path);
  execute([source, out], folder.path);
  expect(saidByCells(out)).toEqual(saidByCells(source));
});

function execute(args: readonly string[], home: string): void {
  const { status, stderr } = runPython("execute.py", args, home);
  expect(status, stderr).toBe(0);
}

function kernelspec(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8")).metadata.kernelspec;
}
