/**
 * Jupyter's own tools of `.venv`, with folders of their own: what a notebook says after nbclient has executed it.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { runInNewContext } from "node:vm";

const python = resolve(".venv/bin/python");

/** @throws {Error} when the tests' environment is missing. */
export function needVenv(): void {
  if (!existsSync(python))
    throw new Error("no .venv: npm run test:jupyter makes it (bash test/support/venv.sh)");
}

/** Runs a Python script of `test/jupyter`. @throws {Error} with its stderr when it fails. */
export function runPython(script: string, args: readonly string[], home: string): string {
  const { status, stdout, stderr } = spawnSync(python, [`test/jupyter/${script}`, ...args], {
    encoding: "utf8",
    env: {
      ...process.env,
      HOME: home,
      JUPYTER_CONFIG_DIR: join(home, "config"),
      JUPYTER_RUNTIME_DIR: join(home, "runtime"),
      JUPYTER_DATA_DIR: join(home, "share", "jupyter"),
      PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    },
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr}`);
  return stdout;
}

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly ename?: string;
  readonly evalue?: string;
}

/**
 * What each code cell of a notebook says, in its order: `stdout: …`, displays by their types. A value reads as if it had
 * been printed: tslab prints values.
 */
export function saidByCells(file: string): unknown[][] {
  const { cells } = JSON.parse(readFileSync(file, "utf8"), joined);
  return cells
    .filter((cell: { cell_type: string }) => cell.cell_type === "code")
    .map((cell: { outputs: readonly Output[] }) => merged(cell.outputs.map(said)));
}

function said({ output_type, name, text, data = {}, ename, evalue }: Output): unknown {
  if (output_type === "stream") return `${name}: ${text}`;
  if (output_type === "error") return `${ename}: ${evalue}`;
  if (output_type === "execute_result") return `stdout: ${printed(data["text/plain"] ?? "")}\n`;
  const { "text/plain": plain, ...rich } = data;
  return Object.keys(rich).length > 0 ? rich : { "text/plain": plain };
}

/** A text as `console.log` prints it, without the quotes that a value has. */
function printed(value: string): string {
  return /^(['"`])[\s\S]*\1$/.test(value) ? runInNewContext(value) : value;
}

/** Pieces of one stream are one text. */
function merged(outputs: readonly unknown[]): unknown[] {
  const all: unknown[] = [];
  for (const output of outputs) {
    const last = all.at(-1);
    const [stream = ""] = typeof output === "string" ? (/^std\w+: /.exec(output) ?? []) : [];
    if (typeof output === "string" && stream && typeof last === "string" && last.startsWith(stream))
      all[all.length - 1] = last + output.slice(stream.length);
    else all.push(output);
  }
  return all;
}

/** The notebook format keeps texts as lists of lines. */
function joined(_: string, value: unknown): unknown {
  return Array.isArray(value) && value.length > 0 && value.every((line) => typeof line === "string")
    ? value.join("")
    : value;
}
