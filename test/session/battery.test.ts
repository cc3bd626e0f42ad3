/**
 * What each construct gives, row by row: a session per group, for a fresh one per row costs too much.
 * @module
 */
import { expect, test } from "vitest";
import { errorRows } from "../support/battery/errors.ts";
import { languageRows, type Row } from "../support/battery/language.ts";
import { latestRows } from "../support/battery/latest.ts";
import { openSession, type TestSession } from "../support/session.ts";

const files = {
  "local.ts": "export const local: string = 'from a file';\nexport default 'default ';\n",
  "data.json": '{ "answer": 42 }',
  "note.txt": "plain text",
};

/** The last cell's value or error, written as rows write it. */
async function outcome(s: TestSession, row: Row): Promise<string> {
  let shown = "";
  for (const code of row[0].split(" %% ")) {
    const { error, value, n } = await s.run(code);
    if (!error) {
      shown = String(value?.["text/plain"] ?? "undefined");
      continue;
    }
    const top = error.frames[0];
    const name = error.thrown === undefined ? `${error.name}: ${error.message}` : error.message;
    const elsewhere = top && top.file !== `In [${n}]` ? `${top.file.replace(/\d+/, "N")}:` : "";
    const place = top ? ` @${elsewhere}${top.line}:${top.column}` : "";
    shown = `! ${name.replace(/In \[\d+\]/, "In [N]")}${place}`;
  }
  return shown;
}

for (const [group, rows] of Object.entries({ ...languageRows, ...errorRows, ...latestRows })) {
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
