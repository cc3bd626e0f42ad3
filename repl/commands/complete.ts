/**
 * Completion of commands: their names, cells, calls, paths, settings.
 * @module
 */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Offer, Offers } from "../editor/complete.ts";
import { sanitizeLine } from "../terminal/sanitize.ts";
import type { CommandContext } from "./command.ts";
import { POLICIES } from "./files.ts";
import { commandNames, isCommand } from "./registry.ts";
import { type SettingKey, settingChoices, settingKeys, settingSummary } from "./settings.ts";

const ITEMS_MAX = 500;
const DETAIL_LENGTH_MAX = 60;

/** What completion may look at. */
export type CompletionSources = Pick<
  CommandContext,
  "session" | "transcript" | "state" | "run" | "runs"
>;

/**
 * What fits at the cursor; undefined when the text is no command, or its argument is TypeScript: those are the type
 * service's.
 */
export async function completeCommand(
  text: string,
  cursor: number,
  sources: CompletionSources,
): Promise<Offers | undefined> {
  const before = text.slice(0, cursor);
  const [, blanks = "", name] = /^(\s*)[.%]([a-z]*)$/i.exec(before) ?? [];
  if (name !== undefined) {
    const items = commandNames().map(
      ({ name: each, summary }): Offer => ({
        name: each,
        kind: "command",
        detail: summary,
      }),
    );
    const mark = before[blanks.length] ?? ".";
    return found(
      blanks.length,
      cursor,
      items.map((item) => marked(item, mark)),
      before,
    );
  }
  if (!isCommand(before)) return undefined;
  const [, command = "", argument = ""] = /^\s*[.%](\S+)\s+([\s\S]*)$/.exec(before) ?? [];
  const complete = ARGUMENTS[command];
  if (complete === undefined) return undefined;
  const word = /"[^"]*$|'[^']*$|\S*$/.exec(argument)?.[0] ?? "";
  const earlier = argument.slice(0, argument.length - word.length).trim();
  const items = await complete(word, sources, earlier);
  return found(cursor - word.length, cursor, items, before);
}

type Complete = (
  word: string,
  sources: CompletionSources,
  /** The words before, of the same argument. */
  earlier: string,
) => readonly Offer[] | Promise<readonly Offer[]>;

const ARGUMENTS: Readonly<Record<string, Complete>> = {
  help: () =>
    commandNames().map(({ name, summary }) => ({
      name: name.slice(1),
      kind: "command",
      detail: summary,
    })),
  edit: (_word, sources) => cells(sources),
  rerun: (_word, sources) => cells(sources),
  copy: (_word, sources) => cells(sources),
  fg: (_word, sources) => cells(sources, "running"),
  cancel: (_word, sources) => [...cells(sources, "running"), ...calls(sources)],
  tasks: (_word, sources) => cellsWithCalls(sources),
  task: (_word, sources) => calls(sources),
  deck: (word, sources) => (word.startsWith("-") ? flags("--open") : cellsWithCalls(sources)),
  npm: (_word, _sources, earlier) => (earlier === "" ? keywords("i", "install") : []),
  remote: (word, sources, earlier) => {
    if (/(?:^|\s)--config$/.test(earlier)) {
      return paths(word, sources, (name) => /\.ya?ml$|^config$|\.config$/i.test(name));
    }
    return word.startsWith("-") ? flags("--config") : keywords(...(earlier === "" ? ["off"] : []));
  },
  check: () => keywords(...POLICIES),
  theme: () => keywords(...settingChoices("theme")),
  set: (_word, _sources, earlier) =>
    earlier === ""
      ? settingKeys.map((key: SettingKey) => ({
          name: key,
          kind: "setting" as const,
          detail: settingSummary(key),
        }))
      : keywords(...settingChoices(earlier)),
  load: (word, sources) => paths(word, sources, (name) => /\.(?:ipynb|[cm]?[jt]sx?)$/.test(name)),
  run: (word, sources) => paths(word, sources, (name) => /\.(?:ipynb|[cm]?[jt]sx?)$/.test(name)),
  save: (word, sources) =>
    word.startsWith("-") ? flags("--all", "--force") : paths(word, sources, () => true),
  cd: (word, sources) => paths(word, sources, () => false),
  sh: (word, sources, earlier) => (earlier === "" ? [] : paths(word, sources, () => true)),
};

function found(start: number, end: number, items: readonly Offer[], before: string): Offers {
  const prefix = before.slice(start, end);
  const fitting = items.filter(({ name, insert }) => (insert ?? name).startsWith(prefix));
  return { start, end, items: fitting.slice(0, ITEMS_MAX) };
}

function marked(item: Offer, mark: string): Offer {
  return { ...item, name: mark + item.name.slice(1) };
}

function keywords(...names: readonly string[]): Offer[] {
  return names.map((name) => ({ name, kind: "" }));
}

const flags = keywords;

/** Newest first, as they are most often meant. */
function cells({ transcript }: CompletionSources, status?: string): Offer[] {
  return transcript
    .cells()
    .filter((cell) => status === undefined || cell.status === status)
    .map(({ n, source }) => ({
      name: String(n),
      kind: "cell" as const,
      detail: firstLine(source),
    }))
    .reverse();
}

function cellsWithCalls({ runs }: CompletionSources): Offer[] {
  const counts = new Map<number, number>();
  for (const { n, calls } of runs())
    if (n !== undefined && calls.size > 0) counts.set(n, calls.size);
  return [...counts]
    .map(([n, count]) => ({
      name: String(n),
      kind: "cell" as const,
      detail: `${count} ${count === 1 ? "call" : "calls"}`,
    }))
    .reverse();
}

/** Calls of the newest run, failed ones first. */
function calls({ run }: CompletionSources): Offer[] {
  const all = [...(run()?.calls.values() ?? [])];
  const failed = all.filter(({ state }) => state === "failed");
  const others = all.filter(({ state }) => state !== "failed");
  return [...failed, ...others].slice(0, ITEMS_MAX).map(({ id, name, state }) => ({
    name: id,
    kind: "call",
    detail: sanitizeLine(`${name} ${state}`),
  }));
}

/** Folders, and the files that fit; a name with blanks comes in quotes. */
async function paths(
  word: string,
  { state }: CompletionSources,
  fits: (name: string) => boolean,
): Promise<Offer[]> {
  const quote = /^["']/.exec(word)?.[0] ?? "";
  const typed = word.slice(quote.length);
  const place = typed.slice(0, typed.lastIndexOf("/") + 1);
  const begun = typed.slice(place.length);
  const folder = place.startsWith("~/") ? homedir() + place.slice(1) : place;
  // A folder that cannot be read has nothing to offer.
  const entries = await readdir(resolve(state.folder, folder), { withFileTypes: true }).catch(
    () => [],
  );
  return entries
    .filter(({ name }) => name.startsWith(".") === begun.startsWith("."))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink() || fits(entry.name))
    .sort((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || (a.name < b.name ? -1 : 1))
    .map((entry): Offer => {
      const isFolder = entry.isDirectory();
      const path = place + entry.name + (isFolder ? "/" : "");
      const mark = quote !== "" ? quote : /\s/.test(path) ? '"' : "";
      // The closing quote waits until a folder has been gone into.
      const insert = mark + path + (isFolder ? "" : mark);
      return {
        name: sanitizeLine(entry.name + (isFolder ? "/" : "")),
        kind: isFolder ? "folder" : "file",
        insert,
      };
    });
}

function firstLine(source: string): string {
  return sanitizeLine(source.split("\n", 1)[0] ?? "").slice(0, DETAIL_LENGTH_MAX);
}
