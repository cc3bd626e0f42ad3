/**
 * The parser's tree, as loosely as a rewriter needs it.
 * @module
 */

/**
 * A node of the TS-ESTree that oxc-parser returns. Offsets are UTF-16 units into the parsed text.
 *
 * Fields are `any` on purpose: the rewriter walks some 160 node types generically and looks at the
 * `type` before it reads a field; narrowing the published union at each step would triple its size.
 */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly [field: string]: any;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Nodes whose name says "TypeScript" but which hold an expression that runs. */
const TRANSPARENT = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
  "TSExportAssignment",
]);

/** Whether a node exists for the checker only and leaves nothing at run time. */
export function isTypeOnly(node: Node): boolean {
  return (
    node.type.startsWith("TS") &&
    !TRANSPARENT.has(node.type) &&
    node.type !== "TSEnumDeclaration" &&
    node.type !== "TSModuleDeclaration" &&
    node.type !== "TSParameterProperty" &&
    node.type !== "TSImportEqualsDeclaration"
  );
}

/** The children that can run, in source order; types are left out. */
export function* children(node: Node): Generator<Node> {
  if (TRANSPARENT.has(node.type)) {
    yield node["expression"];
    return;
  }
  for (const key of Object.keys(node)) {
    const value: unknown = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item) && !isTypeOnly(item)) yield item;
    } else if (isNode(value) && !isTypeOnly(value)) {
      yield value;
    }
  }
}

/** The expression below parentheses and type assertions. */
export function unwrapped(node: Node): Node {
  let current = node;
  while (current.type === "ParenthesizedExpression" || TRANSPARENT.has(current.type)) {
    current = current["expression"];
  }
  return current;
}

/** Whether evaluating `node` as the right side of `x = …` would name it `x`. */
export function isAnonymousFunction(node: Node): boolean {
  const inner = unwrapped(node);
  return (
    inner.type === "ArrowFunctionExpression" ||
    ((inner.type === "FunctionExpression" || inner.type === "ClassExpression") && !inner["id"])
  );
}

export function isFunction(node: Node): boolean {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

/** Whether evaluating `node` may call something, accessors aside. */
export function hasCalls(node: Node): boolean {
  if (isFunction(node)) return false;
  if (/^(?:Call|New|TaggedTemplate)Expression$/.test(node.type)) return true;
  for (const child of children(node)) if (hasCalls(child)) return true;
  return false;
}

/** The identifiers within all functions below `node`, whatever they mean there. */
export function namesInFunctions(node: Node): Set<string> {
  const names = new Set<string>();
  const visit = (child: Node, inFunction: boolean): void => {
    if (inFunction && child.type === "Identifier") names.add(child["name"]);
    const inside = inFunction || isFunction(child);
    for (const grandchild of children(child)) visit(grandchild, inside);
  };
  visit(node, false);
  return names;
}
