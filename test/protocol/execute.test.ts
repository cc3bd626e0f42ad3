import { describe, expect, test, vi } from "vitest";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

describe("a cell", () => {
  test("busy, input, text, result, idle, and a reply with count and start", async () => {
    const done = await suite.client.execute("console.log('hello'); 1 + 1");
    expect(types(done.published)).toEqual([
      "busy",
      "execute_input",
      "stream",
      "execute_result",
      "idle",
    ]);
    expect(done.reply.content).toEqual({
      status: "ok",
      execution_count: expect.any(Number),
      payload: [],
      user_expressions: {},
    });
    expect(Date.parse(String(done.reply.metadata["started"]))).toBeGreaterThan(0);
    const counts = done.published.flatMap(({ content }) => content["execution_count"] ?? []);
    expect(counts).toEqual([
      done.reply.content.execution_count,
      done.reply.content.execution_count,
    ]);
  });

  test("the count goes up by one with each stored cell, and only then", async () => {
    const count = async (code: string, options = {}) =>
      (await suite.client.execute(code, options)).reply.content.execution_count;
    const first = await count("1");
    expect(await count("2", { store_history: false })).toBe(first);
    expect(await count("3", { silent: true })).toBe(first);
    expect(await count("   ")).toBe(first);
    expect(await count("4")).toBe(first + 1);
  });

  test("undefined has no result, null has one; text carries no colour codes", async () => {
    expect((await suite.client.execute("undefined")).result).toBeUndefined();
    expect((await suite.client.execute("null")).result).toBe("null");
    expect((await suite.client.execute("({ a: 1, b: 'x' })")).result).not.toContain("\u001b");
  });

  test("names live on: functions see a variable that a later cell changed", async () => {
    await suite.client.execute(
      "let total = 1; function addTo(x: number) { total += x; return total }",
    );
    expect((await suite.client.execute("total = 100; addTo(5)")).result).toBe("105");
  });

  test("top-level await gives the value", async () => {
    expect((await suite.client.execute("await Promise.resolve(6) * 7")).result).toBe("42");
  });

  test("a silent cell publishes busy and idle only", async () => {
    const done = await suite.client.execute("console.log('x'); throw new Error('y')", {
      silent: true,
    });
    expect(types(done.published)).toEqual(["busy", "idle"]);
    expect(done.reply.content.status).toBe("error");
  });

  test("user expressions are evaluated after the cell, each on its own", async () => {
    const done = await suite.client.execute("const base = 20", {
      user_expressions: { sum: "base + 1", later: "await Promise.resolve(base)", wrong: "nope.x" },
    });
    expect(done.reply.content.user_expressions).toMatchObject({
      sum: { status: "ok", data: { "text/plain": "21" } },
      later: { status: "ok", data: { "text/plain": "20" } },
      wrong: { status: "error", ename: "ReferenceError" },
    });
  });
});

describe("errors", () => {
  test("a thrown error is one message with the reply's own fields, and names the place in the cell", async () => {
    const done = await suite.client.execute("const rows = [1]\n\nthrow new RangeError('too many')");
    expect(types(done.published)).toEqual(["busy", "execute_input", "error", "idle"]);
    const { content } = done.published[2] ?? {};
    const { status, execution_count, payload, user_expressions, ...fields } = done.reply.content;
    expect(status).toBe("error");
    expect(fields).toEqual(content);
    expect(content).toMatchObject({ ename: "RangeError", evalue: "too many" });
    expect(content.traceback.join("\n")).toContain(`In [${execution_count}]:3:`);
    expect([payload, user_expressions]).toEqual([[], {}]);
  });

  test("a syntax error and a type error are errors too, and nothing of the cell runs", async () => {
    const syntax = await suite.client.execute("console.log('ran'); const = 5");
    expect([syntax.reply.content.ename, syntax.stdout]).toEqual(["SyntaxError", ""]);
    const type = await suite.client.execute("console.log('ran'); const five: string = 5");
    expect([type.reply.content.ename, type.stdout]).toEqual(["TypeScriptError", ""]);
    expect(type.reply.content.evalue).toContain("TS2322");
  });

  test("a thrown value that is no Error is shown", async () => {
    const done = await suite.client.execute("throw { reason: 'odd' }");
    expect(done.reply.content.status).toBe("error");
    expect(done.reply.content.traceback.join("\n")).toContain("odd");
  });

  test("a rejection that nobody handles is an error of its cell", async () => {
    const done = await suite.client.execute(
      "void Promise.reject(new Error('unhandled')); await new Promise((resolve) => setTimeout(resolve, 50)); 5",
    );
    expect(done.reply.content).toMatchObject({ status: "error", evalue: "unhandled" });
    expect(types(done.published).filter((type) => type === "error")).toHaveLength(1);
  });
});

describe("several cells", () => {
  test("a failing cell aborts the queued ones, a cell sent afterwards runs", async () => {
    const failing = suite.client.startCell(
      "await new Promise((r) => setTimeout(r, 100)); throw new Error('first')",
    );
    const queued = [1, 2, 3].map((n) => suite.client.startCell(`globalThis.ran${n} = true`));
    expect((await suite.client.executed(failing)).reply.content.status).toBe("error");
    for (const id of queued) {
      const { published, reply } = await suite.client.executed(id);
      expect(reply.content).toEqual({ status: "aborted" });
      expect(types(published)).toEqual(["busy", "idle"]);
    }
    expect((await suite.client.execute("'ran1' in globalThis")).result).toBe("false");
  });

  test("with stop_on_error off the queued ones run", async () => {
    const failing = suite.client.startCell("throw new Error('first')", { stop_on_error: false });
    const next = suite.client.startCell("'second'");
    expect((await suite.client.executed(failing)).reply.content.status).toBe("error");
    expect((await suite.client.executed(next)).result).toBe("'second'");
  });

  test("twenty cells sent at once come back in order", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => suite.client.startCell(`${index}`));
    const results = [];
    for (const id of ids) results.push((await suite.client.executed(id)).result);
    expect(results).toEqual(ids.map((_, index) => String(index)));
    const replies = suite.client.received.filter(
      ({ header }) => header.msg_type === "execute_reply",
    );
    expect(replies.map(({ parent }) => parent["msg_id"])).toEqual(ids);
  });
});

describe("commands", () => {
  test("%check changes what type errors do", async () => {
    await suite.client.execute("%check warn");
    const warned = await suite.client.execute("const six: string = 6 as any as number; typeof six");
    expect(warned.reply.content.status).toBe("ok");
    await suite.client.execute("%check error");
    expect((await suite.client.execute("const seven: string = 7")).reply.content.ename).toBe(
      "TypeScriptError",
    );
  });

  test("x? pages what is known of x", async () => {
    await suite.client.execute("/** How many. */ const howMany: number = 3");
    // On a busy machine the checker may need longer than an answer may take.
    const page = await vi.waitFor(
      async () => {
        const [payload] = (await suite.client.execute("howMany?")).reply.content.payload;
        expect(payload).toMatchObject({ source: "page", start: 0 });
        return payload;
      },
      { timeout: 20_000 },
    );
    expect(page.data["text/plain"]).toContain("howMany: number");
  });

  test("%restart empties the scope, the count goes on", async () => {
    const before = await suite.client.execute("const kept = 1");
    const restarted = await suite.client.execute("%restart");
    expect(restarted.reply.content.status).toBe("ok");
    const after = await suite.client.execute("typeof (globalThis as any).kept");
    expect(after.reply.content.execution_count).toBe(before.reply.content.execution_count + 1);
    expect((await suite.client.execute("kept")).reply.content.status).toBe("error");
  });
});
