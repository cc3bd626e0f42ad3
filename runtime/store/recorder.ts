/**
 * Writes what runs do into the history, a moment later and in one piece.
 *
 * Invariants
 *   R1  Never throws and never waits for long: without history the session goes on, and says so once.
 *   R2  A value is looked at when it exists, so that what a function does to its input later is not what it was given.
 *   R3  Bounded: of a run the events of 30,000, the values of the first 10,000 calls and of all failures, 20 MB.
 *   R4  Before the first execution of a run is started on a cluster, the file tells by which mark it is found again.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeEvent } from "../events/events.ts";
import { homePath } from "../events/home.ts";
import type { RunRecord } from "../events/record-shape.ts";
import { type Encoded, encodeValue } from "../values/encode.ts";
import { redactPrinted } from "../values/redact.ts";
import { isBusy, isUnsound } from "./database.ts";
import { type CallValues, History, type NewRun, type RunChanges } from "./history.ts";

const FLUSH_MS = 100;
/** A cell that blocks its thread lets no timer fire. */
const FLUSH_LATE_MS = 250;
const EVENTS_MAX = 30_000;
const VALUES_MAX = 10_000;
const VALUES_LENGTH_MAX = 20_000_000;
/** How soon another session is asked again to let this one write. */
const BUSY_AGAIN_MS = 250;

/** The real values of a call, as far as they exist. */
export interface LiveValues {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outcome?:
    | { readonly ok: true; readonly value: unknown }
    | { readonly ok: false; readonly error: unknown };
}

export interface RecorderOptions {
  readonly folder: string;
  /** Whether anything may be kept beyond this process. */
  readonly isKept: boolean;
  /** Of the front end: call ids count up over it. */
  readonly session: string;
  /** The source that made a run. */
  readonly sourceOf: (cell: number | undefined, runId: string) => string | undefined;
  readonly valuesOf: (callId: string) => LiveValues | undefined;
  /** The run as its events fold. */
  readonly recordOf: (runId: string) => RunRecord | undefined;
  readonly notice: (text: string) => void;
}

interface OpenRun {
  readonly id: string;
  events: RuntimeEvent[];
  eventCount: number;
  callCount: number;
  /** It has executions on a cluster. */
  isLinked: boolean;
  valuesLength: number;
  /** By call: inputs that were read, and what goes out with the next write. */
  readonly inputs: Map<string, Readonly<Record<string, Encoded>>>;
  readonly values: Map<string, CallValues>;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #runs = new Map<string, OpenRun>();
  #history: History | undefined;
  /** Nothing can be kept beyond this process. */
  #isOff = false;
  /** What was met in the file. */
  #trouble: unknown;
  #begun: NewRun[] = [];
  #ended: { readonly run: OpenRun; readonly record: RunRecord }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastFlushMs = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** The open history: that of the folder, or where there can be none one of this process alone. */
  get history(): History {
    if (this.#history === undefined && (this.#isOff || !this.#options.isKept)) {
      // Within the session everything works all the same.
      this.#history = History.inMemory();
    }
    if (this.#history === undefined) {
      try {
        const { history, notice } = History.open(this.#options.folder, this.#trouble);
        this.#history = history;
        this.#trouble = undefined;
        if (notice !== undefined) this.#options.notice(notice);
      } catch (error) {
        this.#giveUp(error);
        this.#history = History.inMemory();
      }
    }
    return this.#history;
  }

  /** The history with all that happened until now, to be read; none is made for that. */
  get readable(): History | undefined {
    this.flush();
    if (this.#history !== undefined) return this.#history;
    if (this.#isOff || !this.#options.isKept) return this.history;
    return existsSync(join(this.#options.folder, homePath("history.db")))
      ? this.history
      : undefined;
  }

  /** Takes the next event, after it was folded. */
  event(event: RuntimeEvent): void {
    if (event.runId === "") return;
    if (event.kind === "run-started") this.#started(event);
    const run = this.#runs.get(event.runId);
    if (run === undefined) return;
    this.#values(run, event);
    if (event.kind !== "log" && run.eventCount < EVENTS_MAX) {
      run.eventCount++;
      run.events.push(event);
    }
    if (event.kind === "run-ended") this.#end(run);
    if (event.kind === "call-linked" && !run.isLinked) {
      // R4
      run.isLinked = true;
      this.flush();
      return;
    }
    this.#schedule();
  }

  #started(event: Extract<RuntimeEvent, { kind: "run-started" }>): void {
    const { runId: id, cell, n, cellId, title, linkedTo, at } = event;
    const source = keepable(this.#options.sourceOf(cell, id));
    this.#begun.push({ id, cell, n, cellId, title, linkedTo, source, startedAt: at });
    this.#runs.set(id, {
      id,
      events: [],
      eventCount: 0,
      callCount: 0,
      isLinked: false,
      valuesLength: 0,
      inputs: new Map(),
      values: new Map(),
    });
  }

  #end(run: OpenRun): void {
    this.#runs.delete(run.id);
    const record = this.#options.recordOf(run.id);
    if (record !== undefined) this.#ended.push({ run, record });
  }

  #values(run: OpenRun, event: RuntimeEvent): void {
    switch (event.kind) {
      case "call-created":
        if (++run.callCount <= VALUES_MAX) this.#inputs(run, event.id);
        return;
      case "attempt-started":
        // Inputs that were promises have arrived.
        if (event.inputs !== undefined && run.inputs.has(event.id)) this.#inputs(run, event.id);
        return;
      case "call-settled":
        this.#outcome(run, event.id, event.state === "failed");
        return;
      default:
    }
  }

  #inputs(run: OpenRun, id: string): void {
    const live = this.#options.valuesOf(id);
    if (live === undefined) return;
    const inputs: Record<string, Encoded> = {};
    for (const name of Object.keys(live.inputs)) {
      inputs[name] = this.#encoded(run, live.inputs[name], name);
    }
    run.inputs.set(id, inputs);
    run.values.set(id, { id, inputs });
  }

  #outcome(run: OpenRun, id: string, isFailure: boolean): void {
    // Of a call that was too late to be looked at, a failure still is.
    if (!run.inputs.has(id) && isFailure) this.#inputs(run, id);
    const inputs = run.inputs.get(id);
    run.inputs.delete(id);
    const outcome = inputs && this.#options.valuesOf(id)?.outcome;
    if (inputs === undefined || outcome === undefined) return;
    const encoded = this.#encoded(run, outcome.ok ? outcome.value : outcome.error);
    run.values.set(id, { id, inputs, outcome: { ...encoded, isError: !outcome.ok } });
  }

  #encoded(run: OpenRun, value: unknown, name?: string): Encoded {
    if (run.valuesLength > VALUES_LENGTH_MAX) {
      return { missing: "came when the values of its run had filled their 20 MB" };
    }
    const encoded = encodeValue(value, name === undefined ? {} : { name });
    if ("text" in encoded) run.valuesLength += encoded.text.length;
    return encoded;
  }

  #schedule(): void {
    const nowMs = performance.now();
    if (this.#timer === undefined) {
      this.#lastFlushMs = nowMs;
      this.#timer = setTimeout(() => this.flush(), FLUSH_MS);
      this.#timer.unref();
    } else if (nowMs - this.#lastFlushMs > FLUSH_LATE_MS) this.flush();
  }

  /** Writes what there is. Also at the end of the process. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#hasChanges()) return;
    const { history } = this;
    const changes = [...this.#runs.values()].map((run) => changesOf(run, undefined));
    const ended = this.#ended.map(({ run, record }) => changesOf(run, record));
    try {
      history.write(this.#begun, [...changes, ...ended], this.#options.session);
      this.#written();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Writes what there is, and leaves the file. */
  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    this.#close();
  }

  #hasChanges(): boolean {
    if (this.#begun.length > 0 || this.#ended.length > 0) return true;
    return [...this.#runs.values()].some((run) => run.events.length > 0 || run.values.size > 0);
  }

  #written(): void {
    this.#begun = [];
    this.#ended = [];
    for (const run of this.#runs.values()) {
      run.events = [];
      run.values.clear();
    }
  }

  #failed(error: unknown): void {
    if (isBusy(error)) {
      // Another session writes at the moment.
      this.#timer ??= setTimeout(() => this.flush(), BUSY_AGAIN_MS).unref();
      return;
    }
    const isBroken = isUnsound(error) && !this.#isOff;
    this.#close();
    if (!isBroken) return this.#giveUp(error);
    // Opened again, it is moved aside. What runs at the moment is not in the new one.
    this.#trouble = error;
    this.#written();
    this.#runs.clear();
    void this.history;
  }

  #giveUp(error: unknown): void {
    this.#isOff = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.notice(
      `this session keeps no history: ${reason}. Everything else works; EAGERDECK_HISTORY=off keeps none without a word`,
    );
    this.#runs.clear();
    this.#begun = [];
    this.#ended = [];
  }

  #close(): void {
    try {
      this.#history?.close();
    } catch {
      // It was broken, or closed.
    }
    this.#history = undefined;
  }
}

/** A source with a secret in it is not written down: its run cannot be resumed by another session. */
function keepable(source: string | undefined): string | undefined {
  return source !== undefined && redactPrinted(source) === source ? source : undefined;
}

function changesOf(run: OpenRun, ended: RunRecord | undefined): RunChanges {
  return { id: run.id, events: run.events, calls: [...run.values.values()], ended };
}
