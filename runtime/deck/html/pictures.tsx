/**
 * The sections with pictures: when calls ran, and what waited for what.
 *
 * Pictures are images with a text, since untrusted viewers leave of an inline `<svg>` the text alone. They are drawn once
 * per deck: `Pictures` goes in, whatever a deck has to leave out for its size.
 * @module
 */
import type { ReactElement } from "react";
import { counted, formatCount, formatDuration, formatOffset } from "../../values/format.ts";
import { type DeckGraph, deckGraph, graphNote, graphWords } from "../graph.ts";
import { type GraphPicture, graphPicture } from "../graph-layout.ts";
import { runSpans } from "../lanes.ts";
import type { DeckModel } from "../model.ts";
import { FILLS, functionFills } from "../palette.ts";
import { CALL_ROWS_MAX } from "../rows.ts";
import { concurrencySvg, svgDataUri } from "../svg.ts";
import { timelineSvg } from "../timeline-svg.ts";
import { Section } from "./parts.tsx";
import { graphStyle, styles } from "./styles.ts";

interface TimePicture {
  readonly title: string;
  readonly note: string;
  readonly alt: string;
  readonly uri: string;
  readonly isOpen: boolean;
}

type GraphSectionParts =
  | { readonly graph: DeckGraph; readonly picture: GraphPicture; readonly note: string }
  | { readonly notDrawn: string };

export interface Pictures {
  readonly time?: TimePicture;
  readonly graph?: GraphSectionParts;
}

/** Of the failures in the words of a picture. */
const FAILURES_MAX = 10;

export function picturesOf(model: DeckModel): Pictures {
  const time = model.most > 1 ? timePicture(model) : undefined;
  const graph = graphParts(model);
  return { ...(time && { time }), ...(graph && { graph }) };
}

function timePicture(model: DeckModel): TimePicture {
  const spans = runSpans(model.tree, model.endMs);
  const most = formatCount(model.most);
  if (model.tasks <= CALL_ROWS_MAX) {
    return {
      title: "Concurrency",
      note: `at most ${most} at once`,
      alt: `Calls running over ${formatDuration(model.wallMs)}, at most ${most} at once`,
      uri: svgDataUri(concurrencySvg(spans, model)),
      isOpen: false,
    };
  }
  const calls = model.tree.nodes.map(({ call }) => call);
  const fills = functionFills(calls.map(({ name }) => name));
  const failedAt = calls
    .filter(({ id, state, rootFailure = id }) => state === "failed" && rootFailure === id)
    .map(({ endedAt = model.endMs }) => endedAt);
  const { svg, hasLanes } = timelineSvg(
    { spans, failedAt, fillOf: (name) => fills.get(name) ?? FILLS.cancelled },
    model,
  );
  const ticks = failedAt.length > 0 ? "red ticks: failures · " : "";
  const below = hasLanes
    ? `above: calls running (at most ${most}) · ${ticks}below: calls in the colour of their task, red if failed`
    : `calls running (at most ${most}) in the colour of their task${ticks === "" ? "" : " · red ticks: failures"}`;
  return {
    title: "Timeline",
    note: below,
    alt: timelineAlt(model, failedAt, hasLanes),
    uri: svgDataUri(svg),
    isOpen: true,
  };
}

function timelineAlt(model: DeckModel, failedAt: readonly number[], hasLanes: boolean): string {
  const parts = [
    `Calls running over ${formatDuration(model.wallMs)}, at most ${formatCount(model.most)} at once`,
    hasLanes ? "then one bar per call packed into lanes" : "by task",
  ];
  if (failedAt.length > 0) {
    const shown = failedAt.slice(0, FAILURES_MAX).map((atMs) => formatOffset(atMs - model.startMs));
    const left = failedAt.length - shown.length;
    if (left > 0) shown.push(`… ${formatCount(left)} more`);
    parts.push(`${counted(failedAt.length, "failure")} at ${shown.join(", ")}`);
  }
  return parts.join("; ");
}

function graphParts(model: DeckModel): GraphSectionParts | undefined {
  const graph = deckGraph(model);
  if (graph === undefined || "notDrawn" in graph) return graph;
  const picture = laidOut(graph);
  if (picture === undefined) return { notDrawn: "This graph could not be laid out." };
  return { graph, picture, note: graphNote(graph, model.isCriticalApproximate) };
}

/**
 * dagre checks its own steps by throwing ("Not possible to find intersection inside of the rectangle"). No graph of ours
 * is known to do that, but a deck without a graph is better than no deck.
 */
function laidOut(graph: DeckGraph): GraphPicture | undefined {
  try {
    return graphPicture(graph);
  } catch {
    return undefined;
  }
}

export function TimeSection({
  picture: { title, note, alt, uri, isOpen },
  wallMs,
}: {
  readonly picture: TimePicture;
  readonly wallMs: number;
}): ReactElement {
  return (
    <Section title={title} note={note} open={isOpen}>
      <img alt={alt} src={uri} style={styles.picture} />{" "}
      <div style={styles.axis}>
        {[0, 1, 2, 3, 4].map((quarter) => (
          <span key={quarter}>
            {quarter === 0 ? "0 ms" : formatDuration((wallMs * quarter) / 4)}{" "}
          </span>
        ))}
      </div>
    </Section>
  );
}

export function GraphSection({ parts }: { readonly parts: GraphSectionParts }): ReactElement {
  if ("notDrawn" in parts) {
    return (
      <Section title="Graph" open={false}>
        <div style={styles.body}>{parts.notDrawn} </div>
      </Section>
    );
  }
  const { graph, picture, note } = parts;
  return (
    <Section title="Graph" note={note} open>
      <div style={styles.scroll}>
        <img
          alt={`Graph of ${graph.per === "call" ? "calls" : "functions"}: ${graphWords(graph)}`}
          src={svgDataUri(picture.svg)}
          style={graphStyle(picture.widthPx)}
        />{" "}
      </div>
    </Section>
  );
}
