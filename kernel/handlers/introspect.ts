/**
 * complete, inspect, is_complete: answered by parser and type service, never by the user process, so they
 * come also while a cell blocks it. Jupyter counts code points, the session UTF-16 units.
 * @module
 */
import { relative } from "node:path";
import type {
  Definition,
  Hover,
  Session,
  SignatureHelp,
} from "../../runtime/session/client/api.ts";
import { codePointsToUtf16, utf16ToCodePoints } from "../../runtime/session/positions.ts";
import type { MimeBundle } from "../../runtime/values/shape.ts";
import { commandsLike, planOf } from "../commands.ts";
import type { MessageContent } from "../messages.ts";
import type { Handler } from "./index.ts";

/** A person types on: a later answer is of no use. */
const ANSWER_MAX_MS = 1_000;

export const complete: Handler<"complete"> = async ({ code, cursor_pos }, context) => {
  const offset = codePointsToUtf16(code, cursor_pos);
  const commands = commandsLike(code.slice(0, offset));
  if (commands !== undefined) return ofCommands(commands, utf16ToCodePoints(code, offset));
  const client = context.message.header.session;
  const own = new AbortController();
  context.completing.get(client)?.abort();
  context.completing.set(client, own);
  try {
    const signal = AbortSignal.any([own.signal, AbortSignal.timeout(ANSWER_MAX_MS)]);
    const found = await inTime(context.session.types.complete(code, offset, signal), signal);
    const cursor = utf16ToCodePoints(code, offset);
    if (found === undefined) return { ...noMatches, cursor_start: cursor, cursor_end: cursor };
    const start = utf16ToCodePoints(code, found.start);
    const end = utf16ToCodePoints(code, found.end);
    const matches = found.items.map(({ insert, name }) => insert ?? name);
    // JupyterLab pairs these with `matches` by index.
    const typed = found.items.map(({ detail, insert, kind, name }) => ({
      text: insert ?? name,
      type: kind,
      start,
      end,
      ...(detail === undefined ? {} : { signature: detail }),
    }));
    return {
      status: "ok",
      matches,
      cursor_start: start,
      cursor_end: end,
      metadata: { _jupyter_types_experimental: typed },
    };
  } finally {
    if (context.completing.get(client) === own) context.completing.delete(client);
  }
};

/** @param end the cursor, in code points: commands begin where the cell does. */
function ofCommands(matches: readonly string[], end: number): MessageContent["complete_reply"] {
  const typed = matches.map((text) => ({ text, type: "keyword" as const, start: 0, end }));
  return {
    status: "ok",
    matches: [...matches],
    cursor_start: 0,
    cursor_end: end,
    metadata: { _jupyter_types_experimental: typed },
  };
}

const noMatches = { status: "ok" as const, matches: [], metadata: {} };

export const inspect: Handler<"inspect"> = async (
  { code, cursor_pos, detail_level },
  { session },
) => {
  const level = detail_level >= 1 ? 1 : 0;
  const data = await inspected(session, code, codePointsToUtf16(code, cursor_pos), level);
  return { status: "ok", found: data !== undefined, data: data ?? {}, metadata: {} };
};

export const isComplete: Handler<"is_complete"> = async ({ code }, { session }) => {
  // `%check off` and `x?` are no TypeScript; a console that sees something invalid there asks for more lines.
  if (planOf(code).kind !== "cell") return { status: "complete" };
  const parsed = session.parse(code);
  const reply: MessageContent["is_complete_reply"] =
    parsed.status === "incomplete"
      ? { status: "incomplete", indent: parsed.indent }
      : { status: parsed.status };
  return reply;
};

/**
 * What is known of the symbol at or just before `offset`, and of the call it stands in.
 * @param offset UTF-16.
 * @param level 1: also where it is declared, and how.
 */
export async function inspected(
  session: Session,
  code: string,
  offset: number,
  level: 0 | 1 = 0,
): Promise<MimeBundle | undefined> {
  const signal = AbortSignal.timeout(ANSWER_MAX_MS);
  const { types } = session;
  const [at, before, call] = await Promise.all([
    inTime(types.hover(code, offset, signal), signal),
    offset > 0 ? inTime(types.hover(code, offset - 1, signal), signal) : undefined,
    inTime(types.signature(code, offset, signal), signal),
  ]);
  const hover = [at, before].find(tells);
  if (hover === undefined && call === undefined) return undefined;
  const place = at === undefined && offset > 0 ? offset - 1 : offset;
  const declared =
    level === 1 ? await inTime(types.definition(code, place, signal), signal) : undefined;
  // Right behind the bracket both speak of the same function: once is enough.
  const isSaid = call !== undefined && hover?.signature.endsWith(call.label) === true;
  const source = declared && declaredAt(declared, session.folder);
  return {
    "text/markdown": [
      ...hoverMarkdown(hover),
      ...(isSaid ? [] : callMarkdown(call)),
      ...(source === undefined ? [] : [escapeMarkdown(source.place)]),
      ...(source?.text === undefined ? [] : [fenced(source.text)]),
    ].join("\n\n"),
    // JupyterLab's completer panel reads only this one.
    "text/plain": [
      hover?.signature,
      valueLine(hover),
      isSaid ? undefined : call?.label,
      (hover ?? call)?.documentation,
      source?.place,
      source?.text,
    ]
      .filter((part) => part !== undefined && part !== "")
      .join("\n\n"),
  };
}

/** The checker calls a name that nobody has declared `any`, as it stands. */
function tells(hover: Hover | undefined): boolean {
  return hover !== undefined && (hover.signature !== "any" || hover.value !== undefined);
}

/** `In [3]:1:7`, `src/tasks.ts:12`; nothing for what the asked text itself declares. */
function declaredAt(
  { cell, file, label, line, column, text }: Definition,
  folder: string,
): { readonly place: string; readonly text?: string } | undefined {
  const shown = text === undefined ? {} : { text };
  if (file !== undefined) {
    const near = relative(folder, file);
    const place = near.startsWith("..") ? file : near;
    return { place: `${place}:${line}`, ...shown };
  }
  if (cell === undefined) return undefined;
  return { place: `${label ?? `cell ${cell}`}:${line}:${column}`, ...shown };
}

function hoverMarkdown(hover: Hover | undefined): string[] {
  if (hover === undefined) return [];
  const value = valueLine(hover);
  return [
    fenced(hover.signature),
    ...(value === undefined ? [] : [escapeMarkdown(value)]),
    ...(hover.documentation === "" ? [] : [hover.documentation]),
  ];
}

/** The live value, as it is now. */
function valueLine(hover: Hover | undefined): string | undefined {
  return hover?.value === undefined ? undefined : `= ${hover.value}`;
}

function callMarkdown(call: SignatureHelp | undefined): string[] {
  if (call === undefined) return [];
  const { start, end } = call.activeParameter ?? { start: 0, end: 0 };
  const active = call.label.slice(start, end);
  const label =
    escapeMarkdown(call.label.slice(0, start)) +
    (active === "" ? "" : `**${escapeMarkdown(active)}**`) +
    escapeMarkdown(call.label.slice(end));
  return [label, ...(call.documentation === "" ? [] : [call.documentation])];
}

/** A fence longer than any inside. */
function fenced(source: string): string {
  const longest = Math.max(2, ...[...source.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}ts\n${source}\n${fence}`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&");
}

/** The answer, or `undefined` when it is late, superseded or failed: these answers are help, not results. */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const late = (): void => resolve(undefined);
  if (signal.aborted) late();
  signal.addEventListener("abort", late, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } catch {
    return undefined; // the type service has gone or was told to stop; the person sees no matches
  } finally {
    signal.removeEventListener("abort", late);
  }
}
