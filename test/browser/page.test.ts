/** `deck.html` in a real browser: what must not run does not, nothing is asked of the network, both colour schemes. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deckPage } from "../../runtime/deck/views.ts";
import type { RunRecord } from "../../runtime/events/record-shape.ts";
import { launchBrowser, listenForRequests } from "../support/browser.ts";
import { failedRun, wideRun } from "../support/deck-runs.ts";
import { RunEvents } from "../support/run-events.ts";
import { tempFolder } from "../support/temp-folder.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});

/** A script that tells everybody it ran. */
const RAN = "window.ran = true; document.title = 'ran'; alert('ran')";

/** What would reach the network, if it were let. */
function loaders(origin: string): string[] {
  return [
    `<img src="${origin}/img">`,
    `<img srcset="${origin}/srcset 2x" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`,
    `<link rel="stylesheet" href="${origin}/link"><link rel="preconnect" href="${origin}">`,
    `<meta http-equiv="refresh" content="0;url=${origin}/meta">`,
    `<base href="${origin}/base/"><img src="relative">`,
    `<iframe src="${origin}/iframe"></iframe><object data="${origin}/object"></object><embed src="${origin}/embed">`,
    `<style>@import "${origin}/import"; body { background: url(${origin}/background) }</style>`,
    `<p style="background-image: url('${origin}/style')">x</p>`,
    `<svg><image href="${origin}/svg" width="5" height="5"/><use href="${origin}/use#a"/></svg>`,
    `<video src="${origin}/video" poster="${origin}/poster" autoplay></video><audio src="${origin}/audio"></audio>`,
    `<form action="${origin}/form"><input type="image" src="${origin}/input"></form>`,
    `<table background="${origin}/table"><tr><td>x</td></tr></table>`,
  ];
}

/** What would run, if it were let. */
const RUNNERS = [
  `<script>${RAN}</script>`,
  `<img src=x onerror="${RAN}">`,
  `<svg onload="${RAN}"><script>${RAN}</script><animate attributeName="href" values="javascript:${RAN}"/></svg>`,
  `<details open ontoggle="${RAN}"><summary>x</summary></details>`,
  `<iframe srcdoc="<script>parent.${RAN}</script>"></iframe>`,
  `<a href="javascript:${RAN}" id="link">click</a>`,
  `</details></div></div></iframe></body><script>${RAN}</script>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RAN}&gt;">`,
  `<noscript><p title="</noscript><img src=x onerror=${RAN}>"></noscript>`,
];

function deck(run: RunEvents, bundle: Record<string, string>, name: string, scripts = false): void {
  run.events.push({
    kind: "deck-added",
    runId: run.runId,
    at: 0,
    name,
    mode: "append",
    bundle: { "text/plain": "text", ...bundle },
    scripts,
  });
}

function hostileRun(origin: string): RunRecord {
  const run = new RunEvents({ title: "<script>1</script>" });
  for (const [index, text] of [...RUNNERS, ...loaders(origin)].entries()) {
    const call = run.call(text, { inputs: { [text]: text } });
    run.log(call, text);
    if (index % 2 === 0) run.settle(call, 9, { failed: new Error(text) });
    else run.settle(call, 9, { output: { html: text } });
    deck(run, { "text/html": text }, text);
  }
  for (const type of ["text/markdown", "image/svg+xml", "text/plain"]) {
    for (const text of [...RUNNERS, ...loaders(origin)]) deck(run, { [type]: text }, type);
  }
  run.end(2_000, "failed");
  return run.record();
}

function scriptedRun(script: string): RunRecord {
  const run = new RunEvents();
  run.ok("plot", { output: 1 });
  deck(run, { "text/html": `<p id="out">before</p><script>${script}</script>` }, "live", true);
  deck(run, { "text/html": `<p>quiet</p><script>${RAN}</script>` }, "quiet");
  run.end(9);
  return run.record();
}

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Dialogs and windows that the page opened. */
  readonly opened: string[];
}

/** The page of a run as a file in a window, every part of it unfolded. */
async function open(
  run: RunRecord,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<Opened> {
  const folder = tempFolder({ "deck.html": await deckPage(run) });
  const page = await browser.newPage(options);
  const opened: string[] = [];
  page.on("dialog", (dialog) => {
    opened.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("popup", (popup) => opened.push(popup.url()));
  await page.goto(`file://${folder.path}/deck.html`);
  await unfold(page, true);
  // Frames are loaded when they come into view.
  for (const frame of await page.locator("iframe").all()) await frame.scrollIntoViewIfNeeded();
  await page.waitForLoadState("networkidle");
  return {
    page,
    opened,
    async [Symbol.asyncDispose]() {
      await page.close();
      folder[Symbol.dispose]();
    },
  };
}

// What runs in the page is text: its types are a browser's, and these tests are Node's.

async function unfold(page: Page, open: boolean, which = "details"): Promise<void> {
  await page.evaluate(
    `for (const each of document.querySelectorAll("${which}")) each.open = ${open}`,
  );
}

/** Two pictures were drawn: whatever is going to start by itself has started. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
  );
}

describe("a script in any value or deck", () => {
  test("does not run, and nothing is asked of the network", async () => {
    await using ear = await listenForRequests();
    await using view = await open(hostileRun(ear.origin));
    await drawn(view.page);
    const frames = view.page.frames();
    expect(frames.length).toBe(1 + RUNNERS.length + loaders("").length + 3);
    for (const frame of frames) {
      expect(await frame.evaluate('"ran" in window')).toBe(false);
      for (const link of await frame.locator("a#link").all()) {
        expect(await link.getAttribute("href")).toBeNull();
      }
    }
    expect(view.opened).toEqual([]);
    expect(ear.heard).toEqual([]);
    // The ear does hear: else the test could not fail.
    await fetch(`${ear.origin}/heard`);
    expect(ear.heard).toEqual(["/heard"]);
  });
});

describe("scripts: true", () => {
  test("runs in its frame, and in no other", async () => {
    await using view = await open(
      scriptedRun("document.getElementById('out').textContent = 'after'"),
    );
    const live = view.page.frameLocator('iframe[title="live"]');
    await live.getByText("after").waitFor();
    for (const frame of view.page.frames()) {
      expect(await frame.evaluate('"ran" in window')).toBe(false);
    }
    expect(await view.page.locator("iframe[sandbox*=allow-scripts]").count()).toBe(1);
    expect(await view.page.locator("iframe[sandbox*=allow-same-origin]").count()).toBe(0);
    expect(view.opened).toEqual([]);
  });

  test("reaches neither the page nor the network, and says so", async () => {
    await using ear = await listenForRequests();
    const tries = `
      const tried = [];
      const attempt = async (name, act) => {
        try { await act(); tried.push(name + " went through"); } catch (error) { tried.push(name + " refused"); }
      };
      (async () => {
        await attempt("page", () => { parent.document.title = "ran"; });
        await attempt("fetch", () => fetch("${ear.origin}/fetch"));
        await attempt("import", () => import("${ear.origin}/import"));
        await attempt("eval", () => (0, eval)("1"));
        await attempt("storage", () => localStorage.setItem("a", "b"));
        new Image().src = "${ear.origin}/image";
        navigator.sendBeacon("${ear.origin}/beacon");
        try { window.open("${ear.origin}/window"); } catch {}
        const script = document.createElement("script");
        script.src = "${ear.origin}/script";
        document.body.append(script);
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = "${ear.origin}/sheet";
        document.head.append(sheet);
        document.getElementById("out").textContent = tried.join(", ");
        const form = document.createElement("form");
        form.action = "${ear.origin}/form";
        document.body.append(form);
        try { form.submit(); } catch {}
        location.href = "${ear.origin}/location";
      })();`;
    await using view = await open(scriptedRun(tries));
    await drawn(view.page);
    await drawn(view.page);
    expect(await view.page.title()).toBe("plot");
    // The frame may show the browser's own page of what was blocked by now; what it said first was said to the network.
    expect(ear.heard).toEqual([]);
    expect(view.opened).toEqual([]);
  });

  test("is refused what it tries", async () => {
    const tries = `
      const tried = [];
      const attempt = async (name, act) => {
        try { await act(); tried.push(name + " went through"); } catch { tried.push(name + " refused"); }
      };
      (async () => {
        await attempt("page", () => { parent.document.title = "ran"; });
        await attempt("fetch", () => fetch("http://127.0.0.1:9/"));
        await attempt("eval", () => (0, eval)("1"));
        await attempt("storage", () => localStorage.setItem("a", "b"));
        document.getElementById("out").textContent = tried.join(", ");
      })();`;
    await using view = await open(scriptedRun(tries));
    await view.page
      .frameLocator('iframe[title="live"]')
      .getByText("page refused, fetch refused, eval refused, storage refused")
      .waitFor();
  });
});

describe("how it looks", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`in ${colorScheme}: rows of one height, badges with their colour`, async () => {
      await using view = await open(failedRun(), { colorScheme });
      await unfold(view.page, false, "td details");
      const heights = await view.page.evaluate<number[]>(
        'Array.from(document.querySelectorAll("tbody > tr"), (row) => row.getBoundingClientRect().height)',
      );
      expect(new Set(heights)).toEqual(new Set([29]));
      const background = await view.page.evaluate(
        "getComputedStyle(document.body).backgroundColor",
      );
      expect(background).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(17, 17, 17)");
      expect(
        await view.page.evaluate(
          `getComputedStyle(document.querySelector('span[title="failed"]')).backgroundColor`,
        ),
      ).toBe("rgb(209, 53, 47)");
    });
  }

  test("nothing is wider than the window", async () => {
    for (const width of [360, 640, 1000]) {
      await using view = await open(failedRun(), { viewport: { width, height: 800 } });
      expect(await view.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
        width,
      );
    }
  });

  test("printed, closed sections are read too", async () => {
    await using view = await open(failedRun());
    await unfold(view.page, false);
    const section = view.page.getByText("git commit").or(view.page.getByText("2026-11-23")).first();
    expect(await section.isVisible()).toBe(false);
    await view.page.emulateMedia({ media: "print" });
    expect(await section.isVisible()).toBe(true);
  });

  test("of 2,000 calls all rows are there, laid out when their part is opened", async () => {
    await using view = await open(wideRun(2_000));
    expect(await view.page.getByText("1,801 – 2,000").isVisible()).toBe(true);
    expect(await view.page.getByText("/docs/1999").first().isVisible()).toBe(true);
  });
});
