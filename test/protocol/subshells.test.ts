import { expect, test } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const create = async (): Promise<string> =>
  (await suite.client.request("create_subshell_request", {}, "control")).content.subshell_id;
const remove = async (subshell_id: string) =>
  (await suite.client.request("delete_subshell_request", { subshell_id }, "control")).content;
const list = async (): Promise<string[]> =>
  (await suite.client.request("list_subshell_request", {}, "control")).content.subshell_id;

test("the kernel says that it has them", async () => {
  const info = await suite.client.request("kernel_info_request");
  expect(info.content.supported_features).toEqual(["kernel subshells"]);
});

test("a cell of a subshell runs while one of the main lane waits, over the same names", async () => {
  const subshell = await create();
  expect(await list()).toEqual([subshell]);
  await suite.client.execute("let shared = 1; let release = () => {}");
  const main = suite.client.startCell(
    "await new Promise<void>((resolve) => { release = resolve; }); shared",
  );
  const side = suite.client.startCell("shared = 42; release(); 1 + 1", {}, { subshell });
  const other = await suite.client.executed(side);
  expect(other.result).toBe("2");
  expect(other.reply.parent["subshell_id"]).toBe(subshell);
  expect((await suite.client.executed(main)).result).toBe("42");
  await remove(subshell);
});

test("an error aborts what waits in its own lane alone", async () => {
  const subshell = await create();
  await suite.client.execute("let go = () => {}");
  const main = suite.client.startCell("await new Promise<void>((resolve) => { go = resolve; })");
  const mainNext = suite.client.startCell("'main goes on'");
  const failing = suite.client.startCell("throw new Error('side')", {}, { subshell });
  const sideNext = suite.client.startCell("'never'", {}, { subshell });
  expect((await suite.client.executed(failing)).reply.content.status).toBe("error");
  expect((await suite.client.executed(sideNext)).reply.content).toEqual({ status: "aborted" });
  await suite.client.executed(suite.client.startCell("go()", {}, { subshell }));
  expect((await suite.client.executed(main)).reply.content.status).toBe("ok");
  expect((await suite.client.executed(mainNext)).result).toBe("'main goes on'");
  await remove(subshell);
});

test("deleting one aborts what waits in it and interrupts its cell", async () => {
  const subshell = await create();
  const running = suite.client.startCell("await new Promise(() => {})", {}, { subshell });
  await suite.client.message(
    ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === running,
  );
  const waiting = suite.client.startCell("'never'", {}, { subshell });
  await suite.client.request("kernel_info_request"); // what was sent before on shell has been read
  expect(await remove(subshell)).toEqual({ status: "ok" });
  expect((await suite.client.executed(running)).reply.content.ename).toBe("Interrupted");
  expect((await suite.client.executed(waiting)).reply.content).toEqual({ status: "aborted" });
  expect(await list()).toEqual([]);
});

test("one that does not exist is an error, for a cell and for any other request", async () => {
  const unknown = { status: "error", ename: "UnknownSubshell" };
  const cell = await suite.client.executed(suite.client.startCell("1", {}, { subshell: "none" }));
  expect(cell.reply.content).toMatchObject(unknown);
  const info = suite.client.send("comm_info_request", {}, { subshell: "none" });
  expect((await suite.client.reply(info)).content).toMatchObject(unknown);
  const comm = { comm_id: "c", data: {} };
  await suite.client.idle(suite.client.send("comm_msg", comm, { subshell: "none" }));
  expect(await remove("none")).toMatchObject(unknown);
});

test("32 may exist, the next is refused in words", async () => {
  const all = await Promise.all(Array.from({ length: 32 }, create));
  expect(new Set(all).size).toBe(32);
  const more = await suite.client.request("create_subshell_request", {}, "control");
  expect(more.content).toMatchObject({
    ename: "TooManySubshells",
    evalue: "32 subshells exist already; delete one first",
  });
  await Promise.all(all.map(remove));
});

test("counts are the kernel's: no two cells have the same", async () => {
  const subshell = await create();
  const counts: number[] = [];
  for (const how of [{}, { subshell }, {}, { subshell }]) {
    const { reply } = await suite.client.executed(suite.client.startCell("0", {}, how));
    counts.push(reply.content.execution_count);
  }
  expect(counts).toEqual([0, 1, 2, 3].map((offset) => (counts[0] ?? 0) + offset));
});

test("a cell of a subshell may look at what the running cell has declared so far, with its types", async () => {
  const subshell = await create();
  const main = suite.client.startCell(
    "let watched = 41; let letGo = () => {}; await new Promise<void>((resolve) => { letGo = resolve; })",
  );
  await suite.client.message(
    ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === main,
  );
  const side = (code: string) =>
    suite.client.executed(suite.client.startCell(code, {}, { subshell }));
  await expect.poll(async () => (await side("watched += 1; watched")).result).toMatch(/^4\d$/);
  expect((await side("watched.toUpperCase()")).reply.content.ename).toBe("TypeScriptError");
  await side("letGo()");
  expect((await suite.client.executed(main)).reply.content.status).toBe("ok");
  await remove(subshell);
});
