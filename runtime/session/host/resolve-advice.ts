/**
 * What to do about an import that leads nowhere, in the words of the person who wrote it.
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { editDistance } from "../../values/nearest.ts";
import { denoImportAdvice } from "../deno-advice.ts";

const NOT_FOUND = new Set([
  "ERR_MODULE_NOT_FOUND",
  "MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_DIR_IMPORT",
]);

/** Node's error of a failed resolution, or a clearer one in its place. */
export function withAdvice(
  error: unknown,
  specifier: string,
  parentURL: string | undefined,
): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const deno = denoImportAdvice(specifier);
  if (deno !== undefined)
    return Object.assign(new Error(deno, { cause: error }), { code: error.code });
  if (typeof error.code !== "string" || !NOT_FOUND.has(error.code)) return error;
  const parent = parentURL?.startsWith("file:")
    ? fileURLToPath(parentURL.replace(/[?#].*$/, ""))
    : undefined;
  const message = /^\.{0,2}\/|^\.\.?$|^file:/.test(specifier)
    ? missingFile(specifier, parent)
    : missingPackage(specifier, parent);
  if (message === undefined) return error;
  return Object.assign(new Error(message, { cause: error }), { code: error.code });
}

function missingPackage(specifier: string, parent: string | undefined): string | undefined {
  if (/^\w+:|^#/.test(specifier) || isBuiltin(specifier)) return undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  // It is there, and has not what was asked for: Node names the path.
  if (parent !== undefined && isInstalled(name, dirname(parent))) return undefined;
  return `the package '${name}' is not installed here${importedBy(parent)}; run %npm i ${name}`;
}

function isInstalled(name: string, folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "node_modules", name))) return true;
    if (at === dirname(at)) return false;
  }
}

function missingFile(specifier: string, parent: string | undefined): string {
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier.replace(/[?#].*$/, ""))
    : resolve(parent === undefined ? "." : dirname(parent), specifier.replace(/[?#].*$/, ""));
  const near = nearest(path);
  const hint =
    near === undefined
      ? ""
      : `; did you mean '${specifier.slice(0, specifier.lastIndexOf("/") + 1)}${near}'?`;
  return `the file '${specifier}' does not exist${importedBy(parent)}${hint}`;
}

function importedBy(parent: string | undefined): string {
  if (parent === undefined || basename(parent).startsWith("__eagerdeck")) return "";
  return ` (imported by ${basename(parent)})`;
}

/** The file of the same folder whose name is nearest, if any is near. */
function nearest(path: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    // No such folder: there is nothing near.
    return undefined;
  }
  const wanted = basename(path);
  const stem = parse(wanted).name;
  const scored = names
    .filter((name) => !name.startsWith("__eagerdeck") && !name.startsWith("."))
    .map((name) => ({
      name,
      // Another extension is the likeliest mistake of all.
      distance:
        parse(name).name === stem ? 0.5 : editDistance(wanted.toLowerCase(), name.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= Math.max(1, Math.min(3, wanted.length / 3)));
  scored.sort((a, b) => a.distance - b.distance);
  return scored[0]?.name;
}
