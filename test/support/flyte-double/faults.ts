/**
 * What goes wrong on demand. A test sets a fault, the server meets it at the next requests.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";

export interface FaultHooks {
  stop(): Promise<void>;
  listen(): Promise<void>;
  freeze(): () => void;
}

type Stage = "start" | "abort";

/** Names of RPCs are written as in the protocol: `CreateExecution`. */
export class Faults {
  /** Added to every RPC, in milliseconds. */
  latencyMs: number;
  /** Outputs are left out of the data of an execution, as when admin could not read the file. */
  emptyOutputs = false;
  /** Literals of answers that are larger are offloaded, as SDKs do. */
  offloadOverBytes: number | undefined;
  /** Beyond it, the data of an execution comes without inputs or outputs, by signed URL only. */
  maxDataBytes = 2 * 1024 * 1024;
  readonly #held = new Map<Stage, PromiseWithResolvers<void>>();
  readonly #failures = new Map<string, { left: number; error: ConnectError }>();
  readonly #cuts = new Map<string, { before: number; after: number }>();
  readonly #garbage = new Map<string, number>();
  readonly #hooks: FaultHooks;

  constructor(latencyMs: number, hooks: FaultHooks) {
    this.latencyMs = latencyMs;
    this.#hooks = hooks;
  }

  /** Nothing listens any more, all connections are cut; what runs goes on. */
  async stopListening(): Promise<void> {
    await this.#hooks.stop();
  }

  /** Listens again, on the same port. */
  async listenAgain(): Promise<void> {
    await this.#hooks.listen();
  }

  /**
   * Lists of executions answer what was true at this moment, like a replica that lags behind.
   * @returns ends it.
   */
  freezeLists(): () => void {
    return this.#hooks.freeze();
  }

  /**
   * Executions wait before they start (`start`, they stay QUEUED), or between ABORTING and ABORTED (`abort`).
   * @returns lets them go on.
   */
  hold(stage: Stage): () => void {
    const gate = Promise.withResolvers<void>();
    this.#held.set(stage, gate);
    return () => {
      if (this.#held.get(stage) === gate) this.#held.delete(stage);
      gate.resolve();
    };
  }

  /** Resolves at once, or when what is held is let go, or when the signal aborts. */
  async gate(stage: Stage, signal?: AbortSignal): Promise<void> {
    const held = this.#held.get(stage);
    if (!held) return;
    if (signal?.aborted) return;
    await new Promise<void>((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
      held.promise.then(resolve, resolve);
    });
  }

  /** The next `times` requests of an RPC (`*`: of any) fail with this code. */
  fail(rpc: string, times: number, code: Code = Code.Unavailable, message?: string): void {
    const error = new ConnectError(message ?? `the double fails ${rpc} on demand`, code);
    this.#failures.set(rpc, { left: times, error });
  }

  /** The connection is cut at the next `times` requests of an RPC: before or after its work was done. */
  cut(rpc: string, when: "before" | "after", times = 1): void {
    const cuts = this.#cuts.get(rpc) ?? { before: 0, after: 0 };
    cuts[when] = times;
    this.#cuts.set(rpc, cuts);
  }

  /** The next `times` answers of an RPC are not the protocol's. */
  garbage(rpc: string, times = 1): void {
    this.#garbage.set(rpc, times);
  }

  /** @throws {ConnectError} when this request has to fail. */
  meet(rpc: string): void {
    for (const name of [rpc, "*"]) {
      const failure = this.#failures.get(name);
      if (failure && failure.left-- > 0) {
        // A fresh error each time: connect adds metadata of the call to it.
        throw new ConnectError(failure.error.rawMessage, failure.error.code);
      }
    }
  }

  /** @throws {ConnectError} always */
  throwCut(): never {
    throw new ConnectError("the connection was cut", Code.Unavailable);
  }

  takesCut(rpc: string, when: "before" | "after"): boolean {
    const cuts = this.#cuts.get(rpc);
    return cuts !== undefined && cuts[when]-- > 0;
  }

  takesGarbage(rpc: string): boolean {
    const left = this.#garbage.get(rpc) ?? 0;
    if (left > 0) this.#garbage.set(rpc, left - 1);
    return left > 0;
  }
}
