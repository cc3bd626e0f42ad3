/**
 * What an unfolded row says of its call: inputs, output, attempts, cache, log, small print.
 * @module
 */
import type { ReactElement } from "react";
import type { CallRecord, RunRecord } from "../../events/record-shape.ts";
import { counted, formatCount } from "../../values/format.ts";
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
      {call.attempts.length > 1 ? <Attempts call={call} /> : null}
      {call.cache === undefined || call.cache.reason === "" ? null : (
        <div style={styles.body}>
          <Muted>cache</Muted> {nameText(call.cache.outcome)}: {nameText(call.cache.reason)}{" "}
        </div>
      )}
      <Log call={call} />
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

function Attempts({ call }: { readonly call: CallRecord }): ReactElement {
  return (
    <>
      {call.attempts.map(({ n, error }) => (
        <div key={n} style={styles.body}>
          <Muted>attempt {formatCount(n)}</Muted>{" "}
          <code style={styles.codeWrapped}>
            {error === undefined ? call.state : lineText(error)}
          </code>{" "}
        </div>
      ))}
    </>
  );
}

function Log({ call }: { readonly call: CallRecord }): ReactElement | null {
  const tail = call.log.tail.slice(-LOG_LINES_MAX);
  if (tail.length === 0) return null;
  const left = call.log.lines - tail.length;
  return (
    <div style={styles.body}>
      <Muted>log</Muted>{" "}
      {left > 0 ? <Muted>… {formatCount(left)} lines before these </Muted> : null}
      <pre style={styles.bodyText}>{tail.map(logText).join("\n")}</pre>{" "}
    </div>
  );
}
