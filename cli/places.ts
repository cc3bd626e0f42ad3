/**
 * Files, folders and tables that inputs name: whether they are there is said before anything is registered or run.
 *
 * What an address (`s3://…`, `https://…`) holds is not asked: it may be for the cluster alone.
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { parseLocation } from "../runtime/flyte/storage/location.ts";
import type { ValueType } from "../runtime/types/value-type.ts";
import { UsageError } from "./usage.ts";

/**
 * @param where how messages call the value: `--file`, `--orders[1].file`.
 * @throws {UsageError} for the first path that names nothing of this machine, or the wrong thing.
 */
export function checkPlaces(value: unknown, type: ValueType, where: string): void {
  switch (type.kind) {
    case "file":
    case "dataset":
    case "directory":
      if (typeof value === "string") checkPlace(value, type.kind, where);
      return;
    case "list":
      for (const [at, item] of listed(value)) checkPlaces(item, type.of, `${where}[${at}]`);
      return;
    case "tuple":
      for (const [at, item] of listed(value)) {
        const of = type.items[at];
        if (of) checkPlaces(item, of, `${where}[${at}]`);
      }
      return;
    case "map":
      for (const [key, item] of named(value)) checkPlaces(item, type.of, `${where}.${key}`);
      return;
    case "struct": {
      const given = new Map(named(value));
      for (const field of type.fields) {
        checkPlaces(given.get(field.name), field.type, `${where}.${field.name}`);
      }
      return;
    }
    case "union": {
      // Text that may be a path or something else is for the schema to tell apart.
      const [only, ...more] = type.variants.filter(({ kind }) => kind !== "none");
      if (only && more.length === 0) checkPlaces(value, only, where);
      return;
    }
    default:
      return;
  }
}

function checkPlace(text: string, kind: "file" | "directory" | "dataset", where: string): void {
  const wanted = kind === "directory" ? "folder" : "file";
  const place = locationOf(text, where);
  if (place.scheme !== "file") return;
  if (!existsSync(place.path)) throw new UsageError(`${where}: no such ${wanted}: ${text}`);
  const isFolder = statSync(place.path).isDirectory();
  if (isFolder === (kind === "directory")) return;
  throw new UsageError(
    `${where}: ${text} is a ${isFolder ? "folder" : "file"}; give a ${wanted}, or an address (s3://…, https://…)`,
  );
}

function locationOf(text: string, where: string): ReturnType<typeof parseLocation> {
  try {
    return parseLocation(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${where}: ${why}`, { cause: error });
  }
}

function listed(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

function named(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
