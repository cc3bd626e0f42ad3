/** Cells, signals and moments that nobody plans for: the notebook says what happened, and the kernel works on. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { KernelClient, KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";
import { canFindProcesses, isAlive, processesMarked } from "../support/processes.ts";

describe("a cell that", () => {
  const suite = kernelSuite();

  test.each([
    [
      "replaces console",
      "globalThis.console = { log() { throw new Error('mine') } } as any",
      "globalThis.console = (await import('node:console')).default as any",
    ],
    ["closes its output", "(await import('node:fs')).closeSync(1)", ""],
    ["loses all listeners", "process.removeAllListeners()", ""],
    ["replaces process.stdout.write", "process.stdout.write = (() => true) as any", ""],
  ])(
    "%s ends, and later cells have their values, errors and deaths",
    async (_name, code, repair) => {
      const { client } = suite;
      expect((await client.execute(code)).reply.content.status).toBe("ok");
      if (repair !== "") await client.execute(repair);
      expect((await client.execute("6 * 7")).result).toBe("42");
      expect((await client.execute("null!.x")).reply.content.status).toBe("error");
      const loop = client.startCell("while (true) {}");
      // A process whose descriptors were closed may complain when it ends; that is told under the cell before.
      suite.allowLate(loop);
      await client.message(
        ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === loop,
      );
      await client.request("interrupt_request", {}, "control");
      expect((await client.executed(loop)).reply.content.ename).toBe("Interrupted");
      await client.execute("%restart");
      expect((await client.execute("console.log('out'); 1")).stdout).toBe("out\n");
    },
  );

  test("writes garbage where it reports ends its process, with a reason, and costs no other message", async () => {
    const { client } = suite;
    const died = await client.execute(
      "console.log('before'); (await import('node:fs')).writeSync(4, Buffer.alloc(4096, 255)); await new Promise(() => {})",
    );
    expect(died.reply.content.ename).toBe("SessionLost");
    expect((await client.execute("6 * 7")).result).toBe("42");
  });

  test("gives a value whose display never settles is answered all the same", async () => {
    const done = await suite.client.execute(
      `({ [Symbol.for("Jupyter.display")]: () => new Promise(() => {}) })`,
    );
    expect(done.reply.content.status).toBe("ok");
    expect(done.result).toEqual(expect.any(String));
  });

  test("prints in a loop without end, on both streams, is interrupted and leaves the kernel quick", async () => {
    const { client } = suite;
    const id = client.startCell("while (true) { console.log('out'); console.error('err') }");
    await client.message(
      ({ header, parent }) => header.msg_type === "stream" && parent["msg_id"] === id,
    );
    expect(await client.beat("during")).toBe("during");
    await client.request("interrupt_request", {}, "control");
    expect((await client.executed(id)).reply.content.ename).toBe("Interrupted");
    expect((await client.execute("6 * 7")).result).toBe("42");
  });
});

describe.skipIf(!canFindProcesses)("kill -9", () => {
  /** The type checker of a kernel, once it is there. */
  async function checker(mark: string): Promise<number> {
    const find = () => processesMarked(mark).find(({ command }) => command.includes("--lsp"))?.pid;
    await expect.poll(find, { timeout: 20_000 }).toBeDefined();
    return find() ?? 0;
  }

  test.each([
    ["idle", undefined],
    [
      "while a cell runs",
      "console.log('go'); await new Promise((resolve) => setTimeout(resolve, 500))",
    ],
  ])("of the type checker, %s, costs no cell and is said at most once", async (_name, running) => {
    const mark = randomUUID();
    await using kernel = await KernelProcess.start({ env: { EAGERDECK_TEST_MARK: mark } });
    const client = await kernel.connect();
    await client.execute("const five: number = 5");
    const pid = await checker(mark);
    const cell = running === undefined ? undefined : client.startCell(running);
    if (cell !== undefined) {
      await client.message(
        ({ content, parent }) => content.text === "go\n" && parent["msg_id"] === cell,
      );
    }
    process.kill(pid, "SIGKILL");
    if (cell !== undefined) {
      expect((await client.executed(cell)).reply.content.status).toBe("ok");
    }
    const done = await client.execute("five + 1");
    expect(done.result).toBe("6");
    // A new one knows the names of the old one's cells.
    await expect
      .poll(async () => (await client.execute("const wrong: string = five")).reply.content.ename, {
        timeout: 20_000,
      })
      .toBe("TypeScriptError");
    expect(await checker(mark)).not.toBe(pid);
    expect(client.problems()).toEqual([]);
  });

  test("of the user process while it starts ends the kernel with 69 and a reason: Jupyter starts another", async () => {
    const mark = randomUUID();
    await using kernel = await KernelProcess.start({ env: { EAGERDECK_TEST_MARK: mark } });
    const host = () =>
      processesMarked(mark).find(({ command }) => command.includes("session/host/main"))?.pid;
    await expect.poll(host, { timeout: 20_000, interval: 5 }).toBeDefined();
    process.kill(host() ?? 0, "SIGKILL");
    expect(await kernel.exited()).toEqual({ code: 69, signal: null });
    expect(kernel.stderr).toContain("the user process could not start: it was ended by SIGKILL");
    await expect.poll(() => processesMarked(mark), { timeout: 10_000 }).toEqual([]);
  });

  test("of the spare is noticed: the next crash has a user process all the same", async () => {
    const mark = randomUUID();
    await using kernel = await KernelProcess.start({ env: { EAGERDECK_TEST_MARK: mark } });
    const client = await kernel.connect();
    const pid = Number((await client.execute("process.pid")).result);
    const spare = () =>
      processesMarked(mark).find(
        ({ command, pid: other }) => command.includes("session/host/main") && other !== pid,
      )?.pid;
    await expect.poll(spare, { timeout: 20_000 }).toBeDefined();
    process.kill(spare() ?? 0, "SIGKILL");
    expect((await client.execute("process.exit(1)")).reply.content.ename).toBe("SessionLost");
    expect((await client.execute("6 * 7")).result).toBe("42");
    expect(client.problems()).toEqual([]);
  });
});

describe.skipIf(!canFindProcesses)("a shutdown while the kernel starts", () => {
  test.each([0, 50, 100, 150, 200, 300, 400, 600])(
    "by SIGTERM after %i ms leaves no process",
    async (afterMs) => {
      const mark = randomUUID();
      await using kernel = await KernelProcess.start({ env: { EAGERDECK_TEST_MARK: mark } });
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      kernel.child.kill("SIGTERM");
      const { code, signal } = await kernel.exited();
      // Before our own listener is there the system ends it, which Jupyter takes for the same.
      expect(code === 0 || signal === "SIGTERM").toBe(true);
      await expect.poll(() => processesMarked(mark), { timeout: 10_000 }).toEqual([]);
    },
  );

  test("by a message that came before anything else is answered, and ends it with 0", async () => {
    await using kernel = await KernelProcess.start();
    // Sent before the kernel listens: ZeroMQ delivers it as the first message that it reads.
    const client = new KernelClient(kernel.connection);
    try {
      const id = client.send("shutdown_request", { restart: false }, { channel: "control" });
      expect((await client.reply(id)).content).toEqual({ status: "ok", restart: false });
      expect(await kernel.exited()).toEqual({ code: 0, signal: null });
    } finally {
      client.close();
    }
  });

  test("beside waiting cells answers all of them", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    const ids = [
      client.startCell("console.log('go'); while (true) {}"),
      client.startCell("1"),
      client.startCell("%restart"),
      client.startCell("2"),
    ];
    await client.message(({ content }) => content.text === "go\n");
    await client.request("shutdown_request", { restart: false }, "control");
    expect(await kernel.exited()).toEqual({ code: 0, signal: null });
    const statuses = ids.map(
      (id) =>
        client.received.find(
          ({ channel, parent }) => channel === "shell" && parent["msg_id"] === id,
        )?.content.status,
    );
    expect(statuses).toEqual(["error", "aborted", "aborted", "aborted"]);
    expect(client.problems()).toEqual([]);
  });
});

test("a cell that is sent right after an error by a client whose clock is slow or fast runs", async () => {
  await using kernel = await KernelProcess.start();
  const client = await kernel.connect();
  for (const offMs of [-3_600_000, 3_600_000]) {
    const date = () => new Date(Date.now() + offMs).toISOString();
    const cell = (code: string) =>
      client.send("execute_request", { code }, { header: { date: date() } });
    expect((await client.executed(cell("throw new Error('no')"))).reply.content.status).toBe(
      "error",
    );
    expect((await client.executed(cell("6 * 7"))).result).toBe("42");
  }
  expect(client.problems()).toEqual([]);
});

test("a kernel that is killed while it prints leaves no user process", async () => {
  await using kernel = await KernelProcess.start();
  const client = await kernel.connect();
  const cell = client.startCell("console.log(process.pid); while (true) console.log('x')");
  const first = await client.message(
    ({ header, parent }) => header.msg_type === "stream" && parent["msg_id"] === cell,
  );
  const pid = Number(String(first.content.text).split("\n")[0]);
  kernel.child.kill("SIGKILL");
  await kernel.exited();
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});
