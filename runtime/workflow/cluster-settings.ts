/**
 * The options that say what a cluster gives a task: `resources`, `image`, `env`, `secrets`, `labels`, `deck`. Nothing of
 * it matters where a task runs locally, but a slip is told when the task is made, not by a pod an hour later.
 * @module
 */
import { nearest } from "../values/nearest.ts";
import { preview } from "../values/preview.ts";

export type ResourceName = "cpu" | "memory" | "gpu" | "ephemeralStorage";

/** Quantities as Kubernetes writes them: `500m`, `2`, `1Gi`. */
export interface ResourceSettings {
  readonly requests: Readonly<Partial<Record<ResourceName, string>>>;
  readonly limits: Readonly<Partial<Record<ResourceName, string>>>;
}

export interface SecretName {
  readonly group: string;
  readonly key: string;
}

/** `undefined` and empty: nobody said anything about it. */
export interface ClusterSettings {
  readonly resources: ResourceSettings | undefined;
  readonly image: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretName[];
  readonly labels: Readonly<Record<string, string>>;
  readonly deck: boolean | undefined;
}

export const NO_CLUSTER_SETTINGS: ClusterSettings = {
  resources: undefined,
  image: undefined,
  env: {},
  secrets: [],
  labels: {},
  deck: undefined,
};

export const CLUSTER_OPTIONS = ["resources", "image", "env", "secrets", "labels", "deck"] as const;

type Given = Readonly<Record<string, unknown>>;

/**
 * Reads these options and puts them over those of `base`; `env` and `labels` are put together name by name.
 * @param what for messages: `task fetch`.
 * @throws {TypeError} that names the option, what is wrong with it and how it is written.
 */
export function clusterSettings(
  what: string,
  options: Given,
  base: ClusterSettings,
): ClusterSettings {
  const { resources, image, env, secrets, labels, deck } = options;
  if (CLUSTER_OPTIONS.every((name) => options[name] === undefined)) return base;
  if (deck !== undefined && typeof deck !== "boolean") {
    throw new TypeError(`${what}: deck is true or false, not ${preview(deck).line}`);
  }
  return {
    resources: resources === undefined ? base.resources : readResources(what, resources),
    image: image === undefined ? base.image : readImage(what, image),
    env: env === undefined ? base.env : { ...base.env, ...readEnv(what, env) },
    secrets: secrets === undefined ? base.secrets : readSecrets(what, secrets),
    labels: labels === undefined ? base.labels : { ...base.labels, ...readLabels(what, labels) },
    deck: deck ?? base.deck,
  };
}

// ── resources ───────────────────────────────────────────────────────────────────────────────────

const RESOURCES = ["cpu", "memory", "gpu", "ephemeralStorage"] as const;
const QUANTITY = /^(\d+(?:\.\d+)?)(m|k|Ki|[MGTPE]i?|e\d{1,2})?$/;
const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function readResources(what: string, given: unknown): ResourceSettings {
  const where = `${what}: resources`;
  const advice = `write resources: { cpu: 2, memory: "1Gi" }, or { cpu: { request: 1, limit: 2 } }`;
  if (!isRecord(given)) throw new TypeError(`${where} is ${preview(given).line}; ${advice}`);
  const requests: Partial<Record<ResourceName, string>> = {};
  const limits: Partial<Record<ResourceName, string>> = {};
  for (const [name, amount] of Object.entries(given)) {
    if (!isOneOf(name, RESOURCES)) throw unknown(where, name, RESOURCES);
    if (amount === undefined) continue;
    const at = `${where}.${name}`;
    if (!isRecord(amount)) {
      // One value is what is asked for; the cluster's own rule then sets the most.
      requests[name] = quantity(at, name, amount);
      continue;
    }
    for (const bound of Object.keys(amount)) {
      if (!isOneOf(bound, BOUNDS)) throw unknown(at, bound, BOUNDS);
    }
    const { request, limit } = amount;
    if (request !== undefined) requests[name] = quantity(`${at}.request`, name, request);
    if (limit !== undefined) limits[name] = quantity(`${at}.limit`, name, limit);
    const [asked, most] = [requests[name], limits[name]];
    if (asked !== undefined && most !== undefined && numberOf(asked) > numberOf(most)) {
      throw new TypeError(`${at} asks for ${asked}, which is more than its limit of ${most}`);
    }
  }
  return { requests, limits };
}

const BOUNDS = ["request", "limit"] as const;

function quantity(at: string, name: ResourceName, amount: unknown): string {
  const text = typeof amount === "number" ? String(amount) : amount;
  const isFine =
    typeof text === "string" && QUANTITY.test(text) && (name !== "gpu" || /^\d+$/.test(text));
  if (isFine) return text;
  const form = {
    cpu: `a number of cores, 2 or "500m"`,
    memory: `a size, "512Mi" or "2Gi"`,
    gpu: "a whole number, 1",
    ephemeralStorage: `a size, "10Gi"`,
  }[name];
  throw new TypeError(`${at} is ${preview(amount).line}, not ${form}`);
}

function numberOf(text: string): number {
  const [, count = "", unit = ""] = QUANTITY.exec(text) ?? [];
  return (
    Number(count) * (unit.startsWith("e") ? 10 ** Number(unit.slice(1)) : (FACTORS[unit] ?? 1))
  );
}

// ── the others ──────────────────────────────────────────────────────────────────────────────────

function readImage(what: string, given: unknown): string {
  if (typeof given === "string" && /^[^\s]+$/.test(given)) return given;
  throw new TypeError(
    `${what}: image is ${preview(given).line}, not the name of one; write image: "ghcr.io/team/flows:1"`,
  );
}

function readEnv(what: string, given: unknown): Record<string, string> {
  const env = readTexts(`${what}: env`, given, `write env: { LOG_LEVEL: "debug" }`);
  for (const name of Object.keys(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
      throw new TypeError(`${what}: env has ${preview(name).line}, which is no name of a variable`);
    }
    if (/^FLYTE_INTERNAL_|^_F_/.test(name)) {
      throw new TypeError(`${what}: env sets ${name}, which the cluster sets itself`);
    }
  }
  return env;
}

const LABEL_NAME =
  /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

function readLabels(what: string, given: unknown): Record<string, string> {
  const labels = readTexts(`${what}: labels`, given, `write labels: { team: "search" }`);
  const rule = "up to 63 letters, digits, - _ and ., beginning and ending with a letter or digit";
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL_NAME.test(name)) {
      throw new TypeError(`${what}: the label ${preview(name).line} cannot be one: ${rule}`);
    }
    if (!LABEL_VALUE.test(value)) {
      throw new TypeError(`${what}: the label ${name} cannot be ${preview(value).line}: ${rule}`);
    }
  }
  return labels;
}

function readTexts(at: string, given: unknown, advice: string): Record<string, string> {
  if (!isRecord(given)) throw new TypeError(`${at} is ${preview(given).line}; ${advice}`);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      throw new TypeError(`${at}.${name} is ${preview(value).line}, not text; ${advice}`);
    }),
  );
}

function readSecrets(what: string, given: unknown): readonly SecretName[] {
  const advice = `write secrets: [{ group: "team", key: "token" }]`;
  if (!Array.isArray(given)) {
    throw new TypeError(`${what}: secrets is ${preview(given).line}, not a list; ${advice}`);
  }
  return given.map((secret: unknown, index) => {
    const at = `${what}: secrets[${index}]`;
    if (!isRecord(secret)) throw new TypeError(`${at} is ${preview(secret).line}; ${advice}`);
    for (const name of Object.keys(secret)) {
      if (!isOneOf(name, SECRET_PARTS)) throw unknown(at, name, SECRET_PARTS);
    }
    return { group: secretPart(at, secret, "group"), key: secretPart(at, secret, "key") };
  });
}

const SECRET_PARTS = ["group", "key"] as const;

function secretPart(at: string, secret: Given, part: "group" | "key"): string {
  const value = secret[part];
  // As `readSecret` takes them: the parts become a variable and a path.
  if (typeof value === "string" && /^[\w-][\w.-]*$/.test(value)) return value;
  const rule = "a name of letters, digits, - and _";
  throw new TypeError(`${at}.${part} is ${preview(value).line}, not ${rule}`);
}

function isRecord(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOneOf<T extends string>(name: string, names: readonly T[]): name is T {
  return (names as readonly string[]).includes(name);
}

function unknown(at: string, name: string, known: readonly string[]): TypeError {
  const near = nearest(name, known);
  const advice = near === undefined ? `it takes ${known.join(", ")}` : `did you mean ${near}?`;
  return new TypeError(`${at} has no ${preview(name).line}; ${advice}`);
}
