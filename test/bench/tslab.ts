/**
 * The other side of `tslab-peer.ts`: starts it and asks it.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PeerAnswer, PeerRequest } from "./tslab-peer.ts";

export class Tslab {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<PeerAnswer>>();
  #next = 1;

  constructor(folder: string) {
    this.#child = fork(fileURLToPath(new URL("tslab-peer.ts", import.meta.url)), [], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#child.stdout?.resume();
    this.#child.on("message", (answer: PeerAnswer) => {
      this.#asked.get(answer.id)?.resolve(answer);
      this.#asked.delete(answer.id);
    });
    this.#child.on("exit", () => {
      for (const { reject } of this.#asked.values()) reject(new Error("tslab ended"));
      this.#asked.clear();
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("tslab could not be started");
    return this.#child.pid;
  }

  ask(kind: PeerRequest["kind"], code: string, offset?: number): Promise<PeerAnswer> {
    const id = this.#next++;
    const answer = Promise.withResolvers<PeerAnswer>();
    this.#asked.set(id, answer);
    this.#child.send({ id, kind, code, ...(offset === undefined ? {} : { offset }) });
    return answer.promise;
  }

  /** Runs a cell that must succeed. */
  async run(code: string): Promise<string> {
    const { ok, said } = await this.ask("execute", code);
    if (!ok) throw new Error(`tslab refused a cell: ${said}\n${code}`);
    return said;
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }
}
