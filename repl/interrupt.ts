/**
 * What Ctrl-C means now. Pure: the time is an argument, the person climbs and never a timer.
 * @module
 */
import type { InterruptKind } from "../runtime/session/client/api.ts";
import { type LadderState, ladder } from "../runtime/session/client/interrupt.ts";

export interface PressState {
  readonly lastPressMs?: number;
  /** When the hint was shown that a second press leaves. */
  readonly hintMs?: number;
  readonly ladder?: LadderState;
}

export interface Situation {
  readonly hasPopup: boolean;
  readonly hasText: boolean;
  /** Whether a cell runs or waits, or calls of a finished cell go on. */
  readonly isRunning: boolean;
}

export type Meaning =
  | { readonly kind: "close-popup" | "clear-text" | "hint" | "leave" | "nothing" }
  | { readonly kind: "interrupt"; readonly interrupt: InterruptKind };

/** Presses closer together are one press: a held key neither climbs nor leaves. */
const SAME_PRESS_MS = 150;
const LEAVE_WITHIN_MS = 2_000;

/** First match wins: popup, typed text, running cell, hint, leave. */
export function ctrlC(
  state: PressState,
  situation: Situation,
  nowMs: number,
): { readonly meaning: Meaning; readonly state: PressState } {
  const sinceMs = nowMs - (state.lastPressMs ?? Number.NEGATIVE_INFINITY);
  const pressed = { ...state, lastPressMs: nowMs };
  if (situation.isRunning && !situation.hasPopup && !situation.hasText) {
    const climbed = ladder(state.ladder, nowMs);
    return {
      meaning: climbed.kind ? { kind: "interrupt", interrupt: climbed.kind } : { kind: "nothing" },
      state: { ...withoutHint(pressed), ladder: climbed.state },
    };
  }
  if (sinceMs < SAME_PRESS_MS) return { meaning: { kind: "nothing" }, state: pressed };
  if (situation.hasPopup) return { meaning: { kind: "close-popup" }, state: withoutHint(pressed) };
  if (situation.hasText) return { meaning: { kind: "clear-text" }, state: withoutHint(pressed) };
  if (state.hintMs !== undefined && nowMs - state.hintMs <= LEAVE_WITHIN_MS) {
    return { meaning: { kind: "leave" }, state: pressed };
  }
  return { meaning: { kind: "hint" }, state: { ...pressed, hintMs: nowMs } };
}

/** The state once anything but Ctrl-C came: the hint has gone from the screen, and with it what it said. */
export function withoutHint(state: PressState): PressState {
  const { hintMs: _, ...rest } = state;
  return rest;
}

/** The state once no cell runs any more: the next cell starts at the foot of the ladder. */
export function descend(state: PressState): PressState {
  const { ladder: _, ...rest } = state;
  return rest;
}
