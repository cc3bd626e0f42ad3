/**
 * One parse of a cell: what it declares and mentions, what it imports, whether it is finished.
 *
 * Asks, never rewrites; works in the front end, so nothing here may be able to end the process: text
 * that could is judged by `parse-guard.ts` first.
 *
 * Completeness is the parser's own answer: an error *at the end* of the text means that more has to
 * come. Brackets are never counted; `const a = /"/` and `f(")")` are finished.
 * @module
 */
import { createRequire } from "node:module";
import type { CheckPolicy, ParseResult } from "./client/api.ts";
import type { Node } from "./host/ast.ts";
import {
  declarationOf,
  declaredNames,
  isInstantiated,
  namespaceName,
  varNames,
} from "./host/bindings.ts";
import type { DeclaredKind } from "./host/targets.ts";
import { isPlain, refusal } from "./parse-guard.ts";

let loadedParser: typeof import("oxc-parser") | undefined;

/** Loaded with the first text: a front end that starts has an answer to give before there is one. */
function parser(): typeof import("oxc-parser") {
  loadedParser ??= createRequire(import.meta.url)("oxc-parser") as typeof import("oxc-parser");
  return loadedParser;
}

/** Enough for an arrow whose defaults hold calls; each costs a parse of an unfinished text. */
const ARROW_STARTS_TRIED = 24;

/** `using` names live as long as their cell and are never session names. */
export type NameKind = DeclaredKind | "interface" | "type" | "using";

interface DeclaredName {
  readonly name: string;
  readonly kind: NameKind;
  /** Nothing of it exists at run time: interfaces, types, `declare`, type imports. */
  readonly typeOnly: boolean;
  /** It also names a type besides its value: `const Size = …; type Size = …`. */
  readonly hasType: boolean;
}

export interface CellImport {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Offsets are UTF-16 units into the text. */
interface SyntaxFinding {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

interface Pragmas {
  /** From `// eagerdeck: check=…` or `// @ts-nocheck` in the first line. */
  readonly check?: CheckPolicy;
  /** Leading comments that the checker reads: `///`, `@jsx…`, `@ts-nocheck`; whole lines. */
  readonly leading: readonly string[];
}

export interface Analysis {
  /** Top-level names in order, each once. Empty for text that does not parse. */
  readonly declared: readonly DeclaredName[];
  /** Names the cell exports itself, under that name. */
  readonly exported: ReadonlySet<string>;
  /** Every identifier in the text, also of properties and in strings: a superset of the names it uses. */
  readonly mentioned: ReadonlySet<string>;
  /** Static imports, and dynamic ones of a plain string. */
  readonly imports: readonly CellImport[];
  /** `declare global`, `declare module "x"`: affects cells that mention nothing of it. */
  readonly augments: boolean;
  readonly errors: readonly SyntaxFinding[];
  readonly isTsx: boolean;
  readonly pragmas: Pragmas;
}

/** Analyses a whole cell; never throws. */
export function analyse(code: string): Analysis {
  const parsed = parse(code);
  const mentioned = identifiers(code);
  const pragmas = pragmasOf(code);
  if (!parsed.program) {
    return {
      declared: [],
      exported: new Set(),
      mentioned,
      imports: [],
      augments: false,
      errors: parsed.errors,
      isTsx: parsed.isTsx,
      pragmas,
    };
  }
  const body: readonly Node[] = parsed.program["body"];
  return {
    declared: declared(body),
    exported: exportedNames(body),
    mentioned,
    imports: imports(body, code),
    augments: body.some((node) => isAugmentation(declarationOf(node))),
    errors: parsed.errors,
    isTsx: parsed.isTsx,
    pragmas,
  };
}

/** Whether a text is a finished cell; the answer to Enter in a terminal and to Jupyter's `is_complete`. */
export function parseCell(code: string): ParseResult {
  const { program, errors, isTsx, isRefused } = parse(code);
  const [error] = errors;
  if (!error) {
    const last: Node | undefined = program?.["body"].at(-1);
    // `function f()` parses, as an overload whose implementation follows.
    const isOpen = last?.type === "TSDeclareFunction" && !last["declare"];
    return isOpen ? incomplete(code) : { status: "complete" };
  }
  if (isRefused) return { status: "invalid", offset: error.start, message: error.message };
  if (errors.some((finding) => asksForMore(code, finding, isTsx))) return incomplete(code);
  if (isOpenArrow(code, error)) return incomplete(code);
  return { status: "invalid", offset: error.start, message: error.message };
}

/** The statements of a text, or undefined when it does not parse; never throws. */
export function statementsOf(code: string): readonly Node[] | undefined {
  return parse(code).program?.["body"];
}

/**
 * The names that a text would declare if its author stopped here, for text that may not parse: one
 * that is being typed. Approximate by design, linear, and safe for any text.
 */
export function declaredSoFar(code: string): Set<string> {
  const names = new Set<string>();
  const statement =
    /(?:^|[;{}\n])\s*(?:export\s+)?(?:declare\s+|async\s+|abstract\s+)*(?:const\s+enum|const|let|var|function\s*\*?|class|enum|namespace|type|interface)\s+([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)/gu;
  for (const found of code.matchAll(statement)) if (found[1]) names.add(found[1]);
  return names;
}

/** All identifiers of a text, in whatever place. */
export function identifiers(code: string): Set<string> {
  const names = new Set<string>();
  for (const found of code.matchAll(/[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu)) {
    names.add(found[0]);
  }
  return names;
}

// The parse

interface Parsed {
  readonly program: Node | undefined;
  readonly errors: readonly SyntaxFinding[];
  readonly isTsx: boolean;
  /** It was not given to the parser at all. */
  readonly isRefused?: boolean;
}

function parse(code: string): Parsed {
  const reason = refusal(code);
  if (reason !== undefined) {
    const errors = [{ message: reason, start: 0, end: 0 }];
    return { program: undefined, errors, isTsx: false, isRefused: true };
  }
  const plain = parseAs("ts", code);
  // A comparison or a cast parses as TypeScript; what fails and has a tag may be JSX.
  if (plain.errors.length === 0 || !/<[\p{ID_Start}$_>]/u.test(code)) return plain;
  const jsx = parseAs("tsx", code);
  if (jsx.errors.length === 0) return jsx;
  // Neither parses: unfinished JSX is an error in the middle for TypeScript and one at the end for TSX.
  return jsx.errors.some((finding) => asksForMore(code, finding, true)) ? jsx : plain;
}

function parseAs(lang: "ts" | "tsx", code: string): Parsed {
  const result = parser().parseSync(`cell.${lang}`, code, {
    lang,
    astType: "ts",
    sourceType: "module",
    showSemanticErrors: true,
  });
  const errors = result.errors
    .filter(({ severity }) => severity === "Error")
    .map(({ message, labels: [label] }) => ({
      message,
      start: label?.start ?? 0,
      end: label?.end ?? 0,
    }));
  // The published union of node types is the same data, see host/ast.ts.
  const program = result.program as unknown as Node;
  return { program: errors.length > 0 ? undefined : program, errors, isTsx: lang === "tsx" };
}

// Completeness

function asksForMore(code: string, { start, end }: SyntaxFinding, isTsx: boolean): boolean {
  const textEnd = code.trimEnd().length;
  if (end < textEnd) return false;
  // The parser wanted a token and found the end of the text.
  if (start === end) return start >= textEnd && code.length > 0;
  // Constructs marked as a whole that the next line can finish. A plain string cannot be, unless its line
  // break is escaped; nor can a regular expression.
  const construct = code.slice(start, end);
  if (/^["']/.test(construct)) return /(?:^|[^\\])(?:\\\\)*\\\s*$/.test(construct);
  // The rest of a template behind `${…}` is marked from its brace; any other brace stays wrong.
  if (construct.startsWith("}")) {
    return parseAs("ts", `${code}\``).errors.every((finding) => finding.start !== start);
  }
  // Text between tags.
  if (isTsx && /[>}]/.test(code.charAt(start - 1))) return true;
  return /^(?:`|\/\*|\?\.$|import\s*\()/.test(construct);
}

/**
 * Whether the text breaks off in the parameters or the return type of an arrow function. Up to its
 * `=>` an arrow is read as an expression in parentheses, where a type annotation is an error in the
 * middle. Read as a function expression the same text is an error at the end.
 */
function isOpenArrow(code: string, { start }: SyntaxFinding): boolean {
  if (!/^\s*[:?,)=]/.test(code.slice(start)) || !isPlain(code)) return false;
  let at = start;
  for (let tries = 0; tries < ARROW_STARTS_TRIED; tries++) {
    // `<` for the type parameters before the parenthesis.
    at = Math.max(code.lastIndexOf("(", at - 1), code.lastIndexOf("<", at - 1));
    if (at < 0) return false;
    const asFunction = `${code.slice(0, at)} function $${code.slice(at)}`;
    const { errors } = parseAs("ts", asFunction);
    const [first] = errors;
    if (first && asksForMore(asFunction, first, false)) return true;
    if (at === 0) return false;
  }
  return false;
}

function incomplete(code: string): ParseResult {
  return { status: "incomplete", indent: nextIndent(code) };
}

/** The last line's indent, one step more behind what opens a block; nothing inside a template. */
function nextIndent(code: string): string {
  const lines = code.trimEnd().split(/\r\n|[\r\n]/);
  const last = lines.at(-1) ?? "";
  const own = /^[ \t]*/.exec(last)?.[0] ?? "";
  const ticks = code.match(/`/g)?.length ?? 0;
  if (ticks % 2 === 1) return "";
  return /(?:[{([]|=>)\s*(?:\/\/.*)?$/.test(last) ? `${own}  ` : own;
}

// Declared names

function declared(body: readonly Node[]): DeclaredName[] {
  const names = new Map<string, DeclaredName>();
  const add = (name: string, kind: NameKind, typeOnly: boolean): void => {
    const known = names.get(name);
    const hasType = kind === "interface" || kind === "type";
    if (!known) {
      names.set(name, { name, kind, typeOnly, hasType });
    } else {
      // A value decides the kind: an interface beside a class or a const of its name adds to it.
      const value = known.typeOnly && !typeOnly ? { kind, typeOnly } : known;
      names.set(name, {
        name,
        kind: value.kind,
        typeOnly: value.typeOnly,
        hasType: hasType || known.hasType,
      });
    }
  };
  for (const name of varNames(body)) add(name, "var", false);
  for (const statement of body) addStatement(declarationOf(statement), add);
  return [...names.values()];
}

function addStatement(
  node: Node,
  add: (name: string, kind: NameKind, typeOnly: boolean) => void,
): void {
  const ambient = node["declare"] === true;
  const id: string | undefined = node["id"]?.name;
  switch (node.type) {
    case "VariableDeclaration": {
      const kind = /using/.test(node["kind"]) ? "using" : node["kind"];
      for (const name of declaredNames(node)) add(name, kind, ambient);
      break;
    }
    case "FunctionDeclaration":
      if (id) add(id, "function", ambient);
      break;
    case "TSDeclareFunction":
      // Overloads come before their function, which decides.
      if (id) add(id, "function", true);
      break;
    case "ClassDeclaration":
      if (id) add(id, "class", ambient);
      break;
    case "TSEnumDeclaration":
      if (id) add(id, "enum", ambient);
      break;
    case "TSModuleDeclaration":
      if (!isAugmentation(node)) {
        const name = namespaceName(node);
        if (name) add(name, "namespace", ambient || !isInstantiated(node));
      }
      break;
    case "TSInterfaceDeclaration":
      if (id) add(id, "interface", true);
      break;
    case "TSTypeAliasDeclaration":
      if (id) add(id, "type", true);
      break;
    case "ImportDeclaration":
      for (const specifier of node["specifiers"]) {
        const typeOnly = node["importKind"] === "type" || specifier["importKind"] === "type";
        add(specifier["local"].name, "import", typeOnly);
      }
      break;
    case "TSImportEqualsDeclaration":
      add(node["id"].name, "import", node["importKind"] === "type");
      break;
    default:
  }
}

function isAugmentation(node: Node): boolean {
  if (node.type === "TSGlobalDeclaration") return true;
  if (node.type !== "TSModuleDeclaration") return false;
  return node["kind"] === "global" || node["id"]?.type === "Literal";
}

function exportedNames(body: readonly Node[]): Set<string> {
  const names = new Set<string>();
  for (const statement of body) {
    if (statement.type === "ExportNamedDeclaration") {
      const own: Node | null = statement["declaration"];
      if (own) addStatement(own, (name) => names.add(name));
      for (const specifier of statement["specifiers"] ?? []) {
        names.add(specifier["exported"].name ?? specifier["exported"].value);
      }
    } else if (statement.type === "ExportAllDeclaration" && statement["exported"]) {
      names.add(statement["exported"].name ?? statement["exported"].value);
    }
  }
  return names;
}

function imports(body: readonly Node[], code: string): CellImport[] {
  const found: CellImport[] = [];
  for (const node of body) {
    const specifier: unknown = node["source"]?.value;
    if (typeof specifier === "string") {
      found.push({
        specifier,
        typeOnly: node["importKind"] === "type" || node["exportKind"] === "type",
      });
    } else if (node.type === "TSImportEqualsDeclaration") {
      const required: unknown = node["moduleReference"]?.expression?.value;
      if (typeof required === "string") {
        found.push({ specifier: required, typeOnly: node["importKind"] === "type" });
      }
    }
  }
  // `import("x")` may stand anywhere, in types too; a match in a comment only costs a look at the disk.
  for (const match of code.matchAll(/\b(?:import|require)\s*\(\s*(["'])([^"'\n]+)\1/g)) {
    if (match[2]) found.push({ specifier: match[2], typeOnly: false });
  }
  return found;
}

// Pragmas

function pragmasOf(code: string): Pragmas {
  const leading: string[] = [];
  let check: CheckPolicy | undefined;
  const lines = code.replace(/^\uFEFF/, "").split(/\r\n|[\r\n]/, 50);
  for (const [index, line] of lines.entries()) {
    const text = line.trim();
    if (index === 0) {
      const asked = /^\/\/\s*eagerdeck:.*\bcheck=(error|warn|off)\b/.exec(text)?.[1];
      if (asked === "error" || asked === "warn" || asked === "off") check = asked;
      else if (/^\/\/\s*@ts-nocheck\b/.test(text)) check = "off";
    }
    if (text === "") continue;
    if (!/^\/\/|^\/\*.*\*\/$/.test(text)) break;
    if (/^\/\/\/\s*<|^\/\/\s*@ts-nocheck\b|^\/\*.*@jsx/.test(text)) leading.push(text);
  }
  return { ...(check ? { check } : {}), leading };
}
