import { expect, test } from "vitest";
import { peek } from "../../../../runtime/session/host/peek.ts";
import { SessionScope } from "../../../../runtime/session/host/scope.ts";
import { isIdentifier, parsePath, pathBefore } from "../../../../runtime/session/peek-path.ts";

/** Looks at a path of these session names. */
function look(path: string, values: Readonly<Record<string, unknown>>) {
  const scope = new SessionScope();
  for (const [name, value] of Object.entries(values)) {
    scope.set(name, value);
    scope.publish(name, "const", false);
  }
  return peek(path, scope);
}

function names(value: unknown): string[] | undefined {
  return look("x", { x: value })?.properties.map(({ name }) => name);
}

test("a path is an identifier, members and literal indexes, and nothing else", () => {
  expect(parsePath("a")).toEqual(["a"]);
  expect(parsePath(` a.b[0]["c d"]?.é['f"']?.[1] `)).toEqual([
    "a",
    "b",
    "0",
    "c d",
    "é",
    'f"',
    "1",
  ]);
  expect(parsePath('a["\\u0062"]')).toEqual(["a", "b"]);
  for (const none of [
    "",
    "1",
    "a.",
    ".a",
    "a()",
    "a.b()",
    "a[b]",
    "a[b].c",
    "a[-1]",
    "a[1+1]",
    "a[`b`]",
    "a b",
    "a;b",
    "a.#b",
    "a..b",
    "(a)",
    "a /* b */",
    'a["\\x62"]',
    "a['\\'']",
    `a${".b".repeat(500)}`,
  ]) {
    expect(parsePath(none), none).toBeUndefined();
  }
});

test("the path before a cursor is whole, or there is none", () => {
  const before = (code: string) => pathBefore(code, code.length)?.path;
  expect(before("f(a.b[0]")).toBe("a.b[0]");
  expect(before("x = [...rows")).toBe("rows");
  expect(before("if (a) b")).toBe("b");
  expect(before("await a\n  .b ")).toBe("a\n  .b ");
  expect(before("typeof a?.b")).toBe("a?.b");
  for (const none of ["f()", "f().a", "a[i].b", "(a).b", "'a'.b", "this.#a", "a[i]", "1.a", ""]) {
    expect(before(none), none).toBeUndefined();
  }
  expect(before(`${"a".repeat(600)}`)).toBeUndefined();
  expect(isIdentifier("größe")).toBe(true);
  expect(isIdentifier("a-b")).toBe(false);
});

test("a value shows its type, one line, and its properties with their kinds", () => {
  class Base {
    shared() {}
    get computed() {
      throw new Error("a getter ran");
    }
  }
  class User extends Base {
    name = "Ada";
    tags = [1];
    nothing = null;
  }
  expect(look("user", { user: new User() })).toEqual({
    type: "User",
    preview: expect.stringContaining('name: "Ada"'),
    properties: [
      { name: "name", kind: "property", type: "string" },
      { name: "tags", kind: "property", type: "Array" },
      { name: "nothing", kind: "property", type: "null" },
      { name: "shared", kind: "method", type: "function" },
      { name: "computed", kind: "accessor" },
    ],
  });
  expect(look("a.b[1]['c']", { a: { b: [0, { c: 5n }] } })).toMatchObject({
    type: "bigint",
    preview: "5n",
  });
});

test("P1: no getter, trap, display hook or conversion of the value runs", () => {
  const ran: string[] = [];
  const trapped = new Proxy(
    {},
    new Proxy({}, { get: (_, trap) => ran.push(`trap ${String(trap)}`) && undefined }),
  );
  const value = {
    get lazy() {
      ran.push("getter");
      return { inner: 1 };
    },
    trapped,
    [Symbol.for("Jupyter.display")]: () => ran.push("hook"),
    toString: () => ran.push("toString"),
    toJSON: () => ran.push("toJSON"),
    [Symbol.toPrimitive]: () => ran.push("toPrimitive"),
    [Symbol.iterator]: () => ran.push("iterator"),
  };
  const heir: object = Object.create(trapped, { own: { value: 1 } });
  expect(look("x", { x: value })?.properties).toContainEqual({ name: "lazy", kind: "accessor" });
  expect(look("x", { x: value })?.properties).toContainEqual({
    name: "trapped",
    kind: "property",
    type: "proxy",
  });
  expect(look("x.lazy", { x: value })).toBeUndefined();
  expect(look("x.lazy.inner", { x: value })).toBeUndefined();
  expect(look("x.trapped", { x: value })).toBeUndefined();
  expect(look("x.trapped.a", { x: value })).toBeUndefined();
  expect(names(heir)).toEqual(["own"]);
  expect(look("x.absent", { x: heir })).toBeUndefined();
  expect(look("x", { x: Object.assign(new Error("boom"), { value }) })?.preview).toBe(
    "Error: boom",
  );
  expect(ran).toEqual([]);
});

test("an import is read through the scope, one that is not there yet is nothing", () => {
  const scope = new SessionScope();
  scope.define("imported", () => ({ a: 1 }));
  scope.publish("imported", "import", false);
  scope.define("early", () => {
    throw new ReferenceError("not initialized");
  });
  scope.publish("early", "import", false);
  expect(peek("imported.a", scope)?.preview).toBe("1");
  expect(peek("early", scope)).toBeUndefined();
  expect(peek("process", scope)).toBeUndefined();
  expect(peek("toString", scope)).toBeUndefined();
});

test("P2: large values have few names, indexes are none", () => {
  expect(names(new Array(1e9))?.slice(0, 2)).toEqual(["length", "at"]);
  expect(names(new Uint8Array(1e8))).toContain("subarray");
  expect(names("text")).toContain("toUpperCase");
  expect(names([1, 2])).not.toContain("0");
  expect(
    names(Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n]))),
  ).toHaveLength(500);
  expect(names(null)).toEqual([]);
  expect(names(undefined)).toEqual([]);
  expect(look("x.a", { x: null })).toBeUndefined();
  expect(look("x", { x: "é".repeat(100_000) })?.preview.length).toBeLessThan(100);
});

test("the value under a secret's name is hidden", () => {
  const peeked = look("config.password", { config: { password: "hunter2-hunter2" } });
  expect(peeked?.type).toBe("string");
  expect(peeked?.preview).not.toContain("hunter2");
});
