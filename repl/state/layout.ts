/**
 * Screen size and wishes → the heights of the regions. Pure.
 *
 * The live region is never as tall as the screen: Ink redraws a taller frame from scratch (30 kB
 * each, flicker), and one of exactly the screen's height is doubled when the window shrinks (ink#1023).
 * @module
 */

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Wishes {
  readonly editorLines: number;
  /** 0 without a box below the editor. */
  readonly boxRows: number;
  readonly hasTail: boolean;
  /** 0 without a tree. */
  readonly treeRows: number;
}

export interface Layout {
  readonly tree: number;
  readonly tail: 0 | 1;
  readonly editor: number;
  readonly box: number;
  readonly status: 0 | 1;
  /** Width of tree, tail, box and status. */
  readonly width: number;
  /** Width of an editor row, prompt included; the cursor may stand one column behind it. */
  readonly editorWidth: number;
  /** No room for a box: the best of it stands in the status row. */
  readonly standsForBox: boolean;
}

export const TREE_ROWS_MAX = 12;
export const BOX_ROWS_MAX = 9;
const EDITOR_ROWS_MAX = 14;
const WIDTH_MAX = 100;
const ANSWER_COLUMNS = 30;

/** Columns that a question may take in front of its answer. */
export function questionColumns(columns: number): number {
  return Math.max(1, Math.floor(columns / 2), columns - ANSWER_COLUMNS);
}

export function layout(size: Size, wishes: Wishes): Layout {
  const { columns, rows } = size;
  const widths = {
    width: Math.max(1, Math.min(columns - 1, WIDTH_MAX)),
    editorWidth: Math.max(1, columns - 1),
  };
  if (rows < 6 || columns < 20) {
    const nothing = { tree: 0, tail: 0, box: 0, status: 0, standsForBox: false } as const;
    return { ...nothing, editor: 1, ...widths };
  }
  const height = Math.min(rows - 2, Math.max(6, Math.floor(0.6 * rows)));
  const isLow = rows < 10;
  let left = height - 1;
  const take = (wish: number) => {
    const taken = Math.max(0, Math.min(wish, left));
    left -= taken;
    return taken;
  };
  const editor = take(
    Math.min(Math.max(1, wishes.editorLines), EDITOR_ROWS_MAX, Math.ceil(height / 2)),
  );
  const box = isLow ? 0 : take(Math.min(wishes.boxRows, BOX_ROWS_MAX));
  const tail = wishes.hasTail && left > 0 ? 1 : 0;
  left -= tail;
  const tree = take(Math.min(wishes.treeRows, isLow ? 1 : TREE_ROWS_MAX));
  return {
    tree,
    tail,
    editor,
    box,
    status: 1,
    standsForBox: isLow && wishes.boxRows > 0,
    ...widths,
  };
}
