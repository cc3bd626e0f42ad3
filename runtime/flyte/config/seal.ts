/**
 * What a container is told of the cluster it belongs to: written into its environment when the task is registered.
 *
 * No secret and no path of the registering machine is in it.
 * @module
 */
import { FlyteError } from "../errors.ts";
import { type Platform, SANDBOX } from "./platform.ts";
import { type Layer, type Settings, settingsLayer } from "./settings.ts";

const PLATFORM_VARIABLE = "EAGERDECK_PLATFORM";

/** @returns the JSON for the variable `EAGERDECK_PLATFORM`. */
export function sealPlatform(platform: Platform): string {
  const { auth, storage, httpProxy } = platform;
  // The sandbox has another address from inside.
  const sandbox = platform.endpoint === SANDBOX.endpoint;
  const settings: Settings = {
    endpoint: sandbox ? SANDBOX.endpointInside : platform.endpoint,
    insecure: platform.insecure,
    insecureSkipVerify: platform.insecureSkipVerify,
    consoleUrl: platform.consoleUrl,
    // A proxy's address may hold a password.
    httpProxy: httpProxy?.includes("@") ? undefined : httpProxy,
    // A command of this machine is not there; what logs in without a person is set in the pod.
    authMode: auth.mode === "ExternalCommand" ? undefined : auth.mode,
    clientId: auth.clientId,
    scopes: auth.scopes,
    audience: auth.audience,
    storageEndpoint: sandbox ? SANDBOX.storageInside : storage.endpoint,
    storageAddressing: storage.addressingStyle,
    storageRegion: storage.region,
    project: platform.project,
    domain: platform.domain,
    org: platform.org,
    image: platform.image,
  };
  return JSON.stringify(settings);
}

/**
 * The settings that were written at registration; none when the variable is not there.
 * @throws {FlyteError} `CONFIG_INVALID` when it holds something else.
 */
export function sealedLayer(environment: NodeJS.ProcessEnv): Layer[] {
  const text = environment[PLATFORM_VARIABLE];
  if (!text) return [];
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch (error) {
    throw new FlyteError("CONFIG_INVALID", `${PLATFORM_VARIABLE} is no JSON`, { cause: error });
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new FlyteError("CONFIG_INVALID", `${PLATFORM_VARIABLE} has to be a JSON object`);
  }
  // The kinds of the values are checked where they are read.
  return [settingsLayer(settings, `in ${PLATFORM_VARIABLE}`)];
}
