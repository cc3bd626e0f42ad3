/**
 * What changed on disk since the checker last looked.
 *
 * The server watches nothing itself, so before each check the files that cells reach through imports,
 * the packages they name and the tsconfig are looked at again, and differences are told.
 * @module
 */
import { readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ResolverFactory } from "oxc-resolver";

/** As in the language server protocol. */
type ChangeKind = 1 | 2 | 3;
const CREATED = 1;
const CHANGED = 2;
const DELETED = 3;

export interface FileChange {
  readonly path: string;
  readonly type: ChangeKind;
}

export interface DiskChanges {
  readonly files: readonly FileChange[];
  /**
   * `new`: a package that was missing is there. `replaced`: installed packages differ, and with them
   * any of their files, which the server has read and keeps.
   */
  readonly packages: "same" | "new" | "replaced";
  /** One of the watched config files differs, or another one is nearest now. */
  readonly config: boolean;
}

interface Known {
  readonly stamp: string;
  readonly specifiers: readonly string[];
}

/** Files this long are data; nobody imports from them. */
const SCANNED_CHARS_MAX = 4 * 1024 * 1024;

export class LocalFiles {
  readonly #folder: string;
  readonly #files = new Map<string, Known>();
  readonly #packages = new Map<string, string>();
  readonly #installed: Map<string, string>;
  readonly #configs = new Map<string, string>();
  #resolver: ResolverFactory;

  constructor(folder: string, tsconfig: string | undefined) {
    this.#folder = folder;
    this.#resolver = resolverFor(tsconfig);
    this.#installed = new Map(installRecords(folder).map((path) => [path, stampOf(path)]));
  }

  /** Another tsconfig decides about `paths` from now on. */
  useConfig(tsconfig: string | undefined, sources: readonly string[]): void {
    this.#resolver = resolverFor(tsconfig);
    this.#configs.clear();
    for (const path of sources) this.#configs.set(path, stampOf(path));
  }

  /** Looks at everything reachable from these imports of cells. */
  changes(specifiers: Iterable<string>): DiskChanges {
    const files: FileChange[] = [];
    const config = [...this.#configs].some(([path, stamp]) => stampOf(path) !== stamp);
    const from = [...specifiers];
    let packages: DiskChanges["packages"] = this.#installChanged() ? "replaced" : "same";
    if (from.length === 0 && this.#files.size === 0) return { files, packages, config };
    this.#resolver.clearCache();
    const reached = new Set<string>();
    const waiting: { folder: string; specifier: string }[] = from.map((specifier) => ({
      folder: this.#folder,
      specifier,
    }));
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { folder, specifier } = next;
      if (specifier.startsWith("node:")) continue;
      const path = this.#resolve(folder, specifier);
      if (path === undefined || /[\\/]node_modules[\\/]/.test(path)) {
        const change = this.#packageChange(folder, specifier, files);
        if (change === "replaced" || packages === "same") packages = change;
        continue;
      }
      if (reached.has(path)) continue;
      reached.add(path);
      const inside = dirname(path);
      for (const further of this.#look(path, files)) {
        waiting.push({ folder: inside, specifier: further });
      }
    }
    for (const path of this.#files.keys()) {
      if (reached.has(path)) continue;
      // Not imported any more, or gone; a file that comes back is new again.
      if (stampOf(path) === "") files.push({ path, type: DELETED });
      this.#files.delete(path);
    }
    return { files, packages, config };
  }

  /** Whether a specifier of a cell leads anywhere now. */
  resolves(specifier: string): boolean {
    this.#resolver.clearCache();
    return this.#resolve(this.#folder, specifier) !== undefined;
  }

  #look(path: string, files: FileChange[]): readonly string[] {
    const known = this.#files.get(path);
    const stamp = stampOf(path);
    if (known?.stamp === stamp) return known.specifiers;
    // A first sight is told as well: the server may have read the file, or its absence, before us.
    files.push({ path, type: known ? CHANGED : CREATED });
    const specifiers = specifiersOf(path);
    this.#files.set(path, { stamp, specifiers });
    return specifiers;
  }

  #packageChange(folder: string, specifier: string, files: FileChange[]): DiskChanges["packages"] {
    const name = /^(@[^/]+\/[^/]+|[^./@][^/]*)/.exec(specifier)?.[1];
    if (name === undefined) return "same";
    const key = `${folder}\n${name}`;
    const path = manifestOf(folder, name);
    const stamp = path === undefined ? "" : `${path} ${stampOf(path)}`;
    const before = this.#packages.get(key);
    this.#packages.set(key, stamp);
    if (before === undefined || before === stamp) return "same";
    if (before !== "" || path === undefined) return "replaced";
    files.push({ path: dirname(path), type: CREATED }, { path, type: CREATED });
    return "new";
  }

  #installChanged(): boolean {
    let changed = false;
    for (const [path, stamp] of this.#installed) {
      const now = stampOf(path);
      if (now === stamp) continue;
      this.#installed.set(path, now);
      changed = true;
    }
    return changed;
  }

  #resolve(folder: string, specifier: string): string | undefined {
    try {
      return this.#resolver.sync(folder, specifier).path;
    } catch {
      // A tsconfig that the resolver does not understand: such imports are not followed.
      return undefined;
    }
  }
}

function resolverFor(tsconfig: string | undefined): ResolverFactory {
  return new ResolverFactory({
    ...(tsconfig === undefined ? {} : { tsconfig: { configFile: tsconfig } }),
    extensions: [".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"],
    extensionAlias: {
      ".js": [".ts", ".tsx", ".d.ts", ".js"],
      ".jsx": [".tsx", ".jsx"],
      ".mjs": [".mts", ".mjs"],
      ".cjs": [".cts", ".cjs"],
    },
    conditionNames: ["types", "import", "node", "default"],
    mainFields: ["types", "typings", "module", "main"],
  });
}

/** What package managers rewrite with every install, in each folder that cells see packages of. */
function installRecords(folder: string): string[] {
  const records: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, "node_modules");
    for (const name of [".package-lock.json", ".modules.yaml", ".yarn-state.yml"]) {
      records.push(join(modules, name));
    }
    if (at === dirname(at)) return records;
  }
}

function manifestOf(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "node_modules", name, "package.json");
    if (stampOf(path) !== "") return path;
    if (at === dirname(at)) return undefined;
  }
}

/** Changes whenever the file does; empty when there is none. */
function stampOf(path: string): string {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch {
    return "";
  }
  return stats ? `${stats.mtimeMs} ${stats.size}` : "";
}

/** What a local file imports. A match in a comment or string only costs a look at the disk. */
function specifiersOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  if (text.length > SCANNED_CHARS_MAX) return [];
  const found = text.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'])([^"'\n]+)\1/g);
  return [...new Set([...found].flatMap(([, , specifier]) => specifier ?? []))];
}
