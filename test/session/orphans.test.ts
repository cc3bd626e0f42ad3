import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { isAlive } from "../support/processes.ts";

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
