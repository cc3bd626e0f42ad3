/**
 * Where the cluster is: from code, the environment and files of settings.
 *
 * 1. Making a Config reads nothing: a module that makes one can be imported anywhere, in a pod too.
 * 2. Outside a pod, code beats environment beats file. In a pod the cluster's environment comes first, then what was
 *    written down at registration, then code: `localhost` of a laptop means nothing there.
 * 3. Nothing is guessed: without an endpoint there is an error that says where was looked.
 * @module
 */
import { inspect } from "node:util";
import { findFile, withHome } from "./config/files.ts";
import {
  authModeOf,
  consoleUrlOf,
  endpointOf,
  hiddenKeys,
  type Platform,
  SANDBOX,
} from "./config/platform.ts";
import { sealedLayer } from "./config/seal.ts";
import {
  type SecretPlace,
  secretFile,
  secretText,
  secretVariable,
} from "./config/secret-places.ts";
import {
  environmentLayer,
  FLAGS,
  type Layer,
  LISTS,
  type Settings,
  settingsLayer,
  settingsOf,
  TEXTS,
  variableOf,
} from "./config/settings.ts";
import { FlyteError } from "./errors.ts";

export type { Platform, StorageSettings } from "./config/platform.ts";
export { sealPlatform } from "./config/seal.ts";

/**
 * Settings given in code. `caCertFile`, `clientSecretFile`: paths. `clientSecretEnvVar`: name of a variable. `authMode`: as
 * `admin.authType` of a file.
 */
export type EndpointOptions = Omit<Settings, "endpoint">;

/** Whether this process runs as a task of a cluster. */
export function isInPod(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(environment["FLYTE_INTERNAL_EXECUTION_ID"]);
}

type Origin =
  | { readonly kind: "auto"; readonly file: string | undefined }
  | { readonly kind: "sandbox" }
  | { readonly kind: "endpoint"; readonly settings: Settings };

export class Config {
  readonly #origin: Origin;

  private constructor(origin: Origin) {
    this.#origin = origin;
  }

  /**
   * The settings of this machine.
   * @param file YAML of flytectl or INI of flytekit. Absent: the environment variable `FLYTECTL_CONFIG`, `./flytekit.config`,
   *   `~/.flyte/config` and `~/.flyte/config.yaml` are looked at in this order.
   */
  static auto(file?: string): Config {
    if (file !== undefined && (typeof file !== "string" || file === "")) {
      throw new TypeError("Config.auto takes the path of a file, or nothing");
    }
    return new Config({ kind: "auto", file });
  }

  /** The sandbox that `flytectl demo start` makes on this machine; in a pod of it, the same one from inside. */
  static forSandbox(): Config {
    return new Config({ kind: "sandbox" });
  }

  /**
   * One cluster, without a file.
   * @param endpoint `flyte.example.org`, `localhost:30080`.
   * @throws {FlyteError} `CONFIG_INVALID` for what is no endpoint or no option.
   */
  static forEndpoint(endpoint: string, options: EndpointOptions = {}): Config {
    if (typeof endpoint !== "string") throw new TypeError("the endpoint of a cluster is a text");
    endpointOf(endpoint);
    const known = [TEXTS, FLAGS, LISTS].flatMap((table) => Object.keys(table));
    for (const name of Object.keys(options)) {
      if (known.includes(name) && name !== "endpoint") continue;
      throw new FlyteError("CONFIG_INVALID", `Config.forEndpoint has no option ${name}`);
    }
    return new Config({ kind: "endpoint", settings: { ...options, endpoint } });
  }

  /**
   * Reads what there is to read, now.
   * @throws {FlyteError} `CONFIG_NOT_FOUND`, `CONFIG_INVALID`.
   */
  resolve(environment: NodeJS.ProcessEnv = process.env): Platform {
    const origin = this.#origin;
    const inPod = isInPod(environment);
    const found = origin.kind === "auto" ? findFile(origin.file, environment) : undefined;
    const code = codeLayers(origin, inPod);
    const file = found?.layer === undefined ? [] : [found.layer];
    const ofEnvironment = environmentLayer(environment);
    const layers: Layer[] = inPod
      ? [ofEnvironment, ...sealedLayer(environment), ...code, ...file]
      : [...code, ofEnvironment, ...file];
    const settings = settingsOf(layers);
    if (settings.endpoint === undefined) throw notFound(found?.file, found?.tried ?? []);
    const file_ = origin.kind === "auto" ? origin.file : undefined;
    if (file_ !== undefined && found?.file === undefined && !inPod) {
      throw new FlyteError("CONFIG_NOT_FOUND", `there is no file of settings ${found?.tried[0]}`);
    }
    return platformOf(settings, environment, {
      source: sourceOf(origin, found?.file, inPod),
      hints: found?.hints ?? [],
    });
  }

  /** What it is made of, without reading anything. */
  [inspect.custom](): string {
    const origin = this.#origin;
    if (origin.kind === "sandbox") return "Config.forSandbox()";
    if (origin.kind === "endpoint")
      return `Config.forEndpoint(${inspect(origin.settings.endpoint)})`;
    return `Config.auto(${origin.file === undefined ? "" : inspect(origin.file)})`;
  }
}

function codeLayers(origin: Origin, inPod: boolean): Layer[] {
  if (origin.kind === "auto") return [];
  if (origin.kind === "endpoint") return [settingsLayer(origin.settings, "of Config.forEndpoint")];
  const sandbox: Settings = {
    endpoint: inPod ? SANDBOX.endpointInside : SANDBOX.endpoint,
    insecure: true,
    consoleUrl: SANDBOX.console,
    storageEndpoint: inPod ? SANDBOX.storageInside : SANDBOX.storage,
    storageKeyId: SANDBOX.keyId,
    storageKey: SANDBOX.key,
  };
  return [settingsLayer(sandbox, "of Config.forSandbox")];
}

function sourceOf(origin: Origin, file: string | undefined, inPod: boolean): string {
  if (inPod) return "the environment of the pod";
  if (origin.kind === "sandbox") return "Config.forSandbox()";
  if (origin.kind === "endpoint") return "Config.forEndpoint()";
  return file ?? "the environment";
}

function notFound(file: string | undefined, tried: readonly string[]): FlyteError {
  const variable = variableOf(TEXTS.endpoint);
  if (file !== undefined) {
    return new FlyteError(
      "CONFIG_INVALID",
      `${file} does not say where the cluster is: it has no ${
        /\.ya?ml$/i.test(file) ? "admin.endpoint" : "url in [platform]"
      }, and ${variable} is not set`,
    );
  }
  return new FlyteError(
    "CONFIG_NOT_FOUND",
    `nothing says where the cluster is: ${variable} is not set, and there is none of ${tried.join(", ")}. ` +
      "Write one of them, or use Config.forEndpoint(…) or Config.forSandbox()",
  );
}

/** Settings, checked and with defaults. */
function platformOf(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
  { source, hints }: { source: string; hints: readonly string[] },
): Platform {
  const { host, port, insecure: byScheme } = endpointOf(settings.endpoint ?? "");
  const insecure = settings.insecure ?? byScheme ?? false;
  const insecureSkipVerify = settings.insecureSkipVerify ?? false;
  const portUsed = port ?? (insecure ? 80 : 443);
  const { caCertFile, httpProxy } = settings;
  if (httpProxy !== undefined && !/^https?:$/.test(URL.parse(httpProxy)?.protocol ?? "")) {
    throw new FlyteError(
      "CONFIG_INVALID",
      "admin.httpProxyURL has to begin with http:// or https://",
    );
  }
  const secrets: SecretPlace[] = [];
  const { clientSecretEnvVar, clientSecretFile, clientSecret } = settings;
  if (clientSecretEnvVar) secrets.push(secretVariable(clientSecretEnvVar, environment));
  if (clientSecretFile) secrets.push(secretFile(withHome(clientSecretFile)));
  // A place for a secret says that it is to be used.
  const forced = secrets.length > 0;
  if (clientSecret) secrets.push(secretText(clientSecret, variableOf(TEXTS.clientSecret)));
  const mode = forced ? "ClientSecret" : authModeOf(settings.authMode);
  if (mode === "ExternalCommand" && settings.command === undefined) {
    throw new FlyteError("CONFIG_INVALID", "authType ExternalCommand needs admin.command");
  }
  const warnings: string[] = [];
  if (insecureSkipVerify && !insecure) {
    warnings.push(
      `the certificate of ${host} is not checked (insecureSkipVerify): whoever is in between can read and change everything`,
    );
  }
  return {
    endpoint: `${host}:${portUsed}`,
    insecure,
    insecureSkipVerify,
    ...(caCertFile === undefined ? {} : { caCertFile: withHome(caCertFile) }),
    ...(httpProxy === undefined ? {} : { httpProxy }),
    consoleUrl: consoleUrlOf(settings.consoleUrl, host, portUsed, insecure),
    auth: {
      mode,
      ...defined({ clientId: settings.clientId, audience: settings.audience }),
      ...(settings.scopes === undefined ? {} : { scopes: settings.scopes }),
      secrets,
      ...(settings.command === undefined ? {} : { command: settings.command }),
      ...(settings.proxyCommand === undefined ? {} : { proxyCommand: settings.proxyCommand }),
    },
    storage: hiddenKeys(
      defined({
        endpoint: settings.storageEndpoint,
        accessKeyId: settings.storageKeyId,
        secretAccessKey: settings.storageKey,
        addressingStyle: settings.storageAddressing,
        region: settings.storageRegion,
      }),
    ),
    ...defined({
      project: settings.project,
      domain: settings.domain,
      org: settings.org,
      image: settings.image,
    }),
    source,
    warnings,
    hints,
  };
}

/** Without the names that have no value. */
function defined<Name extends string>(
  texts: Readonly<Record<Name, string | undefined>>,
): Partial<Record<Name, string>> {
  const filled: Partial<Record<Name, string>> = {};
  for (const name in texts) {
    const text = texts[name];
    if (text !== undefined) filled[name] = text;
  }
  return filled;
}
