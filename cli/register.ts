/**
 * `eagerdeck register FILE|FOLDER…`: tasks and workflows of files, made known to a cluster.
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../repl/exit-codes.ts";
import type { RegisteredEntity } from "../runtime/flyte/register/register.ts";
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
  try {
    for (const { file, isNamed } of files) {
      try {
        const { bundle, definitions } = await loadBundled(file);
        if (definitions.length === 0) {
          // Among the files of a folder there are others; one that was named was meant.
          if (isNamed) throw new Error("it makes no task, workflow or eager workflow");
          continue;
        }
        const { version, dryRun } = flags;
        const options = { ...{ project, domain, image, version, dryRun, notice }, code: bundle };
        const registered = await registerEntities(client, definitions, options);
        count += registered.entities.length;
        report(file, registered.version, registered.entities);
      } catch (error) {
        code = exitCodes.failed;
        process.stderr.write(`eagerdeck: ${file}: ${errorText(error)}\n`);
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
