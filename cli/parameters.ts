/**
 * `-p x 10 -p y=5 -f params.json`: parameters of a notebook as the command line has them.
 *
 * Invariants
 *   P1  No value changes on its way: a number that JavaScript cannot hold is refused.
 *   P2  Nothing is given twice unnoticed. An option wins over the file.
 * @module
 */
import { readFileSync } from "node:fs";
import { checkInputFile } from "./files.ts";
import { UsageError } from "./usage.ts";

const OPTIONS = ["-p", "--parameter"];

/**
 * Joins `-p NAME VALUE` to `--parameter NAME=VALUE`, since no option of the command line's parser takes two
 * values.
 * @throws {UsageError} when there is no value.
 */
export function joinedParameters(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") return [...joined, ...args.slice(at)];
    if (!OPTIONS.includes(arg)) {
      joined.push(arg);
      continue;
    }
    const name = args[++at];
    if (name === undefined) throw new UsageError(`${arg} needs a name and a value: ${arg} x 10`);
    if (name.includes("=")) {
      joined.push("--parameter", name);
      continue;
    }
    const value = args[++at];
    if (value === undefined || isOption(value)) {
      const hint =
        value === undefined ? `${arg} ${name} 10` : `${arg} ${name}=${value} if that is it`;
      throw new UsageError(`${arg} ${name} needs a value: ${hint}`);
    }
    joined.push("--parameter", `${name}=${value}`);
  }
  return joined;
}

/** `-5` is a value. */
function isOption(text: string): boolean {
  return /^-[^\d.]/.test(text);
}

/**
 * @param pairs `NAME=VALUE`, the value as JSON; what is not JSON is text.
 * @param file a JSON object, name → value.
 * @throws {UsageError} with what is wrong and where.
 */
export function readParameters(
  pairs: readonly string[],
  file: string | undefined,
): Map<string, unknown> {
  const given = new Map<string, unknown>();
  for (const pair of pairs) {
    const split = pair.indexOf("=");
    const name = pair.slice(0, split);
    if (split < 1) throw new UsageError(`-p takes NAME VALUE or NAME=VALUE, not '${pair}'`);
    if (given.has(name)) throw new UsageError(`parameter "${name}" is given twice`);
    given.set(name, value(pair.slice(split + 1), `-p ${name}`));
  }
  return file === undefined ? given : new Map([...readFile(file), ...given]);
}

function readFile(file: string): [string, unknown][] {
  checkInputFile(file, "a JSON file");
  let parsed: unknown;
  try {
    parsed = exactJson(readFileSync(file, "utf8").replace(/^\uFEFF/, ""), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`-f: ${file} is not JSON: ${error.message}`, { cause: error });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UsageError(`-f: ${file} must hold one object: { "x": 10 }`);
  }
  return Object.entries(parsed);
}

function value(text: string, where: string): unknown {
  try {
    return exactJson(text, where);
  } catch (error) {
    if (error instanceof SyntaxError) return text; // `-p name Ada` means the string
    throw error;
  }
}

/** @throws {SyntaxError} when it is not JSON. */
function exactJson(text: string, where: string): unknown {
  return JSON.parse(text, (_key, item: unknown, ...[context]: readonly unknown[]) => {
    const source = sourceOf(context);
    if (typeof item === "number" && source !== undefined && !isExact(item, source)) {
      throw new UsageError(
        `${where}: ${source} is beyond what a number holds exactly; give it as a string: "${source}"`,
      );
    }
    return item;
  });
}

/** The third argument of a reviver is newer than its type. */
function sourceOf(context: unknown): string | undefined {
  if (typeof context !== "object" || context === null || !("source" in context)) return undefined;
  return typeof context.source === "string" ? context.source : undefined;
}

/** Fractions are rounded, as everywhere; a whole number that comes out as another one is an accident. */
function isExact(number: number, source: string): boolean {
  if (!Number.isFinite(number)) return false;
  return !/^-?\d+$/.test(source) || BigInt(source) === BigInt(number);
}
