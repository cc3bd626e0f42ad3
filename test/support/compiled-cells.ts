/**
 * Runs cells on one scope, without a host: what a cell's function is given is written out here.
 * @module
 */
import { createRequire } from "node:module";
import { Script } from "node:vm";
import { compileCell, compileEval } from "../../runtime/session/host/compile.ts";
import type { CompilerOptions } from "../../runtime/session/host/compiler-options.ts";
import { jsxFactory, jsxFragment } from "../../runtime/session/host/jsx.ts";
import { SessionScope } from "../../runtime/session/host/scope.ts";

/** @returns the value of each cell, or the error it threw. */
export async function runCells(...sources: string[]): Promise<unknown[]> {
  return runCellsWith({}, ...sources);
}

/** The same in a folder whose tsconfig has these options. */
export async function runCellsWith(
  options: CompilerOptions,
  ...sources: string[]
): Promise<unknown[]> {
  const scope = new SessionScope();
  const values: unknown[] = [];
  for (const source of sources) values.push(await runCell(scope, source, options));
  return values;
}

async function runCell(
  scope: SessionScope,
  source: string,
  options: CompilerOptions,
): Promise<unknown> {
  const compiled = compileCell(
    source,
    scope,
    () => scope.segments.length,
    () => options,
  );
  if (!compiled.ok) return new SyntaxError(compiled.problems[0]?.message);
  const require = createRequire(import.meta.url);
  const jsxSource = compiled.jsxImportSource ?? "react";
  const support = {
    value: undefined as unknown,
    maybe: scope.maybe,
    undeclared: scope.undeclared,
    constant: scope.constant,
    segments: scope.segments,
    live: <T>(value: T) => value,
    interrupted: () => undefined,
    jsx: jsxFactory(require, jsxSource),
    get Fragment() {
      return jsxFragment(require, jsxSource);
    },
    evalSource: (text: unknown, locals: string[], suffix = "") =>
      typeof text === "string" ? compileEval(text, scope, { locals, suffix }) : text,
    hoist: (names: string[]) => {
      for (const name of names) if (!scope.has(name)) scope.set(name, undefined);
    },
    published: (...indexes: number[]) => {
      for (const index of indexes) {
        const declared = compiled.declared[index];
        if (declared)
          scope.publish(declared.name, declared.kind, compiled.taskMakers.includes(declared.name));
      }
    },
  };
  try {
    const fn = new Script(compiled.code).runInThisContext();
    await fn(...scope.segments, support, new Int32Array(2));
    return support.value;
  } catch (error) {
    return error;
  }
}
