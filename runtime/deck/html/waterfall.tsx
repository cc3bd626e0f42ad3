/**
 * When a call waited and ran, as a bar in a lane as wide as the run.
 * @module
 */
import type { ReactElement } from "react";
import type { CallRecord } from "../../events/record-shape.ts";
import { formatDuration, formatOffset } from "../../values/format.ts";
import type { DeckModel } from "../model.ts";
import { CALL_LOOKS, FILLS } from "../palette.ts";
import { worstOf } from "../rows.ts";
import { Hidden } from "./parts.tsx";
import { barStyle, queueStyle, styles, underlineStyle } from "./styles.ts";

export function CallLane({
  call,
  model,
}: {
  readonly call: CallRecord;
  readonly model: DeckModel;
}): ReactElement {
  const share = shareOf(model);
  const { startedAt, endedAt = model.endMs } = call;
  const isCritical = model.critical.has(call.id);
  const { word, fill } = CALL_LOOKS[call.state];
  if (startedAt === undefined) {
    return (
      <div style={styles.lane}>
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
  calls,
  model,
  fill,
}: {
  readonly calls: readonly CallRecord[];
  readonly model: Pick<DeckModel, "startMs" | "endMs" | "wallMs" | "critical">;
  /** Default: that of the worst state. */
  readonly fill?: string;
}): ReactElement {
  const started = calls.filter((call) => call.startedAt !== undefined);
  if (started.length === 0) return <div style={styles.lane} />;
  const share = shareOf(model);
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const call of started) {
    from = Math.min(from, call.startedAt ?? call.createdAt);
    to = Math.max(to, call.endedAt ?? model.endMs);
  }
  // In the colour of a function the bar stands for all its calls, of which few are on the path.
  const isCritical = fill === undefined && calls.some((call) => model.critical.has(call.id));
  return (
    <div style={styles.lane}>
      <Hidden>{`${formatOffset(from - model.startMs)} to ${formatOffset(to - model.startMs)}`}</Hidden>
      <div style={barStyle(fill ?? CALL_LOOKS[worstOf(calls)].fill, share(from), share(to))} />
      {isCritical ? (
        <div title="on the critical path" style={underlineStyle(share(from), share(to))} />
      ) : null}
    </div>
  );
}

/** A moment as a share of the run; a run that took no time is all of it. */
function shareOf({ startMs, wallMs }: Pick<DeckModel, "startMs" | "wallMs">) {
  return (atMs: number) => (wallMs <= 0 ? 0 : (atMs - startMs) / wallMs);
}
