/**
 * Which calls of an earlier run another run may take instead of making them again.
 *
 * A call is the same when it stands at the same place (names from the outermost call down, and how many of each name came
 * before) and has the same inputs.
 * @module
 */
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import { encodeValue } from "../values/encode.ts";
import type { Reuse } from "../workflow/run.ts";

/** The values that an earlier call had, as they were written down when they existed. */
export interface EarlierValues {
  /** Each input as text. */
  readonly inputTexts: Readonly<Record<string, string>>;
  /** Names of inputs that could not be kept. */
  readonly missing: readonly string[];
  readonly outcome?: { readonly value: unknown };
  /** Why there is no value. */
  readonly outcomeMissing?: string;
}

/**
 * @param run that has ended, or whose process has.
 * @param valuesOf of one of its calls; asked when the same call is made again.
 */
export function reusePlan(
  run: RunRecord,
  valuesOf: (call: CallRecord) => EarlierValues | undefined,
): Reuse {
  const places = placesOf(run);
  return ({ path, nths, version, inputs }) => {
    const call = places.get(placeOf(path, nths));
    if (call === undefined) return { why: "not in the run before" };
    if (call.state !== "ok" && call.state !== "cached")
      return { why: `${call.id} was ${call.state}` };
    const values = valuesOf(call);
    if (values === undefined) return { why: `the values of ${call.id} were not kept` };
    if (values.missing.length > 0) {
      return { why: `the input ${values.missing.join(", ")} of ${call.id} was not kept` };
    }
    if (!areSame(inputs, values)) return { why: `its inputs are not those of ${call.id}` };
    if (values.outcome === undefined) {
      return { why: `the value of ${call.id} ${values.outcomeMissing ?? "was not kept"}` };
    }
    return {
      value: values.outcome.value,
      callId: call.id,
      isChanged: call.version !== version,
    };
  };
}

function placeOf(path: readonly string[], nths: readonly number[]): string {
  return JSON.stringify(path.map((name, index) => [name, nths[index]]));
}

function placesOf(run: RunRecord): Map<string, CallRecord> {
  const places = new Map<string, CallRecord>();
  const known = new Map<
    string,
    { readonly path: readonly string[]; readonly nths: readonly number[] }
  >();
  const counts = new Map<string, number>();
  const ordered = [...run.calls.values()].sort((a, b) => a.seq - b.seq);
  for (const call of ordered) {
    const parent = call.parentId === undefined ? { path: [], nths: [] } : known.get(call.parentId);
    // Of a parent without a record the place is not known.
    if (parent === undefined) continue;
    const siblings = JSON.stringify([call.parentId ?? "", call.parentAttempt ?? 1, call.name]);
    const nth = counts.get(siblings) ?? 0;
    counts.set(siblings, nth + 1);
    const place = { path: [...parent.path, call.name], nths: [...parent.nths, nth] };
    known.set(call.id, place);
    // Of several attempts of its parent the last one counts, unless it did not get so far.
    const key = placeOf(place.path, place.nths);
    const isGood = call.state === "ok" || call.state === "cached";
    if (isGood || !places.has(key)) places.set(key, call);
  }
  return places;
}

/** By what is written of them: what cannot be written may differ where nobody sees it. */
function areSame(
  inputs: Readonly<Record<string, unknown>>,
  { inputTexts }: EarlierValues,
): boolean {
  const names = Object.keys(inputs);
  if (names.length !== Object.keys(inputTexts).length) return false;
  return names.every((name) => {
    const now = encodeValue(inputs[name], { name });
    return "text" in now && now.text === inputTexts[name];
  });
}
