/**
 * Commands: a cell that begins with a dot and a letter. They run in the front end, also while a cell runs.
 * @module
 */

import type { RunRecord } from "../../runtime/events/record-shape.ts";
import type { CheckPolicy, Session } from "../../runtime/session/client/api.ts";
import { InstallError, installArguments } from "../../runtime/session/client/install.ts";
import { nearest } from "../../runtime/values/nearest.ts";

export interface CommandContext {
  readonly session: Session;
  /** Ends the REPL. */
  leave(): void;
  /** Starts a new user process. */
  restart(): Promise<void>;
  /** The newest run, or that of `In [n]`. */
  run(n?: number): RunRecord | undefined;
  deckText(run: RunRecord): string;
  /** What a command says while it goes on; without it, the text comes at the end. */
  say?(stream: "stdout" | "stderr", text: string): void;
}

interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Text to print; a failure is thrown as a `CommandError`. */
  run(argument: string, context: CommandContext): string | Promise<string>;
}

/** A sentence for the person: the command did nothing. */
export class CommandError extends Error {}

const POLICIES: readonly CheckPolicy[] = ["off", "warn", "error"];

const commands: readonly Command[] = [
  {
    name: "help",
    usage: ".help [name]",
    summary: "these commands, or one of them, and the keys",
    run: (argument) => (argument === "" ? helpText() : oneHelp(argument)),
  },
  {
    name: "type",
    usage: ".type expr",
    summary: "the type of an expression, without running it",
    run: typeOf,
  },
  {
    name: "deck",
    usage: ".deck [n]",
    summary: "the deck of the newest cell with calls, or of In [n]",
    run: deckOf,
  },
  {
    name: "check",
    usage: ".check [off|warn|error]",
    summary: "what type errors do to a cell",
    run: (argument, { session }) => {
      if (argument === "") return `check: ${session.check}`;
      const policy = POLICIES.find((name) => name === argument);
      if (policy === undefined) throw new CommandError(`.check takes ${POLICIES.join(", ")}`);
      session.check = policy;
      return `check: ${policy}`;
    },
  },
  {
    name: "npm",
    usage: ".npm i name…",
    summary: "install packages here, also as %npm i name",
    run: install,
  },
  {
    name: "restart",
    usage: ".restart",
    summary: "a new user process: names are gone, numbers go on",
    run: async (_argument, context) => {
      await context.restart();
      return "restarted: names are gone, numbers go on";
    },
  },
  {
    name: "exit",
    usage: ".exit",
    summary: "leave; Ctrl-D at the empty prompt does the same",
    run: (_argument, context) => {
      context.leave();
      return "";
    },
  },
];

/** Whether a cell is a command: `.5 + 1` is TypeScript. `%npm` is what notebooks and our errors say. */
export function isCommand(code: string): boolean {
  return /^\s*(?:\.[a-z]|%[a-z])/i.test(code);
}

/** Runs a command and gives what to print. @throws {CommandError} for an unknown one or a wrong argument. */
export async function runCommand(code: string, context: CommandContext): Promise<string> {
  const [, name = "", argument = ""] = /^\s*[.%](\S+)\s*([\s\S]*)$/.exec(code) ?? [];
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new CommandError(unknownText(name));
  return await command.run(argument.trim(), context);
}

/** Names for completion, with what they do. */
export function commandNames(): readonly { readonly name: string; readonly summary: string }[] {
  return commands.map(({ name, summary }) => ({ name: `.${name}`, summary }));
}

async function typeOf(argument: string, { session }: CommandContext): Promise<string> {
  if (argument === "") throw new CommandError(".type takes an expression: .type a + 1");
  // A hover is about a name, so the expression gets one; its type is what is asked for.
  const name = "__type";
  const code = `const ${name} = (${argument}\n);`;
  if (session.parse(code).status !== "complete") {
    throw new CommandError(`not an expression: ${argument}`);
  }
  const hover = await session.types.hover(code, "const ".length + 1);
  if (hover === undefined) throw new CommandError("no type known; is the type checker running?");
  const type = hover.signature.replace(new RegExp(`^(?:const|let|var) ${name}: `), "");
  const peeked = await session.peek(argument);
  return peeked === undefined ? type : `${type}\n= ${peeked.preview}`;
}

async function install(argument: string, { say, session }: CommandContext): Promise<string> {
  const packages = installArguments(`.npm ${argument}`);
  if (packages === undefined) throw new CommandError(".npm takes packages: .npm i zod");
  let text = "";
  const collect = (_stream: string, more: string) => {
    text += more;
  };
  try {
    await session.install(packages, { onOutput: say ?? collect });
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    throw new CommandError(`${text}${error.message}`);
  }
  return text.trimEnd();
}

function deckOf(argument: string, context: CommandContext): string {
  const n = argument === "" ? undefined : Number(argument);
  if (n !== undefined && !Number.isInteger(n)) {
    throw new CommandError(".deck takes a cell's number: .deck 3");
  }
  const run = context.run(n);
  if (run === undefined) {
    throw new CommandError(n === undefined ? "no calls yet" : `In [${n}] made no calls`);
  }
  return context.deckText(run);
}

function helpText(): string {
  const width = Math.max(...commands.map(({ usage }) => usage.length)) + 2;
  const rows = commands.map(({ usage, summary }) => `  ${usage.padEnd(width)}${summary}`);
  return [...rows, "", ...KEYS].join("\n");
}

const KEYS = [
  "  Enter runs a complete cell, else a new line · Ctrl-J new line · Alt-Enter run now",
  "  Tab completes · Up and Down history · Ctrl-_ undo · Ctrl-L repaint",
  "  Ctrl-C interrupts the running cell, again to force · Ctrl-D leaves",
];

function oneHelp(argument: string): string {
  const name = argument.replace(/^\./, "");
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new CommandError(unknownText(name));
  return `${command.usage}  ${command.summary}`;
}

function unknownText(name: string): string {
  const near = nearest(
    name,
    commands.map((command) => command.name),
  );
  const hint = near === undefined ? "see .help" : `did you mean .${near}?`;
  return `unknown command .${name}: ${hint}`;
}
