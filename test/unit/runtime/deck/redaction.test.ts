/** A planted secret is in no byte of any form, event or file, wherever a program put it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pageFile, RunFiles } from "../../../../runtime/deck/run-files.ts";
import {
  deckBundle,
  deckPage,
  deckRows,
  liveBundle,
  rowsToText,
  sessionBundle,
  sessionPage,
} from "../../../../runtime/deck/views.ts";
import type { RuntimeEvent } from "../../../../runtime/events/events.ts";
import { Records } from "../../../../runtime/events/records.ts";
import { Deck, eager, group, task } from "../../../../runtime/index.ts";
import { observe } from "../../../../runtime/workflow/engine.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** Of known shapes. */
const SHAPES = [
  "ghp_PLANTED0123456789abcdef",
  "AKIAPLANTED000000000",
  "eyJPLANTED01234.eyJPLANTED01234.sig",
];
/** Known by the name it goes under. */
const NAMED = "PLANTED-by-name-value";

const use = task(async function use(given: { apiKey: string; text: string; config: object }, ctx) {
  ctx.log(`working with ${SHAPES[0]} and password="${NAMED}"`);
  ctx.progress(1, 2, `at ${SHAPES[1]}`);
  ctx.deck("by context", { token: NAMED, text: SHAPES[2] });
  Deck("html", Deck.html`<p>${SHAPES[0]}</p>`).append(Deck.md`${SHAPES[1]}`);
  Deck("picture", { "image/svg+xml": `<svg><text>${SHAPES[0]}</text></svg>` });
  return { password: NAMED, url: `https://me:${NAMED}@example.com`, text: given.text };
});
const fail = task(async function fail({ text }: { text: string }) {
  const error = new Error(`cannot log in: ${text}`, { cause: new Error(`Bearer ${NAMED}`) });
  throw Object.assign(error, { accessKey: NAMED, response: { headers: { cookie: NAMED } } });
});
const flow = eager(async function flow(_: object) {
  await use({ apiKey: NAMED, text: SHAPES.join(" "), config: { clientSecret: NAMED } });
  await group("sign in", () => use({ apiKey: NAMED, text: "x", config: {} }));
  await fail({ text: SHAPES.join(" ") });
});

test("a planted secret is in no byte", async () => {
  using folder = tempFolder();
  const events: RuntimeEvent[] = [];
  const records = new Records();
  const files = new RunFiles({ folder: folder.path, onNotice: (text) => expect(text).toBe("") });
  const forms: string[] = [];
  const stop = observe((event) => {
    events.push(event);
    records.apply(event);
    files.apply(event);
  });
  const run = new Run({ title: "In [1]" });
  try {
    await run.enter(() => flow({})).catch(() => undefined);
    const live = records.run(run.id);
    if (live) forms.push(JSON.stringify(await liveBundle(live, Date.now())));
    await run.end("failed", new Error(`after all: ${SHAPES[1]}`));
  } finally {
    stop();
  }
  files.finish(run.id);
  await files.flushed();
  const record = records.run(run.id);
  if (record === undefined) throw new Error("no run");
  expect(record.decks?.length).toBeGreaterThanOrEqual(6);
  forms.push(
    // What a program prints reaches the screen as it is; every reader of the event that keeps it hides secrets in it.
    ...events.filter(({ kind }) => kind !== "log").map((event) => JSON.stringify(event)),
    JSON.stringify(await deckBundle(record)),
    JSON.stringify(await sessionBundle([record], { title: "a.ipynb" })),
    await deckPage(record),
    await sessionPage([record], { title: "a.ipynb" }),
    rowsToText(deckRows(record, { columns: 200, rowsMax: 500 })),
    readFileSync(join(folder.path, pageFile(folder.path, run.id) ?? ""), "utf8"),
    readFileSync(join(folder.path, ".eagerdeck/runs", run.id, "records.jsonl"), "utf8"),
  );
  for (const form of forms) expect(form).not.toMatch(/PLANTED/);
  // Pictures are base64 in HTML: looked at as what they are.
  for (const [, base64 = ""] of forms.join("\n").matchAll(/base64,([A-Za-z0-9+/=]+)/g)) {
    expect(Buffer.from(base64, "base64").toString()).not.toMatch(/PLANTED/);
  }
  expect(forms.join("\n")).toContain("[redacted]");
});
