import { createElement, Fragment } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { compileCell } from "../../../../runtime/session/host/compile.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";
import { runCells, runCellsWith } from "../../../support/compiled-cells.ts";

/** The markup of the last cell's value. */
async function markup(...sources: string[]): Promise<string> {
  const value = (await runCells(...sources)).at(-1);
  if (value instanceof Error) throw value;
  // React says itself when it is not an element.
  return renderToStaticMarkup(value as Parameters<typeof renderToStaticMarkup>[0]);
}

test.each([
  ["an element with text", "<p>hello</p>", "<p>hello</p>"],
  [
    "attributes of all kinds",
    "const t = 'x'; const more = { id: 'i' }; <p title={t} lang='en' hidden {...more} />",
    '<p title="x" lang="en" hidden="" id="i"></p>',
  ],
  [
    "a component of this cell",
    "function Hi({ name }: { name: string }) { return <b>{name}</b> }\n<Hi name='Ada' />",
    "<b>Ada</b>",
  ],
  [
    "several children",
    "const n = 2; <ul>{[1, n].map((k) => <li key={k}>{k}</li>)}<li>last</li></ul>",
    "<ul><li>1</li><li>2</li><li>last</li></ul>",
  ],
  ["a fragment", "<><i>a</i>{'b'}</>", "<i>a</i>b"],
  [
    "a component on an object, also a lower-case one",
    "const ui = { Box: ({ children }: any) => <div>{children}</div> }; <ui.Box>in</ui.Box>",
    "<div>in</div>",
  ],
  ["a tag whose name a cell declared too", "const p = 1; <p>{p}</p>", "<p>1</p>"],
  ["a custom element", "const my = 1, element = 2; <my-element />", "<my-element></my-element>"],
  [
    "a local component shadows the session's",
    "const A = () => <i/>; const f = (A: any) => <A />; f(() => <b />)",
    "<b></b>",
  ],
  ["an entity and a comment", "<p>a &amp; b{/* no */}</p>", "<p>a &amp; b</p>"],
  ["top-level await in a child", "<p>{await Promise.resolve(3)}</p>", "<p>3</p>"],
  [
    "a generic component",
    "const L = <T,>({ of }: { of: T }) => <b>{String(of)}</b>; <L<number> of={1} />",
    "<b>1</b>",
  ],
])("JSX: %s", async (_, source, expected) => {
  expect(await markup(source)).toBe(expected);
});

test("a component of an earlier cell is the one that is in force", async () => {
  const both = [
    "const Row = ({ x }: any) => <td>{x}</td>",
    "const Table = () => <tr><Row x={1} /></tr>",
    "function Row({ x }: any) { return <th>{x}</th> }",
    "<Table />",
  ];
  expect(await markup(...both)).toBe("<tr><th>1</th></tr>");
});

test("a tag whose component no cell declared is a ReferenceError by its name", async () => {
  expect(await runCells("<Nowhere />")).toEqual([new ReferenceError("Nowhere is not defined")]);
});

test("casts, comparisons and generic arrows stay TypeScript, beside text that looks like a tag", async () => {
  const values = await runCells(
    "const s = <string>'</p>'; s",
    "const a = 1, b = 2; [a <b, b>a]",
    "const id = <T>(x: T) => x; id('/>')",
  );
  expect(values).toEqual(["</p>", [true, true], "/>"]);
});

test("the key is the element's, not a property", async () => {
  const [element] = await runCells("<p key='k' id='i'>a</p>");
  expect(element).toMatchObject({ key: "k" });
  expect(Object.entries(Reflect.get(Object(element), "props"))).toEqual([
    ["id", "i"],
    ["children", "a"],
  ]);
});

test("an @jsx pragma names the factory, a session name or a local one", async () => {
  const h = "const h = (type: any, props: any, ...all: any[]) => [type, props, all]";
  const values = await runCells(
    h,
    "/** @jsx h */\n<p id='i'>a</p>",
    "const React = { h, Fragment: 'frag' }",
    "/** @jsx React.h\n    @jsxFrag React.Fragment */\n<><b /></>",
  );
  expect(values[1]).toEqual(["p", { id: "i" }, ["a"]]);
  expect(values[3]).toEqual(["frag", null, [["b", null, []]]]);
});

test("the library is the pragma's, else the tsconfig's, else react", () => {
  const source = (text: string, jsxImportSource?: string) => {
    const compiled = compileCell(
      text,
      new SessionScope(),
      () => 0,
      () => ({
        ...(jsxImportSource ? { jsxImportSource } : {}),
      }),
    );
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
    return compiled.jsxImportSource;
  };
  expect(source("/** @jsxImportSource preact */\n<p />", "solid-js/h")).toBe("preact");
  expect(source("<p />", "solid-js/h")).toBe("solid-js/h");
  expect(source("<p />")).toBe("react");
  expect(source("1", "preact")).toBeUndefined();
});

test("a factory in the tsconfig is a name of the session", async () => {
  const values = await runCellsWith(
    { jsxFactory: "h", jsxFragmentFactory: "All" },
    "const h = (...all: any[]) => all, All = 'all'",
    "<><p /></>",
  );
  expect(values[1]).toEqual(["all", null, ["p", null]]);
});

test("a mistake in JSX is reported as one, not as a broken comparison", () => {
  const compiled = compileCell("<div>\n  <p>{1}</b>\n</div>", new SessionScope(), () => 0);
  expect(compiled).toMatchObject({ ok: false, problems: [{ message: /p|b/ }] });
});

test("elements are the library's own", async () => {
  const values = await runCells("<p>a</p>", "<></>");
  expect(values).toMatchObject([createElement("p", null, "a"), { type: Fragment }]);
});
