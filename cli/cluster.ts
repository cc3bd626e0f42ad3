/**
 * What commands say of a cluster: `--config`, `--project`, `--domain`, `--image`, `--version`.
 * @module
 */
import type { Command } from "commander";
import type { Config, Platform } from "../runtime/flyte/config.ts";
import { UsageError } from "./usage.ts";

export interface ClusterFlags {
  readonly config?: string;
  readonly project?: string;
  readonly domain?: string;
  readonly image?: string;
  readonly version?: string;
}

export interface Cluster {
  readonly config: Config;
  readonly platform: Platform;
  readonly project: string;
  readonly domain: string;
  readonly image: string | undefined;
}

/** Adds the options to a command. */
export function clusterOptions(command: Command): Command {
  return command
    .option(
      "--config <file>",
      "settings of the cluster (default: where flytectl and flytekit look)",
    )
    .option("--project <project>", "where it is registered (default: task.project of the settings)")
    .option("--domain <domain>", "the same (default: task.domain of the settings)")
    .option("--image <image>", "the image of tasks that name none (default: EAGERDECK_IMAGE)")
    .option("--version <version>", "the version (default: made from the content)");
}

/**
 * @throws {UsageError} when project or domain are missing, or the settings cannot be used.
 */
export async function cluster(flags: ClusterFlags): Promise<Cluster> {
  const [{ Config }, { FlyteError }] = await Promise.all([
    import("../runtime/flyte/config.ts"),
    import("../runtime/flyte/errors.ts"),
  ]);
  const config = Config.auto(flags.config);
  let platform: Platform;
  try {
    platform = config.resolve();
  } catch (error) {
    if (!(error instanceof FlyteError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
  for (const warning of platform.warnings) process.stderr.write(`eagerdeck: ${warning}\n`);
  const place = (name: "project" | "domain") => {
    const given = flags[name] ?? platform[name];
    if (given) return given;
    throw new UsageError(
      `say in which ${name}: --${name} <${name}>, or task.${name} in the settings`,
    );
  };
  const [project, domain] = [place("project"), place("domain")];
  return { config, platform, project, domain, image: flags.image ?? platform.image };
}
