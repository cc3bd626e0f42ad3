/**
 * What is measured on one kernel: each trip is a question that somebody with a notebook would ask.
 *
 * A trip never throws and never hangs: what a kernel does not answer in time is said in words.
 * @module
 */

import { residentMb } from "../bench.ts";
import { within } from "./client.ts";
import { commandLine, descendants, type KernelKind, RunningKernel } from "./kernels.ts";

/** Longer than any answer that people would wait for. */
const ANSWER_MAX_MS = 10_000;

/** Figures by row, and words where there is no figure. */
export class Log {
  readonly samples = new Map<string, Map<string, number[]>>();
  readonly words = new Map<string, Map<string, string>>();

  add(row: string, kernel: string, value: number | undefined, otherwise = "no answer"): void {
    if (value === undefined || !Number.isFinite(value)) return this.say(row, kernel, otherwise);
    const kernels = this.samples.get(row) ?? new Map<string, number[]>();
    this.samples.set(row, kernels);
    kernels.set(kernel, [...(kernels.get(kernel) ?? []), value]);
  }

  say(row: string, kernel: string, words: string): void {
    const kernels = this.words.get(row) ?? new Map<string, string>();
    this.words.set(row, kernels);
    kernels.set(kernel, words);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Runs a cell and waits for its reply and idle. @returns ms to the reply. */
async function ran(kernel: RunningKernel, code: string): Promise<number | undefined> {
  const asked = kernel.client.execute(code);
  const reply = await within(ANSWER_MAX_MS, asked.reply);
  if (reply?.content.status !== "ok") return undefined;
  await within(ANSWER_MAX_MS, asked.idle);
  return reply.at - asked.sentAt;
}

/** Start, first cell, restart, shutdown. */
export async function lives(kind: KernelKind, folder: string, log: Log): Promise<void> {
  const { cells, name } = kind;
  const first = await RunningKernel.start(kind, folder);
  try {
    log.add("kernel spawn → kernel_info_reply", name, first.startMs);
    log.add(
      "first cell right after kernel_info",
      name,
      await ran(first, cells.declare("first", 1)),
    );
    const asked = performance.now();
    await first.shutdown(true);
    const second = await RunningKernel.start(kind, folder);
    log.add("graceful restart → kernel_info_reply", name, performance.now() - asked);
    await pause(300);
    log.add("shutdown → exit", name, await second.shutdown(), "had to be killed");
  } finally {
    await first.kill();
  }
}

/** The n-th cell of a session, with new text each time. */
export async function declares(
  kernel: RunningKernel,
  row: string,
  n: number,
  log: Log,
): Promise<void> {
  const ms = await ran(kernel, kernel.kind.cells.declare(`c${n}`, n));
  log.add(row, kernel.kind.name, ms, "a cell failed");
}

export interface Memory {
  readonly kernel: number;
  readonly checker: number;
  readonly spare: number;
}

/** Megabytes that are resident. Of ours: the kernel with its user process, the checker, and the idle spare. */
export function memory(kernel: RunningKernel): Memory {
  const children = descendants(kernel.pid).map((pid) => ({
    pid,
    line: commandLine(pid),
    mb: residentMb(pid),
  }));
  const checkers = children.filter(({ line }) => line.includes("--lsp"));
  // The user process was forked first, the spare after it.
  const hosts = children
    .filter(({ line }) => line.includes("session/host/main.js"))
    .sort((a, b) => a.pid - b.pid);
  const [, spare] = hosts;
  const rest = children.filter(
    ({ pid }) => pid !== spare?.pid && checkers.every((checker) => checker.pid !== pid),
  );
  const sum = (list: readonly { mb: number }[]) =>
    list.reduce((total, { mb }) => total + (mb || 0), 0);
  return {
    kernel: residentMb(kernel.pid) + sum(rest),
    checker: sum(checkers),
    spare: spare?.mb ?? 0,
  };
}

/** Completion while a word is typed, the first one, and inspection. */
export async function completes(kernel: RunningKernel, log: Log, times: number): Promise<void> {
  const { client, kind } = kernel;
  const [typed, whole] = kind.cells.method;
  await ran(kernel, kind.cells.text("words"));
  const complete = async (code: string) => {
    const asked = client.ask("complete_request", { code, cursor_pos: code.length });
    const reply = await within(ANSWER_MAX_MS, asked.reply);
    const isFound = reply?.content.matches?.some((match: string) => match.endsWith(whole)) === true;
    return reply && isFound ? reply.at - asked.sentAt : undefined;
  };
  log.add(
    "first completion after warm-up",
    kind.name,
    await complete(`words.${typed}`),
    "not found",
  );
  for (let i = 0; i < times; i++) {
    const word = whole.slice(0, 1 + (i % typed.length));
    const name = `completion, key by key`;
    log.add(name, kind.name, await complete(`words.${word}`), "not found");
  }
  for (let i = 0; i < times; i++) {
    const asked = client.ask("inspect_request", { code: "words", cursor_pos: 3, detail_level: 0 });
    const reply = await within(ANSWER_MAX_MS, asked.reply);
    log.add(
      "inspect",
      kind.name,
      reply?.content.found ? reply.at - asked.sentAt : undefined,
      "not found",
    );
  }
}

/** What a busy kernel still answers. */
export async function whileBusy(kernel: RunningKernel, log: Log): Promise<void> {
  const { client, kind } = kernel;
  const { cells, name } = kind;
  const waiting = client.execute(cells.sleep(1_500));
  await pause(150);
  const [typed] = cells.method;
  const code = `words.${typed}`;
  const completing = client.ask("complete_request", { code, cursor_pos: code.length });
  const completed = await within(ANSWER_MAX_MS, completing.reply);
  log.add(
    "completion during an awaiting cell",
    name,
    completed && completed.at - completing.sentAt,
  );
  await within(ANSWER_MAX_MS, waiting.idle);
  const busy = client.execute(cells.spin(1_500));
  await pause(150);
  const info = client.ask("kernel_info_request", {}, "control");
  const beatAt = performance.now();
  const beating = client.beat().then(() => performance.now() - beatAt);
  const reply = await within(ANSWER_MAX_MS, info.reply);
  log.add("control kernel_info during a 1.5 s loop", name, reply && reply.at - info.sentAt);
  log.add("heartbeat during a 1.5 s loop", name, await within(ANSWER_MAX_MS, beating));
  await within(ANSWER_MAX_MS, busy.idle);
}

/** Stop, on what blocks and on what waits. @returns whether the kernel can be used further. */
export async function interrupts(kernel: RunningKernel, log: Log): Promise<boolean> {
  const { client, kind } = kernel;
  const { cells, name } = kind;
  for (const [row, code] of [
    ["interrupt of a loop", cells.endless],
    ["interrupt of a pending await", cells.pending],
  ] as const) {
    const mark = `kept${Math.floor(performance.now())}`;
    await ran(kernel, cells.declare(mark, 7));
    const asked = client.execute(code);
    await pause(300);
    const at = performance.now();
    kernel.interrupt();
    const reply = await within(3_000, asked.reply);
    if (reply === undefined) {
      const what =
        kernel.isGone || ((await within(500, client.beat())) === undefined && kernel.isGone);
      log.say(row, name, what ? "the kernel dies" : "it goes on");
      return false;
    }
    const isKept =
      (await ran(kernel, cells.declare(`after${mark}`, 1))) !== undefined &&
      (await hasName(kernel, mark));
    log.add(row, name, reply.at - at);
    log.say("state after an interrupt", name, isKept ? "kept" : "lost");
  }
  return true;
}

async function hasName(kernel: RunningKernel, mark: string): Promise<boolean> {
  const asked = kernel.client.execute(mark);
  const reply = await within(ANSWER_MAX_MS, asked.reply);
  return reply?.content.status === "ok";
}

/** Text in bulk: how long, in how many messages, and what of it came in time. */
export async function prints(kernel: RunningKernel, log: Log, lines: number): Promise<boolean> {
  const { client, kind } = kernel;
  const asked = client.execute(kind.cells.print(lines));
  const idle = await within(ANSWER_MAX_MS, asked.idle);
  const row = `${lines.toLocaleString("en-US")} lines, to idle`;
  log.add(row, kind.name, idle && idle.at - asked.sentAt, "never ends");
  await pause(700);
  const streams = asked.published.filter(({ type }) => type === "stream");
  const count = (messages: typeof streams) =>
    messages.reduce((sum, { content }) => sum + content.text.split("\n").length - 1, 0);
  const inTime = streams.filter(({ at }) => idle !== undefined && at <= idle.at);
  log.add(`messages of ${lines.toLocaleString("en-US")} lines`, kind.name, streams.length);
  log.say("lines that came before idle", kind.name, count(inTime).toLocaleString("en-US"));
  log.say("lines that came at all", kind.name, count(streams).toLocaleString("en-US"));
  return idle !== undefined;
}

export async function updates(kernel: RunningKernel, log: Log, times: number): Promise<void> {
  const { client, kind } = kernel;
  const asked = client.execute(kind.cells.updates(times));
  const idle = await within(ANSWER_MAX_MS, asked.idle);
  log.add(
    `${times} display updates, to idle`,
    kind.name,
    idle && idle.at - asked.sentAt,
    "never ends",
  );
  await pause(500);
  const came = asked.published.filter(
    ({ type, at }) => type === "update_display_data" && idle && at <= idle.at,
  );
  const last = asked.published.findLast(({ type }) => type === "update_display_data");
  const isLast = String(last?.content.data["text/plain"] ?? "").includes(String(times));
  log.say(
    "updates that came before idle",
    kind.name,
    `${came.length}${isLast ? "" : ", the last one lost"}`,
  );
}

/** Where text lands that a timer prints after its cell. */
export async function late(kernel: RunningKernel, log: Log): Promise<void> {
  const { client, kind } = kernel;
  const asked = client.execute(kind.cells.late);
  await within(ANSWER_MAX_MS, asked.idle);
  const next = client.execute(kind.cells.sleep(600));
  await within(ANSWER_MAX_MS, next.idle);
  const isLate = ({ type, content }: { type: string; content: { text?: string } }) =>
    type === "stream" && content.text?.includes("late") === true;
  const where = asked.published.some(isLate)
    ? "its own"
    : next.published.some(isLate)
      ? "the next"
      : "none";
  log.say("cell of late output", kind.name, where);
}

/** The process of the cells ends: until the next cell has been run. */
export async function crashes(kernel: RunningKernel, row: string, log: Log): Promise<void> {
  const { client, kind } = kernel;
  const dying = client.execute(kind.cells.die);
  const reply = await within(3_000, dying.reply);
  if (reply === undefined) return log.say(row, kind.name, "the kernel dies");
  const next = client.execute(kind.cells.declare("again", 1));
  const answer = await within(ANSWER_MAX_MS, next.reply);
  log.add(row, kind.name, answer && answer.at - reply.at);
}
