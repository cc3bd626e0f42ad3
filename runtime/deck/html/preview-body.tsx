/**
 * A value in full, as a row shows it when it is unfolded.
 * @module
 */
import { createContext, type ReactElement, useContext } from "react";
import type { Preview } from "../../values/shape.ts";
import { isNumericType } from "../../values/table-forms.ts";
import { errorLines } from "../error-lines.ts";
import { safeHtml } from "../safe-html.ts";
import { blockText, lineText, nameText } from "../wording.ts";
import { styles } from "./styles.ts";
import { HtmlFrame } from "./user-decks.tsx";

/** Whether it is drawn into a page of its own, where HTML of others has frames. */
export const InPage = createContext(false);

/** What a browser draws from a data URI without running any of it. */
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/svg+xml", "image/webp"]);
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;

export function PreviewBody({ preview }: { readonly preview: Preview }): ReactElement {
  const { body, missing } = preview;
  return (
    <>
      {bodyOf(preview)}
      {body?.as === "table" ? <div style={styles.small}>{blockText(body.caption)} </div> : null}
      {missing === undefined ? null : <div style={styles.small}>{blockText(missing)} </div>}
    </>
  );
}

function bodyOf(preview: Preview): ReactElement {
  const { body } = preview;
  switch (body?.as) {
    case undefined:
      return <code style={styles.codeWrapped}>{lineText(preview)}</code>;
    case "text":
      return <pre style={styles.bodyText}>{blockText(body.text)}</pre>;
    case "error":
      return <pre style={styles.bodyText}>{errorLines(preview).join("\n")}</pre>;
    case "table":
      return (
        <table style={styles.bodyTable}>
          <thead>
            <tr style={styles.headRow}>
              {numbered(body.columns).map(([column, { name, type }]) => (
                <th
                  key={column}
                  scope="col"
                  style={isNumericType(type) ? styles.bodyHeadNumber : styles.bodyHead}
                >
                  {nameText(name)} <br />
                  <span style={styles.sectionNote}>{nameText(type)} </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbered(body.rows).map(([index, row]) => (
              <tr key={index} style={styles.headRow}>
                {numbered(row).map(([column, cell]) => {
                  const hasNumbers = isNumericType(body.columns[column]?.type);
                  return (
                    <td key={column} style={hasNumbers ? styles.bodyNumber : styles.bodyCell}>
                      {cell === null ? (
                        <span style={styles.sectionNote}>null</span>
                      ) : (
                        lineText({ line: cell, kind: "" })
                      )}{" "}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "image": {
      const isDrawn = IMAGES.has(body.mime) && BASE64.test(body.base64);
      if (!isDrawn) return <code style={styles.codeWrapped}>{lineText(preview)}</code>;
      const source = `data:${body.mime};base64,${body.base64.replaceAll(/\s/g, "")}`;
      return <img src={source} alt={nameText(body.alt)} style={styles.image} />;
    }
    case "html":
      return <HtmlBody html={body.html} text={body.text} />;
    default:
      return body satisfies never;
  }
}

function HtmlBody({ html, text }: { readonly html: string; readonly text: string }): ReactElement {
  const isInPage = useContext(InPage);
  const safe = filtered(html);
  if (safe === undefined) return <pre style={styles.bodyText}>{blockText(text)}</pre>;
  if (isInPage) return <HtmlFrame title={nameText(text)} html={safe} />;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: filtered, and it parses to itself
  return <div style={styles.userHtml} dangerouslySetInnerHTML={{ __html: `${safe} ` }} />;
}

function filtered(html: string): string | undefined {
  try {
    return safeHtml(html)?.html;
  } catch {
    // Too deep for the parser: its text stands for it.
    return undefined;
  }
}

/** Rows and columns have no key but their place; nothing is ever reordered. */
function numbered<T>(items: readonly T[]): [place: number, item: T][] {
  return [...items.entries()];
}
