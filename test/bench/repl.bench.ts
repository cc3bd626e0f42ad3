/**
 * Our terminal beside IPython, Deno, Node and ts-node, each in a pseudo-terminal of 120 × 50, taking turns so that noise
 * hits all of them. No figure fails the run.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { searchHistory } from "../../repl/editor/history-search.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type Bench, median, residentMb } from "./bench.ts";
import { npmPeer } from "./peers.ts";
import type { BenchTerminal } from "./repl/pty.ts";
import { type ReplKind, replKinds } from "./repl/repls.ts";
import * as trips from "./repl/trips.ts";

export const peer = ["IPython", "Deno", "Node", "ts-node"];

const root = fileURLToPath(new URL("../../", import.meta.url));
const DENO = "@deno/linux-x64-glibc@2.9.6";
const OURS = "eagerdeck";
const ECHO = "key echo, idle";
const ECHO_BUSY = "key echo, 500 running calls";
const ECHO_LOOP = "key echo, synchronous loop in the cell";
const FRAME = "start → first frame";

interface Shown {
  readonly unit?: "MB" | "B" | "×" | "";
  readonly target?: number;
  /** A further row with the 95th percentile, and its target. */
  readonly p95?: number;
}

/** Rows in the order of the table. Milliseconds unless a unit is named. */
const ROWS: Readonly<Record<string, Shown>> = {
  "start → prompt (ours: stand-in)": { target: 120 },
  [FRAME]: { target: 250, p95: 400 },
  "prompt → value of a first 1+1": { target: 1_000 },
  "key → value of a later 1+1": { target: 60 },
  [ECHO]: { p95: 15 },
  [ECHO_BUSY]: { p95: 25 },
  [ECHO_LOOP]: { p95: 15 },
  "lost of 1,000 keys at 50 per s, 500 running calls": { unit: "", target: 0 },
  "CPU idle, % of a core": { unit: "", target: 1 },
  "CPU with 500 running calls, % of a core": { unit: "", target: 15 },
  "memory of the process with the screen": { unit: "MB", target: 170 },
  "bytes per frame, median": { unit: "B", target: 1_000 },
  "bytes per frame, largest": { unit: "B", target: 8_000 },
  "screens erased (CSI 2J, 3J)": { unit: "", target: 0 },
  "10,000 printed lines": { target: 1_000 },
  "10,000 printed lines: bytes / payload": { unit: "×", target: 1.5 },
  "key echo while 10,000 lines are printed": { p95: 100 },
  "Ctrl-C → end of a cell that waits": { target: 200 },
  "Ctrl-C → end of a cell's own loop": { target: 200 },
  "second Ctrl-C → end of blocking code (terminate)": { target: 1_200 },
  "third Ctrl-C → new user process (kill)": { target: 700 },
  "history search over 100,000 entries, per key": { target: 20 },
};

const CALLS = `const wait = task(async function wait({ n }: { n: number }) { await new Promise((resolve) => setTimeout(resolve, 3600_000)); return n; }); await Promise.all(Array.from({ length: 500 }, (_, n) => wait({ n })));`;

export async function run(bench: Bench): Promise<void> {
  using folder = tempFolder();
  bench.step(`load before the run: ${loads()}`);
  const { kinds, missing } = await repls(bench, folder.path);
  const log = new trips.Log();
  for (let round = 0; round < (bench.isQuick ? 2 : 20); round++) {
    bench.step(`starts, round ${round + 1}`);
    for (const kind of kinds) await trips.starts(kind, folder.path, log);
  }
  for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
    bench.step(`keys, lines and memory, round ${round + 1}`);
    for (const kind of kinds) await session(bench, kind, folder.path, log);
  }
  const own = kinds.filter(({ name }) => name === OURS);
  for (const kind of own) {
    bench.step("500 running calls, a loop");
    await busy(bench, kind, folder.path, log);
    for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
      bench.step(`interrupts, round ${round + 1}`);
      await interrupts(kind, folder.path, log);
    }
  }
  bench.step("history");
  searches(bench, log);
  report(bench, log);
  for (const [what, why] of missing) bench.skip(what, why);
  bench.step(`load after it: ${loads()}`);
}

/** What every REPL is asked once it stands. */
async function session(
  bench: Bench,
  kind: ReplKind,
  folder: string,
  log: trips.Log,
): Promise<void> {
  const terminal = await trips.open(kind, folder);
  const end = bench.own(() => terminal.end());
  await trips.pause(3_000); // everything that loads late has loaded
  if (kind.name === OURS) {
    log.add("CPU idle, % of a core", kind.name, await trips.cpuPercent(terminal.pid, 3_000));
  }
  await trips.echoes(terminal, ECHO, kind.name, log, bench.isQuick ? 1 : 5);
  log.add("memory of the process with the screen", kind.name, residentMb(terminal.pid));
  await trips.prints(terminal, kind, log, 10_000);
  await end();
}

/** Ours alone: keys while calls run, and while the user process is blocked or prints. */
async function busy(bench: Bench, kind: ReplKind, folder: string, log: trips.Log): Promise<void> {
  const rounds = bench.isQuick ? 1 : 10;
  const terminal = await trips.open(kind, folder);
  const end = bench.own(() => terminal.end());
  await trips.pause(2_000);
  await trips.begins(terminal, CALLS);
  await measureFrames(terminal, log);
  const cpu = await trips.cpuPercent(terminal.pid, 5_000);
  log.add("CPU with 500 running calls, % of a core", OURS, cpu);
  await trips.echoes(terminal, ECHO_BUSY, OURS, log, rounds);
  const keys = bench.isQuick ? 100 : 1_000;
  const lost = await trips.loses(terminal, keys);
  log.add("lost of 1,000 keys at 50 per s, 500 running calls", OURS, lost);
  await trips.climbs(terminal, 1, /Ctrl-D leave|Interrupted/);
  await trips.begins(terminal, "while (true) {}");
  await trips.echoes(terminal, ECHO_LOOP, OURS, log, rounds);
  await trips.climbs(terminal, 1, /Ctrl-D leave|Interrupted/);
  await trips.begins(
    terminal,
    `for (let i = 0; i < 300; i++) { for (let k = 0; k < 33; k++) console.log("line", i, k); await new Promise((resolve) => setTimeout(resolve, 10)); }`,
  );
  await trips.echoes(terminal, "key echo while 10,000 lines are printed", OURS, log, 1);
  await end();
}

async function measureFrames(terminal: BenchTerminal, log: trips.Log): Promise<void> {
  terminal.mark();
  await trips.pause(5_000);
  const frames = terminal.frames();
  if (frames.length > 0) {
    log.add("bytes per frame, median", OURS, median(frames));
    log.add("bytes per frame, largest", OURS, Math.max(...frames));
  }
  const erased = terminal.raw.split("\x1b[2J").length + terminal.raw.split("\x1b[3J").length - 2;
  log.add("screens erased (CSI 2J, 3J)", OURS, erased);
}

/** The rungs of the ladder, each in a session of its own: the last ones cost its values. */
async function interrupts(kind: ReplKind, folder: string, log: trips.Log): Promise<void> {
  const rungs = [
    ["Ctrl-C → end of a cell that waits", "await new Promise(() => {})", 1],
    ["Ctrl-C → end of a cell's own loop", "while (true) {}", 1],
    // Nothing of it is a loop of the cell.
    ["second Ctrl-C → end of blocking code (terminate)", '/(a+)+$/.test(`${"a".repeat(60)}b`)', 2],
    [
      "third Ctrl-C → new user process (kill)",
      'process.getBuiltinModule("node:fs").readFileSync("nobody-writes")',
      3,
    ],
  ] as const;
  // Opening it waits in the system, where no stop of JavaScript reaches.
  const pipe = join(folder, "nobody-writes");
  if (!existsSync(pipe)) execFileSync("mkfifo", [pipe]);
  for (const [row, code, presses] of rungs) {
    const terminal = await trips.open(kind, folder);
    try {
      await trips.pause(1_500);
      await trips.begins(terminal, code);
      log.add(row, OURS, await trips.climbs(terminal, presses, /Ctrl-D leave|\brestarted\b/));
    } finally {
      await terminal.end();
    }
  }
}

/** The pure function behind Ctrl-R, at each key of a query. */
function searches(bench: Bench, log: trips.Log): void {
  const size = bench.isQuick ? 1_000 : 100_000;
  const history = Array.from({ length: size }, (_, i) => ({
    source: `const value${i} = await fetchPage({ day: "2026-11-${(i % 28) + 1}", page: ${i} })`,
    isHere: i % 3 === 0,
  }));
  searchHistory(history, "warm"); // what it keeps beside the history is made once
  for (const query of ["fetch", "page 77", "2026 99", "nothing like it", "value99999"]) {
    for (let length = 1; length <= query.length; length++) {
      const start = performance.now();
      searchHistory(history, query.slice(0, length));
      log.add("history search over 100,000 entries, per key", OURS, performance.now() - start);
    }
  }
}

function report(bench: Bench, log: trips.Log): void {
  for (const [what, { unit = "ms", target, p95 }] of Object.entries(ROWS)) {
    const figures = log.samples.get(what);
    const ours = figures?.get(OURS);
    if (figures === undefined || ours === undefined) {
      bench.skip(what, "it did not come in time");
      continue;
    }
    bench.add({ what, unit, ours, peers: of(figures, (samples) => samples), target });
    if (p95 === undefined) continue;
    const high = (samples: readonly number[]) => [percentile(samples, 0.95)];
    bench.add({
      what: `${what}, p95`,
      unit,
      ours: high(ours),
      peers: of(figures, high),
      target: p95,
    });
  }
}

function of(
  figures: ReadonlyMap<string, number[]>,
  take: (samples: readonly number[]) => readonly number[],
): Record<string, readonly number[] | undefined> {
  return Object.fromEntries(
    peer.map((name) => {
      const samples = figures.get(name);
      return [name, samples && take(samples)];
    }),
  );
}

function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

async function repls(bench: Bench, folder: string) {
  const missing: [string, string][] = [];
  const ipython = [".venv", ".venv-peers"]
    .map((venv) => join(root, venv, "bin/ipython"))
    .find((path) => existsSync(path));
  const hasPython = ipython !== undefined && !bench.isQuick;
  if (!hasPython) {
    missing.push(["IPython", "there is no .venv: bash test/support/venv.sh makes it"]);
  }
  const deno = join(folder, "node_modules/@deno/linux-x64-glibc/deno");
  const found = await npmPeer(bench, [DENO], folder, async () =>
    execFileSync(deno, ["--version"], { encoding: "utf8" }),
  );
  if (!found.ok) missing.push(["Deno", found.why]);
  const kinds = replKinds({
    root,
    ...(found.ok ? { deno } : {}),
    ...(hasPython ? { ipython } : {}),
  });
  return { kinds, missing };
}

function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(" ");
}
