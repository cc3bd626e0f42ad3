import { expect, test } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();
const allowed = { allow_stdin: true };

const question = async (cell: string, nth = 0) =>
  await suite.client.message(
    (message) =>
      message.header.msg_type === "input_request" &&
      message ===
        suite.client.received.filter(
          ({ header, parent }) => header.msg_type === "input_request" && parent["msg_id"] === cell,
        )[nth],
  );

const answer = (value: unknown, parent: object = {}) => {
  const id = suite.client.send("input_reply", { value }, { channel: "stdin", parent });
  suite.client.forget(id); // nobody answers a reply
};

test("input() asks who ran the cell, below what the cell has printed, and gives the line", async () => {
  const cell = suite.client.startCell(
    `console.log("before"); const name = await input("Name? "); name.toUpperCase()`,
    allowed,
  );
  const asked = await question(cell);
  expect(asked.channel).toBe("stdin");
  expect(asked.content).toEqual({ prompt: "Name? ", password: false });
  expect(suite.client.published(cell).map(({ content }) => content.text)).toContain("before\n");
  answer("ada", asked.header);
  expect((await suite.client.executed(cell)).result).toBe("'ADA'");
});

test("questions come one after the other, a password is marked as one, and replies need no parent", async () => {
  const cell = suite.client.startCell(
    `const all = await Promise.all([input("a"), input("b", { password: true }), input()]); all.join("-")`,
    allowed,
  );
  expect((await question(cell)).content).toEqual({ prompt: "a", password: false });
  const asked = suite.client.received.filter(({ header }) => header.msg_type === "input_request");
  expect(asked).toHaveLength(1);
  answer("1");
  expect((await question(cell, 1)).content).toEqual({ prompt: "b", password: true });
  answer("2");
  expect((await question(cell, 2)).content).toEqual({ prompt: "", password: false });
  answer("3");
  expect((await suite.client.executed(cell)).result).toBe("'1-2-3'");
});

test("confirm() asks until the answer is one", async () => {
  const cell = suite.client.startCell(`[await confirm("Go?"), await confirm("And?")]`, allowed);
  expect((await question(cell)).content.prompt).toBe("Go? [y/N] ");
  answer("perhaps");
  await question(cell, 1);
  answer("YES ");
  expect((await question(cell, 2)).content.prompt).toBe("And? [y/N] ");
  answer("");
  expect((await suite.client.executed(cell)).result).toBe("[ true, false ]");
});

test("a client that does not allow stdin is not asked: input() rejects at once", async () => {
  const { reply } = await suite.client.execute(`await input("Name? ")`);
  expect(reply.content).toMatchObject({ status: "error", ename: "StdinNotAllowed" });
});

test("an interrupt ends the question; its late reply answers nobody", async () => {
  const cell = suite.client.startCell(`await input("stop me ")`, allowed);
  const asked = await question(cell);
  await suite.client.request("interrupt_request", {}, "control");
  expect((await suite.client.executed(cell)).reply.content.ename).toBe("Interrupted");
  answer("too late", asked.header);
  const next = suite.client.startCell(`await input("again ")`, allowed);
  await question(next);
  answer("stale", asked.header);
  answer("fresh");
  expect((await suite.client.executed(next)).result).toBe("'fresh'");
});

test("a reply that nobody asked for and one of the wrong form are dropped", async () => {
  answer("nobody asked");
  const cell = suite.client.startCell(`await input("form? ")`, allowed);
  await question(cell);
  answer(5);
  answer("text");
  expect((await suite.client.executed(cell)).result).toBe("'text'");
});

test("a cell that has ended asks nobody", async () => {
  const cell = suite.client.startCell(
    `let refusal = ""; setTimeout(() => input("late").catch((error) => { refusal = error.name; }), 30); "done"`,
    allowed,
  );
  expect((await suite.client.executed(cell)).result).toBe("'done'");
  const after = await suite.client.execute(`await new Promise((r) => setTimeout(r, 200)); refusal`);
  expect(after.result).toBe("'StdinNotAllowed'");
});

test("the death of the user process takes its question along", async () => {
  const cell = suite.client.startCell(
    `const open = input("never "); setTimeout(() => process.exit(1), 50); await open`,
    allowed,
  );
  await question(cell);
  expect((await suite.client.executed(cell)).reply.content.ename).toBe("SessionLost");
  const next = suite.client.startCell(`await input("next ")`, allowed);
  await question(next);
  answer("works");
  expect((await suite.client.executed(next)).result).toBe("'works'");
});

test("a client that has gone: input() rejects instead of waiting for ever", async () => {
  await suite.client.execute(`let told = ""`);
  const other = await suite.kernel.connect();
  const cell = other.startCell(
    `await new Promise((resolve) => setTimeout(resolve, 300)); told = await input("anyone? ").catch((error) => error.message)`,
    allowed,
  );
  await other.message(
    ({ content, parent }) => parent["msg_id"] === cell && content.execution_count > 0,
  );
  other.close();
  const { result } = await suite.client.execute(`told`);
  expect(result).toBe(
    "'whoever ran this cell cannot be reached any more, so input() has nobody to ask'",
  );
});
