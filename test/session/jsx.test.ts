import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

/** A session in a folder that has React installed. */
function openReactSession(files: Readonly<Record<string, string>> = {}) {
  const s = openSession({ files });
  mkdirSync(join(s.folder, "node_modules"));
  for (const name of ["react", "react-dom"]) {
    const own = join(import.meta.dirname, "../../node_modules", name);
    symlinkSync(own, join(s.folder, "node_modules", name), "junction");
  }
  return s;
}

test("a component of one cell is rendered by the next, and a redefinition is what renders later", async () => {
  await using s = openReactSession();
  await s.run("import { renderToStaticMarkup } from 'react-dom/server'");
  await s.run("const Item = ({ n }: { n: number }) => <li>{n}</li>");
  await s.run("const List = () => <ul>{[1, 2].map((n) => <Item key={n} n={n} />)}</ul>");
  expect(await s.value("renderToStaticMarkup(<List />)")).toBe("'<ul><li>1</li><li>2</li></ul>'");
  await s.run("function Item({ n }: { n: number }) { return <><dt>{n}</dt></> }");
  expect(await s.value("renderToStaticMarkup(<List />)")).toBe("'<ul><dt>1</dt><dt>2</dt></ul>'");
});

test("a component of a local file is rendered in a cell", async () => {
  await using s = openReactSession({
    "badge.tsx": "export const Badge = (p: { text: string }) => <b title='t'>{p.text}</b>;",
  });
  await s.run("import { Badge } from './badge.tsx'");
  expect(
    await s.value(
      "import { renderToStaticMarkup as m } from 'react-dom/server'\nm(<Badge text='a' />)",
    ),
  ).toBe("'<b title=\"t\">a</b>'");
});

test("the library named in the tsconfig makes the elements of cells and of local files", async () => {
  await using s = openSession({
    files: {
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tiny" } }',
      "node_modules/tiny/package.json": '{ "name": "tiny", "version": "1.0.0" }',
      "node_modules/tiny/jsx-runtime.js":
        "exports.jsx = (type, props) => ['tiny', type, props]; exports.jsxs = exports.jsx; exports.Fragment = 'all'",
      "local.tsx": "export const made = <i />;",
    },
  });
  await s.run("import { made } from './local.tsx'");
  expect(await s.value("JSON.stringify([made, <><b x={1} /></>])")).toBe(
    `'${JSON.stringify([
      ["tiny", "i", {}],
      ["tiny", "all", { children: ["tiny", "b", { x: 1 }] }],
    ])}'`,
  );
});

test("tags without a library to make them say how to install it", async () => {
  await using s = openSession();
  const settled = await s.run("const a = 1;\nconst el = <p>{a}</p>");
  expect(settled.error?.message).toBe(
    "the package 'react' is not installed here; run %npm i react",
  );
  expect(settled.error?.frames[0]).toMatchObject({ file: "In [1]", line: 2 });
});
