/**
 * `eagerdeck register FILE|FOLDER…`: tasks and workflows of files, made known to a cluster.
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { exitCodes } from "../repl/exit-codes.ts";
import type { RegisteredEntity } from "../runtime/flyte/options.ts";
import type { BundledModule } from "../runtime/flyte/register/register-file.ts";
import { type ClusterFlags, cluster } from "./cluster.ts";
import { UsageError } from "./usage.ts";

export interface RegisterFlags extends ClusterFlags {
  readonly dryRun?: boolean;
}

/** @returns the exit code: 1 when one of the files could not be registered. */
export async function register(paths: readonly string[], flags: RegisterFlags): Promise<number> {
  const files = paths.flatMap(filesOf);
  if (files.length === 0) throw new UsageError(`no TypeScript files in ${paths.join(", ")}`);
  const { platform, project, domain, image } = await cluster(flags);
  const [{ openClient }, { registerEntities }, { loadBundled }] = await Promise.all([
    import("../runtime/flyte/client.ts"),
    import("../runtime/flyte/register/register.ts"),
    import("../runtime/flyte/register/register-file.ts"),
  ]);
  const notice = (text: string) => void process.stderr.write(`eagerdeck: ${text}\n`);
  const client = openClient(platform, { notice });
  let code: number = exitCodes.ok;
  let count = 0;
  const fail = (file: string, error: unknown) => {
    code = exitCodes.failed;
    process.stderr.write(`eagerdeck: ${file}: ${errorText(error)}\n`);
  };
  try {
    const modules: Loaded[] = [];
    for (const { file, isNamed } of files) {
      try {
        const module = await loadBundled(file);
        // Among the files of a folder there are others; one that was named was meant.
        if (module.definitions.length > 0) modules.push({ file, isNamed, module });
        else if (isNamed) fail(file, "it makes no task, workflow or eager workflow");
      } catch (error) {
        fail(file, error);
      }
    }
    for (const { file, module } of uncovered(modules)) {
      try {
        const { bundle, definitions } = module;
        const { version, dryRun } = flags;
        const options = { ...{ project, domain, image, version, dryRun, notice }, code: bundle };
        const registered = await registerEntities(client, definitions, options);
        count += registered.entities.length;
        report(file, registered.version, registered.entities);
      } catch (error) {
        fail(file, error);
      }
    }
  } finally {
    client.close();
  }
  if (count === 0 && code === exitCodes.ok) {
    throw new UsageError(`no file of ${paths.join(", ")} makes a task or workflow`);
  }
  return code;
}

interface Loaded {
  readonly file: string;
  readonly isNamed: boolean;
  readonly module: BundledModule;
}

/** Without the files of a folder that another one imports: what they make is registered with that. */
function uncovered(modules: readonly Loaded[]): readonly Loaded[] {
  const kept = new Set(modules);
  for (const one of modules) {
    const path = resolve(one.file);
    const isImported = [...kept].some(
      (other) => other !== one && other.module.bundle.sources.includes(path),
    );
    if (!one.isNamed && isImported) kept.delete(one);
  }
  return [...kept];
}

const WORDS = { task: "task", workflow: "workflow", launch_plan: "launch plan" } as const;
const STATES = { created: "created", unchanged: "unchanged", missing: "to be created" } as const;

function report(file: string, version: string, entities: readonly RegisteredEntity[]): void {
  const lines = entities.map(
    ({ kind, name, state }) => `  ${STATES[state].padEnd(13)}  ${WORDS[kind].padEnd(11)}  ${name}`,
  );
  process.stdout.write(`${file}  ${version}\n${lines.join("\n")}\n`);
}

/** What happened, with what caused it: a module that does not load says why. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const SOURCE = /\.(?:[mc]?ts|tsx|[mc]?js|jsx)$/;
const NO_FLOWS = /\.d\.[mc]?ts$|\.(?:test|spec)\.\w+$|\.config\.\w+$/;

function filesOf(path: string): { readonly file: string; readonly isNamed: boolean }[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`no such file: ${path}`);
  if (!found.isDirectory()) return [{ file: path, isNamed: true }];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = join(path, entry.name);
      if (entry.isDirectory()) return filesOf(file);
      const isSource = entry.isFile() && SOURCE.test(file) && !NO_FLOWS.test(file);
      return isSource ? [{ file, isNamed: false }] : [];
    });
}
