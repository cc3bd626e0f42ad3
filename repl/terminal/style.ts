/**
 * Roles → the 16 ANSI colours, which every theme defines. Glyphs and words carry the meaning;
 * without colour nothing is lost.
 * @module
 */
import type { Role, Row } from "../../runtime/deck/views.ts";
import type { CodeTone } from "../editor/highlight.ts";
import { sanitizeLine } from "./sanitize.ts";

/** Roles of the deck, and those that only a terminal has. */
export type Tone =
  | Role
  | CodeTone
  | "prompt"
  | "result"
  | "dim"
  | "caret"
  | "chosen"
  | "current"
  | "warning"
  | "bracket"
  | "unmatched";

/** For which background colours are chosen; `auto` believes what the terminal said at the start. */
export type Theme = "auto" | "dark" | "light" | "none";

export interface Style {
  /** Whether there are colours now. */
  readonly hasColor: boolean;
  /** Whether only ASCII may be printed. */
  readonly isAscii: boolean;
  paint(text: string, tone: Tone): string;
  /** Text for which a terminal opens `url` (OSC 8). */
  link(text: string, url: string): string;
  /** A row of the deck as terminal text. */
  row(row: Row): string;
  /** Replaces the glyphs that a terminal without UTF-8 cannot show. */
  glyphs(text: string): string;
  /** Holds for what is painted from now on. Where there are no colours, none brings them. */
  setTheme(theme: Theme): void;
}

// SGR parameters: on and off, so that tones nest in a row without a reset.
const CODES: Readonly<Record<Tone, readonly [string, string] | undefined>> = {
  ok: ["32", "39"],
  failed: ["31", "39"],
  running: ["34", "39"],
  cached: ["36", "39"],
  cancelled: ["2", "22"],
  queued: ["2", "22"],
  retry: ["33", "39"],
  name: ["1", "22"],
  muted: ["2", "22"],
  value: undefined,
  error: ["31", "39"],
  number: undefined,
  link: ["4", "24"],
  bar: ["34", "39"],
  prompt: ["32", "39"],
  // Red, as others have it, would say that something failed.
  result: ["36", "39"],
  dim: ["2", "22"],
  caret: ["31", "39"],
  chosen: ["7", "27"],
  // The parameter that is typed now.
  current: ["1;4", "22;24"],
  warning: ["33", "39"],
  // Of code: colours that are readable on light and on dark; green and red have their meaning elsewhere.
  keyword: ["35", "39"],
  string: ["32", "39"],
  numberLiteral: ["36", "39"],
  comment: ["2", "22"],
  type: ["34", "39"],
  function: ["34", "39"],
  bracket: ["1;4", "22;24"],
  unmatched: ["31", "39"],
};

/** Yellow and cyan vanish on a light ground in most palettes. */
const ON_LIGHT: Readonly<Record<string, string>> = { 33: "35", 36: "34" };

const ASCII: Readonly<Record<string, string>> = {
  "✓": "ok",
  "✕": "x",
  "▸": ">",
  "◆": "=",
  "⊘": "-",
  "…": "...",
  "→": "->",
  "←": "<-",
  "↑": "^",
  "↓": "v",
  "·": "-",
  "×": "x",
  "❯": ">",
  "│": "|",
  "┃": "|",
  "└": "`",
  "‹": "<",
  "›": ">",
  "█": "#",
  "▐": "#",
  "▌": "#",
  "↗": "^",
};

/** What is read out: screen readers skip most glyphs, or spell their Unicode names. */
const WORDS: Readonly<Record<string, string>> = {
  "✓": "ok",
  "✕": "failed",
  "▸": "running",
  "◆": "cached",
  "⊘": "cancelled",
  "…": "...",
  "→": "gives",
  "←": "from",
  "·": "-",
  "×": "times",
  "❯": "here",
  "│": " ",
  "┃": " ",
};

export interface StyleOptions {
  readonly hasColor: boolean;
  readonly isAscii: boolean;
  /** Words in the place of glyphs. */
  readonly isSpoken?: boolean;
  /** What `auto` means; default: a dark ground. */
  readonly isGroundLight?: boolean;
}

export function createStyle(options: StyleOptions): Style {
  const { hasColor, isAscii, isSpoken = false, isGroundLight = false } = options;
  const shown = { ...(isAscii ? ASCII : {}), ...(isSpoken ? WORDS : {}) };
  let theme: Theme = "auto";
  const isColored = () => hasColor && theme !== "none";
  const glyphs = (text: string) =>
    isAscii || isSpoken ? text.replaceAll(/\P{ASCII}/gu, (glyph) => shown[glyph] ?? glyph) : text;
  const paint = (text: string, tone: Tone) => {
    const code = CODES[tone];
    const shown = glyphs(text);
    if (!isColored() || code === undefined || text === "") return shown;
    const isLight = theme === "light" || (theme === "auto" && isGroundLight);
    const on = (isLight && ON_LIGHT[code[0]]) || code[0];
    return `\x1b[${on}m${shown}\x1b[${code[1]}m`;
  };
  return {
    get hasColor() {
      return isColored();
    },
    isAscii,
    glyphs,
    paint,
    link: (text, url) =>
      isColored() ? `\x1b]8;;${url}\x07${paint(text, "dim")}\x1b]8;;\x07` : glyphs(text),
    row: (row) =>
      row
        .map(({ text, role, url }) => {
          const word = text.trim();
          if (url === undefined || word === "" || !isColored()) {
            return paint(sanitizeLine(text), role);
          }
          // Blanks around the word are no part of the link: they would be underlined.
          const [before = "", after = ""] = text.split(word);
          return `${before}\x1b]8;;${sanitizeLine(url)}\x07${paint(sanitizeLine(word), role)}\x1b]8;;\x07${after}`;
        })
        .join(""),
    setTheme: (next) => {
      theme = next;
    },
  };
}

/** Whether the terminal says that its background is light: `COLORFGBG=0;15`, colours by their numbers. */
export function hasLightGround(environment: NodeJS.ProcessEnv): boolean {
  const ground = environment["COLORFGBG"]?.split(";").at(-1) ?? "";
  return /^(?:7|9|1[0-5])$/.test(ground);
}

/** What the environment says about colours of a stream: https://no-color.org, then FORCE_COLOR. */
export function wantsColor(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (environment["NO_COLOR"]) return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && environment["TERM"] !== "dumb";
}

/** Whether glyphs outside ASCII would be garbage: asked for, or a locale that names another charset. */
export function wantsAscii(environment: NodeJS.ProcessEnv): boolean {
  if (environment["EAGERDECK_ASCII"] === "1") return true;
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  // Containers often set no locale at all and have a terminal with UTF-8 in front of them.
  return locale !== "" && !/utf-?8/i.test(locale);
}
