/**
 * Values of earlier calls: by which key one is found, and in words why it was or was not.
 *
 * Where they are kept is not known here: whoever has a store gives it with `setCacheStore`.
 * @module
 */
import type { CacheOutcome } from "../events/events.ts";
import { describeEntity, ENTITY, type EntityInterface } from "../types/interface.ts";
import { formatDuration } from "../values/format.ts";
import { type Definition, versionOf } from "./definition.ts";
import { now } from "./engine.ts";
import { reasonToText } from "./errors.ts";
import type { Inputs } from "./given-inputs.ts";
import type { CacheSetting } from "./settings.ts";

/** What a kept value was made from: enough to say why another call does not find it. */
export interface CacheDescription {
  readonly name: string;
  /** Hash of names, kinds and schemas. */
  readonly interface: string;
  /** As the person wrote it, or `code 1f2e3d4c` after the function's source. */
  readonly version: string;
  /** Hash of each input that counts. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

export interface StoredValue {
  readonly value: unknown;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

export interface CacheEntry extends CacheDescription {
  readonly key: string;
  readonly value: unknown;
}

/** Any of it may throw; the call goes on without the cache then, and the deck says why. */
export interface CacheStore {
  get(key: string): StoredValue | undefined;
  /** The newest entry of the task of that name. */
  newestOf(name: string): CacheDescription | undefined;
  /** @returns why the value cannot be kept, for people; `undefined` when it is kept. */
  put(entry: CacheEntry): string | undefined;
}

let openStore: (() => Promise<CacheStore>) | undefined;
let opened: Promise<CacheStore> | undefined;

/** Says where values are kept; `open` is called with the first call that is cached. */
export function setCacheStore(open: (() => Promise<CacheStore>) | undefined): void {
  openStore = open;
  opened = undefined;
}

export type Found =
  | { readonly kind: "hit"; readonly value: unknown; readonly outcome: CacheOutcome }
  | {
      readonly kind: "miss";
      /** Keeps the value that the call has now. Never throws. @returns what the deck says of it. */
      readonly keep: (value: unknown) => CacheOutcome;
    };

/** Looks for the value of a call. Never rejects: without a store the call runs, and the deck says why. */
export async function findCached(
  definition: Definition,
  setting: CacheSetting,
  inputs: Inputs,
): Promise<Found> {
  const off = (why: string): Found => ({
    kind: "miss",
    keep: () => ({ outcome: "off", reason: why }),
  });
  if (openStore === undefined) return off("there is no place to keep values");
  let store: CacheStore;
  let description: CacheDescription;
  let key: string;
  try {
    opened ??= openStore();
    store = await opened;
  } catch (error) {
    opened = undefined;
    return off(`the cache cannot be opened: ${reasonToText(error)}`);
  }
  try {
    // Loaded with the first call that is cached.
    const { encodeValue } = await import("../values/encode.ts");
    const described = describe(definition, setting, inputs, encodeValue);
    if (typeof described === "string") return off(described);
    description = described;
    const { name, interface: shape, version, inputs: hashes } = description;
    key = sha256(JSON.stringify([name, shape, version, hashes]));
  } catch (error) {
    return off(`its inputs cannot be told from others: ${reasonToText(error)}`);
  }
  try {
    const known = setting.refresh ? undefined : store.get(key);
    const ageMs = known === undefined ? 0 : description.storedAt - known.storedAt;
    const isExpired = setting.ttlMs !== undefined && ageMs > setting.ttlMs;
    if (known !== undefined && !isExpired) {
      const at = new Date(known.storedAt).toISOString().replace("T", " ").slice(0, 19);
      const outcome: CacheOutcome = { outcome: "hit", reason: `same inputs as at ${at} UTC` };
      return { kind: "hit", value: known.value, outcome };
    }
    let why: string;
    if (setting.refresh) why = "refresh was asked for";
    else if (known === undefined) why = whyMissed(description, store.newestOf(definition.name));
    else why = `expired: it was ${formatDuration(ageMs)} old`;
    return {
      kind: "miss",
      keep: (value) => ({
        outcome: "miss",
        reason: why + kept(() => store.put({ ...description, storedAt: now(), key, value })),
      }),
    };
  } catch (error) {
    return off(`the cache cannot be read: ${reasonToText(error)}`);
  }
}

function kept(put: () => string | undefined): string {
  try {
    const why = put();
    return why === undefined ? "" : `; its value is not kept: ${why}`;
  } catch (error) {
    return `; its value is not kept: ${reasonToText(error)}`;
  }
}

type Encode = typeof import("../values/encode.ts").encodeValue;

/** @returns hexadecimal digits. */
function sha256(text: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex");
}

function describe(
  definition: Definition,
  { version, ignore }: CacheSetting,
  inputs: Inputs,
  encode: Encode,
): CacheDescription | string {
  const hashes: Record<string, string> = {};
  for (const name of Object.keys(inputs).sort()) {
    if (ignore.includes(name)) continue;
    // What cannot be written may differ where nobody sees it: private fields, variables of a closure.
    const encoded = encode(inputs[name], { name, isForIdentity: true });
    if ("missing" in encoded)
      return `the input ${name} ${encoded.missing}; cache.ignore can leave it out`;
    hashes[name] = sha256(encoded.text);
  }
  return {
    name: definition.name,
    interface: interfaceHash(definition),
    version: version ?? `code ${versionOf(definition)}`,
    inputs: hashes,
    storedAt: now(),
  };
}

const interfaceHashes = new WeakMap<Definition, string>();

function interfaceHash(definition: Definition): string {
  let known = interfaceHashes.get(definition);
  if (known === undefined) {
    const { name, inputs, output } = definition;
    const brand: EntityInterface = { name, entity: "task", inputs, output };
    known = sha256(JSON.stringify(describeEntity({ [ENTITY]: brand })));
    interfaceHashes.set(definition, known);
  }
  return known;
}

function whyMissed(now: CacheDescription, before: CacheDescription | undefined): string {
  if (before === undefined) return "first time";
  if (before.interface !== now.interface) return "its interface changed";
  if (before.version !== now.version) {
    return now.version.startsWith("code ") && before.version.startsWith("code ")
      ? "the function changed"
      : `the version changed from ${before.version} to ${now.version}`;
  }
  const names = new Set([...Object.keys(before.inputs), ...Object.keys(now.inputs)]);
  const changed = [...names].filter((name) => before.inputs[name] !== now.inputs[name]).sort();
  if (changed.length === 0) return "the value is not there any more";
  return `input${changed.length > 1 ? "s" : ""} ${changed.join(", ")} changed since the last call`;
}
