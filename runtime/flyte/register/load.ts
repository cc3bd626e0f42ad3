/**
 * Loads a module for what it defines: the same way when it is registered and in the container, so that what loads here
 * loads there.
 *
 * Invariants
 *   D1  Loading calls nothing: a module that is a program says so, and is not run a second time.
 *   D2  The module's `eagerdeck` is this very copy, whose engine runs its tasks.
 * @module
 */
import { findSourceMap, registerHooks, setSourceMapsSupport } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Definition } from "../../workflow/definition.ts";
import { madeBy } from "../../workflow/made.ts";
import { refuseCalls } from "../../workflow/start.ts";
import { setSourceLocator } from "../../workflow/thread/origin.ts";
import { addBundleRoot } from "./entity-name.ts";

export interface LoadedModule {
  /** All that was made while it was loaded, exported or not, in that order. */
  readonly definitions: readonly Definition[];
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The module failed, or did what a module that is registered must not do. */
class ModuleFailure extends Error {
  static {
    Object.defineProperty(ModuleFailure.prototype, "name", { value: "ModuleFailure" });
  }
}

/**
 * @param file of the module; of one out of a bundle, where that was unpacked.
 * @param options.bundle the folder of the bundle, when it is one.
 * @param options.packages the folder where packages are looked for that the bundle leaves to the image.
 * @throws {ModuleFailure} with what the module threw as its `cause`.
 */
export async function loadModule(
  file: string,
  { bundle, packages }: { readonly bundle?: string; readonly packages: string },
): Promise<LoadedModule> {
  hookResolution(packages);
  if (bundle !== undefined) {
    addBundleRoot(bundle);
    setSourceMapsSupport(true, { nodeModules: true, generatedCode: false });
    setSourceLocator(locateSource);
  }
  let called: string | undefined;
  refuseCalls((name) => {
    called ??= name;
    return new CalledWhileLoading(name);
  });
  let exports: Readonly<Record<string, unknown>> = {};
  try {
    const definitions = await madeBy(async () => {
      exports = await import(pathToFileURL(file).href);
    });
    if (called !== undefined) throw new CalledWhileLoading(called);
    return { definitions, exports };
  } catch (error) {
    const why =
      called === undefined
        ? `it fails: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`
        : `its top level calls ${called}, which would run the program wherever it is loaded; put the calls behind if (import.meta.main) { … }`;
    throw new ModuleFailure(`${file} cannot be loaded, ${why}`, { cause: error });
  } finally {
    refuseCalls(undefined);
  }
}

class CalledWhileLoading extends Error {
  constructor(name: string) {
    super(`${name} is called while its module is loaded`);
  }
}

/** Where a place of the bundle was written: a file that need not be there. */
function locateSource(url: string, line: number, column: number): string | undefined {
  if (!url.endsWith(".mjs")) return undefined;
  // Known by path: the map of a module that is still being loaded is found so, and only so.
  const map = findSourceMap(fileURLToPath(url)) ?? findSourceMap(url);
  const found = map?.findEntry(line - 1, column - 1);
  if (!found || !("originalSource" in found)) return undefined;
  const { originalSource } = found;
  return originalSource.startsWith("file:")
    ? originalSource
    : pathToFileURL(join(dirname(fileURLToPath(url)), originalSource)).href;
}

let hooked = false;

/** D2; and packages that a bundle leaves to its image are looked for in the working folder. */
function hookResolution(packages: string): void {
  if (hooked) return;
  hooked = true;
  const own = ownEntry();
  const places = [pathToFileURL(join(packages, "package.json")).href, import.meta.url];
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "eagerdeck") return { ...next(own, context), shortCircuit: true };
      if (/^[./#]|^\w+:/.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch (error) {
        for (const parentURL of places) {
          try {
            return next(specifier, { ...context, parentURL });
          } catch {
            // Not there either; the first error is the one that tells where the import stands.
          }
        }
        throw error;
      }
    },
  });
}

/** Of the sources when they run, of the build when that does. */
function ownEntry(): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`../../index.${extension}`, import.meta.url).href;
}
