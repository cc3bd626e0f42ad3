/**
 * What a worker thread of a session loads first: local files are found and compiled as in the session itself.
 *
 * Checks of compiled files do nothing here: a thread is ended from outside.
 * @module
 */
import type { Prepared, TellSession } from "../../workflow/thread/messages.ts";
import { Displays, installDisplays, threadNames } from "./display.ts";
import { installLoader } from "./loader.ts";
import { ModuleGraph } from "./module-graph.ts";
import { Stacks } from "./stack.ts";

interface ThreadData {
  readonly folder: string;
  readonly columns: number;
}

/** Called once per thread, before code of the user's is loaded. */
export function prepare({ folder, columns }: ThreadData, tell: TellSession): Prepared {
  // Stacks leave the thread as V8 gives them; the session maps them, which has compiled the same texts.
  const stacks = new Stacks(folder);
  const modules = new ModuleGraph({ stacks, notice: () => undefined });
  Object.defineProperty(globalThis, Symbol.for("eagerdeck.checks"), {
    value: {
      $i: new Int32Array(2),
      $x: {
        interrupted: () => undefined,
        began: (path: string, version: number) => modules.began(path, version),
        done: (path: string, version: number) => modules.done(path, version),
      },
    },
  });
  installLoader(stacks, modules);
  const displays = new Displays({ send: tell, columns, fallbackCell: () => undefined });
  installDisplays(displays);
  return { names: threadNames(displays), settled: () => displays.settled(undefined) };
}
