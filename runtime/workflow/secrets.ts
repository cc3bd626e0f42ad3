/**
 * Secrets of a task, found as Flyte's containers find them: in the environment, then in a mounted file.
 * @module
 */
import { addSecret } from "../values/redact.ts";

/**
 * @returns the value of the environment variable `_FSEC_<GROUP>_<KEY>` (prefix: `FLYTE_SECRETS_ENV_PREFIX`), else the text
 *   of `<FLYTE_SECRETS_DEFAULT_DIR>/<group>/<key>` in lower case, without a line end.
 * @throws {Error} that names both places when neither is there.
 */
export function readSecret(group: string, key: string): string {
  const secret = found(group, key);
  addSecret(secret);
  return secret;
}

function found(group: string, key: string): string {
  for (const [what, part] of [
    ["group", group],
    ["key", key],
  ] as const) {
    // The parts become a path: no separators, nothing that climbs.
    if (typeof part === "string" && /^[\w-][\w.-]*$/.test(part)) continue;
    throw new TypeError(
      `the ${what} of a secret is a name of letters, digits, - and _, not ${JSON.stringify(part)}`,
    );
  }
  const { env } = process;
  const variable = `${env["FLYTE_SECRETS_ENV_PREFIX"] ?? "_FSEC_"}${group}_${key}`.toUpperCase();
  const value = env[variable];
  if (value !== undefined) return value;
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const { join } = process.getBuiltinModule("node:path");
  const folder = env["FLYTE_SECRETS_DEFAULT_DIR"] ?? "/etc/secrets";
  const file = join(folder, group.toLowerCase(), key.toLowerCase());
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(
      `there is no secret ${key} of group ${group}: neither the environment variable ${variable} nor the file ${file}`,
      { cause: error },
    );
  }
}
