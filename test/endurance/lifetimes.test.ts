/**
 * A kernel's whole life, a hundred times in a row: start, run, the user process killed, run again, shut down.
 * The lives share one working folder, as the lives of a notebook do.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type KernelClient, KernelProcess } from "../support/kernel-client.ts";
import { canFindProcesses, processesMarked } from "../support/processes.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const LIVES = 100;

let folder: TempFolder;
beforeAll(() => {
  folder = tempFolder({ "home/.keep": "", "tmp/.keep": "", "work/.keep": "", "cache/.keep": "" });
});
afterAll(() => folder[Symbol.dispose]());

/** What the user process does when it is killed, and how the kernel is reached. */
const DEATHS = [
  { during: "nothing", transport: "tcp" },
  { during: "a loop", transport: "ipc" },
  { during: "an await", transport: "tcp" },
  { during: "nothing, beside its spare", transport: "ipc" },
] as const;
type Death = (typeof DEATHS)[number];

test.skipIf(!canFindProcesses)(
  `${LIVES} lives leave no process, no file, and an answer to every request`,
  async () => {
    for (let life = 0; life < LIVES; life++) {
      // The last kind waits for the spare, two seconds: every twentieth life is enough of it.
      const death = DEATHS[life % 20 === 19 ? 3 : life % 3];
      if (death === undefined) throw new Error("no such death");
      expect(await live(death), `life ${life + 1}, killed during ${death.during}`).toEqual({
        ended: { code: 0, signal: null },
        problems: [],
        processes: [],
        files: {
          work: [".eagerdeck", ".keep"],
          eagerdeck: [".gitignore", "cells.db"],
          home: [".keep"],
          tmp: [".keep"],
          sockets: [],
        },
        stderr: "",
      });
    }
  },
);

async function live({ during, transport }: Death) {
  const mark = randomUUID();
  const at = (name: string) => join(folder.path, name);
  await using kernel = await KernelProcess.start({
    transport,
    folder: at("work"),
    env: {
      EAGERDECK_LOG: "error",
      EAGERDECK_TEST_MARK: mark,
      HOME: at("home"),
      TMPDIR: at("tmp"),
      NODE_COMPILE_CACHE: at("cache"),
    },
  });
  const client = await kernel.connect();
  const { id, result } = await client.execute("process.pid");
  const before = processesMarked(mark).length;
  if (during === "nothing, beside its spare") {
    const isSpareThere = () => processesMarked(mark).length > before;
    await expect.poll(isSpareThere, { timeout: 20_000 }).toBe(true);
  }
  await kill(client, Number(result), during);
  expect((await client.execute("6 * 7")).result).toBe("42");
  await client.request("shutdown_request", { restart: false }, "control");
  const ended = await kernel.exited();
  // What a killed cell was about to say is told under it, after its idle.
  const problems = client.problems([id]);
  client.close();
  const list = (path: string) => readdirSync(path).sort();
  const { ip } = kernel.connection;
  const sockets = existsSync(dirname(ip))
    ? list(dirname(ip)).filter((name) => name.startsWith(`${basename(ip)}-`))
    : [];
  return {
    ended,
    problems,
    processes: processesMarked(mark),
    files: {
      work: list(at("work")),
      eagerdeck: list(at("work/.eagerdeck")),
      home: list(at("home")),
      tmp: list(at("tmp")),
      sockets,
    },
    stderr: kernel.stderr,
  };
}

/** Kills the user process and waits until the kernel has said so. */
async function kill(client: KernelClient, pid: number, during: Death["during"]): Promise<void> {
  if (during === "a loop" || during === "an await") {
    const rest = during === "a loop" ? "while (true) {}" : "await new Promise(() => {})";
    const cell = client.startCell(`console.log("go"); ${rest}`);
    await client.message(
      ({ content, parent }) => content.text === "go\n" && parent["msg_id"] === cell,
    );
    process.kill(pid, "SIGKILL");
    const { reply } = await client.executed(cell);
    expect(reply.content).toMatchObject({ status: "error", ename: "SessionLost" });
    return;
  }
  process.kill(pid, "SIGKILL");
  await client.message(({ content }) => content.name === "stderr" && /SIGKILL/.test(content.text));
}
