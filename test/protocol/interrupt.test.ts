import { expect, test } from "vitest";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

async function started(code: string): Promise<string> {
  const id = suite.client.startCell(code);
  await suite.client.message(
    ({ content, parent }) => content.text === "go\n" && parent["msg_id"] === id,
  );
  return id;
}

test.each([
  ["a loop", "console.log('go'); while (true) {}"],
  ["a pending await", "console.log('go'); await new Promise(() => {})"],
])("%s is interrupted, and names keep their values", async (_name, code) => {
  await suite.client.execute("let five = 5");
  const id = await started(code);
  const reply = await suite.client.request("interrupt_request", {}, "control");
  expect(reply.content).toEqual({ status: "ok" });
  const done = await suite.client.executed(id);
  expect(done.reply.content).toMatchObject({ status: "error", ename: "Interrupted" });
  expect(types(done.published).at(-2)).toBe("error");
  expect((await suite.client.execute("five")).result).toBe("5");
});

test("cells that wait are aborted with the interrupted one", async () => {
  const id = await started("console.log('go'); while (true) {}");
  const waiting = suite.client.startCell("'never'");
  await suite.client.request("interrupt_request", {}, "control");
  await suite.client.executed(id);
  expect((await suite.client.executed(waiting)).reply.content).toEqual({ status: "aborted" });
});

test("SIGINT is an interrupt", async () => {
  const id = await started("console.log('go'); await new Promise(() => {})");
  suite.kernel.child.kill("SIGINT");
  expect((await suite.client.executed(id)).reply.content.ename).toBe("Interrupted");
});

test("an interrupt while nothing runs is answered and harms nobody", async () => {
  expect((await suite.client.request("interrupt_request", {}, "control")).content).toEqual({
    status: "ok",
  });
  expect((await suite.client.execute("1 + 2")).result).toBe("3");
});

test("control answers and the heart beats while a cell blocks its process", async () => {
  const id = await started("console.log('go'); while (true) {}");
  expect((await suite.client.request("kernel_info_request", {}, "control")).content.status).toBe(
    "ok",
  );
  expect(await suite.client.beat("still there")).toBe("still there");
  await suite.client.request("interrupt_request", {}, "control");
  await suite.client.executed(id);
});
