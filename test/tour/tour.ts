/**
 * A tour of the terminal REPL in tmux: each scene as text and as pictures, dark and light, in `test/tour/out`.
 *
 * `npm run tour` makes it anew; people look at it. It ends with 1 when a scene does not come.
 * @module
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { startJupyterLab } from "../support/jupyter-lab.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { capturedHtml } from "../support/terminal-html.ts";
import { Tmux } from "./tmux.ts";

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const OUT = resolve("test/tour/out");
const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
];
const SCHEMES = [
  { name: "dark", ground: "#1e1e1e", ink: "#dddddd" },
  { name: "light", ground: "#ffffff", ink: "#222222" },
] as const;

const SLEEP = "const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))";
const FETCH = [
  "/** Reads one page of the report. */",
  "const fetchPage = task({ retries: 1 }, async function fetch_page({ n, ms = 300 }: { n: number; ms?: number }, ctx) {",
  "await sleep(ms + n * 40)",
  'if (n === 5 && ctx.attempt === 1) throw new Error("reset by peer")',
  'if (n === 13) throw new RangeError("no page 13")',
  "return { n, words: n * 120 }",
  "})",
];
const REPORT = [
  "const report = eager(async function report({ pages }: { pages: number }) {",
  "const got = await Promise.all(Array.from({ length: pages }, (_, n) => fetchPage({ n: n + 1 })))",
  'console.log("read", got.length, "pages")',
  "return got.reduce((sum, page) => sum + page.words, 0)",
  "})",
];

/** One size: the scenes in order, then the notebook that was saved. */
class Tour {
  readonly #tmux: Tmux;
  readonly #browser: Browser;
  readonly #size: Size;
  #count = 0;

  constructor(tmux: Tmux, browser: Browser, size: Size) {
    this.#tmux = tmux;
    this.#browser = browser;
    this.#size = size;
  }

  /** @returns when `scene` shows, kept as text and pictures. */
  async scene(name: string, wanted: RegExp): Promise<void> {
    await this.#tmux.see(wanted);
    const { columns, rows } = this.#size;
    this.#count++;
    const file = join(OUT, `${columns}x${rows}-${String(this.#count).padStart(2, "0")}-${name}`);
    writeFileSync(`${file}.txt`, this.#tmux.text());
    const html = await capturedHtml(this.#tmux.colored(), columns);
    for (const { name: scheme, ground, ink } of SCHEMES) {
      const page = await this.#browser.newPage({ viewport: { width: 200, height: 200 } });
      await page.setContent(
        `<body style="margin:0;background:${ground};color:${ink};display:inline-block">${html}</body>`,
      );
      await page.screenshot({ path: `${file}-${scheme}.png`, fullPage: true });
      await page.close();
    }
  }

  async enter(lines: string | readonly string[], wanted: RegExp): Promise<void> {
    for (const line of [lines].flat()) {
      this.#tmux.type(line);
      this.#tmux.press("Enter");
    }
    await this.#tmux.see(wanted);
  }

  async run(): Promise<void> {
    const tmux = this.#tmux;
    await this.scene("prompt", /In \[1\]:[\s\S]*Ctrl-D leave/);
    await this.enter(SLEEP, /In \[2\]:/);
    await this.enter(FETCH, /In \[3\]:/);
    await this.enter(REPORT, /In \[4\]:[\s\S]*Ctrl-D leave/);
    await this.scene("tasks", /In \[4\]:/);
    tmux.type("await fetchPage(");
    await this.scene("signature", /Reads one page/);
    tmux.press("C-u");
    tmux.type("deck.");
    await this.scene("completion", /resume|session/);
    tmux.press("C-g", "C-u");
    tmux.type("await report({ pages: 12 })");
    tmux.press("Enter");
    await this.scene("tree", /running/);
    await this.scene("deck", /Out\[4\]: 9360/);
    tmux.type("await report({ pages: 14 })");
    tmux.press("Enter");
    await this.scene("failed", /no page 13[\s\S]*In \[6\]:\s+local/);
    await this.enter(".deck", /Run it again/);
    await this.scene("deck-again", /In \[6\]:\s+local/);
    const [, id = ""] = /deck\.task\("(t\d+)"\)/.exec(tmux.text()) ?? [];
    await this.enter(`.task ${id}`, /attempt 2|no page 13/);
    await this.scene("failing-call", /In \[6\]:\s+local/);
    tmux.type(`await deck.task("${id}").rerun({ n: 12 })`);
    tmux.press("Enter");
    await this.scene("rerun", /Out\[6\]: \{ n: 12, words: 1440 \}/);
    tmux.press("C-r");
    tmux.type("fetch");
    await this.scene("search", /1 of/);
    tmux.press("C-g");
    tmux.type("await fetchPage({ n: 1, ms: 2_000 })");
    tmux.press("Enter");
    await tmux.see(/cell 7/);
    tmux.press("C-x", "C-b");
    await this.enter("40 + 2", /Out\[8\]: 42/);
    await this.scene("background", /background/);
    await tmux.see(/Out\[7\]/);
    await this.enter(".help", /leave/);
    await this.scene("help", /Ctrl-D leaves/);
    await this.enter(".save tour.ipynb", /saved \d+ cells as tour\.ipynb/);
    await this.scene("saved", /In \[9\]:\s+local/);
    tmux.press("C-d");
  }
}

async function main(): Promise<void> {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const size of SIZES) await tour(browser, size);
    console.log(`the tour is in ${OUT}`);
  } finally {
    await browser.close();
  }
}

async function tour(browser: Browser, size: Size): Promise<void> {
  using folder = tempFolder();
  using data = tempFolder();
  {
    using tmux = new Tmux({
      ...size,
      folder: folder.path,
      command: [process.execPath, resolve("dist/cli/main.js"), "repl"],
      environment: { XDG_DATA_HOME: data.path, LANG: "C.UTF-8" },
    });
    await new Tour(tmux, browser, size).run();
  }
  await using lab = await startJupyterLab();
  copyFileSync(join(folder.path, "tour.ipynb"), join(lab.folder, "tour.ipynb"));
  for (const theme of ["JupyterLab Dark", "JupyterLab Light"] as const) {
    const notebook = await lab.open(browser, "tour.ipynb", { theme, height: 2_400 });
    const scheme = theme === "JupyterLab Dark" ? "dark" : "light";
    const file = `${size.columns}x${size.rows}-99-notebook-${scheme}.png`;
    await notebook.page.screenshot({ path: join(OUT, file) });
    await notebook.page.close();
  }
}

await main();
