/**
 * `eagerdeck run FILE WORKFLOW --x 5`: one workflow of a file, its value on stdout, its deck on stderr.
 * @module
 */
import { resolve } from "node:path";
import { exitCodes } from "../repl/exit-codes.ts";
import { keepRunFiles } from "../runtime/deck/run-files.ts";
import { deckPage } from "../runtime/deck/views.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { Records } from "../runtime/events/records.ts";
import type { CellError } from "../runtime/session/cell-error.ts";
import { describeFile } from "../runtime/session/client/describe.ts";
import { cellErrorText } from "../runtime/session/client/error-text.ts";
import {
  type Session,
  type SessionEvent,
  type Settled,
  startSession,
} from "../runtime/session/client/session.ts";
import { checkInputFile, checkOutputFile, writeOutput } from "./files.ts";
import { readInputs } from "./inputs.ts";
import { pick } from "./pick.ts";
import { openProgress, type Progress } from "./progress.ts";
import { callWorkflow } from "./run-call.ts";
import { workflowHelp } from "./run-help.ts";
import { Stop } from "./stop.ts";
import { UsageError } from "./usage.ts";

export interface RunFlags {
  readonly deck?: string;
  readonly json?: boolean;
  /** Only tells which inputs the workflow takes. */
  readonly help?: boolean;
}

const COLUMNS_DEFAULT = 100;

/** @returns the exit code, as `repl/exit-codes.ts` has them; a workflow's `process.exit(n)` gives n. */
export async function run(
  file: string,
  workflow: string,
  args: readonly string[],
  flags: RunFlags,
): Promise<number> {
  checkInputFile(file, "a .ts file");
  if (flags.deck !== undefined) checkOutputFile("--deck", flags.deck);
  const session = startSession({ folder: process.cwd(), columns: COLUMNS_DEFAULT, check: "off" });
  using stop = new Stop(session);
  const records = new Records();
  using progress = openProgress(() => {
    const run = records.runs().at(-1);
    return run && outsideSession(run);
  }, flags.json === true);
  const filesWritten = keepRunFiles(session, {
    onNotice: (text) => progress.say(`${text}\n`, "stderr"),
    pageOf: outsideSession,
  });
  try {
    const wanted = { file, workflow, args, flags };
    const code = await runIn(session, stop, { ...wanted, records, progress });
    return stop.code ?? code;
  } catch (error) {
    // A session that was stopped while it started or loaded the file fails in many ways; the person knows why.
    if (stop.code !== undefined && !(error instanceof UsageError)) return stop.code;
    throw error;
  } finally {
    progress.end();
    await session.close({ graceMs: 300 });
    await filesWritten();
  }
}

interface Wanted {
  readonly file: string;
  readonly workflow: string;
  readonly args: readonly string[];
  readonly flags: RunFlags;
  readonly records: Records;
  readonly progress: Progress;
}

async function runIn(session: Session, stop: Stop, wanted: Wanted): Promise<number> {
  const { file, flags, workflow, records, progress } = wanted;
  const write = flags.json ? jsonLine : () => undefined;
  let exitCode: number | undefined;
  session.onEvent((event) => {
    if (event.kind === "phase" && event.exitCode !== undefined) exitCode = event.exitCode;
    follow(event, records, progress, flags.json === true);
    if (event.kind === "event") write({ type: "event", event: event.event });
  });
  await session.ready;
  const path = resolve(file);
  const described = await describeFile(session, path);
  if (!described.ok) {
    if (exitCode !== undefined) return exitCode;
    if (stop.code === undefined) {
      progress.end();
      const text = cellErrorText(withoutOwnCode(described.error));
      process.stderr.write(`${file} cannot be loaded:\n${text}\n`);
    }
    return exitCodes.failed;
  }
  const entity = pick(described.module.entities, workflow, file);
  if (flags.help) {
    progress.end();
    process.stdout.write(workflowHelp(file, entity));
    return exitCodes.ok;
  }
  const inputs = readInputs(entity, wanted.args);
  const settled = await callWorkflow(session, { path, entity, inputs, args: wanted.args, stop });
  const record = runOf(settled, records, exitCode);
  refuseInvalidInputs(settled, record);
  const ended = exitCode ?? codeOf(settled);
  progress.end();
  // Who called `process.exit` knows why it ended.
  if (exitCode === undefined) report(settled, write, flags.json === true);
  const run = record && outsideSession(record);
  if (!run) return ended;
  progress.deck(run);
  if (flags.deck === undefined) return ended;
  // After the value: a page that cannot be written must not cost the result.
  return writeOutput("--deck", flags.deck, await deckPage(run))
    ? ended
    : Math.max(ended, exitCodes.failed);
}

/** A process that was killed does not say any more which run its call was. */
function runOf(
  { runId, error }: Settled,
  records: Records,
  exitCode: number | undefined,
): RunRecord | undefined {
  if (runId !== undefined) return records.run(runId);
  const isKilled = error?.code === "SESSION_LOST" && exitCode === undefined;
  return isKilled ? records.runs().at(-1) : undefined;
}

function codeOf(settled: Settled): number {
  if (settled.status === "ok") return exitCodes.ok;
  if (settled.error?.code === "SESSION_LOST") return exitCodes.lost;
  return settled.status === "interrupted" ? exitCodes.interrupted : exitCodes.failed;
}

function report(settled: Settled, write: (message: object) => void, isJson: boolean): void {
  if (settled.status === "ok") {
    if (isJson) write({ type: "result", value: settled.value ?? null });
    else process.stdout.write(`${String(settled.value?.["text/plain"] ?? "undefined")}\n`);
  } else if (settled.error) {
    const error = withoutOwnCode(settled.error);
    if (isJson) write({ type: "error", error });
    else process.stderr.write(`${cellErrorText(error)}\n`);
  }
}

/** Inputs that their schemas refuse are wrong usage: the workflow itself never ran. */
function refuseInvalidInputs(settled: Settled, record: RunRecord | undefined): void {
  const isRootRefused = record === undefined || record.calls.size === 1;
  if (settled.error?.code === "INPUT_INVALID" && isRootRefused) {
    throw new UsageError(settled.error.message.replaceAll("\n", " "));
  }
}

/** The code that loads the file and makes the call is ours: its places would tell the person nothing. */
function withoutOwnCode(error: CellError): CellError {
  const isOwn = ({ file, from }: CellError["frames"][number]) =>
    from === "cell" || file === "expression";
  const { codeFrame, ...rest } = error;
  const [top] = error.frames;
  // A syntax error of the file brings its own frame in its message.
  const isFrameOwn = top === undefined || isOwn(top);
  return {
    ...rest,
    ...(codeFrame === undefined || isFrameOwn ? {} : { codeFrame }),
    frames: error.frames.filter((frame) => !isOwn(frame)),
    ...(error.cause ? { cause: withoutOwnCode(error.cause) } : {}),
  };
}

/** A run as a plain script's: there is no `deck` to ask and no cell to name once the command has ended. */
function outsideSession(record: RunRecord): RunRecord {
  const { cell: _, n: __, ...run } = record;
  return run;
}

function follow(event: SessionEvent, records: Records, progress: Progress, isJson: boolean): void {
  if (event.kind === "notice") progress.say(`${event.text}\n`, "stderr");
  if (event.kind !== "event") return;
  records.apply(event.event);
  progress.changed();
  if (event.event.kind !== "log" || isJson) return;
  const { stream, text } = event.event;
  progress.say(text, stream === "stdout" ? "stdout" : "stderr");
}

function jsonLine(message: object): void {
  process.stdout.write(`${JSON.stringify({ v: 1, ...message })}\n`);
}
