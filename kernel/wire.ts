/**
 * Frames ⇄ messages: the signature first, then JSON.
 *
 * Invariants
 *   W1  Nothing of a message is parsed before its signature is checked, in constant time.
 *   W2  A bad message is dropped and counted, never an exception: whoever reaches the port must not be
 *       able to end the kernel.
 *   W3  What is sent is JSON that every client can read: no BigInt, no lone surrogate, no cycle. Also a header that a client
 *       sent, which comes back as `parent`: with any depth that its JSON had.
 * @module
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { userInfo } from "node:os";
import { decodeHeader } from "./decode.ts";
import {
  type Dict,
  type IncomingMessage,
  type OutgoingMessage,
  PROTOCOL_VERSION,
} from "./messages.ts";

const DELIMITER = Buffer.from("<IDS|MSG>");
/** Signatures that are remembered against replays. */
const SIGNATURES_MAX = 65_536;
/** Of what overflowed our own stack when it was written. Python reads 1,000. */
const LEVELS_MAX = 500;

export type Read =
  | { readonly kind: "message"; readonly message: IncomingMessage }
  | {
      readonly kind: "dropped";
      readonly why: "frames" | "signature" | "replay" | "json" | "header";
    };

/** One side of a connection: checks what comes in, signs what goes out. */
export class Wire {
  readonly #key: string;
  readonly #seen = new Set<string>();
  readonly #username = userName();
  #sent = 0;
  /** Of this kernel process; never a client's. */
  readonly session: string = randomUUID();

  /** @param key empty: neither signed nor checked. */
  constructor(key: string) {
    this.#key = key;
  }

  read(frames: readonly Uint8Array[]): Read {
    const delimiter = frames.findIndex((frame) => DELIMITER.equals(frame));
    const [signature, header, parent, metadata, content, ...buffers] = frames.slice(delimiter + 1);
    if (
      delimiter < 0 ||
      signature === undefined ||
      header === undefined ||
      parent === undefined ||
      metadata === undefined ||
      content === undefined
    ) {
      return { kind: "dropped", why: "frames" };
    }
    if (this.#key !== "") {
      const expected = Buffer.from(this.#sign([header, parent, metadata, content]));
      if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        return { kind: "dropped", why: "signature" };
      }
      if (!this.#isNew(expected.toString("latin1"))) return { kind: "dropped", why: "replay" };
    }
    const parsed = {
      header: parse(header),
      parent: parse(parent),
      metadata: parse(metadata),
      content: parse(content),
    };
    if (parsed.header === undefined || parsed.content === undefined) {
      return { kind: "dropped", why: "json" };
    }
    const decoded = decodeHeader(parsed.header.value);
    if (decoded === undefined) return { kind: "dropped", why: "header" };
    return {
      kind: "message",
      message: {
        identities: frames.slice(0, delimiter),
        header: decoded,
        parent: isDict(parsed.parent?.value) ? parsed.parent.value : {},
        metadata: isDict(parsed.metadata?.value) ? parsed.metadata.value : {},
        content: parsed.content.value,
        buffers,
      },
    };
  }

  /** An id that no other message of this kernel has. */
  nextId(): string {
    this.#sent += 1;
    return `${this.session}_${this.#sent}`;
  }

  /** @param prefix identities of the receiver, or a topic. */
  write(
    prefix: readonly Uint8Array[],
    message: OutgoingMessage,
    id: string = this.nextId(),
  ): Uint8Array[] {
    const header = {
      msg_id: id,
      msg_type: message.type,
      session: this.session,
      username: this.#username,
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    const parts = [header, message.parent, message.metadata ?? {}, message.content].map((part) =>
      Buffer.from(jsonText(part)),
    );
    const signature = Buffer.from(this.#key === "" ? "" : this.#sign(parts));
    return [...prefix, DELIMITER, signature, ...parts, ...(message.buffers ?? [])];
  }

  #sign(parts: readonly Uint8Array[]): string {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  #isNew(signature: string): boolean {
    if (this.#seen.has(signature)) return false;
    this.#seen.add(signature);
    if (this.#seen.size > SIGNATURES_MAX) {
      const [oldest] = this.#seen; // sets keep the order of insertion
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return true;
  }
}

/** JSON of anything: BigInt as its digits, a cycle as `"[circular]"`, lone surrogates as U+FFFD, too deep in words. */
export function jsonText(value: unknown): string {
  return withoutLoneSurrogates(stringify(value) ?? "null");
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value); // without a replacer: several times faster, and nearly always enough
  } catch {
    // A BigInt, a cycle, a throwing `toJSON` deep in a user's bundle, or a depth that overflows the stack: said in
    // words below, the rest is kept.
    return JSON.stringify(plain(value, []));
  }
}

function plain(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return "[circular]";
  if (ancestors.length >= LEVELS_MAX) return "[too deep]";
  const inside = [...ancestors, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, inside));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, inside)]));
}

/**
 * `JSON.stringify` writes a lone surrogate as `\udc00`. Python's parser accepts that and fails later, when
 * it stores the notebook as UTF-8. Pairs are written as they are, so each escape of this form is a lone one,
 * unless its backslash is itself escaped.
 */
function withoutLoneSurrogates(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (sequence, lone) =>
    lone === undefined ? sequence : "\ufffd",
  );
}

function parse(frame: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return {
      value: JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString()),
    };
  } catch {
    return undefined; // the sender's fault; `read` reports it as dropped
  }
}

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "user"; // containers run with ids that have no name
  }
}
