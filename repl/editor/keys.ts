/**
 * What the terminal sent → key presses with names. Pure, and blind to how the bytes were cut.
 *
 * Ink 8 hands over one `(input, key)` per chunk. It splits off escapes, Backspace and Ctrl-C, and
 * leaves every other control byte inside the text: `"ab\x04"`, `"1+1\r2+2\r"` arrive as one input.
 * @module
 */
import { cleanPaste } from "./paste.ts";

export type KeyPress =
  | { readonly kind: "text"; readonly text: string }
  /** `enter`, `up`, `ctrl-a`, `alt-f`, `shift-tab`; modifiers in the order ctrl, alt, shift. */
  | { readonly kind: "key"; readonly name: string }
  | { readonly kind: "paste"; readonly text: string };

/** The part of Ink's `Key` that is read here. */
export interface InkKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageUp: boolean;
  readonly pageDown: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly meta: boolean;
  readonly eventType?: "press" | "repeat" | "release" | undefined;
}

/** A chunk without paste brackets that holds more than this was pasted, not typed. */
const TYPED_ENTERS_MAX = 3;
const TYPED_LENGTH_MAX = 1_024;

/** The presses in one input of Ink's `useInput`. */
export function keysOf(input: string, key: InkKey): KeyPress[] {
  if (key.eventType === "release") return [];
  const special = specialName(key);
  if (special !== undefined) return [{ kind: "key", name: withModifiers(special, key) }];
  if (key.ctrl || key.meta) {
    // A sequence that Ink could not read comes with its ESC stripped and several characters left.
    if ([...input].length !== 1) return [];
    const name = input === " " ? "space" : input.toLowerCase();
    return [{ kind: "key", name: withModifiers(name, { ...key, shift: false }) }];
  }
  if (input.length > TYPED_LENGTH_MAX || count(input, "\r") > TYPED_ENTERS_MAX) {
    return [{ kind: "paste", text: cleanPaste(input) }];
  }
  return splitControls(input);
}

function specialName(key: InkKey): string | undefined {
  if (key.return) return "enter";
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.leftArrow) return "left";
  if (key.rightArrow) return "right";
  if (key.pageUp) return "page-up";
  if (key.pageDown) return "page-down";
  if (key.home) return "home";
  if (key.end) return "end";
  if (key.tab) return "tab";
  if (key.backspace) return "backspace";
  if (key.delete) return "delete";
  // Ink marks a lone ESC as `escape` with `meta` set: it is one key, not Alt with something.
  if (key.escape) return "escape";
  return undefined;
}

function withModifiers(
  name: string,
  key: { readonly ctrl: boolean; readonly meta: boolean; readonly shift: boolean },
): string {
  if (name === "escape") return name;
  return `${key.ctrl ? "ctrl-" : ""}${key.meta ? "alt-" : ""}${key.shift ? "shift-" : ""}${name}`;
}

function splitControls(input: string): KeyPress[] {
  const presses: KeyPress[] = [];
  let text = "";
  for (const character of input) {
    const name = controlName(character);
    if (name === undefined) {
      text += character;
      continue;
    }
    if (text !== "") presses.push({ kind: "text", text });
    text = "";
    if (name !== "") presses.push({ kind: "key", name });
  }
  if (text !== "") presses.push({ kind: "text", text });
  return presses;
}

/** The key a control character stands for; empty for one that is no key, undefined for text. */
function controlName(character: string): string | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x7f || code === 0x08) return "backspace";
  if (code >= 0x80 && code <= 0x9f) return "";
  // Half a character: the other half never comes, and a terminal would print a replacement.
  if (code >= 0xd800 && code <= 0xdfff) return "";
  if (code >= 0x20) return undefined;
  if (character === "\r") return "enter";
  if (character === "\t") return "tab";
  if (character === "\x1b") return "escape";
  if (character === "\0") return "ctrl-space";
  return `ctrl-${String.fromCharCode(code + (code <= 26 ? 96 : 64))}`;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
