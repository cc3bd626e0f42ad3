import { describe, expect, test } from "vitest";
import { KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const sent = async (type: string, content: object, more: object = {}) => {
  const id = suite.client.send(type, content, more);
  await suite.client.idle(id);
  return suite.client.published(id);
};

const opened = async (code: string) => {
  const { published, reply } = await suite.client.execute(code);
  expect(reply.content.status).toBe("ok");
  const open = published.find(({ header }) => header.msg_type === "comm_open");
  return { id: String(open?.content.comm_id), open };
};

describe("a comm opened by a cell", () => {
  test("reaches the front end with its data, metadata and bytes, under its cell", async () => {
    const { open } = await opened(
      `const comm1 = comms.open("plot", { n: 1 }, { metadata: { version: "2" }, buffers: [new Uint16Array([258])] });`,
    );
    expect(open?.content).toEqual({
      comm_id: expect.any(String),
      target_name: "plot",
      data: { n: 1 },
    });
    expect(open?.metadata).toEqual({ version: "2" });
    expect(open?.buffers.map((bytes) => [...bytes])).toEqual([[2, 1]]);
  });

  test("answers messages under the message's own busy and idle, output and errors included", async () => {
    const { id } = await opened(
      `const comm2 = comms.open("echo");
       comm2.onMessage(({ data, buffers }) => {
         console.log("got", data.x);
         if (data.x === 13) throw new RangeError("unlucky");
         comm2.send({ twice: data.x * 2 }, { buffers });
       });`,
    );
    const buffers = [Buffer.from([0, 255, 128])];
    const answer = await sent("comm_msg", { comm_id: id, data: { x: 21 } }, { buffers });
    expect(types(answer)).toEqual(["busy", "stream", "comm_msg", "idle"]);
    expect(answer[1]?.content.text).toBe("got 21\n");
    expect(answer[2]?.content).toEqual({ comm_id: id, data: { twice: 42 } });
    expect(answer[2]?.buffers.map((bytes) => [...bytes])).toEqual([[0, 255, 128]]);
    const failed = await sent("comm_msg", { comm_id: id, data: { x: 13 } });
    expect(types(failed)).toEqual(["busy", "stream", "error", "idle"]);
    expect(failed[2]?.content).toMatchObject({ ename: "RangeError", evalue: "unlucky" });
  });

  test("is listed until either side closes it", async () => {
    const { id } = await opened(
      `const comm3 = comms.open("listed"); comm3.onClose(() => console.log("closed by them"));`,
    );
    const listed = async (content: object = {}) =>
      (await suite.client.request("comm_info_request", content)).content.comms;
    expect(await listed({ target_name: "listed" })).toEqual({ [id]: { target_name: "listed" } });
    expect(await listed({ target_name: "other" })).toEqual({});
    const closing = await sent("comm_close", { comm_id: id, data: {} });
    expect(closing.map(({ content }) => content.text)).toContain("closed by them\n");
    expect(await listed()).not.toHaveProperty(id);
    const after = await suite.client.execute(`comm3.send({})`);
    expect(after.reply.content).toMatchObject({ evalue: 'the comm to "listed" is closed' });
  });

  test("hears messages while its cell waits, so a control can change what runs", async () => {
    const cell = suite.client.startCell(
      `let level = 0;
       const knob = comms.open("knob");
       const turned = new Promise<void>((resolve) => knob.onMessage(({ data }) => { level = data.level; resolve(); }));
       await turned;
       level`,
    );
    const open = await suite.client.message(
      ({ header, content }) => header.msg_type === "comm_open" && content.target_name === "knob",
    );
    await sent("comm_msg", { comm_id: open.content.comm_id, data: { level: 7 } });
    expect((await suite.client.executed(cell)).result).toBe("7");
  });
});

describe("a comm opened by the front end", () => {
  test("is given to the handler of its target, which may be asynchronous", async () => {
    await suite.client.execute(
      `comms.registerTarget("calculator", async (comm, open) => {
         await new Promise((resolve) => setTimeout(resolve, 20));
         comm.onMessage(({ data }) => comm.send({ sum: data.a + data.b }));
         comm.send({ hello: open.data.name });
       });`,
    );
    const open = { comm_id: "c-1", target_name: "calculator", data: { name: "lab" } };
    const opening = sent("comm_open", open);
    // Sent while the handler is still at work: answered after it.
    const adding = sent("comm_msg", { comm_id: "c-1", data: { a: 1, b: 2 } });
    expect((await opening).map(({ content }) => content.data)).toContainEqual({ hello: "lab" });
    expect((await adding).map(({ content }) => content.data)).toContainEqual({ sum: 3 });
  });

  test("is closed at once when nobody registered its target", async () => {
    const answer = await sent("comm_open", { comm_id: "c-2", target_name: "nobody", data: {} });
    expect(types(answer)).toEqual(["busy", "comm_close", "idle"]);
    expect(answer[1]?.content).toEqual({ comm_id: "c-2", data: {} });
  });

  test("messages to a comm that does not exist are ignored", async () => {
    expect(types(await sent("comm_msg", { comm_id: "none", data: {} }))).toEqual(["busy", "idle"]);
    expect(types(await sent("comm_close", { comm_id: "none", data: {} }))).toEqual([
      "busy",
      "idle",
    ]);
  });
});

test("a message without what it needs is answered in words", async () => {
  const answer = await sent("comm_msg", { data: {} });
  expect(answer[1]?.content.text).toBe("BadMessage: comm_msg.comm_id: expected string\n");
});

test("a message waits for the start of the cells before it, not for their end", async () => {
  await suite.client.execute(
    `const seen: string[] = []; comms.registerTarget("order", () => { seen.push("comm"); });`,
  );
  const first = suite.client.startCell(
    `seen.push("first"); await new Promise((r) => setTimeout(r, 100)); seen.push("end")`,
  );
  const second = suite.client.startCell(
    `seen.push("second"); await new Promise((r) => setTimeout(r, 50))`,
  );
  suite.client.send("comm_open", { comm_id: "o-1", target_name: "order", data: {} });
  const third = suite.client.startCell(`seen.join(" ")`);
  await suite.client.executed(first);
  await suite.client.executed(second);
  expect((await suite.client.executed(third)).result).toBe("'first end second comm'");
});

test("an interrupt ends a handler that loops", async () => {
  await suite.client.execute(`comms.registerTarget("spin", () => { while (true) {} });`);
  const id = suite.client.send("comm_open", { comm_id: "s-1", target_name: "spin", data: {} });
  await suite.client.message(
    ({ parent, content }) => parent["msg_id"] === id && content.execution_state === "busy",
  );
  await suite.client.request("interrupt_request", {}, "control");
  await suite.client.idle(id);
  const error = suite.client.published(id).find(({ header }) => header.msg_type === "error");
  expect(error?.content.ename).toBe("Interrupted");
  expect((await suite.client.execute("1 + 1")).result).toBe("2");
});

test("a handler that was interrupted at its await does not go on to loop behind it", async () => {
  await suite.client.execute(
    `let wake = () => {}; let rounds = 0;
     comms.registerTarget("later", async () => {
       await new Promise<void>((resolve) => { wake = resolve; });
       while (true) rounds += 1;
     });`,
  );
  const id = suite.client.send("comm_open", { comm_id: "l-1", target_name: "later", data: {} });
  await suite.client.message(
    ({ parent, content }) => parent["msg_id"] === id && content.execution_state === "busy",
  );
  await suite.client.execute("1");
  await suite.client.request("interrupt_request", {}, "control");
  await suite.client.idle(id);
  expect((await suite.client.execute("wake(); await null; 1 + 1")).result).toBe("2");
  expect((await suite.client.execute("rounds")).result).toBe("0");
});

test("comms end with their user process, and the front end hears of it", async () => {
  const { id } = await opened(`const comm9 = comms.open("gone");`);
  suite.client.startCell("process.exit(3)");
  const closed = await suite.client.message(
    ({ content, header }) => header.msg_type === "comm_close" && content.comm_id === id,
  );
  expect(closed.parent).toEqual({});
  expect((await suite.client.request("comm_info_request")).content.comms).toEqual({});
  expect((await suite.client.execute("2 + 2")).result).toBe("4");
});

test("a comm opened while the user process starts again is answered when it has", async () => {
  await using kernel = await KernelProcess.start({ env: { EAGERDECK_SPARE: "off" } });
  const client = await kernel.connect();
  await client.execute("1");
  client.startCell("process.exit(3)");
  await client.message(({ content }) => content.ename === "SessionLost");
  const open = { comm_id: "early", target_name: "nobody", data: {} };
  const id = client.send("comm_open", open);
  await client.idle(id);
  expect(types(client.published(id))).toEqual(["busy", "comm_close", "idle"]);
});
