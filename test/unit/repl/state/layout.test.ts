import { expect, test } from "vitest";
import { layout } from "../../../../repl/state/layout.ts";

const everything = { editorLines: 30, boxRows: 20, hasTail: true, treeRows: 40 };
const nothing = { editorLines: 1, boxRows: 0, hasTail: false, treeRows: 0 };

test("on every size of terminal the live region stays two rows below its height", () => {
  for (let rows = 1; rows <= 60; rows++) {
    for (let columns = 1; columns <= 200; columns++) {
      for (const wishes of [everything, nothing]) {
        const { tree, tail, editor, box, status, width, editorWidth } = layout(
          { columns, rows },
          wishes,
        );
        const height = tree + tail + editor + box + status;
        expect(height, `${columns} × ${rows}`).toBeLessThanOrEqual(Math.max(1, rows - 2));
        expect(editor).toBeGreaterThanOrEqual(1);
        expect(Math.min(tree, tail, box, status)).toBeGreaterThanOrEqual(0);
        expect(width).toBeLessThanOrEqual(100);
        expect(Math.max(width, editorWidth)).toBeLessThanOrEqual(Math.max(1, columns - 1));
      }
    }
  }
});

test("rows go to status, editor, popup and tail first, the tree gets the rest", () => {
  expect(layout({ columns: 80, rows: 24 }, everything)).toMatchObject({
    status: 1,
    editor: 7,
    box: 6,
    tail: 0,
    tree: 0,
  });
  expect(
    layout({ columns: 80, rows: 24 }, { ...everything, editorLines: 1, boxRows: 0 }),
  ).toMatchObject({
    editor: 1,
    tail: 1,
    tree: 11,
  });
  expect(layout({ columns: 160, rows: 50 }, everything)).toMatchObject({
    status: 1,
    editor: 14,
    box: 9,
    tail: 1,
    tree: 5,
  });
});

test("a low screen shows one row of the tree and the best completion in the status row", () => {
  expect(layout({ columns: 80, rows: 9 }, { ...everything, editorLines: 2 })).toMatchObject({
    box: 0,
    tree: 1,
    standsForBox: true,
  });
});

test("a tiny screen is one editor row", () => {
  for (const size of [
    { columns: 80, rows: 5 },
    { columns: 19, rows: 40 },
  ]) {
    expect(layout(size, everything)).toMatchObject({
      editor: 1,
      tree: 0,
      tail: 0,
      box: 0,
      status: 0,
    });
  }
});
