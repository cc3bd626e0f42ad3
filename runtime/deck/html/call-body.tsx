/**
 * What an unfolded row says of its call: inputs, output, attempts, cache, log, small print.
 * @module
 */
import type { ReactElement } from "react";
import type { CallRecord, RunRecord } from "../../events/record-shape.ts";
import { counted, formatCount, formatDuration, formatOffset } from "../../values/format.ts";
import { lineText, logText, nameText, outcomeOf, smallPrint } from "../wording.ts";
import { Muted } from "./parts.tsx";
import { PreviewBody } from "./preview-body.tsx";
import { styles } from "./styles.ts";

const INPUTS_MAX = 20;
const LOG_LINES_MAX = 20;

export function CallBody({
  call,
  run,
}: {
  readonly call: CallRecord;
  readonly run: RunRecord;
}): ReactElement {
  const inputs = call.inputs.slice(0, INPUTS_MAX);
  const inputsLeft = call.inputs.length - inputs.length;
  return (
    <>
      {inputs.map(({ name, preview }) => (
        <div key={name} style={styles.body}>
          <Muted>in</Muted>{" "}
          <code style={styles.codeWrapped}>
            {nameText(name)}: {lineText(preview)}
          </code>{" "}
        </div>
      ))}
      {inputsLeft > 0 ? (
        <div style={styles.small}>… {counted(inputsLeft, "more input")} </div>
      ) : null}
      <Result call={call} />
      {call.attempts.length > 1 ? <Attempts call={call} run={run} /> : null}
      {call.cache === undefined || call.cache.reason === "" ? null : (
        <div style={styles.body}>
          <Muted>cache</Muted> {nameText(call.cache.outcome)}: {nameText(call.cache.reason)}{" "}
        </div>
      )}
      <Log call={call} isInSession={run.cell !== undefined} />
      <div style={styles.smallPrint}>{smallPrint(call, run)} </div>
    </>
  );
}

function Result({ call }: { readonly call: CallRecord }): ReactElement | null {
  const isConsequence = call.rootFailure !== undefined && call.rootFailure !== call.id;
  const preview = call.output ?? (isConsequence ? undefined : call.error);
  const label = call.output === undefined ? "error" : "out";
  if (preview === undefined) {
    const outcome = outcomeOf(call);
    return outcome ? <div style={styles.body}>{outcome.text} </div> : null;
  }
  return (
    <div style={styles.body}>
      <Muted>{label}</Muted> <PreviewBody preview={preview} />{" "}
    </div>
  );
}

/** Each with when it started, how long it took and what it came to. */
function Attempts({
  call,
  run,
}: {
  readonly call: CallRecord;
  readonly run: RunRecord;
}): ReactElement {
  return (
    <>
      {call.attempts.map(({ n, startedAt, endedAt = call.endedAt, error }) => (
        <div key={n} style={styles.body}>
          <Muted>
            attempt {formatCount(n)} {formatOffset(startedAt - run.startedAt)}
            {endedAt === undefined ? "" : `, ${formatDuration(endedAt - startedAt)}`}
          </Muted>{" "}
          <code style={styles.codeWrapped}>
            {error === undefined ? lastAttemptText(call) : lineText(error)}
          </code>{" "}
        </div>
      ))}
    </>
  );
}

/** Only the last attempt has no error of its own: its is the call's. */
function lastAttemptText(call: CallRecord): string {
  return call.state === "failed" && call.error !== undefined ? lineText(call.error) : call.state;
}

function Log({
  call,
  isInSession,
}: {
  readonly call: CallRecord;
  /** Whether `deck.task(id)` can be typed somewhere. */
  readonly isInSession: boolean;
}): ReactElement | null {
  const tail = call.log.tail.slice(-LOG_LINES_MAX);
  if (tail.length === 0) return null;
  const left = call.log.lines - tail.length;
  const where = isInSession ? `deck.task(${JSON.stringify(nameText(call.id))}).logs()` : "";
  return (
    <div style={styles.body}>
      <Muted>log</Muted>{" "}
      {left > 0 ? (
        <Muted>
          … {formatCount(left)} more before{where === "" ? "" : ": "}
        </Muted>
      ) : null}
      {left > 0 && where !== "" ? <code style={styles.codeWrapped}>{where}</code> : null}{" "}
      <pre style={styles.bodyText}>{tail.map(logText).join("\n")}</pre>{" "}
    </div>
  );
}
