/**
 * `$x.jsx` and `$x.Fragment`: what the tags of a cell become, over the runtime of a JSX library.
 *
 * A cell is a function and cannot hold the import that the automatic runtime would add, so its tags are
 * compiled in the classic form and brought into the automatic one here.
 * @module
 */

/** What `react/jsx-runtime` and those like it export. */
interface JsxRuntime {
  readonly jsx: (type: unknown, props: object, key?: unknown) => unknown;
  readonly jsxs: (type: unknown, props: object, key?: unknown) => unknown;
  readonly Fragment: unknown;
}

/** Makes an element, from the arguments of the classic form. */
export type JsxFactory = (
  type: unknown,
  props: Readonly<Record<string, unknown>> | null,
  ...elements: readonly unknown[]
) => unknown;

/** The factory of one library, by its import source: `react`, `preact`, `hono/jsx`. */
export function jsxFactory(require: NodeJS.Require, importSource: string): JsxFactory {
  return (type, props, ...elements) => {
    const { key, ...own } = props ?? {};
    const { jsx, jsxs } = jsxRuntime(require, importSource);
    const make = elements.length > 1 ? jsxs : jsx;
    const content = elements.length > 1 ? elements : elements[0];
    const all = elements.length === 0 ? own : { ...own, children: content };
    return key === undefined ? make(type, all) : make(type, all, key);
  };
}

/** What `<>…</>` is an element of. */
export function jsxFragment(require: NodeJS.Require, importSource: string): unknown {
  return jsxRuntime(require, importSource).Fragment;
}

/** A library that is not there is an error of the loader, which says how to install it. */
function jsxRuntime(require: NodeJS.Require, importSource: string): JsxRuntime {
  return require(`${importSource}/jsx-runtime`);
}
