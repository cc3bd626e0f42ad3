/**
 * SIGTERM in a container: the execution was aborted, or only this pod has to go and another one takes its place. What an
 * eager workflow has started is stopped in the first case and left alone in the second, where the next attempt finds it.
 *
 * Invariants
 *   T1  The process ends within twenty seconds, whatever hangs, with 143 and without an `error.pb`: the cluster knows.
 * @module
 */
import type { SecretName } from "../../workflow/cluster-settings.ts";
import { stopAll } from "../../workflow/leaving.ts";
import { openClient } from "../client.ts";
import { Config } from "../config.ts";
import { WorkflowExecution_Phase as Phase } from "../idl/flyteidl/core/execution_pb.ts";
import type { Identity } from "./request.ts";

const EXIT_TERMINATED = 143;
const ALL_MAX_MS = 19_000;
const ASK_MAX_MS = 6_000;
const STOP_MAX_MS = 11_000;
/** For what a function does when its signal aborts. */
const GRACE_MS = 2_000;

const ENDING: ReadonlySet<number> = new Set([
  Phase.ABORTING,
  Phase.ABORTED,
  Phase.FAILING,
  Phase.FAILED,
]);

export class Termination {
  /** Resolves with the exit code when a SIGTERM has been dealt with; never without one. */
  readonly promise: Promise<number>;
  /** Whether the running task has executions of its own. */
  hasChildren = false;
  /** What the running task logs in with; without it a cluster with logins would not say how the execution stands. */
  secret: SecretName | undefined;
  /** Known as soon as the signal is there. */
  requested = false;
  readonly #identity: Identity;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: (text: string) => void;
  readonly #resolve: (code: number) => void;

  constructor(identity: Identity, environment: NodeJS.ProcessEnv, log: (text: string) => void) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#identity = identity;
    this.#environment = environment;
    this.#log = log;
    process.on("SIGTERM", this.#listener);
  }

  readonly #listener = () => {
    if (this.requested) return;
    this.requested = true;
    const timer = setTimeout(() => this.#resolve(EXIT_TERMINATED), ALL_MAX_MS);
    void this.#stop()
      .catch((error: unknown) => this.#log(`stopping failed: ${String(error)}`))
      .finally(() => {
        clearTimeout(timer);
        this.#resolve(EXIT_TERMINATED);
      });
  };

  async #stop(): Promise<void> {
    const reason = new Error("the container got SIGTERM");
    reason.name = "Terminated";
    if (!this.hasChildren) {
      await stopAll(reason, GRACE_MS);
      await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
      return;
    }
    const phase = await this.#ownPhase();
    if (phase !== undefined && ENDING.has(phase)) {
      this.#log("SIGTERM: the execution ends, and all that it has started with it");
      await stopAll(reason, STOP_MAX_MS);
    } else {
      this.#log("SIGTERM: what was started goes on; the next attempt finds it");
    }
  }

  /** Undefined: the cluster cannot be asked, so that nothing is stopped by mistake. */
  async #ownPhase(): Promise<Phase | undefined> {
    const { execution: name, project, domain } = this.#identity;
    if (name === "") return undefined;
    try {
      const client = openClient(
        Config.auto().resolve(this.#environment),
        this.secret === undefined ? {} : { secret: this.secret },
      );
      try {
        const { closure } = await client.admin.getExecution(
          { id: { project, domain, name } },
          { timeoutMs: ASK_MAX_MS, signal: AbortSignal.timeout(ASK_MAX_MS) },
        );
        return closure?.phase;
      } finally {
        client.close();
      }
    } catch (error) {
      this.#log(`SIGTERM: the cluster does not say why: ${String(error)}`);
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    process.off("SIGTERM", this.#listener);
  }
}
