/**
 * The config of the checker's project: the user's tsconfig with what cells need laid over it.
 *
 * It is a virtual document in the user's folder; nothing is written to disk.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { createPathsMatcher, findTsconfig, parseTsconfig, type TsConfigResult } from "get-tsconfig";

/** A plain file name: the server refuses a path here. */
export const CONFIG_FILE = "__eagerdeck.tsconfig.json";
export const DOCUMENT_PREFIX = "__eagerdeck_c";

export interface CheckerConfig {
  readonly text: string;
  /** The tsconfig it extends and those that one extends: when one changes, so does this. */
  readonly sources: readonly string[];
  readonly tsconfig?: string;
  /** Why the user's tsconfig is not used. */
  readonly problem?: string;
}

/** Forced on: how cells are compiled, whatever the project does with its files. */
const FORCED = {
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  jsx: "react-jsx",
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
} as const;

/** Forced off: each of these finds errors in cells that are none. */
const OFF = {
  composite: false,
  incremental: false,
  declaration: false,
  declarationMap: false,
  emitDeclarationOnly: false,
  isolatedDeclarations: false,
  isolatedModules: false,
  verbatimModuleSyntax: false,
  erasableSyntaxOnly: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  rootDir: null,
  outDir: null,
  tsBuildInfoFile: null,
} as const;

/** Without a tsconfig. The default `lib` has the DOM, where an undeclared `name` or `status` passes and then throws. */
const DEFAULTS = { strict: true, lib: ["esnext"] } as const;

/**
 * Makes the config for cells in `folder`. Never throws.
 * @param defaults what holds besides ours where there is no tsconfig.
 */
export function checkerConfig(
  folder: string,
  packageRoot: string,
  defaults: Readonly<Record<string, boolean>> = {},
): CheckerConfig {
  const path = findTsconfig(join(folder, "cell.ts"));
  if (path === undefined) return made({ folder, packageRoot, defaults });
  try {
    return made({ folder, packageRoot, theirs: { path, config: parseTsconfig(path) } });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...made({ folder, packageRoot, defaults }),
      sources: [path],
      problem: `${path} cannot be read (${reason}): cells are checked with default options`,
    };
  }
}

interface Parts {
  readonly folder: string;
  readonly packageRoot: string;
  readonly defaults?: Readonly<Record<string, boolean>>;
  readonly theirs?: TsConfigResult;
}

function made({ folder, packageRoot, defaults, theirs }: Parts): CheckerConfig {
  const options = theirs?.config.compilerOptions ?? {};
  const base = theirs ? dirname(theirs.path) : folder;
  const config = {
    ...(theirs ? { extends: theirs.path } : {}),
    compilerOptions: {
      ...(theirs ? {} : { ...DEFAULTS, ...defaults }),
      ...FORCED,
      ...OFF,
      types: [...new Set([...(options.types ?? []), "node"])],
      typeRoots: [
        ...(options.typeRoots?.map((root) => resolve(base, root)) ?? typeRootsAbove(folder)),
        ourTypeRoot(),
      ],
      paths: { ...theirPaths(theirs), ...ourPaths(packageRoot) },
    },
    typeAcquisition: { enable: false },
    include: [`${DOCUMENT_PREFIX}*.ts`, `${DOCUMENT_PREFIX}*.tsx`],
    // An inherited `exclude` would drop cells into an untyped project without a word.
    exclude: [],
    files: [],
    references: [],
  };
  return {
    text: JSON.stringify(config),
    sources: theirs ? withExtended(theirs.path) : [],
    ...(theirs ? { tsconfig: theirs.path } : {}),
  };
}

/** `paths` of a config replace those of the one it extends, so theirs are repeated, made absolute. */
function theirPaths(theirs: TsConfigResult | undefined): Record<string, string[]> {
  const options = theirs?.config.compilerOptions;
  if (!theirs || !options) return {};
  const paths: Record<string, string[]> = {};
  // The matcher knows what each pattern is relative to; a pattern matches itself, `*` by `*`.
  const matches = createPathsMatcher(theirs);
  for (const pattern of Object.keys(options.paths ?? {})) {
    const targets = matches?.(pattern) ?? [];
    if (targets.length > 0) paths[pattern] = targets;
  }
  // TypeScript 7 has no `baseUrl`; projects that still set it mean this.
  if (options.baseUrl !== undefined && !paths["*"]) {
    const root = resolve(dirname(theirs.path), options.baseUrl);
    paths["*"] = [join(root, "*")];
  }
  return paths;
}

/** Every file sees the session's own copy of these two: one brand, one context. */
function ourPaths(packageRoot: string): Record<string, string[]> {
  return {
    eagerdeck: [typesOf(packageRoot, "runtime/index")],
    tslab: [typesOf(packageRoot, "runtime/session/host/tslab")],
  };
}

function typesOf(packageRoot: string, module: string): string {
  const built = join(packageRoot, "dist", `${module}.d.ts`);
  return existsSync(built) ? built : join(packageRoot, `${module}.ts`);
}

function typeRootsAbove(folder: string): string[] {
  const roots: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    roots.push(join(at, "node_modules", "@types"));
    if (at === dirname(at)) return roots;
  }
}

/** Cells know `process` and `Buffer` in an empty folder too. */
function ourTypeRoot(): string {
  const require = createRequire(import.meta.url);
  return dirname(dirname(require.resolve("@types/node/package.json")));
}

/** A tsconfig and those it extends by path; ones from packages do not change under our hands. */
function withExtended(path: string): string[] {
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file) || !existsSync(file)) return;
    files.add(file);
    // Comments are legal in it, so it is searched, not parsed.
    const list = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
    for (const [, target = ""] of list.matchAll(/"([^"]*)"/g)) {
      if (!/^\.{0,2}\//.test(target) && !isAbsolute(target)) continue;
      const found = resolve(dirname(file), target);
      visit(found.endsWith(".json") ? found : `${found}.json`);
    }
  };
  visit(path);
  return [...files];
}
