/**
 * The head of a deck: what ran, what became of it, in how much time.
 * @module
 */
import type { ReactElement } from "react";
import { formatClock, formatDuration } from "../../values/format.ts";
import type { DeckModel, Fact } from "../model.ts";
import { countsText, inputsText, lineText, nameText } from "../wording.ts";
import { Code, Legend, Muted, Pill, Segments } from "./parts.tsx";
import { styles } from "./styles.ts";

function Title({ model }: { readonly model: DeckModel }): ReactElement {
  return (
    <>
      <span style={styles.title}>{nameText(model.title)}</span>
      {model.inputs ? (
        <span style={styles.titleInputs}>{inputsText(model.inputs)}</span>
      ) : (
        <Muted> {model.note}</Muted>
      )}
    </>
  );
}

export function DeckHeader({ model }: { readonly model: DeckModel }): ReactElement {
  const isStopped = model.run.state === "interrupted" || model.run.state === "killed";
  return (
    <>
      <div style={styles.header}>
        <Pill look={model.look} /> <Title model={model} />{" "}
        {isStopped ? <Muted>after {formatDuration(model.wallMs)} </Muted> : null}
        {model.remark === undefined ? null : <Muted>{model.remark} </Muted>}
      </div>
      {model.goOn === undefined ? null : (
        <div style={styles.output}>
          <Muted>Go on:</Muted> <Code>{model.goOn}</Code>{" "}
        </div>
      )}
      {model.output === undefined ? null : (
        <div style={styles.output}>
          <Muted>→</Muted> <Code>{lineText(model.output)}</Code>{" "}
        </div>
      )}
      <Facts facts={model.facts} />
      <Segments counts={model.counts} />
      <Legend counts={model.counts} />
    </>
  );
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }): ReactElement {
  return (
    <div style={styles.facts}>
      {facts.map(({ value, label }) => (
        <span key={label} style={styles.fact}>
          <b style={styles.factValue}>{value}</b> <span style={styles.factLabel}>{label} </span>
        </span>
      ))}
    </div>
  );
}

/** The moment is in every frame: a notebook whose kernel died shows how old its picture is. */
export function LiveHeader({
  model,
  nowMs,
}: {
  readonly model: DeckModel;
  readonly nowMs: number;
}): ReactElement {
  return (
    <>
      <div style={styles.header}>
        <Pill look={model.look} /> <Title model={model} />{" "}
        <span style={styles.headerRight}>
          {countsText(model.counts)} · <b>{formatDuration(model.wallMs)}</b>
          <Muted> · as of {formatClock(nowMs)} </Muted>
        </span>
      </div>
      <Segments counts={model.counts} />
    </>
  );
}
