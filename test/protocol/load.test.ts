/** Much at once: nothing is lost, nothing comes twice, nothing comes after idle. */
import { describe, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

describe("output", () => {
  test("two hundred updates of a display all arrive, in order, before idle", async () => {
    const done = await suite.client.execute(
      "const shown = display('0'); for (let i = 1; i <= 200; i++) shown.update(String(i))",
    );
    const texts = done.published.flatMap(({ content }) =>
      "transient" in content ? [content.data["text/plain"]] : [],
    );
    expect(texts).toEqual(Array.from({ length: 201 }, (_, index) => `'${index}'`));
    expect(types(done.published).at(-1)).toBe("idle");
  });

  test("ten thousand displays that nobody awaits: a thousand are shown, in order, the rest is counted", async () => {
    const done = await suite.client.execute(
      `for (let i = 0; i < 10_000; i++) display({ [Symbol.for("Jupyter.display")]: async () => ({ "text/plain": String(i) }) })`,
    );
    const texts = done.published.flatMap(({ content, header }) =>
      header.msg_type === "display_data" ? [content.data["text/plain"]] : [],
    );
    expect(texts).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
    expect(done.stderr).toContain("9,000 more displays left out");
  });

  test("ten thousand lines of ten cells that print at the same time stay apart", async () => {
    const ids = Array.from({ length: 10 }, (_, cell) =>
      suite.client.startCell(
        `void (async () => { for (let i = 0; i < 1_000; i++) { console.log("${cell}:" + i); if (i % 50 === 0) await null } })(); 0`,
      ),
    );
    await Promise.all(ids.map((id) => suite.client.executed(id)));
    await suite.client.execute("await new Promise((resolve) => setTimeout(resolve, 100))");
    for (const [cell, id] of ids.entries()) {
      suite.allowLate(id);
      const text = suite.client
        .published(id)
        .flatMap(({ content }) => (content.name === "stdout" ? [content.text] : []))
        .join("");
      expect(text).toBe(Array.from({ length: 1_000 }, (_, i) => `${cell}:${i}\n`).join(""));
    }
  });
});

test("a thousand cells that wait are run in order; those beyond are refused in words, not lost", async () => {
  await suite.client.execute("%check off"); // the queue is the matter here
  const ids = Array.from({ length: 1_020 }, (_, index) => suite.client.startCell(`${index}`));
  const replies: { ename?: string; execution_count: number }[] = [];
  for (const id of ids) replies.push((await suite.client.executed(id)).reply.content);
  const isRefused = replies.map((reply) => reply.ename === "QueueFull");
  expect(isRefused.indexOf(true)).toBeGreaterThanOrEqual(1_000);
  const counts = replies.flatMap((reply, index) =>
    isRefused[index] ? [] : [reply.execution_count],
  );
  expect(counts).toEqual(counts.map((_, index) => (counts[0] ?? 0) + index));
  for (const [index, id] of ids.entries()) {
    if (isRefused[index]) continue;
    const result = suite.client.published(id).find(({ content }) => "data" in content);
    expect(result?.content.data["text/plain"]).toBe(String(index));
  }
  await suite.client.execute("%check error");
}, 300_000);

test("a thousand cells that wait are all aborted by an error before them", async () => {
  const failing = suite.client.startCell(
    "await new Promise((resolve) => setTimeout(resolve, 300)); throw new Error('first')",
  );
  const ids = Array.from({ length: 999 }, () => suite.client.startCell("globalThis.ran = true"));
  await Promise.all([failing, ...ids].map((id) => suite.client.idle(id)));
  for (const id of ids)
    expect((await suite.client.reply(id)).content).toEqual({ status: "aborted" });
  expect((await suite.client.execute("'ran' in globalThis")).result).toBe("false");
});

test("a thousand side requests are answered while a cell blocks its process", async () => {
  const cell = suite.client.startCell("console.log('go'); while (true) {}");
  await suite.client.message(
    ({ content, parent }) => content.text === "go\n" && parent["msg_id"] === cell,
  );
  const ids = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0
      ? suite.client.send("kernel_info_request", {})
      : suite.client.send("is_complete_request", { code: "{" }),
  );
  await Promise.all(ids.map((id) => suite.client.idle(id)));
  await suite.client.request("interrupt_request", {}, "control");
  expect((await suite.client.executed(cell)).reply.content.ename).toBe("Interrupted");
});

describe("large messages", () => {
  test("a cell of two megabytes runs", async () => {
    const code = `const large = ${JSON.stringify("x".repeat(2_000_000))};\nlarge.length`;
    const done = await suite.client.execute(code);
    expect([done.result, done.reply.content.ename]).toEqual(["2000000", undefined]);
  });

  test("two hundred megabytes reach a comm, and the heart beats meanwhile", async () => {
    await suite.client.execute(
      "let got = 0; comms.registerTarget('large', (comm) => { comm.onMessage(({ buffers }) => { got = buffers[0]?.byteLength ?? 0 }) })",
    );
    suite.client.send("comm_open", { comm_id: "large", target_name: "large", data: {} });
    const bytes = Buffer.alloc(200_000_000, 7);
    const id = suite.client.send("comm_msg", { comm_id: "large", data: {} }, { buffers: [bytes] });
    expect(await suite.client.beat("alive")).toBe("alive");
    await suite.client.idle(id);
    expect((await suite.client.execute("got")).result).toBe("200000000");
  });
});

describe("a client that never reads what is published", () => {
  test("costs nobody else a message, and does not keep the kernel from ending", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    const stopped = new Subscriber({ receiveHighWaterMark: 1, linger: 0 });
    try {
      stopped.connect(`tcp://127.0.0.1:${kernel.connection.iopub_port}`);
      stopped.subscribe("stopped");
      // Its welcome, which says that it is there; from now on it reads nothing.
      await stopped.receive();
      stopped.subscribe("");
      await client.message(({ content, topic }) => topic === "" && content.subscription === "");
      // More than the buffers of both sockets hold.
      for (let cell = 0; cell < 8; cell++) {
        const done = await client.execute("console.log('x'.repeat(900_000))");
        expect(done.stdout.length).toBe(900_001);
      }
      await client.request("shutdown_request", { restart: false }, "control");
      expect(await kernel.exited()).toEqual({ code: 0, signal: null });
      expect(client.problems()).toEqual([]);
    } finally {
      stopped.close();
    }
  });
});
