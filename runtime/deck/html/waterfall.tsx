/**
 * When a call waited and ran, as a bar in a lane as wide as the run.
 * @module
 */
import type { ReactElement } from "react";
import type { CallRecord } from "../../events/record-shape.ts";
import { formatDuration, formatOffset } from "../../values/format.ts";
import type { FunctionGroup } from "../functions.ts";
import type { DeckModel } from "../model.ts";
import { CALL_LOOKS, FILLS } from "../palette.ts";
import { startOf } from "../tree.ts";
import { Hidden } from "./parts.tsx";
import { barStyle, queueStyle, styles, underlineStyle } from "./styles.ts";

/** What a lane spans. */
export type Axis = Pick<DeckModel, "startMs" | "wallMs">;

export function CallLane({
  call,
  model,
}: {
  readonly call: CallRecord;
  readonly model: DeckModel;
}): ReactElement {
  const share = shareOf(model);
  const startedAt = startOf(call);
  const endedAt = call.endedAt ?? model.endMs;
  const isCritical = model.critical.has(call.id);
  const { word, fill } = CALL_LOOKS[call.state];
  if (startedAt === undefined) {
    return (
      <div style={styles.lane}>
        <Hidden>{`${formatOffset(call.createdAt - model.startMs)}, ${call.endedAt === undefined ? "not started yet" : "never started"}`}</Hidden>
        <div style={queueStyle(share(call.createdAt), share(endedAt))} />
      </div>
    );
  }
  const last = call.attempts.at(-1)?.startedAt ?? startedAt;
  const path = isCritical ? ", critical path" : "";
  return (
    <div style={styles.lane}>
      <Hidden>{`${formatOffset(startedAt - model.startMs)}${path}`}</Hidden>
      {share(startedAt) - share(call.createdAt) > 0.001 ? (
        <div style={queueStyle(share(call.createdAt), share(startedAt))} />
      ) : null}
      {call.attempts.slice(0, -1).map((attempt) => (
        <div
          key={attempt.n}
          title={`attempt ${attempt.n} failed`}
          style={barStyle(FILLS.retry, share(attempt.startedAt), share(attempt.endedAt ?? last))}
        />
      ))}
      <div
        title={`${word} ${formatDuration(endedAt - startedAt)}`}
        style={barStyle(fill, share(last), share(endedAt))}
      />
      {isCritical ? (
        <div
          title="on the critical path"
          style={underlineStyle(share(startedAt), share(endedAt))}
        />
      ) : null}
    </div>
  );
}

/** One bar for calls that share a row. */
export function SpanLane({
  extent,
  model,
  fill,
  isCritical = false,
}: {
  /** Undefined while none of them has started. */
  readonly extent: FunctionGroup["extent"] | undefined;
  readonly model: Axis;
  readonly fill: string;
  readonly isCritical?: boolean;
}): ReactElement {
  if (extent === undefined) return <div style={styles.lane} />;
  const share = shareOf(model);
  const { startMs: from, endMs: to } = extent;
  return (
    <div style={styles.lane}>
      <Hidden>{`${formatOffset(from - model.startMs)} to ${formatOffset(to - model.startMs)}`}</Hidden>
      <div style={barStyle(fill, share(from), share(to))} />
      {isCritical ? (
        <div title="on the critical path" style={underlineStyle(share(from), share(to))} />
      ) : null}
    </div>
  );
}

/** A moment as a share of the run; a run that took no time is all of it. */
function shareOf({ startMs, wallMs }: Axis) {
  return (atMs: number) => (wallMs <= 0 ? 0 : (atMs - startMs) / wallMs);
}
