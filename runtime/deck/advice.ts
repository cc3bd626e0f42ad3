/**
 * Calls in a loop that awaited each other although nothing went from one to the next.
 *
 * Silence is the rule, advice the exception: a wrong one would make somebody break a program that works. What a call did
 * with a value between two awaits is unknown, so whatever looks as if a value went on (an input that an earlier call
 * gave, inputs that never differ, a call that failed) ends it.
 * @module
 */
import type { CallRecord } from "../events/record-shape.ts";
import { formatCount, formatDuration } from "../values/format.ts";
import type { Preview } from "../values/shape.ts";
import { isCounted } from "./functions.ts";
import type { DeckModel } from "./model.ts";
import { nameText } from "./wording.ts";

/** Calls that could have run at once. */
export interface SerialCalls {
  readonly name: string;
  readonly count: number;
  /** Of the call, as written: `report.ts:12:9`. */
  readonly position: string;
  /** What they took one after the other. */
  readonly serialMs: number;
  /** What the longest of them took. */
  readonly parallelMs: number;
  /** All in this process, where they are only faster together if they wait instead of computing. */
  readonly isLocal: boolean;
}

const CALLS_MIN = 3;
/** Less is not worth a sentence. */
const SAVED_MIN_MS = 100;
const ADVICE_MAX = 3;
/** How many calls back a value is looked for within what they gave; equal values are found at any distance. */
const LOOK_BACK_CALLS = 16;

/** What could have run at once; the longest first, three at most. */
export function serialCalls(model: DeckModel): SerialCalls[] {
  if (isCounted(model.run)) return [];
  const { calls } = model.run;
  const found: SerialCalls[] = [];
  const all = model.tree.root ? [model.tree.root] : [];
  const everyCall = [...all, ...model.tree.nodes.map((node) => node.call)];
  for (const [parentId, siblings] of Map.groupBy(everyCall, (call) => call.parentId ?? "")) {
    // Who gave a map its limit meant it.
    if (siblings.length < CALLS_MIN || calls.get(parentId)?.entity === "map") continue;
    for (const loop of Map.groupBy(siblings, placeOf).values()) {
      const advice = adviceFor(loop, siblings, calls);
      if (advice !== undefined) found.push(advice);
    }
  }
  const savedMs = (each: SerialCalls) => each.serialMs - each.parallelMs;
  return found.sort((a, b) => savedMs(b) - savedMs(a)).slice(0, ADVICE_MAX);
}

export interface AdviceWords {
  readonly what: string;
  /** What to write instead. */
  readonly code: string;
  readonly gain: string;
}

/** `12 calls of fetch (In [7]:3:20) ran one after the other; they do not depend on each other:`, what to write, and what for. */
export function adviceWords({
  name,
  count,
  position,
  serialMs,
  parallelMs,
  isLocal,
}: SerialCalls): AdviceWords {
  const parallel = formatDuration(parallelMs);
  const serial = formatDuration(serialMs);
  return {
    what: `${formatCount(count)} calls of ${nameText(name)} (${position}) ran one after the other; they do not depend on each other:`,
    code: "await Promise.all(…)",
    gain: `would take about ${parallel} instead of ${serial}${isLocal ? ", if they wait and do not compute" : ""}`,
  };
}

function placeOf({ name, source }: CallRecord): string {
  return source === undefined ? "" : `${name}\0${source.file}:${source.line}:${source.column}`;
}

function adviceFor(
  loop: readonly CallRecord[],
  siblings: readonly CallRecord[],
  calls: ReadonlyMap<string, CallRecord>,
): SerialCalls | undefined {
  const [first] = loop;
  if (first?.source === undefined || first.entity === "group" || loop.length < CALLS_MIN) {
    return undefined;
  }
  if (!loop.every(({ state }) => state === "ok" || state === "cached")) return undefined;
  const durations = loop.map((call) => (call.endedAt ?? call.createdAt) - call.createdAt);
  const serialMs = durations.reduce((sum, ms) => sum + ms, 0);
  const parallelMs = durations.reduce((longest, ms) => Math.max(longest, ms), 0);
  if (serialMs - parallelMs < SAVED_MIN_MS) return undefined;
  if (!isOneByOne(loop) || !areInputsDifferent(loop) || !doGiveValues(loop)) return undefined;
  if (doDepend(loop, calls) || doesValueGoOn(loop, siblings)) return undefined;
  const { file, line, column } = first.source;
  return {
    name: first.name,
    count: loop.length,
    position: `${nameText(file)}:${line}:${column}`,
    serialMs,
    parallelMs,
    isLocal: loop.every(({ where }) => where === "local"),
  };
}

/** Calls that were made at once and waited for room were not awaited one by one. */
function isOneByOne(loop: readonly CallRecord[]): boolean {
  return loop.every((call, index) => {
    const before = loop[index - 1];
    return before === undefined || (before.endedAt ?? Number.POSITIVE_INFINITY) <= call.createdAt;
  });
}

/** Where nothing comes back something was done, and done in this order for a reason, as far as anybody knows. */
function doGiveValues(loop: readonly CallRecord[]): boolean {
  return loop.some(({ output }) => output !== undefined && output.kind !== "undefined");
}

/** The same question again and again waits for another answer: a job that is not done yet, a call tried again. */
function areInputsDifferent(loop: readonly CallRecord[]): boolean {
  const texts = loop.map(({ inputs }) =>
    inputs.map(({ name, preview }) => `${name}: ${preview.line}`).join(", "),
  );
  return new Set(texts).size === loop.length;
}

/** Whether some call took a value that came, however far around, from an earlier one. */
function doDepend(loop: readonly CallRecord[], calls: ReadonlyMap<string, CallRecord>): boolean {
  const own = new Set(loop.map(({ id }) => id));
  // Ids on the way that lead nowhere are looked at once, for all of the loop.
  const seen = new Set<string>();
  const open = loop.flatMap(({ deps }) => deps);
  while (open.length > 0) {
    const id = open.pop() ?? "";
    if (own.has(id)) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    const call = calls.get(id);
    if (call === undefined) continue;
    open.push(...call.deps);
    // A value of a call made within one of the loop came from there too.
    if (call.parentId !== undefined && own.has(call.parentId)) return true;
  }
  return false;
}

/** Whether an input looks like what an earlier call of the loop gave, or a sibling in between. */
function doesValueGoOn(loop: readonly CallRecord[], siblings: readonly CallRecord[]): boolean {
  const first = loop[0];
  if (first === undefined) return false;
  const givers = siblings
    .filter((call) => call.seq >= first.seq && call.output !== undefined)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  const before = new Set(first.inputs.map(({ preview }) => preview.line));
  const given = new Set<string>();
  let known = 0;
  for (const call of loop) {
    for (; (givers[known]?.endedAt ?? Number.POSITIVE_INFINITY) <= call.createdAt; known++) {
      const line = givers[known]?.output?.line;
      if (line !== undefined) given.add(line);
    }
    const recent = givers.slice(Math.max(0, known - LOOK_BACK_CALLS), known);
    for (const { preview } of call.inputs) {
      // It was there before any of them gave anything.
      if (before.has(preview.line)) continue;
      if (given.has(preview.line)) return true;
      if (recent.some(({ output }) => output && isWithin(preview.line, output))) return true;
    }
  }
  return false;
}

/** Whether a value stands, as a value of its own, in what another shows: the next page in an answer. */
function isWithin(line: string, { line: outer, body }: Preview): boolean {
  if (line === "") return false;
  const text = body?.as === "text" ? `${outer}\n${body.text}` : outer;
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + line.length] ?? " ";
    if (/[\s:[({,>]/.test(before) && /[\s,\])}]/.test(after)) return true;
  }
  return false;
}
