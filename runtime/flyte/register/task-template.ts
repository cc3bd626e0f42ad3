/**
 * A task or an eager workflow as a cluster knows it: a container that runs `eagerdeck execute`.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { ResourceSettings, SecretName } from "../../workflow/cluster-settings.ts";
import type { Definition } from "../../workflow/definition.ts";
import { FlyteError } from "../errors.ts";
import type { Identifier } from "../idl/flyteidl/core/identifier_pb.ts";
import type { TypedInterface } from "../idl/flyteidl/core/interface_pb.ts";
import { Secret_MountType } from "../idl/flyteidl/core/security_pb.ts";
import {
  Resources_ResourceName,
  RuntimeMetadata_RuntimeType,
  type TaskTemplate,
  TaskTemplateSchema,
} from "../idl/flyteidl/core/tasks_pb.ts";

/** What the cluster takes. */
const RETRIES_MAX = 10;

/** Where the code of a task is. */
export interface CodePlace {
  /** Path of its module, in the bundle or in the image's working folder. */
  readonly module: string;
  readonly bundle?: { readonly uri: string; readonly sha256: string };
}

export interface TemplateParts {
  readonly id: Identifier;
  readonly interface: TypedInterface;
  readonly code: CodePlace;
  readonly image: string | undefined;
  /** Of eagerdeck. */
  readonly runtimeVersion: string;
  /** What the cluster is, for the calls of an eager workflow: `EAGERDECK_PLATFORM`. */
  readonly platform: string | undefined;
  /** The version of its cache when it names none: changes with the code. */
  readonly codeVersion: string;
}

/** @throws {FlyteError} `IMAGE_MISSING`; {TypeError} for settings that no cluster takes. */
export function taskTemplate(definition: Definition, parts: TemplateParts): TaskTemplate {
  const { settings } = definition;
  const { cluster, cache } = settings;
  const isEager = definition.entity === "eager";
  return create(TaskTemplateSchema, {
    id: parts.id,
    type: "container",
    interface: parts.interface,
    metadata: {
      discoverable: cache !== undefined,
      discoveryVersion: cache === undefined ? "" : (cache.version ?? parts.codeVersion),
      cacheIgnoreInputVars: [...(cache?.ignore ?? [])].sort(),
      // Propeller passes large inputs on as references only to kinds of SDKs that it knows; this is none of them.
      runtime: {
        type: RuntimeMetadata_RuntimeType.OTHER,
        version: parts.runtimeVersion,
        flavor: "typescript",
      },
      retries: { retries: retriesOf(definition) },
      ...timeoutOf(settings.timeoutMs),
      isEager,
      generatesDeck: cluster.deck ?? isEager,
      ...(Object.keys(cluster.labels).length > 0 && {
        metadata: { labels: { ...cluster.labels } },
      }),
    },
    target: {
      case: "container",
      value: containerOf(definition, parts, executeArguments(parts.code, parts.id.name)),
    },
    ...secretsOf(definition),
  });
}

/** What runs when the workflow of an eager workflow has failed: it ends what that left running. */
export function cleanupTemplate(definition: Definition, parts: TemplateParts): TaskTemplate {
  const secret = definition.settings.clientSecret;
  return create(TaskTemplateSchema, {
    id: parts.id,
    type: "container",
    interface: parts.interface,
    metadata: {
      runtime: {
        type: RuntimeMetadata_RuntimeType.OTHER,
        version: parts.runtimeVersion,
        flavor: "typescript",
      },
      retries: { retries: 2 },
    },
    target: {
      case: "container",
      value: containerOf(definition, parts, [
        "eagerdeck",
        "execute",
        "--cleanup",
        "--output-prefix",
        "{{.outputPrefix}}",
        ...(secret ? ["--secret", `${secret.group}/${secret.key}`] : []),
      ]),
    },
    ...secretsOf(definition),
  });
}

/** The arguments of the container's entry point, with the blanks that the cluster fills in. */
export function executeArguments({ module, bundle }: CodePlace, task: string): string[] {
  return [
    "eagerdeck",
    "execute",
    "--inputs",
    "{{.input}}",
    "--output-prefix",
    "{{.outputPrefix}}",
    "--raw-output-data-prefix",
    "{{.rawOutputDataPrefix}}",
    "--checkpoint-path",
    "{{.checkpointOutputPrefix}}",
    "--prev-checkpoint",
    "{{.prevCheckpointPrefix}}",
    ...(bundle ? ["--bundle", bundle.uri, "--sha256", bundle.sha256] : []),
    "--",
    module,
    task,
  ];
}

/** Milliseconds as a protobuf duration. */
export function timeoutOf(ms: number | undefined): {
  timeout?: { seconds: bigint; nanos: number };
} {
  if (ms === undefined || !Number.isFinite(ms)) return {};
  const seconds = Math.floor(ms / 1_000);
  return { timeout: { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1_000) * 1e6) } };
}

/** @throws {TypeError} for more than the cluster takes. */
export function retriesOf({ entity, name, settings }: Definition): number {
  const count = settings.retries?.count ?? 0;
  if (count <= RETRIES_MAX) return count;
  throw new TypeError(
    `${entity} ${name}: retries is ${count}, and a cluster takes ${RETRIES_MAX} at most`,
  );
}

function containerOf(definition: Definition, parts: TemplateParts, args: string[]) {
  const { entity, name, settings } = definition;
  const image = settings.cluster.image ?? parts.image;
  if (image === undefined) {
    throw new FlyteError(
      "IMAGE_MISSING",
      `${entity} ${name} has no image to run in: give the option image, --image, or EAGERDECK_IMAGE. It needs Node and eagerdeck`,
    );
  }
  const env: Record<string, string> = { ...settings.cluster.env };
  if (entity === "eager" && parts.platform !== undefined)
    env["EAGERDECK_PLATFORM"] = parts.platform;
  return {
    image,
    args,
    resources: resourcesOf(settings.cluster.resources),
    env: Object.entries(env)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value })),
  };
}

const RESOURCE_NAMES = {
  cpu: Resources_ResourceName.CPU,
  memory: Resources_ResourceName.MEMORY,
  gpu: Resources_ResourceName.GPU,
  ephemeralStorage: Resources_ResourceName.EPHEMERAL_STORAGE,
} as const;

function resourcesOf(resources: ResourceSettings | undefined) {
  const listed = (amounts: ResourceSettings["requests"] = {}) =>
    // In the order of this table, not in the one they were written in: a version is content.
    Object.entries(RESOURCE_NAMES).flatMap(([key, name]) => {
      const value = new Map(Object.entries(amounts)).get(key);
      return value === undefined ? [] : [{ name, value }];
    });
  return { requests: listed(resources?.requests), limits: listed(resources?.limits) };
}

function secretsOf({ settings }: Definition) {
  const { cluster, clientSecret } = settings;
  const secrets: SecretName[] = [...cluster.secrets];
  const isKnown = ({ group, key }: SecretName) =>
    secrets.some((secret) => secret.group === group && secret.key === key);
  if (clientSecret && !isKnown(clientSecret)) secrets.push(clientSecret);
  if (secrets.length === 0) return {};
  const mounted = secrets.map(({ group, key }) => ({
    group,
    key,
    mountRequirement: Secret_MountType.ANY,
  }));
  return { securityContext: { secrets: mounted } };
}
