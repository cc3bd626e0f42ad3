import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { isAlive } from "../support/processes.ts";
import { openSession, type TestSession } from "../support/session.ts";

test.each([
  ["blocks its thread", "while (true);"],
  ["awaits", "await new Promise(() => {})"],
])("a cell that %s dies with a front end that is killed", async (_, code) => {
  const source = `console.log(process.pid);\n${code}`;
  const front = spawn(
    process.execPath,
    ["dist/cli/main.js", "repl", "--check", "off", "-e", source],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const [line] = await once(front.stdout, "data");
  const host = Number(String(line));
  try {
    expect(isAlive(host)).toBe(true);
    front.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(host)).toBe(false), { timeout: 15_000 });
  } finally {
    front.kill("SIGKILL");
    if (isAlive(host)) process.kill(host, "SIGKILL");
  }
});

test.each([
  ["is restarted", (s: TestSession) => s.session.restart()],
  ["ends by itself", (s: TestSession) => s.run("process.exit(0)")],
  ["is closed", (s: TestSession) => s.session.close()],
])("programs that cells started end when the session %s; detached ones go on", async (_, act) => {
  await using s = openSession();
  const start = (detached: boolean) =>
    `import { spawn } from "node:child_process"; spawn("sleep", ["600"], { detached: ${detached}, stdio: "ignore" }).pid`;
  const [own, detached] = [Number(await s.value(start(false))), Number(await s.value(start(true)))];
  try {
    expect([isAlive(own), isAlive(detached)]).toEqual([true, true]);
    await act(s);
    await vi.waitFor(() => expect(isAlive(own)).toBe(false), { timeout: 15_000 });
    expect(isAlive(detached)).toBe(true);
  } finally {
    for (const pid of [own, detached]) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
});
