/**
 * The text of a cell → TypeScript whose names live on the session's scope.
 *
 * Works on the text, not on a printed tree, so that positions and everything it does not touch stay as
 * written. Here is what a cell declares, publishes, imports and exports at its top; what its code refers
 * to is `walker.ts`'s, how the session's names are said `targets.ts`'s.
 * @module
 */
import MagicString from "magic-string";
import type { Node } from "./ast.ts";
import {
  declarationOf,
  declaredNames,
  isInstantiated,
  namespaceName,
  patternNames,
  Scope,
  varNames,
} from "./bindings.ts";
import { type Declared, type DeclaredKind, type SessionNames, Targets } from "./targets.ts";
import { type Findings, namespaceNames, type Place, Walker } from "./walker.ts";

export interface Rewritten extends Readonly<Findings> {
  readonly text: MagicString;
  readonly declared: readonly Declared[];
  /** Names that are, in this cell, aliases of `task`, `workflow` or `eager`. */
  readonly taskMakers: readonly string[];
  /** How this cell's tags are made, with names resolved; empty without a pragma. */
  readonly jsx: JsxChoice;
  /** Suffix of `$0`, `$x`, `$i`, `$p1`, so that they meet no name of the text. */
  readonly suffix: string;
}

/** Who makes the elements of a cell: a library's runtime, or functions named by its user. */
export interface JsxChoice {
  readonly importSource?: string;
  readonly factory?: string;
  readonly fragment?: string;
}

const REEXPORT =
  "in a cell, export … from only loads the module; import { name } from … makes its names yours";

/** A suffix that makes our names unlike any in `source`. */
function freeSuffix(source: string): string {
  for (let n = 0; ; n++) {
    const suffix = n === 0 ? "" : `_${n}`;
    if (!new RegExp(`\\$(?:\\d+|x|i|p\\d+)${suffix}(?![\\w$])`).test(source)) return suffix;
  }
}

/** A parsed text. */
export interface Tree {
  readonly program: Node;
  readonly comments: readonly { readonly value: string; readonly start: number }[];
}

/**
 * Rewrites a cell: every session name, its value, its `await`s, loops and names of tasks.
 * @param jsx what the project says about tags; a pragma in the cell comes before it.
 */
export function rewriteCell(
  source: string,
  tree: Tree,
  names: SessionNames,
  jsx: JsxChoice,
): Rewritten {
  return new Cell(source, names).rewrite(tree, jsx);
}

/** Puts interrupt checks and task names into a local module; its names stay its own. */
export function rewriteModule(source: string, program: Node): Rewritten {
  const text = new MagicString(source);
  const targets = new Targets(undefined, freeSuffix(source), false);
  const walker = new Walker(text, targets);
  targets.findTaskMakers(program["body"]);
  walker.findParts(program["body"]);
  const place: Place = { scope: new Scope([]), inFunction: true, hasArguments: true };
  for (const statement of program["body"]) walker.visit(statement, place);
  return rewritten(text, targets, walker, {});
}

/**
 * Rewrites what a cell gives to a direct `eval`, for the place it is evaluated at.
 * @param locals names that are the place's own there, `arguments` among them inside a function.
 * @param suffix the cell's own.
 */
export function rewriteEval(
  source: string,
  program: Node,
  names: SessionNames,
  { locals, suffix }: EvalPlace,
): string {
  const text = new MagicString(source);
  const scope = new Scope(varNames(program["body"]), new Scope(locals));
  const place = { scope, inFunction: true, hasArguments: locals.includes("arguments") };
  new Walker(text, new Targets(names, suffix, true)).block(program, place);
  return text.toString();
}

export interface EvalPlace {
  readonly locals: readonly string[];
  readonly suffix: string;
}

function rewritten(
  text: MagicString,
  targets: Targets,
  { found }: Walker,
  jsx: JsxChoice,
): Rewritten {
  const { declared, suffix } = targets;
  return { text, declared, taskMakers: [...targets.taskMakers], suffix, jsx, ...found };
}

class Cell {
  readonly #source: string;
  readonly #text: MagicString;
  readonly #targets: Targets;
  readonly #walker: Walker;
  #publications = 0;

  constructor(source: string, names: SessionNames) {
    this.#source = source;
    this.#text = new MagicString(source);
    this.#targets = new Targets(names, freeSuffix(source), false);
    this.#walker = new Walker(this.#text, this.#targets);
  }

  rewrite({ program, comments }: Tree, jsx: JsxChoice): Rewritten {
    const body: Node[] = program["body"];
    this.#targets.findTaskMakers(body);
    this.#walker.findParts(body);
    const local = this.#declare(body);
    const place: Place = { scope: new Scope(local), inFunction: false, hasArguments: false };
    const chosen = this.#chooseJsx(comments, jsx, place);

    const opening: string[] = [];
    const hoisted = varNames(body);
    if (hoisted.length > 0) {
      opening.push(`${this.#targets.own("x")}.hoist(${JSON.stringify([...new Set(hoisted)])});`);
      for (const name of new Set(hoisted)) opening.push(this.#targets.published([name]), ";");
    }
    for (const statement of body) {
      const node = declarationOf(statement);
      if (node.type === "FunctionDeclaration" && node["id"] && !node["declare"] && node["body"]) {
        opening.push(this.#targets.publish([node["id"].name]), ";");
      }
    }
    for (const statement of body) opening.push(...this.#import(statement));

    const last = body.findLast((node) => node.type !== "EmptyStatement");
    for (const statement of body) this.#topLevel(statement, place, statement === last);
    if (this.#source.startsWith("#!")) {
      const end = this.#source.search(/[\r\n\u2028\u2029]|$/);
      this.#text.update(0, Math.max(end, 2), "//");
    }
    this.#text.prepend(opening.join(""));
    return rewritten(this.#text, this.#targets, this.#walker, chosen);
  }

  /** Pragmas in comments decide, and are made unreadable: those after us would name what is not there. */
  #chooseJsx(comments: Tree["comments"], project: JsxChoice, place: Place): JsxChoice {
    const pragmas: Record<string, string> = {};
    for (const { value, start } of comments) {
      for (const found of value.matchAll(/@(jsx\w*)[^\S\r\n]+([^\s*]+)/g)) {
        const [, name, argument] = found;
        if (name && argument) pragmas[name] = argument;
        const at = start + "/*@".length + found.index;
        this.#text.update(at, at + "jsx".length, "JSX");
      }
    }
    const { jsx: factory, jsxFrag: fragment, jsxImportSource: importSource } = pragmas;
    const chosen: JsxChoice = {
      // A factory of the project's would not be the library that this cell asks for.
      ...(importSource ? {} : project),
      ...(importSource ? { importSource } : {}),
      ...(factory ? { factory } : {}),
      ...(fragment ? { fragment } : {}),
    };
    const resolved = (path: string) => {
      const [name = "", ...rest] = path.split(".");
      return [this.#walker.target(name, place, "read") ?? name, ...rest].join(".");
    };
    return {
      ...chosen,
      ...(chosen.factory ? { factory: resolved(chosen.factory) } : {}),
      ...(chosen.fragment ? { fragment: resolved(chosen.fragment) } : {}),
    };
  }

  /** Records the cell's session names; returns those that stay local (`using`). */
  #declare(body: readonly Node[]): string[] {
    const local: string[] = [];
    const add = (name: string, kind: DeclaredKind) => {
      this.#targets.declare(name, kind);
    };
    for (const name of varNames(body)) add(name, "var");
    for (const statement of body) {
      const node = declarationOf(statement);
      if (node["declare"]) continue;
      if (node.type === "VariableDeclaration" && node["kind"] !== "var") {
        if (node["kind"] === "const" || node["kind"] === "let") {
          for (const name of declaredNames(node)) add(name, node["kind"]);
        } else {
          local.push(...declaredNames(node));
          if (node["kind"] === "await using") this.#walker.found.needsAsync = true;
        }
      } else if (node.type === "FunctionDeclaration" && node["id"] && node["body"]) {
        add(node["id"].name, "function");
      } else if (node.type === "ClassDeclaration" && node["id"]) {
        add(node["id"].name, "class");
      } else if (node.type === "TSEnumDeclaration") {
        add(node["id"].name, "enum");
      } else if (node.type === "TSModuleDeclaration" && isInstantiated(node)) {
        add(namespaceName(node) ?? "", "namespace");
      } else if (node.type === "ImportDeclaration" && node["importKind"] !== "type") {
        for (const specifier of node["specifiers"]) {
          if (specifier["importKind"] !== "type") add(specifier["local"].name, "import");
        }
      } else if (node.type === "TSImportEqualsDeclaration" && node["importKind"] !== "type") {
        add(node["id"].name, "import");
      }
    }
    return local;
  }

  #topLevel(statement: Node, place: Place, isLast: boolean): void {
    switch (statement.type) {
      case "ExpressionStatement":
        this.#cellExpression(statement, statement["expression"], place, isLast);
        return;
      case "TSImportEqualsDeclaration":
        return this.#alias(statement, place);
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        this.#remove(statement); // moved to the front by #import
        return;
      case "ExportNamedDeclaration":
        if (!statement["declaration"]) {
          this.#remove(statement);
          return;
        }
        this.#text.remove(statement.start, statement["declaration"].start);
        this.#topLevel(statement["declaration"], place, isLast);
        return;
      case "ExportDefaultDeclaration":
      case "TSExportAssignment":
        this.#exportDefault(statement, place, isLast);
        return;
      case "VariableDeclaration":
        this.#variables(statement, place);
        return;
      case "ClassDeclaration":
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
        this.#walker.visit(statement, place);
        this.#publishAfter(statement);
        return;
      default:
        this.#walker.visit(statement, place);
    }
  }

  /** A class, enum or namespace goes to the scope in its place; one of types alone, or declared, does not. */
  #publishAfter(statement: Node): void {
    const name: string | undefined = namespaceName(statement);
    if (statement["declare"] || name === undefined || !this.#targets.has(name)) return;
    this.#text.appendLeft(statement.end, `;${this.#targets.publish([name])};`);
  }

  #cellExpression(statement: Node, expression: Node, place: Place, isLast: boolean): void {
    this.#text.appendLeft(statement.start, isLast ? `;${this.#targets.own("x")}.value=(` : ";");
    this.#walker.visit(expression, place);
    if (isLast) this.#text.appendLeft(expression.end, ")");
  }

  #exportDefault(statement: Node, place: Place, isLast: boolean): void {
    const value: Node = statement["declaration"] ?? statement["expression"];
    if (value.type === "TSInterfaceDeclaration") return this.#remove(statement);
    this.#text.update(statement.start, value.start, "");
    const isNamed =
      (value.type === "FunctionDeclaration" || value.type === "ClassDeclaration") && value["id"];
    if (isNamed) return this.#topLevel(value, place, isLast);
    this.#text.appendLeft(statement.start, isLast ? `;${this.#targets.own("x")}.value=(` : ";(");
    this.#walker.visit(value, place);
    this.#text.appendLeft(value.end, ")");
  }

  /** `const a = 1, { b } = c` keeps its text and publishes after each declarator; `var` becomes assignments. */
  #variables(statement: Node, place: Place): void {
    if (statement["declare"]) return;
    if (statement["kind"] === "var") return this.#walker.varDeclaration(statement, place);
    const isSession = statement["kind"] === "const" || statement["kind"] === "let";
    if (!isSession) this.#walker.found.hasUsing = true;
    for (const declarator of statement["declarations"]) {
      const names = patternNames(declarator["id"]);
      if (isSession) this.#walker.publishedPattern(declarator["id"], place);
      else this.#walker.pattern(declarator["id"], place, "declare");
      if (declarator["init"]) this.#walker.initializer(declarator, place);
      if (!isSession || names.length === 0) continue;
      this.#text.appendLeft(
        declarator.end,
        `,${this.#targets.own(`p${++this.#publications}`)}=(${this.#targets.publish(names)})`,
      );
    }
  }

  #import(statement: Node): string[] {
    const x = this.#targets.own("x");
    const declaration = declarationOf(statement);
    if (declaration.type === "TSImportEqualsDeclaration") {
      const reference: Node = declaration["moduleReference"];
      if (reference.type !== "TSExternalModuleReference" || declaration["importKind"] === "type")
        return [];
      const name: string = declaration["id"].name;
      const required = this.#source.slice(
        reference["expression"].start,
        reference["expression"].end,
      );
      return [
        `${this.#targets.slot(name)}=${x}.require(${required});${this.#targets.published([name])};`,
      ];
    }
    const isImport = statement.type === "ImportDeclaration" && statement["importKind"] !== "type";
    const isReexport =
      (statement.type === "ExportAllDeclaration" || statement.type === "ExportNamedDeclaration") &&
      statement["source"] &&
      statement["exportKind"] !== "type";
    if (!isImport && !isReexport) return [];
    this.#walker.found.needsAsync = true;
    const { source, attributes } = {
      source: statement["source"] as Node,
      attributes: statement["attributes"] as Node[],
    };
    const withClause =
      attributes.length === 0
        ? ""
        : `,{with:{${attributes.map((a) => this.#source.slice(a.start, a.end)).join(",")}}}`;
    const load = `()=>import(${this.#source.slice(source.start, source.end)}${withClause})`;
    if (!isImport) return [`await ${x}.bind({},${load});${x}.notice(${JSON.stringify(REEXPORT)});`];
    const specifiers = (statement["specifiers"] as Node[]).filter(
      (s) => s["importKind"] !== "type",
    );
    // `import { type T } from "x"` alone loads nothing, as in TypeScript without verbatimModuleSyntax.
    if (specifiers.length === 0 && (statement["specifiers"] as Node[]).length > 0) return [];
    const record = specifiers.map((s) => {
      const exported =
        s.type === "ImportNamespaceSpecifier"
          ? "*"
          : s.type === "ImportDefaultSpecifier"
            ? "default"
            : (s["imported"].name ?? s["imported"].value);
      return `${JSON.stringify(s["local"].name)}:${JSON.stringify(exported)}`;
    });
    const locals = specifiers.map((s) => s["local"].name as string);
    for (const name of locals) this.#targets.slot(name);
    return [
      `await ${x}.bind({${record.join(",")}},${load});`,
      locals.length > 0 ? `${this.#targets.published(locals)};` : "",
    ];
  }

  /** `import A = N.B` is `A = N.B` in its place; whether `N.B` is only a type cannot be known here. */
  #alias(statement: Node, place: Place): void {
    const reference: Node = statement["moduleReference"];
    if (reference.type === "TSExternalModuleReference" || statement["importKind"] === "type")
      return this.#remove(statement);
    const [root, ...members] = namespaceNames({ ...statement, id: reference }).toReversed();
    if (root === undefined) return;
    const value = [this.#walker.target(root, place, "typeof") ?? root, ...members].join("?.");
    const name: string = statement["id"].name;
    this.#text.update(
      statement.start,
      statement.end,
      `;${this.#targets.slot(name)}=${value};${this.#targets.published([name])};`,
    );
  }

  #remove(statement: Node): void {
    this.#text.update(statement.start, statement.end, ";");
  }
}
