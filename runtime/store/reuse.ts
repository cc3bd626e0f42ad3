/**
 * Which calls of an earlier run another run may take instead of making them again.
 *
 * A call is the same when it stands at the same place (names from the outermost call down, and how many of each name came
 * before) and has the same inputs.
 * @module
 */
import { hash } from "ohash";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";
import type { Reuse } from "../workflow/run.ts";
import { encodeValue } from "./values.ts";

/** The values that an earlier call had. */
export interface EarlierValues {
  /** As stored when the call was made; absent when only `inputs` are known. */
  readonly inputTexts?: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, unknown>>;
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
    const siblings = JSON.stringify([call.parentId ?? "", call.name]);
    const nth = counts.get(siblings) ?? 0;
    counts.set(siblings, nth + 1);
    const place = { path: [...parent.path, call.name], nths: [...parent.nths, nth] };
    known.set(call.id, place);
    places.set(placeOf(place.path, place.nths), call);
  }
  return places;
}

function areSame(inputs: Readonly<Record<string, unknown>>, before: EarlierValues): boolean {
  const names = Object.keys(inputs);
  if (names.length !== Object.keys(before.inputs).length) return false;
  return names.every((name) => {
    if (!Object.hasOwn(before.inputs, name)) return false;
    const text = before.inputTexts?.[name];
    if (text !== undefined) {
      const now = encodeValue(inputs[name], name);
      if ("text" in now && now.text === text) return true;
    }
    // The order of keys makes no difference to what a value is.
    return hash(inputs[name]) === hash(before.inputs[name]);
  });
}
