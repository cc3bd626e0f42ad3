/**
 * What the cells of a notebook say, in a form in which two kernels can be compared.
 * @module
 */
import { runInNewContext } from "node:vm";
import { codeCells, type Output } from "./jupyter.ts";

/**
 * What each code cell of a notebook says, in its order: `stdout: …`, displays by their types. A value reads as if it had
 * been printed: tslab prints values.
 */
export function saidByCells(file: string): unknown[][] {
  return codeCells(file).map(({ outputs }) => merged(outputs.map(said)));
}

function said({ output_type, name, text, data = {}, ename, evalue }: Output): unknown {
  if (output_type === "stream") return `${name}: ${text}`;
  if (output_type === "error") return `${ename}: ${evalue}`;
  if (output_type === "execute_result") return `stdout: ${printed(data["text/plain"] ?? "")}\n`;
  const { "text/plain": plain, ...rich } = data;
  return Object.keys(rich).length > 0 ? rich : { "text/plain": plain };
}

/** A text as `console.log` prints it, without the quotes that a value has. */
function printed(value: string): string {
  return /^(['"`])[\s\S]*\1$/.test(value) ? runInNewContext(value) : value;
}

/** Pieces of one stream are one text. */
function merged(outputs: readonly unknown[]): unknown[] {
  const all: unknown[] = [];
  for (const output of outputs) {
    const last = all.at(-1);
    const [stream = ""] = typeof output === "string" ? (/^std\w+: /.exec(output) ?? []) : [];
    if (typeof output === "string" && stream && typeof last === "string" && last.startsWith(stream))
      all[all.length - 1] = last + output.slice(stream.length);
    else all.push(output);
  }
  return all;
}
