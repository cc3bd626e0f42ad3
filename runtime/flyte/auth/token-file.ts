/**
 * Tokens of people between two processes, one file per cluster, client and scopes.
 *
 * 1. Only its owner can read it: folder 0700, file 0600. One that others could read or write is not believed.
 * 2. It is replaced as a whole: a second process sees the old one or the new one.
 * 3. Tokens of programs, got with a secret, are never written.
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { FlyteError } from "../errors.ts";
import { Token } from "./token.ts";

export class TokenFile {
  readonly #folder: string;
  readonly #path: string;

  constructor(
    environment: NodeJS.ProcessEnv,
    of: { endpoint: string; clientId: string; scopes: readonly string[] },
  ) {
    const home = environment["HOME"] || homedir();
    const state = environment["XDG_STATE_HOME"] || join(home, ".local", "state");
    this.#folder = join(state, "eagerdeck", "tokens");
    const key = JSON.stringify([of.endpoint, of.clientId, [...of.scopes].sort()]);
    const hash = createHash("sha256").update(key).digest("hex").slice(0, 16);
    // The host for people who look into the folder.
    const host = of.endpoint.replaceAll(/[^\w.-]/g, "_").slice(0, 60);
    this.#path = join(this.#folder, `${host}-${hash}.json`);
  }

  get path(): string {
    return this.#path;
  }

  /** @returns undefined when there is none that can be believed. */
  read(): Token | undefined {
    try {
      if (process.platform !== "win32") {
        const { mode, uid } = statSync(this.#path);
        if ((mode & 0o077) !== 0 || uid !== process.getuid?.()) return undefined;
      }
      const kept: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      if (typeof kept !== "object" || kept === null) return undefined;
      const { access, refresh, obtainedAt, expiresAt }: Record<string, unknown> = { ...kept };
      if (typeof access !== "string" || typeof obtainedAt !== "number") return undefined;
      return new Token({
        access,
        obtainedAt,
        refresh: typeof refresh === "string" ? refresh : undefined,
        expiresAt: typeof expiresAt === "number" ? expiresAt : undefined,
      });
    } catch {
      // Absent, torn or of another form: then somebody logs in.
      return undefined;
    }
  }

  /** @returns whether it was kept; a home that cannot be written costs a login per process and nothing else. */
  write(token: Token): boolean {
    const temporary = `${this.#path}.${randomUUID()}`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      // It may have been there with other rights.
      chmodSync(this.#folder, 0o700);
      writeFileSync(temporary, JSON.stringify(token.parts), { mode: 0o600, flag: "wx" });
      renameSync(temporary, this.#path);
      return true;
    } catch {
      removed(temporary);
      return false;
    }
  }

  /** @throws {FlyteError} `REMOTE_AUTH` when the token is still there after all. */
  remove(): void {
    if (removed(this.#path)) return;
    throw new FlyteError(
      "REMOTE_AUTH",
      `the kept token ${this.#path} cannot be removed: remove it by hand`,
    );
  }
}

/** @returns whether the file is not there any more. */
function removed(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return !existsSync(path);
  }
}
