/**
 * Where and when a run took place: what one looks up later.
 * @module
 */
import type { ReactElement } from "react";
import type { RunRecord } from "../../events/record-shape.ts";
import { counted, formatUtc } from "../../values/format.ts";
import { nameText } from "../wording.ts";
import { Muted, Section } from "./parts.tsx";
import { styles } from "./styles.ts";

export function RunSection({
  run,
  page,
}: {
  readonly run: RunRecord;
  /** Path of the run's page, or why there is none; as text, since viewers follow no links to files. */
  readonly page?: string | undefined;
}): ReactElement {
  return (
    <Section title="Run" open={false}>
      {runFacts(run, page).map(([label, value]) => (
        <div key={label} style={styles.body}>
          <Muted>{label}</Muted> {value}{" "}
        </div>
      ))}
    </Section>
  );
}

export function runFacts(run: RunRecord, page?: string): [label: string, value: string][] {
  const facts: [string, string][] = [["started", formatUtc(run.startedAt)]];
  if (run.n !== undefined) facts.push(["cell", `In [${run.n}]`]);
  facts.push(["run", nameText(run.id)]);
  if (run.linkedTo !== undefined) facts.push(["linked run", nameText(run.linkedTo)]);
  facts.push(["backend", nameText(run.backend)]);
  facts.push(
    ["eagerdeck", nameText(run.versions.eagerdeck)],
    ["Node", nameText(run.versions.node)],
  );
  if (run.git !== undefined) facts.push(["git commit", nameText(run.git)]);
  if (page !== undefined) facts.push(["page", nameText(page)]);
  if (run.logLines > 0) facts.push(["output outside calls", counted(run.logLines, "line")]);
  if (run.unknownEvents > 0) {
    facts.push([
      "not shown",
      counted(run.unknownEvents, "event of a newer version", "events of a newer version"),
    ]);
  }
  if ((run.lateEvents ?? 0) > 0) {
    facts.push(["came too late", counted(run.lateEvents ?? 0, "event")]);
  }
  return facts;
}
