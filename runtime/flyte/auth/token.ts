/**
 * An access token: usable, and not to be seen in any dump of the objects around it.
 * @module
 */
import { addSecret } from "../../values/redact.ts";
import { FlyteError } from "../errors.ts";

/** Part of a token's life after which another one is fetched, while this one is still good. */
const DUE_PART = 0.8;

export interface TokenParts {
  readonly access: string;
  readonly refresh?: string | undefined;
  /** Milliseconds since 1970. */
  readonly obtainedAt: number;
  /** Milliseconds since 1970; absent when nobody knows. */
  readonly expiresAt?: number | undefined;
}

export class Token {
  // Private: `inspect` of whatever holds a token shows nothing of it.
  readonly #parts: TokenParts;

  /** @throws {FlyteError} `REMOTE_AUTH` for a text that no header can carry. */
  constructor(parts: TokenParts) {
    if (!/^[\x21-\x7e]+$/.test(parts.access)) {
      throw new FlyteError("REMOTE_AUTH", "the token is no single word of printable characters");
    }
    addSecret(parts.access);
    if (parts.refresh !== undefined) addSecret(parts.refresh);
    const { obtainedAt, expiresAt = Number.POSITIVE_INFINITY } = parts;
    // What has ended before it came was dated by another clock.
    this.#parts = expiresAt > obtainedAt ? parts : { ...parts, expiresAt: undefined };
  }

  /** For a file that only its owner can read. */
  get parts(): TokenParts {
    return this.#parts;
  }

  get bearer(): string {
    return `Bearer ${this.#parts.access}`;
  }

  get refresh(): string | undefined {
    return this.#parts.refresh;
  }

  isSameAs(other: Token | undefined): boolean {
    return other !== undefined && other.#parts.access === this.#parts.access;
  }

  hasExpired(now: number): boolean {
    const { expiresAt } = this.#parts;
    return expiresAt !== undefined && now >= expiresAt;
  }

  /** Whether it is time to fetch the next one. */
  isDue(now: number): boolean {
    const { obtainedAt, expiresAt } = this.#parts;
    return expiresAt !== undefined && now >= obtainedAt + DUE_PART * (expiresAt - obtainedAt);
  }
}

/** When a token of the form JWT ends, by its own words; milliseconds since 1970. Others do not say. */
export function expiryOf(access: string): number | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(access)?.[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const end: unknown = typeof claims === "object" && claims ? Reflect.get(claims, "exp") : 0;
    return typeof end === "number" && end > 0 ? end * 1000 : undefined;
  } catch {
    // Three words with dots in between need not be a JWT.
    return undefined;
  }
}
