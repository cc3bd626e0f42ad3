/**
 * `runs()[1].cancel()` and `.executions()`: what a run has left running on a cluster.
 *
 * Loaded when somebody asks. What speaks to the cluster is behind the executor, and is loaded by its first question.
 *
 * Invariants
 *   V1  The cluster is asked by what the run's own links say of place and mark; a run without such links asks nobody.
 *   V2  A question that fails changes nothing: it can be asked again.
 * @module
 */

import type { LeftCall } from "../../store/left-executions.ts";
import { counted, formatCount } from "../../values/format.ts";
import { preview } from "../../values/preview.ts";
import { defaultExecutor, type ExecutionLink, executorFrom } from "../../workflow/executor.ts";
import type { ExecutionState, Outlived } from "../../workflow/outlived.ts";
import { refuseUnknown } from "../../workflow/settings.ts";
import type { DeckHistory, KnownRun } from "./deck-history.ts";
import { CancelReport, type ExecutionRow, ExecutionRows } from "./execution-rows.ts";

export interface ClusterOptions {
  /** A FlyteRemote. */
  readonly remote?: unknown;
}

/** Ends what a run has left running. @throws {Error} when nothing could be ended. */
export async function cancelRun(
  history: DeckHistory,
  run: KnownRun,
  options: ClusterOptions = {},
): Promise<CancelReport> {
  checkOptions("cancel", options);
  const own = history.record(run.id);
  if (run.state === "running") {
    if (own === undefined || !history.isOwn(run.id)) {
      throw new Error(`${run.title} still runs, in another process: interrupt it there`);
    }
    const count = history.cancelCalls(own, new Error(`cancelled by deck.cancel()`));
    const what = `${counted(count, "call")} of ${run.title}`;
    return new CancelReport(
      `${what} ${count === 1 ? "was" : "were"} cancelled, with what ${count === 1 ? "it" : "they"} had started`,
      0,
      [],
    );
  }
  const calls = callsOf(history, run);
  if (calls.length === 0) {
    return new CancelReport(`nothing to end: ${run.title} has left nothing running`, 0, []);
  }
  const cluster = clusterOf("cancel", history, run, calls, options);
  const {
    ended,
    notEnded,
    executions,
    elsewhere,
    cluster: where,
  } = await cluster.end(
    calls.map(({ link }) => link),
    causeText(run, calls[0]?.link.tag),
  );
  refuseElsewhere("cancel", history, run, { calls, elsewhere, where });
  const gone = new Map(ended.map(({ executionId }) => [executionId, "ABORTED"]));
  for (const { executionId, isOver, phase } of executions) {
    if (isOver) gone.set(executionId, phase ?? NOT_THERE);
  }
  history.heard(
    calls.flatMap((call) => {
      const phase = gone.get(call.link.executionId);
      return phase === undefined ? [] : { call, phase };
    }),
  );
  const failed = [
    ...notEnded.map(({ executionId, url, why }) => ({ execution: executionId, url, why })),
    ...elsewhere.map(({ executionId, url = "" }) => ({
      execution: executionId,
      url,
      why: `it is not on ${where}: give the cluster that it is on, .cancel({ remote })`,
    })),
  ];
  return new CancelReport(
    endText(run, ended.length, failed.length, calls.length),
    ended.length,
    failed,
  );
}

/** How executions stand that a run did not see end. @throws {Error} when nobody can tell. */
export async function executionsOf(
  history: DeckHistory,
  run: KnownRun,
  options: ClusterOptions = {},
): Promise<ExecutionRows> {
  checkOptions("executions", options);
  const calls = run.state === "running" ? openCalls(history, run) : callsOf(history, run);
  if (calls.length === 0) return new ExecutionRows();
  const cluster = clusterOf("executions", history, run, calls, options);
  const look = await cluster.look(calls.map(({ link }) => link));
  const { executions, elsewhere, cluster: where } = look;
  refuseElsewhere("executions", history, run, { calls, elsewhere, where });
  const byName = new Map(calls.map((call) => [call.link.executionId, call]));
  history.heard(
    executions.flatMap(({ executionId, isOver, phase = NOT_THERE }) => {
      const call = byName.get(executionId);
      return isOver && call !== undefined && run.state !== "running" ? { call, phase } : [];
    }),
  );
  return ExecutionRows.from([
    ...executions.map((state) => rowOf(state, byName.get(state.executionId))),
    ...elsewhere.map((link) => elsewhereRow(link, byName.get(link.executionId))),
  ]) as ExecutionRows;
}

/** The request that was to start it never arrived, or the cluster has forgotten it. */
const NOT_THERE = "NOT FOUND";

function rowOf(
  { executionId, phase = NOT_THERE, url, entity }: ExecutionState,
  call: LeftCall | undefined,
): ExecutionRow {
  return {
    call: call?.id ?? "",
    name: call?.name ?? entity ?? "",
    phase,
    execution: executionId,
    url,
  };
}

function elsewhereRow(
  { executionId, url = "" }: ExecutionLink,
  call: LeftCall | undefined,
): ExecutionRow {
  return {
    call: call?.id ?? "",
    name: call?.name ?? "",
    phase: "ON ANOTHER CLUSTER",
    execution: executionId,
    url,
  };
}

/** @throws {Error} when another run goes on with them. */
function callsOf(history: DeckHistory, run: KnownRun): readonly LeftCall[] {
  const { calls, takenUpBy } = history.left(run);
  if (takenUpBy === undefined) return calls;
  const handle = history.handleOf(takenUpBy.id);
  const state = takenUpBy.state === "running" ? "still runs" : "was killed in its turn";
  throw new Error(
    `${takenUpBy.title} has gone on with the executions of ${run.title}, and ${state}: ask ${handle} instead`,
  );
}

function openCalls(history: DeckHistory, run: KnownRun): readonly LeftCall[] {
  const calls = [...(history.record(run.id)?.calls.values() ?? [])];
  return calls.filter(
    (call): call is LeftCall => call.link !== undefined && call.endedAt === undefined,
  );
}

type Member = "cancel" | "executions";

function checkOptions(member: Member, options: ClusterOptions): void {
  const what = `${member}()`;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${what} takes the cluster as an option: .${member}({ remote })`);
  }
  refuseUnknown(what, options as Readonly<Record<string, unknown>>, ["remote"]);
}

/** @throws {Error} that says what to type when nobody says which cluster. */
function clusterOf(
  member: Member,
  history: DeckHistory,
  run: KnownRun,
  calls: readonly LeftCall[],
  { remote }: ClusterOptions,
): Outlived {
  if (remote !== undefined) {
    const given = executorFrom(remote)?.outlived;
    if (given !== undefined) return given;
    throw new TypeError(`${member}({ remote }) takes a FlyteRemote, not ${preview(remote).line}`);
  }
  const ofSession = defaultExecutor().outlived;
  if (ofSession !== undefined) return ofSession;
  const { project, domain } = placeOf(calls[0]?.link.url);
  const handle = history.handleOf(run.id);
  throw new Error(
    `${executionsText(calls.length)} of ${run.title} may still run at ${originOf(calls[0]?.link.url)}, and this session has no cluster. ` +
      `Say it once, %remote ${project}/${domain} in a cell or .remote ${project}/${domain} in the terminal, or give it: ` +
      `await ${handle}.${member}({ remote: new FlyteRemote({ config: Config.auto(), defaultProject: "${project}", defaultDomain: "${domain}" }) })`,
  );
}

/** When nothing of the run is on the cluster that was asked. */
function refuseElsewhere(
  member: Member,
  history: DeckHistory,
  run: KnownRun,
  look: {
    readonly calls: readonly LeftCall[];
    readonly elsewhere: readonly ExecutionLink[];
    readonly where: string;
  },
): void {
  const { calls, elsewhere, where } = look;
  if (elsewhere.length < calls.length) return;
  throw new Error(
    `${executionsText(calls.length)} of ${run.title} may run on ${originOf(elsewhere[0]?.url)}, and ${where} was asked: ` +
      `give the cluster that they are on, await ${history.handleOf(run.id)}.${member}({ remote })`,
  );
}

/** People read it on the page of each. */
function causeText({ title, state }: KnownRun, tag = ""): string {
  const why = state === "killed" ? `the process of ${title} was lost, and ` : "";
  return `${why}runs().cancel() ended what ${why === "" ? title : "it"} had left running (${tag})`;
}

function executionsText(count: number): string {
  return counted(count, "execution");
}

function originOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : "an unknown cluster";
}

function placeOf(url = ""): { readonly project: string; readonly domain: string } {
  const [, project = "PROJECT", domain = "DOMAIN"] =
    /\/projects\/([^/]+)\/domains\/([^/]+)\//.exec(url) ?? [];
  return { project: decodeURIComponent(project), domain: decodeURIComponent(domain) };
}

function endText({ title }: KnownRun, ended: number, failed: number, asked: number): string {
  if (ended === 0 && failed === 0) {
    const all = asked === 1 ? "its execution has" : `all ${formatCount(asked)} executions have`;
    return `nothing to end: ${all} ended (${title})`;
  }
  const were = ended === 1 ? "was" : "were";
  const done = `${executionsText(ended)} of ${title} ${were} ended`;
  return failed === 0 ? done : `${done}, ${formatCount(failed)} could not be`;
}
