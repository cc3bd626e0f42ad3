/**
 * What a session remembers beyond its process: the history of its runs, and the values of cached tasks.
 *
 * The modules that write files are loaded when there is something to write, or a moment after the start: the first
 * prompt does not wait for them.
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { RuntimeEvent } from "../../events/events.ts";
import { isHistoryOn } from "../../events/home.ts";
import type { Records } from "../../events/records.ts";
import type { History } from "../../store/history.ts";
import type { Recorder } from "../../store/recorder.ts";
import { setCacheStore } from "../../workflow/cache.ts";
import { keptCall } from "../../workflow/kept.ts";

const PRELOAD_MS = 500;

export interface RememberOptions {
  readonly folder: string;
  readonly session: string;
  readonly records: Records;
  readonly sourceOf: (cell: number | undefined, runId: string) => string | undefined;
  readonly notice: (text: string) => void;
}

export class Remembered {
  readonly #options: RememberOptions;
  readonly #isOn = isHistoryOn();
  #recorder: Recorder | undefined;

  constructor(options: RememberOptions) {
    this.#options = options;
    setTimeout(() => load("recorder"), PRELOAD_MS).unref();
    if (!this.#isOn) {
      setCacheStore(() => Promise.reject(new Error("EAGERDECK_HISTORY is off")));
      return;
    }
    setCacheStore(async () => {
      const { CacheFile } = load<typeof import("../../store/cache.ts")>("cache");
      const { cache, notice } = CacheFile.open(options.folder);
      if (notice !== undefined) options.notice(notice);
      return cache;
    });
  }

  /** Takes the next event, after it was folded. */
  event(event: RuntimeEvent): void {
    // Output alone makes no history.
    if (this.#recorder === undefined && event.kind === "log") return;
    this.#open().event(event);
  }

  /** To be read; nothing is made for that. */
  history = (): History | undefined => this.#open().readable;

  /** The process ends: the file is left whole, without what SQLite keeps beside it. */
  close(): void {
    this.#recorder?.close();
  }

  #open(): Recorder {
    if (this.#recorder === undefined) {
      const { Recorder } = load<typeof import("../../store/recorder.ts")>("recorder");
      const { records, ...options } = this.#options;
      this.#recorder = new Recorder({
        ...options,
        isKept: this.#isOn,
        valuesOf: keptCall,
        recordOf: (runId) => records.run(runId),
      });
    }
    return this.#recorder;
  }
}

/** Which calls of a run another may take. */
export const reusePlan: typeof import("../../store/reuse.ts").reusePlan = (run, valuesOf) =>
  load<typeof import("../../store/reuse.ts")>("reuse").reusePlan(run, valuesOf);

const require = createRequire(import.meta.url);

/** In this turn, for an event does not wait. */
function load<T>(name: string): T {
  return require(fileURLToPath(new URL(`../../store/${name}.js`, import.meta.url)));
}
