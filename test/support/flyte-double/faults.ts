/**
 * What goes wrong on demand. A test sets a fault, the server meets it at the next requests.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";

/** Names of RPCs are written as in the protocol: `CreateExecution`. */
export class Faults {
  /** Added to every RPC, in milliseconds. */
  latencyMs: number;
  /** Outputs are left out of the data of an execution, as when admin could not read the file. */
  emptyOutputs = false;
  /** Lists of executions answer what was true when this was set; `undefined` is the truth. */
  staleLists = false;
  readonly #failures = new Map<string, { left: number; error: ConnectError }>();
  readonly #cuts = new Map<string, { before: number; after: number }>();
  readonly #garbage = new Map<string, number>();

  constructor(latencyMs: number) {
    this.latencyMs = latencyMs;
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
