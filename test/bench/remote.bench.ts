/**
 * Calls on a cluster, ours and those of flytekit's eager executor, against one and the same double, which adds 5 ms to
 * every request. Each part runs in a process of its own (`remote/measure.ts`, `peers/flytekit_remote.py`), the double in
 * a third one.
 *
 * flytekit's controller starts 60 executions a minute. It is measured as it is, and once more without that limit.
 */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Bench, Samples } from "./bench.ts";
import { lastLine } from "./peers.ts";
import type { Answered, Question } from "./remote/server.ts";

export const peer = ["flytekit", "flytekit, unlimited"];

const LATENCY_MS = 5;
const HOLD_MS = 25_000;
const SAMPLE_MS = 10_000;
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export async function run(bench: Bench): Promise<void> {
  bench.step("the double starts");
  const server = await Server.start(bench);
  const rounds = bench.isQuick ? 1 : 5;
  await loading(bench, rounds);
  await awaits(bench, server);
  await fanOut(bench, server, 100, rounds);
  if (!bench.isQuick) await fanOut(bench, server, 1_000, 3);
  await launching(bench, server);
  await holding(bench, server);
  await registering(bench, server);
  if (!bench.isQuick) await memory(bench, server);
}

async function registering(bench: Bench, server: Server): Promise<void> {
  const count = 50;
  bench.step("registering");
  const { s } = await ours<{ s: number }>("register", server.endpoint, count);
  bench.add({ what: `registering ${count} tasks that are there`, unit: "s", ours: [s], target: 2 });
}

async function loading(bench: Bench, rounds: number): Promise<void> {
  bench.step("loading");
  const ms: number[] = [];
  const mb: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const figures = await ours<{ ms: number; mb: number }>("load", "127.0.0.1:1", 0);
    ms.push(figures.ms);
    mb.push(figures.mb);
  }
  bench.add({ what: "loading what a first remote call needs", unit: "ms", ours: ms, target: 200 });
  bench.add({ what: "the same, memory", unit: "MB", ours: mb, target: 30 });
}

async function awaits(bench: Bench, server: Server): Promise<void> {
  const count = bench.isQuick ? 3 : 20;
  bench.step("await, one after the other");
  const { ms } = await ours<{ ms: number[] }>("await", server.endpoint, count);
  const theirs = await flytekit<{ ms: number[] }>(bench, server, "await", 5);
  bench.add({
    what: "await of a child that takes no time",
    unit: "ms",
    ours: ms,
    peers: { flytekit: theirs?.ms },
    target: 250,
    note: "from the call to its value: start, run, see the end, read the value",
  });
}

async function fanOut(bench: Bench, server: Server, count: number, rounds: number): Promise<void> {
  const size = count.toLocaleString("en-US");
  bench.step(`fan-out of ${size}`);
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    seconds.push((await ours<{ s: number }>("fan", server.endpoint, count)).s);
  }
  const limited =
    count <= 100 ? await flytekit<{ s: Samples }>(bench, server, "fan", count) : undefined;
  const unlimited = await flytekit<{ s: Samples }>(bench, server, "fan", count, true);
  bench.add({
    what: `fan-out of ${size} children that take no time`,
    unit: "s",
    ours: seconds,
    peers: {
      flytekit: limited?.s ?? (count > 100 ? "60 launches a minute" : undefined),
      "flytekit, unlimited": unlimited?.s,
    },
    ...(count === 1_000 && { target: 8 }),
  });
}

async function launching(bench: Bench, server: Server): Promise<void> {
  const count = bench.isQuick ? 100 : 1_000;
  bench.step("launching");
  await server.ask({ kind: "clear" });
  await ours("fan", server.endpoint, count);
  const { count: made, spanMs } = await server.ask({ kind: "requests", rpc: "CreateExecution" });
  if (made !== count) throw new Error(`${made} requests started ${count} executions`);
  bench.add({
    what: `launching ${count.toLocaleString("en-US")} children, first request to last`,
    unit: "s",
    ours: [spanMs / 1_000],
    ...(count === 1_000 && { target: 5 }),
  });
}

/** 100 children that run and run: what is asked meanwhile, and how soon all are told to stop. */
async function holding(bench: Bench, server: Server): Promise<void> {
  bench.step("100 running children");
  const child = spawn(
    process.execPath,
    ["--expose-gc", here("remote/measure.ts"), "hold", server.endpoint, "100"],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  bench.own(() => void child.kill("SIGKILL"));
  const printed = text(child.stdout);
  for (let running = 0; running < 100; ) {
    const { phases } = await server.ask({ kind: "phases" });
    running = phases["RUNNING"] ?? 0;
    await new Promise((done) => setTimeout(done, 100));
  }
  // The pause between two questions grows with the time since anything changed.
  await new Promise((done) => setTimeout(done, bench.isQuick ? 1_000 : HOLD_MS));
  await server.ask({ kind: "clear" });
  await new Promise((done) => setTimeout(done, SAMPLE_MS));
  const { count } = await server.ask({ kind: "requests" });
  bench.add({
    what: "requests while 100 children run",
    unit: "/s",
    ours: [count / (SAMPLE_MS / 1_000)],
    target: 0.6,
    note: `over ${SAMPLE_MS / 1_000} s, ${HOLD_MS / 1_000} s after the last change`,
  });
  await server.ask({ kind: "clear" });
  child.stdin.end("\n");
  await once(child, "exit");
  const figures: { s: number } = JSON.parse((await printed).trim().split("\n").at(-1) ?? "");
  const { count: told } = await server.ask({ kind: "requests", rpc: "TerminateExecution" });
  if (told !== 100) throw new Error(`${told} of 100 children were told to stop`);
  bench.add({ what: "cancel of 100 running children", unit: "s", ours: [figures.s], target: 2 });
}

async function memory(bench: Bench, server: Server): Promise<void> {
  bench.step("memory over 10,000 children");
  const { keptKb } = await ours<{ keptKb: number }>("fan", server.endpoint, 10_000);
  bench.add({ what: "kept per child, of 10,000", unit: "kB", ours: [keptKb], target: 3 });
}

async function ours<T>(part: string, endpoint: string, count: number): Promise<T> {
  return await lastLine<T>(process.execPath, [
    "--expose-gc",
    here("remote/measure.ts"),
    ...[part, endpoint, String(count)],
  ]);
}

let python: string | undefined;

async function flytekit<T>(
  bench: Bench,
  server: Server,
  part: string,
  count: number,
  isUnlimited = false,
): Promise<T | undefined> {
  if (bench.isQuick) return undefined;
  if (python === undefined) {
    execFileSync("bash", [here("../support/interop-venv.sh")], { stdio: "ignore" });
    python = here("../../.venv-interop/bin/python");
    if (!existsSync(python)) throw new Error("test/support/interop-venv.sh made no .venv-interop");
  }
  const limit = isUnlimited ? ["--unlimited"] : [];
  bench.step(`flytekit: ${part} ${count}${isUnlimited ? ", unlimited" : ""}`);
  const script = here("peers/flytekit_remote.py");
  return await lastLine<T>(python, [script, server.endpoint, part, String(count), ...limit]);
}

class Server {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  static async start(bench: Bench): Promise<Server> {
    const child = fork(here("remote/server.ts"), [String(LATENCY_MS)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    bench.own(() => void child.kill("SIGKILL"));
    const [{ endpoint }] = await once(child, "message");
    return new Server(child, endpoint);
  }

  async ask(question: Question): Promise<Answered> {
    this.#child.send(question);
    const [answered] = await once(this.#child, "message");
    return answered;
  }
}
