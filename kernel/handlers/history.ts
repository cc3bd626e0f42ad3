/**
 * history_request: cells of this and earlier sessions of the folder. JupyterLab's inline suggestions and the
 * consoles' arrow keys live on it.
 * @module
 */
import type { HistoryQuery } from "../../runtime/session/client/api.ts";
import type { HistoryTuple, MessageContent } from "../messages.ts";
import type { Handler } from "./index.ts";

const ROWS_DEFAULT = 1_000;

export const history: Handler<"history"> = async (content, { session }) => {
  const rows = await session.history(queryOf(content));
  const tuples = rows.map((row): HistoryTuple => {
    const { n, output, source } = row;
    return content.output ? [row.session, n, [source, output ?? null]] : [row.session, n, source];
  });
  return { status: "ok", history: tuples };
};

function queryOf(content: MessageContent["history_request"]): HistoryQuery {
  const max = content.n ?? ROWS_DEFAULT;
  switch (content.hist_access_type) {
    case "tail":
      return { kind: "tail", max };
    case "range": {
      const { session, start, stop } = content;
      return { kind: "range", session, start, ...(stop === undefined ? {} : { stop }) };
    }
    case "search":
      return { kind: "search", pattern: content.pattern, max, unique: content.unique };
    default:
      return content.hist_access_type satisfies never;
  }
}
