import { describe, expect, test } from "vitest";
import { preview } from "../../../../runtime/values/preview.ts";
import { isSecretName, redactPrinted, redactText } from "../../../../runtime/values/redact.ts";

test("names of secrets are told by their words", () => {
  const secret = [
    "token",
    "accessToken",
    "API_KEY",
    "api-key",
    "apiKey",
    "apikey",
    "private_key",
    "PASSWORD",
    "db.password",
    "Authorization",
    "Set-Cookie",
    "awsCredentials",
    "clientSecret",
    "HTTPToken",
  ];
  const harmless = [
    "maxTokens",
    "tokenize",
    "key",
    "keyboard",
    "primaryKey",
    "passwordless",
    "secretary",
    "",
    "x",
  ];
  expect(secret.filter((name) => !isSecretName(name))).toEqual([]);
  expect(harmless.filter((name) => isSecretName(name))).toEqual([]);
});

test("secrets of a known shape are hidden in any text", () => {
  const text = [
    "Authorization: Bearer abc.def-123",
    "key AKIAIOSFODNN7EXAMPLE",
    `git ghp_${"a1".repeat(18)}`,
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    "db postgres://user:hunter2@host/db",
    "GET https://host/x?page=2&access_token=abc&z=1",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- after",
  ].join("\n");
  expect(redactText(text)).toMatchInlineSnapshot(`
    "Authorization: Bearer [redacted]
    key [redacted]
    git [redacted]
    jwt [redacted]
    db postgres://[redacted]@host/db
    GET https://host/x?page=2&access_token=[redacted]&z=1
    [redacted] after"
  `);
});

test("a key that was cut before its end is hidden to the end", () => {
  expect(redactText("x -----BEGIN PRIVATE KEY-----\nMIIEvQ")).toBe("x [redacted]");
});

test("ordinary text stays as it is", () => {
  const text = "Bearers of Basic rights: https://example.org/a?b=c, 12:30@noon, key=7";
  expect(redactText(text)).toBe(text);
});

test("printed objects are searched by name", () => {
  expect(redactPrinted("Client { token: 'abc', region: 'eu', password=\"x\" }")).toBe(
    'Client { token: "[redacted]", region: \'eu\', password="[redacted]" }',
  );
});

describe("a planted secret is in no byte of a preview", () => {
  const SECRET = "hunter2hunter2";
  class Client {
    readonly endpoint = "eu";
    readonly apiKey = SECRET;
  }
  class Printed {
    readonly #token = SECRET;
    [Symbol.for("nodejs.util.inspect.custom")]() {
      return `Printed { token: '${this.#token}' }`;
    }
  }
  const holders: Record<string, unknown> = {
    property: { apiKey: SECRET },
    "deep below a secret name": {
      credentials: { user: SECRET, list: [SECRET], more: new Set([SECRET]) },
    },
    "class instance": new Client(),
    "own inspector": new Printed(),
    map: new Map([["password", SECRET]]),
    headers: new Headers({ authorization: SECRET }),
    "query parameters": new URLSearchParams({ token: SECRET }),
    url: new URL(`https://me:${SECRET}@host/?token=${SECRET}`),
    "table rows": [
      { id: 1, token: SECRET },
      { id: 2, token: SECRET },
    ],
    error: Object.assign(new Error(`at postgres://u:${SECRET}@h/`), { token: SECRET }),
    cause: new Error("x", { cause: new Error(`Bearer ${SECRET}`) }),
    bytes: { secret: Buffer.from(SECRET) },
    proxy: new Proxy({ token: SECRET }, {}),
    "proxy below a secret name": { cookies: new Proxy({ value: SECRET }, {}) },
    boxed: { token: Object(SECRET) },
    "symbol key": { [Symbol("token")]: SECRET },
    "long text": `${"x".repeat(1_900)} Bearer ${SECRET}`,
  };
  test.each(Object.entries(holders))("%s", (_, value) => {
    const shown = JSON.stringify(preview(value));
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain(Buffer.from(SECRET).toString("hex").match(/../g)?.join(" "));
    expect(shown).toContain("[redacted]");
  });

  test("as an input of a secret's name, whatever it is", () => {
    for (const value of [
      SECRET,
      [SECRET],
      { a: SECRET },
      [{ a: SECRET }, { a: SECRET }],
      Buffer.from(SECRET),
    ]) {
      expect(JSON.stringify(preview(value, { name: "apiKey" }))).not.toMatch(/hunter2|68 75 6e/);
    }
  });

  test("numbers under such a name stay", () => {
    expect(preview(512, { name: "token" }).line).toBe("512");
    expect(preview({ secret: 7, password: true }).line).toBe("{ secret: 7, password: true }");
  });

  test("a cut never goes through the mark", () => {
    for (let length = 30; length < 62; length++) {
      const { line } = preview(`${"x".repeat(length)} Bearer ${SECRET} ${"y".repeat(100)}`);
      expect(line).not.toMatch(/\[r(?!edacted\])/);
    }
  });
});
