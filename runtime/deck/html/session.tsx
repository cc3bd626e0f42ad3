/**
 * The summary of a session.
 * @module
 */
import type { ReactElement, ReactNode } from "react";
import { counted, formatCount, formatDuration } from "../../values/format.ts";
import { CALL_LOOKS, COUNT_ORDER } from "../palette.ts";
import type { SessionCell, SessionModel } from "../session-deck.ts";
import { callText, countsText, inputsText, lineText } from "../wording.ts";
import { Panel } from "./failures.tsx";
import { FunctionTable } from "./functions.tsx";
import { Facts } from "./header.tsx";
import { Badge, Box, Code, Hidden, Muted, Pill, Section, Segments } from "./parts.tsx";
import { runFacts } from "./run-facts.tsx";
import { barStyle, headCell, styles } from "./styles.ts";
import { CallLine, Unfolding } from "./tasks.tsx";

export function SessionDeck({
  session,
  children,
}: {
  readonly session: SessionModel;
  /** Decks of the user's own, of all cells. */
  readonly children: ReactNode;
}): ReactElement {
  if (session.runs === 0) {
    return (
      <div className="eagerdeck" style={styles.plain}>
        <Muted>no calls yet</Muted>
      </div>
    );
  }
  const isInSession = session.newest?.cell !== undefined;
  return (
    <Box>
      <div style={styles.header}>
        <Pill look={session.look} /> <span style={styles.title}>{session.title}</span>{" "}
      </div>
      <Facts facts={session.facts} />
      <Errors session={session} />
      <Section
        title="Cells"
        note={`${formatCount(session.cells.length + session.cellsLeft)} with calls · bars on an axis without the time between them`}
        open
      >
        <CellTable session={session} />
        {session.cellsLeft > 0 ? (
          <div style={styles.small}>… {counted(session.cellsLeft, "earlier cell")} </div>
        ) : null}
      </Section>
      <Section title="Functions" note={`over ${counted(session.runs, "run")}`} open={false}>
        <FunctionTable
          groups={session.functions}
          nowMs={session.newest?.endedAt ?? session.newest?.startedAt ?? 0}
          detail="none"
          isInSession={isInSession}
        />
      </Section>
      {children}
      {session.newest ? (
        <Section title="Run" open={false}>
          {runFacts(session.newest)
            .filter(([label]) => ["backend", "eagerdeck", "Node"].includes(label))
            .map(([label, value]) => (
              <div key={label} style={styles.body}>
                <Muted>{label}</Muted> {value}{" "}
              </div>
            ))}
        </Section>
      ) : null}
    </Box>
  );
}

function Errors({ session }: { readonly session: SessionModel }): ReactElement | null {
  const { errors, errorsLeft } = session;
  if (errors.length === 0) return null;
  const unresolved = errors.filter((error) => error.fixedIn === undefined).length;
  return (
    <Section title="Errors" note={`${formatCount(unresolved)} unresolved`} open>
      {errors.map(({ label, panel, fixedIn }) =>
        fixedIn === undefined ? (
          <Panel key={`${label} ${panel.call?.id ?? ""}`} panel={panel} before={label} />
        ) : (
          <div key={`${label} ${panel.call?.id ?? ""}`} style={styles.line}>
            <Badge look={CALL_LOOKS.failed} />
            <Muted>{label} </Muted>
            {panel.call ? <Code>{callText(panel.call)} </Code> : null}
            <Code>{lineText(panel.error)}</Code> <Muted>fixed in {fixedIn} </Muted>
          </div>
        ),
      )}
      {errorsLeft > 0 ? (
        <div style={styles.small}>… {counted(errorsLeft, "more failure")} </div>
      ) : null}
    </Section>
  );
}

function CellTable({ session }: { readonly session: SessionModel }): ReactElement {
  return (
    <div style={styles.scroll}>
      <table style={styles.table}>
        <thead>
          <tr style={styles.headRow}>
            <th scope="col" style={headCell("left", "33%")}>
              Cell{" "}
            </th>
            <th scope="col" style={headCell("left", "24%")}>
              Value{" "}
            </th>
            <th scope="col" style={headCell("right", 42)}>
              Tasks{" "}
            </th>
            <th scope="col" style={headCell("left", 90)}>
              States{" "}
            </th>
            <th scope="col" style={headCell("right", 64)}>
              Time{" "}
            </th>
            <th scope="col" style={headCell("left")}>
              0 – {formatDuration(session.busyMs)}{" "}
            </th>
          </tr>
        </thead>
        <tbody>
          {session.cells.map((cell) => (
            <CellRow key={cell.model.run.id} cell={cell} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellRow({ cell }: { readonly cell: SessionCell }): ReactElement {
  const { label, title, model, earlier, extent, notable } = cell;
  const inputs = model.inputs ? inputsText(model.inputs) : ` ${model.note ?? ""}`;
  const head = (
    <>
      <Badge look={model.look} />
      <Muted>{label} </Muted>
      <Code>
        <b>{title}</b>
      </Code>
      <Muted>
        <Code>{inputs}</Code>
      </Muted>
    </>
  );
  const body = (
    <>
      {notable.map((call) => (
        <CallLine key={call.id} call={call} nowMs={model.endMs} label={call.id} />
      ))}
      {model.tasks > notable.length ? (
        <div style={styles.small}>… {formatCount(model.tasks - notable.length)} more </div>
      ) : null}
      {earlier > 0 ? <div style={styles.small}>{counted(earlier, "earlier run")} </div> : null}
    </>
  );
  const states = COUNT_ORDER.filter((state) => model.counts.has(state));
  return (
    <tr style={styles.row}>
      <td style={styles.cell}>
        <Unfolding depth={0} title={`${label} ${title}${inputs}`} head={head} body={body} />
      </td>
      <td style={styles.cell}>
        <div style={styles.clip}>
          <Code>{model.output === undefined ? "" : lineText(model.output)}</Code>{" "}
        </div>
      </td>
      <td style={styles.cellNumber}>{formatCount(model.tasks)} </td>
      <td style={styles.cell} title={countsText(model.counts)}>
        {states.length > 0 ? <Hidden>{countsText(model.counts)}</Hidden> : null}
        <Segments counts={model.counts} />
      </td>
      <td style={styles.cellNumber}>{formatDuration(model.wallMs)} </td>
      <td style={styles.cellLane}>
        <div style={styles.lane}>
          <div style={barStyle(model.look.fill, extent.from, extent.to)} />
        </div>
      </td>
    </tr>
  );
}
