/**
 * Commands: a cell that begins with a dot and a letter. They run in the front end; those that need no values also while
 * a cell runs.
 *
 * `%name` is what notebooks and our errors say; `?x`, `x?` and `x??` ask as in IPython, and only where no TypeScript is
 * meant: on one line, about one name or path.
 * @module
 */
import { sanitizeLine } from "../terminal/sanitize.ts";
import { cellCommands } from "./cells.ts";
import { type Command, type CommandContext, CommandError, type CommandTiming } from "./command.ts";
import { fileCommands } from "./files.ts";
import { findCommand, helpText, oneHelp, unknownText } from "./help.ts";
import { inspectCommands } from "./inspect.ts";
import { taskCommands } from "./tasks.ts";

export { type CommandContext, CommandError, type CommandTiming } from "./command.ts";

const EXIT_CODE_MAX = 255;

const commands: readonly Command[] = [
  ...cellCommands,
  ...inspectCommands,
  ...taskCommands,
  ...fileCommands,
  {
    name: "help",
    group: "files, settings",
    usage: ".help [NAME]",
    short: "this, or one",
    summary: "all commands and keys, or what one command takes and does",
    when: "now",
    run: (argument, { style }) =>
      argument === "" ? helpText(commands, style) : oneHelp(argument, commands),
  },
  {
    name: "exit",
    aliases: ["quit"],
    group: "files, settings",
    usage: ".exit [CODE]",
    short: "leave",
    summary: "leaves, with an exit code if one is given; Ctrl-D at the empty prompt does the same",
    when: "now",
    run: (argument, context) => {
      context.leave(exitCode(argument));
      return "";
    },
  },
];

/** Whether a cell is a command: `.5 + 1` and `a ? b : c` are TypeScript. */
export function isCommand(code: string): boolean {
  return parseCommand(code) !== undefined;
}

/** When a command may run; an unknown one at once, for it does nothing. */
export function commandTiming(code: string): CommandTiming {
  const name = parseCommand(code)?.name ?? "";
  return findCommand(name, commands)?.when ?? "now";
}

/** Runs a command and gives what to print. @throws {CommandError} for an unknown one or a wrong argument. */
export async function runCommand(code: string, context: CommandContext): Promise<string> {
  const { name, argument } = parseCommand(code) ?? { name: "", argument: "" };
  const command = findCommand(name, commands);
  if (command === undefined) throw new CommandError(unknownText(sanitizeLine(name), commands));
  return await command.run(argument, context);
}

/** Names for completion, with what they do. */
export function commandNames(): readonly { readonly name: string; readonly summary: string }[] {
  return commands.map(({ name, summary }) => ({ name: `.${name}`, summary }));
}

/** The command that a text begins with, however it is written, and what follows. */
export function parseCommand(
  code: string,
): { readonly name: string; readonly argument: string } | undefined {
  const [, named, rest = ""] = /^\s*[.%]([a-z]\S*)([\s\S]*)$/i.exec(code) ?? [];
  if (named !== undefined) return { name: named, argument: rest.trim() };
  const line = code.trim();
  if (line === "?") return { name: "help", argument: "" };
  const [, marks, after] = /^(\?\??)\s*([^\s?][^\n]*)$/.exec(line) ?? [];
  if (marks && after) return { name: marks === "?" ? "doc" : "source", argument: after };
  const [, before, how] = /^([\w$.[\]"']+)(\?\??)$/.exec(line) ?? [];
  if (before && how) return { name: how === "?" ? "doc" : "source", argument: before };
  return undefined;
}

function exitCode(argument: string): number | undefined {
  if (argument === "") return undefined;
  const code = Number(argument);
  if (/^\d+$/.test(argument) && code <= EXIT_CODE_MAX) return code;
  throw new CommandError(`.exit takes a code from 0 to ${EXIT_CODE_MAX}: .exit 1`);
}
