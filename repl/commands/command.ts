/**
 * What a command is, and what it may use.
 *
 * A command knows the session and a few abilities of whoever runs it. What only the screen can do is optional: without
 * it the command says so.
 * @module
 */
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import type { Session, Settled } from "../../runtime/session/client/api.ts";
import type { Transcript } from "../state/transcript.ts";
import type { Style } from "../terminal/style.ts";
import type { CommandState } from "./state.ts";

export interface CommandContext {
  readonly session: Session;
  readonly transcript: Transcript;
  /** What commands remember from one to the next. */
  readonly state: CommandState;
  readonly style: Style;
  /** Width that tables may take. */
  readonly columns: number;
  /** Ends a command that goes on: a shell command, an install. */
  readonly signal?: AbortSignal;
  /** Ends the REPL. */
  leave(code?: number): void;
  /** Starts a new user process. */
  restart(): Promise<void>;
  /** Runs of this session, oldest first. */
  runs(): readonly RunRecord[];
  /** What was typed in earlier sessions, oldest first. */
  earlier?(): readonly string[];
  /** The newest run with calls, or that of `In [n]`. */
  run(n?: number): RunRecord | undefined;
  deckText(run: RunRecord): string;
  /** Runs a cell and shows it as if it had been typed. */
  execute(code: string): Promise<Settled>;
  /** What a command says while it goes on; without it, the text comes at the end. */
  say?(stream: "stdout" | "stderr", text: string): void;
  /** Puts a text into the editor. */
  edit?(text: string): void;
  /** Puts a text on the clipboard. */
  copy?(text: string): Promise<void> | void;
  /** Sends the running cell to the background; why not, empty when it was done. */
  background?(): string | Promise<string>;
  /** Brings `In [n]` back. */
  foreground?(n: number): string | Promise<string>;
  /** Interrupts `In [n]` or a call, `t11`. */
  cancel?(target: number | string): string | Promise<string>;
  /** Forgets runs and decks, and clears the screen. */
  forget?(): void;
}

/** `now`: also while a cell runs. `queued`: it needs values, or runs cells, and waits for its turn. */
export type CommandTiming = "now" | "queued";

export type CommandGroup = "cells" | "inspect" | "tasks" | "files, settings";

export interface Command {
  readonly name: string;
  /** Other names, mostly those of IPython. */
  readonly aliases?: readonly string[];
  readonly group: CommandGroup;
  readonly usage: string;
  /** At most 20 columns, for the table of all. */
  readonly short: string;
  /** A sentence or more, for `.help name`. */
  readonly summary: string;
  readonly when: CommandTiming;
  /** Text to print; a failure is thrown as a `CommandError`. */
  run(argument: string, context: CommandContext): string | Promise<string>;
}

/** A sentence for the person: the command did nothing, or stopped there. */
export class CommandError extends Error {}

/** A cell's number, `3` or `[3]`; undefined when none was given. @throws {CommandError} for anything else. */
export function cellNumber(argument: string, example: string): number | undefined {
  if (argument === "") return undefined;
  const [, digits] = /^(?:In\s*)?\[?(\d{1,9})\]?$/i.exec(argument) ?? [];
  if (digits !== undefined && Number(digits) > 0) return Number(digits);
  throw new CommandError(`${example.split(" ")[0]} takes a cell's number: ${example}`);
}

/** Words of a line, quotes around those with blanks: `"my file.ts" --force`. */
export function words(argument: string): string[] {
  return [...argument.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}

/** The words that are not among the flags, and which flags were given. @throws {CommandError} for an unknown flag. */
export function withFlags<Flag extends string>(
  argument: string,
  known: readonly Flag[],
  usage: string,
): { readonly rest: readonly string[]; readonly flags: ReadonlySet<Flag> } {
  const flags = new Set<Flag>();
  const rest: string[] = [];
  for (const word of words(argument)) {
    const flag = known.find((candidate) => candidate === word);
    if (flag !== undefined) flags.add(flag);
    else if (word.startsWith("--")) throw new CommandError(`no flag ${word}: ${usage}`);
    else rest.push(word);
  }
  return { rest, flags };
}

/** For what only a screen can do. */
export function onlyOnScreen(name: string): CommandError {
  return new CommandError(`.${name} works only on the screen, not in plain mode`);
}
