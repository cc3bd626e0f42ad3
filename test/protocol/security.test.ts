import { expect, test } from "vitest";
import { KernelClient, KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

/** The kernel has read everything that was sent on shell before. */
async function afterwards(): Promise<void> {
  expect((await suite.client.request("kernel_info_request")).content.status).toBe("ok");
}

test("a message signed with another key is dropped without a word to the client", async () => {
  const id = suite.client.send(
    "execute_request",
    { code: "globalThis.hacked = 1" },
    { key: "guessed" },
  );
  await afterwards();
  suite.client.forget(id);
  expect(suite.client.received.some(({ parent }) => parent["msg_id"] === id)).toBe(false);
  expect((await suite.client.execute("'hacked' in globalThis")).result).toBe("false");
  expect(suite.kernel.stderr).toContain("signature");
});

test("an unsigned message is dropped", async () => {
  const id = suite.client.send("kernel_info_request", {}, { key: "" });
  await afterwards();
  suite.client.forget(id);
  expect(suite.client.received.some(({ parent }) => parent["msg_id"] === id)).toBe(false);
});

test("garbage on shell and control is dropped, and the kernel goes on", async () => {
  for (const channel of ["shell", "control"] as const) {
    suite.client.sendRaw(["nothing"], channel);
    suite.client.sendRaw(["<IDS|MSG>", "sig", "{}"], channel);
    suite.client.sendRaw(["<IDS|MSG>", "", "", "", "", ""], channel);
    suite.client.sendRaw(
      [Buffer.from([0, 255, 128]), "<IDS|MSG>", Buffer.alloc(64), "{", "{", "{", "{"],
      channel,
    );
    suite.client.sendRaw(
      Array.from({ length: 500 }, () => "frame"),
      channel,
    );
  }
  suite.client.sendRaw([Buffer.alloc(3_000_000, 120)]);
  await afterwards();
  expect((await suite.client.request("kernel_info_request", {}, "control")).content.status).toBe(
    "ok",
  );
});

test("content of the wrong form is a BadMessage that names the field", async () => {
  const reply = await suite.client.request("execute_request", { code: 7 });
  expect(reply.content).toMatchObject({
    status: "error",
    ename: "BadMessage",
    evalue: "execute_request.code: expected string",
  });
  expect((await suite.client.request("complete_request", ["x"])).content.ename).toBe("BadMessage");
});

test("a client whose clock is an hour off is served", async () => {
  const date = new Date(Date.now() - 3_600_000).toISOString();
  const id = suite.client.send("execute_request", { code: "1 + 2" }, { header: { date } });
  expect((await suite.client.executed(id)).result).toBe("3");
});

test("two clients at once each get their own replies and both see all output", async () => {
  const other = await suite.kernel.connect();
  const [mine, theirs] = await Promise.all([
    suite.client.execute("'mine'"),
    other.execute("'theirs'"),
  ]);
  expect([mine.result, theirs.result]).toEqual(["'mine'", "'theirs'"]);
  await other.idle(mine.id);
  await suite.client.idle(theirs.id);
  expect(other.published(mine.id)).toHaveLength(suite.client.published(mine.id).length);
  expect(
    other.received.filter(
      ({ channel, parent }) => channel === "shell" && parent["msg_id"] === mine.id,
    ),
  ).toEqual([]);
  expect(other.problems()).toEqual([]);
});

test("a flood of forged messages is one line of the log", async () => {
  await using kernel = await KernelProcess.start();
  const client = await kernel.connect();
  for (let index = 0; index < 1_000; index++) {
    client.forget(client.send("kernel_info_request", {}, { key: "guessed" }));
  }
  expect((await client.request("kernel_info_request")).content.status).toBe("ok");
  expect(kernel.stderr.match(/dropped/g)?.length).toBeLessThan(5);
  expect(kernel.stderr).toContain("dropped 1 message(s), the last for its signature");
});

test("a server that reconnects under its identity gets the reply to what it asked before", async () => {
  await using kernel = await KernelProcess.start();
  const before = await kernel.connect();
  const cell = before.startCell("await new Promise((resolve) => setTimeout(resolve, 500)); 6 * 7");
  await before.message(
    ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === cell,
  );
  before.close();
  const after = new KernelClient(kernel.connection, before.session);
  try {
    await after.welcomed;
    expect((await after.reply(cell)).content).toMatchObject({ status: "ok", execution_count: 1 });
    expect((await after.execute("1 + 1")).result).toBe("2");
  } finally {
    after.close();
  }
});

test("a kernel whose log nobody reads any more goes on", async () => {
  await using kernel = await KernelProcess.start();
  const client = await kernel.connect();
  kernel.child.stderr?.destroy();
  kernel.child.stdout?.destroy();
  const forged = client.send("kernel_info_request", {}, { key: "guessed" }); // is logged
  client.forget(forged);
  expect((await client.execute("console.log('text'); 6 * 7")).result).toBe("42");
  expect(client.problems()).toEqual([]);
});
