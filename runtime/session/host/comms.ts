/**
 * Comms of cells: `comms.open` and `comms.registerTarget`, and the handlers that a front end's messages call.
 *
 * Invariants
 *   M1  A message is handled under its own number, as a cell is: output, calls and errors of a handler are that
 *       message's, and an interrupt ends it.
 *   M2  Messages of one comm are handled one after the other; an asynchronous handler holds up no other comm.
 *   M3  Each message is reported as handled exactly once, after everything its handler wrote.
 * @module
 */
import { randomUUID } from "node:crypto";
import { currentScope, Run } from "../../workflow/run.ts";
import type { CellError } from "../cell-error.ts";
import type { CommMessage } from "../comm-message.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Outbox } from "./outbox.ts";
import type { Stacks } from "./stack.ts";

/** What a handler is given. */
export interface CommData {
  /** Any JSON value. */
  // biome-ignore lint/suspicious/noExplicitAny: whoever sends decides; a cell should not have to narrow it
  readonly data: any;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

export interface CommOptions {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}

type Handler = (message: CommData) => unknown;
/** Called when a front end opens a comm to a target. */
export type TargetHandler = (comm: Comm, open: CommData) => unknown;

/** One open channel to the front end. */
export class Comm {
  readonly id: string;
  readonly target: string;
  readonly #post: (message: CommMessage) => void;
  readonly #closed: () => void;
  #isClosed = false;
  #onMessage: Handler | undefined;
  #onClose: Handler | undefined;

  /** Use `comms.open`. */
  constructor(
    id: string,
    target: string,
    post: (message: CommMessage) => void,
    closed: () => void,
  ) {
    this.id = id;
    this.target = target;
    this.#post = post;
    this.#closed = closed;
  }

  /**
   * Sends a message to the other side.
   * @param data JSON, without what JSON has no word for.
   * @throws {Error} when the comm is closed.
   */
  send(data: unknown = {}, options: CommOptions = {}): void {
    if (this.#isClosed) throw new Error(`the comm to "${this.target}" is closed`);
    this.#post({ op: "message", id: this.id, ...payload(data, options) });
  }

  /** Sets what is called for each message; a later handler replaces it. */
  onMessage(handler: Handler): void {
    this.#onMessage = called(handler, "onMessage");
  }

  /** Sets what is called when the other side closes the comm. */
  onClose(handler: Handler): void {
    this.#onClose = called(handler, "onClose");
  }

  /** Closes it on both sides; a second time does nothing. */
  close(data: unknown = {}, options: CommOptions = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed();
    this.#post({ op: "close", id: this.id, ...payload(data, options) });
  }

  /** What the other side sent. */
  received(op: "message" | "close", message: CommData): unknown {
    if (op === "message") return this.#onMessage?.(message);
    if (this.#isClosed) return undefined;
    this.#isClosed = true;
    this.#closed();
    return this.#onClose?.(message);
  }
}

export interface CommsOptions {
  readonly outbox: Outbox;
  readonly stacks: Stacks;
  readonly interrupts: Interrupts;
  readonly fallbackCell: () => number | undefined;
}

export class Comms {
  readonly #options: CommsOptions;
  readonly #targets = new Map<string, TargetHandler>();
  readonly #open = new Map<string, Comm>();
  /** The end of the line of each comm's messages. */
  readonly #tails = new Map<string, Promise<void>>();

  constructor(options: CommsOptions) {
    this.#options = options;
  }

  /** What cells see as `comms`. */
  readonly api = {
    /** Opens a comm to a target of the front end. */
    open: (target: string, data: unknown = {}, options: CommOptions = {}): Comm => {
      if (typeof target !== "string" || target === "") {
        throw new TypeError('comms.open takes the name of a target first, like "my-target"');
      }
      const content = payload(data, options); // may throw: then nothing is open
      const comm = this.#add(randomUUID(), target);
      this.#post({ op: "open", id: comm.id, target, ...content });
      return comm;
    },
    /** Sets what is called when a front end opens a comm to that target; a later handler replaces it. */
    registerTarget: (target: string, handler: TargetHandler): void => {
      this.#targets.set(target, called(handler, "registerTarget"));
    },
    /** Front ends that open a comm to it are refused from now on; open ones stay. */
    unregisterTarget: (target: string): void => {
      this.#targets.delete(target);
    },
  };

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** A message of the front end; it is handled when those before it on its comm have been. */
  receive(cell: number, message: CommMessage): void {
    const before = this.#tails.get(message.id);
    const handling =
      before === undefined ? this.#handle(cell, message) : this.#after(before, cell, message);
    this.#tails.set(message.id, handling);
    void handling.then(() => {
      if (this.#tails.get(message.id) === handling) this.#tails.delete(message.id);
    });
  }

  async #after(before: Promise<void>, cell: number, message: CommMessage): Promise<void> {
    await before;
    await this.#handle(cell, message);
  }

  /** Never rejects. The synchronous part of the handler runs at once. */
  async #handle(cell: number, message: CommMessage): Promise<void> {
    const { interrupts, outbox, stacks } = this.#options;
    const run = new Run({ title: `comm ${message.op}`, cell });
    let error: CellError | undefined;
    const returned = () => {
      interrupts.isInterrupted(cell);
      interrupts.returned(cell);
    };
    interrupts.register(cell, run);
    try {
      await stoppable(run, () => run.enter(() => this.#dispatch(message)), returned);
      void run.end("ok");
    } catch (thrown) {
      error = stacks.cellError(thrown);
      void run.end(run.signal.aborted ? "interrupted" : "failed", thrown);
    }
    outbox.add({ kind: "comm-handled", cell, ...(error ? { error } : {}) });
    outbox.flush();
  }

  #dispatch(message: CommMessage): unknown {
    const { data, metadata, buffers } = message;
    const content = { data, metadata, buffers };
    if (message.op !== "open") return this.#open.get(message.id)?.received(message.op, content);
    const target = this.#targets.get(message.target);
    if (target === undefined) {
      // So that the other side does not wait for it.
      this.#post({ op: "close", id: message.id, ...payload({}, {}) });
      return undefined;
    }
    return target(this.#add(message.id, message.target), content);
  }

  #add(id: string, target: string): Comm {
    const comm = new Comm(
      id,
      target,
      (message) => this.#post(message),
      () => this.#open.delete(id),
    );
    this.#open.set(id, comm);
    return comm;
  }

  #post(message: CommMessage): void {
    const cell = currentScope()?.run.outermost.cell ?? this.#options.fallbackCell();
    this.#options.outbox.add({ kind: "comm", ...(cell === undefined ? {} : { cell }), message });
  }
}

/**
 * Ends with the handler, or with the interrupt of its run, whichever comes first.
 * @param returned called when the handler itself has ended: behind an interrupt it may go on until its next check.
 */
async function stoppable(run: Run, act: () => unknown, returned: () => void): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined); // a handler that throws of the interrupt itself leaves nobody to hear this
  const onAbort = () => reject(run.signal.reason);
  run.signal.addEventListener("abort", onAbort, { once: true });
  try {
    let handling: unknown;
    try {
      handling = act();
    } catch (error) {
      returned();
      throw error;
    }
    const finished = Promise.resolve(handling).finally(returned);
    finished.catch(() => undefined); // told already, or of no interest behind an interrupt
    await Promise.race([finished, promise]);
  } finally {
    run.signal.removeEventListener("abort", onAbort);
  }
}

/** Made safe to send where it was given, so that an error has the cell's own stack. */
function payload(
  data: unknown,
  { metadata = {}, buffers = [] }: CommOptions,
): {
  readonly data: unknown;
  readonly metadata: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
} {
  return {
    data: JSON.parse(JSON.stringify(data) ?? "null"),
    metadata: JSON.parse(JSON.stringify(metadata)),
    buffers: buffers.map(bytesOf),
  };
}

function bytesOf(buffer: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (!ArrayBuffer.isView(buffer)) {
    throw new TypeError("buffers of a comm are ArrayBuffers or typed arrays");
  }
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function called<F>(handler: F, name: string): F {
  if (typeof handler !== "function") throw new TypeError(`${name} takes a function`);
  return handler;
}
