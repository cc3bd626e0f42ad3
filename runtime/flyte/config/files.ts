/**
 * Which file of settings counts.
 * @module
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { FlyteError } from "../errors.ts";
import { iniLayer } from "./ini.ts";
import type { Layer } from "./settings.ts";
import { yamlLayer } from "./yaml.ts";

export interface Found {
  readonly layer: Layer | undefined;
  /** Absolute path of the file; absent when there is none. */
  readonly file: string | undefined;
  /** Every path that was looked at, the found one last. */
  readonly tried: readonly string[];
  /** Probable mistakes. */
  readonly hints: readonly string[];
}

/**
 * Reads the first file there is: the one named in code, else the one of `FLYTECTL_CONFIG`, `./flytekit.config`,
 * `~/.flyte/config`, `~/.flyte/config.yaml`. A file named in code is the only candidate.
 * @throws {FlyteError} `CONFIG_INVALID` when the file is there and cannot be read or understood.
 */
export function findFile(named: string | undefined, environment: NodeJS.ProcessEnv): Found {
  const home = environment["HOME"] || environment["USERPROFILE"] || homedir();
  const tried: string[] = [];
  const hints: string[] = [];
  const given = environment["FLYTECTL_CONFIG"] || undefined;
  const candidates =
    named === undefined
      ? [
          ...(given === undefined ? [] : [given]),
          "flytekit.config",
          join(home, ".flyte", "config"),
          join(home, ".flyte", "config.yaml"),
        ]
      : [named];
  for (const candidate of candidates) {
    const file = resolve(withHome(candidate, home));
    tried.push(file);
    const text = read(file);
    if (text === undefined) {
      if (candidate === given && named === undefined) {
        hints.push(`FLYTECTL_CONFIG names ${file}, and there is no such file`);
      }
      continue;
    }
    if (/\.ya?ml$/i.test(file)) {
      const { layer, hints: ofFile } = yamlLayer(text, file);
      return { layer, file, tried, hints: [...hints, ...ofFile] };
    }
    return { layer: iniLayer(text, file), file, tried, hints };
  }
  return { layer: undefined, file: undefined, tried, hints };
}

/** `~/` at the beginning is the home folder; a shell does that, a file of settings does not. */
export function withHome(path: string, home: string = homedir()): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    // `~/.flyte/config` is a folder for some; then it is no file of settings.
    if (code === "EISDIR") return undefined;
    throw new FlyteError("CONFIG_INVALID", `${file} cannot be read (${String(code)})`, {
      cause: error,
    });
  }
}
