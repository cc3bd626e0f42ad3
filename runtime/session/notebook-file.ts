/**
 * Notebooks as files: `.ipynb` (nbformat 4.5) and scripts whose cells begin with `// %%`.
 *
 * Written as Jupyter itself writes them (sorted keys, one blank of indent, text as lists of lines), so that
 * a notebook saved by either of them shows no difference in version control. Fields we do not know stay.
 * @see https://nbformat.readthedocs.io/en/latest/format_description.html
 * @module
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { z } from "zod";
import { writeWhole } from "../deck/whole-file.ts";
import { type Dialect, isDialect } from "./dialect.ts";

type Fields = Record<string, unknown>;

export type CellOutput =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string }
  | { output_type: "display_data"; data: Fields; metadata: Fields }
  | {
      output_type: "execute_result";
      data: Fields;
      metadata: Fields;
      execution_count: number | null;
    }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

export interface CodeCell {
  cell_type: "code";
  id: string;
  metadata: Fields;
  source: string;
  execution_count: number | null;
  outputs: CellOutput[];
}

export interface TextCell {
  cell_type: "markdown" | "raw";
  id: string;
  metadata: Fields;
  source: string;
}

export type NotebookCell = CodeCell | TextCell;

/** A notebook in memory: all text joined, all cells with an id. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Fields;
  nbformat: 4;
  nbformat_minor: number;
}

/** What names our kernel in a notebook's metadata. */
export const KERNELSPEC = {
  name: "eagerdeck",
  display_name: "TypeScript (eagerdeck)",
  language: "typescript",
} as const;

/** `language_info` of a notebook's metadata, but for the version that a kernel adds. */
export const LANGUAGE = {
  name: "typescript",
  mimetype: "text/typescript",
  file_extension: ".ts",
  pygments_lexer: "typescript",
  codemirror_mode: { name: "javascript", typescript: true, mode: "typescript" },
  nbconvert_exporter: "script",
} as const;

/** The file is not a notebook; the message is for people. */
export class NotebookFileError extends Error {
  static {
    Object.defineProperty(NotebookFileError.prototype, "name", { value: "NotebookFileError" });
  }
}

/** By extension: `.ipynb`, anything else is a script. */
export async function readNotebook(path: string): Promise<Notebook> {
  const text = await readFile(path, "utf8");
  try {
    return isIpynb(path) ? parseNotebook(text) : parseScript(text);
  } catch (error) {
    if (!(error instanceof NotebookFileError)) throw error;
    throw new NotebookFileError(`${path}: ${error.message}`, { cause: error });
  }
}

/**
 * The sources of a file's code cells, blank ones left out: what a terminal runs of it.
 * @throws {NotebookFileError} when it is no UTF-8 text, or no notebook.
 * @throws what the file system throws when it cannot be read.
 */
export async function cellsOfFile(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new NotebookFileError("it is no UTF-8 text", { cause: error });
  }
  const { cells } = isIpynb(path) ? parseNotebook(text) : parseScript(text);
  return cells
    .filter(({ cell_type, source }) => cell_type === "code" && source.trim() !== "")
    .map(({ source }) => source);
}

/** A full disk or a crash never leaves half a notebook. @throws {NotebookFileError} what `formatScript` throws. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeWhole(path, isIpynb(path) ? formatNotebook(notebook) : formatScript(notebook));
}

/** @throws {NotebookFileError} with what is wrong and where. */
export function parseNotebook(text: string): Notebook {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new NotebookFileError("not a notebook: it is not JSON", { cause: error });
  }
  const version = z.looseObject({ nbformat: z.number() }).safeParse(raw).data?.nbformat;
  if (version !== undefined && version !== 4) {
    throw new NotebookFileError(`notebook format ${version}; only format 4 can be read`);
  }
  const parsed = notebookSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new NotebookFileError(`not a notebook: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const notebook: Notebook = parsed.data;
  const seen = new Set<string>();
  for (const cell of notebook.cells) {
    if (!/^[\w-]{1,64}$/.test(cell.id) || seen.has(cell.id)) cell.id = newId();
    seen.add(cell.id);
  }
  notebook.nbformat_minor = Math.max(5, notebook.nbformat_minor);
  return notebook;
}

export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: lines(cell.source),
    ...(cell.cell_type === "code" ? { outputs: cell.outputs.map(splitOutput) } : {}),
  }));
  return `${JSON.stringify(sorted({ ...notebook, cells }), undefined, 1)}\n`;
}

/**
 * `// %%` begins a code cell, `// %% [markdown]` and `// %% [raw]` a text cell whose lines are comments. A
 * title and `key=JSON` may follow (`tags=["parameters"]`, `id="intro"`).
 */
export function parseScript(text: string): Notebook {
  const notebook = emptyNotebook();
  let cell: NotebookCell | undefined;
  let body: string[] = [];
  const finish = (): void => {
    const source = trimBlankLines(body);
    body = [];
    if (cell === undefined && source.length === 0) return; // nothing stands before the first marker
    cell ??= newCell("code");
    cell.source = (cell.cell_type === "code" ? source : source.map(uncomment)).join("\n");
    notebook.cells.push(cell);
  };
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n|\n/)) {
    const marker = MARKER.exec(line);
    if (marker === null) {
      body.push(line);
      continue;
    }
    finish();
    cell = cellOfMarker(marker[1] ?? "");
  }
  finish();
  return notebook;
}

/** @throws {NotebookFileError} when a cell contains a line that would begin another one. */
export function formatScript(notebook: Notebook): string {
  const blocks = notebook.cells.map((cell, index) => {
    const source = cell.source.split("\n");
    if (cell.cell_type === "code" && source.some((line) => MARKER.test(line))) {
      throw new NotebookFileError(`cell ${index + 1} contains a line that begins with "// %%"`);
    }
    const body = cell.cell_type === "code" ? source : source.map((line) => `// ${line}`.trimEnd());
    return [markerOf(cell), ...(cell.source === "" ? [] : body)].join("\n");
  });
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n`;
}

/** For which other kernel it was written, by the name of its kernel or its language. */
export function notebookDialect({ metadata }: Notebook): Dialect | undefined {
  const { kernelspec, language_info: language } = metadata;
  const name = field(kernelspec, "name");
  if (isDialect(name)) return name;
  const languages = [field(kernelspec, "language"), field(language, "name")];
  return languages.includes("javascript") ? "jslab" : undefined;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

export function emptyNotebook(): Notebook {
  return { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

export function newCell(type: NotebookCell["cell_type"], source = ""): NotebookCell {
  const base = { id: newId(), metadata: {}, source };
  if (type !== "code") return { cell_type: type, ...base };
  return { cell_type: type, ...base, execution_count: null, outputs: [] };
}

const fields = z.record(z.string(), z.unknown());
/** Text is stored as one string or as a list of lines. */
const joined = z.union([z.string(), z.array(z.string()).transform((parts) => parts.join(""))]);
const bundle = fields.transform((data) =>
  Object.fromEntries(
    Object.entries(data).map(([type, content]) => [
      type,
      isJsonType(type) ? content : rejoin(content),
    ]),
  ),
);
const outputSchema = z.discriminatedUnion("output_type", [
  z.looseObject({
    output_type: z.literal("stream"),
    name: z.enum(["stdout", "stderr"]).catch("stdout"),
    text: joined,
  }),
  z.looseObject({
    output_type: z.literal("display_data"),
    data: bundle,
    metadata: fields.default({}),
  }),
  z.looseObject({
    output_type: z.literal("execute_result"),
    data: bundle,
    metadata: fields.default({}),
    execution_count: z.number().nullable().default(null),
  }),
  z.looseObject({
    output_type: z.literal("error"),
    ename: z.string(),
    evalue: z.string(),
    traceback: z.array(z.string()).default([]),
  }),
]);
/** An id that is missing or not allowed is replaced after parsing. */
const cellBase = { id: z.string().catch(""), metadata: fields.default({}), source: joined };
const cellSchema = z.discriminatedUnion("cell_type", [
  z.looseObject({
    cell_type: z.literal("code"),
    ...cellBase,
    execution_count: z.number().nullable().default(null),
    outputs: z.array(outputSchema).default([]),
  }),
  z.looseObject({ cell_type: z.enum(["markdown", "raw"]), ...cellBase }),
]);
const notebookSchema = z.looseObject({
  cells: z.array(cellSchema),
  metadata: fields.default({}),
  nbformat: z.literal(4),
  nbformat_minor: z.number().default(0),
});

const MARKER = /^\/\/\s?%%(?:\s+(.*))?$/;

function cellOfMarker(rest: string): NotebookCell {
  const type = /^\[(markdown|md|raw)\]\s*/.exec(rest);
  const cell = newCell(type === null ? "code" : type[1] === "raw" ? "raw" : "markdown");
  let title = rest.slice(type?.[0].length ?? 0);
  // From the right: a value is JSON and may hold blanks, a title may hold anything but `key=`.
  for (;;) {
    const found = /^(.*?)(?:^|\s)([A-Za-z_][\w-]*)=(\S.*)$/.exec(title);
    const value = found === null ? undefined : jsonPrefix(found[3] ?? "");
    if (found === null || value === undefined) break;
    const key = found[2] ?? "";
    if (key === "id" && typeof value.json === "string") cell.id = value.json;
    else cell.metadata[key] = value.json;
    title = `${found[1]} ${value.rest}`;
  }
  if (title.trim() !== "") cell.metadata["title"] = title.trim();
  return cell;
}

/** The JSON value that `text` begins with. */
function jsonPrefix(text: string): { readonly json: unknown; readonly rest: string } | undefined {
  for (let end = text.length; end > 0; end = text.lastIndexOf(" ", end - 1)) {
    try {
      return { json: JSON.parse(text.slice(0, end)), rest: text.slice(end) };
    } catch {
      // not JSON up to here; a shorter piece may be
    }
  }
  return undefined;
}

function markerOf(cell: NotebookCell): string {
  const { title, ...metadata } = cell.metadata;
  const type = cell.cell_type === "code" ? [] : [`[${cell.cell_type}]`];
  const keys = Object.entries(metadata)
    .filter(([key]) => key !== "execution" && /^[A-Za-z_][\w-]*$/.test(key))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const words = typeof title === "string" && title !== "" ? [title.replace(/\s+/g, " ")] : [];
  return ["// %%", ...type, ...words, ...keys].join(" ");
}

function uncomment(line: string): string {
  return line.replace(/^\s*\/\/ ?/, "");
}

function trimBlankLines(body: readonly string[]): readonly string[] {
  let start = 0;
  let end = body.length;
  while (start < end && body[start]?.trim() === "") start++;
  while (end > start && body[end - 1]?.trim() === "") end--;
  return body.slice(start, end);
}

function isJsonType(type: string): boolean {
  return type === "application/json" || (type.startsWith("application/") && type.endsWith("+json"));
}

function rejoin(content: unknown): unknown {
  return Array.isArray(content) && content.every((part) => typeof part === "string")
    ? content.join("")
    : content;
}

function splitOutput(output: CellOutput): Fields {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) };
  if (output.output_type === "error") return { ...output };
  const data = Object.entries(output.data).map(([type, content]) => [
    type,
    typeof content === "string" && isLineType(type) ? lines(content) : content,
  ]);
  return { ...output, data: Object.fromEntries(data) };
}

/** nbformat's rule: base64 stays one string. */
function isLineType(type: string): boolean {
  return type.startsWith("text/") || type === "application/javascript" || type === "image/svg+xml";
}

const LINE_ENDS = String.raw`\n\r\v\f\x1c-\x1e\x85\u2028\u2029`;
const LINES = new RegExp(`[^${LINE_ENDS}]*(?:\\r\\n|[${LINE_ENDS}])|[^${LINE_ENDS}]+$`, "g");

/** As Python's `splitlines(keepends=True)`. */
function lines(text: string): string[] {
  return text.match(LINES) ?? [];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function isIpynb(path: string): boolean {
  return extname(path).toLowerCase() === ".ipynb";
}

function newId(): string {
  return randomBytes(4).toString("hex");
}
