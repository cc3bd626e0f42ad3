/**
 * Parameters of a notebook: a cell that gives variables other values than the notebook's own.
 *
 * As papermill does it, with one difference: the types that the cell tagged `parameters` gives its variables
 * are kept, so a value of a wrong type is refused where it stands. Pure: a notebook in, a notebook out.
 * @module
 */
import { isVariableName, variablesOf } from "../runtime/session/client/variables.ts";
import {
  type CodeCell,
  type Notebook,
  type NotebookCell,
  newCell,
} from "../runtime/session/notebook-file.ts";

const PARAMETERS = "parameters";
const INJECTED = "injected-parameters";
/** Far below what the parser of cells takes. */
const DEPTH_MAX = 200;

/** A parameter cannot be written as code; the message is for people. */
export class ParameterError extends Error {
  static {
    Object.defineProperty(ParameterError.prototype, "name", { value: "ParameterError" });
  }
}

export interface Parameterized {
  readonly notebook: Notebook;
  /** What the person may not have meant. */
  readonly warnings: readonly string[];
}

/**
 * Puts the parameters into a cell tagged `injected-parameters`: behind the one tagged `parameters`, else
 * where an older one was, else first. Older ones go.
 * @param parameters values as JSON knows them, by the name of the variable.
 * @throws {ParameterError} for a name that is none, and a value that has no text.
 */
export function injectParameters(
  notebook: Notebook,
  parameters: ReadonlyMap<string, unknown>,
): Parameterized {
  if (parameters.size === 0) return { notebook, warnings: [] };
  const defaults = notebook.cells.find((cell) => isTagged(cell, PARAMETERS));
  const older = notebook.cells.find((cell) => cell !== defaults && isTagged(cell, INJECTED));
  const declared = defaults && variablesOf(defaults.source);
  const warnings: string[] = [];
  if (defaults === undefined && older === undefined) {
    warnings.push(
      `no code cell is tagged "${PARAMETERS}": the values go first, and later cells may replace them`,
    );
  }
  for (const name of parameters.keys()) {
    if (declared === undefined || declared.has(name)) continue;
    warnings.push(`parameter "${name}" is not declared in the cell tagged "${PARAMETERS}"`);
  }
  const injected = injectedCell(parameters, declared, older);
  const cells = notebook.cells.flatMap((cell) => {
    if (cell === defaults) return [cell, injected];
    if (!isTagged(cell, INJECTED)) return [cell];
    return defaults === undefined && cell === older ? [injected] : [];
  });
  if (defaults === undefined && older === undefined) cells.unshift(injected);
  return { notebook: { ...notebook, cells }, warnings };
}

/** @param older its identity stays, so that saving again changes no more than it has to. */
function injectedCell(
  parameters: ReadonlyMap<string, unknown>,
  declared: ReadonlyMap<string, string | undefined> | undefined,
  older: NotebookCell | undefined,
): NotebookCell {
  const lines = [...parameters].map(([name, value]) =>
    declaration(name, declared?.get(name), value),
  );
  const cell = newCell("code", ["// Parameters", ...lines].join("\n"));
  if (older !== undefined) cell.id = older.id;
  cell.metadata["tags"] = [INJECTED];
  return cell;
}

function declaration(name: string, type: string | undefined, value: unknown): string {
  if (!isVariableName(name)) {
    throw new ParameterError(`"${name}" is no name of a variable; parameters are declared as ones`);
  }
  // Not `const`: after `const x = 10` a later `x === 20` is a type error.
  return `let ${name}${type === undefined ? "" : `: ${type}`} = ${literal(name, value, 0)};`;
}

/** Only code counts: a Markdown cell declares nothing, whatever its tags. */
function isTagged(cell: NotebookCell, tag: string): cell is CodeCell {
  const tags = cell.metadata["tags"];
  return cell.cell_type === "code" && Array.isArray(tags) && tags.includes(tag);
}

function literal(name: string, value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) {
    throw new ParameterError(
      `"${name}" is nested deeper than ${DEPTH_MAX} levels; read it from a file`,
    );
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => literal(name, item, depth + 1)).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${propertyName(key)}: ${literal(name, item, depth + 1)}`,
    );
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ParameterError(`"${name}" holds a number that is too large`);
  }
  const text = JSON.stringify(value);
  if (text === undefined) throw new ParameterError(`"${name}" is no JSON value`);
  return text;
}

function propertyName(key: string): string {
  // Plain `__proto__: x` would set the prototype instead of a property.
  if (key === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
