import { describe, expect, test, vi } from "vitest";
import { Assist } from "../../../../repl/assist.ts";
import { reduce } from "../../../../repl/editor/reduce.ts";
import type { EditorState } from "../../../../repl/editor/state.ts";
import { commandContext } from "../../../support/command-context.ts";
import {
  bracketContext,
  notationOf,
  pressAll,
  pressesOf,
  stateOf,
} from "../../../support/editor.ts";

const items = [
  { name: "at", kind: "method" },
  { name: "concat", kind: "method" },
] as const;

function answered(state: EditorState, isUnasked: boolean): EditorState {
  const completions = { start: state.cursor, end: state.cursor, items };
  const { version } = state;
  return reduce(state, { kind: "completions", version, completions, isUnasked }, bracketContext)
    .state;
}

describe("completions behind a dot", () => {
  test("are asked for as it is typed, and open a popup in which nothing is chosen", () => {
    const { state, effects } = pressAll(stateOf("xs|"), pressesOf("."));
    expect(effects).toEqual([{ kind: "complete", version: state.version, isUnasked: true }]);
    const open = answered(state, true);
    expect(open.popup?.items).toHaveLength(2);
    expect(pressAll(open, pressesOf("<enter>")).effects).toEqual([{ kind: "run", code: "xs." }]);
  });

  test("insert nothing by themselves, not even the only one", () => {
    const state = stateOf("xs.|");
    const completions = { start: 3, end: 3, items: [items[0]] };
    const action = { kind: "completions", version: 0, completions, isUnasked: true } as const;
    expect(notationOf(reduce(state, action, bracketContext).state)).toBe("xs.|");
  });

  test("are not asked for when they are switched off", () => {
    const context = { ...bracketContext, completes: "off" } as const;
    const { effects } = reduce(stateOf("xs|"), { kind: "insert", text: "." }, context);
    expect(effects).toEqual([]);
  });
});

describe("while types do not answer", () => {
  /** The names that a Tab is offered after its second of patience. */
  async function offered(text: string): Promise<readonly string[]> {
    const context = commandContext();
    const names: string[] = [];
    const assist = new Assist({
      session: context.session,
      editor: () => stateOf(`${text}|`),
      commands: () => context,
      names: () => [{ name: "studio", kind: "const" }],
      setTypesOff: () => undefined,
      dispatch: (action) => {
        if (action.kind !== "completions") return;
        names.push(...action.completions.items.map(({ name }) => name));
      },
    });
    vi.useFakeTimers();
    try {
      void assist.complete(0, false);
      await vi.advanceTimersByTimeAsync(1_000);
      return names;
    } finally {
      vi.useRealTimers();
    }
  }

  test("names of the session are offered, but not as members of something", async () => {
    expect(await offered("stuck = st")).toEqual(["studio"]);
    expect(await offered("[...stuck, ...st")).toEqual(["studio"]);
    expect(await offered("stuck.st")).toEqual([]);
  });
});

test("with `complete auto` they come for words of two letters too, and once for each word", () => {
  const context = { ...bracketContext, completes: "auto" } as const;
  const typed = (notation: string, text: string) =>
    reduce(stateOf(notation), { kind: "insert", text }, context).effects;
  expect(typed("a|", "l")).toMatchObject([{ kind: "complete", isUnasked: true }]);
  expect(typed("|", "a")).toEqual([]);
  expect(typed("1|", "2")).toEqual([]);
  expect(reduce(stateOf("a|"), { kind: "insert", text: "l" }, bracketContext).effects).toEqual([]);
});

test("a chosen item is described: the text with it in place, and where its name stands", () => {
  const open = answered(stateOf("xs.|"), true);
  const { effects, state } = pressAll(open, pressesOf("<down>"));
  expect(effects).toEqual([{ kind: "describe", name: "at", text: "xs.at", at: 4 }]);
  const about = { kind: "described", name: "at", text: "at(index: number)" } as const;
  expect(reduce(state, about, bracketContext).state.popup?.about?.text).toBe("at(index: number)");
  const late = pressAll(state, pressesOf("<down>")).state;
  expect(reduce(late, about, bracketContext).state.popup?.about).toBeUndefined();
});

test("a popup of files narrows as a path is typed on", () => {
  const files = ["alpha.ts", "alto.ts"].map(
    (name) => ({ name, insert: `sub/${name}`, kind: "file" }) as const,
  );
  const state = stateOf(".load sub/|");
  const { version } = state;
  const completions = { start: 6, end: 10, items: files };
  const action = { kind: "completions", version, completions, isUnasked: true } as const;
  const open = reduce(state, action, bracketContext).state;
  const narrowed = pressAll(open, pressesOf("alp")).state;
  expect(narrowed.popup?.items.map(({ name }) => name)).toEqual(["alpha.ts"]);
  expect(pressAll(narrowed, pressesOf(" ")).state.popup).toBeUndefined();
});

describe("the signature", () => {
  const help = { label: "f(a: number, b: string): void", documentation: "" };
  const opened = (notation: string) => {
    const state = stateOf(notation);
    return reduce(state, { kind: "signature", version: state.version, help }, bracketContext).state;
  };

  test.each(["f(", "f(1,", "f(1, ", "f(a", "x.y<T>("])("is asked for behind %j", (text) => {
    const before = stateOf(`${text.slice(0, -1)}|`);
    const { state, effects } = pressAll(before, pressesOf(text.slice(-1)));
    expect(effects).toContainEqual({ kind: "signature", version: state.version });
  });

  test.each([".type f(", "if (", "x = (", "f(1)", "f({"])("is not asked for behind %j", (text) => {
    const before = stateOf(`${text.slice(0, -1)}|`);
    expect(pressAll(before, pressesOf(text.slice(-1))).effects).toEqual([]);
  });

  test("stays while typing goes on, is asked for again, and goes with an answer that has none", () => {
    const { state, effects } = pressAll(opened("f(|"), pressesOf("1"));
    expect(state.signature).toEqual(help);
    expect(effects).toEqual([{ kind: "signature", version: state.version }]);
    const { version } = state;
    const gone = reduce(state, { kind: "signature", version }, bracketContext).state;
    expect(gone.signature).toBeUndefined();
  });

  test("Shift-Tab asks for it, outside the indentation", () => {
    expect(pressAll(stateOf("f(1|"), pressesOf("<shift-tab>")).effects).toEqual([
      { kind: "signature", version: 0 },
    ]);
    expect(notationOf(pressAll(stateOf("  |"), pressesOf("<shift-tab>")).state)).toBe("|");
  });

  test("Esc takes the popup away first, the signature with the next press", () => {
    const both = answered(opened("f(xs.|"), true);
    const once = pressAll(both, pressesOf("<escape>")).state;
    expect([once.popup, once.signature]).toEqual([undefined, help]);
    expect(pressAll(once, pressesOf("<escape>")).state.signature).toBeUndefined();
  });

  test("ends when the cell runs", () => {
    const { state } = pressAll(opened("f(1)|"), pressesOf("<enter>"));
    expect(state.signature).toBeUndefined();
  });
});

describe("pairs of keys", () => {
  test.each([
    ["<ctrl-x><ctrl-e>", "edit-externally"],
    ["<ctrl-x><ctrl-b>", "background"],
    ["<ctrl-o>", "page"],
    ["<ctrl-t>", "fold-tree"],
    ["<ctrl-z>", "suspend"],
  ])("%s is %s", (keys, kind) => {
    expect(pressAll(stateOf("a|"), pressesOf(keys)).effects).toEqual([{ kind }]);
  });

  test("text behind the first key is typed, and the pair is over", () => {
    const { state, effects } = pressAll(stateOf("a|"), pressesOf("<ctrl-x>b<ctrl-b>"));
    expect([notationOf(state), effects]).toEqual(["a|b", []]);
  });
});

test("with too many cells waiting Enter keeps the text and says why", () => {
  const state = stateOf("1 + 1|");
  const full = reduce(state, { kind: "enter" }, { ...bracketContext, canRun: false });
  expect(notationOf(full.state)).toBe("1 + 1|");
  expect(full.effects).toMatchObject([{ kind: "notice" }]);
});
