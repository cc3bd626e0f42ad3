import { expect, test } from "vitest";
import { corpus } from "../support/corpus.ts";
import { openSession } from "../support/session.ts";

const cells = corpus(500);
/** Where planted mistakes are tried: spread over all ages of the session. */
const sample = cells.filter((_, i) => i % 8 === 3);

test("500 cells that use each other check clean and run; planted mistakes are found where they are", async () => {
  await using opened = openSession({ check: "error" });
  const failed: unknown[] = [];
  for (const [i, { code }] of cells.entries()) {
    const { status, error } = await opened.run(code);
    if (status !== "ok") failed.push({ i, code, name: error?.name, text: error?.codeFrame });
  }
  expect(failed).toEqual([]);

  const misplaced: unknown[] = [];
  for (const { wrong } of sample) {
    const { status, error } = await opened.run(wrong.code);
    const found = error?.diagnostics?.map(({ code, line, column }) => ({ code, line, column }));
    const expected = [{ code: wrong.error, line: wrong.line, column: wrong.column }];
    if (status !== "error" || JSON.stringify(found) !== JSON.stringify(expected))
      misplaced.push({ code: wrong.code, expected, found, error: error?.message });
  }
  expect(misplaced).toEqual([]);

  const lost: unknown[] = [];
  for (const { throwing } of sample) {
    const { n, status, error } = await opened.run(throwing.code, { check: "off" });
    const { file, line, column } = error?.frames[0] ?? {};
    const found = { name: error?.name, file, line, column };
    const { name, line: atLine, column: atColumn } = throwing;
    const expected = { name, file: `In [${n}]`, line: atLine, column: atColumn };
    if (status !== "error" || JSON.stringify(found) !== JSON.stringify(expected))
      lost.push({ code: throwing.code, expected, found });
  }
  expect(lost).toEqual([]);
}, 120_000);
