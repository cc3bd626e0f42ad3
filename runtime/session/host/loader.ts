/**
 * How the user process loads modules: one copy of eagerdeck, and local TypeScript as it is written.
 *
 * `module.registerHooks` is synchronous and covers `import`, `import()` and `require`. Local `.ts` files
 * are compiled by oxc with interrupt checks and task names; when the nearest tsconfig has a `"ts-node"`
 * section ts-node compiles them with the settings written there, types checked included.
 * `node_modules` is never compiled.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ResolverFactory } from "oxc-resolver";
import { codeFrame } from "../code-frame.ts";
import { builtModule } from "../package-root.ts";
import { offsetToLineColumn } from "../positions.ts";
import { compileModule, instrumentJavaScript } from "./compile.ts";
import type { Stacks } from "./stack.ts";
import { tsNodeCompiler } from "./ts-node.ts";

/** Specifiers that always mean this copy of the runtime: one brand, one async context. */
const OWN: Readonly<Record<string, string>> = {
  eagerdeck: pathToFileURL(builtModule("runtime/index.js")).href,
  tslab: pathToFileURL(builtModule("runtime/session/host/tslab.js")).href,
};

const TYPESCRIPT = /\.[cm]?tsx?$/;

/** Installs the hooks; once per process, before user code. */
export function installLoader(stacks: Stacks): void {
  const resolver = new ResolverFactory({
    tsconfig: "auto",
    extensions: [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", ".node"],
    extensionAlias: {
      ".js": [".ts", ".tsx", ".js"],
      ".jsx": [".tsx", ".jsx"],
      ".mjs": [".mts", ".mjs"],
      ".cjs": [".cts", ".cjs"],
    },
    conditionNames: ["node", "import", "module-sync"],
  });

  registerHooks({
    resolve(specifier, context, nextResolve) {
      const own = isUsers(context.parentURL) ? OWN[specifier] : undefined;
      if (own) return { url: own, shortCircuit: true };
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        const path = fromTypeScript(resolver, specifier, context.parentURL);
        if (path) return { url: pathToFileURL(path).href, shortCircuit: true };
        throw withAdvice(error, specifier);
      }
    },
    load(url, context, nextLoad) {
      if (!url.startsWith("file:")) return nextLoad(url, context);
      const path = fileURLToPath(url.replace(/[?#].*$/, ""));
      if (!TYPESCRIPT.test(path) || path.includes("/node_modules/")) return nextLoad(url, context);
      const source = readFileSync(path, "utf8");
      return {
        format: formatOf(path, source),
        source: compile(path, url, source, stacks),
        shortCircuit: true,
      };
    },
  });
}

function isUsers(parentURL: string | undefined): boolean {
  return parentURL === undefined || !parentURL.includes("/node_modules/");
}

/** What Node cannot resolve: no extension, `.js` for a `.ts` file, `paths` of the tsconfig. */
function fromTypeScript(
  resolver: ResolverFactory,
  specifier: string,
  parentURL: string | undefined,
) {
  if (!parentURL?.startsWith("file:")) return undefined;
  const { path } = resolver.sync(dirname(fileURLToPath(parentURL)), specifier);
  return path && existsSync(path) && !path.includes("/node_modules/") ? path : undefined;
}

function withAdvice(error: unknown, specifier: string): unknown {
  const isBare = !/^[./]|^\w+:/.test(specifier);
  if (
    !(error instanceof Error) ||
    !("code" in error) ||
    error.code !== "ERR_MODULE_NOT_FOUND" ||
    !isBare
  ) {
    return error;
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const advice = new Error(
    `the package '${name}' is not installed here; run: npm install ${name}`,
    { cause: error },
  );
  return Object.assign(advice, { code: error.code });
}

/** ESM unless the file is `.cts`, or uses `require` and has neither import nor export. */
function formatOf(path: string, source: string): "module" | "commonjs" {
  if (path.endsWith(".cts")) return "commonjs";
  if (path.endsWith(".mts")) return "module";
  const isScript = !/^\s*(?:import|export)\b/m.test(source) && /\brequire\s*\(/.test(source);
  return isScript ? "commonjs" : "module";
}

function compile(path: string, url: string, source: string, stacks: Stacks): string {
  const label = stacks.label(path);
  const tsNode = tsNodeCompiler(path);
  if (tsNode) {
    const compiled = tsNode(source, path);
    // ts-node brings its own inline map; Node's stack mapping is off, so positions are of its output.
    return instrumentJavaScript(path, compiled);
  }
  const compiled = compileModule(path, source);
  if (!compiled.ok) {
    const { column, frame, line, message } = firstProblem(source, compiled.problems);
    throw new SyntaxError(`${label}:${line}:${column} ${message}\n${frame}`);
  }
  for (const file of [url, path]) {
    stacks.register(file, { label, source: () => source, locate: compiled.locate });
  }
  return compiled.code;
}

function firstProblem(
  source: string,
  problems: readonly { message: string; start: number; end: number }[],
) {
  const problem = problems[0] ?? { message: "cannot be parsed", start: 0, end: 0 };
  const position = offsetToLineColumn(source, problem.start);
  return { ...position, message: problem.message, frame: codeFrame(source, position) };
}
