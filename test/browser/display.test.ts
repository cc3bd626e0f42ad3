/**
 * What `display` shows, as JupyterLab draws it: each form by the renderer it is meant for, never as raw JSON; updates in
 * place; readable in both themes.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { inPage } from "../support/browser.ts";
import { labSuite, OUT } from "../support/lab-suite.ts";

const suite = labSuite();

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const TEXTS = `display.html("<b id='bold'>bold</b>");
display.markdown("**strong** and *more*");
display.latex("$\\\\sum_{i=1}^n i$");
display.text("plain <b>text</b>");
display.javascript("element.textContent = 'made in the browser'");`;
const PICTURES = `display.svg('<svg width="120" height="40"><rect width="120" height="40" fill="teal"/></svg>');
display.png("${PNG}", { metadata: { "image/png": { width: 40, height: 40 } } });`;
const DATA = `display.json({ name: "eagerdeck", list: [1, 2, { deep: [true, null] }], text: "a < b", more: { a: 1, b: 2 } });
display.vega({
  title: "Rain by month", mark: "bar", width: 240, height: 120,
  data: { values: [{ month: "Jan", mm: 40 }, { month: "Feb", mm: 65 }, { month: "Mar", mm: 30 }] },
  encoding: { x: { field: "month", type: "nominal" }, y: { field: "mm", type: "quantitative" } },
});`;
const MADE = `const shown = display.markdown("0 of 3")`;
const UPDATED = `shown.update("**3** of 3")`;
const LOOP =
  "for (let i = 0; i < 1_500; i++) { clearOutput({ wait: true }); display.text(`frame ${i}`) }";

test.each(["JupyterLab Light", "JupyterLab Dark"] as const)(
  "%s draws each form as what it is",
  async (theme) => {
    const name = `displays-${theme.endsWith("Dark") ? "dark" : "light"}`;
    suite.lab.write(`${name}.ipynb`, [TEXTS, PICTURES, DATA, MADE, UPDATED, LOOP]);
    const notebook = await suite.lab.open(suite.browser, `${name}.ipynb`, { theme, height: 1_500 });
    const { page } = notebook;
    for (let cell = 0; cell < 6; cell++) await notebook.run(cell);
    const cellAt = (index: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(index);
    await page.locator(".vega-embed canvas, .vega-embed svg").first().waitFor();

    const types = await page
      .locator(".jp-OutputArea-output")
      .evaluateAll(
        inPage<unknown, (string | undefined)[]>(
          "return given.map((node) => node.dataset.mimeType)",
        ),
      );
    expect(types).toEqual([
      "text/html",
      "text/markdown",
      "text/latex",
      "text/plain",
      "application/javascript",
      "text/html", // the picture in a form that a notebook which is not trusted draws too
      "image/png",
      "text/html",
      undefined, // a chart: its renderer says no type
      "text/markdown",
      "text/plain",
    ]);
    expect(await cellAt(0).innerText()).toContain("made in the browser");
    expect(await cellAt(0).locator(".MathJax, mjx-container").count()).toBeGreaterThan(0);
    expect(await cellAt(1).locator("img").count()).toBe(2);
    const tree = cellAt(2).locator("details").first();
    expect(await tree.innerText()).toContain('name: "eagerdeck"');
    expect(await tree.locator("details").first().getAttribute("open")).toBeNull();
    expect(await cellAt(3).locator("strong").innerText()).toBe("3");
    expect(await cellAt(5).locator(".jp-OutputArea-output").innerText()).toBe("frame 1499");
    await page.screenshot({ path: join(OUT, `${name}.png`) });
    await page.close();
  },
);
