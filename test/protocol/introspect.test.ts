import { describe, expect, test } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const complete = async (code: string, cursor_pos = [...code].length) =>
  (await suite.client.request("complete_request", { code, cursor_pos })).content;

describe("complete", () => {
  test("members of a value, with positions in code points and their types", async () => {
    const content = await complete('"😀".toU');
    expect(content.matches).toContain("toUpperCase");
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
    expect((await complete("temperatureO")).matches).toContain("temperatureOutside");
  });

  test("nothing inside a string", async () => {
    expect((await complete('const s = "to')).matches).toEqual([]);
  });

  test("any cursor is clamped", async () => {
    for (const cursor of [-5, 0, 999]) expect((await complete("ab", cursor)).status).toBe("ok");
  });

  test("it answers while a cell waits, and while a cell blocks its process", async () => {
    await suite.client.execute("const answerToAll = 42");
    const waiting = suite.client.startCell("await new Promise((r) => setTimeout(r, 1_000))");
    await suite.client.message(
      ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === waiting,
    );
    expect((await complete("answerTo")).matches).toContain("answerToAll");
    expect(
      suite.client.received.some(
        ({ header, parent }) => header.msg_type === "execute_reply" && parent["msg_id"] === waiting,
      ),
    ).toBe(false);
    await suite.client.executed(waiting);
    const blocking = suite.client.startCell(
      "const until = Date.now() + 1_000; while (Date.now() < until) {}",
    );
    await suite.client.message(
      ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === blocking,
    );
    expect((await complete("answerTo")).matches).toContain("answerToAll");
    expect(
      suite.client.received.some(
        ({ header, parent }) =>
          header.msg_type === "execute_reply" && parent["msg_id"] === blocking,
      ),
    ).toBe(false);
    await suite.client.executed(blocking);
  });
});

describe("inspect", () => {
  test("signature and documentation, as Markdown and as plain text", async () => {
    await suite.client.execute(
      "/** Adds two. */ function addTwo(a: number): number { return a + 2 }",
    );
    const { content } = await suite.client.request("inspect_request", {
      code: "addTwo",
      cursor_pos: 6,
      detail_level: 0,
    });
    expect(content.found).toBe(true);
    expect(content.data["text/markdown"]).toMatch(/```ts\n.*addTwo\(a: number\): number/);
    expect(content.data["text/plain"]).toContain("Adds two.");
  });

  test("inside a call its signature", async () => {
    const code = "Math.max(1, ";
    const { content } = await suite.client.request("inspect_request", {
      code,
      cursor_pos: code.length,
      detail_level: 0,
    });
    expect(content.data["text/plain"]).toContain("max(");
  });

  test("nothing is found in nothing", async () => {
    const { content } = await suite.client.request("inspect_request", {
      code: "",
      cursor_pos: 0,
      detail_level: 0,
    });
    expect(content).toEqual({ status: "ok", found: false, data: {}, metadata: {} });
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
