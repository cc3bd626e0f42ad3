/**
 * What cells write, on its way to the front ends: merged into few messages and kept within a budget.
 *
 * jupyter_server drops everything on iopub but status once streams exceed 1 MB/s or all messages 1,000/s,
 * averaged over 3 s; the deck would be among what is lost. So output waits here when it comes too fast,
 * and what cannot wait is left out and counted. Pure: time is an argument, nothing is sent from here.
 *
 * Invariants
 *   S1  Text of one cell and stream comes out as it went in, in order, never cut inside a surrogate pair;
 *       messages (displays) keep their place in the text.
 *   S2  In any 3 s at most `SOFT` goes out for cells that run, at most `HARD` in all.
 *   S3  Once text of a cell had to be left out, all that follows is left out too until it ends: then come
 *       a count and the last lines, so that nobody takes a text with holes for the whole. What is left out is
 *       handed out as such, in order: somebody may keep it elsewhere.
 *   S4  What a clearing of the cell's outputs would remove is not sent after all: of a loop that clears and draws, what
 *       waits is one drawing.
 * @module
 */
import { megabytes } from "../runtime/session/client/spill.ts";

export type StreamName = "stdout" | "stderr";

/** What is sent: a piece of text, or a message that was put in between. And text that is *not* sent. */
export type Out<M> =
  | {
      readonly kind: "text";
      readonly cell: number;
      readonly name: StreamName;
      readonly text: string;
    }
  | { readonly kind: "message"; readonly cell: number; readonly message: M }
  | {
      readonly kind: "left-out";
      readonly cell: number;
      readonly text: string;
      /** The cell had ended, and this is the first that is left out since: there is no later time to say so. */
      readonly isNews: boolean;
    };

export const WINDOW_MS = 3_000;
/** For running cells. */
export const SOFT = { bytes: 1_500_000, messages: 1_200 };
/** For cells that have ended: their output goes first, their reply waits for it. */
export const HARD = { bytes: 2_500_000, messages: 2_400 };
/** Text that may wait, over all cells; UTF-16 units, as all text lengths here. */
const HELD_MAX = 1_000_000;
const CELL_TEXT_MAX = 4_000_000;
const CHUNK_MAX = 64 * 1024;
const FLUSH_AFTER_MS = 40;
const CHANGES_PER_SECOND_MAX = 20;
const TAIL_LINES_MAX = 200;
const TAIL_MAX = 64 * 1024;
/** Header, parent and signature of one message, and the JSON around its text. */
const MESSAGE_OVERHEAD_BYTES = 1_000;
/** JSON writes a control character as six bytes. */
const BYTES_PER_UNIT_MAX = 6;

/**
 * What a message does to the cell's outputs: it shows something there, changes what is shown somewhere, clears them now or
 * when the next is shown, or none of it.
 */
export type Role = "shows" | "updates" | "clears" | "clears-later" | "other";

type Item<M> =
  | { kind: "text"; name: StreamName; text: string }
  | { kind: "message"; message: M; key: string | undefined; role: Role };

interface Cell<M> {
  /** Oldest first; adjacent text of one stream is one item. */
  queue: Item<M>[];
  /** UTF-16 units in the queue. */
  waitingLength: number;
  /** When what waits came, or was last tried. */
  since: number;
  /** When the budget last had no room. */
  blockedAt: number;
  ended: boolean;
  /** All text taken so far. */
  textLength: number;
  /** Times of the last changes between stdout and stderr. */
  changes: number[];
  lastName: StreamName | undefined;
  leftOut: { lines: number; length: number; tail: string } | undefined;
  /** A clearing waits for the next output. */
  clearsLater: boolean;
  /** A cell that had ended was told once that no more is shown. */
  refused: boolean;
}

export class Streams<M> {
  readonly #cells = new Map<number, Cell<M>>();
  readonly #window = new Window();
  #held = 0;

  /** Text a cell wrote. */
  write(cell: number, name: StreamName, text: string, nowMs: number): Out<M>[] {
    if (text === "") return [];
    const state = this.#cell(cell);
    this.#clearWhatWaits(state);
    const out: Out<M>[] = [];
    if (state.lastName !== undefined && state.lastName !== name) {
      state.changes = state.changes.filter((at) => nowMs - at < 1_000);
      state.changes.push(nowMs);
      // So that the pieces stand in the order they were written; a program that alternates all the time
      // would make a message per line, and is merged by time instead.
      if (state.changes.length <= CHANGES_PER_SECOND_MAX)
        out.push(...this.#drain(cell, state, nowMs));
    }
    state.lastName = name;
    let rest = text;
    while (rest !== "") {
      if (this.#held >= HELD_MAX) out.push(...this.#drainAgain(cell, state, nowMs));
      const room = Math.min(CELL_TEXT_MAX - state.textLength, HELD_MAX - this.#held, CHUNK_MAX);
      const piece =
        state.leftOut === undefined ? rest.slice(0, safeCut(rest, Math.max(0, room))) : "";
      if (piece === "") {
        out.push(...this.#leaveOut(cell, state, rest));
        break;
      }
      rest = rest.slice(piece.length);
      state.textLength += piece.length;
      this.#append(state, name, piece, nowMs);
      if (state.waitingLength >= CHUNK_MAX) out.push(...this.#drainAgain(cell, state, nowMs));
    }
    return out;
  }

  /**
   * A message in its place among the text: sent now if the budget has room.
   * @param key of a display: its updates replace each other while they wait, and the last one wins.
   */
  put(
    cell: number,
    message: M,
    options: { readonly role: Role; readonly key?: string; readonly nowMs: number },
  ): Out<M>[] {
    const state = this.#cell(cell);
    const { key, role, nowMs } = options;
    if (role === "shows") this.#clearWhatWaits(state);
    if (role === "clears" || role === "clears-later") return this.#clear(cell, message, options);
    const waiting =
      key === undefined || role !== "updates"
        ? undefined
        : state.queue.findLast((item) => item.kind === "message" && item.key === key);
    if (waiting?.kind === "message" && waiting.role === "updates") waiting.message = message;
    else state.queue.push({ kind: "message", message, key, role });
    return this.#drain(cell, state, nowMs);
  }

  #clear(
    cell: number,
    message: M,
    { role, nowMs }: { readonly role: Role; readonly nowMs: number },
  ): Out<M>[] {
    const state = this.#cell(cell);
    state.queue.push({ kind: "message", message, key: undefined, role });
    state.clearsLater = role === "clears-later";
    if (role === "clears") this.#dropCleared(state);
    return this.#drain(cell, state, nowMs);
  }

  /** An output comes for which a clearing has waited, and which may itself wait for the budget. */
  #clearWhatWaits(state: Cell<M>): void {
    if (!state.clearsLater) return;
    state.clearsLater = false;
    this.#dropCleared(state);
  }

  /** Drops what the last clearing in the queue removes (S4); with it the limit begins anew. */
  #dropCleared(state: Cell<M>): void {
    state.textLength = 0;
    state.leftOut = undefined;
    const clearing = state.queue.findLastIndex(
      (item) => item.kind === "message" && item.role.startsWith("clears"),
    );
    const kept: Item<M>[] = [];
    for (const item of state.queue.splice(0, Math.max(0, clearing))) {
      if (item.kind === "text") {
        this.#held -= item.text.length;
        state.waitingLength -= item.text.length;
      } else if (item.role === "updates" || item.role === "other") {
        // Of another cell's display perhaps. What comes after the clearing does not replace it.
        kept.push({ ...item, key: undefined });
      } else if (item.role === "clears" && !kept.some(isClearing)) kept.push(item);
    }
    state.queue.unshift(...kept);
  }

  /** What a message that is not put here (deck, error, result) must come after, as far as the budget allows. */
  before(cell: number, nowMs: number): Out<M>[] {
    const state = this.#cells.get(cell);
    return state === undefined ? [] : this.#drain(cell, state, nowMs);
  }

  /**
   * The cell has ended: its count of what was left out, and all that waits, as soon as the budget allows.
   * @param where what became of what was left out, to follow `12 lines (81 kB) left out`; asked only if there was any.
   */
  end(cell: number, nowMs: number, where: () => string = () => ""): Out<M>[] {
    const state = this.#cells.get(cell);
    if (state === undefined) return [];
    state.ended = true;
    const { leftOut } = state;
    if (leftOut !== undefined) {
      state.leftOut = undefined;
      state.refused = true;
      const note = `\n… ${count(leftOut.lines)} lines (${megabytes(leftOut.length)}) left out${where()}; the last of them:\n`;
      this.#append(state, "stderr", note, nowMs);
      this.#append(state, "stdout", lastLines(leftOut.tail), nowMs);
    }
    return this.#drain(cell, state, nowMs);
  }

  /** What is due by now: text that waited long enough, and what a fuller budget had held back. */
  tick(nowMs: number): Out<M>[] {
    const out: Out<M>[] = [];
    const due = [...this.#cells].filter(
      ([, state]) => state.queue.length > 0 && nowMs - state.since >= FLUSH_AFTER_MS,
    );
    // Ended cells first: a reply waits for them.
    for (const [cell, state] of due.sort(([, a], [, b]) => Number(b.ended) - Number(a.ended))) {
      out.push(...this.#drain(cell, state, nowMs));
    }
    return out;
  }

  /** When `tick` has something to do next; `undefined` when nothing waits. */
  get dueAtMs(): number | undefined {
    const waiting = [...this.#cells.values()].filter((state) => state.queue.length > 0);
    if (waiting.length === 0) return undefined;
    return Math.min(...waiting.map((state) => state.since)) + FLUSH_AFTER_MS;
  }

  isDrained(cell: number): boolean {
    return (this.#cells.get(cell)?.queue.length ?? 0) === 0;
  }

  /** No more will come of this cell. */
  forget(cell: number): void {
    this.#held -= this.#cells.get(cell)?.waitingLength ?? 0;
    this.#cells.delete(cell);
  }

  #cell(cell: number): Cell<M> {
    let state = this.#cells.get(cell);
    if (state === undefined) {
      state = {
        queue: [],
        waitingLength: 0,
        since: 0,
        blockedAt: Number.NEGATIVE_INFINITY,
        ended: false,
        textLength: 0,
        changes: [],
        lastName: undefined,
        leftOut: undefined,
        refused: false,
        clearsLater: false,
      };
      this.#cells.set(cell, state);
    }
    return state;
  }

  #append(state: Cell<M>, name: StreamName, text: string, nowMs: number): void {
    if (text === "") return;
    this.#held += text.length;
    state.waitingLength += text.length;
    if (state.queue.length === 0) state.since = nowMs;
    const crowded = state.changes.length > CHANGES_PER_SECOND_MAX;
    for (let index = state.queue.length - 1; index >= 0; index--) {
      const item = state.queue[index];
      if (item === undefined || item.kind === "message") break;
      if (item.name === name) {
        item.text += text;
        return;
      }
      if (!crowded) break;
    }
    state.queue.push({ kind: "text", name, text });
  }

  #leaveOut(cell: number, state: Cell<M>, text: string): Out<M>[] {
    if (state.ended) {
      // A timer that goes on printing: nobody waits for a last line, so the limit is said at once.
      const isNews = !state.refused;
      state.refused = true;
      return [{ kind: "left-out", cell, text, isNews }];
    }
    const before = state.leftOut ?? { lines: 0, length: 0, tail: "" };
    state.leftOut = {
      lines: before.lines + (text.match(/\n/g)?.length ?? 0),
      length: before.length + text.length,
      tail: recent(before.tail + text),
    };
    return [{ kind: "left-out", cell, text, isNews: false }];
  }

  /** Not for every line of a flood: a budget that was used up a moment ago still is. */
  #drainAgain(cell: number, state: Cell<M>, nowMs: number): Out<M>[] {
    return nowMs - state.blockedAt < FLUSH_AFTER_MS ? [] : this.#drain(cell, state, nowMs);
  }

  /** Sends from the front of the queue what the budget has room for. */
  #drain(cell: number, state: Cell<M>, nowMs: number): Out<M>[] {
    const limit = state.ended ? HARD : SOFT;
    const out: Out<M>[] = [];
    let taken = 0;
    for (const [index, item] of state.queue.entries()) {
      const room = this.#window.room(limit, nowMs);
      if (room.messages < 1) break;
      if (item.kind === "message") {
        this.#window.spend(0, nowMs);
        out.push({ kind: "message", cell, message: item.message });
        taken += 1;
        continue;
      }
      // The second half of a surrogate pair may come with the next write.
      const open = !state.ended && index === state.queue.length - 1;
      const before = item.text.length;
      const sent = this.#drainText({ cell, item, open, limit, nowMs });
      this.#held -= before - item.text.length;
      state.waitingLength -= before - item.text.length;
      out.push(...sent);
      if (item.text !== "") break;
      taken += 1;
    }
    state.queue.splice(0, taken);
    state.since = nowMs;
    state.blockedAt = state.queue.length === 0 ? Number.NEGATIVE_INFINITY : nowMs;
    return out;
  }

  #drainText(options: {
    readonly cell: number;
    readonly item: { name: StreamName; text: string };
    readonly open: boolean;
    readonly limit: typeof SOFT;
    readonly nowMs: number;
  }): Out<M>[] {
    const { cell, item, open, limit, nowMs } = options;
    const out: Out<M>[] = [];
    let at = 0;
    while (at < item.text.length) {
      const room = this.#window.room(limit, nowMs);
      if (room.messages < 1) break;
      let text = item.text.slice(at, safeCut(item.text, at + CHUNK_MAX));
      let bytes = wireBytes(text);
      if (bytes > room.bytes) {
        const units = Math.floor((room.bytes - MESSAGE_OVERHEAD_BYTES) / BYTES_PER_UNIT_MAX);
        // Crumbs are not worth a message; the window moves on soon.
        if (units < 1_024) break;
        text = item.text.slice(at, safeCut(item.text, at + Math.min(units, CHUNK_MAX)));
        bytes = wireBytes(text);
      }
      const last = at + text.length === item.text.length;
      if (last && open && isHighSurrogate(text.charCodeAt(text.length - 1)))
        text = text.slice(0, -1);
      if (text === "") break;
      this.#window.spend(bytes, nowMs);
      out.push({ kind: "text", cell, name: item.name, text });
      at += text.length;
    }
    item.text = item.text.slice(at);
    return out;
  }
}

function isClearing(item: Item<unknown>): boolean {
  return item.kind === "message" && item.role === "clears";
}

/** What was sent in the last three seconds. */
class Window {
  #spent: { at: number; bytes: number; messages: number }[] = [];
  #bytes = 0;
  #messages = 0;

  room(limit: typeof SOFT, nowMs: number): { bytes: number; messages: number } {
    this.#forget(nowMs);
    return { bytes: limit.bytes - this.#bytes, messages: limit.messages - this.#messages };
  }

  spend(bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
    const newest = this.#spent.at(-1);
    // One entry per 10 ms is fine enough, and bounds the list.
    if (newest !== undefined && nowMs - newest.at < 10) {
      newest.bytes += bytes;
      newest.messages += 1;
    } else this.#spent.push({ at: nowMs, bytes, messages: 1 });
  }

  #forget(nowMs: number): void {
    let old = 0;
    for (const entry of this.#spent) {
      // An entry holds what was sent up to 10 ms after its time.
      if (nowMs - entry.at < WINDOW_MS + 10) break;
      this.#bytes -= entry.bytes;
      this.#messages -= entry.messages;
      old += 1;
    }
    this.#spent.splice(0, old);
  }
}

/** Bytes on the wire of one stream message, all frames. */
export function wireBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + MESSAGE_OVERHEAD_BYTES;
}

/** `at`, or one less when it would split a pair. */
function safeCut(text: string, at: number): number {
  if (at >= text.length) return text.length;
  return at > 0 && isHighSurrogate(text.charCodeAt(at - 1)) ? at - 1 : at;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Cut only now and then: it is called for every line of a flood. */
function recent(text: string): string {
  return text.length > 4 * TAIL_MAX ? text.slice(-TAIL_MAX) : text;
}

function lastLines(text: string): string {
  const tail = text.slice(safeCut(text, Math.max(0, text.length - TAIL_MAX)));
  let at = tail.length;
  for (let lines = 0; lines <= TAIL_LINES_MAX && at > 0; lines++)
    at = tail.lastIndexOf("\n", at - 1);
  return at > 0 ? tail.slice(at + 1) : tail;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
