import { describe, expect, test } from "vitest";
import type { Received } from "../support/kernel-client.ts";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const sent = async (comm_id: string, data: object, buffers: readonly Uint8Array[] = []) => {
  const id = suite.client.send("comm_msg", { comm_id, data }, { buffers });
  await suite.client.idle(id);
  return suite.client.published(id);
};

const messages = (published: readonly Received[], method: string) =>
  published.filter(({ content }) => content.data?.method === method);

const made = async (code: string) => {
  const cell = await suite.client.execute(code);
  expect(cell.reply.content).toMatchObject({ status: "ok" });
  const open = cell.published.find(({ header }) => header.msg_type === "comm_open");
  return { ...cell, id: String(open?.content.comm_id), open };
};

const ESM = "export default { render() {} }";

describe("a widget", () => {
  test("opens a model of anywidget and shows a view of it", async () => {
    const { open, published, id } = await made(
      `const w1 = widget({ esm: "${ESM}", css: "p {}", state: { n: 1, bytes: { a: new Uint8Array([1, 2]) } } }); w1`,
    );
    expect(open?.content.target_name).toBe("jupyter.widget");
    expect(open?.metadata).toEqual({ version: "2.1.0" });
    expect(open?.content.data).toMatchObject({
      state: {
        _model_module: "anywidget",
        _model_name: "AnyModel",
        _esm: ESM,
        _css: "p {}",
        n: 1,
        bytes: {},
      },
      buffer_paths: [["bytes", "a"]],
    });
    expect(open?.buffers.map((bytes) => [...bytes])).toEqual([[1, 2]]);
    const shown = published.find(({ header }) => header.msg_type === "execute_result");
    expect(shown?.content.data["application/vnd.jupyter.widget-view+json"]).toEqual({
      version_major: 2,
      version_minor: 1,
      model_id: id,
    });
    expect(shown?.content.data["text/plain"]).toMatch(/^Widget \{ n: 1/);
  });

  test("sends what a cell sets, once, and calls the handlers of both sides' changes", async () => {
    const { id } = await made(
      `const w2 = widget({ esm: "${ESM}", state: { n: 1, text: "a" } });
       w2.on("n", (value, previous) => console.log(previous, "->", value));`,
    );
    const cell = await suite.client.execute(
      `w2.state.n = 5; w2.state.n = 5; w2.set({ n: 6, text: "b" }); w2.state`,
    );
    expect(messages(cell.published, "update").map(({ content }) => content.data.state)).toEqual([
      { n: 5 },
      { n: 6, text: "b" },
    ]);
    expect(cell.stdout).toBe("1 -> 5\n5 -> 6\n");
    expect(cell.result).toBe("{ n: 6, text: 'b' }");
    const moved = await sent(id, {
      method: "update",
      state: { n: 9, stranger: 1 },
      buffer_paths: [],
    });
    expect(messages(moved, "echo_update").map(({ content }) => content.data.state)).toEqual([
      { n: 9 },
    ]);
    expect(messages(moved, "update")).toEqual([]);
    expect(moved.map(({ content }) => content.text)).toContain("6 -> 9\n");
    expect((await suite.client.execute(`w2.state.n + Object.keys(w2.state).length`)).result).toBe(
      "11",
    );
  });

  test("bytes from the front end arrive at their place", async () => {
    const { id } = await made(
      `const w3 = widget({ esm: "${ESM}", state: { image: { data: new Uint8Array() } } });`,
    );
    const update = { method: "update", state: { image: {} }, buffer_paths: [["image", "data"]] };
    await sent(id, update, [Buffer.from([7, 8])]);
    expect((await suite.client.execute(`[...w3.state.image.data]`)).result).toBe("[ 7, 8 ]");
  });

  test("tells its whole state to a page that comes late, one model or all", async () => {
    const { id } = await made(`const w4 = widget({ esm: "${ESM}", state: { n: 4 } });`);
    await suite.client.execute(`w4.state.n = 44`);
    const answer = messages(await sent(id, { method: "request_state" }), "update");
    expect(answer[0]?.content.data.state).toMatchObject({ n: 44, _esm: ESM });
    const control = { comm_id: "ctl", target_name: "jupyter.widget.control", data: {} };
    await suite.client.idle(suite.client.send("comm_open", control));
    const [all] = messages(await sent("ctl", { method: "request_states" }), "update_states");
    expect(all?.content.data.states[id]).toMatchObject({
      model_name: "AnyModel",
      model_module: "anywidget",
      state: { n: 44 },
    });
    await suite.client.execute(`w4.close()`);
    const [rest] = messages(await sent("ctl", { method: "request_states" }), "update_states");
    expect(rest?.content.data.states).not.toHaveProperty(id);
  });

  test("messages of one's own go both ways", async () => {
    const { id } = await made(
      `const w5 = widget({ esm: "${ESM}" }); w5.onMessage((content: any) => w5.send({ echo: content.say }));`,
    );
    const answer = messages(await sent(id, { method: "custom", content: { say: "hi" } }), "custom");
    expect(answer.map(({ content }) => content.data.content)).toEqual([{ echo: "hi" }]);
  });

  test("names that it does not have are refused in words", async () => {
    const wrong = await suite.client.execute(
      `const w6 = widget({ esm: "${ESM}", state: { n: 1 } }); (w6.state as any).m = 2`,
    );
    expect(wrong.reply.content.evalue).toBe('this widget has no "m"; it has n');
    const odd = await suite.client.execute(`(widget as any)({ state: {} })`);
    expect(odd.reply.content.evalue).toContain("widget takes { esm:");
  });
});

test("a slider moved during a long await changes what the cell goes on with, and a progress bar follows", async () => {
  const { id: slider } = await made(
    `const speed = widget.slider({ label: "speed", max: 10, value: 1 }); speed`,
  );
  const { id: bar } = await made(`const bar = widget.progress({ max: 3 }); bar`);
  const cell = suite.client.startCell(
    `for (let n = 1; n <= 3; n++) { bar.state.value = n; if (n === 2) await speed.changed("value"); } speed.state.value`,
  );
  await suite.client.message(
    ({ content }) => content.comm_id === bar && content.data?.state?.value === 2,
  );
  const moved = await sent(slider, { method: "update", state: { value: 8 }, buffer_paths: [] });
  expect(types(moved).slice(0, 2)).toEqual(["busy", "comm_msg"]);
  const { result, published } = await suite.client.executed(cell);
  expect(result).toBe("8");
  expect(messages(published, "update").map(({ content }) => content.data.state.value)).toEqual([
    1, 2, 3,
  ]);
});

test("a thousand changes in a row arrive in their order", async () => {
  await made(`const many = widget.progress({ max: 1000 }); many`);
  const { published } = await suite.client.execute(
    `for (let n = 1; n <= 1000; n++) many.state.value = n; many.state.value`,
  );
  const values = messages(published, "update").map(({ content }) => content.data.state.value);
  expect(values).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
});
