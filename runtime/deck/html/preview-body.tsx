/**
 * A value in full, as a row shows it when it is unfolded.
 * @module
 */
import type { ReactElement } from "react";
import type { Preview } from "../../values/shape.ts";
import { errorLines } from "../error-lines.ts";
import { blockText, lineText, nameText } from "../wording.ts";
import { styles } from "./styles.ts";

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
              {body.columns.map(({ name, type }, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: names of columns may repeat; nothing is ever reordered
                <th key={column} scope="col" style={styles.bodyHead}>
                  {nameText(name)} <br />
                  <span style={styles.sectionNote}>{nameText(type)} </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body.rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other key; nothing is ever reordered
              <tr key={index} style={styles.headRow}>
                {row.map((cell, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={column} style={styles.bodyCell}>
                    {lineText({ line: cell, kind: "" })}{" "}
                  </td>
                ))}
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
    // later: HTML of a display hook needs a filter; until then its text stands for it.
    case "html":
      return <pre style={styles.bodyText}>{blockText(body.text)}</pre>;
    default:
      return body satisfies never;
  }
}
