/**
 * What each construct gives, row by row: a session per group, for a fresh one per row costs too much.
 * @module
 */
import { expect, test } from "vitest";
import { errorRows } from "../support/battery/errors.ts";
import { languageRows, type Row } from "../support/battery/language.ts";
import { latestRows } from "../support/battery/latest.ts";
import { positionRows } from "../support/battery/positions.ts";
import { openSession, type TestSession } from "../support/session.ts";

const files = {
  "local.ts": "export const local: string = 'from a file';\nexport default 'default ';\n",
  "data.json": '{ "answer": 42 }',
  "note.txt": "plain text",
};

/** The last cell's value or error, written as rows write it: cells are counted from the row's first. */
async function outcome(s: TestSession, row: Row): Promise<string> {
  let shown = "";
  let before: number | undefined;
  const counted = (text: string) =>
    text.replaceAll(/In \[(\d+)\]/g, (_, n: string) => `In [${Number(n) - (before ?? 0)}]`);
  for (const code of row[0].split(" %% ")) {
    const { error, value, n = 0 } = await s.run(code);
    before ??= n - 1;
    if (!error) {
      shown = counted(String(value?.["text/plain"] ?? "undefined"));
      continue;
    }
    const top = error.frames[0];
    const name = error.thrown === undefined ? `${error.name}: ${error.message}` : error.message;
    const elsewhere = top && top.file !== `In [${n}]` ? `${top.file}:` : "";
    shown = counted(`! ${name}${top ? ` @${elsewhere}${top.line}:${top.column}` : ""}`);
  }
  return shown;
}

const allRows = { ...languageRows, ...errorRows, ...positionRows, ...latestRows };

for (const [group, rows] of Object.entries(allRows)) {
  test(`${group}: each row gives what it says`, async () => {
    await using s = openSession({ files });
    const wrong: object[] = [];
    for (const row of rows) {
      const shown = await outcome(s, row);
      if (shown !== row[1]) wrong.push({ cells: row[0], expected: row[1], shown });
    }
    expect(wrong).toEqual([]);
  });
}
