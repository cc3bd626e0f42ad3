/**
 * The local files that were loaded: who imports whom, and which version of each is the newest.
 *
 * Node cannot evict an ES module, so a changed file gets a new URL (`wf.ts?v=2`), and so do all files that
 * import it: they hold bindings of the old one. What did not change keeps its URL, and with it its state.
 * Files are compared by their stamp before each cell; a watcher may miss events.
 *
 * Invariants
 *   G1  A cell's imports are replaced only by a version that compiled and evaluated; else the old one stays.
 *   G2  A version that failed is never asked for twice: Node would repeat the old failure. (JavaScript over
 *       1 MB is loaded as it is and tells nothing of itself, so its failure is repeated.)
 *   G3  One refresh at a time; an interrupted one lets go at once.
 * @module
 */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
// Kept from the start: fake timers replace the global one.
import { setImmediate as turn } from "node:timers";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Run } from "../../workflow/run.ts";
import { packageRoot } from "../package-root.ts";
import type { Stacks } from "./stack.ts";

/** From here on the copies that Node cannot give back are worth a word. */
const VERSIONS_ADVISED = 200;

export type Namespace = Readonly<Record<string, unknown>>;

/** An import statement of a cell: names of the session read its module, whichever is in force. */
export interface ImportRecord {
  module: Namespace;
  readonly locals: readonly string[];
  /** By local name: what the module calls it; `*` is the module itself. */
  readonly exports: Readonly<Record<string, string>>;
  readonly load: () => Promise<Namespace>;
  /** The local files that the statement's cell imports. */
  readonly roots: ReadonlySet<string>;
  /** Whether a session name still reads this record. */
  readonly isLive: () => boolean;
  /** Why an older version is in force, in one line. */
  stale?: string;
}

interface LocalFile {
  readonly path: string;
  stamp: string;
  version: number;
  /** Of the newest version: asked for, evaluating, evaluated, or unable to load. */
  state: "loading" | "began" | "done" | "failed";
  readonly imports: Set<string>;
  readonly importers: Set<string>;
  /** Whether it is CommonJS: then `require.cache` says whether it has run. */
  isScript: boolean;
  /** What it imports and nobody can find. */
  readonly missing: Set<string>;
}

export interface ModuleGraphOptions {
  readonly stacks: Stacks;
  readonly notice: (level: "info" | "warning", text: string, cell: number | undefined) => void;
}

export class ModuleGraph {
  readonly #options: ModuleGraphOptions;
  readonly #files = new Map<string, LocalFile>();
  /** By the file name of a cell: what it imported, statically and dynamically. */
  readonly #cellImports = new Map<string, Set<string>>();
  #records: ImportRecord[] = [];
  #refreshing: Promise<void> = Promise.resolve();
  #isAdvised = false;
  /** How the loader finds a specifier that was missing; set by it. */
  find: (specifier: string, parent: string) => string | undefined = () => undefined;
  /** Told of changed files before anything is imported again. */
  onChanged: (paths: readonly string[]) => void = () => undefined;

  constructor(options: ModuleGraphOptions) {
    this.#options = options;
  }

  // ── what the loader tells ─────────────────────────────────────────────────────────────────────

  /** A specifier led to `url`. @returns the URL of the version to load. */
  resolved(parentURL: string | undefined, url: string, kind: "import" | "require"): string {
    const path = localPath(url);
    if (path === undefined || /(?:[?&]|%3F)v=\d+/.test(url)) return url;
    const file = this.#files.get(path) ?? this.#add(path);
    const parent = parentURL === undefined ? undefined : localPath(parentURL);
    if (parent !== undefined && isCell(parent)) {
      const imports = this.#cellImports.get(parent) ?? new Set();
      this.#cellImports.set(parent, imports.add(path));
      // Asking again for what failed means: try again.
      if (file.state !== "done") this.#raise(this.#failedBelow(path));
    } else if (parent !== undefined) {
      this.#files.get(parent)?.imports.add(path);
      file.importers.add(parent);
    }
    if (file.version === 1) return url;
    // `require` cuts queries off, and would find the first version of an ES module: a name of its own is kept.
    if (kind === "require") return file.isScript ? url : `${url}%3Fv=${file.version}`;
    return `${url}${url.includes("?") ? "&" : "?"}v=${file.version}`;
  }

  /** A specifier led nowhere. */
  missing(parentURL: string | undefined, specifier: string): void {
    const parent = parentURL === undefined ? undefined : localPath(parentURL);
    const file = parent === undefined ? undefined : this.#files.get(parent);
    // A dynamic import of running code resolves anew with each call.
    if (file?.state !== "loading" && file?.state !== "failed") return;
    file.state = "failed";
    file.missing.add(specifier);
  }

  /** The text of the newest version is about to be read. */
  reading(path: string): number {
    const file = this.#files.get(path) ?? this.#add(path);
    file.stamp = stampOf(path);
    for (const imported of file.imports) this.#files.get(imported)?.importers.delete(path);
    file.imports.clear();
    file.missing.clear();
    return file.version;
  }

  /** The newest version has been compiled, or cannot be. */
  compiled(path: string, format: "module" | "commonjs" | "data" | undefined): void {
    const file = this.#files.get(path);
    if (!file) return;
    file.state = format === undefined ? "failed" : format === "data" ? "done" : "loading";
    file.isScript = format === "commonjs";
  }

  /** The module's first statement runs. */
  began(path: string, version: number): void {
    const file = this.#files.get(path);
    if (file?.version === version) file.state = "began";
  }

  /** The module's last statement has run. */
  done(path: string, version: number): void {
    const file = this.#files.get(path);
    if (file?.version === version) file.state = "done";
  }

  // ── what the evaluator asks ───────────────────────────────────────────────────────────────────

  /** The local files that a cell imports. */
  importsOf(cellFile: string): ReadonlySet<string> {
    return this.#cellImports.get(cellFile) ?? new Set();
  }

  /** Keeps an import statement, so that it follows its files. */
  keep(record: ImportRecord): void {
    const text = String(record.load);
    this.#records = this.#records.filter((other) =>
      other.locals.length === 0 ? String(other.load) !== text : other.isLive(),
    );
    if (record.roots.size > 0) this.#records.push(record);
  }

  /** Whether there is anything to compare before a cell. */
  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /**
   * Imports anew what changed on disk. Resolves when cells may read their imports; a version that fails
   * is told as a warning, the one before it stays in force.
   */
  async refresh(run: Run, source: string): Promise<void> {
    const before = this.#refreshing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#refreshing = promise;
    try {
      await unlessAborted(before, run.signal);
      await this.#refresh(run, source);
    } finally {
      resolve();
    }
  }

  async #refresh(run: Run, source: string): Promise<void> {
    await this.#probe();
    const changed = this.#changed();
    if (changed.length > 0) {
      this.onChanged(changed);
      const dirty = this.#raise(changed);
      this.#records = this.#records.filter((record) => record.isLive());
      const told = new Set<string>();
      for (const record of this.#records) {
        if ([...record.roots].some((root) => dirty.has(root)))
          await this.#reload(record, run, told);
      }
    } else {
      this.#remind(run, source);
    }
  }

  async #reload(record: ImportRecord, run: Run, told: Set<string>): Promise<void> {
    const loading = run.enter(() => record.load());
    const applied = loading.then((module) => {
      record.module = module;
      delete record.stale;
    });
    try {
      await unlessAborted(applied, run.signal);
    } catch (error) {
      // It may still arrive, then it is in force; how it fails concerns nobody any more.
      applied.catch(() => undefined);
      const { line, text } = this.#failure(error);
      record.stale = line;
      if (run.signal.aborted) throw error;
      if (told.has(text)) return;
      told.add(text);
      this.#options.notice(
        "warning",
        `a changed file cannot be loaded, its older version stays in force:\n${text}`,
        run.cell,
      );
    }
  }

  /** A name that is older than its file is worth a line in the cells that use it. */
  #remind(run: Run, source: string): void {
    const lines = new Set<string>();
    for (const { stale, locals, isLive } of this.#records) {
      if (stale === undefined || !isLive()) continue;
      const used = locals.filter((name) => source.includes(name));
      if (used.length > 0) lines.add(`${used.join(", ")}: still the older version (${stale})`);
    }
    if (lines.size > 0) this.#options.notice("warning", [...lines].join("\n"), run.cell);
  }

  #failure(error: unknown): { readonly line: string; readonly text: string } {
    const { codeFrame, frames, message, name } = this.#options.stacks.cellError(error);
    const [top] = frames;
    const where = top ? `${top.file}:${top.line}:${top.column}  ` : "";
    const line = `${where}${name}: ${message}`;
    return {
      line: line.split("\n", 1)[0] ?? line,
      text: codeFrame ? `${line}\n${codeFrame}` : line,
    };
  }

  /** Finds out which of the modules that began to evaluate have failed since. */
  async #probe(): Promise<void> {
    const open = [...this.#files.values()].filter(({ state }) => state === "began");
    if (open.length === 0) return;
    for (const file of open) {
      const { version } = file;
      if (file.isScript) {
        file.state = createRequire(file.path).cache[file.path] ? "done" : "failed";
        continue;
      }
      const url = pathToFileURL(file.path).href;
      // It has begun, so this evaluates nothing; one that still waits is left alone.
      const ended = (state: LocalFile["state"]) => () => {
        if (file.version === version) file.state = state;
      };
      import(version === 1 ? url : `${url}?v=${version}`).then(ended("done"), ended("failed"));
    }
    await new Promise((resolve) => turn(resolve));
  }

  // ── versions ──────────────────────────────────────────────────────────────────────────────────

  #add(path: string): LocalFile {
    const file: LocalFile = {
      path,
      stamp: stampOf(path),
      version: 1,
      state: "loading",
      imports: new Set(),
      importers: new Set(),
      missing: new Set(),
      isScript: false,
    };
    this.#files.set(path, file);
    return file;
  }

  #changed(): string[] {
    const changed: string[] = [];
    for (const file of this.#files.values()) {
      const stamp = stampOf(file.path);
      const isFound = [...file.missing].some(
        (specifier) => this.find(specifier, file.path) !== undefined,
      );
      if (stamp === file.stamp && !isFound) continue;
      file.stamp = stamp;
      changed.push(file.path);
    }
    return changed;
  }

  /** Gives the files and all that import them a new version. @returns them all. */
  #raise(paths: Iterable<string>): ReadonlySet<string> {
    const raised = new Set<string>(paths);
    // A set is walked in order of insertion, also what is added meanwhile.
    for (const path of raised) {
      const file = this.#files.get(path);
      if (!file) continue;
      file.version++;
      file.state = "loading";
      delete createRequire(path).cache[path];
      for (const importer of file.importers) raised.add(importer);
      if (file.version >= VERSIONS_ADVISED && !this.#isAdvised) {
        this.#isAdvised = true;
        this.#options.notice(
          "info",
          `${this.#options.stacks.label(path)} was loaded ${file.version} times, and old versions stay in memory: a restart frees them`,
          undefined,
        );
      }
    }
    return raised;
  }

  #failedBelow(path: string): Set<string> {
    const failed = new Set<string>();
    const seen = new Set<string>([path]);
    for (const next of seen) {
      const file = this.#files.get(next);
      if (!file) continue;
      if (file.state === "failed") failed.add(next);
      for (const imported of file.imports) seen.add(imported);
    }
    return failed;
  }
}

/** The path of a file that is the user's own, no package's and not ours. */
export function localPath(url: string): string | undefined {
  if (!url.startsWith("file:")) return undefined;
  const path = fileURLToPath(url.replace(/[?#].*$/, "")).replace(/\?v=\d+$/, "");
  return isLocal(path) ? path : undefined;
}

const OWN_BUILD = join(packageRoot, "dist");

function isLocal(path: string): boolean {
  return !/[\\/]node_modules[\\/]/.test(path) && !path.startsWith(OWN_BUILD);
}

/** The names of the texts that cells and expressions are compiled under. */
function isCell(path: string): boolean {
  return /[\\/]__eagerdeck(?:_\w+)?\.ts$/.test(path);
}

/** Changes whenever the file does; empty when there is none. The inode tells of files saved by renaming. */
function stampOf(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats ? `${stats.mtimeNs} ${stats.size} ${stats.ino}` : "";
  } catch {
    // A folder on the way is gone, or may not be entered: the file cannot be read either.
    return "";
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
