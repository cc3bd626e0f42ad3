/**
 * The value type of a zod schema, read from its definition: JSON Schema could not say a Date, a bigint or a class.
 * @module
 */
import {
  type FieldType,
  type Side,
  typeOfConstant,
  unionOf,
  VALUE_TYPE,
  type ValueType,
} from "./value-type.ts";

type Definition = Readonly<Record<string | symbol, unknown>>;

/** `remade`: its own value need not be one that it takes. `adjusted`: it takes that too, as `trim` and `preprocess` do. */
type Change = "remade" | "adjusted";

/** What is around a schema while it is read. */
export interface Reading {
  readonly side: Side;
  /** The schemas being read, outermost first: meeting one again ends the description. */
  readonly open: ReadonlySet<unknown>;
  /** `inputs.order.items[]`, for messages. */
  readonly path: string;
  /** Of a schema inside another one. */
  readonly inner: (schema: unknown, at: Reading) => ValueType;
  /** Told of a part that may make another value than it takes, also of one of the same type. */
  readonly onChange?: (how: Change) => void;
}

/** @returns zod's own definition of a schema, undefined for another library's. */
export function zodDefinition(schema: unknown): Definition | undefined {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return;
  const internals = (schema as { _zod?: { def?: unknown } })._zod;
  const def = internals?.def;
  return typeof def === "object" && def !== null ? (def as Definition) : undefined;
}

/** @throws {TypeError} for what has no counterpart outside of JavaScript, with advice. */
export function zodType(schema: unknown, def: Definition, at: Reading): ValueType {
  const into = (inner: unknown, step = ""): ValueType =>
    at.inner(inner, { ...at, path: `${at.path}${step}` });
  if (overwrites(def)) at.onChange?.("adjusted");
  switch (def["type"]) {
    case "string":
    case "template_literal":
      return { kind: "string" };
    case "number":
      return isIntegerOnly(def) ? { kind: "integer", as: "number" } : { kind: "float" };
    case "nan":
      return { kind: "float" };
    case "int":
    case "bigint":
      return { kind: "integer", as: "bigint" };
    case "boolean":
      return { kind: "boolean" };
    case "date":
      return { kind: "date" };
    case "null":
      return { kind: "none", as: "null" };
    case "void":
    case "undefined":
      return { kind: "none", as: "undefined" };
    case "any":
    case "unknown":
      return { kind: "any" };
    case "transform":
      at.onChange?.("remade");
      return { kind: "any" };
    case "enum":
      return unionOf(enumValues(def["entries"]).map(typeOfConstant));
    case "literal":
      return unionOf(list(def["values"]).map(typeOfConstant));
    case "array":
      return { kind: "list", of: into(def["element"], "[]") };
    case "record":
      return recordType(into(def["valueType"], ".*"), def, at);
    case "object":
      return structType(schema, def, at);
    case "tuple":
      return tupleType(
        list(def["items"]).map((item, i) => into(item, `[${i}]`)),
        def["rest"] ? into(def["rest"], "[]") : undefined,
      );
    case "union":
      return unionOf(list(def["options"]).map((option) => into(option)));
    case "intersection":
      return both(into(def["left"]), into(def["right"]));
    case "optional":
      return unionOf([into(def["innerType"]), { kind: "none", as: "undefined" }]);
    case "nullable":
      return unionOf([into(def["innerType"]), { kind: "none", as: "null" }]);
    case "nonoptional":
      return withoutUndefined(into(def["innerType"]));
    case "default":
      return defaultType(def["innerType"], at);
    case "prefault":
    case "catch":
    case "readonly":
    case "promise":
    case "success":
      return into(def["innerType"]);
    case "pipe": {
      const chosen = at.side === "input" ? def["in"] : def["out"];
      // `preprocess` begins with a function: what it takes is for it to say, what comes out of it is known.
      const before = zodDefinition(def["in"])?.["type"] === "transform";
      at.onChange?.(before ? "adjusted" : "remade");
      return into(before ? def["out"] : chosen);
    }
    case "lazy":
      return typeof def["getter"] === "function" ? into(def["getter"]()) : { kind: "any" };
    case "custom":
      return classType(schema) ?? { kind: "any" };
    default:
      throw new TypeError(
        `${at.path}: z.${String(def["type"])}() has no counterpart on Flyte; ${adviceFor(def["type"])}`,
      );
  }
}

function adviceFor(type: unknown): string {
  if (type === "map") return "use z.record(z.string(), …)";
  if (type === "set") return "use z.array(…)";
  if (type === "file") return "use FlyteFile.schema()";
  return "use a schema of plain values";
}

const INTEGER_FORMATS = new Set(["safeint", "int32", "uint32"]);

/** `z.int()` says so in its definition, `z.number().int()` by a check. */
function isIntegerOnly(def: Definition): boolean {
  if (INTEGER_FORMATS.has(String(def["format"]))) return true;
  return list(def["checks"]).some((check) =>
    INTEGER_FORMATS.has(String(zodDefinition(check)?.["format"])),
  );
}

/** An `enum` of TypeScript with numbers also maps the numbers back to their names. */
function enumValues(entries: unknown): unknown[] {
  if (typeof entries !== "object" || entries === null) return [];
  const numbers = new Set(Object.values(entries).filter((value) => typeof value === "number"));
  return Object.entries(entries)
    .filter(([key]) => !numbers.has(Number(key)))
    .map(([, value]) => value);
}

function tupleType(items: readonly ValueType[], rest: ValueType | undefined): ValueType {
  return rest === undefined ? { kind: "tuple", items } : { kind: "any" };
}

/** A default of something else than is taken cannot be sent: then the input is absent, and filled in over there. */
function defaultType(inner: unknown, at: Reading): ValueType {
  const { type, isRemade } = readWatching(inner, at);
  if (at.side === "output" || !isRemade) return type;
  return unionOf([type, { kind: "none", as: "undefined" }]);
}

function readWatching(inner: unknown, at: Reading): { type: ValueType; isRemade: boolean } {
  let isRemade = false;
  const onChange = (how: Change) => {
    if (how === "remade") isRemade = true;
    at.onChange?.(how);
  };
  const type = at.inner(inner, { ...at, onChange });
  return { type, isRemade };
}

function recordType(of: ValueType, def: Definition, at: Reading): ValueType {
  const { path } = at;
  const key = zodDefinition(def["keyType"])?.["type"];
  if (key !== "string" && key !== "enum" && key !== "literal" && key !== "template_literal") {
    throw new TypeError(`${path}: the keys of a record are text; use z.record(z.string(), …)`);
  }
  at.inner(def["keyType"], at);
  // A record of anything is one thing, as Python's `dict`; not a map of many things.
  return of.kind === "any" ? of : { kind: "map", of };
}

function structType(schema: unknown, def: Definition, at: Reading): ValueType {
  const shape = def["shape"];
  const fields: FieldType[] = [];
  for (const [name, field] of Object.entries(typeof shape === "object" && shape ? shape : {})) {
    const path = at.path ? `${at.path}.${name}` : name;
    const { type, isRemade } = readWatching(field, { ...at, path });
    fields.push({ name, type, ...defaultOf(field, isRemade && at.side === "input") });
  }
  const catchall = def["catchall"];
  const open = catchall !== undefined && zodDefinition(catchall)?.["type"] !== "never";
  const title = titleOf(schema);
  return { kind: "struct", ...(title === undefined ? {} : { title }), fields, open };
}

/** @param isMade whether a default, other than one that is put before all, is of another type than is taken. */
function defaultOf(field: unknown, isMade: boolean): Pick<FieldType, "optional" | "default"> {
  for (let at = zodDefinition(field); at; at = zodDefinition(at["innerType"])) {
    if (at["type"] !== "prefault" && (at["type"] !== "default" || isMade)) continue;
    const value = constantOf(at);
    return value === undefined ? { optional: true } : { optional: true, default: value };
  }
  return {};
}

/** A default may be a function of the user's: a new id, the time. Lists and objects are made anew each time, too. */
function constantOf(of: Definition): FieldType["default"] {
  try {
    const [value, again] = [of["defaultValue"], of["defaultValue"]];
    if (!Object.is(value, again)) return;
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  } catch {
    // What it is shows when it is needed.
    return;
  }
}

function titleOf(schema: unknown): string | undefined {
  const { meta } = schema as { meta?: unknown };
  if (typeof meta !== "function") return;
  const found: unknown = meta.call(schema);
  if (typeof found !== "object" || found === null) return;
  const { title, id } = found as { title?: unknown; id?: unknown };
  return typeof title === "string" ? title : typeof id === "string" ? id : undefined;
}

function both(left: ValueType, right: ValueType): ValueType {
  if (left.kind !== "struct" || right.kind !== "struct") return { kind: "any" };
  const fields = new Map([...left.fields, ...right.fields].map((field) => [field.name, field]));
  return { ...left, fields: [...fields.values()], open: left.open && right.open };
}

function withoutUndefined(type: ValueType): ValueType {
  if (type.kind !== "union") return type;
  return unionOf(type.variants.filter((one) => one.kind !== "none" || one.as === "null"));
}

/** Of `z.instanceof(Class)`, when the class says what it is. */
function classType(schema: unknown): ValueType | undefined {
  const bag = (schema as { _zod?: { bag?: { Class?: unknown } } })._zod?.bag;
  return bag && typeof bag.Class === "function" ? markOf(bag.Class) : undefined;
}

/** Whether a check of its own puts another value in place: `trim()`, `toLowerCase()`, `overwrite()`. */
export function overwrites(def: Definition): boolean {
  return list(def["checks"]).some((check) => zodDefinition(check)?.["check"] === "overwrite");
}

/** What a schema, definition or class of our own says of itself. */
export function markOf(value: unknown): ValueType | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  const mark = (value as { [VALUE_TYPE]?: ValueType })[VALUE_TYPE];
  return mark ?? undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
