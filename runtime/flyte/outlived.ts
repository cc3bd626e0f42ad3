/**
 * Executions that have outlived the process which waited for them: how they stand, and their end.
 *
 * Invariants
 *   O1  Only what belongs to the run is touched: in the project and domain of its own links, on the cluster that they lead
 *       to, with its label.
 *   O2  By name and by mark: of those with a name of the user's own no mark tells, and of those that were started in the
 *       last moment no link was kept.
 * @module
 */
import type { ExecutionLink } from "../workflow/executor.ts";
import type { ExecutionState, OutlivedEnd, OutlivedLook } from "../workflow/outlived.ts";
import type { FlyteClient } from "./client.ts";
import type { Connection, Place } from "./connection.ts";
import { executionUrl, readExecutionUrl } from "./console.ts";
import { remoteFailure, Status, statusOf } from "./errors.ts";
import { namedFilter } from "./filters.ts";
import type { Execution } from "./idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase as Phase } from "./idl/flyteidl/core/execution_pb.ts";
import { hasTag } from "./launch.ts";
import { PAGE_ROWS } from "./pages.ts";
import { phaseName } from "./phases.ts";
import { runningOf } from "./stop.ts";
import { hasEnded } from "./watch.ts";

/** Of those that are in no list. */
const SINGLE_AT_ONCE = 8;

/** What was started in one project and domain. */
interface Group extends Place {
  /** By name, with the mark. */
  readonly names: Map<string, string | undefined>;
}

interface Found extends ExecutionState {
  readonly place: Place;
}

/** @throws {FlyteError} when the cluster does not answer. */
export async function lookAtOutlived(
  connection: Connection,
  links: readonly ExecutionLink[],
): Promise<OutlivedLook> {
  const { executions, ...look } = await found(connection, links);
  return { ...look, executions: executions.map(told) };
}

/** @throws {FlyteError} when the cluster does not say what runs. */
export async function endOutlived(
  connection: Connection,
  links: readonly ExecutionLink[],
  why: string,
): Promise<OutlivedEnd> {
  const { executions, ...look } = await found(connection, links);
  const open = executions.filter(({ isOver }) => !isOver);
  const results = await Promise.all(
    open.map(async (execution) => {
      const { place, executionId } = execution;
      const error = await connection.stopper.failure(place, executionId, `eagerdeck: ${why}`);
      return { execution, error };
    }),
  );
  return {
    ...look,
    executions: executions.map(told),
    ended: results.flatMap(({ execution, error }) => (error === undefined ? told(execution) : [])),
    notEnded: results.flatMap(({ execution, error }) =>
      error === undefined
        ? []
        : { ...told(execution), why: remoteFailure(error, "end it").message },
    ),
  };
}

function told({ place: _, ...state }: Found): ExecutionState {
  return state;
}

async function found(
  { client }: Connection,
  links: readonly ExecutionLink[],
): Promise<Omit<OutlivedLook, "executions"> & { readonly executions: readonly Found[] }> {
  const { consoleUrl } = client.platform;
  const groups = new Map<string, Group>();
  const elsewhere: ExecutionLink[] = [];
  for (const link of links) {
    const place = placeOf(link, consoleUrl);
    if (place === undefined) {
      elsewhere.push(link);
      continue;
    }
    const { project, domain } = place;
    const key = `${project}\n${domain}`;
    const group = groups.get(key) ?? { project, domain, names: new Map() };
    groups.set(key, group);
    group.names.set(link.executionId, link.tag);
  }
  try {
    const all = await Promise.all([...groups.values()].map((group) => foundIn(client, group)));
    return { executions: all.flat(), elsewhere, cluster: consoleUrl };
  } catch (error) {
    throw remoteFailure(error, "ask the cluster what still runs");
  }
}

/** O1. @returns undefined for what another cluster runs. */
function placeOf({ url }: ExecutionLink, consoleUrl: string): Place | undefined {
  return url?.startsWith(`${consoleUrl}/console/`) ? readExecutionUrl(url) : undefined;
}

/** O2 */
async function foundIn(client: FlyteClient, { names, ...place }: Group): Promise<Found[]> {
  const byName = await namedExecutions(client, place, [...names.keys()]);
  const tags = new Set([...names.values()].filter((tag) => tag !== undefined));
  const running = new Map<string, Execution>();
  for (const tag of tags) {
    for (const [name, execution] of await runningOf(client, place, tag)) {
      if (!names.has(name)) running.set(name, execution);
    }
  }
  const { consoleUrl } = client.platform;
  const stateOf = (executionId: string, execution: Execution | undefined): Found => {
    const phase = execution?.closure?.phase;
    return {
      executionId,
      url: executionUrl({ consoleUrl, ...place }, executionId),
      phase: phase === undefined ? undefined : phaseName(phase),
      isOver: phase === undefined || hasEnded(phase) || phase === Phase.ABORTING,
      entity: execution?.spec?.launchPlan?.name,
      place,
    };
  };
  return [
    ...[...names].map(([name, tag]) => {
      const execution = byName.get(name);
      // A name that was taken by another run when this one asked for it.
      const isOurs = execution && tag !== undefined && hasTag(execution, tag);
      return stateOf(name, isOurs ? execution : undefined);
    }),
    ...[...running].map(([name, execution]) => stateOf(name, execution)),
  ];
}

/** In as few questions as possible; what is in no list, as archived executions are, is asked for singly. */
async function namedExecutions(
  client: FlyteClient,
  { project, domain }: Place,
  names: readonly string[],
): Promise<ReadonlyMap<string, Execution>> {
  const executions = new Map<string, Execution>();
  for (let at = 0; at < names.length; at += PAGE_ROWS) {
    const asked = names.slice(at, at + PAGE_ROWS);
    try {
      const answer = await client.admin.listExecutions({
        id: { project, domain },
        limit: asked.length,
        filters: namedFilter(asked),
      });
      for (const execution of answer.executions) {
        if (execution.id !== undefined) executions.set(execution.id.name, execution);
      }
    } catch (error) {
      // A cluster that takes no lists by name.
      if (statusOf(error) !== Status.invalidArgument) throw error;
    }
  }
  const left = names.filter((name) => !executions.has(name));
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        executions.set(name, await client.admin.getExecution({ id: { project, domain, name } }));
      } catch (error) {
        if (statusOf(error) !== Status.notFound) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: SINGLE_AT_ONCE }, worker));
  return executions;
}
