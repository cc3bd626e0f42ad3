/** What a kernel leaves of its runs on disk, and how its decks tell of it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();
const FOUR = `const add = task(function add({ n }: { n: number }) { return n + 1; });
let n = 0;
for (let i = 0; i < 4; i++) n = await add({ n });
n`;

/** The HTML of the last display of a cell. */
async function deckOf(code: string): Promise<string> {
  const done = await suite.client.execute(code);
  const shown = done.published.filter(({ header }) => /display_data$/.test(header.msg_type));
  const html: unknown = shown.at(-1)?.content.data?.["text/html"];
  return typeof html === "string" ? html : "";
}

test("a trivial run leaves no page", async () => {
  expect(await deckOf("await task(function one() { return 1; })({})")).toContain("one");
  expect(existsSync(join(suite.kernel.folder, ".eagerdeck/runs"))).toBe(false);
});

test("the deck of any other run names its page, which is there soon after", async () => {
  const html = await deckOf(FOUR);
  const file = /\.eagerdeck\/runs\/[\w-]+\/deck\.html/.exec(html)?.[0];
  if (file === undefined) throw new Error("the deck names no page");
  const path = join(suite.kernel.folder, file);
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 10_000 });
  const page = readFileSync(path, "utf8");
  expect(page).toContain("Content-Security-Policy");
  expect(page.match(/<b>add<\/b>/g)?.length).toBeGreaterThanOrEqual(4);
  const handle = await suite.client.execute("deck");
  expect(JSON.stringify(handle.published)).toContain(file);
});

test("decks of the user's own are sections of the cell's deck, also without a call", async () => {
  const html = await deckOf(
    'Deck("notes", md`**seen** ${1 + 1}`); Deck("table", html`<i>${"<b>"}</i>`)',
  );
  expect(html).toContain("<strong>seen</strong> 2");
  expect(html).toContain("<i>&lt;b&gt;</i>");
});
