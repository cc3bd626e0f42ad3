/**
 * What a task, workflow or eager workflow is called on a cluster.
 *
 * Invariants
 *   N1  A name does not depend on where the project lies, and is the same for the source and for its bundle.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Definition } from "../../workflow/definition.ts";
import { originOf } from "../../workflow/thread/origin.ts";

/** What a database column of the cluster holds. */
const NAME_MAX = 255;

/**
 * The option `name`, else the file's path from its project's folder with dots, and the function: `flows.train.fit`. Of
 * what a cell defines, the notebook's name and the function.
 * @throws {TypeError} for a map or a group, which have no name of their own, and for a name that is too long.
 */
export function entityName(definition: Definition): string {
  const { entity, fn, isNamed, name } = definition;
  if (entity === "map" || entity === "group") {
    throw new TypeError(
      `${name} is a ${entity}; only tasks, workflows and eager workflows register`,
    );
  }
  const origin = originOf(fn);
  const full = isNamed ? name : `${modulePrefix(origin)}.${name}`;
  if (full.length <= NAME_MAX) return full;
  throw new TypeError(
    `${entity} ${name}: its name on the cluster would have ${full.length} characters, and ${NAME_MAX} are allowed; give it the option name`,
  );
}

function modulePrefix(origin: string | undefined): string {
  const file = origin?.startsWith("file:") ? fileURLToPath(origin) : undefined;
  const path =
    file === undefined
      ? notebookName()
      : CELL_SOURCE.test(file)
        ? projectFile(dirname(file))
        : projectPath(file);
  const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  // Colons and spaces separate the parts of a name elsewhere.
  return parts.map((part) => part.replace(/[\s:]+/g, "_")).join(".");
}

/** `analysis/[fit]` */
const CELL_SOURCE = /[\\/]\[[^\\/]*\]$/;

/** How the source of what a cell declares is called in a bundle: it has the notebook's name, and no cell's number. */
export function cellSource(declared: string): string {
  return `${notebookName()}/[${declared}]`;
}

/** A front end of Jupyter says the path of its notebook; elsewhere a session has no name. */
export function notebookName(): string {
  const notebook = process.env["JPY_SESSION_NAME"];
  // It becomes a part of addresses, in which some characters mean something else.
  const name =
    notebook && withoutExtension(basename(notebook)).replaceAll(/[^\p{L}\p{N}._-]+/gu, "_");
  return name || "session";
}

const bundleRoots = new Set<string>();

/** A bundle is unpacked there: paths of its sources begin at this folder. */
export function addBundleRoot(folder: string): void {
  bundleRoots.add(folder);
}

/** A text with stacks, in which sources of bundles are said as in their projects: `flows/train.ts:3:9`. */
export function withoutBundleRoots(text: string): string {
  let shorter = text;
  for (const folder of bundleRoots) {
    shorter = shorter.replaceAll(`file://${folder}${sep}`, "").replaceAll(folder + sep, "");
  }
  return shorter;
}

/** The path of a source from its project's folder, with `/` and without extension: `flows/train`. */
export function projectPath(file: string): string {
  return withoutExtension(projectFile(file));
}

/**
 * The same with its extension. The project's folder is the nearest one above that has a `package.json`, else the file's
 * own; of an installed package it is `node_modules`.
 */
export function projectFile(file: string): string {
  const installed = file.lastIndexOf(`${sep}node_modules${sep}`);
  const root =
    installed >= 0
      ? file.slice(0, installed + `${sep}node_modules`.length)
      : ([...bundleRoots].find((folder) => file.startsWith(folder + sep)) ?? projectFolder(file));
  return relative(root, file).replaceAll("\\", "/");
}

const folders = new Map<string, string | undefined>();

/** The folder of the project that a file belongs to. */
export function projectFolder(file: string): string {
  return folderWithPackage(dirname(file)) ?? dirname(file);
}

function folderWithPackage(folder: string): string | undefined {
  if (folders.has(folder)) return folders.get(folder);
  const parent = dirname(folder);
  const found = existsSync(join(folder, "package.json"))
    ? folder
    : parent === folder
      ? undefined
      : folderWithPackage(parent);
  folders.set(folder, found);
  return found;
}

function withoutExtension(file: string): string {
  return file.slice(0, file.length - extname(file).length);
}
