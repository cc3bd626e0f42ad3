/**
 * Says once that memory runs short, while there is still time to drop something: at the limit the process
 * dies, and all variables with it.
 * @module
 */
import { getHeapStatistics } from "node:v8";

const LOOK_EVERY_MS = 2_000;
/** Parts of the heap limit: where it is said, and under which it may be said again. */
const SAID_AT = 0.85;
const FORGOTTEN_AT = 0.7;

export class HeapWatch {
  readonly #notice: (text: string) => void;
  // Kept from the start: user code may replace what hangs on the globals.
  readonly #setInterval = setInterval;
  readonly #clearInterval = clearInterval;
  readonly #limit = oldSpaceLimit();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #isSaid = false;

  constructor(notice: (text: string) => void) {
    this.#notice = notice;
  }

  /** A cell begins: the heap is looked at every two seconds that its code leaves free. */
  began(): void {
    this.#running++;
    if (this.#timer) return;
    this.#timer = this.#setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** A cell has ended. */
  ended(): void {
    this.#running--;
    this.#look();
    if (this.#running > 0) return;
    this.#clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const { used_heap_size: used, heap_size_limit: fallback } = getHeapStatistics();
    const limit = this.#limit ?? fallback;
    const part = used / limit;
    if (part < FORGOTTEN_AT) this.#isSaid = false;
    if (part < SAID_AT || this.#isSaid) return;
    this.#isSaid = true;
    this.#notice(
      `memory is running out: ${toMB(used)} of ${toMB(limit)} MB are in use. Assign undefined to large ` +
        "variables, or restart with NODE_OPTIONS=--max-old-space-size=MB for a higher limit",
    );
  }
}

/** V8's own figure counts the young generation too, which no large value can live in. In bytes. */
function oldSpaceLimit(): number | undefined {
  const flags = [process.env["NODE_OPTIONS"] ?? "", ...process.execArgv].join(" ");
  const found = [...flags.matchAll(/--max[-_]old[-_]space[-_]size=(\d+)/g)].at(-1);
  return found ? Number(found[1]) * 1024 * 1024 : undefined;
}

function toMB(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
