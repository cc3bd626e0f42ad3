/**
 * Ctrl-C and SIGTERM of a command without a screen.
 *
 * Invariants
 *   T1  The second press always ends it: nobody waits for the variables of a command.
 *   T2  Before the workflow is called there is nothing to keep, so the first press ends it.
 * @module
 */
import { exitCodes } from "../repl/exit-codes.ts";
import { type LadderState, ladder } from "../runtime/session/client/interrupt.ts";
import type { Session } from "../runtime/session/client/session.ts";

export class Stop implements Disposable {
  readonly #session: Session;
  readonly #onInt = () => this.#press(exitCodes.interrupted);
  readonly #onTerm = () => this.#press(exitCodes.terminated);
  #state: LadderState | undefined;
  #isCalling = false;
  #code: number | undefined;

  constructor(session: Session) {
    this.#session = session;
    process.on("SIGINT", this.#onInt);
    process.on("SIGTERM", this.#onTerm);
  }

  /** The exit code of a command that was stopped; undefined while nobody has asked. */
  get code(): number | undefined {
    return this.#code;
  }

  /** The workflow is being called: from now on a first press lets it clean up. */
  calling(): void {
    this.#isCalling = true;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onInt);
    process.off("SIGTERM", this.#onTerm);
  }

  #press(code: number): void {
    this.#code = code;
    const { kind, state } = ladder(this.#state, performance.now());
    this.#state = state;
    if (kind === undefined) return;
    if (kind !== "cooperate" || !this.#isCalling) return void this.#session.interrupt("kill");
    void this.#session.interrupt("cooperate").then((answer) => {
      // Who sends SIGTERM does not press twice.
      if (answer !== "done" && code === exitCodes.terminated) void this.#session.interrupt("kill");
    });
  }
}
