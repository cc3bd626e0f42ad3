/**
 * What the user's tsconfig says about the code that comes out of a cell or a local file.
 *
 * Most options only matter to the checker. These few change what runs, and only for text with JSX,
 * decorators or `accessor`: they are read when such text is compiled, so that an edit counts at once.
 * @module
 */
import { getTsconfig, type TsConfigResult } from "get-tsconfig";
import { dialectRules, ownDialect } from "../dialect.ts";

export interface CompilerOptions {
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields?: boolean;
  readonly jsxImportSource?: string;
  /** `jsx: "react"` with a factory of its own: `h`, `React.createElement`. */
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
}

type TsConfigOptions = NonNullable<TsConfigResult["config"]["compilerOptions"]>;

/** The options of the nearest tsconfig above `path`; those of the dialect when there is none, or it cannot be read. */
export function compilerOptionsOf(path: string): CompilerOptions {
  let found: ReturnType<typeof getTsconfig> = null;
  try {
    found = getTsconfig(path);
  } catch {
    // The checker reports a broken config, in words and once.
  }
  const dialect = ownDialect();
  const defaults: TsConfigOptions = dialect ? dialectRules(dialect).compilerOptions : {};
  const options = found?.config.compilerOptions ?? defaults;
  const isClassic = options.jsx === "react";
  return {
    ...(options.experimentalDecorators === true ? { experimentalDecorators: true } : {}),
    ...(options.emitDecoratorMetadata === true ? { emitDecoratorMetadata: true } : {}),
    ...(options.useDefineForClassFields === false ? { useDefineForClassFields: false } : {}),
    ...(options.jsxImportSource ? { jsxImportSource: options.jsxImportSource } : {}),
    ...(isClassic && options.jsxFactory ? { jsxFactory: options.jsxFactory } : {}),
    ...(isClassic && options.jsxFragmentFactory
      ? { jsxFragmentFactory: options.jsxFragmentFactory }
      : {}),
  };
}
