/**
 * Names that could be imported: from the project's files, from packages and from Node.
 *
 * Files that no cell imports are unknown to the server: a document of its own names them while it is asked.
 * What Node's modules export is known here, for their types may come from our folder, where the server does
 * not look for names.
 * @module
 */
import { type Dirent, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative, sep } from "node:path";
import type { CompletionItem as ServerItem } from "vscode-languageserver-protocol";
import { isIdentifier } from "../../peek-path.ts";
import type { CompletionItem, CompletionKind } from "../api.ts";
import { DOCUMENT_PREFIX } from "./config.ts";

/** The document that imports what is on disk. */
export const IMPORTS_FILE = `${DOCUMENT_PREFIX}imports.ts`;

const LOCAL_FILES_MAX = 200;
const FOLDERS_DEEP_MAX = 3;

/** A name and the module that has it. */
export interface Importable {
  readonly name: string;
  readonly from: string;
  readonly kind: CompletionKind;
  readonly isDefault: boolean;
}

/** TypeScript files below `folder`, as cells import them: `./lib/own.ts`. Never throws. */
export function localModules(folder: string): string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    for (const entry of entriesOf(path)) {
      if (found.length >= LOCAL_FILES_MAX) return;
      if (/^\.|^node_modules$|^__eagerdeck/.test(entry.name)) continue;
      const own = join(path, entry.name);
      if (entry.isDirectory() && depth < FOLDERS_DEEP_MAX) visit(own, depth + 1);
      if (!entry.isFile() || !/(?<!\.d)\.[cm]?tsx?$/.test(entry.name)) continue;
      found.push(`./${relative(folder, own).split(sep).join("/")}`);
    }
  };
  visit(folder, 1);
  return found;
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    // Unreadable: nothing can be imported from there.
    return [];
  }
}

/** The text that makes the server read them. */
export function importsText(modules: readonly string[]): string {
  return `${modules.map((path) => `import {} from ${JSON.stringify(path)};`).join("\n")}\nexport {};`;
}

/** What the server's list offers to import; our documents and Node's modules, which are known here, left out. */
export function importables(
  items: readonly ServerItem[],
  modules: readonly string[],
  kindOf: (item: ServerItem) => CompletionKind,
): Importable[] {
  return items.flatMap((item) => {
    const offer = offered(item);
    if (!offer || offer.source.includes(DOCUMENT_PREFIX) || isNode(offer.source)) return [];
    // The server leaves the extension away; cells run as modules, which have one.
    const from = modules.find((path) => withoutExtension(path) === offer.source) ?? offer.source;
    return [{ name: item.label, from, kind: kindOf(item), isDefault: offer.isDefault }];
  });
}

/** Whether the item is an offer to import its name. */
export function isOffer(item: ServerItem): boolean {
  return offered(item) !== undefined;
}

function offered(item: ServerItem): { source: string; isDefault: boolean } | undefined {
  const data: unknown = item.data;
  if (typeof data !== "object" || data === null || !("autoImport" in data)) return undefined;
  const { autoImport } = data;
  if (typeof autoImport !== "object" || autoImport === null) return undefined;
  const source = "moduleSpecifier" in autoImport ? autoImport.moduleSpecifier : undefined;
  // 0: by name, 1: the default; namespaces and `import =` are none of ours.
  const kind = "importKind" in autoImport ? autoImport.importKind : 0;
  if (typeof source !== "string" || (kind !== 0 && kind !== 1)) return undefined;
  return { source, isDefault: kind === 1 };
}

function isNode(source: string): boolean {
  return source.startsWith("node:") || builtinModules.includes(source);
}

function withoutExtension(path: string): string {
  return path.replace(/\.[cm]?tsx?$/, "");
}

/** Loading these prints a warning, or does something. */
const UNLOADED = /^_|^(?:repl|test|sqlite|wasi|punycode|sys|inspector|trace_events|domain)\b/;

let nodeNames: readonly Importable[] | undefined;

/** All that Node's modules export by name. */
export function nodeImportables(): readonly Importable[] {
  nodeNames ??= builtinModules
    .filter((module) => !UNLOADED.test(module) && !/\/(?!promises$)/.test(module))
    .flatMap((module) => {
      const exported: object = process.getBuiltinModule(module) ?? {};
      return Object.keys(exported).flatMap((name): Importable[] => {
        if (!isIdentifier(name) || name.startsWith("_") || name === "default") return [];
        // A deprecated export warns when it is read: only plain data is looked at.
        const value: unknown = Object.getOwnPropertyDescriptor(exported, name)?.value;
        if (typeof value !== "function") return [];
        const kind = /^[A-Z]/.test(name) ? "class" : "function";
        return [{ name, from: `node:${module}`, kind, isDefault: false }];
      });
    });
  return nodeNames;
}

/** The item that writes the import as the first line of the cell. */
export function importItem(
  code: string,
  { name, from, kind, isDefault }: Importable,
): CompletionItem {
  const what = isDefault ? name : `{ ${name} }`;
  const text = `import ${what} from ${JSON.stringify(from)};\n`;
  return { name, kind, detail: `import from ${from}`, edit: { offset: importOffset(code), text } };
}

/** Behind what has to stay first: a byte order mark, `#!`, comments for the checker. */
function importOffset(code: string): number {
  const leading =
    /^\uFEFF?(?:(?:#!|[^\S\n]*\/\/(?:\/|[^\S\n]*(?:@ts-|eagerdeck:))|[^\S\n]*\/\*\*?[^\S\n]*@jsx)[^\n]*\n)*/;
  return leading.exec(code)?.[0].length ?? 0;
}
