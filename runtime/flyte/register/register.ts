/**
 * Makes tasks and workflows known to a cluster, with the code they run.
 *
 * Invariants
 *   R1  What is there already is left alone: registering twice asks and sends nothing.
 *   R2  A version is never given two meanings: what differs under one version is a conflict, said by name.
 */

import { formatBytes } from "../../values/format.ts";
import type { Definition } from "../../workflow/definition.ts";
import type { FlyteClient } from "../client.ts";
import { sealPlatform } from "../config.ts";
import { entityUrl } from "../console.ts";
import { FlyteError, remoteFailure, Status, statusOf } from "../errors.ts";
import { ResourceType } from "../idl/flyteidl/core/identifier_pb.ts";
import { type TaskTemplate, TaskTemplateSchema } from "../idl/flyteidl/core/tasks_pb.ts";
import { inLanes } from "../literals/lanes.ts";
import type { Registered, RegisteredEntity } from "../options.ts";
import { openStore } from "../storage.ts";
import { BUNDLE_LARGE_BYTES, type Bundle } from "./bundle.ts";
import { identifier, type Place } from "./identifiers.ts";
import { canonicalText, type Planned, plan, versionOf, withUsed } from "./plan.ts";
import { runtimeVersion } from "./runtime-version.ts";

export interface RegisterOptions {
  readonly project: string;
  readonly domain: string;
  /** Where the code comes from: sent along, or a path of a module that the image has. */
  readonly code: Bundle | { readonly module: string };
  /** In which tasks run that name no image of their own. */
  readonly image?: string | undefined;
  /** Default: made from what is registered, so that the same content is the same version. */
  readonly version?: string | undefined;
  /** Only looks at what there is. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears what is worth a word and no error. */
  readonly notice?: ((text: string) => void) | undefined;
}

/** The cluster works on so many at once. */
const AT_ONCE = 16;

/**
 * Registers definitions, what their static workflows call, and the launch plans of workflows.
 * @throws {FlyteError} `VERSION_CONFLICT`, `IMAGE_MISSING`, `NAME_TAKEN`, `REMOTE_…`; {TypeError} for what no cluster can run.
 */
export async function registerEntities(
  client: FlyteClient,
  definitions: readonly Definition[],
  options: RegisterOptions,
): Promise<Registered> {
  const { platform } = client;
  const { code, domain, project, signal } = options;
  const bundle = "bytes" in code ? code : undefined;
  const place = { project, domain, org: platform.org ?? "" };
  const parts = {
    place,
    image: options.image ?? platform.image,
    runtimeVersion,
    platform: sealPlatform(platform),
    code: bundle?.sha256 ?? `in the image: ${code.module}`,
  };
  const all = withUsed(definitions);
  const own = await versionOf(all, parts, code.module);
  const version = options.version ?? own;
  const names = await plan(all, parts, version, { module: code.module });
  const at: Place = { ...place, version };
  const states = new Map<Planned, RegisteredEntity["state"]>();
  await inLanes(names, AT_ONCE, async (planned) => {
    const isThere = await exists(client, planned, at, signal);
    states.set(planned, isThere ? "unchanged" : "missing");
  });
  const isNew = [...states.values()].includes("missing");
  // A version made of the content stands for it; one that a person chose may stand for something else.
  const mustAsk = version !== own;
  let registered = names;
  if ((isNew || mustAsk) && options.dryRun !== true) {
    registered = await send(client, all, { ...options, parts, version, bundle, states });
  }
  return {
    version,
    entities: registered.map((planned, index) => {
      const { kind, name } = planned;
      const before = names[index];
      return {
        kind,
        name,
        version,
        state: states.get(planned) ?? (before && states.get(before)) ?? "missing",
        url: entityUrl({ consoleUrl: platform.consoleUrl, project, domain }, kind, name, version),
      };
    }),
  };
}

interface Sending extends RegisterOptions {
  readonly parts: Parameters<typeof plan>[1];
  readonly version: string;
  readonly bundle: Bundle | undefined;
  readonly states: Map<Planned, RegisteredEntity["state"]>;
}

async function send(
  client: FlyteClient,
  all: readonly Definition[],
  { bundle, code, notice, parts, signal, states, version }: Sending,
): Promise<readonly Planned[]> {
  if (bundle && bundle.bytes.length > BUNDLE_LARGE_BYTES) {
    notice?.(`the code has ${formatBytes(bundle.bytes.length)}; every container loads it`);
  }
  if (bundle && bundle.externals.length > 0) {
    notice?.(`the image has to have ${bundle.externals.join(", ")}: native code is not sent along`);
  }
  const sent = bundle && {
    uri: await stored(client, bundle, parts.place, signal),
    sha256: bundle.sha256,
  };
  const place: Place = { ...parts.place, version };
  const planned = await plan(all, parts, version, {
    module: code.module,
    ...(sent && { bundle: sent }),
  });
  // Workflows are compiled by the cluster out of their tasks, launch plans name their workflow.
  for (const kind of ["task", "workflow", "launch_plan"] as const) {
    const ofKind = planned.filter((each) => each.kind === kind);
    await inLanes(ofKind, AT_ONCE, async (each) => {
      states.set(each, await created(client, each, place, signal));
    });
  }
  return planned;
}

/** Without a root of ours the cluster makes one of the content: the same code has the same address. */
async function stored(
  client: FlyteClient,
  { bytes, module }: Bundle,
  { project, domain }: Omit<Place, "version">,
  signal: AbortSignal | undefined,
): Promise<string> {
  const store = openStore({ platform: client.platform, client, project, domain });
  const filename = module.replace(/\.mjs$/, ".tar.gz");
  return (await store.upload(bytes, { filename, signal })).uri;
}

const TYPES = {
  task: ResourceType.TASK,
  workflow: ResourceType.WORKFLOW,
  launch_plan: ResourceType.LAUNCH_PLAN,
} as const;
const WORDS = { task: "task", workflow: "workflow", launch_plan: "launch plan" } as const;

async function exists(
  client: FlyteClient,
  { kind, name }: Planned,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const request = { id: identifier(TYPES[kind], name, place) };
  const options = signal ? { signal } : {};
  try {
    if (kind === "task") await client.admin.getTask(request, options);
    else if (kind === "workflow") await client.admin.getWorkflow(request, options);
    else await client.admin.getLaunchPlan(request, options);
    return true;
  } catch (error) {
    if (statusOf(error) === Status.notFound) return false;
    throw remoteFailure(error, `look for ${WORDS[kind]} ${name}`);
  }
}

async function created(
  client: FlyteClient,
  planned: Planned,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<"created" | "unchanged"> {
  const { kind, name } = planned;
  const id = identifier(TYPES[kind], name, place);
  const options = signal ? { signal } : {};
  try {
    if (planned.kind === "task") {
      await client.admin.createTask({ id, spec: planned.spec }, options);
    } else if (planned.kind === "workflow") {
      await client.admin.createWorkflow({ id, spec: planned.spec }, options);
    } else {
      await client.admin.createLaunchPlan({ id, spec: planned.spec }, options);
    }
    return "created";
  } catch (error) {
    const status = statusOf(error);
    if (status === Status.alreadyExists) return "unchanged";
    if (status === Status.invalidArgument && (await exists(client, planned, place, signal))) {
      if (planned.kind === "task" && (await isSameButForPlace(client, planned.spec.template, id))) {
        return "unchanged";
      }
      throw new FlyteError(
        "VERSION_CONFLICT",
        `${WORDS[kind]} ${name} is registered with version ${place.version} already, and it is another one; ` +
          "give a version of its own, or none",
        { cause: error },
      );
    }
    throw rejected(error, planned);
  }
}

/** The same code may have been compressed by another Node, and then lies at another address. */
async function isSameButForPlace(
  client: FlyteClient,
  template: TaskTemplate | undefined,
  id: Place & { readonly name: string },
): Promise<boolean> {
  const { closure } = await client.admin.getTask({ id });
  const there = closure?.compiledTask?.template;
  return there !== undefined && template !== undefined && content(there) === content(template);
}

function content(template: TaskTemplate): string {
  const text = canonicalText(TaskTemplateSchema, template);
  return text.replace(/"--bundle","(?:[^"\\]|\\.)*"/, "");
}

/** What the cluster's compiler says of a node, with the name of what that calls and where it stands. */
function rejected(error: unknown, planned: Planned): FlyteError {
  const failure = remoteFailure(error, `register ${WORDS[planned.kind]} ${planned.name}`);
  if (planned.kind !== "workflow") return failure;
  const { nodes } = planned;
  const message = failure.message.replaceAll(/\bNode Id: n(\d+)/g, (whole, index: string) => {
    const node = nodes[Number(index)];
    return node ? `${whole} (${node.name}${node.at ? `, ${node.at}` : ""})` : whole;
  });
  return new FlyteError(failure.code, message, { cause: error });
}
