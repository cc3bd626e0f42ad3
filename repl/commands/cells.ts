/**
 * Commands about cells: what was run, run again, put elsewhere, stopped.
 * @module
 */
import { counted, formatCount } from "../../runtime/values/format.ts";
import type { TranscriptCell } from "../state/transcript.ts";
import { sanitize, sanitizeLine } from "../terminal/sanitize.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  cellNumber,
  onlyOnScreen,
  words,
} from "./command.ts";

const HISTORY_ROWS = 20;
/** More than that nobody reads on a screen. */
const HISTORY_ROWS_MAX = 1_000;
const RERUN_MAX = 1_000;
const PREVIEW_LINES = 5;

export const cellCommands: readonly Command[] = [
  {
    name: "edit",
    group: "cells",
    usage: ".edit [n]",
    short: "into the editor",
    summary: "puts the source of In [n], or of the newest cell, into the editor",
    when: "now",
    run: (argument, context) => {
      const cell = knownCell(argument, context, ".edit 3");
      if (context.edit === undefined) throw onlyOnScreen("edit");
      context.edit(cell.source);
      return "";
    },
  },
  {
    name: "rerun",
    group: "cells",
    usage: ".rerun n[-m]",
    short: "run cells again",
    summary: "runs In [n], or In [n] to In [m], again as new cells; stops at the first failure",
    when: "queued",
    run: rerun,
  },
  {
    name: "history",
    aliases: ["hist"],
    group: "cells",
    usage: ".history [text]",
    short: "what was run before",
    summary:
      ".history [-n N] [text]: the last cells of this session; with a text, what contains it, also of earlier sessions, which have no number; -n says how many",
    when: "now",
    run: history,
  },
  {
    name: "copy",
    group: "cells",
    usage: ".copy [n]",
    short: "to the clipboard",
    summary: "copies the source of In [n], or of the newest cell",
    when: "now",
    run: async (argument, context) => {
      const cell = knownCell(argument, context, ".copy 3");
      if (context.copy === undefined) throw onlyOnScreen("copy");
      await context.copy(cell.source);
      return `copied In [${cell.n}], ${counted(cell.source.split("\n").length, "line")}`;
    },
  },
  {
    name: "bg",
    group: "cells",
    usage: ".bg",
    short: "running cell aside",
    summary: "sends the running cell to the background, as Ctrl-X Ctrl-B does",
    when: "now",
    run: (_argument, context) => {
      if (context.background === undefined) throw onlyOnScreen("bg");
      return context.background();
    },
  },
  {
    name: "fg",
    group: "cells",
    usage: ".fg n",
    short: "and back again",
    summary: "brings In [n] back from the background",
    when: "now",
    run: (argument, context) => {
      const n = requiredNumber(argument, ".fg 3");
      if (context.foreground === undefined) throw onlyOnScreen("fg");
      return context.foreground(n);
    },
  },
  {
    name: "cancel",
    group: "cells",
    usage: ".cancel n|tN",
    short: "stop a cell or call",
    summary: "interrupts In [n], or cancels the call tN, and nothing else",
    when: "now",
    run: (argument, context) => {
      const isCall = /^t\d+$/.test(argument);
      const target = isCall ? argument : requiredNumber(argument, ".cancel 3 (or .cancel t11)");
      if (context.cancel === undefined) throw onlyOnScreen("cancel");
      return context.cancel(target);
    },
  },
  {
    name: "restart",
    group: "cells",
    usage: ".restart",
    short: "new user process",
    summary: "a new user process: names are gone, numbers go on",
    when: "now",
    run: async (_argument, context) => {
      return `restarted: names are gone, numbers go on${await restarted(context)}`;
    },
  },
  {
    name: "reset",
    group: "cells",
    usage: ".reset",
    short: "forget all cells",
    summary:
      "a new user process, and this session's cells, outputs and decks are forgotten; numbers go on, history stays",
    when: "now",
    run: async (_argument, context) => {
      const remote = await restarted(context);
      context.transcript.clear();
      context.forget?.();
      return `reset: names, cells and decks are gone, numbers go on${remote}`;
    },
  },
];

/** @returns what else the new user process knows nothing of, to go on with the sentence. */
async function restarted(context: CommandContext): Promise<string> {
  const { defaultRemote } = context.session;
  await context.restart();
  return defaultRemote === undefined
    ? ""
    : `; calls no longer run on ${sanitizeLine(defaultRemote)}`;
}

/** `In [n]`, or the newest. @throws {CommandError} when there is none. */
function knownCell(
  argument: string,
  { transcript }: CommandContext,
  example: string,
): TranscriptCell {
  const n = cellNumber(argument, example);
  const cell = transcript.find(n);
  if (cell !== undefined) return cell;
  throw new CommandError(n === undefined ? "no cell was run yet" : noCell(n, transcript.cells()));
}

function noCell(n: number, cells: readonly TranscriptCell[]): string {
  const first = cells[0]?.n;
  const last = cells.at(-1)?.n;
  return `no In [${n}]: ${first === undefined ? "no cell was run yet" : `cells are ${first} to ${last}`}`;
}

function requiredNumber(argument: string, example: string): number {
  const n = cellNumber(argument, example);
  if (n === undefined) {
    throw new CommandError(`${example.split(" ")[0]} takes a cell's number: ${example}`);
  }
  return n;
}

async function rerun(argument: string, context: CommandContext): Promise<string> {
  const [, first, last] = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/.exec(argument) ?? [];
  if (first === undefined) {
    throw new CommandError(".rerun takes cells' numbers: .rerun 3, .rerun 3-5");
  }
  const from = Number(first);
  const to = Number(last ?? first);
  if (to < from)
    throw new CommandError(`.rerun ${from}-${to}: the first number is the greater one`);
  // Chosen before any runs: what runs again has numbers of its own.
  const all = context.transcript.cells();
  const chosen = all.filter(({ n }) => n !== undefined && n >= from && n <= to);
  if (chosen.length === 0) throw new CommandError(noCell(from, all));
  if (chosen.length > RERUN_MAX) {
    throw new CommandError(`.rerun takes at most ${formatCount(RERUN_MAX)} cells at once`);
  }
  for (const cell of chosen) {
    const { status } = await context.execute(cell.source);
    if (status !== "ok" && cell !== chosen.at(-1)) {
      throw new CommandError(`stopped: In [${cell.n}] did not end well this time`);
    }
  }
  return "";
}

function history(argument: string, { transcript, earlier }: CommandContext): string {
  const { max, text } = historyQuery(argument);
  const isWanted = containing(text);
  const cells = transcript.cells().filter(({ source }) => isWanted(source));
  const known = new Set(cells.map(({ source }) => source));
  // Earlier sessions are asked for by a text only: all of them together are a file, and Ctrl-R goes through it.
  const before = text === "" ? [] : (earlier?.() ?? []).filter(isWanted);
  const older = distinct(before.filter((source) => !known.has(source)));
  const rows = [
    ...older.map((source) => ({ head: "", source })),
    ...cells.map(({ n, source }) => ({ head: String(n), source })),
  ].slice(-max);
  if (rows.length === 0) {
    return text === "" ? "no cell was run yet" : `nothing with '${sanitizeLine(text)}'`;
  }
  const width = Math.max(...rows.map(({ head }) => head.length));
  return rows
    .map(({ head, source }) => {
      const lines = sanitize(source).split("\n");
      const shown = lines.slice(0, PREVIEW_LINES);
      const left = lines.length - shown.length;
      if (left > 0) shown.push(`… ${counted(left, "more line")}`);
      return `${head.padStart(width)}  ${shown.join(`\n${" ".repeat(width + 2)}`)}`;
    })
    .join("\n");
}

/** As in Ctrl-R: a text with a capital letter means itself, another both cases. */
function containing(text: string): (source: string) => boolean {
  return text === text.toLowerCase()
    ? (source) => source.toLowerCase().includes(text)
    : (source) => source.includes(text);
}

/** Each once, where it stands last. */
function distinct(sources: readonly string[]): string[] {
  return [...new Set(sources.toReversed())].reverse();
}

/** `-n 50 fetch` */
function historyQuery(argument: string): { readonly max: number; readonly text: string } {
  const [flag, count, ...rest] = words(argument);
  if (flag !== "-n") return { max: HISTORY_ROWS, text: argument };
  const max = Number(count);
  if (!Number.isInteger(max) || max < 1) {
    throw new CommandError(".history -n takes a number, 1 or more: .history -n 50");
  }
  return { max: Math.min(max, HISTORY_ROWS_MAX), text: rest.join(" ") };
}
