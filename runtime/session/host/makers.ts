/**
 * Which expression of a compiled cell made a value: the call around the function of a task, or what a name was declared
 * with. Pure, and of JavaScript: the types are gone.
 * @module
 */
import { parseSync } from "oxc-parser";
import { children, isFunction, type Node } from "./ast.ts";
import { patternNames } from "./bindings.ts";
import { isCode } from "./references.ts";

export type Initializer =
  | { readonly kind: "expression"; readonly node: Node; readonly isAwaited: boolean }
  /** It is given a value there, but not by a declaration or assignment of its own. */
  | { readonly kind: "other" };

/** Between a function and the call it is an argument of: cells name functions by `{ "fit": … }["fit"]`. */
const AROUND = new Set([
  "Property",
  "ObjectExpression",
  "MemberExpression",
  "ParenthesizedExpression",
]);

/**
 * The call that takes the function at this place as an argument: `task({ … }, function fit() { … })`.
 * @returns undefined when the function is no argument, or not there.
 */
export function callAround(
  program: Node,
  { start, end }: Pick<Node, "start" | "end">,
): Node | undefined {
  const above: Node[] = [];
  let node: Node | undefined = program;
  while (node && !(node.start === start && node.end === end && isCode(node))) {
    above.push(node);
    node = [...children(node)].find((child) => child.start <= start && child.end >= end);
  }
  if (!node) return undefined;
  const call = above.findLast(({ type }) => !AROUND.has(type));
  return call?.type === "CallExpression" ? call : undefined;
}

/**
 * What a name of the session was last given in a cell.
 * @returns undefined when the cell gives it nothing.
 */
export function initializerOf(program: Node, name: string): Initializer | undefined {
  let last: Initializer | undefined;
  const visit = (node: Node, isTop: boolean) => {
    if (node.type === "VariableDeclarator" && isTop) {
      const id: Node = node["id"];
      if (id.type === "Identifier" && id["name"] === name && node["init"]) {
        last = expression(node["init"]);
      } else if (id.type !== "Identifier" && patternNames(id).includes(name)) {
        last = { kind: "other" };
      }
    } else if (node.type === "AssignmentExpression" && writes(node["left"], name)) {
      const right: Node = node["right"];
      // The cell makes known what it has declared.
      const publishes = right.type === "Identifier" && right["name"] === name;
      const isPlain = node["operator"] === "=" && isMember(node["left"], name) && isTop;
      if (!publishes) last = isPlain ? expression(right) : { kind: "other" };
    } else if (node.type === "UpdateExpression" && isMember(node["argument"], name)) {
      last = { kind: "other" };
    }
    for (const child of children(node)) visit(child, isTop && goesOn(node));
  };
  for (const statement of statements(program)) visit(statement, true);
  return last;
}

const ONCE = new Set([
  "ExpressionStatement",
  "VariableDeclaration",
  "VariableDeclarator",
  "ParenthesizedExpression",
  "SequenceExpression",
  // The last value of a cell is assigned: `$x.value = $0.total = 1`.
  "AssignmentExpression",
]);

/** What a statement of the cell's own level runs once and in its order. */
function goesOn({ type }: Node): boolean {
  return ONCE.has(type);
}

function expression(node: Node): Initializer {
  return { kind: "expression", node, isAwaited: hasAwait(node) };
}

/** A compiled cell is one function. */
function statements(program: Node): readonly Node[] {
  let node: Node | undefined = program["body"][0]?.["expression"];
  while (node?.type === "ParenthesizedExpression") node = node["expression"];
  return node?.["body"]?.["body"] ?? [];
}

/** `$0.name`. */
function isMember(node: Node, name: string): boolean {
  return (
    node.type === "MemberExpression" &&
    !node["computed"] &&
    node["property"]["name"] === name &&
    node["object"].type === "Identifier" &&
    node["object"]["name"].startsWith("$")
  );
}

function writes(target: Node, name: string): boolean {
  if (isMember(target, name)) return true;
  if (target.type === "MemberExpression") return false;
  return [...children(target)].some((child) => writes(child, name));
}

/** Outside of functions. */
function hasAwait(node: Node): boolean {
  if (node.type === "AwaitExpression") return true;
  return !isFunction(node) && [...children(node)].some(hasAwait);
}

/** Whether a name of the session is read where the expression is evaluated, and not later in a function. */
export function readsAtOnce(node: Node, name: string): boolean {
  if (isMember(node, name)) return true;
  return !isFunction(node) && [...children(node)].some((child) => readsAtOnce(child, name));
}

/** What `() => import("x")` imports. */
export function specifierOf(load: string): string | undefined {
  const { program, errors } = parseSync("load.js", `(${load})`, { lang: "js" });
  const [statement] = program.body;
  if (errors.length > 0 || statement?.type !== "ExpressionStatement") return undefined;
  let node = statement.expression;
  while (node.type === "ParenthesizedExpression") node = node.expression;
  if (node.type !== "ArrowFunctionExpression") return undefined;
  const body: unknown = node.body;
  return literalImport(body as Node); // the published union is the same data, see ast.ts
}

function literalImport({ type, source, body }: Node): string | undefined {
  if (type === "ExpressionStatement" || body !== undefined) return undefined;
  return type === "ImportExpression" &&
    source.type === "Literal" &&
    typeof source.value === "string"
    ? source.value
    : undefined;
}
