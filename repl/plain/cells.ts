/**
 * A file or a pipe → cells, split at lines that begin with `// %%`.
 *
 * Not wherever the code happens to be complete: that would cut `else` and `.then` off.
 * @module
 */

const MARK = /^\/\/ ?%%/;

/** The cells of a whole text; blank ones are left out. */
export function splitCells(text: string): string[] {
  const splitter = new CellSplitter();
  return [...splitter.push(text), ...splitter.end()];
}

/** Gives out each cell of a stream as soon as its end is seen. */
export class CellSplitter {
  /** Pieces of the line that has not ended: joined once, a line of 20 MB comes in hundreds. */
  #line: string[] = [];
  #lines: string[] = [];

  /** @returns the cells that ended in this piece. */
  push(text: string): string[] {
    const [first = "", ...rest] = text.split("\n");
    this.#line.push(first);
    return rest.flatMap((begun) => {
      const cells = this.#take(this.#line.join(""));
      this.#line = [begun];
      return cells;
    });
  }

  /** @returns the last cell, if there is one. */
  end(): string[] {
    const before = this.#take(this.#line.join(""));
    this.#line = [];
    return [...before, ...this.#cell()];
  }

  #take(line: string): string[] {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (MARK.test(text)) return this.#cell();
    this.#lines.push(text);
    return [];
  }

  #cell(): string[] {
    const text = this.#lines.splice(0).join("\n").trimEnd();
    return text.trim() === "" ? [] : [text];
  }
}
