/**
 * `npm run tour`: the REPL from the first cell to the notebook in JupyterLab, as people see it.
 *
 * Each scene is kept in `test/tour/out` as text and as picture, on a small and a large screen, dark and light. A scene
 * that does not appear ends the tour with its screen. The pictures are there to be looked at.
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { distFolder } from "../support/dist.ts";
import { startJupyterLab } from "../support/jupyter-lab.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { DARK, LIGHT } from "../support/terminal-html.ts";
import { keepScreen } from "./pictures.ts";
import { Tmux } from "./tmux.ts";

const OUT = "test/tour/out";
const NOTEBOOK = "tour.ipynb";
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
] as const;
/** `background` is what terminals say of theirs in COLORFGBG. */
const SCHEMES = [
  { name: "dark", palette: DARK, background: "15;0", theme: "JupyterLab Dark" },
  { name: "light", palette: LIGHT, background: "0;15", theme: "JupyterLab Light" },
] as const;

const TASKS = `\
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
/** Orders of one day, from the shop's service. */
const fetchOrders = task({ retries: 1 }, async function fetchOrders({ day }: { day: string }, ctx) {
  await sleep(400);
  if (day === "2026-11-21" && ctx.attempt === 1) throw new Error("connection reset by peer");
  return [1, 2, 3].map((n) => ({ day, order: n, total: n * 19.5 }));
});
const publish = task(async function publish({ channel, total }: { channel: string; total: number }) {
  await sleep(300);
  console.log("publishing to", channel);
  if (!channel.startsWith("#")) throw new RangeError("no such channel: " + channel);
  return "sent to " + channel;
});`;
const WORKFLOW = `\
const report = eager(async function report({ days, channel }: { days: string[]; channel: string }) {
  const orders = await Promise.all(days.map((day) => fetchOrders({ day })));
  const total = orders.flat().reduce((sum, order) => sum + order.total, 0);
  return await publish({ channel, total });
});`;
const DAYS = `["2026-11-20", "2026-11-21", "2026-11-22"]`;

async function main(): Promise<void> {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const size of SIZES) {
      for (const scheme of SCHEMES) await new Tour(browser, size, scheme).run();
    }
  } finally {
    await browser.close();
  }
}

class Tour {
  readonly #browser: Browser;
  readonly #size: (typeof SIZES)[number];
  readonly #scheme: (typeof SCHEMES)[number];
  #scene = 0;

  constructor(browser: Browser, size: (typeof SIZES)[number], scheme: (typeof SCHEMES)[number]) {
    this.#browser = browser;
    this.#size = size;
    this.#scheme = scheme;
  }

  async run(): Promise<void> {
    using home = tempFolder();
    const folder = join(home.path, "work");
    mkdirSync(folder);
    using repl = new Tmux({
      ...this.#size,
      folder,
      command: [process.execPath, `${distFolder}/cli/main.js`, "repl"],
      environment: {
        XDG_DATA_HOME: join(home.path, "data"),
        COLORFGBG: this.#scheme.background,
        LANG: "C.UTF-8",
      },
    });
    /** Waits for a screen and keeps it. */
    const scene = async (name: string, isThere: (text: string) => boolean) =>
      await this.#keep(repl, name, isThere);
    const enter = (code: string) => {
      repl.type(code);
      repl.press("Enter");
    };

    await scene("start", isIdle(1));
    repl.paste(TASKS);
    await scene("define", has('return "sent to " + channel;'));
    repl.press("Enter");
    await repl.see("the tasks are defined", isIdle(2));
    repl.paste(WORKFLOW);
    repl.press("Enter");
    await scene("defined", isIdle(3));

    enter(`await report({ days: ${DAYS}, channel: "#sales" })`);
    await scene("tree", (text) => /▸ +fetchOrders/.test(text) && text.includes("attempt 2"));
    await scene("deck", (text) => isIdle(4)(text) && text.includes("Out[3]"));
    enter(`await report({ days: ${DAYS}, channel: "sales" })`);
    await scene("failed", (text) => isIdle(5)(text) && text.includes("EagerException"));

    const [, id = ""] = /deck\.task\("(t\d+)"\); t\.inputs/.exec(repl.history()) ?? [];
    enter(`deck.task("${id}").inputs`);
    await scene("inputs", isIdle(6));
    enter(`.task ${id}`);
    await scene("task", (text) => isIdle(6)(text) && text.includes("Run it again"));
    enter(`await deck.task("${id}").rerun({ channel: "#sales" })`);
    await scene("rerun", (text) => isIdle(7)(text) && text.includes("Out[6]"));

    repl.type("deck.");
    await scene("completion", has("DeckHandle."));
    repl.press("C-g");
    await repl.see("no popup", (text) => !text.includes("DeckHandle."));
    repl.press("C-u");
    repl.type("fetchOrders(");
    await scene(
      "signature",
      (text) => text.includes("fetchOrders(") && /day: string/.test(lastRows(text)),
    );
    repl.press("C-g", "C-u");
    await repl.see("an empty prompt", isIdle(7));
    repl.press("C-r");
    repl.type("report");
    await scene(
      "search",
      (text) => text.includes("search: report") && text.includes("Ctrl-R older"),
    );
    repl.press("C-g");
    await repl.see("the prompt is back", isIdle(7));
    enter(".help");
    await scene("help", (text) => isIdle(7)(text) && text.includes(".help NAME more"));
    enter("const label: number = 'daily'");
    await scene("refused", (text) => text.includes("not assignable"));
    repl.press("C-c");
    await repl.see("an empty prompt", (text) => /In \[8\]:$/m.test(text));

    enter("for (let n = 1; n <= 40; n++) { console.log('page', n); await sleep(100) }");
    await repl.see("it prints", has("page 2"));
    repl.press("C-x", "C-b");
    enter("1 + 1");
    await scene("background", (text) => text.includes("Out[9]: 2"));
    await scene("background-ended", has("ended in the background"));
    enter(`.save ${NOTEBOOK}`);
    await scene("save", (text) => isIdle(10)(text) && text.includes(`as ${NOTEBOOK}`));
    writeFileSync(this.#file("all.txt"), `${repl.history()}\n`);
    enter(".exit");
    await this.#openInJupyter(join(folder, NOTEBOOK));
  }

  async #openInJupyter(file: string): Promise<void> {
    await using lab = await startJupyterLab();
    const page = await lab.open(this.#browser, lab.copy(file), { theme: this.#scheme.theme });
    await page.shows(2, "sent to #sales");
    await page.page.screenshot({ path: this.#file("jupyter.png") });
    await page.close();
  }

  async #keep(repl: Tmux, name: string, isThere: (text: string) => boolean): Promise<void> {
    const screen = await repl.see(name, isThere);
    this.#scene++;
    const file = this.#file(`${String(this.#scene).padStart(2, "0")}-${name}`);
    const { palette } = this.#scheme;
    await keepScreen(screen, { browser: this.#browser, palette, ...this.#size, file });
    console.log(`${file}.png`);
  }

  #file(name: string): string {
    const { columns, rows } = this.#size;
    return join(OUT, `${columns}x${rows}-${this.#scheme.name}-${name}`);
  }
}

function has(part: string): (text: string) => boolean {
  return (text) => text.includes(part);
}

/** The prompt of a number with nothing typed, and nothing running. */
function isIdle(n: number): (text: string) => boolean {
  return (text) =>
    lastRows(text).includes(`In [${n}]:\n`) && lastRows(text).includes("Ctrl-D leave");
}

function lastRows(text: string): string {
  return text.split("\n").slice(-12).join("\n");
}

await main();
