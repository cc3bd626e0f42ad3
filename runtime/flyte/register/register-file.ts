/**
 * Registers what files define, and what this process has defined, with the bundle of the file it was written in.
 *
 * Invariants
 *   F1  Both ways lead to the same version: by the command line today, on the way from a running program tomorrow.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { preview } from "../../values/preview.ts";
import { type Definition, definitionOf } from "../../workflow/definition.ts";
import { editionOfFiles, madeIn } from "../../workflow/made.ts";
import { originOf } from "../../workflow/thread/origin.ts";
import type { FlyteClient } from "../client.ts";
import { FlyteError } from "../errors.ts";
import type { Registered, RegisteredEntity } from "../options.ts";
import { type Bundle, bundleFile } from "./bundle.ts";
import { cellBundle, registerCells } from "./cells.ts";
import { projectFolder } from "./entity-name.ts";
import { type LoadedModule, loadModule } from "./load.ts";
import { type RegisterOptions, registerEntities } from "./register.ts";
import { unpackBundle } from "./unpack.ts";

export type FileOptions = Omit<RegisterOptions, "code">;

export interface BundledModule extends LoadedModule {
  readonly bundle: Bundle;
}

/**
 * Bundles a file and loads the bundle, as a container does.
 * @throws {FlyteError} `BUNDLE_…`; {ModuleFailure} when the module does not load, or calls what it defines.
 */
export async function loadBundled(file: string): Promise<BundledModule> {
  const path = resolve(file);
  const bundle = await bundleFile(path);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "eagerdeck-bundle-")));
  try {
    const { module } = unpackBundle(bundle.bytes, bundle.sha256, folder);
    const loaded = await loadModule(join(folder, module), {
      bundle: folder,
      packages: projectFolder(path),
    });
    return { ...loaded, bundle };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bundles of files of this process, by edition and path: code that is loaded changes only where a session loads it anew. */
const bundles = new Map<string, Promise<Bundle>>();

/**
 * Registers a definition of this process together with all else that its file and what that imports define.
 * @throws {FlyteError} also when it was written where no bundle can come from.
 */
export async function registerDefined(
  client: FlyteClient,
  definition: Definition,
  options: FileOptions,
): Promise<Registered> {
  const origin = originOf(definition.fn);
  if (!origin?.startsWith("file:")) {
    const code = await cellBundle([definition]);
    if (code !== undefined) return await registerCells(client, code, options);
    throw new FlyteError(
      "BUNDLE_FAILED",
      `${definition.entity} ${definition.name} was made by code that is no module (${origin ?? "unknown"}); write it into a file, and import it`,
    );
  }
  const file = fileURLToPath(origin);
  const key = `${editionOfFiles()}\n${file}`;
  let bundling = bundles.get(key);
  if (bundling === undefined) {
    // Those of earlier editions nobody asks for again.
    for (const old of bundles.keys())
      if (!old.startsWith(`${editionOfFiles()}\n`)) bundles.delete(old);
    bundling = bundleFile(file);
    bundles.set(key, bundling);
    // A file may be mended meanwhile.
    bundling.catch(() => bundles.delete(key));
  }
  const bundle = await bundling;
  const all = madeIn(bundle.sources.map((source) => pathToFileURL(source).href));
  return await registerEntities(client, all, { ...options, code: bundle });
}

/**
 * The same for several: tasks and workflows, or all that a module exports. Each comes with all else of its file.
 * @param what a task, a list of them, or a module's namespace.
 * @throws {TypeError} when there is none among them.
 */
export async function registerThese(
  client: FlyteClient,
  what: unknown,
  options: FileOptions,
): Promise<Registered> {
  const given = Array.isArray(what)
    ? what
    : typeof what === "object" && what !== null
      ? Object.values(what)
      : [what];
  const byFile = new Map<string, Definition>();
  const ofCells: Definition[] = [];
  for (const entity of given) {
    const definition = definitionOf(entity);
    const origin = definition && originOf(definition.fn);
    if (definition && origin?.startsWith("file:")) byFile.set(origin, definition);
    else if (definition) ofCells.push(definition);
    else if (Array.isArray(what)) throw nothingToRegister(entity);
  }
  const [first] = ofCells;
  if (byFile.size === 0 && first === undefined) throw nothingToRegister(what);
  const entities: RegisteredEntity[] = [];
  let version = "";
  if (first !== undefined) {
    const code = await cellBundle(ofCells);
    const registered = code
      ? await registerCells(client, code, options)
      : await registerDefined(client, first, options);
    version = registered.version;
    entities.push(...registered.entities);
  }
  for (const definition of byFile.values()) {
    const registered = await registerDefined(client, definition, options);
    version ||= registered.version;
    entities.push(...registered.entities);
  }
  return { version, entities };
}

function nothingToRegister(what: unknown): TypeError {
  return new TypeError(
    `register() takes a task or workflow, a list of them or a module that exports some, not ${preview(what).line}`,
  );
}
