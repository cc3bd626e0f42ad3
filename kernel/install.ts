/**
 * The kernelspec: how Jupyter learns of this kernel. Written, listed and removed without Python.
 * @module
 */
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { makeFolder } from "../runtime/events/make-folder.ts";

const DEFAULT_NAME = "eagerdeck";
const DEFAULT_DISPLAY_NAME = "TypeScript (eagerdeck)";
const LOGOS = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];

/** Where specs are kept: for this user, in the active Python environment, or below a folder of one's own. */
export type SpecPlace =
  | { readonly kind: "user" }
  | { readonly kind: "sys-prefix" }
  | { readonly kind: "prefix"; readonly folder: string };

export interface InstallOptions {
  readonly place: SpecPlace;
  /** The folder's name, and what `--kernel` wants; default `eagerdeck`. */
  readonly name?: string;
  readonly displayName?: string;
  /** What front ends list it under; default `typescript`. */
  readonly language?: "typescript" | "javascript";
  /** Environment of the kernel. */
  readonly env?: Readonly<Record<string, string>>;
  /** Replace a spec that is not ours. */
  readonly force?: boolean;
}

export interface InstalledSpec {
  readonly name: string;
  readonly displayName: string;
  readonly folder: string;
  /** An earlier one stood there. */
  readonly isReplaced: boolean;
}

export interface ListedSpec {
  readonly name: string;
  readonly displayName: string;
  readonly folder: string;
  /** Node and script that it starts. */
  readonly command: readonly string[];
  /** What of it is gone; empty when it can start. */
  readonly missing: readonly string[];
}

/** The person asked for something that cannot be done; the message says what to do. */
export class InstallError extends Error {
  static {
    Object.defineProperty(InstallError.prototype, "name", { value: "InstallError" });
  }
}

/** @throws {InstallError} when a foreign spec has the name, or there is no environment to install into. */
export async function installSpec(options: InstallOptions): Promise<InstalledSpec> {
  const name = checkedName(options.name);
  const displayName = options.displayName ?? DEFAULT_DISPLAY_NAME;
  const kernels = kernelsFolder(options.place);
  const folder = join(kernels, name);
  const isReplaced = existsSync(folder);
  if (isReplaced && options.force !== true && (await readOurs(folder)) === undefined) {
    throw new InstallError(
      `${folder} is another kernel's; choose a --name, or replace it with --force`,
    );
  }
  makeFolder(kernels);
  // A complete folder takes the place of the old one: Jupyter reads it at any time.
  const temporary = await mkdtemp(join(kernels, `.${name}-`));
  try {
    const next = join(temporary, "new");
    await mkdir(next);
    await writeFile(
      join(next, "kernel.json"),
      `${JSON.stringify(spec(displayName, options), undefined, 2)}\n`,
    );
    for (const logo of LOGOS)
      await copyFile(join(packageRoot, "kernel", "spec", logo), join(next, logo));
    const old = join(temporary, "old");
    if (isReplaced) await rename(folder, old);
    try {
      await rename(next, folder);
    } catch (error) {
      if (isReplaced) await rename(old, folder);
      throw error;
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { name, displayName, folder, isReplaced };
}

/**
 * The specs of this kernel, wherever Jupyter would find them.
 * @param place look only there.
 */
export async function listSpecs(place?: SpecPlace): Promise<ListedSpec[]> {
  const found: ListedSpec[] = [];
  const folders = place === undefined ? jupyterFolders() : [kernelsFolder(place)];
  for (const kernels of folders) {
    const names = existsSync(kernels) ? await readdir(kernels) : [];
    for (const name of names.filter((entry) => !entry.startsWith(".")).sort()) {
      const folder = join(kernels, name);
      const ours = await readOurs(folder);
      if (ours === undefined) continue;
      const command = ours.argv.slice(0, 2);
      const missing = command.filter((path) => !existsSync(path));
      found.push({ name, displayName: ours.display_name, folder, command, missing });
    }
  }
  return found;
}

/**
 * @returns the folder that was removed.
 * @throws {InstallError} when there is none, or it is not ours.
 */
export async function removeSpec(options: {
  readonly place?: SpecPlace;
  readonly name?: string;
}): Promise<string> {
  const name = checkedName(options.name);
  const found = (await listSpecs(options.place)).find((listed) => listed.name === name);
  if (found === undefined) {
    const foreign = (
      options.place === undefined ? jupyterFolders() : [kernelsFolder(options.place)]
    )
      .map((kernels) => join(kernels, name))
      .find((folder) => existsSync(folder));
    throw new InstallError(
      foreign === undefined
        ? `no kernel "${name}" is installed`
        : `${foreign} is another kernel's; it was not removed`,
    );
  }
  await rm(found.folder, { recursive: true });
  return found.folder;
}

/** What `python -m pip install` takes to make papermill know TypeScript. */
export function papermillPackage(): string {
  return join(packageRoot, "kernel", "papermill");
}

/** A name is one folder; those that begin with a dot are ours while they are written. */
function checkedName(name: string = DEFAULT_NAME): string {
  if (/^[a-z0-9_-][a-z0-9._-]*$/i.test(name)) return name;
  throw new InstallError(
    `"${name}" is no name for a kernel: letters, digits, "-", "_" and, not first, "." only`,
  );
}

const specSchema = z.looseObject({
  argv: z.array(z.string()),
  display_name: z.string(),
  metadata: z.looseObject({ eagerdeck: z.string() }),
});

function spec(displayName: string, { env = {}, language = "typescript" }: InstallOptions) {
  return {
    // Not `node`: graphical clients have no shell's path, and the system's Node may be too old.
    argv: [
      process.execPath,
      join(packageRoot, "dist", "cli", "main.js"),
      "kernel",
      "start",
      "{connection_file}",
    ],
    display_name: displayName,
    language,
    // Without it clients send SIGINT, which they cannot address to a remote kernel.
    interrupt_mode: "message",
    kernel_protocol_version: "5.5.0",
    env,
    // By the version we know our own; clients that encrypt ask for what we understand.
    metadata: { eagerdeck: version, supported_encryption: ["curve"] },
  };
}

async function readOurs(folder: string): Promise<z.infer<typeof specSchema> | undefined> {
  try {
    const text = await readFile(join(folder, "kernel.json"), "utf8");
    return specSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no kernel.json or not JSON: whatever it is, it is not ours
  }
}

function kernelsFolder(place: SpecPlace): string {
  switch (place.kind) {
    case "user":
      return join(userData(), "kernels");
    case "prefix":
      return join(resolve(place.folder), "share", "jupyter", "kernels");
    case "sys-prefix": {
      const prefix = activePrefix();
      if (prefix === undefined) {
        throw new InstallError(
          "no virtualenv or conda environment is active; use --user or --prefix DIR",
        );
      }
      return join(prefix, "share", "jupyter", "kernels");
    }
    default:
      return place satisfies never;
  }
}

function activePrefix(): string | undefined {
  return process.env["VIRTUAL_ENV"] || process.env["CONDA_PREFIX"] || undefined;
}

/** @see https://docs.jupyter.org/en/latest/use/jupyter-directories.html */
function userData(): string {
  const { env } = process;
  if (env["JUPYTER_DATA_DIR"]) return env["JUPYTER_DATA_DIR"];
  if (process.platform === "darwin") return join(homedir(), "Library", "Jupyter");
  if (process.platform === "win32") return join(env["APPDATA"] ?? homedir(), "jupyter");
  return join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "jupyter");
}

function jupyterFolders(): string[] {
  const prefix = activePrefix();
  const data = [
    ...(process.env["JUPYTER_PATH"] ?? "").split(delimiter).filter((part) => part !== ""),
    userData(),
    ...(prefix === undefined ? [] : [join(prefix, "share", "jupyter")]),
    ...(process.platform === "win32" ? [] : ["/usr/local/share/jupyter", "/usr/share/jupyter"]),
  ];
  return [...new Set(data.map((folder) => join(folder, "kernels")))];
}

const require = createRequire(import.meta.url);
const packageFile = require.resolve("eagerdeck/package.json");
const packageRoot = dirname(packageFile);
const { version } = z.object({ version: z.string() }).parse(require(packageFile));
