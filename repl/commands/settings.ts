/**
 * What `.set` may change: a table of keys, each with what it takes, and the values that hold now.
 * @module
 */
import { nearest } from "../../runtime/values/nearest.ts";
import type { Theme } from "../terminal/style.ts";
import { CommandError } from "./command.ts";

export interface SettingValues {
  /** Lines of a cell's output that are printed while it runs. */
  readonly output: number;
  /** When completion is offered: never unasked, after a dot, or while typing. */
  readonly complete: "off" | "dot" | "auto";
  readonly theme: Theme;
  /** Whether an earlier entry is suggested behind the cursor. */
  readonly ghost: "on" | "off";
}

export type SettingKey = keyof SettingValues;

interface Setting<Value> {
  readonly first: Value;
  /** For the list. */
  readonly summary: string;
  /** The words it takes; absent for a number. */
  readonly words?: readonly Extract<Value, string>[];
  /** Least and greatest, for a number. */
  readonly range?: readonly [number, number];
}

const SETTINGS: { readonly [Key in SettingKey]: Setting<SettingValues[Key]> } = {
  output: {
    first: 5_000,
    summary: "lines of a cell's output on the screen; a file has the rest",
    range: [10, 1_000_000],
  },
  complete: {
    first: "dot",
    summary: "completions unasked: no, after a dot, in words",
    words: ["off", "dot", "auto"],
  },
  theme: {
    first: "auto",
    summary: "colours for this background, or none",
    words: ["auto", "dark", "light", "none"],
  },
  ghost: {
    first: "on",
    summary: "whether history is suggested behind the cursor",
    words: ["on", "off"],
  },
};

export const settingKeys = Object.keys(SETTINGS) as readonly SettingKey[]; // the table has exactly these

/** The values of one REPL. Whoever shows something by them asks `values`, or listens. */
export class Settings {
  #values: SettingValues;
  readonly #listeners = new Set<(values: SettingValues) => void>();

  constructor() {
    const first = settingKeys.map((key) => [key, SETTINGS[key].first]);
    this.#values = Object.fromEntries(first) as SettingValues; // one entry per key of the table
  }

  get values(): SettingValues {
    return this.#values;
  }

  /** @returns the way to stop. */
  onChange(listener: (values: SettingValues) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a value as it was typed. @throws {CommandError} which says what the key takes. */
  set(key: string, text: string): void {
    const known = keyOf(key);
    this.#values = { ...this.#values, [known]: typedValue(known, text) };
    for (const listener of this.#listeners) listener(this.#values);
  }

  /** `output    5000  lines of …`, one row per key. */
  rows(): readonly string[] {
    return settingKeys.map((key) => this.row(key));
  }

  /** @throws {CommandError} for an unknown key. */
  row(key: string): string {
    const known = keyOf(key);
    const width = Math.max(...settingKeys.map((each) => each.length));
    const takes = settingChoices(known).join("|");
    const value = String(this.#values[known]).padEnd(6);
    const { summary } = SETTINGS[known];
    return `${known.padEnd(width)}  ${value}  ${summary}${takes === "" ? "" : ` (${takes})`}`;
  }
}

/** The words that a key takes; none for a number or an unknown key. */
export function settingChoices(key: string): readonly string[] {
  return isKey(key) ? (SETTINGS[key].words ?? []) : [];
}

/** What a key is for. */
export function settingSummary(key: SettingKey): string {
  return SETTINGS[key].summary;
}

function isKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

function keyOf(key: string): SettingKey {
  if (isKey(key)) return key;
  const near = nearest(key, settingKeys);
  const hint = near === undefined ? `it takes ${settingKeys.join(", ")}` : `did you mean ${near}?`;
  throw new CommandError(`.set knows no ${key}: ${hint}`);
}

function typedValue(key: SettingKey, text: string): string | number {
  const { words, range }: Setting<string | number> = SETTINGS[key];
  if (words?.includes(text)) return text;
  if (words) throw new CommandError(`${key} takes ${words.join(", ")}, not '${text}'`);
  const [least = 0, most = Number.MAX_SAFE_INTEGER] = range ?? [];
  const number = Number(text.replaceAll("_", ""));
  if (text !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new CommandError(`${key} takes a whole number from ${least} to ${most}, not '${text}'`);
}
