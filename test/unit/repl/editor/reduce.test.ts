import { describe, expect, test } from "vitest";
import { reduce } from "../../../../repl/editor/reduce.ts";
import { emptyEditor } from "../../../../repl/editor/state.ts";
import {
  bracketContext,
  edit,
  notationOf,
  pressAll,
  pressesOf,
  stateOf,
} from "../../../support/editor.ts";

describe("each row: text and cursor, keys, what becomes of it", () => {
  test.each([
    ["a|b", "x", "ax|b"],
    ["ab|", "<left>", "a|b"],
    ["|ab", "<left>", "|ab"],
    ["a|b", "<ctrl-a>x", "x|ab"],
    ["a|b", "<end>x", "abx|"],
    ["one two|", "<alt-b>", "one |two"],
    ["|one two", "<alt-f>", "one| two"],
    ["a.b(c)|", "<ctrl-left>", "a.b(|c)"],
    ["a|b", "<backspace>", "|b"],
    ["|ab", "<backspace>", "|ab"],
    ["a\n|b", "<backspace>", "a|b"],
    ["a\n|b", "<left>", "a|\nb"],
    ["a|\nb", "<right>", "a\n|b"],
    ["a|\nb", "<delete>", "a|b"],
    ["a|b", "<delete>", "a|"],
    ["a|b", "<ctrl-d>", "a|"],
    ["one two|", "<ctrl-w>", "one |"],
    ["one.two|", "<alt-backspace>", "one.|"],
    ["one| two", "<alt-d>", "one|"],
    ["a|bc", "<ctrl-k>", "a|"],
    ["ab|c", "<ctrl-u>", "|c"],
    ["ab|\ncd", "<ctrl-k>", "ab|cd"],
    ["a|bc", "<ctrl-k><ctrl-a><ctrl-y>", "bc|a"],
    ["one two|", "<ctrl-w><ctrl-w><ctrl-y>", "one two|"],
    ["a b|", "<ctrl-w><left><ctrl-w><ctrl-e><ctrl-y><alt-y>", " b|"],
    // Emoji with joiner, combining accent, flag: one key each.
    ["👩‍👩‍👧|", "<backspace>", "|"],
    ["e\u0301|x", "<left>", "|e\u0301x"],
    ["🇩🇪|🇫🇷", "<right>", "🇩🇪🇫🇷|"],
    // Lines: Up and Down keep the column.
    ["one\nt|wo", "<up>", "o|ne\ntwo"],
    ["long line\nab\nlong li|ne", "<up><up>", "long li|ne\nab\nlong line"],
    ["日本|x\nabcdef", "<down>", "日本x\nabcd|ef"],
    // Indentation.
    ["    |", "<backspace>", "  |"],
    ["   |", "<backspace>", "  |"],
    ["|", "<tab>", "  |"],
    ["    a|", "<shift-tab>", "  a|"],
    ["f(() => {\n    |", "}", "f(() => {\n}|"],
    ["  if (x) {\n      |", "}", "  if (x) {\n  }|"],
    ["f(\n  |", "]", "f(\n  ]|"],
    ["x = {|", "<ctrl-j>", "x = {\n  |"],
    ["  y|", "<ctrl-j>", "  y\n  |"],
  ])("%j %s → %j", (before, keys, after) => {
    expect(edit(before, keys)).toBe(after);
  });
});

test("Enter runs complete and invalid text, and opens a line in what is incomplete", () => {
  expect(pressAll(stateOf("1 + 1|"), pressesOf("<enter>")).effects).toEqual([
    { kind: "run", code: "1 + 1" },
  ]);
  expect(pressAll(stateOf(")|"), pressesOf("<enter>")).effects).toEqual([
    { kind: "run", code: ")" },
  ]);
  expect(edit("f(() => {|", "<enter>")).toBe("f(() => {\n  |");
});

test("Enter behind a comment alone opens a line for what it is about", () => {
  expect(edit("/** Doubles. */|", "<enter>")).toBe("/** Doubles. */\n|");
  expect(edit("// eagerdeck: check=off|", "<enter>")).toBe("// eagerdeck: check=off\n|");
  expect(pressAll(stateOf("/* a */ 1|"), pressesOf("<enter>")).effects).toHaveLength(1);
  expect(pressAll(stateOf("// a|"), pressesOf("<alt-enter>")).effects).toHaveLength(1);
});

test("Enter within the text opens a line, whatever the parser says", () => {
  expect(edit("a|b", "<enter>")).toBe("a\n|b");
});

test("Alt-Enter runs from anywhere, also what is incomplete", () => {
  expect(pressAll(stateOf("f|("), pressesOf("<alt-enter>")).effects).toEqual([
    { kind: "run", code: "f(" },
  ]);
});

test("an empty or blank text does not run", () => {
  expect(pressAll(stateOf("|"), pressesOf("<enter>")).effects).toEqual([]);
  expect(pressAll(stateOf("  \n|"), pressesOf("<enter><alt-enter>")).effects).toEqual([]);
});

test("undo takes typed words one by one and a paste at once, redo brings them back", () => {
  const { state } = pressAll(emptyEditor, pressesOf("one two"));
  const pasted = reduce(state, { kind: "paste", text: " 3\n4" }, bracketContext).state;
  const steps = ["<ctrl-_>", "<ctrl-_>", "<ctrl-_>", "<alt-_>", "<alt-_>", "<alt-_>"];
  const texts = steps.map((_, index) =>
    notationOf(pressAll(pasted, pressesOf(steps.slice(0, index + 1).join(""))).state),
  );
  expect(texts).toEqual(["one two|", "one |", "|", "one |", "one two|", "one two 3\n4|"]);
});

test("undo remembers 200 steps and no more", () => {
  const words = Array.from({ length: 300 }, (_, index) => `w${index}`).join(" ");
  const { state } = pressAll(emptyEditor, pressesOf(words));
  expect(state.undo).toHaveLength(200);
});

describe("history", () => {
  const history = ["first", "let x = 1", "let y = [\n  2,\n]"];

  test("Up walks back through the entries, also past those of several lines, Down returns to the draft", () => {
    expect(edit("|", "<up>", history)).toBe("let y = [\n  2,\n]|");
    expect(edit("|", "<up><up><up><up>", history)).toBe("first|");
    expect(edit("dr|aft", "<down>", history)).toBe("dr|aft");
    expect(edit("|", "<up><up><down><down>", history)).toBe("|");
  });

  test("only entries that begin with the text before the cursor come", () => {
    expect(edit("let x|", "<up>", history)).toBe("let x = 1|");
    expect(edit("le|t", "<up><up>", history)).toBe("let x = 1|");
    expect(edit("none|", "<up>", history)).toBe("none|");
  });

  test("a run is remembered once, however often it is repeated", () => {
    const { state } = pressAll(emptyEditor, pressesOf("1<enter>1<enter>2<enter>1<enter>"));
    expect(state.history.map(({ source }) => source)).toEqual(["1", "2", "1"]);
  });

  test("text cleared by Ctrl-C comes back with Up and with undo", () => {
    const cleared = reduce(stateOf("precious|"), { kind: "clear" }, bracketContext).state;
    expect(notationOf(cleared)).toBe("|");
    expect(notationOf(pressAll(cleared, pressesOf("<up>")).state)).toBe("precious|");
    expect(notationOf(pressAll(cleared, pressesOf("<ctrl-_>")).state)).toBe("precious|");
  });
});

describe("completion", () => {
  const items = [
    { name: "alpha", kind: "variable" },
    { name: "alphabet", kind: "function" },
    { name: "beta", kind: "variable" },
  ] as const;
  const answer = (notation: string) => {
    const state = stateOf(notation);
    const start = /\w*$/.exec(state.text.slice(0, state.cursor))?.index ?? 0;
    const completions = { start, end: state.cursor, items };
    return reduce(
      state,
      { kind: "completions", version: state.version, completions },
      bracketContext,
    ).state;
  };

  test("Tab behind a word asks for the version on the screen", () => {
    expect(pressAll(stateOf("al|"), pressesOf("<tab>")).effects).toEqual([
      { kind: "complete", version: 0, isUnasked: false },
    ]);
  });

  test("one hit is inserted, a common beginning too, and then the popup stays", () => {
    expect(notationOf(answer("b|"))).toBe("beta|");
    const state = answer("x.al|");
    expect(notationOf(state)).toBe("x.alpha|");
    expect(state.popup?.items.map(({ name }) => name)).toEqual(["alpha", "alphabet"]);
  });

  test("an answer to an older text is dropped", () => {
    const typed = pressAll(stateOf("al|"), pressesOf("x")).state;
    const completions = { start: 0, end: 2, items };
    expect(
      reduce(typed, { kind: "completions", version: 0, completions }, bracketContext).state,
    ).toBe(typed);
  });

  test("Enter runs while nothing is chosen, and takes the chosen item instead of running", () => {
    const open = answer("alpha|");
    expect(pressAll(open, pressesOf("<enter>")).effects).toEqual([{ kind: "run", code: "alpha" }]);
    const chosen = pressAll(open, pressesOf("<down><tab><enter>"));
    expect(notationOf(chosen.state)).toBe("alphabet|");
    expect(chosen.effects.filter(({ kind }) => kind === "run")).toEqual([]);
  });

  test("typing narrows the popup and closes it when nothing fits", () => {
    const open = answer("alpha|");
    expect(pressAll(open, pressesOf("b")).state.popup?.items).toHaveLength(1);
    expect(pressAll(open, pressesOf("z")).state.popup).toBeUndefined();
    expect(pressAll(open, pressesOf("(")).state.popup).toBeUndefined();
    expect(pressAll(open, pressesOf("<backspace>")).state.popup?.items).toHaveLength(2);
  });

  test("Esc closes the popup and keeps the text", () => {
    const { state } = pressAll(answer("alpha|"), pressesOf("<escape>"));
    expect([state.popup, notationOf(state)]).toEqual([undefined, "alpha|"]);
  });

  test("a chosen item replaces the rest of the word behind the cursor", () => {
    const state = stateOf("al|pha + 1");
    const completions = { start: 0, end: 5, items };
    const open = reduce(
      state,
      { kind: "completions", version: 0, completions },
      bracketContext,
    ).state;
    expect(notationOf(pressAll(open, pressesOf("<down><down><enter>")).state)).toBe(
      "alphabet| + 1",
    );
  });
});

test("a paste never runs, is one step, and over 1 MB is refused in words", () => {
  const pasted = reduce(emptyEditor, { kind: "paste", text: "1\n2\n" }, bracketContext);
  expect(pasted.effects).toEqual([]);
  expect(notationOf(pasted.state)).toBe("1\n2\n|");
  const refused = reduce(
    emptyEditor,
    { kind: "paste", text: "x".repeat(1_000_001) },
    bracketContext,
  );
  expect(refused.state).toBe(emptyEditor);
  expect(refused.effects).toEqual([
    { kind: "notice", text: "1.0 MB pasted: over 1 MB is refused; save it and use .load FILE" },
  ]);
});

test("a refused cell comes back only into an empty editor", () => {
  const give = { kind: "give-back", text: "let a: string = 1", cursor: 4 } as const;
  expect(notationOf(reduce(emptyEditor, give, bracketContext).state)).toBe("let |a: string = 1");
  expect(notationOf(reduce(stateOf("new|"), give, bracketContext).state)).toBe("new|");
});

test("Ctrl-D leaves an empty editor and deletes in a full one", () => {
  expect(pressAll(emptyEditor, pressesOf("<ctrl-d>")).effects).toEqual([{ kind: "leave" }]);
  expect(pressAll(stateOf("a|"), pressesOf("<ctrl-d>")).effects).toEqual([]);
});
