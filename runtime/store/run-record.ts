/**
 * A folded run as JSON text and back.
 * @module
 */

import type { GroupRecord } from "../events/groups.ts";
import type { CallRecord, RunRecord } from "../events/record-shape.ts";

interface PackedGroup extends Omit<GroupRecord, "counts" | "bins"> {
  readonly counts: readonly (readonly [string, number])[];
  /** Index and count of each bin that is not empty. */
  readonly bins: readonly (readonly [number, number])[];
}

export function packRun(run: RunRecord): string {
  const { calls, counts, groups, ...rest } = run;
  const packedGroups: PackedGroup[] = Array.from(groups?.values() ?? [], (group) => ({
    ...group,
    counts: [...group.counts],
    bins: Array.from(group.bins.entries()).filter(([, count]) => count > 0),
  }));
  return JSON.stringify({
    ...rest,
    calls: [...calls.values()],
    counts: [...(counts ?? [])],
    groups: packedGroups,
  });
}

/** @throws {SyntaxError} when it is no JSON. What is missing in an older text is left out. */
export function unpackRun(text: string): RunRecord {
  const { calls, counts, groups, ...rest } = JSON.parse(text) as Omit<
    RunRecord,
    "calls" | "counts" | "groups"
  > & {
    readonly calls: readonly CallRecord[];
    readonly counts: readonly (readonly [never, number])[];
    readonly groups: readonly PackedGroup[];
  };
  return {
    ...rest,
    calls: new Map(calls.map((call) => [call.id, call])),
    counts: new Map(counts),
    groups: new Map(groups.map((group) => [group.name, unpackGroup(group)])),
  };
}

const BINS = 256;

function unpackGroup({ counts, bins, ...rest }: PackedGroup): GroupRecord {
  const filled = new Uint32Array(BINS);
  for (const [index, count] of bins) filled[index] = count;
  return {
    ...rest,
    counts: new Map(counts as readonly (readonly [never, number])[]),
    bins: filled,
  };
}
