import { expect, test } from "vitest";
import { KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

test.each([
  ["process.exit(3)", "process.exit(3)"],
  ["process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})", "SIGKILL"],
  ["process.abort()", "SIGABRT"],
])("%s costs the variables, not the notebook", async (code, why) => {
  await suite.client.execute("const before = 1");
  const died = await suite.client.execute(`console.log("last words"); ${code}`);
  expect(died.reply.content).toMatchObject({ status: "error", ename: "SessionLost" });
  expect(died.reply.content.evalue).toContain(why);
  expect(died.stdout).toBe("last words\n");
  const next = await suite.client.execute("typeof (globalThis as any).before");
  expect(next.result).toBe("'undefined'");
  expect(next.reply.content.execution_count).toBe(died.reply.content.execution_count + 1);
});

test("cells that wait are aborted when the user process dies", async () => {
  const dying = suite.client.startCell(
    "await new Promise((r) => setTimeout(r, 50)); process.exit(1)",
  );
  const waiting = suite.client.startCell("1");
  expect((await suite.client.executed(dying)).reply.content.ename).toBe("SessionLost");
  expect((await suite.client.executed(waiting)).reply.content).toEqual({ status: "aborted" });
});

test("a user process that is killed between two cells is told under the last one, and the next cell works", async () => {
  await using kernel = await KernelProcess.start();
  const client = await kernel.connect();
  const { id, result } = await client.execute("process.pid");
  process.kill(Number(result), "SIGKILL");
  const told = await client.message(({ content }) => content.name === "stderr");
  expect(told.parent["msg_id"]).toBe(id);
  expect(told.content.text).toContain("SIGKILL");
  expect((await client.execute("1 + 1")).result).toBe("2");
  expect(client.problems([id])).toEqual([]);
});

test("Node's own stacks do not bury the message about the end", async () => {
  const dead = await suite.client.execute("console.error('mine'); process.abort()");
  expect(dead.reply.content.ename).toBe("SessionLost");
  expect(dead.reply.content.evalue).toContain("SIGABRT");
  expect(dead.stderr).toBe("mine\n");
});

test("the same stacks of a program that a cell started are shown, and so is what comes after them", async () => {
  const { reply, stderr } = await suite.client.execute(
    `const { spawnSync } = await import("node:child_process");
     const run = (code: string) => spawnSync(process.execPath, ["-e", code], { stdio: "inherit" }).signal;
     [run("process.abort()"), run("console.error('later')")]`,
  );
  expect(reply.content.status).toBe("ok");
  expect(stderr).toContain("Native stack trace");
  expect(stderr).toContain("later");
  expect((await suite.client.execute(`run("console.error('much later')")`)).stderr).toBe(
    "much later\n",
  );
});
