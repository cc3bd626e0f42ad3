import { expect, test } from "vitest";
import { pagesOf } from "../../../../runtime/flyte/pages.ts";

test("every page is asked for once, also when one is full and the next empty", async () => {
  const asked: string[] = [];
  const list = async (token: string) => {
    asked.push(token);
    const at = Number(token);
    return { rows: [at, at + 1].filter((row) => row < 4), token: at < 4 ? `${at + 2}` : "" };
  };
  const rows: number[] = [];
  for await (const page of pagesOf(list)) rows.push(...page.rows);
  expect(rows).toEqual([0, 1, 2, 3]);
  expect(asked).toEqual(["", "2", "4"]);
});

test("who has seen enough asks for no more", async () => {
  let asked = 0;
  const pages = pagesOf(async () => ({ token: `${++asked}` }));
  for await (const _page of pages) break;
  expect(asked).toBe(1);
});
