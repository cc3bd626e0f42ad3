/**
 * What is registered: finds the entity that a call means, its version and its interface.
 *
 * A version never changes, so it is asked for once. The latest one is asked for again after a moment: a fan-out of a
 * thousand calls is one question.
 * @module
 */

import { editDistance } from "../values/nearest.ts";
import type { FlyteClient } from "./client.ts";
import { FlyteError, remoteFailure, Status, statusOf } from "./errors.ts";
import type { NamedEntityIdentifier } from "./idl/flyteidl/admin/common_pb.ts";
import { Sort_Direction } from "./idl/flyteidl/admin/common_pb.ts";
import type { LaunchPlan } from "./idl/flyteidl/admin/launch_plan_pb.ts";
import { type Identifier, ResourceType } from "./idl/flyteidl/core/identifier_pb.ts";
import type { Parameter, Variable } from "./idl/flyteidl/core/interface_pb.ts";
import type { EntityKind } from "./options.ts";

/** One version of an entity, ready to be run. */
export interface Target {
  /** What the person asked for. */
  readonly kind: EntityKind;
  readonly name: string;
  readonly version: string;
  readonly project: string;
  readonly domain: string;
  /** What an execution is started with: the task, or a launch plan. */
  readonly id: Identifier;
  readonly inputs: Readonly<Record<string, Variable>>;
  /** Inputs that may be left out: the cluster knows a value for them. */
  readonly optional: ReadonlySet<string>;
  readonly outputs: Readonly<Record<string, Variable>>;
}

export interface Wanted {
  readonly kind: EntityKind;
  readonly project: string;
  readonly domain: string;
  readonly name: string;
  /** Default: the latest. */
  readonly version?: string | undefined;
}

const LATEST_MS = 5_000;
const NEAR_MAX = 5;
const NAMES_MAX = 1_000;
const WORDS: Readonly<Record<EntityKind, string>> = {
  task: "task",
  workflow: "workflow",
  launch_plan: "launch plan",
};
const FETCHES: Readonly<Record<EntityKind, string>> = {
  task: "fetchTask",
  workflow: "fetchWorkflow",
  launch_plan: "fetchLaunchPlan",
};
/** What people take a kind for. */
const OTHER_KINDS: Readonly<Record<EntityKind, readonly EntityKind[]>> = {
  task: ["workflow", "launch_plan"],
  workflow: ["task", "launch_plan"],
  launch_plan: ["workflow", "task"],
};

export class Targets {
  readonly #client: FlyteClient;
  readonly #known = new Map<string, Promise<Target>>();
  readonly #latest = new Map<
    string,
    { readonly version: Promise<string>; readonly until: number }
  >();

  constructor(client: FlyteClient) {
    this.#client = client;
  }

  /** @throws {FlyteError} `REMOTE_NOT_FOUND` with names that are near, and whatever keeps the cluster from answering. */
  async find(wanted: Wanted): Promise<Target> {
    const version = wanted.version ?? (await this.#latestVersion(wanted));
    const key = [wanted.kind, wanted.project, wanted.domain, wanted.name, version].join("\n");
    let target = this.#known.get(key);
    if (target === undefined) {
      target = this.#fetch({ ...wanted, version });
      this.#known.set(key, target);
      // What is missing may be registered in a moment.
      target.catch(() => this.#known.delete(key));
    }
    return await target;
  }

  /** The cluster is another one than it was: a version that was there may be gone. */
  forget(): void {
    this.#known.clear();
    this.#latest.clear();
  }

  /** Something was registered: the latest may be another one now. */
  forgetLatest(): void {
    this.#latest.clear();
  }

  #latestVersion(wanted: Wanted): Promise<string> {
    const key = [wanted.kind, wanted.project, wanted.domain, wanted.name].join("\n");
    const known = this.#latest.get(key);
    const now = performance.now();
    if (known !== undefined && known.until > now) return known.version;
    const version = this.#askLatest(wanted);
    this.#latest.set(key, { version, until: now + LATEST_MS });
    version.catch(() => this.#latest.delete(key));
    return version;
  }

  async #askLatest({ kind, project, domain, name }: Wanted): Promise<string> {
    const { admin } = this.#client;
    const request = {
      id: { project, domain, name },
      limit: 1,
      sortBy: { key: "created_at", direction: Sort_Direction.DESCENDING },
    };
    const what = `look for the latest version of ${WORDS[kind]} ${name}`;
    const found = await tried(what, async () => {
      if (kind === "task") return (await admin.listTasks(request)).tasks;
      if (kind === "workflow") return (await admin.listWorkflows(request)).workflows;
      return (await admin.listLaunchPlans(request)).launchPlans;
    });
    const version = found[0]?.id?.version;
    if (version !== undefined && version !== "") return version;
    throw await this.#notFound({ kind, project, domain, name });
  }

  async #fetch(wanted: Wanted & { readonly version: string }): Promise<Target> {
    const { kind, name, version } = wanted;
    try {
      if (kind === "task") return await this.#task(wanted);
      if (kind === "launch_plan") return launchPlanTarget(wanted, await this.#launchPlan(wanted));
      return await this.#workflow(wanted);
    } catch (error) {
      if (statusOf(error) === Status.notFound) throw await this.#notFound(wanted);
      throw remoteFailure(error, `fetch ${WORDS[kind]} ${name} of version ${version}`);
    }
  }

  async #task(wanted: Wanted & { readonly version: string }): Promise<Target> {
    const id = identifier(ResourceType.TASK, wanted);
    const { closure } = await this.#client.admin.getTask({ id });
    const found = closure?.compiledTask?.template?.interface;
    return {
      ...wanted,
      id,
      inputs: found?.inputs?.variables ?? {},
      optional: new Set(),
      outputs: found?.outputs?.variables ?? {},
    };
  }

  /** A workflow runs by its launch plan of the same name and version, else by the active one of its name. */
  async #workflow(wanted: Wanted & { readonly version: string }): Promise<Target> {
    try {
      return launchPlanTarget(wanted, await this.#launchPlan(wanted));
    } catch (error) {
      if (statusOf(error) !== Status.notFound) throw error;
    }
    const { project, domain, name, version } = wanted;
    const active = await this.#client.admin.getActiveLaunchPlan({ id: { project, domain, name } });
    const runs = active.spec?.workflowId?.version;
    if (runs !== version) {
      throw new FlyteError(
        "REMOTE_NOT_FOUND",
        `workflow ${name} of version ${version} has no launch plan; the active one of its name runs version ${runs}`,
      );
    }
    return launchPlanTarget(wanted, active);
  }

  async #launchPlan(wanted: Wanted & { readonly version: string }): Promise<LaunchPlan> {
    return await this.#client.admin.getLaunchPlan({
      id: identifier(ResourceType.LAUNCH_PLAN, wanted),
    });
  }

  async #notFound({ kind, project, domain, name, version }: Wanted): Promise<FlyteError> {
    const what = `${WORDS[kind]} ${name}${version === undefined ? "" : ` of version ${version}`}`;
    const where = `${project}/${domain}`;
    const names = await this.#names(kind, project, domain).catch((): string[] => []);
    const has = names.includes(name);
    if (has && version !== undefined) {
      const latest = await this.#latestVersion({ kind, project, domain, name }).catch(() => "");
      const advice = latest === "" ? "" : `; its latest version is ${latest}`;
      return new FlyteError("REMOTE_NOT_FOUND", `there is no ${what} in ${where}${advice}`);
    }
    for (const other of OTHER_KINDS[kind]) {
      const others = await this.#names(other, project, domain).catch((): string[] => []);
      if (!others.includes(name)) continue;
      return new FlyteError(
        "REMOTE_NOT_FOUND",
        `there is no ${what} in ${where}, but a ${WORDS[other]} of that name: ${FETCHES[other]}(${JSON.stringify(name)})`,
      );
    }
    const near = nearestNames(name, names);
    const advice =
      near.length === 0
        ? `; no ${WORDS[kind]} is registered there`
        : `; near it are ${near.join(", ")}`;
    return new FlyteError("REMOTE_NOT_FOUND", `there is no ${what} in ${where}${advice}`);
  }

  async #names(kind: EntityKind, project: string, domain: string): Promise<string[]> {
    const { admin } = this.#client;
    const request = { project, domain, limit: NAMES_MAX };
    const { entities } = await (kind === "task"
      ? admin.listTaskIds(request)
      : kind === "workflow"
        ? admin.listWorkflowIds(request)
        : admin.listLaunchPlanIds(request));
    return entities.map(({ name }: NamedEntityIdentifier) => name);
  }
}

/** The five that differ least; those that end the same come first, since a path may be what is wrong. */
function nearestNames(name: string, known: readonly string[]): string[] {
  const last = lastPart(name).toLowerCase();
  return known
    .map((other) => ({
      other,
      distance:
        lastPart(other).toLowerCase() === last
          ? 0
          : editDistance(name.toLowerCase().slice(0, 100), other.toLowerCase().slice(0, 100)),
    }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, NEAR_MAX)
    .map(({ other }) => other);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function identifier(
  resourceType: ResourceType,
  { project, domain, name, version }: Wanted & { readonly version: string },
): Identifier {
  return {
    $typeName: "flyteidl.core.Identifier",
    ...{ resourceType, project, domain, name, version, org: "" },
  };
}

function launchPlanTarget(wanted: Wanted & { readonly version: string }, plan: LaunchPlan): Target {
  const { id, spec, closure } = plan;
  if (id === undefined || closure === undefined) {
    throw new FlyteError(
      "REMOTE_REJECTED",
      `the cluster's answer to launch plan ${wanted.name} tells nothing of it; is the endpoint flyteadmin's?`,
    );
  }
  const fixed = spec?.fixedInputs?.literals ?? {};
  const free = Object.entries(closure.expectedInputs?.parameters ?? {}).filter(
    ([name]) => !Object.hasOwn(fixed, name),
  );
  const inputs = Object.fromEntries(
    free.flatMap(([name, parameter]) => (parameter.var ? [[name, parameter.var] as const] : [])),
  );
  const optional = new Set(free.filter(([, parameter]) => !isRequired(parameter)).map(([n]) => n));
  return { ...wanted, id, inputs, optional, outputs: closure.expectedOutputs?.variables ?? {} };
}

function isRequired({ behavior }: Parameter): boolean {
  return behavior.case === undefined || (behavior.case === "required" && behavior.value);
}

async function tried<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw remoteFailure(error, what);
  }
}
