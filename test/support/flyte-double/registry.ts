/**
 * Registered entities of one kind, by project, domain, name and version.
 *
 * Invariants:
 * 1. A version is immutable: its digest is the content's, and what differs under the same version is refused.
 * 2. Rows are kept in the order of their creation; a list breaks ties of the clock by it.
 * @module
 */
import { createHash } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Identifier } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { Column } from "./filters.ts";

export interface Entity {
  readonly id: Identifier;
  readonly digest: string;
  readonly createdAt: Date;
  /** Columns that only this kind has. */
  column?(field: string): Column;
}

export class Registry<Row extends Entity> {
  readonly #byId = new Map<string, Row>();
  readonly #byName = new Map<string, Row[]>();
  readonly #kind: string;

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** @throws {ConnectError} ALREADY_EXISTS for the same content, INVALID_ARGUMENT for another one. */
  add(id: Identifier, digest: string, make: (createdAt: Date) => Row): Row {
    const key = identifierKey(id);
    const known = this.#byId.get(key);
    if (known) {
      if (known.digest === digest) {
        throw new ConnectError(
          `${this.#kind} with identical structure already exists`,
          Code.AlreadyExists,
        );
      }
      throw new ConnectError(
        `${id.name} ${this.#kind} with different structure already exists. ` +
          `(Please register a new version of the ${this.#kind}):\n`,
        Code.InvalidArgument,
      );
    }
    const row = make(new Date());
    this.#byId.set(key, row);
    const name = nameKey(id);
    const versions = this.#byName.get(name);
    if (versions) versions.push(row);
    else this.#byName.set(name, [row]);
    return row;
  }

  find(id: Identifier): Row | undefined {
    return this.#byId.get(identifierKey(id));
  }

  /** @throws {ConnectError} NOT_FOUND */
  get(id: Identifier | undefined): Row {
    if (!id?.name || !id.version) {
      throw new ConnectError(`missing ${id?.name ? "version" : "name"}`, Code.InvalidArgument);
    }
    const row = this.find(id);
    if (!row) throw missingEntity(this.#kind, id);
    return row;
  }

  /** Versions of one name, or all rows of a project and domain, oldest first. */
  rows(of: { readonly project: string; readonly domain: string; readonly name: string }): Row[] {
    if (of.name !== "") return this.#byName.get(nameKey(of)) ?? [];
    return [...this.#byId.values()].filter(
      ({ id }) =>
        (of.project === "" || id.project === of.project) &&
        (of.domain === "" || id.domain === of.domain),
    );
  }
}

export function identifierKey(id: Identifier): string {
  return `${id.project}:${id.domain}:${id.name}:${id.version}`;
}

function nameKey(id: { readonly project: string; readonly domain: string; readonly name: string }) {
  return `${id.project}:${id.domain}:${id.name}`;
}

function missingEntity(kind: string, id: Identifier): ConnectError {
  return new ConnectError(
    `missing entity of type ${kind} with identifier project:"${id.project}" domain:"${id.domain}" ` +
      `name:"${id.name}" version:"${id.version}"`,
    Code.NotFound,
  );
}

/** Of a message's content, whatever the order in which its maps were filled. */
export function digestOf(message: object): string {
  // Structurally, not by toJson: that refuses what JSON cannot say (NaN in a Struct), and a digest must not.
  const text = JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (typeof value === "number" && !Number.isFinite(value)) return `${value}`;
    return value;
  });
  const canonical = JSON.stringify(sorted(JSON.parse(text)));
  return createHash("sha256").update(canonical).digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
