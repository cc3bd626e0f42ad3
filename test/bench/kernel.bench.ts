/**
 * Our kernel beside tslab, Deno and ipykernel: one client, cells that do the same, kernels taking turns so that noise
 * hits all of them. No figure fails the run.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempFolder } from "../support/temp-folder.ts";
import type { Bench } from "./bench.ts";
import { type KernelKind, kernelKinds, RunningKernel } from "./kernel/kernels.ts";
import * as trips from "./kernel/trips.ts";
import { npmPeer } from "./peers.ts";

export const peer = ["tslab", "Deno", "ipykernel"];

const root = fileURLToPath(new URL("../../", import.meta.url));
const DENO = "@deno/linux-x64-glibc@2.9.6";

/** Milliseconds unless the name says otherwise, the targets of the kernel; a row without one has none. */
const TARGETS: Readonly<Record<string, number>> = {
  "kernel spawn → kernel_info_reply": 200,
  "graceful restart → kernel_info_reply": 350,
  "first cell right after kernel_info": 350,
  "a cell that declares a const, 1–50": 15,
  "a cell that declares a const, 181–200": 20,
  "a cell that declares a const, 481–500": 30,
  "the same, check off": 3,
  "completion, key by key": 10,
  "first completion after warm-up": 100,
  inspect: 2,
  "completion during an awaiting cell": 25,
  "control kernel_info during a 1.5 s loop": 5,
  "heartbeat during a 1.5 s loop": 5,
  "interrupt of a loop": 50,
  "interrupt of a pending await": 50,
  "10,000 lines, to idle": 100,
  "messages of 10,000 lines": 50,
  "200 display updates, to idle": 50,
  "crash → next cell, with a spare": 150,
  "crash → next cell, without": 500,
  "shutdown → exit": 150,
  "memory of kernel and user process": 170,
  "memory of the checker": 110,
  "memory of the spare": 80,
  "growth over 200 cells": 5,
};

/** Rows in the order of the table, with what is measured. */
const UNITS: Readonly<Record<string, "MB" | "">> = {
  "messages of 10,000 lines": "",
  "memory of kernel and user process": "MB",
  "memory of the checker": "MB",
  "memory of the spare": "MB",
  "growth over 200 cells": "MB",
};

export async function run(bench: Bench): Promise<void> {
  using folder = tempFolder();
  bench.step(
    `load before the run: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  const { kinds, missing } = await kernels(bench, folder.path);
  const log = new trips.Log();
  for (let round = 0; round < (bench.isQuick ? 1 : 10); round++) {
    bench.step(`lives, round ${round + 1}`);
    for (const kind of kinds) await trips.lives(kind, folder.path, log);
  }
  await sessions(bench, kinds, folder.path, log);
  await others(bench, kinds, folder.path, log);
  await ours(bench, kinds, folder.path, log);
  for (const [what, figures] of log.samples) {
    const own = figures.get("eagerdeck");
    const words = log.words.get(what);
    bench.add({
      what,
      unit: UNITS[what] ?? "ms",
      ours: own ?? [],
      peers: Object.fromEntries(peer.map((name) => [name, figures.get(name) ?? words?.get(name)])),
      target: TARGETS[what],
    });
  }
  for (const [what, words] of log.words) {
    if (!log.samples.has(what)) bench.say({ what, says: Object.fromEntries(words) });
  }
  for (const [what, why] of missing) bench.skip(what, why);
  const versions = kinds.map(({ name, version }) => `${name} ${version}`).join(", ");
  bench.say({
    what: "versions",
    says: Object.fromEntries(kinds.map(({ name, version }) => [name, version])),
  });
  bench.step(
    `${versions}; load after it: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
}

/** Long sessions, cell by cell in turns; completion, memory. */
async function sessions(
  bench: Bench,
  kinds: readonly KernelKind[],
  folder: string,
  log: trips.Log,
): Promise<void> {
  bench.step("sessions of 200 cells");
  await using all = await Together.start(kinds, folder);
  await pause(3_000); // the spare is there, checkers are warm
  const last = bench.isQuick ? 30 : 200;
  for (const kernel of all.running) await trips.declares(kernel, "warm-up", 0, new trips.Log());
  let before = new Map<string, trips.Memory>();
  for (let n = 1; n <= last; n++) {
    const row =
      n <= 50
        ? "a cell that declares a const, 1–50"
        : n > 180
          ? "a cell that declares a const, 181–200"
          : undefined;
    for (const kernel of all.running) {
      await trips.declares(kernel, row ?? "", n, row === undefined ? new trips.Log() : log);
    }
    if (n === 20) before = measured(all, log);
  }
  for (const kernel of all.running) {
    const { name } = kernel.kind;
    const grown = trips.memory(kernel).kernel - (before.get(name)?.kernel ?? Number.NaN);
    log.add("growth over 200 cells", name, Math.max(0, grown));
  }
  bench.step("completion, busy kernels");
  for (const kernel of all.running) await trips.completes(kernel, log, bench.isQuick ? 3 : 30);
  for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
    for (const kernel of all.running) await trips.whileBusy(kernel, log);
  }
  const own = all.running.find(({ kind }) => kind.name === "eagerdeck");
  for (let n = last + 1; own !== undefined && n <= 500 && !bench.isQuick; n++) {
    const isLast = n > 480;
    await trips.declares(
      own,
      "a cell that declares a const, 481–500",
      n,
      isLast ? log : new trips.Log(),
    );
  }
}

function measured(all: Together, log: trips.Log): Map<string, trips.Memory> {
  return new Map(
    all.running.map((kernel) => {
      const { name } = kernel.kind;
      const memory = trips.memory(kernel);
      log.add("memory of kernel and user process", name, memory.kernel);
      if (name === "eagerdeck") {
        log.add("memory of the checker", name, memory.checker);
        log.add("memory of the spare", name, memory.spare);
      }
      return [name, memory];
    }),
  );
}

/** Output and interrupts, each with kernels of its own: some do not survive them. */
async function others(
  bench: Bench,
  kinds: readonly KernelKind[],
  folder: string,
  log: trips.Log,
): Promise<void> {
  for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
    bench.step(`output and interrupts, round ${round + 1}`);
    await using all = await Together.start(kinds, folder);
    await pause(1_500);
    for (const kernel of all.running) {
      await trips.updates(kernel, log, 200);
      await trips.late(kernel, log);
      if (await trips.prints(kernel, log, 10_000)) await trips.interrupts(kernel, log);
      else
        log.say(
          "interrupt of a loop",
          kernel.kind.name,
          "not reached: the prints before it never ended",
        );
    }
  }
}

/** What the others have no word for. */
async function ours(
  bench: Bench,
  kinds: readonly KernelKind[],
  folder: string,
  log: trips.Log,
): Promise<void> {
  bench.step("check off, crashes");
  const crashRow = { on: "crash → next cell, with a spare", off: "crash → next cell, without" };
  for (const spare of ["on", "off"] as const) {
    for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
      for (const kind of kinds) {
        if (kind.name !== "eagerdeck" && (spare === "off" || round > 0)) continue;
        await using all = await Together.start(
          [{ ...kind, env: { EAGERDECK_SPARE: spare } }],
          folder,
        );
        const [kernel] = all.running;
        if (kernel === undefined) continue;
        await trips.declares(kernel, "", 0, new trips.Log());
        await pause(3_500); // the spare comes when it is quiet
        await trips.crashes(kernel, crashRow[spare], log);
      }
    }
  }
  const own = kinds.filter(({ name }) => name === "eagerdeck");
  await using all = await Together.start(own, folder);
  for (const kernel of all.running) {
    await kernel.client.execute("%check off").idle;
    await trips.declares(kernel, "", 0, new trips.Log());
    for (let n = 1; n <= 50; n++) await trips.declares(kernel, "the same, check off", n, log);
  }
}

/** Kernels of all kinds at once, ended together whatever happens. */
class Together implements AsyncDisposable {
  readonly running: readonly RunningKernel[];

  private constructor(running: readonly RunningKernel[]) {
    this.running = running;
  }

  static async start(kinds: readonly KernelKind[], folder: string): Promise<Together> {
    const running: RunningKernel[] = [];
    try {
      for (const kind of kinds) running.push(await RunningKernel.start(kind, folder));
    } catch (error) {
      await new Together(running)[Symbol.asyncDispose]();
      throw error;
    }
    return new Together(running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const kernel of this.running) await kernel.kill();
    for (const { client } of this.running) client.close();
  }
}

async function kernels(bench: Bench, folder: string) {
  const missing: [string, string][] = [];
  const python = join(root, ".venv/bin/python");
  const hasPython = existsSync(python) && !bench.isQuick;
  if (!hasPython)
    missing.push(["ipykernel", "there is no .venv: bash test/support/venv.sh makes it"]);
  const deno = join(folder, "node_modules/@deno/linux-x64-glibc/deno");
  const found = await npmPeer(bench, [DENO], folder, async () => {
    return (
      execFileSync(deno, ["--version"], { encoding: "utf8" }).split("\n")[0]?.split(" ")[1] ?? ""
    );
  });
  if (!found.ok) missing.push(["Deno", found.why]);
  const ipykernel = hasPython
    ? execFileSync(python, ["-c", "import ipykernel; print(ipykernel.__version__)"], {
        encoding: "utf8",
      }).trim()
    : "";
  const versionIn = (path: string): string =>
    JSON.parse(readFileSync(join(root, path), "utf8")).version;
  const kinds = kernelKinds({
    root,
    ...(found.ok ? { deno } : {}),
    ...(hasPython ? { python } : {}),
    versions: {
      eagerdeck: versionIn("package.json"),
      tslab: versionIn("node_modules/tslab/package.json"),
      deno: found.ok ? found.figures : "",
      ipykernel,
    },
  });
  return { kinds, missing };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
