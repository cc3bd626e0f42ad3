/**
 * The server's answers as the front ends want them: filtered, ordered, without our documents in them.
 * Pure.
 * @module
 */
import type {
  MarkupContent,
  Hover as ServerHover,
  CompletionItem as ServerItem,
  SignatureHelp as ServerSignatureHelp,
} from "vscode-languageserver-protocol";
import { isIdentifier } from "../../peek-path.ts";
import type {
  CompletionItem,
  CompletionKind,
  Completions,
  Hover,
  Peeked,
  SignatureHelp,
} from "../api.ts";
import { DOCUMENT_PREFIX } from "./config.ts";
import type { SessionName } from "./documents.ts";

export const ITEMS_MAX = 500;

/** The identifier, or the start of one, that a completion at `offset` replaces. */
export function wordAt(code: string, offset: number): { start: number; end: number } {
  const before = /[\p{ID_Continue}$\u200c\u200d]*$/u.exec(code.slice(0, offset))?.[0] ?? "";
  const after = /^[\p{ID_Continue}$\u200c\u200d]*/u.exec(code.slice(offset))?.[0] ?? "";
  return { start: offset - before.length, end: offset + after.length };
}

/** What was typed matches exactly, but for its case, or letter by letter: 0, 1, 2; -1 not at all. */
function matchRank(name: string, typed: string): number {
  if (name.startsWith(typed)) return 0;
  const lower = name.toLowerCase();
  const wanted = typed.toLowerCase();
  if (lower.startsWith(wanted)) return 1;
  let at = 0;
  for (const letter of wanted) {
    at = lower.indexOf(letter, at) + 1;
    if (at === 0) return -1;
  }
  return 2;
}

/** The best of the server's items for what was typed so far, at most 500. */
export function chosenItems(items: readonly ServerItem[], typed: string): ServerItem[] {
  const ranked = items
    .filter(({ label }) => !label.startsWith(DOCUMENT_PREFIX))
    .map((item) => ({ item, rank: matchRank(item.filterText ?? item.label, typed) }))
    .filter(({ rank }) => rank >= 0);
  // Letter by letter is a guess: only when nothing begins that way.
  const best = ranked.some(({ rank }) => rank < 2) ? ranked.filter(({ rank }) => rank < 2) : ranked;
  best.sort(
    (a, b) =>
      a.rank - b.rank ||
      compare(a.item.sortText ?? "", b.item.sortText ?? "") ||
      compare(a.item.label, b.item.label),
  );
  return best.slice(0, ITEMS_MAX).map(({ item }) => item);
}

/** What may stand at a place, as far as the text before it tells. */
export type Place = "name" | "key" | "member" | "other";

/**
 * `key`: of an object, where the server knows which ones are meant. `other`: in a string, a comment or a number, where
 * nothing but the server knows what may come.
 */
export function placeAt(code: string, start: number): Place {
  if (isInText(code.slice(0, start)) || /\d/.test(code[start] ?? "")) return "other";
  const before = code.slice(0, start);
  if (/(?:^|[^.])\.\s*$/.test(before)) return "member";
  return isKey(before) ? "key" : "name";
}

/** Whether a name without an owner may stand there: a key may be a value of that name, too. */
export function isBare(place: Place): boolean {
  return place === "name" || place === "key";
}

/** Brackets in strings count too: the answer only tells how long the server is waited for. */
function isKey(before: string): boolean {
  if (!/[{,]\s*$/.test(before)) return false;
  let closed = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const letter = before[at] ?? "";
    if (")]}".includes(letter)) closed++;
    else if ("([{".includes(letter) && closed-- === 0) {
      return letter === "{" && /(?:[(,:=[?&|]|\breturn)\s*$/.test(before.slice(0, at));
    }
  }
  return false;
}

/** Where the expression ends whose member begins at `start`: at its `.` or `?.`. */
export function dotBefore(code: string, start: number): number {
  return start - (/\??\.\s*$/.exec(code.slice(0, start))?.[0].length ?? 0);
}

/** Whether the end of `before` is in a string, the text of a template, or a comment. */
function isInText(before: string): boolean {
  // Regular expressions are not told from divisions: a quote in one counts until its line ends.
  const closed = /\/\/[^\n]*(?=\n)|\/\*[\s\S]*?\*\/|(["'])(?:\\[\s\S]|(?!\1)[^\n\\])*(?:\1|\n)/y;
  const inside: ("`" | "{")[] = [];
  for (let at = 0; at < before.length; at++) {
    const letter = before[at];
    if (inside.at(-1) === "`") {
      if (letter === "\\") at++;
      else if (letter === "`") inside.pop();
      else if (letter === "$" && before[at + 1] === "{") {
        inside.push("{");
        at++;
      }
      continue;
    }
    if (letter === "`" || letter === "{") inside.push(letter);
    else if (letter === "}") inside.pop();
    else if (/^(?:["']|\/[/*])/.test(before.slice(at, at + 2))) {
      closed.lastIndex = at;
      const [text] = closed.exec(before) ?? [];
      if (text === undefined) return true;
      at += text.length - 1;
    }
  }
  return inside.at(-1) === "`";
}

const TYPE_KINDS: ReadonlySet<SessionName["kind"]> = new Set([
  "class",
  "enum",
  "interface",
  "type",
  "namespace",
  "import",
]);

/**
 * The server's items and the session's names: the draft's header brings only those that its text mentions.
 * The server's list tells what may stand there: values, types, or only what it lists.
 */
export function withNames(
  items: readonly ServerItem[],
  names: ReadonlyMap<string, SessionName>,
): ServerItem[] {
  const allowsValues = listsValues(items);
  if (!allowsValues && !items.some(({ label }) => label === "Partial")) return [...items];
  const own = [...names.values()].filter(({ kind }) => allowsValues || TYPE_KINDS.has(kind));
  const replaced = new Set(own.map(({ name }) => name));
  return [...items.filter(({ label }) => !replaced.has(label)), ...own.map(nameItem)];
}

/** Whether the list is of a place for any value. (`globalThis` and classes are listed among types too.) */
export function listsValues(items: readonly ServerItem[]): boolean {
  return items.some(({ label }) => label === "parseInt");
}

/** What is known without the server: the session's names, and what it said elsewhere of globals. */
export function namesWithout(
  server: readonly ServerItem[],
  names: ReadonlyMap<string, SessionName>,
): ServerItem[] {
  return [
    ...server.filter(({ label, sortText }) => sortText !== SORT_LOCAL && !names.has(label)),
    ...[...names.values()].map(nameItem),
  ];
}

/** The server's own mark of what the text declares. */
const SORT_LOCAL = "11";

function nameItem({ name, kind, from }: SessionName): ServerItem {
  return {
    label: name,
    kind: KIND_NUMBERS[kindOfName(kind)],
    sortText: SORT_LOCAL,
    ...(from === undefined ? {} : { detail: from }),
  };
}

const LIVE = "live";

/** The server's items of a member list and what else the live value has. */
export function withLive(items: readonly ServerItem[], { properties }: Peeked): ServerItem[] {
  const known = new Set(items.map(({ label }) => label));
  const live = properties.filter(({ name }) => !known.has(name));
  return [
    ...items,
    ...live.map(
      ({ name, kind, type }): ServerItem => ({
        label: name,
        kind: KIND_NUMBERS[kind === "method" ? "method" : "property"],
        sortText: SORT_LOCAL,
        detail: type === undefined ? LIVE : `${type} · ${LIVE}`,
      }),
    ),
  ];
}

/**
 * Items behind a dot. Names that are no identifiers need brackets in its place: then all begin where it stands.
 */
export function members(
  code: string,
  word: { readonly start: number; readonly end: number },
  items: readonly CompletionItem[],
): Completions {
  if (items.every(({ name }) => isMember(name))) return { ...word, items };
  const start = dotBefore(code, word.start);
  const dot = code[start] === "?" ? "?." : "";
  return {
    start,
    end: word.end,
    items: items.map((item) => ({
      ...item,
      insert: isMember(item.name)
        ? `${dot || "."}${item.name}`
        : `${dot}[${JSON.stringify(item.name)}]`,
    })),
  };
}

function isMember(name: string): boolean {
  return isIdentifier(name.replace(/^#/, ""));
}

const KIND_NUMBERS: Readonly<Record<CompletionKind, NonNullable<ServerItem["kind"]>>> = {
  method: 2,
  function: 3,
  property: 5,
  variable: 6,
  class: 7,
  interface: 8,
  module: 9,
  enum: 13,
  keyword: 14,
  constant: 21,
  type: 25,
};

export function toItem(item: ServerItem): CompletionItem {
  // Of several overloads the first, on one line.
  const [first] = (item.detail ?? "").split(/\n(?=\(alias\) |import |function )/, 1);
  const detail = first ? cleanSignature(first).replaceAll(/\s*\n\s*/g, " ") : undefined;
  const insert = item.textEdit?.newText ?? item.insertText;
  return {
    name: item.label,
    kind: kindOf(item, detail),
    ...(detail ? { detail } : {}),
    ...(insert !== undefined && insert !== item.label ? { insert } : {}),
  };
}

/** By the protocol's numbers of kinds. */
const KINDS: Readonly<Record<number, CompletionKind>> = {
  2: "method",
  3: "function",
  4: "function",
  5: "property",
  6: "variable",
  7: "class",
  8: "interface",
  9: "module",
  10: "property",
  13: "enum",
  14: "keyword",
  17: "module",
  19: "module",
  20: "property",
  21: "constant",
  22: "type",
  25: "type",
};

/** Session names reach a draft as aliases: their own kind is in the first word of the detail. */
export function kindOf(item: ServerItem, detail?: string): CompletionKind {
  if (detail?.endsWith(LIVE)) return KINDS[item.kind ?? 0] ?? "property";
  const word = /^(function|const|let|var|class|interface|enum|type|namespace|module)\b/.exec(
    detail ?? "",
  );
  const named = word?.[1];
  if (named === "const") return "constant";
  if (named === "let" || named === "var") return "variable";
  if (named === "namespace") return "module";
  return (named as CompletionKind | undefined) ?? KINDS[item.kind ?? 0] ?? "variable";
}

function kindOfName(kind: SessionName["kind"]): CompletionKind {
  switch (kind) {
    case "const":
    case "using":
      return "constant";
    case "let":
    case "var":
    case "import":
      return "variable";
    case "namespace":
      return "module";
    default:
      return kind;
  }
}

/** A hover's signature and documentation; undefined when it says nothing. */
function toHover(
  hover: ServerHover | null,
): { readonly signature: string; readonly documentation: string } | undefined {
  if (!hover) return undefined;
  const { contents } = hover;
  const text =
    typeof contents === "object" && "value" in contents ? contents.value : String(contents);
  const [, fenced, rest = ""] = /^\s*```\w*\n([\s\S]*?)\n```\n?([\s\S]*)$/.exec(text) ?? [];
  if (fenced === undefined) return undefined;
  return { signature: cleanSignature(fenced), documentation: rest.trim() };
}

export function toSignature(help: ServerSignatureHelp | null): SignatureHelp | undefined {
  const signature = help?.signatures[help.activeSignature ?? 0] ?? help?.signatures[0];
  if (!help || !signature) return undefined;
  const label = cleanSignature(signature.label);
  const index = signature.activeParameter ?? help.activeParameter ?? 0;
  const parameter = signature.parameters?.[index]?.label;
  const range =
    typeof parameter === "string"
      ? rangeOf(label, parameter, signature.parameters ?? [], index)
      : parameter;
  return {
    label,
    ...(range ? { activeParameter: { start: range[0], end: range[1] } } : {}),
    documentation: markupText(signature.documentation),
  };
}

/** Labels come in order; each is searched behind the one before: `(a: a, a2: a)`. */
function rangeOf(
  label: string,
  wanted: string,
  parameters: readonly { readonly label: string | [number, number] }[],
  index: number,
): [number, number] | undefined {
  let from = label.indexOf("(") + 1;
  for (const { label: earlier } of parameters.slice(0, index)) {
    if (typeof earlier !== "string") continue;
    const at = label.indexOf(earlier, from);
    if (at >= 0) from = at + earlier.length;
  }
  const start = label.indexOf(wanted, from);
  return start < 0 ? undefined : [start, start + wanted.length];
}

function markupText(content: string | MarkupContent | undefined): string {
  return (typeof content === "string" ? content : (content?.value ?? "")).trim();
}

/** Takes our imports and documents out of a type as the server prints it. */
export function cleanSignature(text: string): string {
  return withoutDocuments(text)
    .replaceAll(/^\(alias\) /gm, "")
    .replace(/\nimport [^\n]*$/, "");
}

/** `import("/home/me/__eagerdeck_c3").Row` is `Row` to the person. */
export function withoutDocuments(text: string): string {
  return text.replaceAll(/(?:typeof )?import\("[^"]*__eagerdeck_c\w+(?:\.tsx?)?"\)\.?/g, "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A hover's range as offsets is the word's. */
export function hoverAt(
  code: string,
  offset: number,
  hover: ServerHover | null,
): Hover | undefined {
  const said = toHover(hover);
  return said ? { ...said, ...wordAt(code, offset) } : undefined;
}
