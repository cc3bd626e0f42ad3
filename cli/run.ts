/**
 * `eagerdeck run FILE WORKFLOW --x 5`: one workflow of a file, its value on stdout, its deck on stderr.
 * @module
 */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { deckPage, deckRows, rowsToText } from "../runtime/deck/views.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { Records } from "../runtime/events/records.ts";
import type { CellError } from "../runtime/session/cell-error.ts";
import { describeFile, type EntityDescription } from "../runtime/session/client/describe.ts";
import { cellErrorText } from "../runtime/session/client/error-text.ts";
import { type LadderState, ladder } from "../runtime/session/client/interrupt.ts";
import {
  type Session,
  type SessionEvent,
  startSession,
} from "../runtime/session/client/session.ts";
import { readInputs } from "./inputs.ts";
import { didYouMean, EXIT, UsageError } from "./usage.ts";

export interface RunFlags {
  readonly deck?: string;
  readonly json?: boolean;
}

const COLUMNS_DEFAULT = 100;

/** @returns the exit code: 0, or 1 when the workflow failed, 3 when the user process was lost. */
export async function run(
  file: string,
  workflow: string,
  args: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`no such file: ${file}`);
  if (statSync(path).isDirectory()) throw new UsageError(`${file} is a folder; give a .ts file`);
  if (flags.deck !== undefined && !existsSync(dirname(resolve(flags.deck)))) {
    throw new UsageError(`--deck: no such folder: ${dirname(flags.deck)}`);
  }
  const session = startSession({ folder: process.cwd(), columns: COLUMNS_DEFAULT, check: "off" });
  const interrupt = new AbortController();
  const press = () => interrupt.abort();
  process.on("SIGINT", press);
  process.on("SIGTERM", press);
  try {
    return await runIn(session, { path, file, workflow, args, flags, signal: interrupt.signal });
  } finally {
    process.off("SIGINT", press);
    process.off("SIGTERM", press);
    await session.close({ graceMs: 300 });
  }
}

interface Wanted {
  readonly path: string;
  readonly file: string;
  readonly workflow: string;
  readonly args: readonly string[];
  readonly flags: RunFlags;
  readonly signal: AbortSignal;
}

async function runIn(session: Session, wanted: Wanted): Promise<number> {
  const { file, flags, workflow } = wanted;
  const write = flags.json ? jsonLine : () => undefined;
  const records = new Records();
  session.onEvent((event) => {
    follow(event, records, flags.json === true);
    if (event.kind === "event") write({ type: "event", event: event.event });
  });
  await session.ready;
  const described = await describeFile(session, wanted.path);
  if (!described.ok) {
    process.stderr.write(`${file} cannot be loaded:\n${cellErrorText(described.error)}\n`);
    return EXIT.failed;
  }
  const entity = pick(described.module.entities, workflow, file);
  const inputs = readInputs(entity, wanted.args);
  const settled = await call(session, wanted, entity, inputs);
  const record = settled.runId === undefined ? undefined : records.run(settled.runId);
  const run = record && outsideSession(record);
  if (run && !flags.json)
    process.stderr.write(
      `${rowsToText(deckRows(run, { columns: COLUMNS_DEFAULT, rowsMax: 60 }))}\n`,
    );
  if (run && flags.deck !== undefined) writeFileSync(flags.deck, await deckPage(run));
  if (settled.status === "ok") {
    if (flags.json) write({ type: "result", value: settled.value ?? null });
    else process.stdout.write(`${String(settled.value?.["text/plain"] ?? "undefined")}\n`);
    return EXIT.ok;
  }
  if (settled.error) {
    const error = withoutOwnCell(settled.error);
    if (flags.json) write({ type: "error", error });
    else process.stderr.write(`${cellErrorText(error)}\n`);
  }
  if (settled.error?.code === "SESSION_LOST") return EXIT.lost;
  return settled.status === "interrupted" ? 130 : EXIT.failed;
}

function pick(
  entities: readonly EntityDescription[],
  workflow: string,
  file: string,
): EntityDescription {
  const names = entities.map(({ exported }) => exported);
  const entity = entities.find(({ exported, name }) => exported === workflow || name === workflow);
  if (entity) return entity;
  if (names.length === 0)
    throw new UsageError(
      `${file} exports no task or workflow; export one: export const flow = eager(…)`,
    );
  const hint = didYouMean(workflow, names) || ` It has ${names.join(", ")}.`;
  throw new UsageError(`${file} exports no workflow '${workflow}'.${hint}`);
}

async function call(
  session: Session,
  wanted: Wanted,
  entity: EntityDescription,
  inputs: Record<string, unknown>,
) {
  const from = JSON.stringify(wanted.path);
  const text = JSON.stringify(inputs);
  // Without schemas the checker is what knows the inputs: the call is written as a person would, and checked.
  const isChecked = entity.inputs === undefined && Object.keys(inputs).length > 0;
  const code = isChecked
    ? `import { ${entity.exported} as workflow } from ${from};\nawait workflow(${text})`
    : `const { ${entity.exported}: workflow } = await import(${JSON.stringify(pathToFileURL(wanted.path).href)});\nawait workflow(${text})`;
  const execution = session.execute({ code, check: isChecked ? "error" : "off" });
  let state: LadderState | undefined;
  const stop = () => {
    const climbed = ladder(state, performance.now());
    state = climbed.state;
    // A second press ends it for good: nobody waits for the values of a command.
    if (climbed.kind) void session.interrupt(climbed.kind === "cooperate" ? "cooperate" : "kill");
  };
  if (wanted.signal.aborted) stop();
  wanted.signal.addEventListener("abort", stop, { once: true });
  process.on("SIGINT", stop);
  const settled = await execution.settled;
  process.off("SIGINT", stop);
  const [diagnostic] = settled.error?.diagnostics ?? [];
  if (diagnostic)
    throw new UsageError(`the inputs do not fit ${entity.exported}: ${diagnostic.message}`);
  return settled;
}

/** The cell that made the call is ours: its place would tell the person nothing. */
function withoutOwnCell(error: CellError): CellError {
  const { codeFrame, ...rest } = error;
  const isOwn = error.frames[0]?.from === "cell";
  return {
    ...rest,
    ...(codeFrame === undefined || isOwn ? {} : { codeFrame }),
    frames: error.frames.filter(({ from }) => from !== "cell"),
    ...(error.cause ? { cause: withoutOwnCell(error.cause) } : {}),
  };
}

/** A run as a plain script's: there is no `deck` to ask and no cell to name once the command has ended. */
function outsideSession(record: RunRecord): RunRecord {
  const { cell: _, n: __, ...run } = record;
  return run;
}

function follow(event: SessionEvent, records: Records, isJson: boolean): void {
  if (event.kind === "notice") process.stderr.write(`${event.text}\n`);
  if (event.kind !== "event") return;
  records.apply(event.event);
  if (event.event.kind !== "log" || isJson) return;
  const stream = event.event.stream === "stdout" ? process.stdout : process.stderr;
  stream.write(event.event.stream === "log" ? `${event.event.text}\n` : event.event.text);
}

function jsonLine(message: object): void {
  process.stdout.write(`${JSON.stringify({ v: 1, ...message })}\n`);
}
