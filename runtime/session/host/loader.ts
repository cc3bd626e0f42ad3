/**
 * How the user process loads modules: one copy of eagerdeck, and local files as they are written.
 *
 * `module.registerHooks` is synchronous and covers `import`, `import()` and `require`. Local files are
 * compiled by oxc with interrupt checks and task names; when the nearest tsconfig has a `"ts-node"`
 * section ts-node compiles the TypeScript ones with the settings written there, type checks included.
 * `node_modules` is never compiled.
 *
 * In local modules `import.meta.url` is the plain URL of the file, whichever version of it runs.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { parseSync } from "oxc-parser";
import { ResolverFactory } from "oxc-resolver";
import { denoImportAdvice } from "../deno-advice.ts";
import { builtModule } from "../package-root.ts";
import { offsetToLineColumn } from "../positions.ts";
import { type CompiledModule, compileModule, type Position } from "./compile.ts";
import { compilerOptionsOf } from "./compiler-options.ts";
import { localPath, type ModuleGraph } from "./module-graph.ts";
import { withAdvice } from "./resolve-advice.ts";
import type { Stacks } from "./stack.ts";
import { tsNodeChanged, tsNodeCompiler, tsNodeProblem } from "./ts-node.ts";

/** Specifiers that always mean this copy of the runtime: one brand, one async context. */
const OWN: Readonly<Record<string, string>> = {
  eagerdeck: pathToFileURL(builtModule("runtime/index.js")).href,
  tslab: pathToFileURL(builtModule("runtime/session/host/tslab.js")).href,
};

const TYPESCRIPT = /\.[cm]?tsx?$/;
const JAVASCRIPT = /\.[cm]?jsx?$/;
/** JavaScript this long is a bundle, and nobody waits for its checks. */
const SCRIPT_CHARS_MAX = 1024 * 1024;

type Format = "module" | "commonjs";

/** Installs the hooks; once per process, before user code. */
export function installLoader(stacks: Stacks, graph: ModuleGraph): void {
  const resolvers = { import: resolverFor("import"), require: resolverFor("require") };
  const find = (specifier: string, from: string, kind: keyof typeof resolvers = "import") => {
    // Files and packages appear while the session runs.
    resolvers[kind].clearCache();
    const { path } = resolvers[kind].resolveFileSync(from, specifier);
    return path !== undefined && existsSync(path) ? path : undefined;
  };
  graph.find = (specifier, parent) => find(specifier, parent);
  graph.onChanged = tsNodeChanged;

  registerHooks({
    resolve(specifier, context, nextResolve) {
      const { parentURL } = context;
      const kind = context.conditions.includes("require") ? "require" : "import";
      const own = isUsers(parentURL) ? OWN[specifier] : undefined;
      if (own) return { url: own, shortCircuit: true };
      try {
        const found = nextResolve(specifier, context);
        // Node remembers what a specifier led to, also when the file is gone.
        const path = localPath(found.url);
        const isGone = path !== undefined && !existsSync(path);
        // It takes any URL here, and refuses schemes when it loads, with words about ESM loaders.
        if (isGone || denoImportAdvice(found.url)) throw notFound(specifier);
        return { ...found, url: graph.resolved(parentURL, found.url, kind) };
      } catch (error) {
        const path = parentURL?.startsWith("file:")
          ? find(specifier, pathOf(parentURL), kind)
          : undefined;
        if (path !== undefined) {
          const url = pathToFileURL(path).href;
          return { url: graph.resolved(parentURL, url, kind), shortCircuit: true };
        }
        graph.missing(parentURL, specifier);
        // Packages look at the message to know that an optional one is missing.
        throw isUsers(parentURL) ? withAdvice(error, specifier, parentURL) : error;
      }
    },
    load(url, context, nextLoad) {
      const path = localPath(url);
      const type = context.importAttributes?.["type"];
      if (path === undefined) return nextLoad(url, context);
      if (type === "text") return loaded(path, () => textModule(readFileSync(path, "utf8")));
      if (extname(path) === ".json") {
        return loaded(path, () => json(path, context.conditions.includes("require")));
      }
      if (!TYPESCRIPT.test(path) && !JAVASCRIPT.test(path)) {
        graph.reading(path);
        graph.compiled(path, "data");
        return nextLoad(url, context);
      }
      const version = graph.reading(path);
      let format: Format | undefined;
      try {
        const source = readFileSync(path, "utf8");
        const own = formatOf(path, source);
        const code = compile({ path, url, source, version, format: own });
        format = own;
        return { format, source: code, shortCircuit: true };
      } finally {
        graph.compiled(path, format);
      }
    },
  });

  function loaded<T extends { format: string }>(path: string, read: () => T) {
    graph.reading(path);
    let isRead = false;
    try {
      const result = read();
      isRead = true;
      return { ...result, shortCircuit: true };
    } finally {
      graph.compiled(path, isRead ? "data" : undefined);
    }
  }

  /** @param isRequired what `require` gets it parses itself. */
  function json(path: string, isRequired: boolean): { format: "json" | "module"; source: string } {
    const source = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
    stacks.register(path, textOf(stacks.label(path), source));
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const offset = Number(/position (\d+)/.exec(message)?.[1] ?? foreignToken(source));
      throw placed(
        new SyntaxError(message),
        stacks.label(path),
        offsetToLineColumn(source, offset),
      );
    }
    if (isRequired) return { format: "json", source };
    // Also with `type: "json"`: Node links both kinds of one file as whichever comes first.
    return jsonModule(source, value);
  }

  function compile(file: {
    readonly path: string;
    readonly url: string;
    readonly source: string;
    readonly version: number;
    readonly format: Format;
  }): string {
    const { format, path, source, url, version } = file;
    const label = stacks.label(path);
    const register = (locate: (line: number, column: number) => Position | undefined) => {
      for (const name of [url, pathOf(url), path]) {
        stacks.register(name, { label, source: () => source, locate });
      }
    };
    const place = JSON.stringify(path);
    const plainURL = JSON.stringify(pathToFileURL(path).href);
    const isModule = format === "module";
    const flavour = {
      format,
      before: `${isModule ? `import.meta.url=${plainURL};import.meta.filename=${place};` : ""}$x.began(${place},${version});`,
      after: `$x.done(${place},${version});`,
      options: () => compilerOptionsOf(path),
    };
    const tsNode = TYPESCRIPT.test(path) ? tsNodeCompiler(path) : undefined;
    if (!tsNode) {
      register((line, column) => ({ line, column }));
      const isScript = JAVASCRIPT.test(path);
      if (isScript && source.length > SCRIPT_CHARS_MAX) return source;
      const compiled = compileModule(path, source, flavour);
      // Sloppy scripts have syntax that modules have not: they run without checks.
      if (!compiled.ok && !isModule && isScript && isSloppy(path, source)) return source;
      if (!compiled.ok) throw syntaxError(label, source, compiled.problems);
      register(compiled.locate);
      return compiled.code;
    }
    register((line, column) => ({ line, column }));
    let output: string;
    try {
      output = tsNode(source, path);
    } catch (error) {
      const problem = tsNodeProblem(error);
      if (!problem || !(error instanceof Error)) throw error;
      const at = stacks.label(problem.path);
      if (problem.path !== path) stacks.register(problem.path, textOf(at, problem.text));
      throw placed(error, at, offsetToLineColumn(problem.text, problem.start));
    }
    const compiled = compileModule(`${path}.js`, output, flavour);
    if (!compiled.ok) throw syntaxError(label, output, compiled.problems);
    register(throughInlineMap(output, compiled));
    return compiled.code;
  }
}

function resolverFor(kind: "import" | "require"): ResolverFactory {
  return new ResolverFactory({
    tsconfig: "auto",
    extensions: [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".node"],
    extensionAlias: {
      ".js": [".ts", ".tsx", ".js"],
      ".jsx": [".tsx", ".jsx"],
      ".mjs": [".mts", ".mjs"],
      ".cjs": [".cts", ".cjs"],
    },
    conditionNames: ["node", kind, "module-sync", "default"],
  });
}

function pathOf(url: string): string {
  return fileURLToPath(url.replace(/[?#].*$/, ""));
}

function isUsers(parentURL: string | undefined): boolean {
  return parentURL === undefined || !parentURL.includes("/node_modules/");
}

function formatOf(path: string, source: string): Format {
  const extension = extname(path);
  if (/^\.c[jt]s$/.test(extension)) return "commonjs";
  if (/^\.m[jt]s$/.test(extension)) return "module";
  if (JAVASCRIPT.test(path)) {
    const declared = packageType(dirname(path));
    if (declared !== undefined) return declared;
    const lang = extension === ".jsx" ? "jsx" : "js";
    return parseSync(path, source, { lang }).module.hasModuleSyntax ? "module" : "commonjs";
  }
  // TypeScript is ESM, unless it uses `require` and has neither import nor export.
  const isScript = !/^\s*(?:import|export)\b/m.test(source) && /\brequire\s*\(/.test(source);
  return isScript ? "commonjs" : "module";
}

function isSloppy(path: string, source: string): boolean {
  const { errors } = parseSync(path, source, { lang: "js", sourceType: "commonjs" });
  return errors.length === 0;
}

/** The `type` of the nearest package.json. */
function packageType(folder: string): Format | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { type } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
      return type === "module" || type === "commonjs" ? type : undefined;
    } catch {
      // None here, or one that nobody can read: the next one decides.
    }
    if (at === dirname(at)) return undefined;
  }
}

function textModule(text: string) {
  return { format: "module", source: `export default ${JSON.stringify(text)};` };
}

/** As TypeScript sees JSON: the value as default, its names beside it. */
function jsonModule(source: string, value: unknown) {
  const names =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.keys(value).filter((name) => name !== "default" && name.isWellFormed())
      : [];
  const exports = names.map((name, index) => `$${index} as ${JSON.stringify(name)}`);
  const reads = names.map((name, index) => `const $${index}=$[${JSON.stringify(name)}];`);
  return {
    format: "module" as const,
    source: `const $=JSON.parse(${JSON.stringify(source)});${reads.join("")}export{$ as default${exports.length > 0 ? `,${exports.join(",")}` : ""}};`,
  };
}

/** Where a JSON text has something that JSON has not; V8 tells the position of other mistakes itself. */
function foreignToken(source: string): number {
  const token =
    /\s+|[{}[\],:]|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|(?:true|false|null)\b/y;
  let offset = 0;
  while (offset < source.length && token.test(source)) offset = token.lastIndex;
  return offset;
}

function notFound(specifier: string): Error {
  return Object.assign(new Error(`Cannot find module '${specifier}'`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
}

/** A text whose positions are those of the file. */
function textOf(label: string, source: string) {
  return {
    label,
    source: () => source,
    locate: (line: number, column: number) => ({ line, column }),
  };
}

function syntaxError(
  label: string,
  source: string,
  problems: readonly { message: string; start: number }[],
): Error {
  const problem = problems[0] ?? { message: "cannot be parsed", start: 0 };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const error = new SyntaxError(problem.message + more);
  return placed(error, label, offsetToLineColumn(source, problem.start));
}

/** Gives an error the place in the user's file as its only frame. */
function placed(error: Error, label: string, { line, column }: Position): Error {
  const stack = `${error.name}: ${error.message}\n    at ${label}:${line}:${column}`;
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return error;
}

/** ts-node appends its map to what it compiles. */
function throughInlineMap(output: string, compiled: CompiledModule): CompiledModule["locate"] {
  let map: TraceMap | undefined;
  return (line, column) => {
    const middle = compiled.locate(line, column);
    if (!middle) return undefined;
    const encoded = /\/\/# sourceMappingURL=data:[^,]*;base64,([\w+/=]+)\s*$/.exec(output)?.[1];
    if (encoded === undefined) return middle;
    map ??= new TraceMap(Buffer.from(encoded, "base64").toString("utf8"));
    const found = originalPositionFor(map, { line: middle.line, column: middle.column - 1 });
    return found.line === null ? undefined : { line: found.line, column: found.column + 1 };
  };
}
