/**
 * Bundles of what cells define. A cell has no file: a session tells what the code is made of.
 *
 * Invariants
 *   L1  The code is that of the moment of the call: names that were redefined, constants that changed and local files
 *       that were edited make another bundle, and so another version.
 * @module
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { cellCode } from "../../workflow/cell-code.ts";
import type { Definition } from "../../workflow/definition.ts";
import { madeIn } from "../../workflow/made.ts";
import type { FlyteClient } from "../client.ts";
import type { Registered } from "../options.ts";
import { type Bundle, bundleGiven } from "./bundle.ts";
import { cellModule } from "./cell-module.ts";
import { notebookName } from "./entity-name.ts";
import { type RegisterOptions, registerEntities } from "./register.ts";

export interface CellBundle {
  readonly bundle: Bundle;
  /** All that it defines. */
  readonly definitions: readonly Definition[];
}

interface Kept {
  readonly bundle: Bundle;
  /** What its local files were then. */
  readonly stamp: string;
}

const KEPT_MAX = 50;
/** By their code, the oldest first. */
const kept = new Map<string, Promise<Kept>>();
/** Of this turn of the event loop, in which no name has got another value: a fan-out asks once. */
let ofThisTurn: WeakMap<Definition["fn"], Promise<CellBundle | undefined>> | undefined;

/**
 * The code of tasks and workflows that cells define, in one bundle.
 * @returns undefined when no cell has defined the first of them.
 * @throws {TypeError} that names what cannot be sent to a cluster; {FlyteError} `BUNDLE_…`.
 */
export async function cellBundle(
  definitions: readonly Definition[],
): Promise<CellBundle | undefined> {
  const [only] = definitions;
  if (definitions.length !== 1 || only === undefined) return await made(definitions);
  if (ofThisTurn === undefined) {
    ofThisTurn = new WeakMap();
    setImmediate(() => {
      ofThisTurn = undefined;
    });
  }
  let bundle = ofThisTurn.get(only.fn);
  if (bundle === undefined) {
    bundle = made(definitions);
    ofThisTurn.set(only.fn, bundle);
  }
  return await bundle;
}

async function made(definitions: readonly Definition[]): Promise<CellBundle | undefined> {
  const slice = cellCode()?.slice(definitions);
  if (slice === undefined) return undefined;
  const module = cellModule(slice);
  const [first] = definitions;
  const what = `${first?.entity} ${first?.name}`;
  const given = { ...module, folder: slice.folder, stem: notebookName(), what };
  const key = createHash("sha256")
    .update(`${slice.folder}\n${given.stem}\n${module.map}\n${module.code}`)
    .digest("hex");
  const before = await kept.get(key)?.catch(() => undefined);
  if (before && before.stamp !== (await stampOf(before.bundle.files))) kept.delete(key);
  let bundling = kept.get(key);
  if (bundling === undefined) {
    bundling = bundleGiven(given).then(async (bundle) => ({
      bundle,
      stamp: await stampOf(bundle.files),
    }));
    kept.set(key, bundling);
    bundling.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  }
  const { bundle } = await bundling;
  const imported = madeIn(bundle.sources.map((source) => pathToFileURL(source).href));
  return { bundle, definitions: [...slice.definitions.keys(), ...imported] };
}

/** Registers what a bundle of cells defines. */
export async function registerCells(
  client: FlyteClient,
  { bundle, definitions }: CellBundle,
  options: Omit<RegisterOptions, "code">,
): Promise<Registered> {
  return await registerEntities(client, definitions, { ...options, code: bundle });
}

async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      try {
        const { mtimeMs, size } = await stat(file);
        return `${file} ${mtimeMs} ${size}`;
      } catch {
        // It is gone: the bundler will say so.
        return file;
      }
    }),
  );
  return stamps.join("\n");
}
