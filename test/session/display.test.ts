/** What cells show besides their value: what is sent, and in which order. */
import { expect, test } from "vitest";
import { openSession, type TestSession } from "../support/session.ts";

const PNG = "Buffer.from('89504e470d0a1a0a0000000d4948445200000280000000f0', 'hex')";

type Shown = Extract<TestSession["events"][number], { kind: "display" }>;

function shown(s: TestSession): Shown[] {
  return s.events.filter((event) => event.kind === "display");
}

/** Texts, displays, updates and clears in the order they were said: `out a`, `show 1`, `update 2`, `clear`. */
function said(s: TestSession, from = 0): string[] {
  return s.events.slice(from).flatMap((event) => {
    switch (event.kind) {
      case "event":
        return event.event.kind === "log" ? [`out ${event.event.text.trim()}`] : [];
      case "display":
        return [`${event.update ? "update" : "show"} ${event.bundle["text/plain"]}`];
      case "clear-output":
        return [event.wait ? "clear later" : "clear"];
      default:
        return [];
    }
  });
}

async function ok(s: TestSession, code: string): Promise<void> {
  const { error } = await s.run(code);
  expect(error).toBeUndefined();
}

test("each form of display sends its media type with a text, and gives a handle that updates it", async () => {
  await using s = openSession();
  await ok(s, `var png = ${PNG}`);
  const forms: [code: string, type: string, text: string][] = [
    ["html('<b>hi</b>')", "text/html", "hi"],
    ["markdown('**hi**')", "text/markdown", "**hi**"],
    ["latex('$x^2$')", "text/latex", "$x^2$"],
    ["text('hi')", "text/plain", "hi"],
    ["javascript('alert(1)')", "application/javascript", "JavaScript · 8 B"],
    ['svg(\'<svg width="1" height="2"/>\')', "image/svg+xml", "SVG image 1 × 2 · 62 B"],
    ["png(png)", "image/png", "PNG image 640 × 240 · 24 B"],
    ["png(png.toString('base64'))", "image/png", "PNG image 640 × 240 · 24 B"],
    ["png(new Uint8Array(png).buffer)", "image/png", "PNG image 640 × 240 · 24 B"],
    ["gif(Buffer.from('GIF89a'))", "image/gif", "GIF image · 6 B"],
    ["jpeg(Buffer.from('ffd8ff', 'hex'))", "image/jpeg", "JPEG image · 3 B"],
    ["pdf(Buffer.from('%PDF-1.7'))", "application/pdf", "PDF · 8 B"],
    ["json({ a: 1 })", "text/html", '{"a":1}'],
    ["vega({ mark: 'bar' })", "application/vnd.vegalite.v5+json", "Vega-Lite chart"],
  ];
  for (const [code] of forms) await ok(s, `display.${code}`);
  expect(shown(s).map(({ bundle }) => [bundle["text/plain"], Object.keys(bundle)])).toEqual(
    forms.map(([, type, text]) => [text, expect.arrayContaining([type])]),
  );
  expect(shown(s).every(({ bundle }) => bundle["application/json"] === undefined)).toBe(true);
  const before = s.events.length;
  await ok(s, "var handle = display.markdown('one', { id: 'mine' }); handle.update('two')");
  await ok(s, "handle.update('three')");
  expect(said(s, before)).toEqual(["show one", "update two", "update three"]);
  expect(
    new Set(
      shown(s)
        .slice(-3)
        .map(({ displayId }) => displayId),
    ),
  ).toEqual(new Set(["mine"]));
  expect(shown(s).at(-1)?.bundle).toEqual({ "text/markdown": "three", "text/plain": "three" });
});

const refused: readonly (readonly [code: string, message: string])[] = [
  ["display.html({ a: 1 })", "display.html takes a text, not { a: 1 }"],
  ["display.svg('<b>')", "display.svg takes the text of an SVG document"],
  ["display.png('plot.png')", "display.png takes the bytes of a file or their base64"],
  ["display.png(Buffer.from('GIF89a'))", "display.png takes PNG bytes; these are GIF"],
  ["display.jpeg(Buffer.from([1, 2]))", "these are something else (they begin 01 02)"],
  ["display.json({ n: 1n })", "cannot be written as JSON"],
  ["display.vega({})", "is no Vega specification"],
  ["display(1, { id: '' })", "the id of a display is a text"],
  ["displayBundle({ html: 'x' })", '"html" is no media type, as "text/html" is'],
  ["displayBundle(null)", "displayBundle takes an object of media types"],
  ["displayBundle({ 'text/html': 1n })", "text/html that cannot be written as JSON"],
];

test("what cannot be shown is refused where it is asked for, with what can be", async () => {
  await using s = openSession();
  const said = [];
  for (const [code] of refused) {
    const { error } = await s.run(code, { stopOnError: false });
    said.push(String(error?.name === "TypeError" && error.message));
  }
  expect(said).toEqual(refused.map(([, message]) => expect.stringContaining(message)));
  expect(shown(s)).toEqual([]);
});

test("a bundle by hand gets its text, bytes become base64, and JSON stays only where it is all there is", async () => {
  await using s = openSession();
  await ok(
    s,
    `displayBundle({ "image/png": ${PNG} }, { "image/png": { width: 40 } });
     displayBundle({ "application/json": { a: 1 } });
     displayBundle({ "application/json": { a: 1 }, "text/html": ["<b>", "x</b>"] });
     displayBundle({ "application/vnd.plotly.v1+json": '{"data":[]}' }).update({ "text/plain": "done" });`,
  );
  expect(shown(s).map(({ bundle }) => bundle)).toEqual([
    {
      "image/png": expect.stringMatching(/^iVBORw0KGgo/),
      "text/plain": "PNG image 640 × 240 · 24 B",
    },
    { "application/json": { a: 1 }, "text/plain": "(application/json)" },
    { "text/html": "<b>x</b>", "text/plain": "x" },
    {
      "application/vnd.plotly.v1+json": { data: [] },
      "text/plain": "(application/vnd.plotly.v1+json)",
    },
    { "text/plain": "done" },
  ]);
  expect(shown(s)[0]?.metadata).toEqual({ "image/png": { width: 40 } });
});

test("V1: what can be shown at once keeps its place among what is printed, hooks included", async () => {
  await using s = openSession();
  await ok(
    s,
    "console.log('a'); display.text('b'); console.log('c'); display(md`d`); console.log('e'); display(6); console.log('g')",
  );
  expect(said(s)).toEqual(["out a", "show b", "out c", "show d", "out e", "show 6", "out g"]);
});

test("V2: an update of a display whose hook takes its time comes after it, and both before the end of the cell", async () => {
  await using s = openSession();
  await ok(
    s,
    `const slow = (text, ms) => ({
       [Symbol.for("Jupyter.display")]: () =>
         new Promise((resolve) => setTimeout(resolve, ms, { "text/plain": text })),
     });
     const handle = display(slow("first", 60));
     handle.update(slow("second", 5));
     handle.update("third");
     1;`,
  );
  expect(said(s)).toEqual(["show first", "update second", "update 'third'"]);
  const settledAt = s.events.findIndex(({ kind }) => kind === "settled");
  expect(s.events.findLastIndex(({ kind }) => kind === "display")).toBeLessThan(settledAt);
});

test("a hook that throws, rejects or never settles leaves the plain value with a note, and the cell ends well", async () => {
  await using s = openSession();
  await ok(
    s,
    `class Chart { constructor(hook) { Object.defineProperty(this, Symbol.for("Jupyter.display"), { value: hook }) } }
     display(new Chart(() => { throw new Error("no ink") }));
     display(new Chart(() => Promise.reject(new Error("no paper"))));
     display(new Chart(() => new Promise(() => {})));`,
  );
  expect(said(s)).toEqual([
    "show Chart {}\n(its display hook failed: Error: no ink)",
    "show Chart {}\n(its display hook failed: Error: no paper)",
    "show Chart {}\n(its display hook took longer than 250 ms)",
  ]);
});

test("V3: an update after the outputs were cleared shows anew; one from a later cell goes to the first place", async () => {
  await using s = openSession();
  await ok(
    s,
    "var a = display('a'); clearOutput(); a.update('b'); a.update('c'); clearOutput({ wait: true }); a.update('d')",
  );
  expect(said(s)).toEqual([
    "show 'a'",
    "clear",
    "show 'b'",
    "update 'c'",
    "clear later",
    "show 'd'",
  ]);
  await ok(s, "clearOutput(); a.update('e')");
  // The clearing was of the second cell's outputs only.
  expect(said(s).slice(-2)).toEqual(["clear", "update 'e'"]);
});

test("what waits for its hook when the outputs are cleared is cleared with them", async () => {
  await using s = openSession();
  await ok(
    s,
    `const slow = (text) => ({ [Symbol.for("Jupyter.display")]: async () => ({ "text/plain": text }) });
     const handle = display(slow("a"));
     clearOutput();
     await new Promise((resolve) => setTimeout(resolve, 20));
     handle.update(slow("b"));`,
  );
  expect(said(s)).toEqual(["clear", "show b"]);
});

test("a cell ends although a timer of it goes on showing things whose hooks take their time", async () => {
  await using s = openSession();
  await ok(
    s,
    `const slow = { [Symbol.for("Jupyter.display")]: () => new Promise((r) => setTimeout(r, 30, { "text/plain": "tick" })) };
     const timer = setInterval(() => display(slow), 5);
     await new Promise((resolve) => setTimeout(resolve, 50));`,
  );
  await ok(s, "clearInterval(timer)");
  expect(said(s)).toContain("show tick");
});

test("a handle that is the value of its cell is no result, but it is there", async () => {
  await using s = openSession();
  expect(await s.value("display.text('a')")).toBeUndefined();
  expect(await s.value("_.update('b')")).toBeUndefined();
  expect(said(s)).toEqual(["show a", "update b"]);
});

test("a display in a timer belongs to the cell that set the timer", async () => {
  await using s = openSession();
  await ok(s, "setTimeout(() => display.text('late'), 30)");
  const second = await s.run("await new Promise((resolve) => setTimeout(resolve, 120))");
  expect(second.status).toBe("ok");
  const late = shown(s)[0];
  expect(late?.bundle["text/plain"]).toBe("late");
  expect(late?.cell).toBeLessThan(second.cell);
});

test("five thousand displays arrive, in order", async () => {
  await using s = openSession();
  await ok(s, "for (let i = 0; i < 5_000; i++) display(i)");
  expect(shown(s).map(({ bundle }) => bundle["text/plain"])).toEqual(
    Array.from({ length: 5_000 }, (_, i) => String(i)),
  );
});

test("the checker knows the forms of display, and what an update of each takes", async () => {
  await using s = openSession({ check: "error" });
  await ok(s, 'display.html("a", { id: "x" }).update("b"); display.json([1]).update({ a: 1 });');
  const messages = [];
  for (const code of ["display.png({ a: 1 })", "display.htm('x')"]) {
    messages.push((await s.run(code)).error?.message);
  }
  expect(messages).toEqual([
    expect.stringContaining("does not exist in type 'ArrayBuffer | Uint8Array"),
    expect.stringContaining("Did you mean 'html'?"),
  ]);
});

test("a task in a thread shows things under the cell that called it, in their order, also by tslab", async () => {
  await using s = openSession();
  await ok(
    s,
    `import * as tslab from "tslab";
     const draw = task({ thread: true }, async function draw({ n }: { n: number }) {
       console.log("begin");
       const shown = display.text("0 of " + n);
       shown.update(n + " of " + n);
       tslab.display.html("<b>hi</b>");
       displayBundle({ "image/png": ${PNG} });
       display({ [Symbol.for("Jupyter.display")]: async () => ({ "text/plain": "from a hook" }) });
       console.log("end");
       return n;
     });`,
  );
  const { cell, value } = await s.run("await draw({ n: 3 })");
  expect(value?.["text/plain"]).toBe("3");
  expect(said(s)).toEqual([
    "out begin",
    "show 0 of 3",
    "update 3 of 3",
    "show hi",
    "show PNG image 640 × 240 · 24 B",
    "out end",
    "show from a hook",
  ]);
  expect(new Set(shown(s).map((event) => event.cell))).toEqual(new Set([cell]));
});
