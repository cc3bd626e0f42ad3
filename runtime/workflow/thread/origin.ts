/**
 * In which file a task was made: a thread imports that file to have the task's function, and a cluster knows the task by
 * the file's name.
 *
 * Noted for every task, for any call of it may ask for a thread: `crunch.with({ thread: true })`.
 * @module
 */
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

type AnyFunction = (...given: never[]) => unknown;

/** Engine frames are not where a task was made. */
const ENGINE = new URL("../", import.meta.url).href;
const ENGINE_PATH = fileURLToPath(ENGINE);
/** The makers of tasks are a few frames deep; more would only cost. */
const FRAMES = 10;

/** Where the code at this place of a bundle was written: a `file:` URL. */
export type SourceLocator = (file: string, line: number, column: number) => string | undefined;

const origins = new WeakMap<AnyFunction, string>();
/** How often a session had loaded the file anew when the task was made. */
const loads = new WeakMap<AnyFunction, number>();
let locator: SourceLocator | undefined;
let made: Map<string, AnyFunction> | undefined;

/** Remembers the file whose code is making a task of `fn`. */
export function noteOrigin(fn: AnyFunction, name: string): void {
  const caller = callerFile();
  if (caller === undefined) return;
  const { file, load } = caller;
  origins.set(fn, file);
  loads.set(fn, load);
  made?.set(`${file} ${name}`, fn);
}

/** The `file:` URL of the module that made a task of `fn`; a path when it is no module: a cell, `[eval]`. */
export function originOf(fn: AnyFunction): string | undefined {
  return origins.get(fn);
}

/** Which version of its file made a task of `fn`: 1, in a session one more for each time the file was loaded anew. */
export function loadOf(fn: AnyFunction): number {
  return loads.get(fn) ?? 1;
}

/** Modules are loaded out of bundles from now on. */
export function setSourceLocator(locate: SourceLocator): void {
  locator = locate;
}

/** In a worker: tasks are kept from now on, to be found by file and name. */
export function keepMade(): void {
  made ??= new Map();
}

/** The function of the task of that name which was made in that file since `keepMade`. */
export function madeIn(file: string, name: string): AnyFunction | undefined {
  return made?.get(`${file} ${name}`);
}

function callerFile(): { readonly file: string; readonly load: number } | undefined {
  const holder: { stack?: unknown } = {};
  const { prepareStackTrace: before, stackTraceLimit } = Error;
  Error.prepareStackTrace = (_, sites) => sites;
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(holder, noteOrigin);
  const sites = holder.stack as NodeJS.CallSite[];
  Error.prepareStackTrace = before;
  Error.stackTraceLimit = stackTraceLimit;
  for (const site of sites) {
    const file = site.getFileName();
    if (!file || file.startsWith(ENGINE) || file.startsWith(ENGINE_PATH)) continue;
    if (file.startsWith("node:")) continue;
    // A session's versions of a file are `a.ts?v=2`: the thread loads the newest.
    if (file.startsWith("file:")) {
      const plain = file.replace(/[?#].*$/, "");
      const source = locator?.(plain, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
      return { file: source ?? plain, load: Number(/[?&]v=(\d+)/.exec(file)?.[1] ?? 1) };
    }
    const isPath = isAbsolute(file) && !isCellName(file);
    return { file: isPath ? pathToFileURL(file).href : file, load: 1 };
  }
  return undefined;
}

/** Cells are compiled under a name that is no file. */
function isCellName(path: string): boolean {
  return /[\\/]__eagerdeck\w*\.ts$/.test(path);
}
