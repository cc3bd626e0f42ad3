/**
 * Other programs that stand beside us: made when a suite runs, never part of the project's own dependencies.
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const INSTALL_MAX_MS = 600_000;

export type Peer<T> =
  | { readonly ok: true; readonly figures: T }
  | { readonly ok: false; why: string };

/** A program's output: its last line, as JSON. @throws when it fails or says anything else there. */
export async function lastLine<T>(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<T> {
  const { stdout } = await run(command, [...args], {
    cwd: root,
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/** What a Python program of `test/bench/peers/` prints; the folder of packages is made at first. */
export async function pythonPeer<T>(
  bench: Bench,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Peer<T>> {
  if (bench.isQuick) return { ok: false, why: "--quick leaves other programs out" };
  bench.step(`${script} (the first time installs it)`);
  return attempt(async () => {
    await run("bash", ["test/support/peers.sh"], { cwd: root, timeout: INSTALL_MAX_MS });
    return lastLine<T>(".venv-peers/bin/python", [`test/bench/peers/${script}`, ...args], env);
  });
}

/** What a program prints that finds the newest of these npm packages in `folder`. */
export async function npmPeer<T>(
  bench: Bench,
  packages: readonly string[],
  folder: string,
  measure: () => Promise<T>,
): Promise<Peer<T>> {
  if (bench.isQuick) return { ok: false, why: "--quick leaves other programs out" };
  bench.step(`${packages.join(", ")} from npm`);
  return attempt(async () => {
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", "--prefix", folder, ...quiet, ...packages], {
      cwd: folder,
      timeout: INSTALL_MAX_MS,
    });
    return measure();
  });
}

async function attempt<T>(measure: () => Promise<T>): Promise<Peer<T>> {
  try {
    return { ok: true, figures: await measure() };
  } catch (error) {
    // Without network there is no peer; our own figures stand without it.
    const said = String((error as { stderr?: unknown }).stderr ?? "").trim() || String(error);
    return { ok: false, why: said.split("\n").at(-1)?.slice(0, 200) ?? "it failed" };
  }
}
