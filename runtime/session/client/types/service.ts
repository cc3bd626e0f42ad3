/**
 * Types of cells: one TypeScript child, told which documents there are and asked about them.
 *
 * Nothing waits for it that need not: it starts in the background, an answer that does not come in time is
 * no answer, and without it cells run unchecked.
 *
 * Invariants
 *   S1  No call rejects or throws. `check` says undefined for "not checked", never for "no errors".
 *   S2  A text that was in flight at two deaths of the child is not sent a third time.
 *   S3  What is asked about is open, with all documents it needs; what no later cell can need is closed.
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ResponseError } from "vscode-jsonrpc/node";
import type {
  CompletionList,
  DocumentDiagnosticReport,
  Location,
  LocationLink,
  Hover as ServerHover,
  CompletionItem as ServerItem,
  SignatureHelp as ServerSignatureHelp,
} from "vscode-languageserver-protocol";
import { declaredSoFar } from "../../analyse.ts";
import type { Diagnostic } from "../../cell-error.ts";
import { packageRoot as ownPackageRoot } from "../../package-root.ts";
import { pathBefore } from "../../peek-path.ts";
import { offsetToLineColumn } from "../../positions.ts";
import type { Published } from "../../protocol.ts";
import type { Completions, Definition, Hover, Peeked, SignatureHelp, Types } from "../api.ts";
import {
  IMPORTS_FILE,
  type Importable,
  importables,
  importItem,
  importsText,
  isOffer,
  localModules,
  nodeImportables,
} from "./auto-imports.ts";
import {
  chosenItems,
  dotBefore,
  hoverAt,
  ITEMS_MAX,
  isBare,
  kindOf,
  listsValues,
  members,
  namesWithout,
  placeAt,
  toItem,
  toSignature,
  withLive,
  withNames,
  wordAt,
} from "./completion.ts";
import { type CheckerConfig, CONFIG_FILE, checkerConfig, DOCUMENT_PREFIX } from "./config.ts";
import { fileText, type Place, placeOf, textIn } from "./declaration.ts";
import { diagnosticsOf, isModuleMissing } from "./diagnostics.ts";
import { type DiskChanges, LocalFiles } from "./disk.ts";
import { type CheckerDocument, SessionDocuments, sourceColumn } from "./documents.ts";
import { Cancelled, ServerGone, TypeScriptServer } from "./process.ts";

const ANSWER_TIMEOUT_MS = 10_000;
const TYPING_TIMEOUT_MS = 3_000;
/** Longer text is not asked about while it is typed: a check of 2 MB takes seconds. */
const TYPING_CHARS_MAX = 256 * 1024;
/** Items that get their type with the list; the rest have their kind only. */
const DETAILED_ITEMS = 16;
/** How long a list of bare names waits for the server: the session's own names are known without it. */
const NAMES_PATIENCE_MS = 25;
const RESTART_DELAYS_MS = [200, 1_000, 5_000];
const DEATHS_PER_MINUTE_MAX = 3;
const PROBE_EVERY_CHECKS = 200;
/** The server's word for "the text changed under this request, ask again". */
const ASK_AGAIN = new Set([-32802, -32801]);

export interface CellText {
  readonly cell: number;
  readonly code: string;
}

export interface TypeServiceOptions {
  /** Where cells resolve imports from; absolute, must exist. */
  readonly folder: string;
  /** A sentence for the person. */
  readonly onNotice: (text: string) => void;
  /** What a live value has, if the user process can tell at once. */
  readonly peek?: (path: string) => Promise<Peeked | undefined>;
  /** Compiler options in a folder without a tsconfig. */
  readonly defaults?: Readonly<Record<string, boolean>>;
  /** Where eagerdeck and tslab resolve to; this copy unless a test says otherwise. */
  readonly packageRoot?: string;
  /** The child starts when this has settled; default: at once. */
  readonly startAfter?: Promise<unknown>;
}

export interface TypeService extends Types {
  /**
   * What is wrong with a cell, given what exists now; undefined when it could not be checked.
   * @param beside runs in another lane: what it declares may be there already.
   */
  check(
    cell: CellText,
    signal?: AbortSignal,
    beside?: CellText,
  ): Promise<readonly Diagnostic[] | undefined>;
  /**
   * Reads a cell ahead, while `after` runs, as if that one had published all it declares. Its own `check` then
   * asks again, about the same text if the assumption held, and is answered from what was done here.
   */
  prepare(cell: CellText, after: CellText): void;
  /**
   * The cell ran. Call it for every cell that the user process ran, also when it published no value:
   * its interfaces and types exist from then on. `label` is the cell as the person knows it, `In [3]`.
   */
  published(cell: number, code: string, names: readonly Published[], label?: string): void;
  /** All names are gone: the user process is a new one. */
  reset(): void;
  /** Process id of the child, while there is one. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

/** Starts the service; returns at once and never throws. */
export function startTypeService(options: TypeServiceOptions): TypeService {
  return new Service(options);
}

/** One life of the child, with what it has been told. */
interface Life {
  readonly server: TypeScriptServer;
  /** Text by file name. */
  readonly open: Map<string, string>;
  /** The text being typed, as it was asked about last. */
  draft?: { readonly cell: number; readonly fileName: string };
  /** We end it ourselves: its exit is no death. */
  retired: boolean;
}

/** A list of the server's, and what it was asked for. */
interface Listed {
  readonly around: string;
  readonly typed: string;
  readonly generation: number;
  readonly items: readonly ServerItem[];
  readonly life: Life;
  readonly document: CheckerDocument;
  readonly details: Map<string, ServerItem>;
}

class Service implements TypeService {
  readonly #options: TypeServiceOptions;
  readonly #packageRoot: string;
  readonly #documents = new SessionDocuments();
  readonly #files: LocalFiles;
  readonly #deadly = new Map<string, number>();
  readonly #closing = new AbortController();
  #config: CheckerConfig;
  /** Changes when the checker has to read its config again. */
  #configTouches = 0;
  #life: Promise<Life | undefined>;
  #server: TypeScriptServer | undefined;
  #deaths: number[] = [];
  #version = 0;
  /** Changes with what any text means: names, other cells. */
  #generation = 0;
  #listed: Listed | undefined;
  /** What the server listed last where any value may stand. */
  #globals: readonly ServerItem[] = [];
  #checks = 0;

  constructor(options: TypeServiceOptions) {
    this.#options = options;
    this.#packageRoot = options.packageRoot ?? ownPackageRoot;
    this.#config = checkerConfig(options.folder, this.#packageRoot, options.defaults);
    this.#files = new LocalFiles(options.folder, this.#config.tsconfig);
    this.#files.useConfig(this.#config.tsconfig, this.#config.sources);
    this.#life = this.#startAfter(options.startAfter);
    const { problem } = this.#config;
    // Later, when whoever starts the service listens.
    if (problem) void this.#life.then(() => options.onNotice(problem));
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  // Cells

  async check(
    cell: CellText,
    signal?: AbortSignal,
    beside?: CellText,
  ): Promise<readonly Diagnostic[] | undefined> {
    const document = this.#documents.compose(cell.cell, cell.code, beside);
    this.#generation++;
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const stop = AbortSignal.any([timeout, this.#closing.signal, ...(signal ? [signal] : [])]);
    let report: DocumentDiagnosticReport | undefined;
    try {
      report = await this.#ask(cell.code, stop, async (life) => {
        const answer = await this.#pull(life, document, stop);
        // It settled without a name while it was asked about.
        if (!this.#documents.has(cell.cell)) this.#close(life, document.fileName);
        return answer;
      });
      this.#checks++;
      if (this.#checks % PROBE_EVERY_CHECKS === 0) void this.#probe();
    } catch (error) {
      if (timeout.aborted && error instanceof Cancelled) {
        this.#options.onNotice("the type checker did not answer in 10 s: the cell runs unchecked");
      }
      return undefined;
    }
    return report?.kind === "full" ? diagnosticsOf(document, report) : undefined;
  }

  prepare(cell: CellText, after: CellText): void {
    const document = this.#documents.compose(cell.cell, cell.code, after);
    this.#generation++;
    const stop = AbortSignal.any([AbortSignal.timeout(ANSWER_TIMEOUT_MS), this.#closing.signal]);
    // Whatever goes wrong here goes wrong again in `check`, and is told there.
    this.#ask(cell.code, stop, (life) => this.#pull(life, document, stop)).catch(() => undefined);
  }

  async #pull(
    life: Life,
    document: CheckerDocument,
    stop: AbortSignal,
  ): Promise<DocumentDiagnosticReport> {
    this.#tellDisk(life, document);
    this.#show(life, document);
    const report = await this.#diagnose(life, document.fileName, stop);
    const missing =
      report.kind === "full" && report.items.some(({ code }) => isModuleMissing(code));
    // The server remembers that a package was missing, and nothing but its config makes it forget.
    if (!missing || !document.imports.some(({ specifier }) => this.#files.resolves(specifier))) {
      return report;
    }
    this.#touchConfig(life);
    return this.#diagnose(life, document.fileName, stop);
  }

  #diagnose(life: Life, fileName: string, stop: AbortSignal): Promise<DocumentDiagnosticReport> {
    const params = { textDocument: { uri: this.#uri(fileName) } };
    return patient(() => life.server.request("textDocument/diagnostic", params, stop));
  }

  published(cell: number, code: string, names: readonly Published[], label?: string): void {
    this.#documents.published(cell, code, names, label);
    this.#generation++;
    this.#closeUnneeded();
  }

  reset(): void {
    this.#documents.reset();
    this.#generation++;
    this.#closeUnneeded();
  }

  // Text that is being typed

  async complete(
    code: string,
    offset: number,
    signal?: AbortSignal,
    options: { readonly autoImport?: boolean } = {},
  ): Promise<Completions> {
    const found = await this.#complete(code, offset, signal);
    const isName = isBare(placeAt(code, found.start)) && found.start < offset;
    if (!options.autoImport || !isName) return found;
    const typed = code.slice(found.start, offset);
    const known = await this.#importables(code, offset, signal);
    const imports = known.filter(({ name }) => name.startsWith(typed));
    imports.sort((a, b) => (a.name < b.name ? -1 : 1));
    const items = [...found.items, ...imports.map((name) => importItem(code, name))];
    return { ...found, items: items.slice(0, ITEMS_MAX) };
  }

  /** Names of other files, packages and Node that begin in the word at `offset`. */
  async #importables(
    code: string,
    offset: number,
    signal: AbortSignal | undefined,
  ): Promise<Importable[]> {
    const modules = localModules(this.#options.folder);
    const asked = await this.#askDraft(code, offset, signal, async (life, position, stop) => {
      this.#open(life, IMPORTS_FILE, "typescript", importsText(modules));
      life.server.offerImports(true);
      try {
        return await this.#requestList(life, position, stop);
      } finally {
        life.server.offerImports(false);
        this.#close(life, IMPORTS_FILE);
      }
    });
    const items = asked ?? [];
    const inScope = new Set(items.filter((item) => !isOffer(item)).map(({ label }) => label));
    const isForTypes = items.length > 0 && !listsValues(items);
    const ofNode = nodeImportables().filter(({ kind }) => !isForTypes || kind === "class");
    const known = [...importables(items, modules, kindOf), ...ofNode];
    return known.filter(({ name }) => !inScope.has(name) && !this.#documents.names.has(name));
  }

  #requestList(life: Life, position: object, stop: AbortSignal): Promise<ServerItem[]> {
    return patient(async () => {
      const list = await life.server.request<CompletionList | ServerItem[] | null>(
        "textDocument/completion",
        position,
        stop,
      );
      return Array.isArray(list) ? list : (list?.items ?? []);
    });
  }

  async #complete(
    code: string,
    offset: number,
    signal: AbortSignal | undefined,
  ): Promise<Completions> {
    const word = wordAt(code, offset);
    const typed = code.slice(word.start, offset);
    const place = placeAt(code, word.start);
    const listing = this.#list(code, offset, signal);
    const names = this.#documents.names;
    if (isBare(place)) {
      const listed = await (place === "key" ? listing : within(NAMES_PATIENCE_MS, listing));
      const all = listed ? withNames(listed.items, names) : namesWithout(this.#globals, names);
      return { ...word, items: chosenItems(all, typed).map(toItem) };
    }
    const owner = place === "member" ? pathBefore(code, dotBefore(code, word.start)) : undefined;
    const peeking = owner && this.#peek(owner.path);
    const listed = await listing;
    const peeked = await peeking;
    const isLive = owner && peeked && (await this.#isSessionName(code, owner.start, signal));
    const all = isLive ? withLive(listed?.items ?? [], peeked) : (listed?.items ?? []);
    const best = chosenItems(all, typed);
    const chosen = listed ? await this.#detailed(listed, best, signal) : best;
    if (place !== "member") return { ...word, items: chosen.map(toItem) };
    return members(code, word, chosen.map(toItem));
  }

  /** What the user process says of a live value; nothing where there is none to ask. */
  async #peek(path: string): Promise<Peeked | undefined> {
    return await this.#options.peek?.(path).catch(() => undefined);
  }

  /** Whether the name at `offset` is the session's and not one that the text itself declares. */
  async #isSessionName(
    code: string,
    offset: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { start, end } = wordAt(code, offset);
    const name = code.slice(start, end);
    if (!this.#documents.names.has(name) || declaredSoFar(code).has(name)) return false;
    const isOwn = await this.#askDraft(code, start, signal, async (life, position, stop, draft) => {
      const found = await this.#locate(life, position, stop);
      const uri = this.#uri(draft.fileName);
      return found.some(
        (place) => place.uri === uri && place.range.start.line >= draft.linesBefore,
      );
    });
    // Without the server the text alone has to tell.
    return isOwn !== true;
  }

  /** Where the name at a position is declared, as far as the server follows it. */
  #locate(life: Life, position: object, stop: AbortSignal): Promise<Place[]> {
    return patient(async () => {
      const found = await life.server.request<Location | (Location | LocationLink)[] | null>(
        "textDocument/definition",
        position,
        stop,
      );
      return found ? [found].flat().map(placeOf) : [];
    });
  }

  /** The server's list for the word at `offset`; the last one while only that word grows. */
  async #list(
    code: string,
    offset: number,
    signal: AbortSignal | undefined,
  ): Promise<Listed | undefined> {
    const { start, end } = wordAt(code, offset);
    const around = `${code.slice(0, start)}\0${code.slice(end)}`;
    const typed = code.slice(start, offset);
    const last = this.#listed;
    const isMember = placeAt(code, start) === "member";
    const begun =
      last !== undefined && (isMember || last.typed !== "") && typed.startsWith(last.typed);
    if (begun && last.around === around && last.generation === this.#generation) return last;
    return await this.#askDraft(code, offset, signal, async (life, position, stop, document) => {
      const generation = this.#generation;
      const list = await this.#requestList(life, position, stop);
      // Somebody else may just have asked for imports.
      const items = list.filter((item) => !isOffer(item));
      if (listsValues(items)) this.#globals = items;
      this.#listed = { around, typed, generation, items, life, document, details: new Map() };
      return this.#listed;
    });
  }

  /** Types of the first items. The first costs the server another checker: not asked for bare names. */
  async #detailed(
    listed: Listed,
    items: ServerItem[],
    signal: AbortSignal | undefined,
  ): Promise<ServerItem[]> {
    const { life, document, details } = listed;
    const stop = this.#typingStop(signal);
    const first = items.slice(0, DETAILED_ITEMS).map(async (item) => {
      const known = details.get(item.label);
      // Items point into the text they were listed for.
      const isStale = life.open.get(document.fileName) !== document.text;
      if (known || !item.data || isStale) return known ?? item;
      try {
        const detailed = await life.server.request<ServerItem>(
          "completionItem/resolve",
          item,
          stop,
        );
        details.set(item.label, detailed);
        return detailed;
      } catch {
        // A name without its type is still a name.
        return item;
      }
    });
    return [...(await Promise.all(first)), ...items.slice(DETAILED_ITEMS)];
  }

  async hover(code: string, offset: number, signal?: AbortSignal): Promise<Hover | undefined> {
    const word = wordAt(code, offset);
    const owner = word.start < word.end ? pathBefore(code, word.end) : undefined;
    const peeking = owner && this.#peek(owner.path);
    const answer = await this.#askDraft(code, offset, signal, (life, position, stop) =>
      patient(() => life.server.request<ServerHover | null>("textDocument/hover", position, stop)),
    );
    const hover = hoverAt(code, offset, answer ?? null);
    const peeked = hover && (await peeking);
    if (!owner || !peeked || peeked.type === "function") return hover;
    if (!(await this.#isSessionName(code, owner.start, signal))) return hover;
    return { ...hover, value: peeked.preview };
  }

  async signature(
    code: string,
    offset: number,
    signal?: AbortSignal,
  ): Promise<SignatureHelp | undefined> {
    const answer = await this.#askDraft(code, offset, signal, (life, position, stop) =>
      patient(() =>
        life.server.request<ServerSignatureHelp | null>(
          "textDocument/signatureHelp",
          position,
          stop,
        ),
      ),
    );
    return toSignature(answer ?? null);
  }

  async definition(
    code: string,
    offset: number,
    signal?: AbortSignal,
  ): Promise<Definition | undefined> {
    return await this.#askDraft(code, offset, signal, async (life, position, stop, draft) => {
      const uri = this.#uri(draft.fileName);
      const header = draft.linesBefore - 1;
      const found = await this.#locate(life, position, stop);
      const brought = found.find((place) => place.uri === uri && place.range.start.line === header);
      const line = draft.text.split("\n")[header] ?? "";
      const character = brought && sourceColumn(line, brought.range.start.character);
      if (character === undefined) return await this.#definitionOf(found, draft);
      const source = { textDocument: { uri }, position: { line: header, character } };
      return await this.#definitionOf(await this.#locate(life, source, stop), draft);
    });
  }

  /** The first place that a person can go to. */
  async #definitionOf(
    found: readonly Place[],
    draft: CheckerDocument,
  ): Promise<Definition | undefined> {
    for (const { uri, range, whole } of found) {
      if (!uri.startsWith("file:")) continue;
      const path = fileURLToPath(uri);
      const column = range.start.character + 1;
      const cell = cellOf(path);
      if (cell === undefined) {
        const text = textIn(await fileText(path), whole);
        return { file: path, line: range.start.line + 1, column, ...text };
      }
      const isDraft = uri === this.#uri(draft.fileName);
      const document = isDraft ? draft : this.#documents.get(cell);
      const line = range.start.line + 1 - (document?.linesBefore ?? 0);
      if (!document || document === this.#documents.prelude || line < 1) continue;
      const label = this.#documents.labelOf(cell);
      const where = isDraft ? {} : { cell, ...(label === undefined ? {} : { label }) };
      return { ...where, line, column, ...textIn(document.text, whole) };
    }
    return undefined;
  }

  async #askDraft<Answer>(
    code: string,
    offset: number,
    signal: AbortSignal | undefined,
    ask: (
      life: Life,
      position: object,
      stop: AbortSignal,
      document: CheckerDocument,
    ) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (code.length > TYPING_CHARS_MAX) return undefined;
    const stop = this.#typingStop(signal);
    try {
      return await this.#ask(code, stop, (life) => {
        const document = this.#documents.draft(code);
        this.#showDraft(life, document);
        const { line, column } = offsetToLineColumn(code, offset);
        const position = {
          textDocument: { uri: this.#uri(document.fileName) },
          position: { line: line - 1 + document.linesBefore, character: column - 1 },
        };
        return ask(life, position, stop, document);
      });
    } catch {
      return undefined;
    }
  }

  #typingStop(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([
      AbortSignal.timeout(TYPING_TIMEOUT_MS),
      this.#closing.signal,
      ...(signal ? [signal] : []),
    ]);
  }

  // The child

  /** Asks the living child, once more when it dies meanwhile. `about` is the text that is sent. */
  async #ask<Answer>(
    about: string,
    stop: AbortSignal,
    ask: (life: Life) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    for (;;) {
      if ((this.#deadly.get(about) ?? 0) >= 2) return undefined;
      const life = await unlessStopped(this.#life, stop);
      if (!life) return undefined;
      try {
        return await ask(life);
      } catch (error) {
        if (!(error instanceof ServerGone)) throw error;
        if (!life.retired) this.#deadly.set(about, (this.#deadly.get(about) ?? 0) + 1);
        // Its exit may be noticed after the request failed; only then is the next life waited for.
        await unlessStopped(life.server.exited, stop);
      }
    }
  }

  /** Whatever comes of `earlier`, and without it when the service is closed before. */
  async #startAfter(earlier: Promise<unknown> | undefined): Promise<Life | undefined> {
    if (earlier) {
      await unlessStopped(earlier, this.#closing.signal).catch(() => undefined);
    }
    return this.#start();
  }

  async #start(): Promise<Life | undefined> {
    if (this.#closing.signal.aborted) return undefined;
    let server: TypeScriptServer;
    try {
      server = await TypeScriptServer.start(this.#options.folder);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#afterDeath(`the type checker could not be started (${reason})`);
    }
    if (this.#closing.signal.aborted) {
      await server.close();
      return undefined;
    }
    this.#server = server;
    const life: Life = { server, open: new Map(), retired: false };
    this.#open(life, CONFIG_FILE, "json", this.#configText());
    void server.exited.then((reason) => {
      if (this.#server === server) this.#server = undefined;
      if (this.#closing.signal.aborted) return;
      this.#life = life.retired
        ? this.#start()
        : this.#afterDeath(`the type checker ended (${reason})`);
    });
    void this.#probe(life);
    return life;
  }

  /** Waits and starts again, or gives up with one notice. */
  async #afterDeath(why: string): Promise<Life | undefined> {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < 60_000), now];
    if (this.#deaths.length >= DEATHS_PER_MINUTE_MAX) {
      this.#options.onNotice(`${why}, repeatedly: cells run unchecked from now on`);
      return undefined;
    }
    const delay = RESTART_DELAYS_MS[this.#deaths.length - 1] ?? 0;
    await pause(delay, this.#closing.signal);
    return this.#start();
  }

  /** A child that finds no error here finds none anywhere: it is ended and with that replaced. */
  async #probe(given?: Life): Promise<void> {
    const life = given ?? (await this.#life);
    if (!life) return;
    const fileName = `${DOCUMENT_PREFIX}probe.ts`;
    // Another text each time, so that no remembered answer is taken; the prelude is loaded on the way.
    const text = `import {} from "./${DOCUMENT_PREFIX}0"; const x: string = 1; // ${this.#checks}`;
    const stop = AbortSignal.any([AbortSignal.timeout(60_000), this.#closing.signal]);
    try {
      this.#openDocument(life, this.#documents.prelude);
      this.#open(life, fileName, "typescript", text);
      const report = await this.#diagnose(life, fileName, stop);
      const works = report.kind === "full" && report.items.some(({ code }) => code === 2322);
      this.#close(life, fileName);
      if (!works) await life.server.close();
    } catch (error) {
      // Its death is dealt with where it is noticed; silence for a minute is a death too.
      if (error instanceof Cancelled && !this.#closing.signal.aborted) await life.server.close();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server?.close();
    // A child that was about to start is ended by its own start.
    await this.#life.catch(() => undefined);
  }

  // What the child knows

  #show(life: Life, document: CheckerDocument): void {
    for (const needed of this.#documents.closure(document)) this.#openDocument(life, needed);
  }

  /** A draft whose number was taken by a cell that was never seen here is closed with the next one. */
  #showDraft(life: Life, document: CheckerDocument): void {
    const { draftCell } = this.#documents;
    const before = life.draft;
    if (before && before.cell !== draftCell && !this.#documents.has(before.cell)) {
      this.#close(life, before.fileName);
    }
    life.draft = { cell: draftCell, fileName: document.fileName };
    this.#show(life, document);
  }

  #openDocument(life: Life, { fileName, languageId, text }: CheckerDocument): void {
    this.#open(life, fileName, languageId, text);
    // The other spelling of the same cell would be found first.
    const twin = fileName.endsWith("x") ? fileName.slice(0, -1) : `${fileName}x`;
    this.#close(life, twin);
  }

  #open(life: Life, fileName: string, languageId: string, text: string): void {
    const known = life.open.get(fileName);
    if (known === text) return;
    const version = ++this.#version;
    const uri = this.#uri(fileName);
    life.open.set(fileName, text);
    if (known !== undefined) {
      life.server.notify("textDocument/didChange", {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    } else {
      life.server.notify("textDocument/didOpen", {
        textDocument: { uri, languageId, version, text },
      });
    }
  }

  #close(life: Life, fileName: string): void {
    if (!life.open.delete(fileName)) return;
    life.server.notify("textDocument/didClose", { textDocument: { uri: this.#uri(fileName) } });
  }

  /** Closes what no later cell can need; each file is told once, so nothing is searched. */
  #closeUnneeded(): void {
    const files = this.#documents.takeLetGo();
    if (files.length === 0) return;
    void this.#life.then((life) => {
      if (life) for (const file of files) this.#close(life, file);
    });
  }

  /** @throws ServerGone when only a new child would see what changed. */
  #tellDisk(life: Life, document: CheckerDocument): void {
    const documents = this.#documents.closure(document);
    const specifiers = documents.flatMap(({ imports }) => imports.map((found) => found.specifier));
    const changes: DiskChanges = this.#files.changes(new Set(specifiers));
    const files = [...changes.files];
    if (changes.config) {
      files.push(...this.#config.sources.map((path) => ({ path, type: 2 as const })));
      this.#readConfig();
    }
    if (files.length > 0) {
      life.server.notify("workspace/didChangeWatchedFiles", {
        changes: files.map(({ path, type }) => ({ uri: pathToFileURL(path).href, type })),
      });
    }
    if (changes.packages === "replaced") {
      life.retired = true;
      void life.server.close();
      throw new ServerGone("installed packages changed");
    }
    if (changes.packages === "new" || changes.config) this.#touchConfig(life);
  }

  #readConfig(): void {
    const { folder, defaults } = this.#options;
    this.#config = checkerConfig(folder, this.#packageRoot, defaults);
    this.#files.useConfig(this.#config.tsconfig, this.#config.sources);
    if (this.#config.problem) this.#options.onNotice(this.#config.problem);
  }

  #touchConfig(life: Life): void {
    this.#configTouches++;
    this.#open(life, CONFIG_FILE, "json", this.#configText());
  }

  #configText(): string {
    return `${this.#config.text}${" ".repeat(this.#configTouches % 2)}`;
  }

  #uri(fileName: string): string {
    return pathToFileURL(join(this.#options.folder, fileName)).href;
  }
}

/** The cell whose document this is. */
function cellOf(path: string): number | undefined {
  const [, cell] = /^__eagerdeck_c(\d+)\.tsx?$/.exec(basename(path)) ?? [];
  return cell === undefined ? undefined : Number(cell);
}

/** What `promise` gives, or undefined when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again, once, when the server says that its view of the files changed meanwhile. */
async function patient<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ResponseError) || !ASK_AGAIN.has(error.code)) throw error;
    return await ask();
  }
}

/** @throws Cancelled when `stop` aborts first. */
async function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  if (stop.aborted) throw new Cancelled();
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(new Cancelled());
  stop.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, stopped.promise]);
  } finally {
    stop.removeEventListener("abort", onAbort);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener("abort", end);
  });
}
