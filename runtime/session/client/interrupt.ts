/**
 * What a press of Ctrl-C or Stop means. Pure: the person climbs, never a timer, and time is an argument.
 * @module
 */
import type { InterruptKind } from "./api.ts";

export interface LadderState {
  readonly rung: InterruptKind;
  /** When that rung was reached, in ms. */
  readonly reachedAt: number;
  /** The last press of all, also one that did not count. */
  readonly pressedAt: number;
}

/** Presses closer than this are one press: a held key repeats every 30 ms or so and must never climb. */
const SAME_PRESS_MS = 150;
/** How long a rung has to have been tried before the next one may be asked for. */
const TRIED_MS: Readonly<Record<InterruptKind, number>> = {
  cooperate: 700,
  terminate: 1_000,
  kill: Number.POSITIVE_INFINITY,
};
const NEXT: Readonly<Record<InterruptKind, InterruptKind>> = {
  cooperate: "terminate",
  terminate: "kill",
  kill: "kill",
};

/**
 * One press.
 * @param state what the last press left, undefined when the cell has just begun.
 * @returns the kind to ask the session for, or undefined for a press that does not count.
 */
export function ladder(
  state: LadderState | undefined,
  nowMs: number,
): { readonly kind: InterruptKind | undefined; readonly state: LadderState } {
  if (!state)
    return { kind: "cooperate", state: { rung: "cooperate", reachedAt: nowMs, pressedAt: nowMs } };
  const isRepeat = nowMs - state.pressedAt < SAME_PRESS_MS;
  const tooSoon = nowMs - state.reachedAt < TRIED_MS[state.rung];
  if (isRepeat || tooSoon) return { kind: undefined, state: { ...state, pressedAt: nowMs } };
  const rung = NEXT[state.rung];
  return { kind: rung, state: { rung, reachedAt: nowMs, pressedAt: nowMs } };
}
