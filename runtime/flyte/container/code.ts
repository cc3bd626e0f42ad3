/**
 * The task that a container is to run, out of its bundle or of a module that the image has.
 * @module
 */
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nearest } from "../../values/nearest.ts";
import type { Definition } from "../../workflow/definition.ts";
import { FlyteError } from "../errors.ts";
import { entityName } from "../register/entity-name.ts";
import { type LoadedModule, loadModule } from "../register/load.ts";
import { isSameMinor, runtimeVersion } from "../register/runtime-version.ts";
import { unpackBundle } from "../register/unpack.ts";
import type { Store } from "../storage.ts";
import { Failed, systemFailure, userFailure } from "./failure.ts";
import type { ExecuteArguments } from "./request.ts";

const BUNDLE_MAX = 64 * 2 ** 20;

/**
 * @param folder of the image, where modules and packages are that no bundle brings.
 * @throws {Failed} system: the code does not arrive; user: the module does not load, or makes no such task.
 */
export async function loadTask(
  store: Store,
  given: Pick<ExecuteArguments, "bundle" | "sha256" | "module" | "task">,
  folder: string,
): Promise<Definition> {
  const { bundle, module, sha256, task } = given;
  let loaded: LoadedModule;
  if (bundle === undefined) {
    const file = resolve(folder, module);
    if (!existsSync(file)) {
      const why = `the image has no ${module} in ${folder}, and no bundle was sent along`;
      throw new Failed(systemFailure(new FlyteError("RUNTIME_MISMATCH", why), false));
    }
    loaded = await loading(() => loadModule(file, { packages: folder }));
  } else {
    const place = await unpacked(store, bundle, sha256 ?? "");
    const file = join(place.folder, place.module);
    loaded = await loading(() => loadModule(file, { bundle: place.folder, packages: folder }));
  }
  return find(loaded.definitions, task, module);
}

async function unpacked(
  store: Store,
  uri: string,
  sha256: string,
): Promise<{ readonly folder: string; readonly module: string }> {
  try {
    const bytes = await store.read(uri, { maxBytes: BUNDLE_MAX });
    // Real, for Node says the real paths of modules.
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "eagerdeck-task-")));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const { eagerdeck, module } = unpackBundle(bytes, sha256, folder);
    if (!isSameMinor(eagerdeck)) {
      throw new FlyteError(
        "RUNTIME_MISMATCH",
        `the task was registered by eagerdeck ${eagerdeck}, and its image has ${runtimeVersion}; give it an image with the same minor version`,
      );
    }
    return { folder, module };
  } catch (error) {
    const isFinal = error instanceof FlyteError && error.code === "RUNTIME_MISMATCH";
    throw new Failed(systemFailure(error, !isFinal));
  }
}

async function loading(load: () => Promise<LoadedModule>): Promise<LoadedModule> {
  try {
    return await load();
  } catch (error) {
    // What a module does while it loads may be a matter of the moment: no access, no answer.
    throw new Failed(userFailure(error, 1));
  }
}

function find(definitions: readonly Definition[], task: string, module: string): Definition {
  const named = definitions.flatMap((definition) =>
    definition.entity === "task" || definition.entity === "eager"
      ? [{ definition, name: entityName(definition) }]
      : [],
  );
  const found = named.find(({ name }) => name === task);
  if (found) return found.definition;
  const names = named.map(({ name }) => name);
  const near = nearest(task, names);
  const advice =
    near === undefined ? `it makes ${names.join(", ") || "none"}` : `did you mean ${near}?`;
  const error = new Error(`${module} makes no task ${task} while it is loaded; ${advice}`);
  throw new Failed(userFailure(error, 0));
}
