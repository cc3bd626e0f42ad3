/**
 * TypeScript text → JavaScript text, for text whose names are settled already.
 *
 * oxc does it, within a millisecond. What it leaves as written but this Node cannot run (decorators,
 * `accessor`, and `using` before Node 24) is TypeScript's own work, which is loaded by the first text
 * that needs it: it takes a quarter of a second.
 * @module
 */
import { createRequire } from "node:module";
import type { SourceMapInput } from "@jridgewell/remapping";
import { transformSync } from "oxc-transform";
import type TypeScript from "typescript";
import type { CompilerOptions } from "./compiler-options.ts";

export type Language = "ts" | "tsx" | "js" | "jsx";

/** The functions that tags become calls of; without them the automatic runtime is imported. */
export interface JsxPragma {
  readonly factory: string;
  readonly fragment: string;
}

export interface StripRequest {
  readonly path: string;
  readonly lang: Language;
  readonly text: string;
  /** A file's imports stay, unused ones are types; a cell has none left and stays the body of a function. */
  readonly kind: "cell" | "module" | "commonjs";
  readonly needsTypeScript: boolean;
  readonly options: CompilerOptions;
  readonly jsx?: JsxPragma;
}

interface Stripped {
  readonly code: string;
  readonly map: SourceMapInput | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly labels: readonly { readonly start: number; readonly end: number }[];
  }[];
}

/** Removes types; what comes out is the same with and without a map. */
export function strip(request: StripRequest, sourcemap: boolean): Stripped {
  return request.needsTypeScript
    ? stripByTypeScript(request, sourcemap)
    : stripByOxc(request, sourcemap);
}

function stripByOxc(request: StripRequest, sourcemap: boolean): Stripped {
  const { path, lang, text, kind, jsx, options } = request;
  const { code, map, errors } = transformSync(path, text, {
    lang,
    sourceType: "module",
    target: "esnext",
    // In a cell the imports are gone; in a file unused ones are types, as TypeScript itself decides.
    typescript: { onlyRemoveTypeImports: kind === "cell" },
    jsx: jsx
      ? { runtime: "classic", pragma: jsx.factory, pragmaFrag: jsx.fragment }
      : {
          runtime: "automatic",
          ...(options.jsxImportSource ? { importSource: options.jsxImportSource } : {}),
        },
    sourcemap,
  });
  return { code, map: map ? { ...map, version: 3 } : undefined, errors };
}

let typescript: typeof TypeScript | undefined;

function stripByTypeScript(request: StripRequest, sourceMap: boolean): Stripped {
  typescript ??= createRequire(import.meta.url)("typescript") as typeof TypeScript;
  const ts = typescript;
  const { path, lang, text, kind, jsx, options } = request;
  const { outputText, sourceMapText } = ts.transpileModule(text, {
    fileName: `${path}.${lang}`,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Preserve,
      // Else top-level `await` would be a name.
      ...(kind === "commonjs" ? {} : { moduleDetection: ts.ModuleDetectionKind.Force }),
      newLine: ts.NewLineKind.LineFeed,
      sourceMap,
      experimentalDecorators: options.experimentalDecorators ?? false,
      emitDecoratorMetadata: options.emitDecoratorMetadata ?? false,
      useDefineForClassFields: options.useDefineForClassFields ?? true,
      ...(jsx
        ? {
            jsx: ts.JsxEmit.React,
            jsxFactory: jsx.factory,
            jsxFragmentFactory: jsx.fragment,
          }
        : { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: options.jsxImportSource ?? "react" }),
    },
  });
  const code = outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
  return {
    // The mark of a module, which no function may contain.
    code: kind === "cell" ? code.replace(/export \{\};\s*$/, "") : code,
    map: sourceMapText,
    errors: [],
  };
}
