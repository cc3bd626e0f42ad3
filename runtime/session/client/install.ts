/**
 * `%npm i zod`: npm in the folder of the nearest package.json, with its output as it comes.
 *
 * npm runs without a shell in a process group of its own, so that stopping it stops its scripts as well.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Options that change where a package is recorded, and nothing else. */
const OPTIONS = new Set(["-D", "--save-dev", "-E", "--save-exact", "-O", "--save-optional"]);
/** After SIGINT npm gets this long to clean up. */
const GRACE_MS = 2_000;

/** The request cannot be met, in words for the person. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

interface Request {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: "stdout" | "stderr", text: string) => void;
}

/**
 * Takes `%npm i zod @types/node` apart.
 * @returns what to install, or undefined when the text is no such command.
 */
export function installArguments(text: string): readonly string[] | undefined {
  const [npm, verb, ...words] = text.trim().split(/\s+/);
  if (npm !== "%npm" && npm !== ".npm") return undefined;
  return verb === "i" || verb === "install" || verb === "add" ? words : undefined;
}

/**
 * Installs packages for the session's folder.
 * @returns packages that were installed already at another version: what has been loaded of them stays.
 * @throws {InstallError} for a wrong name, without npm, and when npm fails or is stopped.
 */
export async function installPackages(
  packages: readonly string[],
  options: Request,
): Promise<readonly string[]> {
  validate(packages);
  const root = projectFolder(options);
  const before = installedVersions(root);
  await runNpm(["install", "--no-audit", "--no-fund", ...packages], root, options);
  const after = installedVersions(root);
  return [...after.keys()].filter((name) => {
    const version = before.get(name);
    return version !== undefined && version !== after.get(name);
  });
}

function validate(packages: readonly string[]): void {
  const names = packages.filter((word) => !word.startsWith("-"));
  if (names.length === 0) throw new InstallError("name a package: %npm i zod");
  for (const word of packages) {
    if (word.startsWith("-") && !OPTIONS.has(word)) {
      const known = [...OPTIONS].join(", ");
      throw new InstallError(`the option ${word} is not taken here; there are ${known}`);
    }
    // Names, scopes, versions and ranges, aliases, folders, tarballs and addresses: no control characters.
    if (!/^[\w@./~:+#^*<>=%&?|-]+$/.test(word))
      throw new InstallError(`'${word}' is no name of a package`);
  }
}

/** The folder of the nearest package.json; without one it is made in the session's folder. */
function projectFolder({ folder, onOutput }: Request): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return at;
    if (at === dirname(at)) break;
  }
  const path = join(folder, "package.json");
  writeFileSync(path, `${JSON.stringify({ private: true }, null, 2)}\n`);
  onOutput("stderr", `there was no package.json: ${path} was made\n`);
  return folder;
}

/** What npm has recorded: path below node_modules → version. */
function installedVersions(root: string): Map<string, string> {
  const versions = new Map<string, string>();
  try {
    const lock: unknown = JSON.parse(
      readFileSync(join(root, "node_modules/.package-lock.json"), "utf8"),
    );
    const packages: unknown = typeof lock === "object" && lock ? Reflect.get(lock, "packages") : {};
    for (const [path, entry] of Object.entries(packages ?? {})) {
      const version: unknown = entry?.version;
      if (typeof version === "string") versions.set(path.replace(/^node_modules\//, ""), version);
    }
  } catch {
    // Nothing installed yet.
  }
  return versions;
}

async function runNpm(args: readonly string[], cwd: string, options: Request) {
  const { onOutput, signal } = options;
  if (signal.aborted) throw new InstallError("stopped before npm began");
  const child = spawn(npmPath(), args, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, npm_config_update_notifier: "false" },
  });
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text: string) => onOutput(stream, text));
  }
  const kill = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone already.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    kill("SIGINT");
    timer ??= setTimeout(() => kill("SIGKILL"), GRACE_MS);
  };
  const die = () => kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  process.once("exit", die);
  const { promise, reject, resolve } = Promise.withResolvers<string>();
  child.once("error", (error) => reject(new InstallError(`npm cannot be run: ${error.message}`)));
  child.once("close", (code, name) => resolve(code === 0 ? "" : `${name ?? `code ${code}`}`));
  try {
    const end = await promise;
    if (signal.aborted) throw new InstallError("npm was stopped");
    if (end !== "") throw new InstallError(`npm failed with ${end}; its output says why`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    process.removeListener("exit", die);
    // Scripts of packages may have left something behind.
    if (signal.aborted) kill("SIGKILL");
  }
}

/** The npm beside the running Node, else the first on the PATH. */
function npmPath(): string {
  const folders = [dirname(process.execPath), ...(process.env["PATH"] ?? "").split(delimiter)];
  const found = folders.map((folder) => join(folder, "npm")).find((path) => existsSync(path));
  if (found === undefined) throw new InstallError("npm was not found, beside Node or on the PATH");
  return found;
}
