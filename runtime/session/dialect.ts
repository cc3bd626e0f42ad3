/**
 * For which kernel a notebook was written, and what its cells take for granted in a folder without a tsconfig.
 *
 * tslab checks without `strict` and with TypeScript's own decorators, jslab and Deno run what does not type-check.
 * The user process, its threads and a spare know the dialect by an environment variable.
 * @module
 */

export const DIALECT_VARIABLE = "EAGERDECK_DIALECT";

interface DialectRules {
  /** Of cells that say nothing else. */
  readonly check: "error" | "off";
  /** In the place of a tsconfig. */
  readonly compilerOptions: { readonly strict: boolean; readonly experimentalDecorators: boolean };
}

const RULES = {
  tslab: { check: "error", compilerOptions: { strict: false, experimentalDecorators: true } },
  jslab: { check: "off", compilerOptions: { strict: false, experimentalDecorators: true } },
  deno: { check: "off", compilerOptions: { strict: true, experimentalDecorators: false } },
} as const satisfies Record<string, DialectRules>;

export type Dialect = keyof typeof RULES;

export const dialects = Object.keys(RULES) as readonly Dialect[];

export function isDialect(name: unknown): name is Dialect {
  return typeof name === "string" && Object.hasOwn(RULES, name);
}

export function dialectRules(dialect: Dialect): DialectRules {
  return RULES[dialect];
}

/**
 * That of this process, by its environment.
 * @throws {Error} for a name that is none: a notebook that was meant to be read loosely would fail cell by cell.
 */
export function ownDialect(): Dialect | undefined {
  const name = process.env[DIALECT_VARIABLE];
  if (name === undefined || name === "" || isDialect(name)) return name || undefined;
  throw new Error(`${DIALECT_VARIABLE} is "${name}"; it can be ${dialects.join(", ")}`);
}
