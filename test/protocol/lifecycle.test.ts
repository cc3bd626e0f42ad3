import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { distFolder } from "../support/dist.ts";
import { KernelProcess } from "../support/kernel-client.ts";
import { isAlive } from "../support/processes.ts";
import { tempFolder } from "../support/temp-folder.ts";

describe("shutdown", () => {
  test.each(["control", "shell"] as const)(
    "on %s it is answered and broadcast, then the kernel exits with 0",
    async (channel) => {
      await using kernel = await KernelProcess.start();
      const client = await kernel.connect();
      const { result } = await client.execute("process.pid");
      const reply = await client.request("shutdown_request", { restart: true }, channel);
      expect(reply.content).toEqual({ status: "ok", restart: true });
      expect(
        client.received.filter(({ header }) => header.msg_type === "shutdown_reply"),
      ).toHaveLength(2);
      expect(await kernel.exited()).toEqual({ code: 0, signal: null });
      expect(isAlive(Number(result))).toBe(false);
      expect(client.problems()).toEqual([]);
    },
  );

  test("twice, and during a loop, it still ends with 0", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    const id = client.startCell("console.log('go'); while (true) {}");
    await client.message(({ content }) => content.text === "go\n");
    client.send("shutdown_request", { restart: false }, { channel: "control" });
    client.send("shutdown_request", { restart: false }, { channel: "control" });
    expect(await kernel.exited()).toEqual({ code: 0, signal: null });
    expect(client.published(id).length).toBeGreaterThan(0);
  });

  test("right after the start it ends with 0", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    client.send("shutdown_request", { restart: false }, { channel: "control" });
    expect(await kernel.exited()).toEqual({ code: 0, signal: null });
  });

  test("SIGTERM is a shutdown", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    const { result } = await client.execute("process.pid");
    kernel.child.kill("SIGTERM");
    expect(await kernel.exited()).toEqual({ code: 0, signal: null });
    expect(isAlive(Number(result))).toBe(false);
  });

  test("a killed kernel leaves no user process behind", async () => {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    const pid = Number((await client.execute("process.pid")).result);
    kernel.child.kill("SIGKILL");
    await kernel.exited();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  test("a kernel ends when the server that started it dies", async () => {
    await using kernel = await KernelProcess.start();
    // A server that starts a kernel and is killed: a shell in between would hide the parent's death.
    const connection = { ...kernel.connection };
    await kernel.connect();
    kernel.child.kill("SIGTERM");
    await kernel.exited();
    const file = `${kernel.folder}/connection.json`;
    const { spawnargs } = kernel.child;
    const script = `
      const { spawn } = require("node:child_process");
      const [command, ...args] = ${JSON.stringify(spawnargs)};
      const child = spawn(command, args, { stdio: "ignore", detached: true, cwd: ${JSON.stringify(kernel.folder)}, env: { ...process.env, JPY_PARENT_PID: String(process.pid) } });
      process.stdout.write(child.pid + "\\n");
      setInterval(() => {}, 1000);`;
    expect(spawnargs.at(-1)).toBe(file);
    const server = spawn(process.execPath, ["-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = await new Promise<number>((resolve) =>
      server.stdout.once("data", (data) => resolve(Number(data))),
    );
    try {
      const { KernelClient } = await import("../support/kernel-client.ts");
      const client = new KernelClient(connection);
      await client.welcomed;
      client.close();
      server.kill("SIGKILL");
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    } finally {
      server.kill("SIGKILL");
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
  });
});

describe("a kernel that cannot start says why", () => {
  test.each([
    ["half a connection file", { connection: { shell_port: "x" } }, "shell_port"],
    ["another signature scheme", { connection: { signature_scheme: "hmac-md5" } }, "hmac-md5"],
    ["no key on a public address", { key: "", connection: { ip: "0.0.0.0" } }, "key is empty"],
  ])("%s: exit code 2", async (_name, options, reason) => {
    await using kernel = await KernelProcess.start(options);
    expect(await kernel.exited()).toEqual({ code: 2, signal: null });
    expect(kernel.stderr).toContain(reason);
  });

  test.each([
    ["that is missing", undefined, "cannot read the connection file"],
    ["that is half-written", '{"ip": "127.0.0.1", "key": "', "it is not JSON"],
    ["that is empty", "", "it is not JSON"],
    ["that is a list", "[]", "is not a connection file"],
  ])("a connection file %s: exit code 2", async (_name, text, reason) => {
    using folder = tempFolder(text === undefined ? {} : { "connection.json": text });
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(distFolder, "cli", "main.js"), "kernel", "start", join(folder.path, "connection.json")],
      { encoding: "utf8", timeout: 20_000 },
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
    expect(stderr).toContain(folder.path);
  });

  test.each(["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"])(
    "an occupied %s: exit code 69, and the address",
    async (name) => {
      const server = createServer();
      const port = await new Promise<number>((resolve) =>
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          resolve(typeof address === "object" && address ? address.port : 0);
        }),
      );
      try {
        await using kernel = await KernelProcess.start({ connection: { [name]: port } });
        expect(await kernel.exited()).toEqual({ code: 69, signal: null });
        expect(kernel.stderr).toContain(`:${port}`);
      } finally {
        server.close();
      }
    },
  );

  test("an ipc address that another kernel listens on: exit code 69, and the other one goes on", async () => {
    await using first = await KernelProcess.start({ transport: "ipc" });
    const client = await first.connect();
    const { ip } = first.connection;
    await using second = await KernelProcess.start({ transport: "ipc", connection: { ip } });
    expect(await second.exited()).toEqual({ code: 69, signal: null });
    expect(second.stderr).toContain("already in use");
    expect((await client.execute("1 + 1")).result).toBe("2");
  });

  test("a file of another kind at an ipc address is left alone: exit code 69", async () => {
    using folder = tempFolder({ "kernel-2": "a letter" });
    const ip = `${folder.path}/kernel`;
    await using kernel = await KernelProcess.start({ transport: "ipc", connection: { ip } });
    expect(await kernel.exited()).toEqual({ code: 69, signal: null });
    expect(readFileSync(`${ip}-2`, "utf8")).toBe("a letter");
    expect(existsSync(`${ip}-1`)).toBe(false);
  });
});

test("an ipc socket that a killed kernel left behind is taken over, and gone after a shutdown", async () => {
  await using killed = await KernelProcess.start({ transport: "ipc" });
  await killed.connect();
  killed.child.kill("SIGKILL");
  await killed.exited();
  const { ip } = killed.connection;
  expect(existsSync(`${ip}-1`)).toBe(true);
  await using next = await KernelProcess.start({ transport: "ipc", connection: { ip } });
  const client = await next.connect();
  expect((await client.execute("1 + 1")).result).toBe("2");
  await client.request("shutdown_request", { restart: false }, "control");
  await next.exited();
  expect([1, 2, 3, 4, 5].filter((number) => existsSync(`${ip}-${number}`))).toEqual([]);
});

test("the first message that a client gets is its welcome, however early it subscribes", async () => {
  for (let n = 0; n < 5; n++) {
    await using kernel = await KernelProcess.start();
    const client = await kernel.connect();
    await client.request("kernel_info_request");
    const first = client.received.find(({ channel }) => channel === "iopub");
    expect(first?.header.msg_type).toBe("iopub_welcome");
  }
});
