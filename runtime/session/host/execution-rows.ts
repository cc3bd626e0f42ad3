/**
 * How executions stand that a run has left on a cluster, and what became of ending them, as values of a cell.
 * @module
 */
import { inspect } from "node:util";
import { columnsOf, escapeHtml, escapeLine } from "../../values/escape.ts";

/** One execution. */
export interface ExecutionRow {
  /** `t3`; empty for one that was started in the last moment, of which no call was kept. */
  readonly call: string;
  /** Of the task. */
  readonly name: string;
  /** Now, as Flyte names it; `NOT FOUND` for one that the cluster does not have. */
  readonly phase: string;
  /** Its name there. */
  readonly execution: string;
  /** Its page. */
  readonly url: string;
}

const COLUMNS = ["call", "name", "phase", "execution", "url"] as const;
const LISTED_MAX = 100;
const NONE = "no executions: nothing was left running";

/** Shows itself as a table. */
export class ExecutionRows extends Array<ExecutionRow> {
  // `filter` and `map` give plain arrays.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  [inspect.custom](): string {
    if (this.length === 0) return NONE;
    // The address says project, domain and name.
    const columns = COLUMNS.filter((name) => name !== "execution");
    const lines = [
      [...columns],
      ...this.#listed().map((row) => columns.map((name) => escapeLine(row[name]))),
    ];
    const widths = columns.map((_, at) =>
      Math.max(...lines.map((line) => columnsOf(line[at] ?? ""))),
    );
    const text = lines.map((line) =>
      line
        .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - columnsOf(cell)))
        .join("  ")
        .trimEnd(),
    );
    return [...text, ...this.#more()].join("\n");
  }

  [Symbol.for("Jupyter.display")](): Record<string, string> {
    const text = inspect(this);
    if (this.length === 0) return { "text/plain": text };
    const head = COLUMNS.filter((name) => name !== "url").map(
      (name) => `<th style="text-align:left">${name}</th>`,
    );
    const rows = this.#listed().map(({ call, name, phase, execution, url }) => {
      const cells = [call, name, phase].map(
        (cell) => `<td style="text-align:left">${escapeHtml(cell)}</td>`,
      );
      const link = `<a href="${escapeHtml(url)}" target="_blank" rel="noopener">${escapeHtml(execution)}</a>`;
      return `<tr>${cells.join("")}<td style="text-align:left">${isPage(url) ? link : escapeHtml(execution)}</td></tr>`;
    });
    const more = this.#more().map((line) => `<div>${escapeHtml(line)}</div>`);
    const html = `<table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>${more.join("")}`;
    return { "text/plain": text, "text/html": html };
  }

  #listed(): ExecutionRow[] {
    return this.slice(0, LISTED_MAX);
  }

  #more(): string[] {
    const left = this.length - LISTED_MAX;
    return left > 0 ? [`… ${left} more`] : [];
  }
}

function isPage(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

/** An execution that still runs. */
export interface NotEnded {
  readonly execution: string;
  /** Its page: people can end it there. */
  readonly url: string;
  readonly why: string;
}

/** What `cancel()` came to. Shows itself as a sentence. */
export class CancelReport {
  readonly #text: string;
  /** How many executions ran, and were ended. */
  readonly ended: number;
  readonly notEnded: readonly NotEnded[];

  constructor(text: string, ended: number, notEnded: readonly NotEnded[]) {
    this.#text = text;
    this.ended = ended;
    this.notEnded = notEnded;
  }

  [inspect.custom](): string {
    const lines = this.notEnded.map(({ url, execution, why }) => `  ${url || execution}: ${why}`);
    return [`${this.#text}${lines.length === 0 ? "" : ":"}`, ...lines].join("\n");
  }
}
