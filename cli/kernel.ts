/**
 * `eagerdeck kernel install|list|remove|start`.
 * @module
 */
import {
  InstallError,
  installSpec,
  listSpecs,
  papermillPackage,
  removeSpec,
  type SpecPlace,
} from "../kernel/install.ts";
import { runKernel } from "../kernel/main.ts";
import { exitCodes } from "../repl/exit-codes.ts";
import { DIALECT_VARIABLE, type Dialect } from "../runtime/session/dialect.ts";
import { UsageError } from "./usage.ts";

export interface PlaceFlags {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
}

export interface InstallFlags extends PlaceFlags {
  readonly name?: string;
  readonly displayName?: string;
  readonly env?: readonly string[];
  readonly force?: boolean;
  /** A kernel whose notebooks it is to run. */
  readonly for?: Dialect;
}

/** Which place the flags name, or undefined when none does. */
function placeOf(flags: PlaceFlags): SpecPlace | undefined {
  const given = [flags.user, flags.sysPrefix, flags.prefix].filter((flag) => flag !== undefined);
  if (given.length > 1)
    throw new UsageError("--user, --sys-prefix and --prefix exclude each other");
  if (flags.prefix?.trim() === "") throw new UsageError("--prefix needs a folder");
  if (flags.prefix !== undefined) return { kind: "prefix", folder: flags.prefix };
  if (flags.sysPrefix) return { kind: "sys-prefix" };
  return flags.user ? { kind: "user" } : undefined;
}

export async function install(flags: InstallFlags): Promise<number> {
  const { force, for: dialect } = flags;
  // Under the name that those notebooks ask for, so that they open with it.
  const name = flags.name ?? dialect;
  const displayName = flags.displayName ?? (dialect && displayNameFor(dialect));
  if (displayName?.trim() === "") throw new UsageError("--display-name needs a text");
  const env = (flags.env ?? []).map((pair) => {
    const [key = "", ...value] = pair.split("=");
    if (key === "" || value.length === 0)
      throw new UsageError(`--env takes NAME=VALUE, not '${pair}'`);
    return [key, value.join("=")] as const;
  });
  const spec = await refused(
    installSpec({
      place: placeOf(flags) ?? { kind: "user" },
      ...(name === undefined ? {} : { name }),
      ...(displayName === undefined ? {} : { displayName }),
      ...(force === undefined ? {} : { force }),
      ...(dialect === "jslab" ? { language: "javascript" } : {}),
      env: { ...(dialect && { [DIALECT_VARIABLE]: dialect }), ...Object.fromEntries(env) },
    }),
  );
  const verb = spec.isReplaced ? "replaced" : "installed";
  process.stdout.write(
    `${verb} "${spec.displayName}" in ${spec.folder}\n` +
      `Next: jupyter lab, or jupyter console --kernel ${spec.name}\n` +
      `For papermill: python -m pip install ${quoted(papermillPackage())}\n`,
  );
  return exitCodes.ok;
}

function displayNameFor(dialect: Dialect): string {
  const language = dialect === "jslab" ? "JavaScript" : "TypeScript";
  return `${language} (eagerdeck for ${dialect} notebooks)`;
}

export async function list(flags: PlaceFlags): Promise<number> {
  const specs = await refused(listSpecs(placeOf(flags)));
  for (const spec of specs) {
    const broken =
      spec.missing.length === 0
        ? ""
        : `  broken: ${spec.missing.join(", ")} is gone; install it again`;
    process.stdout.write(`${spec.name}  ${spec.folder}${broken}\n`);
  }
  if (specs.length === 0)
    process.stdout.write(
      "no kernel of eagerdeck is installed; eagerdeck kernel install makes one\n",
    );
  return exitCodes.ok;
}

export async function remove(name: string | undefined, flags: PlaceFlags): Promise<number> {
  const place = placeOf(flags);
  const folder = await refused(
    removeSpec({ ...(place ? { place } : {}), ...(name === undefined ? {} : { name }) }),
  );
  process.stdout.write(`removed ${folder}\n`);
  return exitCodes.ok;
}

export async function start(connectionFile: string): Promise<number> {
  return await runKernel(connectionFile);
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** What the kernel's own modules refuse is wrong usage here. */
async function refused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof InstallError) throw new UsageError(error.message, { cause: error });
    if (isFileError(error))
      throw new UsageError(`cannot write there: ${error.message}`, { cause: error });
    throw error;
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
