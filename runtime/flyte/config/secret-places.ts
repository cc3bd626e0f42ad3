/**
 * Where the secret of an OAuth client may be found.
 * @module
 */
import { readFileSync } from "node:fs";
import { addSecret } from "../../values/redact.ts";
import { FlyteError } from "../errors.ts";

export interface SecretPlace {
  /** For messages. */
  readonly where: string;
  /** @returns undefined when it is not there. */
  read(): string | undefined;
}

export function secretVariable(name: string, environment: NodeJS.ProcessEnv): SecretPlace {
  return { where: `the environment variable ${name}`, read: () => environment[name] || undefined };
}

export function secretFile(path: string): SecretPlace {
  return {
    where: `the file ${path}`,
    read() {
      try {
        return readFileSync(path, "utf8").replace(/\r?\n$/, "") || undefined;
      } catch {
        // That it is nowhere is said once, with all places.
        return undefined;
      }
    },
  };
}

export function secretText(text: string, where: string): SecretPlace {
  addSecret(text);
  return { where, read: () => text };
}

/**
 * @returns the first that is there. From now on it is redacted from whatever is reported.
 * @throws {FlyteError} `REMOTE_AUTH` that names every place.
 */
export function firstSecret(places: readonly SecretPlace[]): string {
  for (const place of places) {
    const secret = place.read();
    if (secret === undefined) continue;
    addSecret(secret);
    return secret;
  }
  throw new FlyteError(
    "REMOTE_AUTH",
    places.length === 0
      ? "to log in as a client its secret is needed: set admin.clientSecretLocation or admin.clientSecretEnvVar, " +
          "or give clientSecretGroup and clientSecretKey"
      : `the client's secret is in none of its places: ${places.map(({ where }) => where).join(", ")}`,
  );
}
