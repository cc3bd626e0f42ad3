/**
 * The one way out of the user process: items in order, in batches, by blocking writes.
 *
 * Invariants
 *   O1  One outbox: output, displays, events and results keep the order in which they happened.
 *   O2  Nothing is dropped here. A full pipe blocks the writer; that is the back-pressure.
 *   O3  After a pause the first items leave at once, so that what a cell prints before it blocks its thread
 *       is seen; in a burst an item waits 16 ms at most, its age is tested when the next one is added.
 * @module
 */
import { writeSync } from "node:fs";
import { serialize } from "node:v8";
import { EVENTS_FD, type HostItem, OWN_END } from "../protocol.ts";

const AGE_MS_MAX = 16;
/** Items of a burst that are written one by one before batching begins. */
const AT_ONCE_MAX = 8;
const BATCH_BYTES_MAX = 256 * 1024;
/** A rough size for items that are not text: enough to bound a batch. */
const ITEM_BYTES = 512;

export class Outbox {
  #items: HostItem[] = [];
  #bytes = 0;
  #oldest = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #inBurst = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #fd: number;
  readonly #onWaiting: (isWaiting: boolean) => void;
  // Kept from the start: user code may replace what hangs on the globals.
  readonly #now = performance.now.bind(performance);
  readonly #setTimeout = setTimeout;
  readonly #clearTimeout = clearTimeout;

  /** @param onWaiting told when items begin to wait and when they are out: a timer cannot fire in a blocked thread. */
  constructor(onWaiting: (isWaiting: boolean) => void = () => undefined, fd = EVENTS_FD) {
    this.#fd = fd;
    this.#onWaiting = onWaiting;
  }

  add(item: HostItem): void {
    for (const piece of inPieces(item)) this.#add(piece);
  }

  #add(item: HostItem): void {
    const now = this.#now();
    this.#inBurst = now - this.#newest >= AGE_MS_MAX ? 1 : this.#inBurst + 1;
    this.#newest = now;
    if (this.#items.length === 0) this.#oldest = now;
    if (!this.#merge(item)) this.#items.push(item);
    this.#bytes += sizeOf(item);
    const isDue = this.#bytes >= BATCH_BYTES_MAX || now - this.#oldest >= AGE_MS_MAX;
    if (isDue || this.#inBurst <= AT_ONCE_MAX) return this.#write();
    if (!this.#timer) {
      this.#timer = this.#setTimeout(() => this.#write(), AGE_MS_MAX);
      this.#timer.unref();
      this.#onWaiting(true);
    }
  }

  /** Sends all that waits; the next item leaves at once, as after a pause. Called at a cell's end. */
  flush(): void {
    this.#write();
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  #write(): void {
    if (this.#timer) {
      this.#clearTimeout(this.#timer);
      this.#onWaiting(false);
    }
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    writeFrame(this.#fd, items);
  }

  /** Adjacent text of one cell, call and stream becomes one event. */
  #merge(item: HostItem): boolean {
    const last = this.#items.at(-1);
    if (item.kind !== "event" || item.event.kind !== "log") return false;
    if (last?.kind !== "event" || last.event.kind !== "log") return false;
    const [a, b] = [last.event, item.event];
    if (a.stream !== b.stream || a.cell !== b.cell || a.id !== b.id || a.runId !== b.runId)
      return false;
    this.#items[this.#items.length - 1] = { ...last, event: { ...a, text: a.text + b.text } };
    return true;
  }
}

/** A text of hundreds of megabytes as one item would keep whoever reads it from everything else for seconds. */
function* inPieces(item: HostItem): Generator<HostItem> {
  if (sizeOf(item) <= BATCH_BYTES_MAX || item.kind !== "event" || item.event.kind !== "log") {
    return yield item;
  }
  const { event } = item;
  const { text } = event;
  for (let start = 0; start < text.length; ) {
    let end = start + BATCH_BYTES_MAX;
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end += 1; // the pair stays together
    yield { ...item, event: { ...event, text: text.slice(start, end) } };
    start = end;
  }
}

function sizeOf(item: HostItem): number {
  return item.kind === "event" && item.event.kind === "log" ? item.event.text.length : ITEM_BYTES;
}

function writeFrame(fd: number, items: readonly HostItem[]): void {
  const body = serialize(items);
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  for (let offset = 0; offset < frame.length; ) {
    try {
      offset += writeSync(fd, frame, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        continue;
      }
      // EPIPE: the front end is gone and nobody misses this; `disconnect` ends the process.
      if (code === "EPIPE") return;
      // A cell closed the descriptor: nothing can be told any more, so the end of the process has to tell it.
      return endWith(`file descriptor ${fd} was closed, by which it reports`);
    }
  }
}

/** Ends a process that can no longer do its work; the client finds the reason on its stderr. */
export function endWith(reason: string): void {
  try {
    writeSync(2, `${OWN_END}${reason}\n`);
  } catch {
    // A cell closed that too: then the signal is all there is to tell.
  }
  process.kill(process.pid, "SIGKILL");
}
