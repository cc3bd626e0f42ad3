/**
 * Where a cluster is and how to speak to it: the outcome of all settings, checked and with defaults.
 *
 * Secrets in it can be used and not be seen: `inspect` and `JSON.stringify` show a mark in their place, and every text
 * that the process reports is redacted of them.
 * @module
 */
import { inspect } from "node:util";
import { addSecret } from "../../values/redact.ts";
import { FlyteError } from "../errors.ts";
import type { SecretPlace } from "./secret-places.ts";

export type AuthMode = "Pkce" | "ClientSecret" | "DeviceFlow" | "ExternalCommand";

export interface AuthSettings {
  readonly mode: AuthMode;
  readonly clientId?: string;
  readonly scopes?: readonly string[];
  readonly audience?: string;
  /** Where the client's secret may be, in the order to look. Read when somebody logs in, not before. */
  readonly secrets: readonly SecretPlace[];
  /** Program and arguments; what it prints is the token. */
  readonly command?: readonly string[];
  /** The same for a proxy in front of the cluster. */
  readonly proxyCommand?: readonly string[];
}

export interface StorageSettings {
  readonly endpoint?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly addressingStyle?: string;
  readonly region?: string;
}

export interface Platform {
  /** `host:port` of flyteadmin's gRPC. */
  readonly endpoint: string;
  /** Cleartext HTTP/2. */
  readonly insecure: boolean;
  readonly insecureSkipVerify: boolean;
  /** PEM file of an authority to trust beside Node's own. */
  readonly caCertFile?: string;
  /** For OAuth requests only. */
  readonly httpProxy?: string;
  /** Base of links for people, without a slash at its end. */
  readonly consoleUrl: string;
  readonly auth: AuthSettings;
  readonly storage: StorageSettings;
  readonly project?: string;
  readonly domain?: string;
  readonly org?: string;
  readonly image?: string;
  /** File or words, for messages. */
  readonly source: string;
  /** Dangers in the settings, to be shown with every run. */
  readonly warnings: readonly string[];
  /** Probable mistakes in the settings; `openClient` shows each once. */
  readonly hints: readonly string[];
}

/** Where flytectl's sandbox listens, from outside and from its own pods. */
export const SANDBOX = {
  endpoint: "localhost:30080",
  endpointInside: "flyte-sandbox-grpc.flyte:8089",
  console: "http://localhost:30080",
  storage: "http://localhost:30002",
  storageInside: "http://flyte-sandbox-minio.flyte:9000",
  keyId: "minio",
  key: "miniostorage",
} as const;

/**
 * @param text as people write it: with or without `dns:///` or `https://`, with or without a port.
 * @returns host and port; `insecure` is known when the text began with `http://` or `https://`.
 * @throws {FlyteError} `CONFIG_INVALID`.
 */
export function endpointOf(text: string): {
  host: string;
  port: number | undefined;
  insecure: boolean | undefined;
} {
  const scheme = /^(?:dns:\/{2,3}|(https?):\/\/)/i.exec(text);
  const rest = text.slice(scheme?.[0].length ?? 0).replace(/\/+$/, "");
  // A host of letters, or an IPv6 address in brackets.
  const parts = /^(\[[\da-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d{1,5}))?$/i.exec(rest);
  const host = parts?.[1];
  const port = parts?.[2] === undefined ? undefined : Number(parts[2]);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) {
    // Not the text itself if it may hold a password.
    const shown = rest.includes("@") ? "one with a user in it" : JSON.stringify(text);
    throw new FlyteError(
      "CONFIG_INVALID",
      `an endpoint is a host and a port, like flyte.example.org:443, not ${shown}`,
    );
  }
  const named = scheme?.[1]?.toLowerCase();
  return { host, port, insecure: named === undefined ? undefined : named === "http" };
}

const MODES: Readonly<Record<string, AuthMode>> = {
  pkce: "Pkce",
  standard: "Pkce",
  clientsecret: "ClientSecret",
  basic: "ClientSecret",
  client_credentials: "ClientSecret",
  deviceflow: "DeviceFlow",
  externalcommand: "ExternalCommand",
  external_process: "ExternalCommand",
};

/** @throws {FlyteError} `CONFIG_INVALID` that lists the modes. */
export function authModeOf(text: string | undefined): AuthMode {
  const mode = MODES[(text ?? "Pkce").toLowerCase()];
  if (mode !== undefined) return mode;
  throw new FlyteError(
    "CONFIG_INVALID",
    `there is no way to log in called ${JSON.stringify(text)}. authType is one of Pkce (also: standard), ` +
      "ClientSecret (basic, client_credentials), DeviceFlow, ExternalCommand (external_process)",
  );
}

/** The base of links to the console, from what is set or from the endpoint. */
export function consoleUrlOf(
  set: string | undefined,
  host: string,
  port: number,
  insecure: boolean,
): string {
  const scheme = insecure ? "http" : "https";
  const usual = port === (insecure ? 80 : 443);
  const text = set ?? `${host}${usual ? "" : `:${port}`}`;
  const url = /^https?:\/\//i.test(text) ? text : `${scheme}://${text.replace(/^dns:\/+/, "")}`;
  if (!URL.canParse(url)) {
    throw new FlyteError("CONFIG_INVALID", `console.endpoint is no address: ${text}`);
  }
  // Links go into decks and on screens.
  const { username, password } = new URL(url);
  if (username || password) {
    throw new FlyteError("CONFIG_INVALID", "console.endpoint must not hold a user or a password");
  }
  // People copy the address of the console's first page.
  return url.replace(/\/+$/, "").replace(/\/console$/, "");
}

/** Storage settings whose keys are not seen where the object is shown. */
export function hiddenKeys(storage: StorageSettings): StorageSettings {
  if (storage.secretAccessKey !== undefined) addSecret(storage.secretAccessKey);
  const shown = () => ({
    ...storage,
    ...(storage.secretAccessKey === undefined ? {} : { secretAccessKey: "[redacted]" }),
  });
  return Object.defineProperties(
    { ...storage },
    // Not enumerable: a copy made with `...` is a plain object.
    { [inspect.custom]: { value: shown }, toJSON: { value: shown } },
  );
}
