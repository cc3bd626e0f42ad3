import { expect, test } from "vitest";
import { ctrlC, descend, type PressState, type Situation } from "../../../repl/interrupt.ts";

const idle: Situation = { hasPopup: false, hasText: false, isRunning: false };

/** Meanings of presses at the given times, one after the other. */
function press(times: readonly number[], situation: Situation, start: PressState = {}): string[] {
  let state = start;
  return times.map((time) => {
    const pressed = ctrlC(state, situation, time);
    state = pressed.state;
    const { meaning } = pressed;
    return meaning.kind === "interrupt" ? meaning.interrupt : meaning.kind;
  });
}

test("popup, then text, then the cell, then the hint: the first that is there", () => {
  expect(press([0], { hasPopup: true, hasText: true, isRunning: true })).toEqual(["close-popup"]);
  expect(press([0], { hasPopup: false, hasText: true, isRunning: true })).toEqual(["clear-text"]);
  expect(press([0], { ...idle, isRunning: true })).toEqual(["cooperate"]);
  expect(press([0], idle)).toEqual(["hint"]);
});

test("a second press within two seconds of the hint leaves, a later one hints again", () => {
  expect(press([0, 1_900], idle)).toEqual(["hint", "leave"]);
  expect(press([0, 2_100], idle)).toEqual(["hint", "hint"]);
});

test("text that is cleared between two presses makes the second one a first again", () => {
  const hinted = ctrlC({}, idle, 0).state;
  const cleared = ctrlC(hinted, { ...idle, hasText: true }, 800).state;
  expect(press([1_200, 1_600], idle, cleared)).toEqual(["hint", "leave"]);
});

test("a held key neither climbs nor leaves", () => {
  const held = Array.from({ length: 100 }, (_, index) => index * 30);
  expect(new Set(press(held, { ...idle, isRunning: true }))).toEqual(
    new Set(["cooperate", "nothing"]),
  );
  expect(new Set(press(held, idle))).toEqual(new Set(["hint", "nothing"]));
});

test("a key held while the cell ends does not leave the REPL", () => {
  const { state } = ctrlC({}, { ...idle, isRunning: true }, 0);
  expect(press([100, 200, 300], idle, descend(state))).toEqual(["nothing", "nothing", "nothing"]);
});

test("the rungs need their time: 700 ms, then another second", () => {
  const running = { ...idle, isRunning: true };
  expect(press([0, 500, 1_300, 2_000, 2_400], running)).toEqual([
    "cooperate",
    "nothing",
    "terminate",
    "nothing",
    "kill",
  ]);
});

test("the next cell starts at the foot of the ladder", () => {
  const running = { ...idle, isRunning: true };
  const first = ctrlC({}, running, 0).state;
  expect(press([5_000], running, descend(first))).toEqual(["cooperate"]);
});
