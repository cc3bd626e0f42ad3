import { expect, test } from "vitest";
import { KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

test("kernel_info says what the kernel is, on shell and on control alike", async () => {
  const reply = await suite.client.request("kernel_info_request");
  expect(reply.content).toMatchObject({
    status: "ok",
    protocol_version: "5.5",
    implementation: "eagerdeck",
    language_info: { name: "typescript", file_extension: ".ts", mimetype: "text/typescript" },
    debugger: false,
  });
  const again = await suite.client.request("kernel_info_request", {}, "control");
  expect(again.content).toEqual(reply.content);
});

test("the heartbeat echoes what it gets", async () => {
  expect(await suite.client.beat("ping")).toBe("ping");
  expect(await suite.client.beat("")).toBe("");
});

test("every subscriber is welcomed, with its subscription as the topic", async () => {
  const second = await suite.kernel.connect();
  const welcome = second.received.find(({ header }) => header.msg_type === "iopub_welcome");
  expect(welcome).toMatchObject({ topic: "", parent: {}, content: { subscription: "" } });
  await second.request("kernel_info_request");
  expect(second.problems()).toEqual([]);
});

test("topics name the kernel's session, the type and the stream", async () => {
  const { id } = await suite.client.execute("console.log('x')");
  const topics = suite.client
    .published(id)
    .map(({ topic, header }) => topic.replace(header.session, "S"));
  expect(topics).toEqual([
    "kernel.S.status",
    "kernel.S.execute_input",
    "kernel.S.stream.stdout",
    "kernel.S.status",
  ]);
});

test("comm_info without comms is empty; unknown types get busy and idle only", async () => {
  expect((await suite.client.request("comm_info_request", {})).content).toEqual({
    status: "ok",
    comms: {},
  });
  for (const type of ["debug_request", "connect_request", "comm_open", "no_such_thing"]) {
    await suite.client.idle(suite.client.send(type, { comm_id: "1", target_name: "x", data: {} }));
  }
});

test("a client of an ipc kernel is served alike", async () => {
  await using kernel = await KernelProcess.start({ transport: "ipc" });
  const client = await kernel.connect();
  expect((await client.request("kernel_info_request")).content.status).toBe("ok");
  expect(client.problems()).toEqual([]);
});

test("an unsigned kernel on this machine is served alike", async () => {
  await using kernel = await KernelProcess.start({ key: "" });
  const client = await kernel.connect();
  expect((await client.execute("40 + 2")).result).toBe("42");
  expect(client.problems()).toEqual([]);
});
