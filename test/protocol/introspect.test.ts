import { describe, expect, test, vi } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const inspect = async (code: string) => {
  const request = { code, cursor_pos: [...code].length, detail_level: 0 };
  return (await suite.client.request("inspect_request", request)).content;
};

/** As `completes`. */
async function inspects(code: string) {
  return await vi.waitFor(
    async () => {
      const content = await inspect(code);
      expect(content.found).toBe(true);
      return content;
    },
    { timeout: 20_000 },
  );
}

const complete = async (code: string, cursor_pos = [...code].length) =>
  (await suite.client.request("complete_request", { code, cursor_pos })).content;

/** Asks until the match is there: on a busy machine the checker may need longer than an answer may take. */
async function completes(code: string, match: string) {
  return await vi.waitFor(
    async () => {
      const content = await complete(code);
      expect(content.matches).toContain(match);
      return content;
    },
    { timeout: 20_000 },
  );
}

describe("complete", () => {
  test("members of a value, with positions in code points and their types", async () => {
    const content = await completes('"😀".toU', "toUpperCase");
    expect([content.cursor_start, content.cursor_end]).toEqual([4, 7]);
    const typed = content.metadata._jupyter_types_experimental;
    expect(typed.map(({ text }: { text: string }) => text)).toEqual(content.matches);
    expect(typed.find(({ text }: { text: string }) => text === "toUpperCase")).toMatchObject({
      type: "method",
      start: 4,
      end: 7,
    });
  });

  test("names of the session", async () => {
    await suite.client.execute("const temperatureOutside = 21");
    await completes("temperatureO", "temperatureOutside");
  });

  test("nothing inside a string", async () => {
    expect((await complete('const s = "to')).matches).toEqual([]);
  });

  test("any cursor is clamped", async () => {
    for (const cursor of [-5, 0, 999]) expect((await complete("ab", cursor)).status).toBe("ok");
  });

  test.each([
    ["waits", "await new Promise(() => {})"],
    ["blocks its process", "while (true) {}"],
  ])("it answers while a cell %s", async (_name, code) => {
    await suite.client.execute("const answerToAll = 42");
    const id = suite.client.startCell(code);
    await suite.client.message(
      ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === id,
    );
    await completes("answerTo", "answerToAll");
    await suite.client.request("interrupt_request", {}, "control");
    expect((await suite.client.executed(id)).reply.content.ename).toBe("Interrupted");
  });
});

describe("inspect", () => {
  test("signature and documentation, as Markdown and as plain text", async () => {
    await suite.client.execute(
      "/** Adds two. */ function addTwo(a: number): number { return a + 2 }",
    );
    const { data } = await inspects("addTwo");
    expect(data["text/markdown"]).toMatch(/```ts\n.*addTwo\(a: number\): number/);
    expect(data["text/plain"]).toContain("Adds two.");
  });

  test("inside a call its signature", async () => {
    expect((await inspects("Math.max(1, ")).data["text/plain"]).toContain("max(");
  });

  test("nothing is found in nothing, nor of a name that nobody has declared", async () => {
    expect((await inspect("notDeclaredAnywhere")).found).toBe(false);
    await suite.client.execute("let loose: any = 1");
    expect((await inspect("loose")).found).toBe(true);
    expect(await inspect("")).toEqual({ status: "ok", found: false, data: {}, metadata: {} });
  });
});

describe("is_complete", () => {
  test.each([
    ["1 + 1", "complete"],
    ["const a = /[(]/", "complete"],
    ["function f() {", "incomplete"],
    ["let x =", "incomplete"],
    ["`open", "incomplete"],
    ["const = 5", "invalid"],
    ["'open", "invalid"],
  ])("%j is %s", async (code, status) => {
    const { content } = await suite.client.request("is_complete_request", { code });
    expect(content.status).toBe(status);
  });
});

test("detail 1 also says where a name is declared, and how; x?? in a cell the same", async () => {
  await suite.client.execute("const limit = 3;\nfunction twice(x: number) {\n  return 2 * x;\n}");
  await inspects("twice");
  const request = { code: "twice", cursor_pos: 5, detail_level: 1 };
  const { content } = await suite.client.request("inspect_request", request);
  expect(content.data["text/plain"]).toMatch(
    /In \[\d+\]:2:10\n\nfunction twice\(x: number\) \{\n {2}return 2 \* x;\n\}$/,
  );
  expect(content.data["text/markdown"]).toContain("```ts\nfunction twice(x: number) {");
  const { reply } = await suite.client.execute("twice??");
  expect(reply.content.payload[0].data["text/plain"]).toBe(content.data["text/plain"]);
});
