/** Decks of the user's own: made safe, bounded, and there in every form. */
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parseFragment, serialize } from "parse5";
import { describe, expect, test } from "vitest";
import { markdownToHtml } from "../../../../runtime/deck/markdown-html.ts";
import { safeHtml } from "../../../../runtime/deck/safe-html.ts";
import {
  deckBundle,
  deckPage,
  sessionBundle,
  sessionPage,
} from "../../../../runtime/deck/views.ts";
import type { RunRecord } from "../../../../runtime/events/record-shape.ts";
import { Deck } from "../../../../runtime/index.ts";
import { htmlText } from "../../../support/html-text.ts";
import { RunEvents } from "../../../support/run-events.ts";
import { addDecks, GIF } from "../../../support/shown-runs.ts";

function withDecks(contents: readonly unknown[], calls = 1): RunRecord {
  const run = new RunEvents();
  let first: string | undefined;
  for (let index = 0; index < calls; index++) {
    const call = run.call("plot_forecast", { inputs: { index } });
    run.settle(call, 5, { output: index });
    first ??= call;
  }
  addDecks(run, contents, first);
  run.end(9);
  return run.record();
}

const htmlOf = async (run: RunRecord) => (await deckBundle(run))["text/html"] as string;

describe("HTML of somebody else", () => {
  const filtered = (html: string) => safeHtml(html)?.html;

  test.each([
    ["<p>a<b>b", "<p>a<b>b</b></p>"],
    ["</details></div></table>x", "x"],
    ["<td>cell</td>", "cell"],
    ["<script>alert(1)</script><p onclick='x'>a</p>", "<p>a</p>"],
    ["<iframe src=x></iframe><object><b>in</b></object><embed><link><meta><base>b", "b"],
    ["<a href='javascript:x'>a</a><a href=' java\tscript:x'>b</a>", "<a>a</a><a>b</a>"],
    [
      "<a href='https://x.org' target='_blank'>a</a>",
      '<a href="https://x.org" target="_blank">a</a>',
    ],
    ["<p data-commandlinker-command='x' data-n='1'>a</p>", '<p data-n="1">a</p>'],
    [
      "<img src='https://x.org/a.png' alt='chart'>",
      '<a href="https://x.org/a.png" rel="noopener">chart</a>',
    ],
    [`<img src="data:image/gif;base64,${GIF}">`, `<img src="data:image/gif;base64,${GIF}">`],
    ["<p style='background:url(https://x.org)'>a</p>", "<p>a</p>"],
    ["<p style='color:red'>a</p>", '<p style="color:red">a</p>'],
    ["<style>@import 'x';</style><style>b{color:red}</style>", "<style>b{color:red}</style>"],
    ["<form action=x><input formaction=y></form>", "<input>"],
    [
      "<svg><a xlink:href='javascript:x'><text>t</text></a><set/></svg>",
      "<svg><a><text>t</text></a></svg>",
    ],
    [
      "<svg><use href='https://x.org#a'></use><use href='#a'></use></svg>",
      '<svg><use></use><use href="#a"></use></svg>',
    ],
    ["<!-- a comment --><p>b", "<p>b</p>"],
  ])("%s", (given, expected) => {
    expect(filtered(given)).toBe(expected);
  });

  test("of what people may miss is told what was left out", () => {
    expect(safeHtml("<script>1</script><script>2</script><iframe></iframe>")?.notes).toEqual([
      "2 × script left out",
      "1 iframe left out",
    ]);
  });

  test("scripts stay only with a nonce, and none that would have to be loaded", () => {
    const safe = safeHtml(
      "<script>1</script><script src=//x.org></script><svg><script href=x>2</script></svg>",
      {
        nonce: "n",
      },
    );
    expect(safe?.html).toBe('<script nonce="n">1</script><svg></svg>');
    expect(safe?.scripts).toHaveLength(1);
  });

  test("nested too deeply it is refused, and shown as text", async () => {
    expect(safeHtml("<div>".repeat(5_000))).toBeUndefined();
    const text = htmlText(await htmlOf(withDecks([Deck.html(`${"<div>".repeat(5_000)}words`)])));
    expect(text).toContain("its HTML cannot be shown safely; this is its text");
    expect(text).toContain("words");
  });

  test("H1, H2, H3: whatever it is given, what comes out holds nothing that runs and parses to itself", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          "<svg>",
          "<math>",
          "<mtext>",
          "<mglyph>",
          "<style>",
          "</style>",
          "<!--",
          "-->",
          "<table>",
          "<td>",
        ],
        ...[
          "<p",
          " onload=x",
          ">",
          "<a href='javascript:x'>",
          "<noscript>",
          "<template>",
          "</p>",
          "<br>",
        ],
        ...[
          "<script>",
          "</script>",
          "<title>",
          "<textarea>",
          "</textarea>",
          "<select>",
          "<option>",
          "&lt;script>",
        ],
        ...[
          "<img src=x onerror=y>",
          "<foreignObject>",
          "<desc>",
          "<annotation-xml encoding='text/html'>",
          "<form>",
        ],
      ),
      fc.string({ maxLength: 8 }),
    );
    const danger = /^(?:script|iframe|object|embed|link|meta|base|form|template|noscript|math)$/;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const safe = safeHtml(pieces.join(""));
        if (safe === undefined) return;
        // As a browser reads it in its place.
        const [place] = parseFragment(`<div>${safe.html}</div><hr>`).childNodes;
        const open = [place as DefaultTreeAdapterTypes.ChildNode];
        for (let node = open.pop(); node !== undefined; node = open.pop()) {
          if (!("tagName" in node)) continue;
          expect(node.tagName).not.toMatch(danger);
          for (const { name, value } of node.attrs) {
            expect(name).not.toMatch(/^on/i);
            expect(value).not.toMatch(/^\s*javascript:/i);
          }
          open.push(...node.childNodes);
        }
        expect(serialize(parseFragment(`<div>${safe.html}</div><hr>`))).toBe(
          `<div>${safe.html}</div><hr>`,
        );
      }),
      { numRuns: 2_000 },
    );
  }, 30_000);
});

describe("Markdown of somebody else", () => {
  test("has no HTML, and no heading as large as the deck's", () => {
    expect(markdownToHtml("# A <b>b</b>\n\n* `c`")).toBe(
      "<h3>A &lt;b&gt;b&lt;/b&gt;</h3>\n<ul>\n<li><code>c</code></li>\n</ul>\n",
    );
  });

  test("pictures of a network are links, javascript: addresses are text", async () => {
    const html = await htmlOf(
      withDecks([
        Deck.md`![chart](https://x.org/a.png) [run](javascript:alert(1)) [ok](https://x.org)`,
      ]),
    );
    expect(html).toContain('<a href="https://x.org/a.png" rel="noopener">chart</a>');
    expect(html).not.toMatch(/<img|href="javascript/);
    expect(html).toContain('<a href="https://x.org">ok</a>');
  });
});

describe("in every form", () => {
  const contents = [
    Deck.html`<h1>Sales</h1><details><summary>open`,
    Deck.md`# Notes\n\n**bold** words`,
    { "image/png": Buffer.from("not really a picture"), "text/plain": "a chart" },
    [
      { id: 1, name: "first" },
      { id: 2, name: "second" },
    ],
    "plain <text>",
  ];

  test("HTML: a section each, with who added it; the deck stays whole", async () => {
    const html = await htmlOf(withDecks(contents));
    const text = htmlText(html);
    for (let index = 0; index < contents.length; index++) {
      expect(text).toContain(`deck ${index} added by plot_forecast`);
    }
    expect(text).toContain("Sales");
    expect(text).toContain("first");
    expect(html).toContain("plain &lt;text&gt;");
    expect(html).toContain('alt="picture in deck 2"');
    expect(html.match(/<details/g)?.length).toBe(html.match(/<\/details>/g)?.length);
    expect(text.indexOf("Sales")).toBeLessThan(text.lastIndexOf("started"));
  });

  test("Markdown and text: their words", async () => {
    const bundle = await deckBundle(withDecks(contents));
    expect(bundle["text/markdown"]).toContain(
      "**deck 1** added by plot\\_forecast\n\n```text\n# Notes",
    );
    expect(bundle["text/plain"]).toContain("deck 0   added by plot_forecast\n  Sales\n  open");
    expect(bundle["text/plain"]).toContain("  plain <text>");
  });

  test("a run with decks and without calls shows them", async () => {
    const run = withDecks(["hello"], 0);
    const bundle = await deckBundle(run);
    expect(htmlText(bundle["text/html"] as string)).toContain("hello");
    expect(bundle["text/markdown"]).toContain("hello");
    expect(bundle["text/plain"]).toContain("hello");
    expect(htmlText(await deckPage(run))).toContain("deck 0");
  });

  test("the page: a frame each, scripts only where they are asked for", async () => {
    const page = await deckPage(withDecks(contents));
    expect(page.match(/<iframe /g)).toHaveLength(contents.length);
    expect(page).not.toContain("allow-scripts");
    expect(page).not.toContain("script-src");
    expect(page).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
  });
});

test("a session shows decks up to 20 kB of all its cells, and names the others", async () => {
  const runs = [withDecks(["small", Deck.html(`<p>${"large ".repeat(5_000)}</p>`)])];
  const bundle = await sessionBundle(runs, { title: "a.ipynb" });
  const text = htmlText(bundle["text/html"] as string);
  expect(text).toContain("deck 0 In [7] · added by plot_forecast");
  expect(text).toContain("small");
  expect(text).toContain("deck 1 In [7] · added by plot_forecast · 30.0 kB");
  expect(text).not.toContain("large large");
  const page = await sessionPage(runs, { title: "a.ipynb" });
  expect(page.match(/<iframe /g)).toHaveLength(2);
  expect(htmlText(page)).toContain("deck 1 In [7] · added by plot_forecast");
});

describe("scripts in a page", () => {
  function scripted(text: string): RunRecord {
    const run = new RunEvents();
    run.ok("plot", { inputs: { text }, output: 1 });
    run.events.push({
      kind: "deck-added",
      runId: run.runId,
      at: 0,
      name: "live",
      mode: "append",
      scripts: true,
      bundle: { "text/html": `<script>draw()</script>`, "text/plain": "" },
    });
    run.end(5);
    return run.record();
  }
  const nonceOf = (page: string) => /script-src 'nonce-([0-9a-f]{32})'/.exec(page)?.[1] ?? "";

  test("have a nonce that is the same for the same record and another for another", async () => {
    const page = await deckPage(scripted("a"));
    expect(nonceOf(page)).not.toBe("");
    expect(page.split(nonceOf(page))).toHaveLength(3); // the policy and the one script
    expect(await deckPage(scripted("a"))).toBe(page);
    expect(nonceOf(await deckPage(scripted("b")))).not.toBe(nonceOf(page));
  });

  test("a value that writes the mark of the nonce gets none", async () => {
    const page = await deckPage(scripted('<script nonce="eagerdeck-nonce">x</script>'));
    expect(page).not.toMatch(/<script/);
    expect(page.match(/script-src/g)).toHaveLength(2); // of the page, and of the frame
  });
});

describe("sizes", () => {
  test("U1: of 500 decks a notebook shows 20, names 100 and counts the rest; the page has all", async () => {
    const run = withDecks(Array.from({ length: 500 }, (_, n) => Deck.html`<b>number ${n}</b>`));
    const bundle = await deckBundle(run, { file: ".eagerdeck/runs/r/deck.html" });
    const text = htmlText(bundle["text/html"] as string);
    expect(text).toContain("number 19");
    expect(text).not.toContain("number 20");
    expect(text).toContain("480 decks not shown here");
    expect(text).toContain("in .eagerdeck/runs/r/deck.html");
    expect(text).toContain("… 380 more decks");
    expect(JSON.stringify(bundle).length).toBeLessThan(250_000);
    expect((await deckPage(run)).match(/<iframe /g)).toHaveLength(500);
  });

  test("U1: a deck above 100 kB is only named", async () => {
    const html = await htmlOf(withDecks([Deck.html(`<p>${"large ".repeat(20_000)}</p>`), "small"]));
    const text = htmlText(html);
    expect(text).toContain("deck 0 added by plot_forecast · 120 kB");
    expect(text).toContain("in the page that deck.save(path) writes");
    expect(text).not.toContain("large large");
    expect(text).toContain("small");
  });

  test("where bodies, rows and decks do not fit, decks go last", async () => {
    const large = Array.from({ length: 4 }, (_, n) =>
      Deck.html(`<p>${`deck${n} `.repeat(14_000)}</p>`),
    );
    const html = await htmlOf(withDecks(large, 50));
    expect(html.length).toBeLessThanOrEqual(200_000);
    const text = htmlText(html);
    expect(text).toContain("deck0 deck0");
    expect(text).not.toContain("deck3 deck3");
    expect(text).toContain("the deck would be larger than 200 kB");
    expect(text).toContain("plot_forecast × 50");
  });
});
