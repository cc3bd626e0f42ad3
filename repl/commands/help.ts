/**
 * `.help`: all commands and keys on one screen of 80 × 24, or one command in full.
 * @module
 */
import { nearest } from "../../runtime/values/nearest.ts";
import type { Style } from "../terminal/style.ts";
import { truncate } from "../terminal/width.ts";
import { type Command, CommandError, type CommandGroup } from "./command.ts";

/** Two of them and the gap fit into 79 columns. */
const COLUMN = 38;
const USAGE = 18;
const GROUPS: readonly (readonly CommandGroup[])[] = [
  ["cells", "inspect"],
  ["tasks", "files, settings"],
];
const KEYS = [
  "Enter runs a whole cell · Alt-Enter now · Ctrl-J new line · Tab completes",
  "Up Down Ctrl-R history · Ctrl-_ undo · Ctrl-O pager · Ctrl-X Ctrl-E your editor",
  "Ctrl-C interrupts, again forces · Ctrl-D leaves · ?name docs · .help NAME more",
];

/** Without blank rows: what was typed, the prompt and the status row have to fit too. */
export function helpText(commands: readonly Command[], style: Style): string {
  const [left = [], right = []] = GROUPS.map((groups) =>
    groups.flatMap((group) => groupRows(group, commands)),
  );
  const paint = (row: string) => (row.startsWith(".") ? row : style.paint(row, "name"));
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, at) => {
    const beside = right[at] ?? "";
    const gap = beside === "" ? "" : " ".repeat(COLUMN + 2 - (left[at] ?? "").length);
    return paint(left[at] ?? "") + gap + paint(beside);
  });
  const keys = KEYS.map((row) => style.paint(truncate(row, 79), "dim"));
  return [...rows, ...keys].join("\n");
}

function groupRows(group: CommandGroup, commands: readonly Command[]): string[] {
  return [group, ...commands.filter((command) => command.group === group).map(commandRow)];
}

function commandRow({ usage, short }: Command): string {
  const head = usage.length < USAGE ? usage.padEnd(USAGE) : `${usage} `;
  return truncate(head + short, COLUMN).trimEnd();
}

/** What one command takes and does, by its name with or without its dot. */
export function oneHelp(argument: string, commands: readonly Command[]): string {
  const name = argument.replace(/^[.%]/, "");
  const command = findCommand(name, commands);
  if (command === undefined) throw new CommandError(unknownText(name, commands));
  const { usage, summary, aliases = [], when } = command;
  const also = aliases.length > 0 ? [`also ${aliases.map((alias) => `.${alias}`).join(", ")}`] : [];
  const waits = when === "queued" ? ["waits for the cells before it"] : [];
  return [`${usage}  ${summary}`, ...also, ...waits].join("\n");
}

export function findCommand(name: string, commands: readonly Command[]): Command | undefined {
  return commands.find(
    (command) => command.name === name || command.aliases?.includes(name) === true,
  );
}

/** For a name that no command has: the nearest one. */
export function unknownText(name: string, commands: readonly Command[]): string {
  const near = nearest(
    name,
    commands.map((command) => command.name),
  );
  const hint = near === undefined ? "see .help" : `did you mean .${near}?`;
  return `unknown command .${name}: ${hint}`;
}
