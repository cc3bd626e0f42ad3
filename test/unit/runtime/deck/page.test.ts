/** `deck.html`: the same deck as a page of its own, with all calls in it. */
import { expect, test } from "vitest";
import { withStylesheet } from "../../../../runtime/deck/html/stylesheet.ts";
import { deckPage } from "../../../../runtime/deck/views.ts";
import { failedRun, wideRun } from "../../../support/deck-runs.ts";
import { htmlText } from "../../../support/html-text.ts";

test("all calls are in the page, 200 rows to a part, a row of 450 bytes", async () => {
  const page = await deckPage(wideRun(4_000));
  expect(page.length).toBeLessThanOrEqual(5_000_000);
  expect(page).toContain("Only failed rows unfold: the page would be larger than 5 MB.");
  const [, calls = ""] = page.split("All calls");
  const rows = calls.split(/(?=<tr [^>]*>)|<\/tbody>/).filter((part) => part.startsWith("<tr"));
  const plain = rows.filter((row) => !row.includes("<details") && !row.includes("<thead"));
  expect(plain.length).toBeGreaterThan(3_500);
  const bytes = plain.reduce((sum, row) => sum + Buffer.byteLength(row), 0);
  expect(bytes / plain.length).toBeLessThanOrEqual(450);
  expect(htmlText(page)).toContain("3,801 – 4,000");
  for (const part of calls.split("<summary").slice(1)) {
    expect(part.split(/<tr /).length).toBeLessThanOrEqual(202);
  }
}, 30_000);

test("bodies are in the page as long as it has room for them", async () => {
  const page = await deckPage(wideRun(300));
  expect(page).not.toContain("would be larger");
  expect(htmlText(page)).toContain('in url: "/docs/299"');
});

test("the same record gives the same bytes", async () => {
  expect(await deckPage(failedRun())).toBe(await deckPage(failedRun()));
});

test("every style of the notebook's form is in the page, as a class or with its element", async () => {
  const page = await deckPage(failedRun());
  const css = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? "";
  const used = new Set(
    [...page.matchAll(/ class="?([^" >]+ )?([A-Za-z]\d?)[" >]/g)].map((m) => m[2]),
  );
  for (const name of used) expect(css).toContain(`.${name}{`);
  expect(used.size).toBeGreaterThan(30);
  expect(page).not.toMatch(/ style="/);
});

test("a name without quotes ends where it ends, also before the slash of an image", () => {
  const { html, css } = withStylesheet(
    '<p class="x" style="left:1.50%;color:red"><img style="width:9px" alt="a"/><b style="width:9px">$1 style=&quot;</b></p>',
  );
  expect(html).toBe(
    '<p class="x b" style=left:1.50%><img class=a alt="a"><b class=a>$1 style=&quot;</b></p>',
  );
  expect(css).toBe(".a{width:9px}\n.b{color:red}");
});
