import { EventEmitter } from "node:events";
import fc from "fast-check";
import { render, useInput, usePaste } from "ink";
import { describe, expect, test } from "vitest";
import { type KeyPress, keysOf } from "../../../../repl/editor/keys.ts";
import { cleanPaste } from "../../../../repl/editor/paste.ts";
import { type Effect, emptyEditor } from "../../../../repl/editor/state.ts";
import { pressAll } from "../../../support/editor.ts";

/** Ink's own parser in front of ours: `send` gives the presses that a chunk of bytes becomes. */
function openKeyboard() {
  const presses: KeyPress[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    chunks: [] as string[],
    read: () => stdin.chunks.shift() ?? null,
    setEncoding: () => undefined,
    setRawMode: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
  });
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (_text: string, done?: () => void) => {
      done?.();
      return true;
    },
  });
  function Keyboard() {
    useInput((input, key) => void presses.push(...keysOf(input, key)));
    usePaste((text) => void presses.push({ kind: "paste", text: cleanPaste(text) }));
    return null;
  }
  const instance = render(<Keyboard />, {
    // The parts of the streams that Ink uses.
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    patchConsole: false,
    exitOnCtrlC: false,
    debug: true,
  });
  return {
    instance,
    async mounted() {
      await instance.waitUntilRenderFlush();
      return this;
    },
    send(...chunks: string[]): KeyPress[] {
      for (const chunk of chunks) {
        stdin.chunks.push(chunk);
        stdin.emit("readable");
      }
      return presses.splice(0);
    },
  };
}

const key = (name: string): KeyPress => ({ kind: "key", name });
const text = (typed: string): KeyPress => ({ kind: "text", text: typed });

describe("what the terminal sends is what was pressed", async () => {
  const keyboard = await openKeyboard().mounted();
  test.each<[string, KeyPress[]]>([
    ["a", [text("a")]],
    ["héllo 😀", [text("héllo 😀")]],
    ["\r", [key("enter")]],
    ["\n", [key("ctrl-j")]],
    ["\t", [key("tab")]],
    ["\x7f", [key("backspace")]],
    ["\b", [key("backspace")]],
    ["\x01", [key("ctrl-a")]],
    ["\x1f", [key("ctrl-_")]],
    ["\0", [key("ctrl-space")]],
    ["\x03", [key("ctrl-c")]],
    ["\x04", [key("ctrl-d")]],
    ["\x1b[A", [key("up")]],
    ["\x1bOB", [key("down")]],
    ["\x1b[H", [key("home")]],
    ["\x1b[4~", [key("end")]],
    ["\x1b[3~", [key("delete")]],
    ["\x1b[5~", [key("page-up")]],
    ["\x1b[Z", [key("shift-tab")]],
    ["\x1b[1;5D", [key("ctrl-left")]],
    ["\x1bf", [key("alt-f")]],
    ["\x1b_", [key("alt-_")]],
    ["\x1b\r", [key("alt-enter")]],
    ["\x1b\x7f", [key("alt-backspace")]],
    // The kitty protocol.
    ["\x1b[13;2u", [key("shift-enter")]],
    ["\x1b[13;5u", [key("ctrl-enter")]],
    ["\x1b[99;5u", [key("ctrl-c")]],
    ["\x1b[27u", [key("escape")]],
    ["\x1b[97;5:3u", []],
    // Several at once.
    ["ab\x04", [text("ab"), key("ctrl-d")]],
    ["\x18\x05", [key("ctrl-x"), key("ctrl-e")]],
    ["1+1\r2+2\r", [text("1+1"), key("enter"), text("2+2"), key("enter")]],
    ["a\x1b[Db", [text("a"), key("left"), text("b")]],
    ["x\x03y", [text("x"), key("ctrl-c"), text("y")]],
    // Keys that mean nothing, answers of the terminal.
    ["\x1b[I", []],
    ["\x1b[12;40R", []],
    ["\x1b[200~1\r\n2\x1b[201~", [{ kind: "paste", text: "1\n2" }]],
  ])("%j", (bytes, presses) => {
    expect(keyboard.send(bytes)).toEqual(presses);
  });
});

test("a chunk without paste brackets is a paste when nobody types like that", async () => {
  const keyboard = await openKeyboard().mounted();
  expect(keyboard.send("1\r2\r3\r4\r")).toEqual([{ kind: "paste", text: "1\n2\n3\n4\n" }]);
  expect(keyboard.send("x".repeat(1_025))).toEqual([{ kind: "paste", text: "x".repeat(1_025) }]);
});

function isUnasked(effect: Effect): boolean {
  return effect.kind === "complete" && effect.isUnasked;
}

test("however the bytes are cut, the editor ends up the same", async () => {
  const keyboard = await openKeyboard().mounted();
  const units = ["a", "é", "😀", " ", "(", ")", "{", "}", "\r", "\n", "\t", "\x7f", "\x01", "\x05"];
  units.push("\x0b", "\x19", "\x1f", "\x17", "\x1b[A", "\x1b[D", "\x1bb", "\x1b[3~");
  const typed = fc.array(fc.tuple(fc.constantFrom(...units), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(typed, (keys) => {
      // A chunk with over three Enters counts as a paste: such chunks are another test.
      const chunks: string[] = [""];
      for (const [bytes, isCut] of keys) {
        const last = chunks.at(-1) ?? "";
        if (isCut || (bytes === "\r" && last.includes("\r"))) chunks.push(bytes);
        else chunks[chunks.length - 1] = last + bytes;
      }
      const whole = pressAll(emptyEditor, keyboard.send(...keys.map(([bytes]) => bytes)));
      const cut = pressAll(emptyEditor, keyboard.send(...chunks.filter((chunk) => chunk !== "")));
      // How often the type service is asked on the way is no matter: older questions are given up.
      const wanted = ({ state, effects }: ReturnType<typeof pressAll>) => ({
        state,
        effects: effects.filter((effect) => effect.kind !== "signature" && !isUnasked(effect)),
      });
      expect(wanted(cut)).toEqual(wanted(whole));
    }),
    { numRuns: 300 },
  );
});

test("the cursor always stands on a grapheme border, and the text holds no control characters", async () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const names = [
    "left",
    "right",
    "up",
    "down",
    "backspace",
    "delete",
    "ctrl-k",
    "ctrl-y",
    "ctrl-w",
  ];
  names.push("alt-b", "alt-f", "ctrl-_", "alt-_", "tab", "shift-tab", "ctrl-j", "home", "end");
  const press = fc.oneof(
    fc.constantFrom(...names).map(key),
    fc
      .constantFrom("e", "\u0301", "👩", "\u200d", "👧", "🇩", "🇪", "日", "क", "्", "}", " ")
      .map(text),
    fc
      .string({ unit: "binary", maxLength: 8 })
      .map((pasted) => ({ kind: "paste" as const, text: cleanPaste(pasted) })),
  );
  fc.assert(
    fc.property(fc.array(press, { maxLength: 40 }), (presses) => {
      const { state } = pressAll(emptyEditor, presses);
      const borders = [...segmenter.segment(state.text)].map(({ index }) => index);
      expect([...borders, state.text.length]).toContain(state.cursor);
      expect(state.text).not.toMatch(/(?![\n\t])\p{Cc}/u);
    }),
    { numRuns: 300 },
  );
});
