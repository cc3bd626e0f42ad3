/**
 * The small parts every view is made of. Each word is followed by a blank, so that it stays a word without styles.
 * @module
 */
import type { ReactElement, ReactNode } from "react";
import type { CallRecord } from "../../events/record-shape.ts";
import { formatCount } from "../../values/format.ts";
import { executionText, pageOf } from "../execution.ts";
import { CALL_LOOKS, COUNT_ORDER, type StateLook } from "../palette.ts";
import type { StateCounts } from "../tree.ts";
import { callInputsText, nameText, outcomeOf } from "../wording.ts";
import { badgeStyle, pillStyle, segmentStyle, styles, swatchStyle } from "./styles.ts";

export function Box({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <div className="eagerdeck" style={styles.box}>
      {children}
    </div>
  );
}

/** There for whoever does not see the colours or has no styles. */
export function Hidden({ children }: { readonly children: ReactNode }): ReactElement {
  return <span style={styles.hidden}> {children} </span>;
}

export function Muted({ children }: { readonly children: ReactNode }): ReactElement {
  return <span style={styles.muted}>{children}</span>;
}

export function Code({ children }: { readonly children: ReactNode }): ReactElement {
  return <code style={styles.code}>{children}</code>;
}

export function Pill({ look }: { readonly look: StateLook }): ReactElement {
  return (
    <span style={pillStyle(look.fill)}>
      {look.glyph} {look.word}
    </span>
  );
}

export function Badge({ look }: { readonly look: StateLook }): ReactElement {
  return (
    <>
      <span title={look.word} style={badgeStyle(look.fill)}>
        {look.glyph}
      </span>
      <Hidden>{look.word}</Hidden>
    </>
  );
}

export function Swatch({ fill }: { readonly fill: string }): ReactElement {
  return <span style={swatchStyle(fill)} />;
}

/** **name**(inputs) */
export function CallName({ call }: { readonly call: CallRecord }): ReactElement {
  const inputs = callInputsText(call);
  return (
    <>
      <Code>
        <b>{nameText(call.name)}</b>
      </Code>
      {inputs === "" ? null : (
        <Muted>
          <Code>{inputs}</Code>
        </Muted>
      )}
    </>
  );
}

/** ` → value`, a bold error, or a muted remark; nothing while there is none. */
export function Outcome({ call }: { readonly call: CallRecord }): ReactElement | null {
  const outcome = outcomeOf(call);
  if (!outcome) return null;
  return (
    <>
      {" "}
      {/* What a call has not given is no value of it: how far it is, why it waits. */}
      {outcome.kind === "note" ? "\u00a0" : <Muted>→</Muted>} <OutcomeText call={call} />
    </>
  );
}

export function OutcomeText({ call }: { readonly call: CallRecord }): ReactElement | null {
  const outcome = outcomeOf(call);
  if (!outcome) return null;
  switch (outcome.kind) {
    case "value":
      return <Code>{outcome.text}</Code>;
    case "error":
      return (
        <Code>
          <b>{outcome.text}</b>
        </Code>
      );
    case "note":
      return (
        <Muted>
          <Code>{outcome.text}</Code>
        </Muted>
      );
    default:
      return outcome.kind satisfies never;
  }
}

/** A word that leads to the page of a call's execution; the word alone where there is no page. */
export function ExecutionLink({
  call,
  children,
}: {
  readonly call: CallRecord;
  readonly children: ReactNode;
}): ReactElement {
  const url = pageOf(call);
  if (url === undefined) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" title={executionText(call)}>
      {/* U+FE0E keeps the arrow from being painted as an emoji. */}
      {children} ↗{"\ufe0e"}
    </a>
  );
}

/** A part of the deck with a head that stays when it is closed. */
export function Section({
  title,
  note,
  open,
  children,
}: {
  readonly title: string;
  readonly note?: string;
  readonly open: boolean;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <details open={open} style={styles.section}>
      <summary style={styles.sectionHead}>
        {title} {note ? <span style={styles.sectionNote}>{note} </span> : null}
      </summary>
      <div style={styles.sectionBody}>{children}</div>
    </details>
  );
}

/** The states as shares of a bar; the words are the legend's. */
export function Segments({ counts }: { readonly counts: StateCounts }): ReactElement | null {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  return (
    <div style={styles.segments}>
      {COUNT_ORDER.filter((state) => counts.has(state)).map((state) => {
        const count = counts.get(state) ?? 0;
        const { word, fill } = CALL_LOOKS[state];
        return (
          <div
            key={state}
            title={`${word}: ${formatCount(count)}`}
            style={segmentStyle(fill, count / all)}
          />
        );
      })}
    </div>
  );
}

export function Legend({ counts }: { readonly counts: StateCounts }): ReactElement {
  return (
    <div style={styles.legend}>
      {COUNT_ORDER.filter((state) => counts.has(state)).map((state) => (
        <span key={state} style={styles.legendItem}>
          <span style={swatchStyle(CALL_LOOKS[state].fill, 9)} />
          {formatCount(counts.get(state) ?? 0)} {CALL_LOOKS[state].word}{" "}
        </span>
      ))}
    </div>
  );
}
