/**
 * Widgets in JupyterLab, drawn by anywidget's extension: live while a cell waits, there again after the page was loaded
 * anew.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { labSuite, OUT } from "../support/lab-suite.ts";

const suite = labSuite();

const CONTROLS = `const speed = widget.slider({ label: "speed", min: 1, max: 10, value: 2 });
speed`;
const BAR = `const bar = widget.progress({ label: "steps", max: 3 });
bar`;
const RUN = `const step = task(async ({ n }: { n: number }) => n * speed.state.value);
let total = 0;
for (let n = 1; n <= 3; n++) {
  total += await step({ n });
  bar.state.value = n;
  if (n === 2) await speed.changed("value");
}
total`;
const OWN = `widget({
  esm: \`export default { render({ model, el }) {
    const text = document.createElement("strong");
    const show = () => { text.textContent = "n is " + model.get("n"); };
    model.on("change:n", show);
    show();
    el.append(text);
    text.addEventListener("click", () => { model.set("n", model.get("n") + 1); model.save_changes(); });
  } }\`,
  css: "strong { color: teal }",
  state: { n: 41 },
})`;

test("a slider moved while a cell waits changes what the cell goes on with; a bar follows it", async () => {
  suite.lab.write("controls.ipynb", [CONTROLS, BAR, RUN]);
  const notebook = await suite.lab.open(suite.browser, "controls.ipynb", { height: 900 });
  const { page } = notebook;
  await notebook.run(0);
  await notebook.run(1);
  const slider = page.locator('.eagerdeck-control input[type="range"]');
  const bar = page.locator(".eagerdeck-control progress");
  await slider.waitFor();
  expect(await bar.getAttribute("max")).toBe("3");
  await notebook.start(2);
  await page.waitForFunction("document.querySelector('.eagerdeck-control progress').value === 2");
  await page.screenshot({ path: join(OUT, "widgets-waiting.png") });
  const { x, y, width, height } = (await slider.boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  await page.mouse.click(x + width - 3, y + height / 2); // its right end: ten
  await notebook.idle();
  expect(
    await page.locator(".jp-Cell").nth(2).locator(".jp-OutputArea-executeResult").innerText(),
  ).toContain("36"); // 1·2 + 2·2 + 3·10
  expect(await bar.evaluate((element) => (element as unknown as { value: number }).value)).toBe(3);
  await page.screenshot({ path: join(OUT, "widgets-done.png") });
  await page.close();
});

test("a widget of one's own is drawn, speaks both ways, and is there again after the page was loaded anew", async () => {
  suite.lab.write("own.ipynb", [OWN, "_.state.n"]);
  const notebook = await suite.lab.open(suite.browser, "own.ipynb", { height: 600 });
  const { page } = notebook;
  await notebook.run(0);
  await page.getByText("n is 41").click();
  await page.getByText("n is 42").waitFor();
  await notebook.run(1);
  expect(
    await page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-executeResult").innerText(),
  ).toContain("42");
  await notebook.command("docmanager:save");
  await page.reload();
  await page.getByText("n is 42").waitFor();
  await page.screenshot({ path: join(OUT, "widgets-reloaded.png") });
  await page.close();
});
