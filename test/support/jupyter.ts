/**
 * Jupyter's own tools, as `npm run test:jupyter` installs them into `.venv`.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

const venv = resolve(".venv/bin");

/** @throws when there is no `.venv`, with what makes one. */
export function requireVenv(): void {
  if (!existsSync(join(venv, "python")))
    throw new Error("no .venv: npm run test:jupyter makes it (bash test/support/venv.sh)");
}

/** What keeps Jupyter, and what it starts, out of the person's own folders. */
export function jupyterEnv(home: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: home,
    JUPYTER_CONFIG_DIR: join(home, "config"),
    JUPYTER_RUNTIME_DIR: join(home, "runtime"),
    JUPYTER_DATA_DIR: join(home, "data"),
    JUPYTER_PATH: join(home, "share", "jupyter"), // what is installed with home as its prefix
    IPYTHONDIR: join(home, "ipython"),
    PATH: [venv, dirname(process.execPath), process.env["PATH"]].join(delimiter),
  };
}

/**
 * Runs a program of the venv and waits for its end.
 * @param home gets Jupyter's folders.
 */
export function runInVenv(
  program: string,
  args: readonly string[],
  { home, cwd }: { readonly home: string; readonly cwd?: string },
) {
  const { status, stdout, stderr } = spawnSync(join(venv, program), args, {
    encoding: "utf8",
    env: jupyterEnv(home),
    maxBuffer: 64 << 20,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { status, stdout, stderr };
}

/** Runs one of the Python scripts of test/jupyter. */
export function runPython(script: string, args: readonly string[], home: string, cwd?: string) {
  const file = resolve("test/jupyter", script);
  return runInVenv("python", [file, ...args], { home, ...(cwd === undefined ? {} : { cwd }) });
}

export interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Of a stream. */
  readonly name?: string;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}
export interface Cell {
  readonly cell_type: string;
  readonly source: string;
  readonly outputs: readonly Output[];
  readonly metadata: { readonly tags?: readonly string[] };
}

const joined = (key: string, value: unknown) =>
  key !== "tags" &&
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((line) => typeof line === "string")
    ? value.join("")
    : value;

/** The code cells of a notebook file, lists of lines joined. */
export function codeCells(file: string): readonly Cell[] {
  const { cells }: { cells: Cell[] } = JSON.parse(readFileSync(file, "utf8"), joined);
  return cells.filter(({ cell_type }) => cell_type === "code");
}

/** The text of a cell's value. */
export const result = (cell: Cell) =>
  cell.outputs.find(({ output_type }) => output_type === "execute_result")?.data?.["text/plain"];
