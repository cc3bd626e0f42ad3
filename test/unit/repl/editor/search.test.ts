import { describe, expect, test } from "vitest";
import { ghostOf, ghostWord } from "../../../../repl/editor/history.ts";
import { reduce } from "../../../../repl/editor/reduce.ts";
import type { EditorState } from "../../../../repl/editor/state.ts";
import {
  bracketContext,
  edit,
  notationOf,
  pressAll,
  pressesOf,
  stateOf,
} from "../../../support/editor.ts";

const history = ["load({ day: 1 })", "const total = 1", "load({ day: 2 })", "save(total)"];

function pressed(notation: string, keys: string): EditorState {
  return pressAll(stateOf(notation, history), pressesOf(keys)).state;
}

describe("Ctrl-R", () => {
  test("lists what fits the typed words, newest first, and leaves the draft alone", () => {
    const state = pressed("dr|aft", "<ctrl-r>load");
    expect(state.search?.hits.map(({ source }) => source)).toEqual([
      "load({ day: 2 })",
      "load({ day: 1 })",
    ]);
    expect(notationOf(state)).toBe("dr|aft");
  });

  test.each([
    ["<ctrl-r>load<enter>", "load({ day: 2 })|"],
    ["<ctrl-r>load<tab>", "load({ day: 2 })|"],
    ["<ctrl-r>load<ctrl-r><enter>", "load({ day: 1 })|"],
    ["<ctrl-r>load<up><enter>", "load({ day: 1 })|"],
    ["<ctrl-r>load<ctrl-r><ctrl-r><ctrl-r><down><enter>", "load({ day: 2 })|"],
    ["<ctrl-r>loax<backspace>d<enter>", "load({ day: 2 })|"],
    ["<ctrl-r>nothing<ctrl-u>save<enter>", "save(total)|"],
    // A key that moves the cursor goes on in the hit, as in a shell.
    ["<ctrl-r>save<ctrl-a>", "|save(total)"],
    ["<ctrl-r>load<escape>", "dr|aft"],
    ["<ctrl-r>load<ctrl-g>", "dr|aft"],
    ["<ctrl-r>zzz<enter>", "dr|aft"],
    ["<ctrl-r>load<enter><ctrl-_>", "dr|aft"],
  ])("%s → %s", (keys, after) => {
    expect(edit("dr|aft", keys, history)).toBe(after);
  });

  test("never runs what it finds", () => {
    const { effects } = pressAll(stateOf("|", history), pressesOf("<ctrl-r>load<enter>"));
    expect(effects).toEqual([]);
  });

  test("a pasted query of several lines becomes one", () => {
    const open = pressed("|", "<ctrl-r>");
    const { state } = reduce(open, { kind: "paste", text: "save\n(total" }, bracketContext);
    expect(state.search?.query).toBe("save (total");
  });
});

describe("the ghost", () => {
  test("is what the newest entry has behind the typed text, at the end of it only", () => {
    expect(ghostOf(stateOf("load|", history))).toBe("({ day: 2 })");
    expect(ghostOf(stateOf("loa|d", history))).toBe("");
    expect(ghostOf(stateOf("|", history))).toBe("");
    expect(ghostOf(stateOf("save(total)|", history))).toBe("");
  });

  test.each([
    ["load|", "<right>", "load({ day: 2 })|"],
    ["load|", "<ctrl-f>", "load({ day: 2 })|"],
    ["load|", "<ctrl-e>", "load({ day: 2 })|"],
    ["load|", "<end>", "load({ day: 2 })|"],
    ["con|", "<alt-f>", "const|"],
    ["con|", "<alt-f><alt-f>", "const total|"],
    ["load|", "<right><ctrl-_>", "load|"],
    ["none|", "<right>", "none|"],
  ])("%s %s → %s", (before, keys, after) => {
    expect(edit(before, keys, history)).toBe(after);
  });

  test("is not taken where it cannot be seen", () => {
    const action = { kind: "move", to: "right" } as const;
    const context = { ...bracketContext, hasGhost: false };
    expect(notationOf(reduce(stateOf("load|", history), action, context).state)).toBe("load|");
  });

  test("comes word by word", () => {
    expect([ghostWord("total = 1"), ghostWord(" = 1"), ghostWord("({ a")]).toEqual([
      "total",
      " =",
      "({",
    ]);
  });
});

test("entries read later come before those that were typed, and a walk stays where it is", () => {
  const walking = pressed("|", "<up><up>");
  const older = [{ source: "older", isHere: false }];
  const { state } = reduce(walking, { kind: "history-read", older }, bracketContext);
  expect(state.text).toBe("load({ day: 2 })");
  expect(notationOf(pressAll(state, pressesOf("<up><up><up>")).state)).toBe("older|");
});
