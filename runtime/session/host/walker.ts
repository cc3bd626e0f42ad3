/**
 * The walker: rewrites what the statements and expressions of a text refer to, wherever they stand.
 *
 * What a cell declares at its top, imports and exports is `rewrite.ts`'s. The same walk, without session
 * names, puts interrupt checks and task names into local modules.
 *
 * Invariants
 *   W1  A statement in a list that begins with `(` after rewriting is preceded by `;`: the cell may rely on
 *       automatic semicolons, and `a\n(0, $0.f)()` would call `a`.
 *   W2  Openers are appended before children are visited and closers after, both to the left, so nested
 *       insertions at one offset come out in nesting order.
 *   W3  No line is added before or within the text: lines map by a constant.
 * @module
 */
import type MagicString from "magic-string";
import {
  children,
  hasCalls,
  isAnonymousFunction,
  isFunction,
  isTypeOnly,
  type Node,
  namesInFunctions,
  unwrapped,
} from "./ast.ts";
import {
  declarationOf,
  declaredNames,
  isInstantiated,
  lexicalNames,
  patternNames,
  Scope,
  varNames,
} from "./bindings.ts";
import type { Targets } from "./targets.ts";

const LOOPS = new Set([
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "WhileStatement",
  "DoWhileStatement",
]);
const STATEMENT_LISTS = new Set(["Program", "BlockStatement", "StaticBlock", "TSModuleBlock"]);

/** Where a node stands. */
export interface Place {
  readonly scope: Scope;
  /** Inside any function or class body: `await` there is not the cell's. */
  readonly inFunction: boolean;
  /** Inside a function that has its own `arguments`. */
  readonly hasArguments: boolean;
}

/** What the walk found out about the text on its way. */
export interface Findings {
  needsAsync: boolean;
  /** It has what oxc leaves or refuses: decorators, `accessor`, namespaces and enums in several parts. */
  needsTypeScript: boolean;
  hasUsing: boolean;
  /** The first decorator of a parameter: only the older decorators can be there. */
  parameterDecorator: Node | undefined;
}

export class Walker {
  readonly #source: string;
  readonly #text: MagicString;
  readonly #targets: Targets;
  readonly #checksLoops: boolean;
  readonly found: Findings = {
    needsAsync: false,
    needsTypeScript: false,
    hasUsing: false,
    parameterDecorator: undefined,
  };
  /** Names of the pattern that is visited: `b` of `const { a, b = a }` reads the local, there is no other yet. */
  #unpublished: ReadonlySet<string> = new Set();
  /** Those of them that functions of the pattern read, and those of these that have their value by now. */
  #captured: ReadonlySet<string> = new Set();
  #bound: string[] = [];
  /** Text to put around a node when it is visited. */
  readonly #wrapping = new Map<Node, readonly [string, string]>();
  /** By name: what each part of a namespace or an enum of this text shows to the other parts. */
  readonly #parts = new Map<string, Map<Node, readonly string[]>>();

  constructor(text: MagicString, targets: Targets) {
    this.#source = text.original;
    this.#text = text;
    this.#targets = targets;
    this.#checksLoops = !/^\uFEFF?\/\/\s*eagerdeck:.*\bloops=off\b/.test(text.original);
  }

  /** The pattern of a declaration whose names are published when the whole of it has its value. */
  publishedPattern(pattern: Node, place: Place): void {
    this.#unpublished = new Set(patternNames(pattern));
    this.#captured = namesInFunctions(pattern);
    this.pattern(pattern, place, "declare");
    this.#unpublished = new Set();
    this.#bound = [];
  }

  /** The value of a declarator; `task(async () => …)` names its function after the variable. */
  initializer(declarator: Node, place: Place): void {
    const call = unwrapped(declarator["init"]);
    const fn: Node | undefined =
      call.type === "CallExpression" ? call["arguments"].at(-1) : undefined;
    const names =
      declarator["id"].type === "Identifier" &&
      fn !== undefined &&
      call["callee"].type === "Identifier" &&
      !place.scope.has(call["callee"].name) &&
      this.#targets.isTaskMaker(call["callee"].name) &&
      isAnonymousFunction(fn);
    if (!names) return this.visit(declarator["init"], place);
    const key = JSON.stringify(declarator["id"].name);
    const opener = `({${key}:`;
    this.#wrapping.set(fn, [opener, `})[${key}]`]);
    this.visit(declarator["init"], place);
  }

  /** `var x = 1, y` at the cell's level becomes `$0.x = 1, 0`: hoisting was done at the start. */
  varDeclaration(statement: Node, place: Place): void {
    const declarations: Node[] = statement["declarations"];
    const first = declarations[0];
    if (!first) return;
    // A pattern would begin with a bracket, which continues an unfinished line; it may also stand in a
    // loop head or after `if (x)`, where `;` is not allowed.
    const opener = first["id"].type === "Identifier" ? "" : "0,";
    this.#text.update(statement.start, first.start, opener);
    for (const declarator of declarations) {
      const id: Node = declarator["id"];
      const init: Node | null = declarator["init"];
      if (!init) {
        this.#text.update(declarator.start, declarator.end, "0");
        continue;
      }
      if (id.type === "ObjectPattern") this.#text.appendLeft(declarator.start, "(");
      this.pattern(id, place, "assign");
      this.#dropAnnotation(id);
      this.#named(id, init, place, () => this.initializer(declarator, place));
      if (id.type === "ObjectPattern") this.#text.appendLeft(declarator.end, ")");
    }
  }

  #dropAnnotation(id: Node): void {
    const annotation: Node | null = id["typeAnnotation"];
    if (annotation && id.type !== "Identifier") this.#text.remove(annotation.start, annotation.end);
  }

  /** What stands for a name when read or written, or undefined when it stays as it is. */
  target(name: string, place: Place, use: "read" | "write" | "typeof"): string | undefined {
    if (place.scope.has(name)) return undefined;
    // A function in there runs later, and sees what the session has then.
    if (!place.inFunction && this.#unpublished.has(name)) return undefined;
    if (name === "arguments" && place.hasArguments) return undefined;
    return this.#targets.target(name, use);
  }

  #replace(identifier: Node, target: string): void {
    const { start } = identifier;
    const name: string = identifier["name"];
    // An annotated or optional identifier (`x?: T` in a pattern) spans more than its name; an escaped
    // one (`\u0061`) is written otherwise.
    const written = this.#source.startsWith(name, start)
      ? name
      : /^(?:[\p{ID_Continue}$\u200c\u200d]|\\u[\da-fA-F]{4}|\\u\{[\da-fA-F]+\})+/u.exec(
          this.#source.slice(start, identifier.end),
        )?.[0];
    this.#text.update(start, start + (written ?? name).length, target);
  }

  #read(identifier: Node, place: Place): void {
    const target = this.target(identifier["name"], place, "read");
    if (target) this.#replace(identifier, target);
  }

  /** `f()`, `(f as F)()` and f`…`: `this` must not become the scope. */
  #callee(callee: Node, place: Place): void {
    const name = unwrapped(callee);
    if (name.type !== "Identifier") return this.visit(callee, place);
    const target = this.target(name["name"], place, "read");
    if (target) this.#replace(name, `(0,${target})`);
  }

  /** A binding pattern (`declare`: only defaults and keys are looked at) or an assignment target. */
  pattern(pattern: Node, place: Place, mode: "declare" | "assign"): void {
    switch (pattern.type) {
      case "Identifier": {
        if (mode === "declare") {
          const name: string = pattern["name"];
          const isNew = !place.inFunction && this.#unpublished.has(name);
          if (isNew && this.#captured.has(name)) this.#bound.push(name);
          return;
        }
        const target = this.target(pattern["name"], place, "write");
        if (!target) return;
        const annotation: Node | null = pattern["typeAnnotation"];
        if (annotation) this.#text.update(pattern.start, annotation.end, target);
        else this.#replace(pattern, target);
        return;
      }
      case "ObjectPattern":
        for (const property of pattern["properties"] as Node[])
          this.#patternProperty(property, place, mode);
        return;
      case "ArrayPattern":
        for (const element of pattern["elements"] as (Node | null)[]) {
          if (element) this.pattern(element, place, mode);
        }
        return;
      case "AssignmentPattern": {
        const bound = [...this.#bound];
        this.pattern(pattern["left"], place, mode);
        if (mode === "declare") return this.#visitAfter(bound, pattern["right"], place);
        return this.#named(pattern["left"], pattern["right"], place);
      }
      case "RestElement":
        this.pattern(pattern["argument"], place, mode);
        return;
      case "TSParameterProperty":
        this.pattern(pattern["parameter"], place, mode);
        return;
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSNonNullExpression":
      case "TSSatisfiesExpression":
      case "TSTypeAssertion":
        this.pattern(pattern["expression"], place, mode);
        return;
      default:
        this.visit(pattern, place);
    }
  }

  #patternProperty(property: Node, place: Place, mode: "declare" | "assign"): void {
    if (property.type === "RestElement") return this.pattern(property["argument"], place, mode);
    if (property["computed"]) this.#visitAfter([...this.#bound], property["key"], place);
    const value: Node = property["value"];
    if (property["shorthand"] && mode === "assign") {
      const name: string = property["key"].name;
      if (this.target(name, place, "write"))
        this.#text.appendLeft(property.start, `${propertyKey(name)}:`);
    }
    this.pattern(value, place, mode);
  }

  /**
   * An expression within a pattern: the pattern's own functions read its earlier names from the scope, so these
   * go there before one may be called. `const { a, f = () => a, b = f() }` works in a cell as it does elsewhere.
   * Otherwise the names of a pattern are new together or, when it fails, not at all.
   */
  #visitAfter(bound: readonly string[], expression: Node, place: Place): void {
    if (bound.length === 0 || place.inFunction || !hasCalls(expression))
      return this.visit(expression, place);
    this.#text.appendLeft(expression.start, `(${this.#targets.publish(bound)},`);
    this.visit(expression, place);
    this.#text.appendLeft(expression.end, ")");
  }

  /** Visits `value`; an anonymous function keeps the name it would have got from a plain `x = …`. */
  #named(
    target: Node | undefined,
    value: Node,
    place: Place,
    visit = () => this.visit(value, place),
  ): void {
    const names =
      target?.type === "Identifier" &&
      isAnonymousFunction(value) &&
      this.target(target["name"], place, "write") !== undefined;
    if (names) this.#text.appendLeft(value.start, `({${propertyKey(target["name"])}:`);
    visit();
    if (names) this.#text.appendLeft(value.end, `})[${JSON.stringify(target["name"])}]`);
  }

  /** Rewrites a node and all within it. */
  visit(node: Node, place: Place): void {
    const wrapping = this.#wrapping.get(node);
    if (!wrapping) return this.#visitPlain(node, place);
    this.#text.appendLeft(node.start, wrapping[0]);
    this.#visitPlain(node, place);
    this.#text.appendLeft(node.end, wrapping[1]);
  }

  #visitPlain(node: Node, place: Place): void {
    if (isTypeOnly(node)) return;
    if (isFunction(node)) return this.#function(node, place);
    if (LOOPS.has(node.type)) return this.#loop(node, place);
    switch (node.type) {
      case "Identifier":
        return this.#read(node, place);
      case "CallExpression":
        if (this.#isDirectEval(node, place)) return this.#directEval(node, place);
        this.#callee(node["callee"], place);
        return this.#arguments(node["arguments"], place);
      case "NewExpression":
        this.visit(node["callee"], place);
        return this.#arguments(node["arguments"], place);
      case "TaggedTemplateExpression":
        this.#callee(node["tag"], place);
        return this.visit(node["quasi"], place);
      case "MemberExpression":
        this.visit(node["object"], place);
        if (node["computed"]) this.visit(node["property"], place);
        return;
      case "UnaryExpression":
        return this.#unary(node, place);
      case "UpdateExpression":
        return this.pattern(node["argument"], place, "assign");
      case "AssignmentExpression":
        this.pattern(node["left"], place, "assign");
        return this.#named(node["left"], node["right"], place);
      case "AwaitExpression":
        return this.#await(node, place);
      case "Property":
        return this.#property(node, place);
      case "MetaProperty":
        if (this.#targets.areSession && node["meta"].name === "import") {
          this.#text.update(node.start, node.end, `${this.#targets.own("x")}.meta`);
        }
        return;
      case "ImportExpression":
        this.visit(node["source"], place);
        if (node["options"]) this.visit(node["options"], place);
        return;
      case "VariableDeclaration":
        return this.#nestedVariables(node, place);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#class(node, place);
      case "TSEnumDeclaration":
        return this.#enum(node, place);
      case "TSModuleDeclaration":
        return this.#namespace(node, place);
      case "CatchClause":
        return this.#catch(node, place);
      case "SwitchStatement": {
        this.visit(node["discriminant"], place);
        const cases: Node[] = node["cases"];
        const scope = new Scope(lexicalNames(cases.flatMap((c) => c["consequent"])), place.scope);
        for (const clause of cases) {
          if (clause["test"]) this.visit(clause["test"], { ...place, scope });
          for (const statement of clause["consequent"])
            this.#statement(statement, { ...place, scope });
        }
        return;
      }
      case "LabeledStatement":
        return this.visit(node["body"], place);
      case "TSImportEqualsDeclaration": {
        let root: Node = node["moduleReference"];
        while (root.type === "TSQualifiedName") root = root["left"];
        return root.type === "Identifier" ? this.#read(root, place) : undefined;
      }
      case "Decorator":
        return this.#decorator(node, place);
      case "JSXOpeningElement":
        this.#tag(node["name"], place);
        for (const attribute of node["attributes"]) this.visit(attribute, place);
        return;
      case "JSXClosingElement":
        return this.#tag(node["name"], place);
      case "BreakStatement":
      case "ContinueStatement":
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ExportSpecifier":
        return;
      default:
        if (STATEMENT_LISTS.has(node.type)) return this.block(node, place);
        for (const child of children(node)) this.visit(child, place);
    }
  }

  /** A call that evaluates text where it stands, if `eval` is nobody's name here. */
  #isDirectEval(call: Node, place: Place): boolean {
    const callee: Node = call["callee"];
    const first: Node | undefined = call["arguments"][0];
    return (
      this.#targets.areSession &&
      callee.type === "Identifier" &&
      callee["name"] === "eval" &&
      !place.scope.has("eval") &&
      !call["optional"] &&
      first !== undefined &&
      first.type !== "SpreadElement"
    );
  }

  /** `eval(s)` stays one, of a text whose session names are rewritten when it is known. */
  #directEval(call: Node, place: Place): void {
    const [source, ...rest]: Node[] = call["arguments"];
    if (!source) return;
    const locals = [...place.scope.all(), ...(place.hasArguments ? ["arguments"] : [])];
    const suffix = this.#targets.suffix === "" ? "" : `,${JSON.stringify(this.#targets.suffix)}`;
    this.#text.appendLeft(source.start, `${this.#targets.own("x")}.evalSource(`);
    this.visit(source, place);
    this.#text.appendLeft(source.end, `,${JSON.stringify([...new Set(locals)])}${suffix})`);
    this.#arguments(rest, place);
  }

  /**
   * V8 refuses `f([1], { a: x.y } = z)`, which is valid; in parentheses it takes it. The stripper drops those that
   * only say so, and keeps those of a sequence.
   */
  #arguments(given: readonly Node[], place: Place): void {
    for (const argument of given) {
      const value = unwrapped(argument.type === "SpreadElement" ? argument["argument"] : argument);
      const isPattern =
        value.type === "AssignmentExpression" && /Pattern$/.test(value["left"].type);
      if (isPattern) this.#text.appendLeft(value.start, "(0,");
      this.visit(argument, place);
      if (isPattern) this.#text.appendLeft(value.end, ")");
    }
  }

  /** `@f(x)` becomes `@((0,$0.f)(x))`: behind `@` only a name or parentheses may stand. */
  #decorator(node: Node, place: Place): void {
    this.found.needsTypeScript = true;
    const expression: Node = node["expression"];
    if (!this.#targets.areSession) return this.visit(expression, place);
    this.#text.appendLeft(expression.start, "(");
    // `@f` calls it: `this` must not become the scope.
    this.#callee(expression, place);
    this.#text.appendLeft(expression.end, ")");
  }

  /** The name of a tag: `<div>` and `<my-tag>` are the library's, `<Foo>` and `<foo.Bar>` are names. */
  #tag(name: Node, place: Place): void {
    let root = name;
    while (root.type === "JSXMemberExpression") root = root["object"];
    if (root.type !== "JSXIdentifier" || root["name"] === "this") return;
    if (root === name && /^[a-z]|-/.test(root["name"])) return;
    this.#read(root, place);
  }

  /** A list of statements with names of its own. */
  block(node: Node, place: Place): void {
    const body: Node[] = node["body"];
    const names =
      node.type === "StaticBlock" ? [...lexicalNames(body), ...varNames(body)] : lexicalNames(body);
    const inner = { ...place, scope: new Scope(names, place.scope) };
    for (const statement of body) this.#statement(statement, inner);
  }

  /** A statement in a list (W1). */
  #statement(statement: Node, place: Place): void {
    if (this.#targets.areSession && statement.type === "ExpressionStatement")
      this.#text.appendLeft(statement.start, ";");
    this.visit(statement, place);
  }

  #unary(node: Node, place: Place): void {
    const argument: Node = node["argument"];
    const name = unwrapped(argument);
    if (node["operator"] !== "typeof" || name.type !== "Identifier")
      return this.visit(argument, place);
    const target = this.target(name["name"], place, "typeof");
    if (target) this.#replace(name, target);
  }

  #await(node: Node, place: Place): void {
    const isCells = this.#targets.areSession && !place.inFunction;
    if (isCells) {
      this.found.needsAsync = true;
      this.#text.appendLeft(node.start, `${this.#targets.own("x")}.live(`);
    }
    this.visit(node["argument"], place);
    if (isCells) this.#text.appendLeft(node.end, ")");
  }

  #property(node: Node, place: Place): void {
    if (node["shorthand"]) {
      const name: string = node["key"].name;
      const target = this.target(name, place, "read");
      if (target) this.#text.update(node.start, node.end, `${propertyKey(name)}:${target}`);
      return;
    }
    if (node["computed"]) this.visit(node["key"], place);
    this.visit(node["value"], place);
  }

  /** A declaration in a block or a loop head; `var` outside functions is the cell's. */
  #nestedVariables(node: Node, place: Place): void {
    if (node["declare"]) return;
    if (node["kind"] === "var" && this.#targets.areSession && !place.inFunction)
      return this.varDeclaration(node, place);
    if (/using/.test(node["kind"])) this.found.hasUsing = true;
    if (node["kind"] === "await using" && !place.inFunction) this.found.needsAsync = true;
    for (const declarator of node["declarations"]) {
      this.pattern(declarator["id"], place, "declare");
      if (declarator["init"]) this.initializer(declarator, place);
    }
  }

  #function(node: Node, place: Place): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    const params: Node[] = node["params"];
    const own = node.type === "FunctionExpression" && node["id"] ? [node["id"].name] : [];
    const scope = new Scope([...own, ...params.flatMap(patternNames)], place.scope);
    const inner = { scope, inFunction: true, hasArguments: place.hasArguments || !isArrow };
    for (const param of params) {
      for (const decorator of param["decorators"] ?? []) {
        this.found.parameterDecorator ??= decorator;
        this.visit(decorator, place);
      }
      this.pattern(param, inner, "declare");
    }
    const body: Node | null = node["body"];
    if (!body) return;
    if (body.type !== "BlockStatement") return this.visit(body, inner);
    this.block(body, { ...inner, scope: new Scope(varNames(body["body"]), scope) });
  }

  #loop(node: Node, place: Place): void {
    const head: Node | null = node["init"] ?? node["left"] ?? null;
    const isDeclaration = head?.type === "VariableDeclaration" && head["kind"] !== "var";
    const inner = isDeclaration
      ? { ...place, scope: new Scope(declaredNames(head), place.scope) }
      : place;
    if (node["await"] === true && !place.inFunction) this.found.needsAsync = true;
    if (node["init"]) this.visit(node["init"], inner);
    if (node["left"]) this.#loopTarget(node["left"], inner);
    for (const part of ["right", "test", "update"]) if (node[part]) this.visit(node[part], inner);

    const body: Node = node["body"];
    if (!this.#checksLoops) return this.visit(body, inner);
    const check = `if(${this.#targets.own("i")}[0])${this.#targets.own("x")}.interrupted();`;
    if (body.type === "BlockStatement") {
      this.#text.appendLeft(body.start + 1, check);
      return this.visit(body, inner);
    }
    this.#text.appendLeft(body.start, `{${check}`);
    this.visit(body, inner);
    this.#text.appendLeft(body.end, "}");
  }

  #loopTarget(left: Node, place: Place): void {
    if (left.type !== "VariableDeclaration") return this.pattern(left, place, "assign");
    if (left["kind"] !== "var" || !this.#targets.areSession || place.inFunction)
      return this.visit(left, place);
    const id: Node = left["declarations"][0].id;
    this.#text.remove(left.start, id.start);
    this.pattern(id, place, "assign");
    this.#dropAnnotation(id);
  }

  #class(node: Node, place: Place): void {
    for (const decorator of node["decorators"] ?? []) this.visit(decorator, place);
    const own = node["id"] ? [node["id"].name as string] : [];
    const scope = new Scope(own, place.scope);
    if (node["superClass"]) this.visit(node["superClass"], { ...place, scope });
    const inner = { scope, inFunction: true, hasArguments: true };
    const members: Node[] = node["body"].body;
    if ([node, ...members].some(isDecorated))
      for (const member of members) this.#metadata(member, typeParameters(node));
    for (const member of members) {
      for (const decorator of member["decorators"] ?? [])
        this.visit(decorator, { ...place, scope });
      if (member.type === "AccessorProperty") this.found.needsTypeScript = true;
      if (member["computed"]) this.visit(member["key"], { ...place, scope });
      if (member.type === "StaticBlock") this.block(member, inner);
      else if (member["value"] && !member["declare"]) this.visit(member["value"], inner);
    }
  }

  /**
   * `emitDecoratorMetadata` makes values of the types of members, so names of earlier cells are rewritten there too;
   * elsewhere the types just vanish.
   */
  #metadata(member: Node, shadowed: readonly string[]): void {
    const fn: Node | null = member["value"]?.["params"] ? member["value"] : null;
    const hidden = [...shadowed, ...(fn ? typeParameters(fn) : [])];
    const annotations = fn
      ? [...(fn["params"] as Node[]).map(annotationOf), fn["returnType"]]
      : [member["typeAnnotation"]];
    const visit = (type: Node | null | undefined): void => {
      if (type?.type === "TSTypeAnnotation") visit(type["typeAnnotation"]);
      if (type?.type === "TSUnionType") type["types"].forEach(visit);
      if (type?.type !== "TSTypeReference") return;
      let root: Node = type["typeName"];
      while (root.type === "TSQualifiedName") root = root["left"];
      const name: string = root["name"];
      const isEarlier = this.#targets.isEarlier(name);
      if (isEarlier && !hidden.includes(name)) this.#replace(root, this.#targets.slot(name));
    };
    annotations.forEach(visit);
  }

  #enum(node: Node, place: Place): void {
    if (node["declare"]) return;
    const members: Node[] = node["body"].members;
    const names = [node["id"].name, ...memberNames(node), ...this.#namesOfOtherParts(node)];
    const scope = new Scope(names, place.scope);
    for (const member of members)
      if (member["initializer"]) this.visit(member["initializer"], { ...place, scope });
  }

  #namespace(node: Node, place: Place): void {
    const body: Node | null = node["body"];
    if (node["declare"] || body?.type !== "TSModuleBlock") return;
    const statements: Node[] = body["body"];
    if (statements.some(isExportedVariable)) this.found.needsTypeScript = true;
    const names = [
      ...namespaceNames(node),
      ...lexicalNames(statements),
      ...varNames(statements),
      ...this.#namesOfOtherParts(node),
    ];
    const inner = { scope: new Scope(names, place.scope), inFunction: true, hasArguments: true };
    for (const statement of statements) this.#statement(statement, inner);
  }

  /** Looks for namespaces and enums in several parts; before the walk, for a part sees those behind it. */
  findParts(body: readonly Node[]): void {
    for (const statement of body) {
      const node = declarationOf(statement);
      const isNamespace = node.type === "TSModuleDeclaration" && isInstantiated(node);
      const isEnum = node.type === "TSEnumDeclaration" && !node["declare"];
      const id: Node | undefined = node["id"];
      if (!(isNamespace || isEnum) || id?.type !== "Identifier") continue;
      const parts = this.#parts.get(id["name"]) ?? new Map<Node, readonly string[]>();
      parts.set(node, isEnum ? memberNames(node) : exportedNames(node["body"].body));
      this.#parts.set(id["name"], parts);
      if (parts.size > 1) this.found.needsTypeScript = true;
    }
  }

  #namesOfOtherParts(node: Node): string[] {
    const parts = this.#parts.get(node["id"].name);
    return parts?.has(node) ? [...parts.values()].flat() : [];
  }

  #catch(node: Node, place: Place): void {
    const names = node["param"] ? patternNames(node["param"]) : [];
    const inner = { ...place, scope: new Scope(names, place.scope) };
    if (node["param"]) this.pattern(node["param"], inner, "declare");
    this.visit(node["body"], inner);
  }
}

/** `__proto__: x` sets the prototype where `["__proto__"]: x` makes a property, as the shorthand does. */
function propertyKey(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : name;
}

/** All names of `namespace A.B {}`: each is in scope within the body. */
export function namespaceNames(node: Node): string[] {
  const names: string[] = [];
  for (let id: Node | undefined = node["id"]; id; id = id["left"]) {
    names.push(id.type === "TSQualifiedName" ? id["right"].name : id["name"]);
  }
  return names;
}

/** The members of an enum. */
function memberNames(node: Node): string[] {
  const members: Node[] = node["body"].members;
  return members.map((member) => member["id"].name ?? member["id"].value);
}

/** What the statements of a namespace export. */
function exportedNames(statements: readonly Node[]): string[] {
  const exported = statements.filter(({ type }) => type === "ExportNamedDeclaration");
  return [...lexicalNames(exported), ...varNames(exported)];
}

/** `export let` of a namespace: its uses are of a property, which oxc does not do. */
function isExportedVariable(statement: Node): boolean {
  const node = declarationOf(statement);
  return (
    statement.type === "ExportNamedDeclaration" &&
    node.type === "VariableDeclaration" &&
    node["kind"] !== "const"
  );
}

function typeParameters(node: Node): string[] {
  const parameters: Node[] = node["typeParameters"]?.params ?? [];
  return parameters.map((parameter) => parameter["name"].name);
}

/** The type written behind a parameter, whatever its kind. */
function annotationOf(parameter: Node): Node | null {
  const inner: Node | undefined = parameter["parameter"] ?? parameter["left"];
  return inner ? annotationOf(inner) : (parameter["typeAnnotation"] ?? null);
}

/** Whether a class or a member of one has decorators, its own or of its parameters. */
function isDecorated(node: Node): boolean {
  const parameters: Node[] = node["value"]?.["params"] ?? [];
  return node["decorators"]?.length > 0 || parameters.some(isDecorated);
}
