/**
 * The table of calls, one row each; a row unfolds to all that is known of its call.
 * @module
 */
import type { ReactElement, ReactNode } from "react";
import type { CallRecord } from "../../events/record-shape.ts";
import { formatCount, formatDuration } from "../../values/format.ts";
import { extentOf } from "../functions.ts";
import type { DeckModel } from "../model.ts";
import { CALL_LOOKS } from "../palette.ts";
import { type FoldRow, rowCalls, rowKey, sizeOf, stateOf, type TreeRow } from "../rows.ts";
import type { CallNode } from "../tree.ts";
import { callText, countsText, nameText, outcomeOf, timeText } from "../wording.ts";
import { CallBody } from "./call-body.tsx";
import { Badge, CallName, Code, ExecutionLink, Muted, Outcome, OutcomeText } from "./parts.tsx";
import { headCell, rowBodyStyle, styles } from "./styles.ts";
import { CallLane, SpanLane } from "./waterfall.tsx";

const INDENT_PX = 20;
const DEPTH_MAX = 10;
/** Makes a row's body as wide as the table: 97.3 % of it, in a column of 33 %. */
const BODY_PERCENT = 295;
const FOLD_LINES_MAX = 50;

/** How much of a row unfolds: less when the deck grows too large. */
export type Detail = "all" | "failed" | "none";

export function TaskTable({
  model,
  rows,
  detail,
}: {
  readonly model: DeckModel;
  readonly rows: readonly TreeRow[];
  readonly detail: Detail;
}): ReactElement {
  return (
    <div style={styles.scroll}>
      <table style={styles.table}>
        <thead>
          <tr style={styles.headRow}>
            <th scope="col" style={headCell("left", "33%")}>
              Task (inputs){" "}
            </th>
            <th scope="col" style={headCell("left", "24%")}>
              Output{" "}
            </th>
            {model.isWhereShown ? (
              <th scope="col" style={headCell("left", 66)}>
                Where{" "}
              </th>
            ) : null}
            {model.areTriesShown ? (
              <th scope="col" style={headCell("right", 36)}>
                Tries{" "}
              </th>
            ) : null}
            <th scope="col" style={headCell("right", 64)}>
              Time{" "}
            </th>
            <th scope="col" style={headCell("left")}>
              0 – {formatDuration(model.wallMs)}{" "}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) =>
            row.kind === "fold" ? (
              <FoldedRow key={rowKey(row)} row={row} model={model} detail={detail} />
            ) : (
              <CallTableRow
                key={rowKey(row)}
                node={row.node}
                depth={row.depth}
                model={model}
                detail={detail}
              />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function CallTableRow({
  node: { call },
  depth,
  model,
  detail,
}: {
  readonly node: CallNode;
  readonly depth: number;
  readonly model: DeckModel;
  readonly detail: Detail;
}): ReactElement {
  const name = (
    <>
      <Badge look={CALL_LOOKS[call.state]} />
      <CallName call={call} />
    </>
  );
  const hasBody = detail === "all" || (detail === "failed" && call.state === "failed");
  return (
    <tr style={styles.row}>
      <td style={styles.cell}>
        <Unfolding
          depth={depth}
          title={callText(call)}
          head={name}
          body={hasBody ? <CallBody call={call} run={model.run} /> : undefined}
        />
      </td>
      <td style={styles.cell}>
        <div style={styles.clip} title={outcomeOf(call)?.text}>
          <OutcomeText call={call} />{" "}
        </div>
      </td>
      {model.isWhereShown ? <WhereCell call={call} /> : null}
      {model.areTriesShown ? (
        <td style={styles.cellNumber}>
          {call.attempts.length > 1 ? (
            <b>{formatCount(call.attempts.length)}</b>
          ) : (
            <Muted>{formatCount(call.attempts.length)}</Muted>
          )}{" "}
        </td>
      ) : null}
      <td style={styles.cellNumber}>{timeText(call, model.endMs)} </td>
      <td style={styles.cellLane}>
        <CallLane call={call} model={model} />
      </td>
    </tr>
  );
}

/** Calls of one caller to the same function. */
function FoldedRow({
  row,
  model,
  detail,
}: {
  readonly row: FoldRow;
  readonly model: DeckModel;
  readonly detail: Detail;
}): ReactElement {
  const calls = row.nodes.map((node) => node.call);
  const extent = extentOf(rowCalls(row), model.endMs);
  const size = formatCount(sizeOf(row));
  const look = CALL_LOOKS[stateOf(row)];
  return (
    <tr style={styles.row}>
      <td style={styles.cell}>
        <Unfolding
          depth={row.depth}
          title={`${nameText(row.name)} × ${size}`}
          head={
            <>
              <Badge look={look} />
              <Code>
                <b>{nameText(row.name)}</b>
              </Code>{" "}
              <Muted>× {size}</Muted>
            </>
          }
          body={detail === "none" ? undefined : <FoldBody row={row} model={model} />}
        />
      </td>
      <td style={styles.cell}>
        <div style={styles.clip}>
          <Muted>{countsText(row.counts)}</Muted>{" "}
        </div>
      </td>
      {model.isWhereShown ? <td style={styles.cell} /> : null}
      {model.areTriesShown ? <td style={styles.cell} /> : null}
      <td style={styles.cellNumber}>
        {extent ? formatDuration(extent.endMs - extent.startMs) : ""}{" "}
      </td>
      <td style={styles.cellLane}>
        <SpanLane
          extent={extent}
          model={model}
          fill={look.fill}
          isCritical={[...calls, ...rowCalls(row)].some((call) => model.critical.has(call.id))}
        />
      </td>
    </tr>
  );
}

/** What a map came to, then its calls, or those that share a row, one line each. */
function FoldBody({
  row,
  model,
}: {
  readonly row: FoldRow;
  readonly model: DeckModel;
}): ReactElement {
  const shown = row.nodes.slice(0, FOLD_LINES_MAX);
  const left = sizeOf(row) - shown.length;
  return (
    <>
      {row.map ? <CallBody call={row.map.call} run={model.run} /> : null}
      {shown.map(({ call }) => (
        <CallLine key={call.id} call={call} nowMs={model.endMs} />
      ))}
      {left > 0 ? <div style={styles.small}>… {formatCount(left)} more </div> : null}
    </>
  );
}

/** A call as one line of a body. */
export function CallLine({
  call,
  nowMs,
  label,
}: {
  readonly call: CallRecord;
  readonly nowMs: number;
  readonly label?: string;
}): ReactElement {
  return (
    <div style={styles.line}>
      <Badge look={CALL_LOOKS[call.state]} />
      <CallName call={call} />
      <Outcome call={call} />{" "}
      <Muted>
        · {timeText(call, nowMs)}
        {label === undefined ? "" : ` · ${label}`}{" "}
        {call.link === undefined ? null : (
          <>
            · <ExecutionLink call={call}>{call.where}</ExecutionLink>{" "}
          </>
        )}
      </Muted>
    </div>
  );
}

/** A first cell: a line that unfolds, or just a line where there is nothing behind it. */
export function Unfolding({
  depth,
  title,
  head,
  body,
  bodyPercent = BODY_PERCENT,
}: {
  readonly depth: number;
  /** The whole line, for whoever hovers over one that is cut. */
  readonly title?: string;
  readonly head: ReactNode;
  readonly body: ReactNode;
  readonly bodyPercent?: number;
}): ReactElement {
  const indentPx = Math.min(depth, DEPTH_MAX) * INDENT_PX;
  if (body === undefined) {
    // As far to the right as the text of a line with a triangle.
    return (
      <div style={{ ...styles.clip, paddingLeft: indentPx + 13 }} title={title}>
        {head}{" "}
      </div>
    );
  }
  return (
    <details style={{ margin: 0, paddingLeft: indentPx }}>
      <summary style={styles.summary} title={title}>
        {head}{" "}
      </summary>
      <div style={rowBodyStyle(bodyPercent, indentPx)}>{body}</div>
    </details>
  );
}

function WhereCell({ call }: { readonly call: CallRecord }): ReactElement {
  return (
    <td style={styles.cellNoWrap}>
      <ExecutionLink call={call}>{call.where}</ExecutionLink>{" "}
    </td>
  );
}
