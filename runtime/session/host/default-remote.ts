/**
 * The cluster where calls of the session run that say nothing else: set, shown and taken back by `.remote`.
 *
 * Loaded in the user process when somebody asks, through `Session.evaluate`; a start of a session pays nothing for it.
 * @module
 */
import { Config } from "../../flyte/config.ts";
import { type CheckResult, FlyteRemote } from "../../flyte/remote.ts";
import { counted, formatDuration } from "../../values/format.ts";
import { REMOTE_ANSWER_TYPE, type RemoteAnswer, type RemoteRequest } from "../remote-answer.ts";

/** A person waits for it. */
const CHECK_MAX_MS = 15_000;
/** Tokens and signed addresses stop working beyond some minutes; seconds are nothing to mention. */
const SKEW_TOLD_MS = 30_000;

/** @returns a value that shows itself as one JSON bundle of `REMOTE_ANSWER_TYPE`. */
export async function defaultRemote(request: RemoteRequest): Promise<object> {
  const answer = await answerTo(request);
  return {
    [Symbol.for("Jupyter.display")]: () => ({ [REMOTE_ANSWER_TYPE]: answer, "text/plain": "" }),
  };
}

async function answerTo(request: RemoteRequest): Promise<RemoteAnswer> {
  if (request.action === "off") {
    const was = FlyteRemote.current;
    FlyteRemote.use(undefined);
    return {
      lines: [was ? "calls run in this session again" : "calls run in this session already"],
    };
  }
  if (request.action === "show") {
    const remote = FlyteRemote.current;
    if (remote !== undefined) return { lines: [...(await whereLines(remote)), ...kept()] };
    return {
      lines: ["calls run in this session; .remote PROJECT/DOMAIN sends them to a cluster"],
    };
  }
  const config = Config.auto(request.config);
  let { project, domain } = request;
  try {
    // Settings that cannot be read change nothing.
    const platform = config.resolve();
    project ??= platform.project;
    domain ??= platform.domain;
  } catch (error) {
    return { lines: [], error: messageOf(error) };
  }
  if (project === undefined || domain === undefined) {
    const missing = project === undefined ? "project" : "domain";
    const error = `${request.config} does not say task.${missing}; give both: .remote PROJECT/DOMAIN --config ${request.config}`;
    return { lines: [], error };
  }
  const remote = new FlyteRemote({ config, defaultProject: project, defaultDomain: domain }).use();
  return { lines: [...(await whereLines(remote)), ...kept()] };
}

/** Where calls run, then what the cluster says of itself. */
async function whereLines(remote: FlyteRemote): Promise<string[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${formatDuration(CHECK_MAX_MS)}`));
  }, CHECK_MAX_MS);
  try {
    const check = await Promise.race([remote.check(), late]);
    return [`calls run on ${remote.placeText} of ${check.endpoint}`, ...checkLines(check)];
  } catch (error) {
    return [`calls run on ${remote.placeText}, but now: ${messageOf(error)}`];
  } finally {
    clearTimeout(timer);
  }
}

function checkLines(check: CheckResult): string[] {
  const { server, identity, project, projectExists, storage, clockSkewMs = 0 } = check;
  const lines = [
    `  server   ${server}`,
    `  you      ${identity ?? "the cluster does not say whom it takes you for"}`,
  ];
  if (projectExists === false) lines.push(`  project  there is no ${project}: calls will fail`);
  lines.push(`  storage  ${storage}`);
  if (Math.abs(clockSkewMs) > SKEW_TOLD_MS) {
    const by = counted(Math.round(Math.abs(clockSkewMs) / 1_000), "second");
    lines.push(
      `  clock    yours is ${by} ${clockSkewMs > 0 ? "ahead of" : "behind"} the cluster's`,
    );
  }
  return lines;
}

/** Said where it would surprise: the setting wins. */
function kept(): string[] {
  if (process.env["EAGERDECK_REMOTE"] !== "off") return [];
  return ["but EAGERDECK_REMOTE=off keeps all calls in this session"];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
