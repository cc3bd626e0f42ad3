/**
 * From the session's events to messages: text, displays, decks and late errors, each under the cell that
 * caused it.
 *
 * Invariants
 *   O1  Nothing of a cell is sent before its `execute_input`: what comes earlier waits for `open`.
 *   O2  After `finish` all that had happened before the cell ended has been sent: text first, the deck last.
 *   O3  Nothing of a silent cell is sent.
 * @module
 */
import type {
  CellError,
  CommMessage,
  Session,
  SessionEvent,
} from "../runtime/session/client/api.ts";
import { errorFields } from "../runtime/session/client/error-fields.ts";
import { Spill, whereSpilled } from "../runtime/session/client/spill.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";
import type { Clock } from "./clock.ts";
import type { CommTable } from "./comm-table.ts";
import type { DeckRenderer } from "./deck-renderer.ts";
import { Decks } from "./decks.ts";
import type { Log } from "./log.ts";
import {
  type Dict,
  type MessageContent,
  type OutgoingMessage,
  outgoing,
  type PublishedType,
  type Transport,
} from "./messages.ts";
import type { Parents } from "./parents.ts";
import { type Out, type Role, type StreamName, Streams } from "./streams.ts";
import { WidgetUpdates } from "./widget-updates.ts";

const DISPLAYS_PER_CELL_MAX = 1_000;
/** Ids of displays that were left out; beyond them updates are sent that no front end can use. */
const HIDDEN_MAX = 100_000;
const BUNDLE_LENGTH_MAX = 10_000_000;

export interface OutputsOptions {
  readonly session: Session;
  readonly transport: Transport;
  readonly parents: Parents;
  readonly comms: CommTable;
  readonly renderer: DeckRenderer;
  readonly clock: Clock;
  readonly log: Log;
}

interface CellState {
  isOpen: boolean;
  /** What came before `open`. */
  readonly early: SessionEvent[];
  displays: number;
  displaysLeftOut: number;
  /** The first failure that nobody caught while the cell ran: it becomes the reply. */
  uncaught: CellError | undefined;
}

/** A message without its parent: that is found when it is sent. */
type Unsent = (parent: Dict) => OutgoingMessage;

export class Outputs {
  readonly #options: OutputsOptions;
  readonly #streams = new Streams<Unsent>();
  readonly #spill: Spill;
  readonly #decks: Decks;
  readonly #cells = new Map<number, CellState>();
  readonly #hidden = new Set<string>();
  readonly #widgetUpdates = new WidgetUpdates();
  readonly #drained = new Map<number, () => void>();
  readonly #unsubscribe: () => void;
  #tick: { readonly atMs: number; readonly cancel: () => void } | undefined;
  /** `%restart` was asked for: the loss of the user process is no news then. */
  #expectsLoss = false;

  constructor(options: OutputsOptions) {
    this.#options = options;
    this.#spill = new Spill({ folder: options.session.folder, log: options.log });
    this.#decks = new Decks({
      renderer: options.renderer,
      clock: options.clock,
      log: options.log,
      show: (cell, frame) => {
        const { displayId, isUpdate } = frame;
        const data = boundedBundle(frame.bundle);
        const content = { data, metadata: {}, transient: { display_id: displayId } };
        this.#now(cell, isUpdate ? "update_display_data" : "display_data", content);
      },
    });
    this.#unsubscribe = options.session.onEvent((event) => this.#receive(event));
  }

  /** The cell's `execute_input` is out; what it wrote meanwhile follows. */
  open(cell: number): void {
    const { parents } = this.#options;
    parents.started(cell);
    const state = this.#cell(cell);
    state.isOpen = true;
    for (const event of state.early.splice(0)) this.#apply(cell, event);
  }

  /**
   * The cell has settled: sends all that waits, then its deck.
   * @returns the failure that nobody caught while it ran.
   */
  async finish(cell: number): Promise<CellError | undefined> {
    const state = this.#cell(cell);
    this.#options.parents.finished(cell);
    this.#sayDisplaysLeftOut(cell, state);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained.set(cell, resolve);
    const where = () => whereSpilled(this.#spill.where(cell));
    this.#send(this.#streams.end(cell, this.#options.clock.now(), where));
    await promise;
    await this.#decks.settle(cell);
    return state.uncaught;
  }

  /** Sends the text that a cell has written so far. */
  async flush(cell: number): Promise<void> {
    this.#send(this.#streams.before(cell, this.#options.clock.now()));
    await this.#options.transport.flushed();
  }

  /** A sentence for the person, under a cell. */
  say(cell: number, text: string): void {
    this.#write(cell, "stderr", text.endsWith("\n") ? text : `${text}\n`);
  }

  /** Runs `act`, during which the end of the user process is what was wanted. */
  async duringRestart(act: () => Promise<void>): Promise<void> {
    this.#expectsLoss = true;
    try {
      await act();
    } finally {
      this.#expectsLoss = false;
    }
  }

  close(): void {
    this.#unsubscribe();
    this.#tick?.cancel();
    this.#decks.close();
    this.#spill.close();
  }

  #receive(event: SessionEvent): void {
    if (event.kind === "settled") return; // the handler awaits the same through its Execution
    if (event.kind === "phase") return this.#receivePhase(event);
    const cell = event.cell ?? this.#options.parents.fallback;
    if (cell === undefined) {
      const text = "text" in event ? event.text : event.kind;
      this.#options.log("info", `before the first cell: ${text}`);
      return;
    }
    const state = this.#cell(cell);
    if (!state.isOpen) state.early.push(event);
    else this.#apply(cell, event);
  }

  #receivePhase(event: Extract<SessionEvent, { kind: "phase" }>): void {
    const { log, parents } = this.#options;
    log("debug", `session ${event.phase}${event.reason === undefined ? "" : `: ${event.reason}`}`);
    // A new user process knows nothing of the old one's settings.
    if (event.phase === "starting") this.#decks.showThemselves(true);
    if (event.phase === "lost") this.#closeComms();
    // A running cell says it with its own error.
    if (event.phase !== "lost" || this.#expectsLoss || parents.someRuns) return;
    const cell = parents.fallback;
    const why = event.reason === undefined ? "" : `: ${event.reason}`;
    if (cell !== undefined)
      this.say(cell, `The user process is gone${why}. All variables are gone with it.`);
  }

  /** Their side in the user process is gone: front ends must not wait for it. */
  #closeComms(): void {
    const { comms, transport } = this.#options;
    for (const comm_id of comms.clear()) {
      transport.publish(outgoing("comm_close", { comm_id, data: {} }, { parent: {} }));
    }
  }

  #apply(cell: number, event: SessionEvent): void {
    // No output: a widget that lives on goes on also behind a cell that shows nothing.
    if (event.kind === "comm") return this.#comm(cell, event.message);
    if (this.#options.parents.of(cell)?.silent !== false) return;
    switch (event.kind) {
      case "event": {
        const { event: item } = event;
        if (item.kind === "log" && item.stream !== "log") this.#write(cell, item.stream, item.text);
        if (item.runId !== "") this.#decks.apply(cell, item);
        return;
      }
      case "display":
        return this.#display(cell, event);
      case "clear-output": {
        const content = { wait: event.wait };
        // The limit is of what stands there, not of what a loop draws and clears again.
        Object.assign(this.#cell(cell), { displays: 0, displaysLeftOut: 0 });
        const role = event.wait ? "clears-later" : "clears";
        this.#put(cell, (parent) => outgoing("clear_output", content, { parent }), { role });
        this.#decks.cleared(cell);
        return;
      }
      case "uncaught":
        return this.#uncaught(cell, event.error);
      case "notice":
      case "diagnostics":
        return this.say(cell, event.text);
      case "deck-settings":
        this.#decks.showThemselves(event.inline === "on");
        return;
      case "default-remote":
      case "settled":
      case "phase":
        return;
      default:
        event satisfies never;
    }
  }

  #comm(cell: number, message: CommMessage): void {
    const { comms } = this.#options;
    const target = comms.targetOf(message.id);
    comms.note(message);
    const taken = this.#widgetUpdates.take(cell, message, target);
    if (taken === undefined) return;
    this.#put(cell, (parent) => commOutgoing(taken(), parent), { role: "other" });
  }

  #display(cell: number, event: Extract<SessionEvent, { kind: "display" }>): void {
    const state = this.#cell(cell);
    const { displayId, metadata } = event;
    const data = boundedBundle(event.bundle);
    if (event.update && displayId !== undefined) {
      if (this.#hidden.has(displayId)) return; // nobody would know what it is of
      const content = { data, metadata, transient: { display_id: displayId } };
      this.#put(cell, (parent) => outgoing("update_display_data", content, { parent }), {
        role: "updates",
        key: displayId,
      });
      return;
    }
    state.displays += 1;
    if (state.displays > DISPLAYS_PER_CELL_MAX) {
      state.displaysLeftOut += 1;
      if (displayId !== undefined && this.#hidden.size < HIDDEN_MAX) this.#hidden.add(displayId);
      return;
    }
    const content = {
      data,
      metadata,
      transient: displayId === undefined ? {} : { display_id: displayId },
    };
    if (displayId !== undefined) this.#hidden.delete(displayId);
    const how = { role: "shows", ...(displayId !== undefined && { key: displayId }) } as const;
    this.#put(cell, (parent) => outgoing("display_data", content, { parent }), how);
  }

  #sayDisplaysLeftOut(cell: number, state: CellState): void {
    const count = state.displaysLeftOut;
    state.displaysLeftOut = 0;
    if (count > 0) this.say(cell, `… ${count.toLocaleString("en-US")} more displays left out`);
  }

  #uncaught(cell: number, error: CellError): void {
    const state = this.#cell(cell);
    if (state.uncaught === undefined && this.#options.parents.isRunning(cell))
      state.uncaught = error;
    else this.#now(cell, "error", errorFields(error));
  }

  #write(cell: number, name: StreamName, text: string): void {
    this.#send(this.#streams.write(cell, name, text, this.#options.clock.now()));
  }

  #put(cell: number, message: Unsent, how: { readonly role: Role; readonly key?: string }): void {
    const nowMs = this.#options.clock.now();
    this.#send(this.#streams.put(cell, message, { ...how, nowMs }));
  }

  /** What never waits for the budget, after the text that came before it. */
  #now<T extends PublishedType>(cell: number, type: T, content: MessageContent[T]): void {
    this.#send(this.#streams.before(cell, this.#options.clock.now()));
    this.#publish(cell, (parent) => outgoing(type, content, { parent }));
  }

  #send(outs: readonly Out<Unsent>[]): void {
    for (const out of outs) {
      const { cell } = out;
      if (out.kind === "message") this.#publish(cell, out.message);
      else if (out.kind === "text") this.#publishText(cell, out.name, out.text);
      else {
        this.#spill.write(cell, out.text);
        if (!out.isNews) continue;
        const where = whereSpilled(this.#spill.where(cell));
        this.#publishText(cell, "stderr", `\n… further output of this cell is left out${where}\n`);
      }
    }
    for (const [cell, resolve] of this.#drained) {
      if (!this.#streams.isDrained(cell)) continue;
      this.#drained.delete(cell);
      resolve();
    }
    this.#schedule();
  }

  #publishText(cell: number, name: StreamName, text: string): void {
    this.#publish(cell, (parent) => outgoing("stream", { name, text }, { parent }));
  }

  #publish(cell: number, message: Unsent): void {
    const { log, parents, transport } = this.#options;
    const parent = parents.of(cell);
    const sent = message(parent?.header ?? {});
    if (sent.type.startsWith("comm_")) transport.publish(sent);
    else if (parent === undefined) log("info", `output of a long gone cell (${cell}) dropped`);
    else if (!parent.silent) transport.publish(sent);
  }

  #schedule(): void {
    const atMs = this.#streams.dueAtMs;
    if (atMs === undefined || (this.#tick !== undefined && this.#tick.atMs <= atMs)) return;
    this.#tick?.cancel();
    const { clock } = this.#options;
    const cancel = clock.after(Math.max(0, atMs - clock.now()), () => {
      this.#tick = undefined;
      this.#send(this.#streams.tick(clock.now()));
    });
    this.#tick = { atMs, cancel };
  }

  #cell(cell: number): CellState {
    let state = this.#cells.get(cell);
    if (state === undefined) {
      state = { isOpen: false, early: [], displays: 0, displaysLeftOut: 0, uncaught: undefined };
      this.#cells.set(cell, state);
      this.#forgetOldest();
    }
    return state;
  }

  /** Cells that `parents` has forgotten have nowhere to go. */
  #forgetOldest(): void {
    for (const [cell, state] of this.#cells) {
      if (!state.isOpen || this.#options.parents.of(cell) !== undefined) return;
      this.#cells.delete(cell);
      this.#streams.forget(cell);
      this.#spill.forget(cell);
    }
  }
}

function commOutgoing(message: CommMessage, parent: Dict): OutgoingMessage {
  const { op, id, data, metadata, buffers } = message;
  const how = { parent, metadata, buffers };
  if (op !== "open") {
    return outgoing(op === "close" ? "comm_close" : "comm_msg", { comm_id: id, data }, how);
  }
  return outgoing("comm_open", { comm_id: id, target_name: message.target, data }, how);
}

/** The bundle, or its text with a note when it is too large for a notebook. */
export function boundedBundle(bundle: MimeBundle): MimeBundle {
  const length = Object.values(bundle).reduce<number>((sum, content) => sum + lengthOf(content), 0);
  if (length <= BUNDLE_LENGTH_MAX) return bundle;
  const text =
    typeof bundle["text/plain"] === "string" ? bundle["text/plain"].slice(0, 100_000) : "";
  const megabytes = Math.round(length / 1_000_000);
  return {
    "text/plain": `${text}\n… ${megabytes} MB are too much for a notebook; this is the text only`,
  };
}

function lengthOf(content: unknown): number {
  return typeof content === "string" ? content.length : (JSON.stringify(content)?.length ?? 0);
}
