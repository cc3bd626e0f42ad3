/**
 * What `eagerdeck run` shows while a workflow runs, and when it has ended: a live tree in a terminal, else lines.
 * @module
 */
import { deckRows, rowsToText } from "../runtime/deck/views.ts";
import type { RunRecord } from "../runtime/events/record-shape.ts";
import { DECK_ROWS_MAX, LiveTree } from "./live-tree.ts";

export interface Progress extends Disposable {
  /** Something of the run is new. */
  changed(): void;
  /** Text of the program, or of ours, on the way. */
  say(text: string, to: "stdout" | "stderr"): void;
  /** The value or the error comes next. */
  end(): void;
  /** The last picture, whatever the end was. */
  deck(run: RunRecord): void;
}

const COLUMNS = 100;

/** @param run what there is of it, when it is asked for. */
export function openProgress(run: () => RunRecord | undefined, isJson: boolean): Progress {
  if (!isJson && canRedraw(process.env, process.stderr.isTTY)) return new LiveTree(run);
  return lines(isJson);
}

/** Whether somebody looks at a screen of which rows may be drawn anew. */
export function canRedraw(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (!isTerminal || environment["NO_COLOR"] || environment["TERM"] === "dumb") return false;
  return !environment["CI"] && !environment["INK_SCREEN_READER"];
}

function lines(isJson: boolean): Progress {
  return {
    changed: () => undefined,
    say: (text, to) => void process[to].write(text),
    end: () => undefined,
    [Symbol.dispose]: () => undefined,
    deck: (run) => {
      if (isJson) return;
      const rows = deckRows(run, { columns: COLUMNS, rowsMax: DECK_ROWS_MAX });
      process.stderr.write(`${rowsToText(rows)}\n`);
    },
  };
}
