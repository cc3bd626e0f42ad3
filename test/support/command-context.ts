/**
 * What commands may use, against a scripted session: cells run there, and what the screen would do is noted.
 * @module
 */
import type { CommandContext } from "../../repl/commands/command.ts";
import { CommandState } from "../../repl/commands/state.ts";
import { Transcript } from "../../repl/state/transcript.ts";
import { createStyle } from "../../repl/terminal/style.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { Records } from "../../runtime/events/records.ts";
import { ScriptedSession } from "./scripted-session.ts";

export interface TestedContext extends CommandContext {
  readonly session: ScriptedSession;
  /** What was asked of the one who runs commands. */
  readonly said: string[];
  /** Sources of the cells that commands ran. */
  readonly ran: string[];
}

export function commandContext(
  options: { readonly folder?: string; readonly columns?: number } = {},
): TestedContext {
  const session = new ScriptedSession(options);
  const transcript = new Transcript();
  const records = new Records();
  const said: string[] = [];
  const ran: string[] = [];
  session.onEvent((event) => {
    transcript.apply(event);
    if (event.kind === "event" && event.event.runId !== "") records.apply(event.event);
  });
  const run = (n?: number): RunRecord | undefined =>
    records
      .runs()
      .filter((each) => each.calls.size > 0 && (n === undefined || each.n === n))
      .at(-1);
  return {
    session,
    transcript,
    said,
    ran,
    run,
    runs: () => records.runs(),
    state: new CommandState(session),
    style: createStyle({ hasColor: false, isAscii: false }),
    columns: options.columns ?? 80,
    leave: (code) => void said.push(code === undefined ? "leave" : `leave ${code}`),
    restart: async () => void said.push("restart"),
    deckText: (each) => `deck of ${each.title}`,
    execute: async (code) => {
      ran.push(code);
      const execution = session.execute({ code });
      transcript.entered(execution.cell, code);
      transcript.started(execution.cell, (await execution.started).n);
      return await execution.settled;
    },
  };
}
