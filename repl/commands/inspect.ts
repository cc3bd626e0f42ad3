/**
 * Commands about values and types: what something is, where it comes from, how long it takes.
 * @module
 */
import type { Settled } from "../../runtime/session/client/api.ts";
import { counted, formatDuration } from "../../runtime/values/format.ts";
import { plainText } from "../live/block.ts";
import type { SessionName } from "../state/transcript.ts";
import { sanitize, sanitizeLine } from "../terminal/sanitize.ts";
import { truncate, widthOf } from "../terminal/width.ts";
import { type Command, type CommandContext, CommandError } from "./command.ts";
import { parseTiming, timeitCode, timingText } from "./timeit.ts";

const VARS_MAX = 200;
const SOURCE_LINES_MAX = 200;

export const inspectCommands: readonly Command[] = [
  {
    name: "type",
    group: "inspect",
    usage: ".type expr",
    short: "its type, not run",
    summary: "the type of an expression, without running it, and the value of a path like a.b[0]",
    when: "now",
    run: typeOf,
  },
  {
    name: "doc",
    aliases: ["pinfo"],
    group: "inspect",
    usage: ".doc expr",
    short: "its docs, as expr?",
    summary: "the signature and documentation of a name, and its value; also ?name and name?",
    when: "now",
    run: documentation,
  },
  {
    name: "source",
    aliases: ["pinfo2", "psource"],
    group: "inspect",
    usage: ".source name",
    short: "where made, name??",
    summary: "the declaration of a name as it was written, and where; also name??",
    when: "now",
    run: source,
  },
  {
    name: "vars",
    aliases: ["who", "whos"],
    group: "inspect",
    usage: ".vars [text]",
    short: "names and values",
    summary:
      "the names that cells have declared, with kind, type and value; text keeps those that contain it",
    when: "queued",
    run: vars,
  },
  {
    name: "time",
    group: "inspect",
    usage: ".time expr",
    short: "run once, and time",
    summary: "runs an expression as a cell and says how long it took, and its calls",
    when: "queued",
    run: time,
  },
  {
    name: "timeit",
    group: "inspect",
    usage: ".timeit expr",
    short: "run often, mean",
    summary:
      "runs an expression again and again for about a second, in the user process, and says the mean time of one",
    when: "queued",
    run: timeit,
  },
];

async function typeOf(argument: string, context: CommandContext): Promise<string> {
  const expression = given(argument, ".type a + 1");
  const { session } = context;
  // A hover is about a name, so the expression gets one; its type is what is asked for.
  const name = "__type";
  const code = `const ${name} = (${expression}\n);`;
  if (session.parse(code).status !== "complete") throw notAnExpression(expression);
  const hover = await session.types.hover(code, "const ".length + 1, context.signal);
  if (hover === undefined) throw new CommandError("no type known; is the type checker running?");
  const type = sanitize(hover.signature.replace(new RegExp(`^(?:const|let|var) ${name}: `), ""));
  return [type, ...(await valueLine(expression, context))].join("\n");
}

async function documentation(argument: string, context: CommandContext): Promise<string> {
  const expression = given(argument, ".doc fetch");
  const { session } = context;
  const hover = await session.types.hover(expression, lastName(expression), context.signal);
  // What is no name has a type and no documentation.
  if (hover === undefined) return await typeOf(expression, context);
  const value = await valueLine(expression, context);
  const docs = sanitize(hover.documentation).trim();
  return [sanitize(hover.signature), ...value, ...(docs === "" ? [] : ["", docs])].join("\n");
}

async function source(argument: string, context: CommandContext): Promise<string> {
  const name = given(argument, ".source report");
  const { types } = context.session;
  const found = await types.definition(name, lastName(name), context.signal);
  if (found === undefined || (found.cell === undefined && found.file === undefined)) {
    throw new CommandError(`no declaration known of ${sanitizeLine(name)}; .doc tells its type`);
  }
  const place = found.label ?? (found.file === undefined ? "a cell" : `${found.file}`);
  const head = `${place}:${found.line}:${found.column}`;
  const lines = sanitize(found.text ?? "").split("\n");
  const shown = lines.slice(0, SOURCE_LINES_MAX);
  if (lines.length > shown.length) {
    shown.push(`… ${counted(lines.length - shown.length, "more line")}`);
  }
  const { style } = context;
  const text = found.text === undefined ? [] : shown;
  return [style.paint(sanitizeLine(head), "dim"), ...text].join("\n");
}

async function vars(argument: string, context: CommandContext): Promise<string> {
  const { transcript, columns } = context;
  const all = transcript.names().filter(({ name }) => name.includes(argument));
  if (all.length === 0) {
    return argument === "" ? "no names yet" : `no name contains '${sanitizeLine(argument)}'`;
  }
  const shown = all.slice(0, VARS_MAX);
  const rows = await Promise.all(shown.map((name) => variableRow(name, context)));
  const left = all.length - shown.length;
  const more = left > 0 ? [`… ${counted(left, "more name")}; .vars TEXT finds them`] : [];
  return [...table(rows, columns - 1), ...more].join("\n");
}

/** Name, kind, where it was declared, type, value. */
async function variableRow(
  { name, kind, n }: SessionName,
  { session }: CommandContext,
): Promise<readonly string[]> {
  const peeked = await session.peek(name);
  const place = n === undefined ? "" : `[${n}]`;
  return [name, kind, place, peeked?.type ?? "", peeked?.preview ?? ""].map(sanitizeLine);
}

/** Columns as wide as their widest cell; the last one takes what is left of the row. */
function table(rows: readonly (readonly string[])[], columns: number): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.min(24, Math.max(...rows.map((row) => widthOf(row[at] ?? "")))),
  );
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      if (at === row.length - 1) return cell;
      const text = truncate(cell, widths[at] ?? 0);
      return text + " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
    });
    return truncate(cells.join("  ").trimEnd(), Math.max(20, columns));
  });
}

async function time(argument: string, context: CommandContext): Promise<string> {
  const settled = await context.execute(given(argument, ".time await report()"));
  const run = context.runs().findLast(({ cell }) => cell === settled.cell);
  const calls = run && run.calls.size > 0 ? ` · ${counted(run.calls.size, "call")}` : "";
  const end = settled.status === "ok" ? "" : ` · ${settled.status}`;
  return `wall ${formatDuration(settled.durationMs)}${calls}${end}`;
}

async function timeit(argument: string, { session }: CommandContext): Promise<string> {
  const expression = given(argument, ".timeit parse(text)");
  const isSync = session.parse(`(() => (${expression}\n))`).status === "complete";
  const isAsync = session.parse(`(async () => (${expression}\n))`).status === "complete";
  if (!isSync && !isAsync) throw notAnExpression(expression);
  // A name `await` would be one in the first form only; waiting is what is meant.
  const waits = !isSync || /\bawait\b/.test(expression);
  const code = timeitCode(expression, waits);
  const settled = await session.execute({ code, silent: true, check: "off" }).settled;
  const timing = settled.value && parseTiming(plainText(settled.value));
  if (timing === undefined) throw new CommandError(failureText(settled));
  return timingText(timing);
}

function failureText({ status, error }: Settled): string {
  if (error === undefined) return `.timeit was ${status}`;
  // Its frames are those of the measuring code.
  return sanitize(error.thrown ?? `${error.name}: ${error.message}`);
}

async function valueLine(path: string, { session }: CommandContext): Promise<string[]> {
  const peeked = await session.peek(path);
  return peeked === undefined ? [] : [`= ${sanitizeLine(peeked.preview)}`];
}

function given(argument: string, example: string): string {
  if (argument !== "") return argument;
  throw new CommandError(`${example.split(" ")[0]} takes an expression: ${example}`);
}

function notAnExpression(text: string): CommandError {
  return new CommandError(`not an expression: ${sanitizeLine(text)}`);
}

/** An offset within the last name of an expression: `b` of `a.b`. */
function lastName(expression: string): number {
  const match = /[\w$]+(?=[^\w$]*$)/.exec(expression);
  return match === null ? 0 : match.index + match[0].length - 1;
}
