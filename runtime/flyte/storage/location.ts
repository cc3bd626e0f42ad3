/**
 * Addresses of stored data, taken apart.
 *
 * Invariant: the key of an object is taken as it stands. Flyte writes addresses without percent-encoding, so `%20` in a
 * key is three characters and `#` or `?` belong to the name.
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StorageError } from "./failure.ts";

export type Location = LocalLocation | HttpLocation | ObjectLocation;

export interface LocalLocation {
  readonly scheme: "file";
  /** Absolute. */
  readonly path: string;
  readonly uri: string;
}

export interface HttpLocation {
  readonly scheme: "http";
  readonly uri: string;
}

export interface ObjectLocation {
  readonly scheme: "s3" | "gs" | "abfs";
  /** Bucket, or container. */
  readonly bucket: string;
  /** Storage account of Azure, when the address names it: `container@account.dfs.core.windows.net`. */
  readonly account?: string;
  /** Without a slash in front. */
  readonly key: string;
  readonly uri: string;
}

const OBJECT_SCHEMES: Readonly<Record<string, ObjectLocation["scheme"]>> = {
  s3: "s3",
  s3a: "s3",
  s3n: "s3",
  gs: "gs",
  gcs: "gs",
  abfs: "abfs",
  abfss: "abfs",
  az: "abfs",
};

const ADDRESS = /^([a-zA-Z][\w+.-]+):\/\/(.*)$/s;

/** Whether a text is an address with a scheme, and no path of this machine. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/**
 * @param uri `s3://bucket/key`, `gs://…`, `abfs://container@account…/key`, `https://…`, `file:///…`, or a path.
 * @throws {StorageError} STORAGE_UNSUPPORTED for any other scheme, or a missing bucket.
 */
export function parseLocation(uri: string): Location {
  const [, scheme, rest] = ADDRESS.exec(uri) ?? [];
  if (scheme === undefined || rest === undefined) {
    if (uri === "") throw new StorageError("STORAGE_UNSUPPORTED", "an empty address names no data");
    return { scheme: "file", path: resolve(uri), uri };
  }
  const known = scheme.toLowerCase();
  if (known === "file") return { scheme: "file", path: localPath(rest), uri };
  if (known === "http" || known === "https") return { scheme: "http", uri };
  const store = Object.hasOwn(OBJECT_SCHEMES, known) ? OBJECT_SCHEMES[known] : undefined;
  if (store === undefined) {
    throw new StorageError(
      "STORAGE_UNSUPPORTED",
      `${shownUri(uri)}: addresses begin with s3://, gs://, abfs://, https:// or file://, not ${scheme}://`,
    );
  }
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const key = slash < 0 ? "" : rest.slice(slash + 1);
  const [bucket = "", host] = authority.split("@", 2);
  if (bucket === "") {
    throw new StorageError(
      "STORAGE_UNSUPPORTED",
      `${uri}: the bucket is missing: ${known}://bucket/key`,
    );
  }
  const account = host?.split(".", 1)[0];
  return { scheme: store, bucket, key, uri, ...(account ? { account } : {}) };
}

/** Flyte writes the path as it is, programs of the web write it encoded: what exists decides, in that order. */
function localPath(rest: string): string {
  const raw = rest.startsWith("localhost/") ? rest.slice("localhost".length) : rest;
  if (!raw.startsWith("/")) {
    throw new StorageError(
      "STORAGE_UNSUPPORTED",
      `file://${rest}: the path of a file address is absolute, with three slashes: file:///tmp/data`,
    );
  }
  if (!raw.includes("%")) return resolve(raw);
  const { existsSync } = process.getBuiltinModule("node:fs");
  if (existsSync(raw)) return resolve(raw);
  try {
    const decoded = fileURLToPath(`file://${raw}`);
    return existsSync(decoded) ? decoded : resolve(raw);
  } catch {
    // `%2F` and broken codes are no encoding of a path: then the text is the path.
    return resolve(raw);
  }
}

/** The address as it may be shown: without user, password and query, where signatures stand. */
export function shownUri(uri: string): string {
  if (!/^https?:/i.test(uri)) return uri;
  try {
    const { origin, pathname } = new URL(uri);
    return `${origin}${pathname}`;
  } catch {
    return "(an address that cannot be read)";
  }
}

/** The last part of an address or path: `report.csv`. Empty for a bare bucket. */
export function nameOf(uri: string): string {
  const shown = shownUri(uri).replace(/[/\\]+$/, "");
  const path = ADDRESS.exec(shown)?.[2] ?? shown;
  const name = path.split(/[/\\]/).at(-1) ?? "";
  if (!/^https?:/i.test(uri) || !name.includes("%")) return name;
  try {
    // Of the web alone names are encoded; one that would be a path stays as it is.
    const decoded = decodeURIComponent(name);
    return /[/\\\0]/.test(decoded) ? name : decoded;
  } catch {
    return name;
  }
}

/** An address below another one. */
export function joinUri(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}

/**
 * A path below a folder, from an untrusted listing or from a person.
 * @throws {StorageError} when it is absolute or climbs out.
 */
export function checkedBelow(path: string, folder: string): string {
  const parts = path.split(/[/\\]/);
  if (
    path === "" ||
    parts.includes("..") ||
    /^([/\\]|[a-zA-Z]:)/.test(path) ||
    path.includes("\0")
  ) {
    throw new StorageError(
      "STORAGE_UNSUPPORTED",
      `${JSON.stringify(path)} is no path below ${shownUri(folder)}: it must be relative, without "..".`,
    );
  }
  return path;
}
