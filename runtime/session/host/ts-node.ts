/**
 * ts-node as the compiler of local files, for projects whose tsconfig has a `"ts-node"` section.
 *
 * People who wrote that section have settings (transpileOnly, swc, compilerOptions for scripts) that
 * they expect to hold here too. Its REPL is not used: it can neither redeclare nor await.
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getTsconfig } from "get-tsconfig";

type Compile = (source: string, path: string) => string;

/** What ts-node says of a file that does not type-check; its own fields are not part of its types. */
interface TypeScriptProblem {
  readonly file?: { readonly fileName: string; readonly text: string };
  readonly start?: number;
}

/** One compiler per tsconfig file; `undefined` for one without the section. */
const compilers = new Map<string, Compile | undefined>();

/** The ts-node compiler for a file, or undefined when its project does not ask for one. */
export function tsNodeCompiler(path: string): Compile | undefined {
  const found = getTsconfig(path);
  if (!found) return undefined;
  if (!compilers.has(found.path)) {
    const texts = configTexts(found.path);
    const asks = texts.some((text) => hasKey(text, "ts-node"));
    compilers.set(found.path, asks ? createCompiler(found.path, texts) : undefined);
  }
  return compilers.get(found.path);
}

/** Where ts-node's complaint about types points, if it is one. */
export function tsNodeProblem(
  error: unknown,
): { readonly path: string; readonly text: string; readonly start: number } | undefined {
  if (!(error instanceof Error) || error.name !== "TSError") return undefined;
  const diagnostics: unknown = Reflect.get(error, "diagnostics");
  // An error of this name is ts-node's own, which documents an array of TypeScript's diagnostics.
  const [first] = Array.isArray(diagnostics) ? (diagnostics as TypeScriptProblem[]) : [];
  if (!first?.file || first.start === undefined) return undefined;
  return { path: first.file.fileName, text: first.file.text, start: first.start };
}

/** Tells the compilers of changed files, for they remember the texts that others import types from. */
export function tsNodeChanged(paths: readonly string[]): void {
  for (const path of paths) {
    if (!/\.[cm]?tsx?$/.test(path)) continue;
    try {
      tsNodeCompiler(path)?.(readFileSync(path, "utf8"), path);
    } catch {
      // Gone, or wrong: whoever imports it says so.
    }
  }
}

/** get-tsconfig follows `extends` but drops sections that are not TypeScript's own, so the files are looked at. */
function configTexts(configPath: string): string[] {
  const texts = new Map<string, string>();
  const queue = [configPath];
  for (let file = queue.pop(); file; file = queue.pop()) {
    if (texts.has(file)) continue;
    let text = "";
    try {
      text = readFileSync(file, "utf8");
    } catch {
      // A base that is gone: TypeScript reports it itself.
    }
    texts.set(file, text);
    for (const base of extendsOf(text)) {
      const resolved = resolveConfig(base, file);
      if (resolved) queue.push(resolved);
    }
  }
  return [...texts.values()];
}

function hasKey(text: string, key: string): boolean {
  return new RegExp(`"${key}"\\s*:`).test(withoutComments(text));
}

function withoutComments(text: string): string {
  return text.replaceAll(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : "",
  );
}

function extendsOf(text: string): string[] {
  const match = /"extends"\s*:\s*(\[[^\]]*\]|"(?:\\.|[^"\\])*")/.exec(withoutComments(text));
  const value: unknown = match?.[1] ? JSON.parse(match[1].replace(/,\s*\]/, "]")) : [];
  return [value].flat().filter((item) => typeof item === "string");
}

function resolveConfig(base: string, from: string): string | undefined {
  const require = createRequire(from);
  for (const candidate of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      return require.resolve(candidate);
    } catch {
      // Not this spelling; TypeScript tries the same three, and reports a missing base itself.
    }
  }
  return undefined;
}

function createCompiler(configPath: string, texts: readonly string[]): Compile {
  const require = createRequire(import.meta.url);
  const tsNode: typeof import("ts-node") = require("ts-node");
  // It brings a stack mapping of its own, which knows one version of a file: ours stays.
  const { prepareStackTrace } = Error;
  const service = tsNode.create({
    cwd: dirname(configPath),
    project: configPath,
    // The project's own compiler may be one that ts-node cannot drive (TypeScript 7 has no such API).
    compiler: require.resolve("typescript"),
    compilerOptions: {
      module: "esnext",
      // ts-node's own default is ES5, which would take classes and async functions apart.
      ...(texts.some((text) => hasKey(text, "target")) ? {} : { target: "es2023" }),
      ignoreDeprecations: "6.0",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      noEmit: false,
      rewriteRelativeImportExtensions: true,
    },
  });
  if (prepareStackTrace) Error.prepareStackTrace = prepareStackTrace;
  return (source, path) => service.compile(source, path);
}
