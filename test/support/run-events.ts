/**
 * Events of a run as a test tells them: times in milliseconds from its start, folded by the real `Records`.
 * @module
 */
import type {
  CallCreated,
  CallSettled,
  InputPreview,
  RunEnded,
  RunStarted,
  RuntimeEvent,
} from "../../runtime/events/events.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { Records } from "../../runtime/events/records.ts";
import { preview } from "../../runtime/values/preview.ts";
import type { Preview } from "../../runtime/values/shape.ts";

/** 2026-11-23 14:02:10 UTC. */
export const START_MS = Date.UTC(2026, 10, 23, 14, 2, 10);

export interface CallOptions {
  readonly id?: string;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly at?: number;
  /** When its first attempt starts; default: when it is created. */
  readonly start?: number;
  readonly deps?: readonly string[];
  readonly where?: CallCreated["where"];
  readonly entity?: CallCreated["entity"];
  readonly source?: CallCreated["source"];
}

export type Outcome =
  | { readonly output: unknown; readonly cached?: boolean }
  | { readonly failed: unknown; readonly root?: string }
  | { readonly cancelled: unknown };

/** Builds one run; everything returns the builder's own data, nothing waits. */
export class RunEvents {
  readonly events: RuntimeEvent[] = [];
  readonly runId: string;
  #calls: number;
  #seq = 0;

  constructor(
    options: Partial<Omit<RunStarted, "kind" | "v">> & {
      readonly firstCall?: number;
      /** Outside a session there is no cell. */
      readonly isStandalone?: boolean;
    } = {},
  ) {
    const { firstCall = 1, isStandalone = false, ...given } = options;
    this.runId = given.runId ?? "run-1";
    this.#calls = firstCall;
    this.events.push({
      kind: "run-started",
      v: 1,
      runId: this.runId,
      at: START_MS,
      title: isStandalone ? "report.ts" : "In [7]",
      versions: { eagerdeck: "0.1.0", node: "24.21.0" },
      backend: "local",
      ...(!isStandalone && { cell: 7, n: 7, cellId: "cell-7" }),
      ...given,
    });
  }

  /** Creates a call and starts its first attempt, unless `start` is later than everything: see `queue`. */
  call(name: string, options: CallOptions = {}): string {
    const id = this.queue(name, options);
    this.attempt(id, 1, options.start ?? options.at ?? 0);
    return id;
  }

  /** Creates a call that does not start. */
  queue(name: string, options: CallOptions = {}): string {
    const id = options.id ?? `t${this.#calls++}`;
    this.events.push({
      kind: "call-created",
      runId: this.runId,
      at: START_MS + (options.at ?? 0),
      id,
      seq: ++this.#seq,
      name,
      entity: options.entity ?? "task",
      version: "1",
      where: options.where ?? "local",
      deps: options.deps ?? [],
      inputs: inputs(options.inputs ?? {}),
      ...(options.parent !== undefined && { parentId: options.parent }),
      ...(options.source && { source: options.source }),
    });
    return id;
  }

  attempt(id: string, attempt: number, at: number): void {
    this.events.push({
      kind: "attempt-started",
      runId: this.runId,
      at: START_MS + at,
      id,
      attempt,
    });
  }

  attemptFailed(id: string, attempt: number, at: number, error: unknown, retryAt?: number): void {
    this.events.push({
      kind: "attempt-failed",
      runId: this.runId,
      at: START_MS + at,
      id,
      attempt,
      error: preview(error),
      ...(retryAt !== undefined && { retryAt: START_MS + retryAt }),
    });
  }

  settle(id: string, at: number, outcome: Outcome, more: Partial<CallSettled> = {}): void {
    const base = { kind: "call-settled", runId: this.runId, at: START_MS + at, id } as const;
    if ("output" in outcome) {
      const state = outcome.cached ? "cached" : "ok";
      this.events.push({ ...base, state, output: preview(outcome.output), ...more });
    } else if ("failed" in outcome) {
      const root = outcome.root === undefined ? {} : { rootFailure: outcome.root };
      this.events.push({
        ...base,
        state: "failed",
        error: preview(outcome.failed),
        ...root,
        ...more,
      });
    } else {
      this.events.push({ ...base, state: "cancelled", error: preview(outcome.cancelled), ...more });
    }
  }

  /** A call from `at` to `end` that returns `output`. */
  ok(
    name: string,
    options: CallOptions & { readonly end?: number; readonly output?: unknown } = {},
  ): string {
    const id = this.call(name, options);
    this.settle(id, options.end ?? options.at ?? 0, { output: options.output });
    return id;
  }

  log(id: string | undefined, text: string, at = 0): void {
    this.events.push({
      kind: "log",
      stream: "stdout",
      runId: this.runId,
      at: START_MS + at,
      text,
      ...(id !== undefined && { id }),
    });
  }

  end(at: number, state: RunEnded["state"] = "ok", error?: Preview): void {
    this.events.push({
      kind: "run-ended",
      runId: this.runId,
      at: START_MS + at,
      state,
      ...(error && { error }),
    });
  }

  /** What the fold makes of all events so far. */
  record(): RunRecord {
    const records = new Records();
    for (const event of this.events) records.apply(event);
    const run = records.run(this.runId);
    if (!run) throw new Error("the fold made no run of the events");
    return run;
  }
}

function inputs(values: Readonly<Record<string, unknown>>): InputPreview[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    preview: preview(value, { name }),
  }));
}
