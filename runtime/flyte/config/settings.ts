/**
 * Every setting that a file or the environment may give: where it stands and what it may hold.
 *
 * A setting has a name of ours, a path in flytectl's YAML, and a section and option of flytekit's INI, from which the
 * environment variable follows: `platform.url` is `FLYTE_PLATFORM_URL`. A new setting is one row here.
 * @module
 */
import { FlyteError } from "../errors.ts";

export interface Row {
  /** Path in YAML; absent where YAML knows no such thing. */
  readonly yaml?: string;
  /** `section.option` of an INI file. */
  readonly ini: string;
  /** Where it does not follow from `ini`. */
  readonly env?: string;
}

export const TEXTS = {
  endpoint: { yaml: "admin.endpoint", ini: "platform.url" },
  caCertFile: { yaml: "admin.caCertFilePath", ini: "platform.ca_cert_file_path" },
  httpProxy: { yaml: "admin.httpProxyURL", ini: "platform.http_proxy_url" },
  consoleUrl: { yaml: "console.endpoint", ini: "platform.console_endpoint" },
  authMode: { yaml: "admin.authType", ini: "credentials.auth_mode" },
  clientId: { yaml: "admin.clientId", ini: "credentials.client_id" },
  audience: { yaml: "admin.audience", ini: "credentials.audience" },
  clientSecretEnvVar: {
    yaml: "admin.clientSecretEnvVar",
    ini: "credentials.client_secret_env_var",
  },
  clientSecretFile: {
    yaml: "admin.clientSecretLocation",
    ini: "credentials.client_secret_location",
  },
  clientSecret: { ini: "credentials.client_secret" },
  storageEndpoint: { yaml: "storage.connection.endpoint", ini: "aws.endpoint" },
  storageKeyId: { yaml: "storage.connection.access-key", ini: "aws.access_key_id" },
  storageKey: { yaml: "storage.connection.secret-key", ini: "aws.secret_access_key" },
  storageAddressing: { yaml: "storage.connection.addressing-style", ini: "aws.addressing_style" },
  storageRegion: { yaml: "storage.connection.region", ini: "aws.region" },
  project: { yaml: "task.project", ini: "local.project" },
  domain: { yaml: "task.domain", ini: "local.domain" },
  org: { yaml: "task.org", ini: "local.org" },
  image: { yaml: "images.default", ini: "images.default", env: "EAGERDECK_IMAGE" },
} as const satisfies Record<string, Row>;

export const FLAGS = {
  insecure: { yaml: "admin.insecure", ini: "platform.insecure" },
  insecureSkipVerify: { yaml: "admin.insecureSkipVerify", ini: "platform.insecure_skip_verify" },
} as const satisfies Record<string, Row>;

export const LISTS = {
  scopes: { yaml: "admin.scopes", ini: "credentials.scopes" },
  command: { yaml: "admin.command", ini: "credentials.command" },
  proxyCommand: { yaml: "admin.proxyCommand", ini: "credentials.proxy_command" },
} as const satisfies Record<string, Row>;

export type Settings = { readonly [name in keyof typeof TEXTS]?: string | undefined } & {
  readonly [name in keyof typeof FLAGS]?: boolean | undefined;
} & { readonly [name in keyof typeof LISTS]?: readonly string[] | undefined };

/** What one place says of a setting, not yet checked. */
export interface Said {
  readonly value: unknown;
  /** The place, for a message: `admin.insecure in /home/me/.flyte/config.yaml, line 3, column 5`. */
  readonly where: string;
}

/** One place that settings come from: an environment, a file, the arguments in code. */
export type Layer = (row: Row) => Said | undefined;

export function environmentLayer(environment: NodeJS.ProcessEnv): Layer {
  return (row) => {
    const name = variableOf(row);
    const value = environment[name];
    return value === undefined ? undefined : { value, where: `the environment variable ${name}` };
  };
}

export function variableOf({ env, ini }: Row): string {
  return env ?? `FLYTE_${ini.replace(".", "_").toUpperCase()}`;
}

/** Settings that are of the right kind already. */
export function settingsLayer(settings: Settings, where: string): Layer {
  const values: Readonly<Record<string, unknown>> = settings;
  const names = new Map<Row, string>();
  for (const table of [TEXTS, FLAGS, LISTS]) {
    for (const [name, row] of Object.entries(table)) names.set(row, name);
  }
  return (row) => {
    const name = names.get(row);
    const value = name === undefined ? undefined : values[name];
    return value === undefined ? undefined : { value, where: `${name} ${where}` };
  };
}

/**
 * The settings that the first layer that has each of them gives.
 * @throws {FlyteError} `CONFIG_INVALID` for a value of the wrong kind, with its place.
 */
export function settingsOf(layers: readonly Layer[]): Settings {
  const found: Record<string, unknown> = {};
  const read = <T>(table: Record<string, Row>, kind: (said: Said) => T | undefined) => {
    for (const [name, row] of Object.entries(table)) {
      for (const layer of layers) {
        const said = layer(row);
        const value = said && kind(said);
        if (value === undefined) continue;
        found[name] = value;
        break;
      }
    }
  };
  read(TEXTS, textOf);
  read(FLAGS, flagOf);
  read(LISTS, listOf);
  // Each name was read by the kind of its table.
  return found as Settings;
}

/** An empty text is no text. Numbers are texts too: YAML reads the client id `12345` as one. */
function textOf({ value, where }: Said): string | undefined {
  if (value === null || value === "") return undefined;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  throw wrongKind(where, "a text", value);
}

const FALSE_WORDS = new Set(["false", "0", "off", "no", ""]);

function flagOf({ value, where }: Said): boolean | undefined {
  if (value === null) return undefined;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "string") return !FALSE_WORDS.has(value.trim().toLowerCase());
  throw wrongKind(where, "true or false", value);
}

function listOf({ value, where }: Said): readonly string[] | undefined {
  if (value === null) return undefined;
  const parts = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(parts)) throw wrongKind(where, "a list, or one text with commas", value);
  const texts = parts.map((part: unknown, index) => {
    if (typeof part === "string" || typeof part === "number") return String(part).trim();
    throw wrongKind(`item ${index + 1} of ${where}`, "a text", part);
  });
  const filled = texts.filter((text) => text !== "");
  return filled.length === 0 ? undefined : filled;
}

/** Says the kind of the value and not the value: it may be a secret in the wrong place. */
function wrongKind(where: string, wanted: string, value: unknown): FlyteError {
  const kind = Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : typeof value;
  return new FlyteError("CONFIG_INVALID", `${where} has to be ${wanted}, not ${kind}`);
}
