/**
 * How much of a cell's output the screen takes: the first lines as they come and the last ones at the
 * end. What is between them, and lines that are cut, go elsewhere whole, while they are counted.
 * @module
 */
import { megabytes } from "../../runtime/session/client/spill.ts";
import { CUT_SEQUENCE, RESET_COLORS } from "../terminal/escapes.ts";

export interface OutputLimitOptions {
  /** Lines that are printed as they come; default: 5,000. */
  readonly linesMax?: number;
  /** Their length in UTF-16 units; default: 512 k. */
  readonly lengthMax?: number;
  /** Takes the text that is not printed, in order. */
  readonly keep: (text: string) => void;
  /** Our own words among the output. */
  readonly note: (text: string) => string;
}

const LINES_MAX = 5_000;
const LENGTH_MAX = 512 * 1024;
const LINE_LENGTH_MAX = 4 * 1024;
const LAST_LINES = 200;

export class OutputLimit {
  readonly #options: OutputLimitOptions;
  readonly #linesMax: number;
  readonly #lengthMax: number;
  #lines = 0;
  #length = 0;
  /** The newest lines that were not printed, at most some more than are wanted. */
  #last: string[] = [];
  #leftOutLines = 0;
  #leftOutLength = 0;
  #cutLines = 0;

  constructor(options: OutputLimitOptions) {
    this.#options = options;
    this.#linesMax = options.linesMax ?? LINES_MAX;
    this.#lengthMax = options.lengthMax ?? LENGTH_MAX;
  }

  /** Whether text has been given to `keep`. */
  get hasKept(): boolean {
    return this.#leftOutLines + this.#cutLines > 0;
  }

  /** What is not printed now, for the tail row; empty while everything is. */
  get progress(): string {
    if (this.#leftOutLines === 0) return "";
    return `… ${counted(this.#leftOutLines, "more line")}, ${megabytes(this.#leftOutLength)}`;
  }

  /** @param text whole lines, each with its newline. @returns those that are to be printed, as they are to be. */
  take(text: string): string {
    let shown = "";
    let start = 0;
    while (start < text.length && this.#lines < this.#linesMax && this.#length < this.#lengthMax) {
      const end = text.indexOf("\n", start) + 1 || text.length;
      const line = text.slice(start, end);
      start = end;
      if (line.length > LINE_LENGTH_MAX) {
        this.#cutLines++;
        this.#options.keep(line);
      }
      const printed = this.#cut(line);
      this.#lines++;
      this.#length += printed.length;
      shown += printed;
    }
    if (start < text.length) this.#leaveOut(start === 0 ? text : text.slice(start));
    return shown;
  }

  /** The last lines, with the count of those between. @param where goes on the sentence that some are missing. */
  end(where: string): string {
    const last = this.#last.slice(-LAST_LINES).map((line) => this.#cut(line));
    const size = megabytes(this.#leftOutLength);
    const missing = this.#leftOutLines - last.length;
    const gap =
      missing > 0
        ? this.#note(
            `${counted(this.#leftOutLines, "line")} (${size}) left out${where}; the last of them:`,
          )
        : this.#cutLines > 0
          ? this.#note(`${counted(this.#cutLines, "line")} cut${where}`)
          : "";
    if (last.length === 0) return gap;
    // What was left out may have ended a colour that it, or the text before it, began.
    return gap + RESET_COLORS + last.join("");
  }

  #leaveOut(text: string): void {
    this.#options.keep(text);
    this.#leftOutLength += text.length;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      this.#leftOutLines++;
    }
    this.#last.push(...lastLines(text, LAST_LINES));
    if (this.#last.length > 4 * LAST_LINES) this.#last = this.#last.slice(-LAST_LINES);
  }

  #cut(line: string): string {
    if (line.length <= LINE_LENGTH_MAX) return line;
    const head = line
      .slice(0, LINE_LENGTH_MAX)
      .replace(CUT_SEQUENCE, "")
      .replace(/[\ud800-\udbff]$/, "");
    const rest = (line.length - head.length - 1).toLocaleString("en-US");
    return `${head}${RESET_COLORS}${this.#options.note(`… ${rest} more characters`)}\n`;
  }

  #note(text: string): string {
    return `${RESET_COLORS}${this.#options.note(`… ${text}`)}\n`;
  }
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}

/** At most `max` lines from the end, without looking at those before. */
function lastLines(text: string, max: number): string[] {
  const lines: string[] = [];
  for (let end = text.length; end > 0 && lines.length < max; ) {
    const start = end < 2 ? 0 : text.lastIndexOf("\n", end - 2) + 1;
    lines.push(text.slice(start, end));
    end = start;
  }
  return lines.reverse();
}
