/**
 * The code of a task as one file to send along: a module with all it imports, in a tar.gz.
 *
 * Invariants
 *   B1  The same content gives the same bytes, whatever the folder, the clock and the user are.
 *   B2  Only what the bundler understood is sent: an import that it cannot follow is an error here, not in a pod.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";
import { formatBytes } from "../../values/format.ts";
import { FlyteError } from "../errors.ts";
import { projectFile, projectFolder } from "./entity-name.ts";
import { MANIFEST, type Manifest } from "./manifest.ts";
import { runtimeVersion } from "./runtime-version.ts";

export interface Bundle {
  /** Its module, as the container's entry point is told: `workflows.mjs`. */
  readonly module: string;
  /** tar.gz */
  readonly bytes: Uint8Array;
  /** SHA-256 of the tar within, 64 hexadecimal digits: compressors differ, content does not. */
  readonly sha256: string;
  /** Absolute paths of the project's own sources in it, not those of installed packages. */
  readonly sources: readonly string[];
  /** Absolute paths of all files outside of packages that were read for it: also of those whose constants are all that is left. */
  readonly files: readonly string[];
  /** Installed packages with native code, which the image has to have. */
  readonly externals: readonly string[];
}

const BYTES_MAX = 50 * 2 ** 20;
/** A bundle of this size is worth a word. */
export const BUNDLE_LARGE_BYTES = 5 * 2 ** 20;
/** A tar's names have 100 bytes. */
const STEM_MAX = 60;

/**
 * Bundles a module.
 * @param file its path.
 * @throws {FlyteError} `BUNDLE_FAILED` when an import is not found or the code does not parse, or `BUNDLE_TOO_LARGE`.
 */
export async function bundleFile(file: string): Promise<Bundle> {
  const entry = resolve(file);
  return await bundle({ entry, stem: basename(entry, extname(entry)), what: entry });
}

/** A module that no file has. */
export interface GivenModule {
  readonly code: string;
  /** Its source map: absolute sources. */
  readonly map: string;
  /** Where its imports begin. */
  readonly folder: string;
  /** What the bundle is called: `analysis`. */
  readonly stem: string;
  /** For messages. */
  readonly what: string;
}

/** The same of a module that no file has. */
export async function bundleGiven({ code, map, folder, stem, what }: GivenModule): Promise<Bundle> {
  const entry = join(folder, "__eagerdeck_bundle.mjs");
  return await bundle({ entry, stem, what, given: { code, map } });
}

interface Entry {
  /** Its path. */
  readonly entry: string;
  readonly stem: string;
  readonly what: string;
  /** Its text, when the file is none. */
  readonly given?: { readonly code: string; readonly map: string };
}

async function bundle(of: Entry): Promise<Bundle> {
  const externals = new Set<string>();
  const stem = of.stem.replaceAll(/[^\w.-]/g, "_").slice(0, STEM_MAX);
  const module = `${stem}.mjs`;
  const { chunk, map, files } = await bundled(of, module, externals);
  const manifest: Manifest = {
    module,
    eagerdeck: runtimeVersion,
    externals: [...externals].sort(),
  };
  const archive = [
    { name: module, data: `${chunk.code.trimEnd()}\n` },
    { name: `${module}.map`, data: map },
    { name: MANIFEST, data: `${JSON.stringify(manifest)}\n` },
  ];
  return {
    module,
    ...packed(archive),
    sources: chunk.moduleIds.filter(
      (id) =>
        !id.startsWith("\0") &&
        !id.includes(`${sep}node_modules${sep}`) &&
        !(of.given && id === of.entry),
    ),
    files,
    externals: manifest.externals,
  };
}

/** B1. */
function packed(files: readonly { readonly name: string; readonly data: string }[]): {
  readonly bytes: Uint8Array;
  readonly sha256: string;
} {
  const attrs = { mode: "644", uid: 0, gid: 0, mtime: 0 };
  const tar = createTar([...files], { attrs });
  const bytes = gzipSync(tar, { level: 9 });
  // What system compressed it makes no difference to what is in it.
  bytes[9] = 255;
  if (bytes.length > BYTES_MAX) {
    throw new FlyteError(
      "BUNDLE_TOO_LARGE",
      `the bundle has ${formatBytes(bytes.length)}, and ${formatBytes(BYTES_MAX)} are allowed; put large packages and data into the image`,
    );
  }
  return { bytes, sha256: createHash("sha256").update(tar).digest("hex") };
}

async function bundled(
  { entry, given, what }: Entry,
  module: string,
  externals: Set<string>,
): Promise<{
  readonly chunk: OutputChunk;
  readonly map: string;
  readonly files: readonly string[];
}> {
  const problems: string[] = [];
  const folder = projectFolder(entry);
  try {
    await using build = await rolldown({
      input: entry,
      cwd: folder,
      platform: "node",
      plugins: [...(given ? [textOf(entry, given)] : []), outside(externals)],
      tsconfig: true,
      transform: { target: "node22" },
      // Names of files as comments: they would say where the project lies.
      experimental: { attachDebugInfo: "none" },
      onLog: (_level, log) => {
        if (log.code === "UNRESOLVED_IMPORT") problems.push(log.message);
      },
    });
    const { output } = await build.generate({
      // Nothing is written; the map's sources are said from here.
      dir: folder,
      format: "esm",
      sourcemap: true,
      codeSplitting: false,
      keepNames: true,
      entryFileNames: module,
    });
    if (problems.length > 0) throw new Error(problems.join("\n"));
    const [chunk] = output;
    const read = await build.watchFiles;
    const files = read.filter((file) => !file.includes(`${sep}node_modules${sep}`)).sort();
    return { chunk, map: portableMap(chunk, folder), files };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FlyteError("BUNDLE_FAILED", `${what} cannot be bundled: ${why}`, { cause: error });
  }
}

/** Sources by their paths in their projects, so that names of tasks and places in stacks are the same everywhere. */
function portableMap({ map }: OutputChunk, folder: string): string {
  if (map === null) throw new Error("the bundler made no source map");
  const { names, mappings, sourcesContent } = map;
  const sources = map.sources.map((source) => {
    const file = resolve(folder, source);
    const installed = file.includes(`${sep}node_modules${sep}`) ? "node_modules/" : "";
    return `${installed}${projectFile(file)}`;
  });
  // What stands in packages is nobody's to read in a stack; the person's own lines are.
  const content = sources.map((source, index) =>
    source.startsWith("node_modules/") ? null : (sourcesContent?.[index] ?? null),
  );
  return `${JSON.stringify({ version: 3, sources, sourcesContent: content, names, mappings })}\n`;
}

/** The text of an entry that no file has. */
function textOf(
  entry: string,
  { code, map }: { readonly code: string; readonly map: string },
): Plugin {
  return {
    name: "eagerdeck-given",
    resolveId: (source) => (source === entry ? { id: entry } : null),
    load: (id) => (id === entry ? { code, map, moduleType: "js" } : null),
  };
}

/** Leaves to the image what is there: eagerdeck itself, and packages with native code. */
function outside(externals: Set<string>): Plugin {
  return {
    name: "eagerdeck-outside",
    resolveId: {
      order: "pre",
      async handler(source, importer, extra) {
        if (/^eagerdeck(?:\/|$)/.test(source)) return { id: source, external: true };
        if (importer === undefined || /^[./]|^(?:node|data|file):|^\0/.test(source)) return null;
        const found = await this.resolve(source, importer, { ...extra, skipSelf: true });
        if (!found) {
          throw new Error(`${importer} imports ${JSON.stringify(source)}, which is not installed`);
        }
        if (found.external) return found;
        const home = packageFolder(found.id);
        if (home === undefined || !isNative(home)) return found;
        externals.add(source);
        return { id: source, external: true };
      },
    },
  };
}

function packageFolder(file: string): string | undefined {
  if (!file.includes(`${sep}node_modules${sep}`)) return undefined;
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder || basename(parent) === "node_modules") return folder;
    folder = parent;
  }
  return folder;
}

const natives = new Map<string, boolean>();
/** Packages of one platform each, as they come with a native one: `@img/sharp-linux-x64`. */
const OF_PLATFORM = /(?:linux|darwin|win32)[-_](?:x64|arm64|ia32|arm)/;

function isNative(folder: string): boolean {
  const known = natives.get(folder);
  if (known !== undefined) return known;
  const found = looksNative(folder);
  natives.set(folder, found);
  return found;
}

function looksNative(folder: string): boolean {
  const files = readdirSync(folder);
  if (
    files.some((name) => name === "binding.gyp" || name === "prebuilds" || name.endsWith(".node"))
  )
    return true;
  try {
    const about: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof about !== "object" || about === null) return false;
    if ("gypfile" in about || "napi" in about || "binary" in about) return true;
    const optional = "optionalDependencies" in about ? about.optionalDependencies : undefined;
    return Object.keys(optional ?? {}).some((name) => OF_PLATFORM.test(name));
  } catch {
    // Without a description it is a folder of plain files.
    return false;
  }
}
