/**
 * What failed and why, above everything else.
 * @module
 */
import type { ReactElement } from "react";
import type { RunRecord } from "../../events/record-shape.ts";
import { counted, formatCount } from "../../values/format.ts";
import { errorLines } from "../error-lines.ts";
import { executionText, givenUpOf } from "../execution.ts";
import type { FailurePanel, Failures } from "../failures.ts";
import { CALL_LOOKS } from "../palette.ts";
import { inputsText, lineText, logText, nameText } from "../wording.ts";
import { Badge, CallName, Code, ExecutionLink, Muted, Section } from "./parts.tsx";
import { headCell, styles } from "./styles.ts";

export function FailureSection({ failures }: { readonly failures: Failures }): ReactElement | null {
  const { panels, panelsLeft, handled, handledLeft, summary } = failures;
  if (panels.length === 0 && handled.length === 0) return null;
  return (
    <Section title="Errors" note={summary} open>
      {panels.map((panel) => (
        <Panel key={panel.call?.id ?? ""} panel={panel} />
      ))}
      {panelsLeft > 0 ? (
        <div style={styles.small}>… {counted(panelsLeft, "more failure")} </div>
      ) : null}
      {handled.length > 0 ? <HandledTable failures={failures} /> : null}
      {handledLeft > 0 ? (
        <div style={styles.small}>… {formatCount(handledLeft)} more kinds of handled failures </div>
      ) : null}
    </Section>
  );
}

/** What an interrupt left to look after. */
export function GivenUpLines({ run }: { readonly run: RunRecord }): ReactElement | null {
  const { head, command, calls, left } = givenUpOf(run);
  if (calls.length === 0) return null;
  return (
    <div style={{ ...styles.body, marginTop: 8 }}>
      <Muted>{head}</Muted> {command === undefined ? null : <Code>{command}</Code>}{" "}
      {calls.map((call) => (
        <div key={call.id} style={styles.line}>
          <CallName call={call} /> <ExecutionLink call={call}>
            {executionText(call)}
          </ExecutionLink>{" "}
        </div>
      ))}
      {left === "" ? null : <div style={styles.small}>{left} </div>}
    </div>
  );
}

/** @param before whose failure it is, when several runs are shown: `In [7]`. */
export function Panel({
  panel,
  before,
}: {
  readonly panel: FailurePanel;
  readonly before?: string;
}): ReactElement {
  const { call, error, summary, earlier, log, look, rerun } = panel;
  return (
    <div style={styles.panel}>
      <div>
        <Badge look={CALL_LOOKS.failed} />
        {before === undefined ? null : <Muted>{before} </Muted>}
        {call === undefined ? null : (
          <Code>
            <b>{nameText(call.name)}</b>
          </Code>
        )}{" "}
        <Muted>{summary} </Muted>
        {call?.link === undefined ? null : (
          <>
            <Muted>·</Muted> <ExecutionLink call={call}>{executionText(call)}</ExecutionLink>{" "}
          </>
        )}
      </div>
      <pre style={styles.panelText}>{errorLines(error).join("\n")}</pre>{" "}
      {earlier.map(({ n, error: each }) => (
        <div key={n} style={styles.body}>
          <Muted>attempt {formatCount(n)}</Muted>{" "}
          <code style={styles.codeWrapped}>{lineText(each)}</code>{" "}
        </div>
      ))}
      {log.length > 0 ? (
        <div style={styles.body}>
          <Muted>last lines of its log </Muted>
          <pre style={styles.panelText}>{log.map(logText).join("\n")}</pre>{" "}
        </div>
      ) : null}
      {look === undefined ? null : (
        <div style={styles.copy}>
          <span style={styles.copyLine}>
            <Muted>Look at it:</Muted> <code style={styles.codeWrapped}>{look}</code>
          </span>{" "}
          {rerun === undefined ? null : (
            <span style={styles.copyLine}>
              <Muted>Run it again:</Muted> <code style={styles.codeWrapped}>{rerun}</code>{" "}
            </span>
          )}
        </div>
      )}
    </div>
  );
}

function HandledTable({ failures }: { readonly failures: Failures }): ReactElement {
  return (
    <div style={styles.scroll}>
      <table style={styles.table}>
        <thead>
          <tr style={styles.headRow}>
            <th scope="col" style={headCell("right", 60)}>
              Count{" "}
            </th>
            <th scope="col" style={headCell("left", "20%")}>
              Task{" "}
            </th>
            <th scope="col" style={headCell("left")}>
              Message{" "}
            </th>
            <th scope="col" style={headCell("left", "30%")}>
              First inputs{" "}
            </th>
          </tr>
        </thead>
        <tbody>
          {failures.handled.map(({ count, name, message, firstInputs }) => (
            <tr key={`${name} ${message}`} style={styles.row}>
              <td style={styles.cellNumber}>{formatCount(count)} </td>
              <td style={styles.cell}>
                <code style={styles.codeWrapped}>
                  <b>{name}</b>
                </code>{" "}
              </td>
              <td style={styles.cell}>
                <code style={styles.codeWrapped}>{message}</code>{" "}
              </td>
              <td style={styles.cell}>
                <code style={styles.codeWrapped}>{inputsText(firstInputs).slice(1, -1)}</code>{" "}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
