/**
 * A child that evaluates cells as V8's console does (`Runtime.evaluate`, `replMode`): the second opinion
 * that our engine is compared with.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface ReplRequest {
  readonly id: number;
  readonly code: string;
  /** Cells with the same name here share their declarations; none means the main realm. */
  readonly context?: string;
  /** The code is TypeScript whose types can be blanked out. */
  readonly types?: boolean;
}

export interface ReplAnswer {
  readonly id: number;
  /** `util.inspect` of the value, `! Name: message`, or `refused: why` when the code could not be tried. */
  readonly said: string;
}

export class ReplMode implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<string>>();
  #next = 1;

  /** @param strict makes all its code strict, as that of cells is. */
  constructor({ strict = false } = {}) {
    this.#child = fork(fileURLToPath(new URL("repl-mode-peer.ts", import.meta.url)), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning", ...(strict ? ["--use-strict"] : [])],
    });
    let stderr = "";
    this.#child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    this.#child.on("message", ({ id, said }: ReplAnswer) => {
      this.#asked.get(id)?.resolve(said);
      this.#asked.delete(id);
    });
    this.#child.on("exit", () => {
      for (const { reject } of this.#asked.values())
        reject(new Error(`the child ended: ${stderr}`));
      this.#asked.clear();
    });
  }

  /** Evaluates one cell; those of one child run one after the other. */
  run(code: string, options: Pick<ReplRequest, "context" | "types"> = {}): Promise<string> {
    const id = this.#next++;
    const answer = Promise.withResolvers<string>();
    this.#asked.set(id, answer);
    this.#child.send({ id, code, ...options } satisfies ReplRequest);
    return answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
