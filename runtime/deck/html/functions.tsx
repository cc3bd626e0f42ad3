/**
 * The table of functions, for runs of too many calls to list.
 * @module
 */
import type { ReactElement } from "react";
import { formatCount, formatDuration } from "../../values/format.ts";
import type { FunctionGroup } from "../functions.ts";
import { functionFill } from "../palette.ts";
import { callText, nameText, outcomeOf } from "../wording.ts";
import { CallName, Code, Muted, Outcome, Swatch } from "./parts.tsx";
import { headCell, styles } from "./styles.ts";
import { CallLine, type Detail, Unfolding } from "./tasks.tsx";
import { type Axis, SpanLane } from "./waterfall.tsx";

/** Makes a row's body as wide as the table, in a column of 25 %. */
const BODY_PERCENT = 390;

/** @param axis the run's, for bars; without it there is no such column. */
export function FunctionTable({
  groups,
  axis,
  nowMs,
  detail,
  isInSession,
}: {
  readonly groups: readonly FunctionGroup[];
  readonly axis?: Axis;
  readonly nowMs: number;
  readonly detail: Detail;
  /** Whether `deck.tasks(name)` can be typed somewhere. */
  readonly isInSession: boolean;
}): ReactElement {
  return (
    <div style={styles.scroll}>
      <table style={styles.table}>
        <thead>
          <tr style={styles.headRow}>
            <th scope="col" style={headCell("left", axis ? "25%" : undefined)}>
              Task{" "}
            </th>
            <th scope="col" style={headCell("right", 42)}>
              Failed{" "}
            </th>
            <th scope="col" style={headCell("right", 46)}>
              Cached{" "}
            </th>
            <th scope="col" style={headCell("right", 56)}>
              Median{" "}
            </th>
            <th scope="col" style={headCell("right", 56)}>
              p95{" "}
            </th>
            <th scope="col" style={headCell("left", 90)}>
              Spread{" "}
            </th>
            <th scope="col" style={headCell("right", 64)}>
              Total{" "}
            </th>
            {axis ? (
              <th scope="col" style={headCell("left")}>
                0 – {formatDuration(axis.wallMs)}{" "}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {groups.map((group, index) => (
            <tr key={group.name} style={styles.row}>
              <td style={styles.cell}>
                <FunctionName
                  group={group}
                  fill={functionFill(index)}
                  nowMs={nowMs}
                  // Without a lane the column takes what is left, which no percentage describes.
                  detail={axis === undefined ? "none" : detail}
                  isInSession={isInSession}
                />
              </td>
              <td style={styles.cellNumber}>
                <Amount count={group.counts.get("failed") ?? 0} />{" "}
              </td>
              <td style={styles.cellNumber}>
                <Muted>{formatCount(group.counts.get("cached") ?? 0)}</Muted>{" "}
              </td>
              <td style={styles.cellNumber}>{group.median} </td>
              <td style={styles.cellNumber}>{group.p95} </td>
              <td style={styles.cellNoWrap}>
                <Code>{group.spread}</Code>{" "}
              </td>
              <td style={styles.cellNumber}>{group.total} </td>
              {axis ? (
                <td style={styles.cellLane}>
                  <SpanLane extent={group.extent} model={axis} fill={functionFill(index)} />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FunctionName({
  group,
  fill,
  nowMs,
  detail,
  isInSession,
}: {
  readonly group: FunctionGroup;
  readonly fill: string;
  readonly nowMs: number;
  readonly detail: Detail;
  readonly isInSession: boolean;
}): ReactElement {
  if (group.only) {
    const call = group.only;
    const head = (
      <>
        <Swatch fill={fill} />
        <CallName call={call} />
        <Outcome call={call} />
      </>
    );
    const title = `${callText(call)} → ${outcomeOf(call)?.text ?? ""}`;
    return <Unfolding depth={0} title={title} head={head} body={undefined} />;
  }
  const hasBody = detail === "all" || (detail === "failed" && group.failed.length > 0);
  const head = (
    <>
      <Swatch fill={fill} />
      <Code>
        <b>{nameText(group.name)}</b>
      </Code>{" "}
      <Muted>× {formatCount(group.count)}</Muted>
    </>
  );
  return (
    <Unfolding
      depth={0}
      title={`${nameText(group.name)} × ${formatCount(group.count)}`}
      head={head}
      body={
        hasBody ? (
          <FunctionBody
            group={detail === "all" ? group : { ...group, slowest: [] }}
            nowMs={nowMs}
            isInSession={isInSession}
          />
        ) : undefined
      }
      bodyPercent={BODY_PERCENT}
    />
  );
}

function FunctionBody({
  group,
  nowMs,
  isInSession,
}: {
  readonly group: FunctionGroup;
  readonly nowMs: number;
  readonly isInSession: boolean;
}): ReactElement {
  const shown = new Set([...group.slowest, ...group.failed]).size;
  const left = group.count - shown;
  return (
    <>
      {group.slowest.length > 0 ? (
        <div style={styles.small}>slowest {formatCount(group.slowest.length)} </div>
      ) : null}
      {group.slowest.map((call) => (
        <CallLine key={call.id} call={call} nowMs={nowMs} label={call.id} />
      ))}
      {group.failed.length > 0 ? (
        <div style={styles.small}>
          failed: {formatCount(group.failed.length)} of{" "}
          {formatCount(group.counts.get("failed") ?? 0)}{" "}
        </div>
      ) : null}
      {group.failed.map((call) => (
        <CallLine key={call.id} call={call} nowMs={nowMs} label={call.id} />
      ))}
      {left > 0 ? (
        <div style={styles.small}>
          {formatCount(left)} more
          {isInSession ? `: deck.tasks(${JSON.stringify(nameText(group.name))})` : ""}{" "}
        </div>
      ) : null}
    </>
  );
}

function Amount({ count }: { readonly count: number }): ReactElement {
  return count > 0 ? <b>{formatCount(count)}</b> : <Muted>{formatCount(count)}</Muted>;
}
