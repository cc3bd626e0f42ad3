/**
 * The deck of one run, its live picture, and the short form for runs that one line per call tells completely.
 * @module
 */
import type { ReactElement, ReactNode } from "react";
import type { CallRecord, RunRecord } from "../../events/record-shape.ts";
import { counted, formatCount } from "../../values/format.ts";
import { adviceWords, serialCalls } from "../advice.ts";
import { sharedNote } from "../execution.ts";
import { runGroups } from "../functions.ts";
import type { DeckModel } from "../model.ts";
import { CALL_LOOKS } from "../palette.ts";
import {
  type ChosenRows,
  foldRows,
  rowCalls,
  rowKey,
  sizeOf,
  stateOf,
  type TreeRow,
} from "../rows.ts";
import type { CallTree } from "../tree.ts";
import { countsText, nameText, placeText, timeText } from "../wording.ts";
import { CallBody } from "./call-body.tsx";
import { FailureSection, GivenUpLines } from "./failures.tsx";
import type { DeckForm } from "./fit.ts";
import { FunctionTable } from "./functions.tsx";
import { DeckHeader, LiveHeader } from "./header.tsx";
import {
  Badge,
  Box,
  CallName,
  Code,
  ExecutionLink,
  Muted,
  Outcome,
  Section,
  Segments,
} from "./parts.tsx";
import { GraphSection, TimeSection } from "./pictures.tsx";
import { RunSection } from "./run-facts.tsx";
import { styles } from "./styles.ts";
import { type Detail, TaskTable } from "./tasks.tsx";

export function Deck({
  model,
  form: { detail, rows, functionsMax, pictures, remarks },
  page,
  children,
}: {
  readonly model: DeckModel;
  readonly form: DeckForm;
  /** Path of this run's page, or why there is none. */
  readonly page?: string | undefined;
  /** Sections before the last one: decks of the user's own, and what only a page has. */
  readonly children?: ReactNode;
}): ReactElement {
  return (
    <Box>
      <DeckHeader model={model} />
      <FailureSection failures={model.failures} />
      <GivenUpLines run={model.run} />
      {model.run.calls.size === 0 ? null : rows === "functions" ? (
        <FunctionSection model={model} detail={detail} rowsMax={functionsMax} />
      ) : (
        <TaskSection model={model} detail={detail} />
      )}
      <AdviceLines model={model} />
      {remarks.map((remark) => (
        <div key={remark} style={styles.small}>
          {remark}{" "}
        </div>
      ))}
      {pictures.time ? <TimeSection picture={pictures.time} wallMs={model.wallMs} /> : null}
      {pictures.graph ? <GraphSection parts={pictures.graph} /> : null}
      {children}
      <RunSection run={model.run} page={page} />
    </Box>
  );
}

/** Calls that awaited each other for nothing. */
function AdviceLines({ model }: { readonly model: DeckModel }): ReactElement {
  return (
    <>
      {serialCalls(model)
        .map(adviceWords)
        .map(({ what, code, gain }) => (
          <div key={what} style={styles.advice}>
            {what} <code style={styles.codeWrapped}>{code}</code> {gain}{" "}
          </div>
        ))}
    </>
  );
}

function TaskSection({
  model,
  detail,
}: {
  readonly model: DeckModel;
  readonly detail: Detail;
}): ReactElement {
  const notes = model.tasks > 1 ? [`${model.tasks} in order of call`] : [];
  if (model.critical.size > 0) {
    const path = model.isCriticalApproximate ? "approximate critical path" : "critical path";
    notes.push(`an underlined bar is on the ${path}`);
  }
  if (model.tree.nodes.some(({ call }) => (call.startedAt ?? 0) > call.createdAt)) {
    notes.push("the thin line before a bar is time in the queue");
  }
  return (
    <Section title="Tasks" note={notes.join(" · ")} open>
      <TaskTable model={model} rows={foldRows(model.tree)} detail={detail} />
    </Section>
  );
}

function FunctionSection({
  model,
  detail,
  rowsMax,
}: {
  readonly model: DeckModel;
  readonly detail: Detail;
  readonly rowsMax: number;
}): ReactElement {
  const groups = runGroups(model.run, model.tree, model.endMs);
  const shown = groups.slice(0, rowsMax);
  const left = groups.length - shown.length;
  const note = `${counted(model.tasks, "call")} of ${counted(groups.length, "task")}, grouped`;
  return (
    <Section title="Tasks" note={note} open>
      <FunctionTable
        groups={shown}
        axis={model}
        nowMs={model.endMs}
        detail={detail}
        isInSession={model.run.cell !== undefined}
      />
      {left > 0 ? <div style={styles.small}>… {counted(left, "more function")} </div> : null}
    </Section>
  );
}

/** Nothing in it unfolds: the next frame would close it again. */
export function LiveTree({
  model,
  chosen,
  nowMs,
}: {
  readonly model: DeckModel;
  readonly chosen: ChosenRows;
  readonly nowMs: number;
}): ReactElement {
  return (
    <Box>
      <LiveHeader model={model} nowMs={nowMs} />
      <div style={{ height: 6 }} />
      <div style={styles.scroll}>
        <table style={styles.liveTable}>
          <colgroup>
            <col />
            <col style={{ width: 150 }} />
            <col style={{ width: 76 }} />
          </colgroup>
          <tbody>
            {chosen.rows.map((row) => (
              <LiveRow key={rowKey(row)} row={row} model={model} />
            ))}
          </tbody>
        </table>
      </div>
      {chosen.left === "" ? null : <div style={styles.small}>… {chosen.left} </div>}
    </Box>
  );
}

function LiveRow({
  row,
  model,
}: {
  readonly row: TreeRow;
  readonly model: DeckModel;
}): ReactElement {
  const indent = { ...styles.clip, paddingLeft: Math.min(row.depth, 10) * 20 };
  if (row.kind === "fold") {
    return (
      <tr style={styles.headRow}>
        <td style={styles.liveCell}>
          <div style={indent}>
            <Badge look={CALL_LOOKS[stateOf(row)]} />
            <Code>
              <b>{nameText(row.name)}</b>
            </Code>{" "}
            <Muted>
              × {formatCount(sizeOf(row))} {"\u00a0 "}
              {countsText(row.counts)} {"\u00a0 "}
              {sharedNote(rowCalls(row))}{" "}
            </Muted>
          </div>
        </td>
        <td style={styles.liveCell}>
          <Segments counts={row.counts} />
        </td>
        <td style={styles.liveTime} />
      </tr>
    );
  }
  const { call } = row.node;
  return (
    <tr style={styles.headRow}>
      <td style={styles.liveCell}>
        <div style={indent}>
          <Badge look={CALL_LOOKS[call.state]} />
          <CallName call={call} />
          <Outcome call={call} />{" "}
        </div>
      </td>
      <td style={styles.liveCell}>
        <Muted>
          <ExecutionLink call={call}>{placeText(call, model.isWhereShown)}</ExecutionLink>{" "}
        </Muted>
      </td>
      <td style={styles.liveTime}>{timeText(call, model.endMs)} </td>
    </tr>
  );
}

/** No frame, one line per call, each unfolding as a row of the table does. */
export function TrivialDeck({
  run,
  tree,
}: {
  readonly run: RunRecord;
  readonly tree: CallTree;
}): ReactElement {
  const lines: { call: CallRecord; depth: number }[] = tree.nodes.map(({ call, depth }) => ({
    call,
    depth: tree.root ? depth + 1 : depth,
  }));
  if (tree.root) lines.unshift({ call: tree.root, depth: 0 });
  return (
    <div className="eagerdeck" style={styles.plain}>
      {lines.map(({ call, depth }) => (
        <details key={call.id} style={{ margin: 0, paddingLeft: depth * 20 }}>
          <summary style={styles.summary}>
            <Badge look={CALL_LOOKS[call.state]} />
            <CallName call={call} />
            <Outcome call={call} />{" "}
            <Muted>· {timeText(call, call.endedAt ?? call.createdAt)} </Muted>
          </summary>
          <div style={{ padding: "4px 0 6px 22px" }}>
            <CallBody call={call} run={run} />
          </div>
        </details>
      ))}
    </div>
  );
}
