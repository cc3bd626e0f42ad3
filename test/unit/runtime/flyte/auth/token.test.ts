import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { expiryOf, Token } from "../../../../../runtime/flyte/auth/token.ts";
import { TokenFile } from "../../../../../runtime/flyte/auth/token-file.ts";
import { tempFolder } from "../../../../support/temp-folder.ts";

const HOUR = 3_600_000;
const of = { endpoint: "flyte.example.org:443", clientId: "flytectl", scopes: ["all", "offline"] };

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

test("a token is due at 80 % of its life and over at its end", () => {
  const token = new Token({ access: "access-1", obtainedAt: HOUR, expiresAt: 2 * HOUR });
  expect([token.isDue(1.79 * HOUR), token.isDue(1.8 * HOUR)]).toEqual([false, true]);
  expect([token.hasExpired(1.99 * HOUR), token.hasExpired(2 * HOUR)]).toEqual([false, true]);
});

test("a token of unknown life is never due", () => {
  const token = new Token({ access: "access-1", obtainedAt: 0 });
  expect([token.isDue(1e15), token.hasExpired(1e15)]).toEqual([false, false]);
});

test("a token that has ended before it came was dated by another clock: its life is unknown", () => {
  const token = new Token({ access: "access-1", obtainedAt: 2 * HOUR, expiresAt: HOUR });
  expect([token.isDue(3 * HOUR), token.hasExpired(3 * HOUR)]).toEqual([false, false]);
});

test("a JWT says itself when it ends; what only looks like one does not", () => {
  expect(expiryOf(jwt({ exp: 3600 }))).toBe(HOUR);
  for (const access of [jwt({}), jwt(null), jwt({ exp: "x" }), "a.b.c", "opaque", "a.%.c"]) {
    expect(expiryOf(access)).toBeUndefined();
  }
});

test.each(["", "a b", "a\nb", "naïve", "a\r\nx-header: 1"])("%j is no token", (access) => {
  expect(() => new Token({ access, obtainedAt: 0 })).toThrow(/token/);
});

test("nothing of a token is seen in what holds it", () => {
  const token = new Token({ access: "access-secret", refresh: "refresh-secret", obtainedAt: 0 });
  const shown = `${inspect({ token }, { depth: 9, showHidden: true })} ${JSON.stringify(token)} ${token}`;
  expect(shown).not.toContain("secret");
});

test("a kept token comes back whole, for the same cluster, client and scopes only", () => {
  using folder = tempFolder();
  const environment = { XDG_STATE_HOME: folder.path };
  const parts = { access: "access-1", refresh: "refresh-1", obtainedAt: 1, expiresAt: 2 };
  const file = new TokenFile(environment, of);
  expect(file.write(new Token(parts))).toBe(true);
  expect(file.read()?.parts).toEqual(parts);
  const reordered = { ...of, scopes: ["offline", "all"] };
  expect(new TokenFile(environment, reordered).read()?.parts).toEqual(parts);
  for (const other of [
    { ...of, endpoint: "other:443" },
    { ...of, clientId: "other" },
    { ...of, scopes: ["all"] },
  ]) {
    expect(new TokenFile(environment, other).read()).toBeUndefined();
  }
  file.remove();
  file.remove();
  expect(file.read()).toBeUndefined();
});

test("the default place is below the home folder", () => {
  const { path } = new TokenFile({ HOME: "/home/ada" }, of);
  expect(path).toMatch(/^\/home\/ada\/\.local\/state\/eagerdeck\/tokens\/flyte\.example\.org_443-/);
});

test("a host that climbs stays in the folder", () => {
  using folder = tempFolder();
  const file = new TokenFile({ XDG_STATE_HOME: folder.path }, { ...of, endpoint: "../../x/y" });
  expect(dirname(file.path)).toBe(join(folder.path, "eagerdeck", "tokens"));
});

test("a folder that others could read is closed when a token comes into it", () => {
  using folder = tempFolder();
  const tokens = join(folder.path, "eagerdeck", "tokens");
  mkdirSync(tokens, { recursive: true, mode: 0o755 });
  chmodSync(tokens, 0o755);
  const file = new TokenFile({ XDG_STATE_HOME: folder.path }, of);
  file.write(new Token({ access: "access-1", obtainedAt: 0 }));
  expect(statSync(tokens).mode & 0o777).toBe(0o700);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(readdirSync(tokens)).toHaveLength(1);
});

test("a file that others could have written is not believed", () => {
  using folder = tempFolder();
  const file = new TokenFile({ XDG_STATE_HOME: folder.path }, of);
  file.write(new Token({ access: "access-1", obtainedAt: 0 }));
  chmodSync(file.path, 0o666);
  expect(file.read()).toBeUndefined();
});

test.each([
  "",
  "{",
  "[]",
  "null",
  '{"access":1}',
  '{"access":"a b","obtainedAt":0}',
  '{"access":"x"}',
])("a file with %j in it is as none", (text) => {
  using folder = tempFolder();
  const file = new TokenFile({ XDG_STATE_HOME: folder.path }, of);
  file.write(new Token({ access: "access-1", obtainedAt: 0 }));
  writeFileSync(file.path, text);
  expect(file.read()).toBeUndefined();
});

test("a place that cannot be written is said, and breaks nothing", () => {
  using folder = tempFolder({ file: "not a folder" });
  const environment = { XDG_STATE_HOME: join(folder.path, "file") };
  const file = new TokenFile(environment, of);
  expect(file.write(new Token({ access: "access-1", obtainedAt: 0 }))).toBe(false);
  expect(file.read()).toBeUndefined();
});
