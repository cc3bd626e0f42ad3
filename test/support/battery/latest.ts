/** Decorators, JSX, direct eval, imports of data; rows as in `language.ts`. @module */
import type { Row } from "./language.ts";

export const latestRows: Readonly<Record<string, readonly Row[]>> = {
  decorators: [
    [
      "const twice = (f: any, _: unknown) => function (this: unknown) { return f.call(this) * 2 } %% class D1 { @twice v() { return 4 } } %% new D1().v()",
      "8",
    ],
    [
      "const mark = (k: any) => { k.marked = true } %% @mark class D2 {} %% (D2 as any).marked",
      "true",
    ],
    ["class D3 { accessor x = 1 } %% const d3 = new D3(); d3.x = 2; d3.x", "2"],
  ],
  jsx: [
    [
      "const React = { createElement: (t: any, p: any, ...c: any[]) => [t, p, c] } %% const title = 'x' %% /** @jsx React.createElement */\nconst el = <p title={title}>hi</p>; el",
      "[ 'p', { title: 'x' }, [ 'hi' ] ]",
    ],
  ],
  eval: [
    ["const ev1 = 3 %% eval('ev1 + 1')", "4"],
    ["(() => { const local = 5; return eval('local') })()", "5"],
    ["const ev2 = 3 %% (0, eval)('typeof ev2')", "'undefined'"],
  ],
  "imports of data": [
    ["import data from './data.json' with { type: 'json' } %% data.answer", "42"],
    ["import note from './note.txt' with { type: 'text' } %% note", "'plain text'"],
  ],
};
