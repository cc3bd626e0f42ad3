/**
 * A real JupyterLab with this checkout's kernel, on loopback, with folders of its own; and a notebook in a browser.
 * @module
 */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { inPage } from "./browser.ts";
import { tempFolder } from "./temp-folder.ts";

export type Theme = "JupyterLab Light" | "JupyterLab Dark";

export interface JupyterLab extends AsyncDisposable {
  readonly origin: string;
  /** What it serves. */
  readonly folder: string;
  /** Where a browser gets in. */
  readonly start: string;
  /** Opens a notebook that was written with `write`; its kernel is idle then. */
  open(browser: Browser, name: string, options?: OpenOptions): Promise<NotebookPage>;
  /** @param cells sources of code cells. */
  write(name: string, cells: readonly string[]): void;
  /** Puts a stored notebook there, with its outputs, which nobody here has vouched for. @returns its name. */
  copy(file: string): string;
}

export interface OpenOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
}

const START_MS = 60_000;
const WAIT_MS = 60_000;

export async function startJupyterLab(): Promise<JupyterLab> {
  const python = resolve(".venv/bin/python");
  if (!existsSync(python)) throw new Error("no .venv: bash test/support/venv.sh makes it");
  const home = tempFolder();
  const folder = join(home.path, "work");
  mkdirSync(folder);
  const settings = join(home.path, "settings");
  // The question whether news are wanted would take the first key press.
  writeSetting(settings, "@jupyterlab/apputils-extension/notification", {
    fetchNews: "false",
    checkForUpdates: false,
  });
  writeSetting(settings, "@jupyterlab/notebook-extension/tracker", { recordTiming: true });
  writeSetting(settings, "@jupyterlab/completer-extension/inline-completer", {
    providers: { "@jupyterlab/inline-completer:history": { enabled: true, timeout: 5_000 } },
  });
  const port = await freePort();
  const token = "for-these-tests-only";
  const child = spawn(
    python,
    [
      ...["-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"],
      ...["--ServerApp.ip=127.0.0.1", `--ServerApp.port=${port}`, "--ServerApp.port_retries=0"],
      ...[`--IdentityProvider.token=${token}`, `--ServerApp.root_dir=${folder}`],
      // Extensions would be asked of the network.
      "--LabApp.extension_manager=readonly",
    ],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        HOME: home.path,
        JUPYTER_CONFIG_DIR: join(home.path, "config"),
        JUPYTER_DATA_DIR: join(home.path, "data"),
        JUPYTER_RUNTIME_DIR: join(home.path, "runtime"),
        JUPYTERLAB_SETTINGS_DIR: settings,
        PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
      },
    },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-5_000);
  });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const origin = `http://127.0.0.1:${port}`;
  const dispose = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
    home[Symbol.dispose]();
  };
  try {
    await answering(`${origin}/api?token=${token}`, () => child.exitCode !== null);
  } catch (error) {
    await dispose();
    throw new Error(`JupyterLab did not start:\n${said}`, { cause: error });
  }
  return {
    origin,
    folder,
    start: `${origin}/lab?token=${token}&reset`,
    write: (name, cells) => writeFileSync(join(folder, name), notebook(cells)),
    copy: (file) => {
      copyFileSync(file, join(folder, basename(file)));
      return basename(file);
    },
    open: async (browser, name, options) =>
      await NotebookPage.open(browser, `${origin}/lab/tree/${name}?token=${token}&reset`, options),
    [Symbol.asyncDispose]: dispose,
  };
}

function writeSetting(folder: string, plugin: string, value: object): void {
  const file = join(folder, `${plugin}.jupyterlab-settings`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function answering(url: string, isOver: () => boolean): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && !isOver()) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("it does not answer");
}

function notebook(cells: readonly string[]): string {
  return JSON.stringify({
    cells: cells.map((source, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    })),
    metadata: {
      kernelspec: {
        name: "eagerdeck",
        display_name: "TypeScript (eagerdeck)",
        language: "typescript",
      },
      language_info: { name: "typescript" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

/** One notebook in one browser page. */
export class NotebookPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(
    browser: Browser,
    url: string,
    { theme = "JupyterLab Light", width = 1_280, height = 1_600 }: OpenOptions = {},
  ): Promise<NotebookPage> {
    const page = await browser.newPage({ viewport: { width, height } });
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(url);
    const notebook = new NotebookPage(page);
    await page.waitForSelector(".jp-Notebook .jp-Cell");
    await notebook.setTheme(theme);
    await notebook.command("application:toggle-left-area").catch(() => undefined);
    await notebook.ready();
    return notebook;
  }

  /** A new notebook, by a click on our card of the launcher. */
  static async launch(browser: Browser, url: string): Promise<NotebookPage> {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(url);
    await page
      .locator('.jp-LauncherCard[data-category="Notebook"]', { hasText: "TypeScript (eagerdeck)" })
      .click();
    const notebook = new NotebookPage(page);
    await page.waitForSelector(".jp-Notebook .jp-Cell");
    await notebook.ready();
    return notebook;
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.command("apputils:change-theme", { theme });
    await this.page.waitForFunction(
      inPage<string, boolean>("return document.body.dataset.jpThemeName === given"),
      theme,
    );
    // JupyterLab draws its moons over the page while it loads a theme.
    await this.page.locator("#jupyterlab-splash").waitFor({ state: "detached" });
  }

  /** The kernel has said who it is. Before that, a cell that is run is silently not run. */
  async ready(): Promise<void> {
    await this.page.evaluate(
      inPage<unknown, Promise<void>>(`
        const { context, sessionContext } = window.jupyterapp.shell.currentWidget;
        return context.ready
          .then(() => sessionContext.ready)
          .then(() => sessionContext.session.kernel.info)
          .then(() => undefined)`),
    );
    await this.idle();
  }

  /** Ends the kernel, for its processes would take their memory until the last test, and closes the page. */
  async close(): Promise<void> {
    await this.command("notebook:shutdown-kernel");
    await this.page.close();
  }

  /** Clicks a button of the notebook's toolbar. @param id of its command. */
  async click(id: string): Promise<void> {
    await this.page.locator(`.jp-NotebookPanel-toolbar [data-command="${id}"]`).click();
  }

  /** Types into a cell, key by key, after what it has. */
  async type(index: number, text: string): Promise<void> {
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.press("Control+End");
    await this.page.keyboard.type(text);
  }

  /** The kernel works. */
  async busy(): Promise<void> {
    await this.page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="busy"]', {
      state: "attached",
    });
  }

  /** Waits until a cell has its number: `[3]:`, or `[ ]:` for one that has none. */
  async prompts(index: number, text: string): Promise<void> {
    await this.cell(index).locator(".jp-InputPrompt", { hasText: text }).waitFor();
  }

  /** A command of JupyterLab's own, by its id; --expose-app-in-browser lets it be called. */
  async command(id: string, args: object = {}): Promise<void> {
    await this.page.evaluate(
      inPage<{ id: string; args: object }, Promise<void>>(
        "return window.jupyterapp.commands.execute(given.id, given.args).then(() => undefined)",
      ),
      { id, args },
    );
  }

  /** The kernel has nothing to do. */
  async idle(): Promise<void> {
    await this.page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', {
      state: "attached",
    });
  }

  /** Runs one cell to its end. @param index of the cell, from 0. */
  async run(index: number): Promise<void> {
    await this.#select(index);
    // A key press may be lost while the page still settles; the command that it stands for is not.
    await this.command("notebook:run-cell");
    await this.idle();
  }

  /** Starts one cell. */
  async start(index: number): Promise<void> {
    await this.#select(index);
    // Ends with the cell; what became of it is seen in the page.
    void this.command("notebook:run-cell").catch(() => undefined);
  }

  async #select(index: number): Promise<void> {
    await this.cell(index).locator(".jp-InputArea-prompt").click();
    await this.cell(index).and(this.page.locator(".jp-mod-active")).waitFor();
  }

  /** Waits until the output of a cell has this text. */
  async shows(index: number, text: string): Promise<void> {
    await this.cell(index).locator(".jp-OutputArea", { hasText: text }).waitFor();
  }

  /** Waits until the output of a cell is another text. */
  async changes(index: number, before: string): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while ((await this.output(index)) === before) {
      if (performance.now() > deadline) throw new Error(`the output stays as it is:\n${before}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Restarts the kernel, as the menu does. */
  async restart(): Promise<void> {
    const restarting = this.command("notebook:restart-kernel");
    const accept = this.page.locator(".jp-Dialog .jp-mod-accept");
    // It asks first.
    await accept.click();
    await restarting;
    await this.idle();
  }

  cell(index: number) {
    return this.page.locator(".jp-Notebook .jp-Cell").nth(index);
  }

  /** What the cell shows, as text. */
  async output(index: number): Promise<string> {
    return (await this.cell(index).locator(".jp-OutputArea").allInnerTexts()).join("\n");
  }
}
