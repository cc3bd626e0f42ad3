/**
 * What is measured on one REPL: each trip is something that a person at a prompt waits for.
 *
 * A trip never throws and never hangs: what does not come in time is left out, and a row without samples says so.
 * @module
 */
import { readFileSync } from "node:fs";

import { BenchTerminal } from "./pty.ts";
import type { ReplKind } from "./repls.ts";

const ANSWER_MAX_MS = 15_000;
/** Longer than a status row needs to settle. */
const REST_MS = 400;
/** Ticks of `/proc/<pid>/stat` per second on Linux. */
const TICKS_PER_SECOND = 100;
const ECHOED = "ZXQJKVWY";

/** Samples by row and REPL. */
export class Log {
  readonly samples = new Map<string, Map<string, number[]>>();

  add(row: string, repl: string, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const repls = this.samples.get(row) ?? new Map<string, number[]>();
    this.samples.set(row, repls);
    repls.set(repl, [...(repls.get(repl) ?? []), value]);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Opens one and waits for its first prompt; of ours that is the stand-in. */
export async function open(kind: ReplKind, folder: string): Promise<BenchTerminal> {
  const env = { EAGERDECK_HISTORY: "", IPYTHONDIR: folder, NODE_REPL_HISTORY: "", ...kind.env };
  const terminal = new BenchTerminal(kind.command, { folder, env });
  const at = await terminal.until((text) => kind.prompt.test(text), ANSWER_MAX_MS);
  if (at !== undefined) return terminal;
  await terminal.end();
  throw new Error(`${kind.name} showed no prompt within ${ANSWER_MAX_MS / 1_000} s`);
}

/** Start: prompt, frame, first value, a later one. */
export async function starts(kind: ReplKind, folder: string, log: Log): Promise<void> {
  const terminal = await open(kind, folder);
  try {
    const promptMs = performance.now() - terminal.startedAt;
    log.add("start → prompt (ours: stand-in)", kind.name, promptMs);
    if (kind.name === "eagerdeck") {
      // A key typed now is answered by the first frame or after it.
      const framed = await terminal.until((text) => text.includes(".help"), ANSWER_MAX_MS);
      log.add("start → first frame", kind.name, framed && framed - terminal.startedAt);
    }
    const first = await valueMs(terminal, 1);
    const beforeMs = performance.now() - terminal.startedAt;
    log.add("prompt → value of a first 1+1", kind.name, first && beforeMs - promptMs);
    await pause(REST_MS);
    for (let i = 2; i <= 6; i++) {
      log.add("key → value of a later 1+1", kind.name, await valueMs(terminal, i));
      await pause(REST_MS);
    }
  } finally {
    await terminal.end();
  }
}

/** Runs a sum whose digits are not in its text. @returns ms from Enter to its value. */
async function valueMs(terminal: BenchTerminal, n: number): Promise<number | undefined> {
  terminal.mark();
  terminal.type(`${7_000 + n}*10`);
  await terminal.until((text) => text.includes("*10"), ANSWER_MAX_MS);
  terminal.mark(); // Node shows the value ahead of Enter
  const start = performance.now();
  terminal.type("\r");
  const at = await terminal.until((text) => text.includes(`${7_000 + n}0`), ANSWER_MAX_MS);
  return at && at - start;
}

/** Types letters one by one, and takes them away again. */
export async function echoes(
  terminal: BenchTerminal,
  row: string,
  repl: string,
  log: Log,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const letter of ECHOED) {
      terminal.mark();
      const start = performance.now();
      terminal.type(letter);
      const at = await terminal.until((text) => text.includes(letter), 2_000);
      log.add(row, repl, at && at - start);
      await pause(30);
    }
    terminal.type("\x15"); // Ctrl-U
    await pause(150);
  }
}

/** Lines in bulk. */
export async function prints(
  terminal: BenchTerminal,
  kind: ReplKind,
  log: Log,
  lines: number,
): Promise<void> {
  await pause(REST_MS);
  const code = kind.print(lines);
  terminal.type(code);
  await pause(REST_MS);
  terminal.mark();
  const start = performance.now();
  terminal.type("\r");
  const at = await terminal.until((text) => text.includes("allprinted"), 60_000);
  const row = `${lines.toLocaleString("en-US")} printed lines`;
  log.add(row, kind.name, at && at - start);
  const payload = Array.from({ length: lines }, (_, i) => `line ${i}\n`).join("").length;
  log.add(`${row}: bytes / payload`, kind.name, Buffer.byteLength(terminal.raw) / payload);
  await pause(REST_MS);
}

/** Runs a cell of ours that does not end. */
export async function begins(terminal: BenchTerminal, code: string): Promise<void> {
  terminal.type(code);
  await pause(REST_MS);
  terminal.type("\r");
  await pause(2_000);
}

/** Presses Ctrl-C `presses` times as slowly as the ladder wants it. @returns ms from the last one to `said`. */
export async function climbs(
  terminal: BenchTerminal,
  presses: number,
  said: RegExp,
): Promise<number | undefined> {
  for (let press = 1; press < presses; press++) {
    terminal.type("\x03");
    await pause(1_300);
  }
  terminal.mark();
  const start = performance.now();
  terminal.type("\x03");
  const at = await terminal.until((text) => said.test(text), ANSWER_MAX_MS);
  await pause(REST_MS);
  return at && at - start;
}

/** Keys at a steady rate. @returns how many of them do not stand in the editor. */
export async function loses(terminal: BenchTerminal, keys: number): Promise<number> {
  const lineLength = 50;
  let lost = 0;
  for (let sent = 0; sent < keys; sent += lineLength) {
    for (let i = 0; i < lineLength; i++) {
      terminal.type("Z");
      await pause(20);
    }
    await pause(REST_MS);
    const runs = (await terminal.rows()).flatMap((row) => row.match(/Z+/g) ?? []);
    lost += lineLength - Math.min(lineLength, Math.max(0, ...runs.map(({ length }) => length)));
    terminal.type("\x15"); // Ctrl-U
    await pause(100);
  }
  return lost;
}

/** Percent of a core that a process takes during `ms`; undefined where there is no /proc. */
export async function cpuPercent(pid: number, ms: number): Promise<number | undefined> {
  const before = cpuTicks(pid);
  await pause(ms);
  const after = cpuTicks(pid);
  if (before === undefined || after === undefined) return undefined;
  return (((after - before) / TICKS_PER_SECOND) * 100_000) / ms;
}

function cpuTicks(pid: number): number | undefined {
  try {
    // Fields 14 and 15; the second one, a name in brackets, may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
