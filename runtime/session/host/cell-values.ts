/**
 * Values of a session as they can go to a cluster: by their text, by what made them, or not at all.
 * @module
 */
import { isModuleNamespaceObject } from "node:util/types";
import { uneval } from "devalue";
import { isStandardSchema } from "../../types/standard-schema.ts";
import { formatBytes } from "../../values/format.ts";
import { holdsSecret } from "../../values/redact.ts";
import { type Culprit, describe, losesClass, partsOf } from "../../workflow/thread/copyable.ts";
import { laterNames } from "./later.ts";

/** A constant beyond this is data. */
const CONSTANT_MAX = 1_000_000;
const DEPTH_MAX = 20;

/**
 * A value as an expression that gives a copy of it.
 * @param name what it is called.
 * @returns or why there is none, beginning with its name.
 */
export function constantOf(
  name: string,
  value: unknown,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } {
  const refused = (why: string) => ({ ok: false, why }) as const;
  let text: string;
  try {
    text = uneval(value);
  } catch {
    const { path, what } = findCulprit(value, name, 0) ?? { path: name, what: describe(value) };
    const advice = "pass the data as an input or create it inside the function";
    return refused(`\`${path}\` (${what}), which lives in this process only; ${advice}`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > CONSTANT_MAX) {
    const limit = `a constant may have ${formatBytes(CONSTANT_MAX)}`;
    const advice = "pass it as an input, large data as a FlyteFile";
    return refused(`\`${name}\`, which has ${formatBytes(bytes)}, and ${limit}; ${advice}`);
  }
  if (holdsSecret(text)) {
    const advice = "give the task the option secrets, and read it inside the function";
    return refused(
      `\`${name}\`, which holds a secret; ${advice} by currentContext().secrets.get(…)`,
    );
  }
  return { ok: true, text };
}

/** Of what was taken out of the package by other ways than its name. */
export function laterNameOf(value: unknown): string | undefined {
  if (typeof value !== "function") return undefined;
  return Object.entries(laterNames()).find(([, read]) => read() === value)?.[0];
}

/** Made in the package, without a text of its own, and safe to make anywhere. */
const REMADE = ["FlyteRemote", "Config", "Duration"] as const;

function isOfPackage(value: object): boolean {
  const later = laterNames();
  return REMADE.some((name) => {
    const type = later[name]?.();
    return typeof type === "function" && value instanceof type;
  });
}

/** Schemas, tasks, functions and what names a cluster, alone or among plain data: these have no text of their own. */
export function isMadeAgain(value: unknown, depth = 0): value is object {
  if (!isObject(value) || depth > DEPTH_MAX) return false;
  if (isStandardSchema(value) || isOfPackage(value) || isModuleNamespaceObject(value)) return true;
  if (!isPlain(value)) return false;
  const parts = [...partsOf(value)].map(([, part]) => part);
  const needsIt = parts.some((part) => typeof part === "function" || isMadeAgain(part, depth + 1));
  // All of it has to be of these, or plain.
  return (
    needsIt &&
    parts.every(
      (part) => typeof part === "function" || isMadeAgain(part, depth + 1) || isData(part),
    )
  );
}

function isData(value: unknown): boolean {
  try {
    uneval(value);
    return true;
  } catch {
    return false;
  }
}

function isPlain(value: object): boolean {
  return (
    typeof value === "object" &&
    (Array.isArray(value) || !losesClass(value)) &&
    !isOfLanguage(value)
  );
}

function isOfLanguage(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return !Array.isArray(value) && prototype !== null && prototype !== Object.prototype;
}

/** The first part that has no text. */
function findCulprit(value: unknown, path: string, depth: number): Culprit | undefined {
  if (isData(value)) return undefined;
  const culprit = { path, what: describe(value) };
  if (!isObject(value) || typeof value === "function" || depth === DEPTH_MAX) return culprit;
  if (losesClass(value)) return culprit;
  for (const [key, part] of partsOf(value)) {
    const found = findCulprit(part, `${path}${key}`, depth + 1);
    if (found) return found;
  }
  return culprit;
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
