/** The terminal REPL as people see it, at three widths: text and pictures in `test/browser/out`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openRepl, type Terminal } from "../support/terminal.ts";
import { DARK, LIGHT } from "../support/terminal-html.ts";

const OUT = "test/browser/out";
let browser: Browser;

beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

const CELLS = [
  "const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))",
  "const load = task({ retries: 1 }, async function load({ day }: { day: string }, ctx) { await sleep(80); if (ctx.attempt === 1 && day === '21') throw new Error('reset'); return { day, rows: [1, 2, 3] } })",
  "const publish = task(async function publish({ channel }: { channel: string }) { await sleep(50); if (channel[0] === '#') throw new RangeError('no channel ' + channel); return 'sent' })",
  "const daily = eager(async function daily({ days }: { days: string[] }) { const all = await Promise.all(days.map((day) => load({ day }))); await sleep(400); return await publish({ channel: '#sales' }) })",
  "await daily({ days: ['20', '21', '22'] })",
  "await deck.task('t5').rerun({ channel: 'sales' })",
];

test.each([60, 80, 120])("the tree, the deck and a rerun at %i columns", async (columns) => {
  using folder = tempFolder();
  using terminal = openRepl({ columns, rows: 50, folder: folder.path });
  await terminal.prompt(1);
  for (const [index, cell] of CELLS.entries()) {
    terminal.type(`${cell}\r`);
    if (index === 4) {
      await terminal.see((text) => expect(text).toMatch(/running|▸/));
      await keep(`terminal-${columns}-live`, terminal);
    }
    await terminal.idle(index + 2);
  }
  const text = terminal.text();
  expect(text).toContain("RangeError: no channel #sales");
  expect(text).toContain('✓ publish(channel: "sales") → "sent"');
  expect(text).toContain("Out[6]: 'sent'");
  for (const row of terminal.rows()) expect(row.length).toBeLessThanOrEqual(columns);
  await keep(`terminal-${columns}`, terminal);
});

/** As text, and as a picture on a dark and on a light ground. */
async function keep(name: string, terminal: Terminal): Promise<void> {
  writeFileSync(join(OUT, `${name}.txt`), `${terminal.text()}\n`);
  const page = await browser.newPage({ viewport: { width: 1_100, height: 400 } });
  for (const [kind, palette] of [
    ["dark", DARK],
    ["light", LIGHT],
  ] as const) {
    await page.setContent(`<body style="margin:0">${terminal.html(palette)}</body>`);
    await page.locator("pre").screenshot({ path: join(OUT, `${name}-${kind}.png`) });
  }
  await page.close();
}
