/**
 * Every call of a run, for pages: 200 rows to a `<details>`, so that a browser lays out only what is opened.
 *
 * A row takes 450 bytes, else 10,000 of them would not fit into a page.
 * @module
 */
import type { ReactElement } from "react";
import { formatCount, formatDuration } from "../../values/format.ts";
import type { DeckModel } from "../model.ts";
import { CALL_LOOKS } from "../palette.ts";
import type { CallNode } from "../tree.ts";
import { timeText } from "../wording.ts";
import { CallBody } from "./call-body.tsx";
import { Badge, CallName, OutcomeText, Section } from "./parts.tsx";
import { headCell, styles } from "./styles.ts";
import { type Detail, Unfolding } from "./tasks.tsx";
import { CallLane } from "./waterfall.tsx";

const ROWS_PER_PART = 200;

export function AllCalls({
  model,
  detail,
}: {
  readonly model: DeckModel;
  readonly detail: Detail;
}): ReactElement {
  const { nodes } = model.tree;
  const parts: CallNode[][] = [];
  for (let from = 0; from < nodes.length; from += ROWS_PER_PART) {
    parts.push(nodes.slice(from, from + ROWS_PER_PART));
  }
  const uncounted = model.tasks - nodes.length;
  return (
    <Section title="All calls" note={`${formatCount(nodes.length)} in order of call`} open={false}>
      {parts.map((part, index) => (
        <details key={part[0]?.call.id} style={styles.section} open={parts.length === 1}>
          <summary style={styles.sectionHead}>
            {formatCount(index * ROWS_PER_PART + 1)} –{" "}
            {formatCount(index * ROWS_PER_PART + part.length)}{" "}
            <span style={styles.sectionNote}>
              {part[0]?.call.id} to {part.at(-1)?.call.id}{" "}
            </span>
          </summary>
          <CallTable model={model} nodes={part} detail={detail} />
        </details>
      ))}
      {uncounted > 0 ? (
        <div style={styles.small}>… {formatCount(uncounted)} more that are only counted </div>
      ) : null}
    </Section>
  );
}

function CallTable({
  model,
  nodes,
  detail,
}: {
  readonly model: DeckModel;
  readonly nodes: readonly CallNode[];
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
            <th scope="col" style={headCell("right", 64)}>
              Time{" "}
            </th>
            <th scope="col" style={headCell("left")}>
              0 – {formatDuration(model.wallMs)}{" "}
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <Row key={node.call.id} node={node} model={model} detail={detail} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  node: { call, depth },
  model,
  detail,
}: {
  readonly node: CallNode;
  readonly model: DeckModel;
  readonly detail: Detail;
}): ReactElement {
  const hasBody = detail === "all" || (detail === "failed" && call.state === "failed");
  return (
    <tr style={styles.row}>
      <td style={styles.cell}>
        <Unfolding
          depth={depth}
          head={
            <>
              <Badge look={CALL_LOOKS[call.state]} />
              <CallName call={call} />
            </>
          }
          body={hasBody ? <CallBody call={call} run={model.run} /> : undefined}
        />
      </td>
      <td style={styles.cell}>
        <div style={styles.clip}>
          <OutcomeText call={call} />{" "}
        </div>
      </td>
      <td style={styles.cellNumber}>{timeText(call, model.endMs)} </td>
      <td style={styles.cellLane}>
        <CallLane call={call} model={model} />
      </td>
    </tr>
  );
}
