/**
 * What a person does with a notebook in JupyterLab: real clicks and keys, and what they see then.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inPage, launchBrowser } from "../support/browser.ts";
import { type JupyterLab, NotebookPage, startJupyterLab } from "../support/jupyter-lab.ts";

const OUT = "test/browser/out";
let browser: Browser;
let lab: JupyterLab;

beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  browser = await launchBrowser();
  lab = await startJupyterLab();
});
afterAll(async () => {
  await browser?.close();
  await lab?.[Symbol.asyncDispose]();
});

/** A notebook of these cells, open; its page closes with the test. */
async function opened(
  name: string,
  cells: readonly string[],
): Promise<NotebookPage & AsyncDisposable> {
  lab.write(name, cells);
  const notebook = await lab.open(browser, name, { height: 1_000 });
  return Object.assign(notebook, { [Symbol.asyncDispose]: () => notebook.page.close() });
}

const STDERR = '[data-mime-type="application/vnd.jupyter.stderr"]';
const errorOf = (notebook: NotebookPage, index: number) =>
  notebook.cell(index).locator('[data-mime-type="application/vnd.jupyter.error"]');

test("our card opens a notebook; a workflow typed into it shows its tree, its deck and its value", async () => {
  const page = await lab.openLauncher(browser);
  const card = page.locator('.jp-LauncherCard[data-category="Notebook"]', {
    hasText: "TypeScript (eagerdeck)",
  });
  await card.locator("img").waitFor();
  const isDrawn = inPage<unknown, boolean>("return given.complete && given.naturalWidth > 0");
  await expect.poll(() => card.locator("img").evaluate(isDrawn), { timeout: 20_000 }).toBe(true);
  await page.screenshot({ path: join(OUT, "launcher.png") });
  await card.click();
  await page.locator(".jp-Notebook .jp-Cell").waitFor();
  const notebook = new NotebookPage(page);
  await notebook.idle();
  // One line: the editor closes brackets and indents by itself.
  await notebook.type(
    0,
    "const wait = (ms: number) => new Promise((done) => setTimeout(done, ms)); const addOne = task(async ({ x }: { x: number }) => { await wait(300); return x + 1; }); const double = task(async ({ x }: { x: number }) => { await wait(300); return x * 2; }); const simple = eager(async ({ x }: { x: number }) => { const out = await addOne({ x }); return out < 0 ? -1 : await double({ x: out }); }); await simple({ x: 5 })",
  );
  await page.keyboard.press("Shift+Enter");
  await notebook.shows(0, "running");
  const early = await notebook.output(0);
  await notebook.changes(0, early);
  await notebook.idle();
  const cell = notebook.cell(0);
  expect(await cell.locator(".jp-OutputArea-executeResult").innerText()).toContain("12");
  expect(await cell.locator(".jp-OutputArea-child").count()).toBe(2); // one deck, one value
  expect(await cell.locator(STDERR).count()).toBe(0);
  await page.screenshot({ path: join(OUT, "typed.png") });
  await page.close();
});

test("the first notebook runs cell by cell: every value, every deck", async () => {
  const name = lab.copy("notebooks/01-eager-workflows.ipynb");
  const notebook = await lab.open(browser, name, { height: 1_600 });
  const stored: {
    cells: {
      cell_type: string;
      outputs?: { output_type: string; data?: Record<string, string[]> }[];
    }[];
  } = JSON.parse(readFileSync("notebooks/01-eager-workflows.ipynb", "utf8"));
  await notebook.command("notebook:clear-all-cell-outputs");
  for (const [index, { cell_type, outputs = [] }] of stored.cells.entries()) {
    if (cell_type !== "code") continue;
    await notebook.run(index);
    const value = outputs.find(({ output_type }) => output_type === "execute_result")?.data;
    const plain =
      value?.["text/html"] === undefined ? [value?.["text/plain"] ?? []].flat().join("") : "";
    expect(await notebook.output(index)).toContain(plain);
    expect(await notebook.cell(index).locator(".jp-OutputArea-child").count()).toBe(outputs.length);
  }
  await notebook.page.screenshot({ path: join(OUT, "first-notebook.png") });
  await notebook.page.close();
});

test("Run All stops at the cell that throws: its error once, with its frame; the rest was not run", async () => {
  await using notebook = await opened("throws.ipynb", [
    "const rows = [1, 2];",
    'const bad: any = undefined;\nconsole.log("before");\nbad.length',
    "3",
    "4",
    "5",
  ]);
  await notebook.page.locator(".jp-NotebookPanel-toolbar").waitFor();
  await notebook.command("notebook:run-all-cells");
  await notebook.shows(1, "TypeError");
  await notebook.idle();
  expect(await errorOf(notebook, 1).count()).toBe(1);
  const error = await errorOf(notebook, 1).innerText();
  expect(error).toContain("❯ 3 │ bad.length");
  expect(error).toContain("In [2]:3:5");
  expect([await notebook.prompt(2), await notebook.prompt(3), await notebook.prompt(4)]).toEqual([
    "[ ]:",
    "[ ]:",
    "[ ]:",
  ]);
  await notebook.page.screenshot({ path: join(OUT, "error.png") });
});

describe("Stop", () => {
  const stop = async (notebook: NotebookPage) =>
    await notebook.page.locator('[data-command="notebook:interrupt-kernel"]').first().click();

  test.each([
    ["a loop", "while (true) {}"],
    ["a pending await", "await new Promise(() => {});"],
  ])("ends %s and keeps the variables", async (what, code) => {
    await using notebook = await opened(`stop-${what.length}.ipynb`, [
      "let kept = 41;",
      code,
      "kept + 1",
    ]);
    await notebook.run(0);
    await notebook.start(1);
    await notebook.cell(1).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
    await stop(notebook);
    await notebook.shows(1, "Interrupted");
    await notebook.idle();
    await notebook.run(2);
    expect(await notebook.output(2)).toContain("42");
    expect(await notebook.page.locator(".jp-Dialog").count()).toBe(0);
  });
});

test("completion has types while a cell waits, and inserts behind an emoji; the tooltip has the signature", async () => {
  await using notebook = await opened("complete.ipynb", [
    "let release = () => {}; await new Promise<void>((resolve) => { release = resolve; }); 1",
    '"😀".toU',
    "[1, 2].indexOf(",
  ]);
  const { page } = notebook;
  await notebook.start(0);
  await notebook.cell(0).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
  const item = page.locator(".jp-Completer-item", { hasText: "toUpperCase" }).first();
  await notebook.type(1, "");
  // On a busy machine the checker may need longer than an answer may take: a person would press again.
  await expect
    .poll(
      async () => {
        await page.keyboard.press("Tab");
        return await item.isVisible();
      },
      { timeout: 30_000, interval: 1_500 },
    )
    .toBe(true);
  expect(await item.innerText()).toContain("method");
  await page.screenshot({ path: join(OUT, "completion.png") });
  expect(await notebook.prompt(0)).toBe("[*]:");
  const items = page.locator(".jp-Completer-item");
  while (
    !(await items.nth(0).isHidden()) &&
    !(await page.locator(".jp-Completer-item.jp-mod-active").innerText()).includes("toUpperCase")
  ) {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  expect(await notebook.cell(1).locator(".cm-content").innerText()).toBe('"😀".toUpperCase');
  await notebook.type(2, "");
  await page.keyboard.press("Shift+Tab");
  const tooltip = page.locator(".jp-Tooltip-content");
  await tooltip.waitFor();
  expect(await tooltip.innerText()).toContain("searchElement: number");
  await page.screenshot({ path: join(OUT, "tooltip.png") });
});

test("input() shows a box, and what is typed is its value", async () => {
  await using notebook = await opened("input.ipynb", ['`hello ${await input("Name? ")}`']);
  await notebook.start(0);
  const box = notebook.page.locator(".jp-Stdin-input");
  await box.fill("Ada");
  await box.press("Enter");
  await notebook.shows(0, "'hello Ada'");
});

test("what a timer prints later stands under its own cell", async () => {
  await using notebook = await opened("late.ipynb", [
    'setTimeout(() => console.log("late"), 500); "started"',
    "await new Promise((resolve) => setTimeout(resolve, 1200)); 2",
  ]);
  await notebook.run(0);
  await notebook.run(1);
  expect(await notebook.output(0)).toContain("late");
  expect(await notebook.output(1)).not.toContain("late");
});

test("after 20,000 prints the deck of a workflow of 500 calls is there, and nobody speaks of IOPub", async () => {
  await using notebook = await opened("flood.ipynb", [
    `for (let i = 0; i < 20_000; i++) console.log("line", i);
const one = task(async ({ n }: { n: number }) => n);
const all = eager(async () => (await Promise.all(Array.from({ length: 500 }, (_, n) => one({ n })))).length);
await all()`,
  ]);
  await notebook.run(0);
  const text = await notebook.output(0);
  expect(text).toContain("500 ok");
  expect(await notebook.page.getByText("IOPub").count()).toBe(0);
});

test("the death of the user process is told in its cell, the next one runs, and no dialog comes", async () => {
  await using notebook = await opened("abort.ipynb", ["process.abort()", "1 + 1"]);
  await notebook.run(0);
  expect(await notebook.output(0)).toContain("SessionLost");
  await notebook.run(1);
  expect(await notebook.output(1)).toContain("2");
  expect(await notebook.page.locator(".jp-Dialog").count()).toBe(0);
  await notebook.page.screenshot({ path: join(OUT, "lost.png") });
});

test("a subshell console answers while a cell waits", async () => {
  await using notebook = await opened("subshell.ipynb", [
    "let answer = 41;",
    "await new Promise(() => {});",
  ]);
  const { page } = notebook;
  await notebook.run(0);
  await notebook.start(1);
  await notebook.cell(1).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
  await notebook.command("notebook:create-subshell-console");
  const editor = page.locator(".jp-CodeConsole-input .cm-content");
  await editor.click();
  await page.keyboard.type("answer + 1");
  await page.keyboard.press("Shift+Enter");
  const result = page.locator(".jp-CodeConsole .jp-OutputArea-executeResult");
  await result.waitFor();
  expect(await result.innerText()).toContain("42");
  expect(await notebook.prompt(1)).toBe("[*]:");
  await page.screenshot({ path: join(OUT, "subshell.png") });
});

test("Restart and Run All: all cells again, counted from 1; what was saved has the times of its cells", async () => {
  await using notebook = await opened("again.ipynb", ["let n = 1;", "n += 1;", "n"]);
  const { page } = notebook;
  for (const index of [0, 1, 1, 2]) await notebook.run(index);
  expect(await notebook.output(2)).toContain("3");
  await page.locator('[data-command="notebook:restart-run-all"]').first().click();
  await page.locator(".jp-Dialog .jp-mod-accept").click();
  await expect.poll(() => notebook.prompt(2), { timeout: 30_000 }).toBe("[3]:");
  await notebook.idle();
  expect(await notebook.output(2)).toContain("2");
  await notebook.command("docmanager:save");
  await expect
    .poll(() => executionOf("again.ipynb", 2), { timeout: 10_000 })
    .toMatchObject({
      "shell.execute_reply.started": expect.any(String),
      "iopub.status.busy": expect.any(String),
    });
});

function executionOf(name: string, index: number): unknown {
  return JSON.parse(readFileSync(join(lab.folder, name), "utf8")).cells[index].metadata.execution;
}

test("what was run before is suggested while it is typed again", async () => {
  await using notebook = await opened("ghost.ipynb", [
    "const veryLongName = [1, 2, 3].map((x) => x * 7);",
    "",
  ]);
  await notebook.run(0);
  await notebook.type(1, "const veryLong");
  const ghost = notebook.cell(1).locator(".jp-GhostText");
  await ghost.waitFor();
  expect(await ghost.innerText()).toContain("Name = [1, 2, 3]");
});
