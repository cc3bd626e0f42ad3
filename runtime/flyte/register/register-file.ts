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
import type { Definition } from "../../workflow/definition.ts";
import { madeIn } from "../../workflow/made.ts";
import { originOf } from "../../workflow/thread/origin.ts";
import type { FlyteClient } from "../client.ts";
import { FlyteError } from "../errors.ts";
import { type Bundle, bundleFile } from "./bundle.ts";
import { projectFolder } from "./entity-name.ts";
import { type LoadedModule, loadModule } from "./load.ts";
import { type Registered, type RegisterOptions, registerEntities } from "./register.ts";
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

/** @throws what `loadBundled` and `registerEntities` throw. */
export async function registerFile(
  client: FlyteClient,
  file: string,
  options: FileOptions,
): Promise<Registered & { readonly module: BundledModule }> {
  const module = await loadBundled(file);
  const registered = await registerEntities(client, module.definitions, {
    ...options,
    code: module.bundle,
  });
  return { ...registered, module };
}

/** Bundles of files of this process; code that is loaded does not change. */
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
    throw new FlyteError(
      "BUNDLE_FAILED",
      `${definition.entity} ${definition.name} was made by code that is no module (${origin ?? "unknown"}); write it into a file, and import it`,
    );
  }
  const file = fileURLToPath(origin);
  let bundling = bundles.get(file);
  if (bundling === undefined) {
    bundling = bundleFile(file);
    bundles.set(file, bundling);
    // A file may be mended meanwhile.
    bundling.catch(() => bundles.delete(file));
  }
  const bundle = await bundling;
  const all = madeIn(bundle.sources.map((source) => pathToFileURL(source).href));
  return await registerEntities(client, all, { ...options, code: bundle });
}
