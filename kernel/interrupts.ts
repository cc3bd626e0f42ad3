/**
 * Presses of Stop: each climbs one rung of the ladder while the same cells go on. Never by a timer, for
 * nothing may be lost that nobody asked to lose.
 * @module
 */
import type { InterruptKind, Session } from "../runtime/session/client/api.ts";
import { type LadderState, ladder } from "../runtime/session/client/interrupt.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Outputs } from "./outputs.ts";
import type { Parents } from "./parents.ts";

/** When a cell that goes on is told what the next press does. */
const HINT_AFTER_MS = 2_000;

const HINTS: Readonly<Record<InterruptKind, string>> = {
  cooperate: "Still running. Interrupting again asks it once more to stop.",
  terminate: "Still running. Interrupting again tries to stop it by force.",
  kill: "Still running. Interrupting again ends the user process: all variables will be lost.",
};

export interface InterruptsOptions {
  readonly session: Session;
  readonly parents: Parents;
  readonly outputs: Outputs;
  readonly clock: Clock;
  readonly log: Log;
}

export class Interrupts {
  readonly #options: InterruptsOptions;
  #state: LadderState | undefined;
  /** The cell that the ladder was begun for. */
  #cell: number | undefined;
  #cancelHint: () => void = () => undefined;

  constructor(options: InterruptsOptions) {
    this.#options = options;
  }

  /** One press; returns at once, also while nothing can be stopped. */
  press(): void {
    const { clock, log, parents, session } = this.#options;
    const running = parents.oldestRunning;
    // With no cell at work there is nothing to climb for: presses here and there in an idle notebook, or while
    // the output of a stopped cell is still coming, would end at the rung that loses all variables.
    if (running === undefined || running !== this.#cell) this.#state = undefined;
    this.#cell = running;
    const { kind, state } = ladder(this.#state, clock.now());
    this.#state = state;
    if (kind === undefined) return log("debug", "an interrupt too soon after the last one");
    log("info", `interrupt: ${kind}`);
    session.interrupt(kind).then(
      (result) => {
        log("info", `interrupt: ${kind} ${result}`);
        const goesOn = running !== undefined && parents.isRunning(running);
        if (result === "unsafe" && goesOn) this.#options.outputs.say(running, HINTS.kill);
      },
      (error) => log("error", `interrupt: ${String(error)}`),
    );
    this.#cancelHint();
    if (running === undefined) return;
    this.#cancelHint = clock.after(HINT_AFTER_MS, () => this.#hint(running, state));
  }

  /** Nothing more will be said: a timer that goes on would keep a kernel that was told to end from ending. */
  close(): void {
    this.#cancelHint();
  }

  #hint(cell: number, state: LadderState): void {
    const { outputs, parents } = this.#options;
    if (!parents.isRunning(cell) || this.#state?.reachedAt !== state.reachedAt) return; // climbed since
    const next = ladder(state, Number.POSITIVE_INFINITY).kind;
    outputs.say(cell, HINTS[next ?? "kill"]);
  }
}
