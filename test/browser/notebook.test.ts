/**
 * A notebook as a person uses it: JupyterLab with clicks and keys. What is awaited is something in the page, never time.
 *
 * The pictures are written to `test/browser/out`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inPage } from "../support/browser.ts";
import { NotebookPage } from "../support/jupyter-lab.ts";
import { labSuite, OUT } from "../support/lab-suite.ts";

const STDERR = '[data-mime-type="application/vnd.jupyter.stderr"]';
const FAILED = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]';
const RESULT = ".jp-OutputArea-executeResult";
let opened: NotebookPage[] = [];
const suite = labSuite();

/** @param cells sources, or the name of a notebook that is there. */
async function withNotebook(
  cells: readonly string[] | string,
  use: (notebook: NotebookPage) => Promise<void>,
  options: { height?: number } = {},
): Promise<void> {
  const name = typeof cells === "string" ? cells : `notebook-${opened.length}.ipynb`;
  if (typeof cells !== "string") suite.lab.write(name, cells);
  const notebook = await suite.lab.open(suite.browser, name, { height: 900, ...options });
  opened = [...opened, notebook];
  try {
    await use(notebook);
  } catch (error) {
    await notebook.page.screenshot({ path: join(OUT, `failed-${opened.length}.png`) });
    throw error;
  } finally {
    await notebook.close();
  }
}

async function picture(notebook: NotebookPage, name: string): Promise<void> {
  await notebook.page.screenshot({ path: join(OUT, `${name}.png`) });
}

/** Presses Shift-Enter in a cell. */
async function shiftEnter(notebook: NotebookPage, index: number): Promise<void> {
  await notebook.cell(index).locator(".cm-content").click();
  await notebook.page.keyboard.press("Shift+Enter");
}

// On a line each, and none indented: an editor adds to what is typed.
// Each task ends when the test has seen it run: a page that is late must not miss it.
const SEED = [
  'const { existsSync } = await import("node:fs");',
  "const pause = () => new Promise((done) => setTimeout(done, 20));",
  "const until = async (file: string) => { while (!existsSync(file)) await pause(); };",
  'const addOne = task(async ({ x }: { x: number }) => (await until("seen-one"), x + 1));',
  'const double = task(async ({ x }: { x: number }) => (await until("seen-two"), x * 2));',
  "const flow = eager(async ({ x }: { x: number }) => double({ x: await addOne({ x }) }));",
  "await flow({ x: 5 })",
].join("\n");

test("our card opens a notebook; a workflow typed into it shows its tree, then its deck and its value", async () => {
  const first = await suite.browser.newPage();
  await first.goto(suite.lab.start);
  const logo = first.locator(".jp-LauncherCard", { hasText: "TypeScript (eagerdeck)" });
  await logo.first().locator("img").waitFor();
  await first.waitForFunction(
    "[...document.querySelectorAll('.jp-LauncherCard img')].every((image) => image.complete && image.naturalWidth > 0)",
  );
  await first.screenshot({ path: join(OUT, "launcher.png") });
  await first.close();
  const notebook = await NotebookPage.launch(suite.browser, suite.lab.start);
  const { page } = notebook;
  await notebook.type(0, SEED);
  await page.screenshot({ path: join(OUT, "typed.png") });
  await page.keyboard.press("Shift+Enter");
  const live = notebook.cell(0).locator(".jp-OutputArea-output");
  await live.filter({ hasText: "flow" }).filter({ hasText: "addOne" }).waitFor();
  expect(await live.innerText()).not.toContain("double");
  writeFileSync(join(suite.lab.folder, "seen-one"), "");
  await live.filter({ hasText: "double" }).waitFor();
  expect(await live.innerText()).not.toContain("→ 12");
  writeFileSync(join(suite.lab.folder, "seen-two"), "");
  await notebook.cell(0).locator(RESULT).waitFor();
  await notebook.idle();
  expect(await notebook.cell(0).locator(RESULT).innerText()).toContain("12");
  expect(await notebook.cell(0).locator(".jp-OutputArea-child").count()).toBe(2); // one deck, one value
  expect(await notebook.cell(0).locator(STDERR).count()).toBe(0);
  await page.screenshot({ path: join(OUT, "typed-done.png") });
  await notebook.close();
});

test("Run All ends at the cell that throws: one error with its code, no number for those behind it", async () => {
  await withNotebook(
    [
      "const rows = [1, 2, 3];",
      'function parse(row: number) {\n  if (row === 2) throw new RangeError("row 2 is odd");\n  return row;\n}\nrows.map(parse)',
      "3",
      "4",
      "5",
    ],
    async (notebook) => {
      await notebook.click("notebook:restart-run-all");
      await notebook.page.locator(".jp-Dialog .jp-mod-accept").click();
      await notebook.shows(1, "row 2 is odd");
      for (const behind of [2, 3, 4]) await notebook.prompts(behind, "[ ]:");
      await notebook.idle();
      const errors = notebook.page.locator(`${STDERR}, ${FAILED}`);
      expect(await errors.count()).toBe(1);
      expect(await notebook.output(1)).toMatch(/❯ 2 │\s+if \(row === 2\) throw/u);
      await picture(notebook, "error");
    },
  );
});
describe("Stop", () => {
  test.each([
    ["a loop without end", "while (true) {}"],
    ["a promise that never settles", "await new Promise(() => {})"],
  ])("ends %s, and what was there is there", async (_, endless) => {
    await withNotebook(["let kept = 41;", endless, "kept + 1"], async (notebook) => {
      await notebook.run(0);
      await notebook.start(1);
      await notebook.prompts(1, "[*]:");
      await notebook.busy();
      await notebook.click("notebook:interrupt-kernel");
      await notebook.shows(1, "Interrupted");
      await notebook.idle();
      await picture(notebook, endless.startsWith("while") ? "stopped-loop" : "stopped-await");
      await notebook.run(2);
      expect(await notebook.output(2)).toContain("42");
    });
  });
});

test("while a cell waits, Tab completes with types behind an emoji, and Shift-Tab shows the signature", async () => {
  await withNotebook(
    [
      "/** What an order costs.\n * @param rate in percent */\nfunction price(net: number, rate: number = 19): number { return net * (1 + rate / 100); }",
      "await new Promise(() => {})",
      '"😀".toU',
      "price(",
      '"😀".to',
    ],
    async (notebook) => {
      const { page } = notebook;
      await notebook.run(0);
      await notebook.start(1);
      await notebook.prompts(1, "[*]:");
      await notebook.type(4, "");
      await page.keyboard.press("Tab");
      const items = page.locator(".jp-Completer-item");
      await items.filter({ hasText: "toUpperCase" }).waitFor();
      await picture(notebook, "completion");
      const item = items.filter({ hasText: "toUpperCase" }).first();
      expect(await item.locator(".jp-Completer-typeExtended").innerText()).toMatch(/method/iu);
      await page.keyboard.press("Escape");

      await notebook.type(2, "");
      await page.keyboard.press("Tab");
      await items.filter({ hasText: "toUpperCase" }).waitFor();
      await page.keyboard.press("Enter");
      await page
        .locator(".jp-Notebook .jp-Cell .cm-content", { hasText: '"😀".toUpperCase' })
        .waitFor();
      expect(await notebook.cell(2).locator(".cm-content").innerText()).toBe('"😀".toUpperCase');

      await notebook.type(3, "");
      await page.keyboard.press("Shift+Tab");
      const tooltip = page.locator(".jp-Tooltip-content");
      await tooltip.waitFor();
      const said = await tooltip.innerText();
      expect(said).toContain("price(net: number, rate?: number): number");
      expect(said.split("What an order costs.").length - 1).toBe(1);
      await picture(notebook, "tooltip");
      await notebook.setTheme("JupyterLab Dark");
      await picture(notebook, "tooltip-dark");
      await page.keyboard.press("Escape");
      await notebook.busy();
      await notebook.click("notebook:interrupt-kernel");
      await notebook.shows(1, "Interrupted");
    },
  );
});

test("input() asks below the cell, and gives what was typed", async () => {
  await withNotebook(['console.log("hello", await input("Your name? "))'], async (notebook) => {
    await notebook.start(0);
    const field = notebook.page.locator(".jp-Stdin-input");
    await field.waitFor();
    await picture(notebook, "input");
    await field.fill("Ada");
    await field.press("Enter");
    await notebook.shows(0, "hello Ada");
    await notebook.idle();
    await picture(notebook, "input-done");
  });
});

test("what a timer prints late stands under the cell that set it", async () => {
  await withNotebook(
    [
      'const { promise: second, resolve } = Promise.withResolvers<void>(); second.then(() => setTimeout(() => console.log("late"), 50)); 0',
      'resolve(); "second"',
    ],
    async (notebook) => {
      await notebook.run(0);
      await notebook.run(1);
      await notebook.shows(0, "late");
      expect(await notebook.output(1)).not.toContain("late");
    },
  );
});

test("20,000 lines, then a workflow of 500 calls: all is there, and the server complains of nothing", async () => {
  await withNotebook(
    [
      'for (let n = 0; n < 20_000; n++) console.log("line", n);',
      "const square = task(async ({ n }: { n: number }) => n * n);\nconst all = eager(async () => (await Promise.all(Array.from({ length: 500 }, (_, n) => square({ n })))).length);\nawait all()",
    ],
    async (notebook) => {
      await notebook.run(0);
      await notebook.run(1);
      await notebook.cell(1).locator(RESULT).waitFor();
      expect(await notebook.output(1)).toContain("500");
      expect(await notebook.cell(1).locator("table").count()).toBeGreaterThan(0);
      expect(await notebook.output(0)).toContain("line 19999");
      expect(await notebook.page.locator("body").innerText()).not.toContain("IOPub");
      await notebook.cell(1).screenshot({ path: join(OUT, "flood.png") });
    },
  );
});

test("a user process that dies costs the variables, and nothing else", async () => {
  await withNotebook(["let lost = 1;", "process.abort()", "1 + 1"], async (notebook) => {
    await notebook.run(0);
    await notebook.run(1);
    await notebook.shows(1, "SessionLost");
    await picture(notebook, "session-lost");
    await notebook.run(2);
    expect(await notebook.output(2)).toContain("2");
    expect(await notebook.page.locator(".jp-Dialog").count()).toBe(0);
  });
});

test("a subshell's console answers while a cell of the notebook runs", async () => {
  await withNotebook(["await new Promise(() => {})"], async (notebook) => {
    const { page } = notebook;
    await notebook.start(0);
    await notebook.prompts(0, "[*]:");
    await notebook.command("notebook:create-subshell-console");
    // JupyterLab shows the console before it has the subshell; what is typed earlier goes to the main one.
    await page.waitForFunction(
      "[...window.jupyterapp.shell.widgets('main')].some((widget) => widget.sessionContext?.session?.kernel?.subshellId)",
    );
    await page.locator(".jp-CodeConsole-promptCell .cm-content").click();
    await page.keyboard.type("1 + 1");
    await page.keyboard.press("Shift+Enter");
    const answer = page.locator(`.jp-CodeConsole ${RESULT}`);
    await answer.waitFor();
    expect(await answer.innerText()).toContain("2");
    await notebook.prompts(0, "[*]:");
    await picture(notebook, "subshell");
  });
});

test("the first notebook: cell by cell, then Restart and all again from 1", async () => {
  suite.lab.copy("notebooks/workflows.ts");
  await withNotebook(suite.lab.copy("notebooks/01-eager-workflows.ipynb"), async (notebook) => {
    const { page } = notebook;
    await notebook.command("notebook:clear-all-cell-outputs").catch(() => undefined);
    const code = page.locator(".jp-Notebook .jp-CodeCell");
    const { cells } = JSON.parse(readFileSync("notebooks/01-eager-workflows.ipynb", "utf8"));
    const count = cells.filter((cell: { cell_type: string }) => cell.cell_type === "code").length;
    // JupyterLab puts cells below the screen into the page when it finds the time.
    await expect.poll(() => code.count(), { timeout: 30_000 }).toBe(count);
    for (let n = 0; n < count; n++) {
      await code.nth(n).locator(".cm-content").click();
      await page.keyboard.press("Control+Enter");
      await code
        .nth(n)
        .locator(".jp-InputPrompt", { hasText: `[${n + 1}]:` })
        .waitFor();
      await notebook.idle();
    }
    expect(await page.locator(`${STDERR}, ${FAILED}`).count()).toBe(0);
    await picture(notebook, "first-notebook");
    await notebook.click("notebook:restart-run-all");
    await page.locator(".jp-Dialog .jp-mod-accept").click();
    await code.first().locator(".jp-InputPrompt", { hasText: "[*]:" }).waitFor();
    await code
      .last()
      .locator(".jp-InputPrompt", { hasText: `[${count}]:` })
      .waitFor();
    await notebook.idle();
    await code.first().locator(".jp-InputPrompt", { hasText: "[1]:" }).waitFor();
    await notebook.setTheme("JupyterLab Dark");
    await picture(notebook, "first-notebook-dark");
  });
});

test("a saved notebook has when its cells ran; loaded anew and untrusted, its deck looks the same", async () => {
  const name = "saved.ipynb";
  suite.lab.write(name, [SEED]);
  await withNotebook(name, async (notebook) => {
    const { page } = notebook;
    await shiftEnter(notebook, 0);
    await notebook.cell(0).locator(RESULT).waitFor();
    await notebook.idle();
    const before = await looks(notebook);
    await page.keyboard.press("Control+s");
    await page.waitForFunction(
      inPage<unknown, boolean>("return !window.jupyterapp.shell.currentWidget.context.model.dirty"),
    );
    const { cells } = JSON.parse(readFileSync(join(suite.lab.folder, name), "utf8"));
    expect(Object.keys(cells[0].metadata.execution).sort()).toEqual([
      "iopub.execute_input",
      "iopub.status.busy",
      "iopub.status.idle",
      "shell.execute_reply",
      "shell.execute_reply.started",
    ]);
    expect(before.rows.length).toBeGreaterThan(0);
    await picture(notebook, "saved");
    // A byte of difference, and the signature that JupyterLab keeps of what it saved is another notebook's.
    const stored = JSON.parse(readFileSync(join(suite.lab.folder, name), "utf8"));
    writeFileSync(
      join(suite.lab.folder, name),
      JSON.stringify({ ...stored, metadata: { ...stored.metadata, title: "changed" } }),
    );
    await page.reload();
    await notebook.cell(0).locator(RESULT).waitFor();
    await notebook.ready();
    expect(await looks(notebook)).toEqual(before);
    await picture(notebook, "untrusted-light");
    await notebook.setTheme("JupyterLab Dark");
    await picture(notebook, "untrusted-dark");
  });
});

/** Of the deck in the first cell. */
async function looks(notebook: NotebookPage): Promise<{ text: string; rows: number[] }> {
  return await notebook.cell(0).evaluate(
    inPage<unknown, { text: string; rows: number[] }>(`
      const area = given.querySelector(".jp-RenderedHTMLCommon");
      return {
        text: area.innerText,
        rows: [...area.querySelectorAll("tr, img, [style*=width]")].map((part) => Math.round(part.getBoundingClientRect().width)),
      };`),
  );
}

test("what was run before is offered behind the cursor", async () => {
  await withNotebook(["const quarterly = [1, 2, 3];", "const quar"], async (notebook) => {
    const { page } = notebook;
    await notebook.run(0);
    await notebook.type(1, "t");
    await page.locator(".jp-GhostText", { hasText: "erly = [1, 2, 3];" }).first().waitFor();
    await picture(notebook, "history");
  });
});
