/** What viewers take from HTML: JupyterLab's sanitizer, viewers without styles, and readers who trust nobody. */
import { describe, expect, test } from "vitest";
import {
  deckBundle,
  deckPage,
  liveBundle,
  sessionBundle,
  sessionPage,
} from "../../../../runtime/deck/views.ts";
import type { Preview } from "../../../../runtime/values/shape.ts";
import { errorOf, failedRun, openRun, trivialRun, wideRun } from "../../../support/deck-runs.ts";
import { htmlTags, htmlText, styleDeclarations } from "../../../support/html-text.ts";
import { RunEvents } from "../../../support/run-events.ts";

const HOSTILE = [
  "<script>alert(1)</script>",
  "</details></div><img src=x onerror=alert(1)>",
  '"><b onmouseover=alert(1)>',
  "`${x}` | $y$ <!--",
  "a\u202eb\u0000c\u001b]0;title\u0007",
  "</style><iframe src='javascript:alert(1)'>",
];

/** Hostile text wherever a run takes text. */
function hostileRun() {
  const run = new RunEvents({ title: HOSTILE[0] ?? "", backend: HOSTILE[1] ?? "" });
  for (const [index, text] of HOSTILE.entries()) {
    const call = run.call(text, {
      inputs: { [text]: text, list: [text], plain: index },
      source: { file: text, line: 1, column: 1 },
    });
    run.log(call, text);
    run.events.push({
      kind: "call-linked",
      runId: run.runId,
      at: 0,
      id: call,
      executionId: text,
      url: "javascript:alert(1)",
    });
    if (index % 2 === 0) run.settle(call, 9, { failed: errorOf(text, text, errorOf(text, text)) });
    else
      run.settle(
        call,
        9,
        { output: { [text]: text } },
        { cache: { outcome: "hit", reason: text } },
      );
  }
  const shown: Preview[] = [
    {
      line: "page",
      kind: "html",
      body: { as: "html", html: HOSTILE[0] ?? "", text: HOSTILE[0] ?? "" },
    },
    {
      line: "picture",
      kind: "image",
      body: { as: "image", mime: "text/html", base64: HOSTILE[2] ?? "", alt: HOSTILE[2] ?? "" },
    },
    {
      line: "table",
      kind: "table",
      body: {
        as: "table",
        columns: [{ name: HOSTILE[0] ?? "", type: HOSTILE[1] ?? "" }],
        rows: [[HOSTILE[2] ?? ""]],
        caption: HOSTILE[3] ?? "",
      },
      missing: HOSTILE[0] ?? "",
    },
  ];
  for (const output of shown) run.settle(run.call("show"), 9, { output: 1 }, { output });
  run.end(2_000, "failed");
  return run.record();
}

async function everyHtml(): Promise<Map<string, string>> {
  const { run: open, nowMs } = openRun();
  const all = new Map<string, string>();
  for (const [name, run] of [
    ["trivial", trivialRun()],
    ["failed", failedRun()],
    ["folded", wideRun(24)],
    ["per function", wideRun(60)],
    ["open", open],
    ["hostile", hostileRun()],
    ["no calls", wideRun(0)],
  ] as const) {
    all.set(name, (await deckBundle(run))["text/html"] as string);
    all.set(`${name}, live`, (await liveBundle(run, nowMs))["text/html"] as string);
  }
  const runs = [trivialRun(), failedRun(), wideRun(60), hostileRun()];
  const title = HOSTILE[0] ?? "";
  all.set("session", (await sessionBundle(runs, { title }))["text/html"] as string);
  return all;
}

/** What the sanitizer of JupyterLab leaves as it is, of all it is given here. */
const ELEMENTS = new Set(
  "style div span b code pre details summary table colgroup col thead tbody tr th td br a img".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(["class", "style", "title", "open", "scope", "href", "src", "alt"]);
const PROPERTIES = new Set(
  (
    "box-sizing max-width border border-left border-bottom border-top border-radius position padding padding-left " +
    "font-family font-size font-weight line-height text-align vertical-align display flex-wrap align-items justify-content gap " +
    "margin margin-left margin-right opacity background-color color white-space word-wrap overflow overflow-x " +
    "text-overflow width min-width height left top cursor border-collapse table-layout"
  ).split(" "),
);

describe("the HTML", async () => {
  const htmls = await everyHtml();

  describe.each([...htmls])("%s", (name, html) => {
    test("has only elements, attributes and styles that every viewer keeps", () => {
      for (const { name: element, attributes } of htmlTags(html)) {
        expect(ELEMENTS).toContain(element);
        for (const attribute of attributes.keys()) expect(ATTRIBUTES).toContain(attribute);
      }
      for (const [property, value] of styleDeclarations(html)) {
        expect(PROPERTIES).toContain(property);
        expect(value).not.toMatch(/var\(|inherit|currentcolor|url\(|light-dark|initial|unset/i);
      }
    });

    test("keeps hostile text as text", () => {
      // Whatever is no tag of ours has no bracket left.
      const rest = html
        .replaceAll(/<style>.*?<\/style>/gs, "")
        .replaceAll(/<\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>/g, "");
      expect(rest).not.toMatch(/[<>]/);
      expect(html).not.toMatch(/<(?:script|iframe|svg|object|embed|link|meta|base|form|input)/i);
      for (const { attributes } of htmlTags(html)) {
        const address = attributes.get("href") ?? attributes.get("src") ?? "https://";
        expect(address).toMatch(/^(?:https?:|data:image\/)/);
      }
      expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
    });

    test("closes each element it opens, in order", () => {
      const open: string[] = [];
      for (const [, closing, tag = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?>/g)) {
        if (["br", "img", "col"].includes(tag)) continue;
        if (closing) expect(open.pop()).toBe(tag);
        else open.push(tag);
      }
      expect(open).toEqual([]);
    });

    test("colours no text but that on a fill", () => {
      for (const { attributes } of htmlTags(html)) {
        const style = attributes.get("style") ?? "";
        if (/(?:^|;)color:/.test(style)) expect(style).toMatch(/background-color:#/);
      }
      expect(name).toBeTruthy();
    });
  });
});

test("without styles every name, state, value, time, count and error is still a word of its own", async () => {
  const text = htmlText((await deckBundle(failedRun()))["text/html"] as string);
  for (const part of [
    "✕ failed daily_report",
    '(date: "2026-11-22", days: 3)',
    "7 tasks 14.2 s wall time",
    "4 ok",
    "1 cached",
    "◆ cached load_config",
    "✓ ok fetch_orders",
    "✕ failed publish",
    "⊘ cancelled archive",
    "{ region:",
    "attempt 1 +310 ms, 2.29 s HttpError: 502 Bad Gateway",
    "asking again",
    "+310 ms, critical path",
    "t4 · queued 290 ms · started +310 ms",
    "report.ts:12:9",
    "Where Tries Time 0 – 14.2 s",
  ]) {
    expect(text).toContain(part);
  }
  // Two words that grew together would hide both from a search: `load_config3 ms`.
  expect(text).not.toMatch(/[a-z]\)[a-z]|\d(?:ms|s)\w|ok[a-z]|(?:local|remote)\d/);
});

test("the style that may be lost changes neither layout nor text", async () => {
  const html = (await deckBundle(failedRun()))["text/html"] as string;
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
  const properties = [...style.matchAll(/[{;]([a-z-]+):/g)].map(([, property]) => property);
  expect(new Set(properties)).toEqual(
    new Set([
      "font-variant-numeric",
      "overflow-wrap",
      "background-color",
      "outline",
      "outline-offset",
      "content-visibility",
      "height",
    ]),
  );
});

test("an image is drawn from data, never from an address", async () => {
  const run = new RunEvents();
  const body = { as: "image", mime: "image/png", base64: "iVBORw0KGgo=", alt: "a plot" } as const;
  const output: Preview = { line: "PNG image", kind: "image", body };
  for (let index = 0; index < 4; index++) {
    run.settle(run.call("plot"), 1, { output: 1 }, { output });
  }
  run.end(2);
  const html = (await deckBundle(run.record()))["text/html"] as string;
  expect(html).toContain('<img src="data:image/png;base64,iVBORw0KGgo=" alt="a plot"');
});

test("a link to a console is one only when it is http", async () => {
  const html = (url: string) => {
    const run = new RunEvents();
    for (let index = 0; index < 4; index++) {
      const call = run.call("train", { where: "remote" });
      run.events.push({
        kind: "call-linked",
        runId: run.runId,
        at: 0,
        id: call,
        executionId: "a7k2",
        url,
      });
      run.settle(call, 1, { output: 1 });
    }
    run.end(2);
    return deckBundle(run.record()).then((bundle) => bundle["text/html"] as string);
  };
  expect(await html("https://console.example.org/a7k2")).toContain(
    '<a href="https://console.example.org/a7k2"',
  );
  expect(await html("javascript:alert(1)")).not.toContain("<a ");
  expect(await html("data:text/html,x")).not.toContain("<a ");
});

describe("a page", () => {
  test("begins its head with the policy that lets nothing run and nothing load", async () => {
    for (const html of [
      await deckPage(hostileRun()),
      await sessionPage([hostileRun()], { title: "x" }),
    ]) {
      expect(html).toMatch(
        /<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">/,
      );
      expect(html).toContain("color-scheme:light dark");
    }
  });

  test("has a hostile title as text", async () => {
    const html = await sessionPage([trivialRun()], { title: "</title><script>alert(1)</script>" });
    expect(html).toContain("<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>");
    expect(html).not.toContain("<script");
  });

  test("is the same to the byte for the same records", async () => {
    expect(await deckPage(failedRun())).toBe(await deckPage(failedRun()));
  });
});

test("HTML that a value shows itself with stands in its row, balanced and without what runs", async () => {
  const html =
    '<table><tr><td onclick="x()">1.0831</td></tr></table></details></div><script>x()</script><img src="http://a.b/c">';
  const run = new RunEvents();
  const body = { as: "html", html, text: "rates" } as const;
  for (const n of [1, 2, 3, 4]) {
    const call = run.call("rates", { inputs: { n } });
    run.settle(call, 9, { output: 1 }, { output: { line: "rates", kind: "rich", body } });
  }
  run.end(20, "ok");
  const notebook = String((await deckBundle(run.record()))["text/html"]);
  expect(notebook).toContain("<td>1.0831</td>");
  expect(notebook).not.toMatch(/onclick|<script>x|src="http/);
  for (const element of ["details", "div", "table"]) {
    const opened = notebook.match(new RegExp(`<${element}\\b`, "g"))?.length;
    expect(notebook.match(new RegExp(`</${element}>`, "g"))?.length).toBe(opened);
  }
  const page = await deckPage(run.record());
  expect(page).toMatch(/<iframe title="rates" sandbox="[a-z -]*" srcDoc="[^"]*1\.0831&lt;\/td&gt;/);
  expect(page).not.toMatch(/onclick|x\(\)/);
});
