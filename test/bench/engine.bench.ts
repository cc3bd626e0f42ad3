/**
 * The cell engine beside tslab: each row of the engine's targets, and what tslab needs for the same.
 *
 * A session here is `startSession` of the built package, without kernel or screen; tslab likewise is its
 * converter and executor (`tslab-peer.ts`). A round trip is from `execute` to `settled` in this process.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Session, SessionOptions, Settled } from "../../runtime/session/client/session.ts";
import { corpus } from "../support/corpus.ts";
import { distFolder } from "../support/dist.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type Bench, childrenLike, median, repeat, residentMb, timed } from "./bench.ts";
import { Tslab } from "./tslab.ts";

export const peer = "tslab";

const client: typeof import("../../runtime/session/client/session.ts") = await import(
  pathToFileURL(join(distFolder, "runtime/session/client/session.js")).href
);

const CHECKER = /--lsp/;
const LOOP_ROUNDS = 5_000_000;

export async function run(bench: Bench): Promise<void> {
  await firstValue(bench);
  await corpusUnchecked(bench);
  await corpusChecked(bench);
  await loops(bench);
  await interrupts(bench);
  await changedFile(bench);
  await printing(bench);
  await soak(bench);
}

// What all parts use

interface Opened {
  readonly session: Session;
  readonly folder: string;
  /** Runs a cell that must succeed. */
  run(code: string): Promise<Settled>;
  /** The cell's value as a number. */
  number(code: string): Promise<number>;
  close(): Promise<void>;
}

function open(bench: Bench, options: Partial<SessionOptions> = {}): Opened {
  const folder = tempFolder();
  const session = client.startSession({
    folder: folder.path,
    columns: 80,
    check: "off",
    ...options,
  });
  const run = async (code: string) => {
    const settled = await session.execute({ code }).settled;
    const { error } = settled;
    if (error) throw new Error(`a cell failed: ${error.name}: ${error.message}\n${code}`);
    return settled;
  };
  return {
    session,
    folder: folder.path,
    run,
    number: async (code) => Number((await run(code)).value?.["text/plain"]),
    close: bench.own(async () => {
      await session.close({ graceMs: 300 });
      folder[Symbol.dispose]();
    }),
  };
}

function openTslab(bench: Bench): { tslab: Tslab; folder: string; close: () => Promise<void> } {
  const folder = tempFolder();
  const tslab = new Tslab(folder.path);
  return {
    tslab,
    folder: folder.path,
    close: bench.own(async () => {
      await tslab.kill();
      folder[Symbol.dispose]();
    }),
  };
}

/** A cell whose value is the heap in use after a collection, in bytes. */
const HEAP_CELL =
  'require("node:v8").setFlagsFromString("--expose-gc");' +
  'require("node:vm").runInNewContext("gc")(); process.memoryUsage().heapUsed';

// Start

async function firstValue(bench: Bench): Promise<void> {
  bench.step("session start → first value");
  const times = bench.isQuick ? 2 : 7;
  const first = (check: "off" | "error") =>
    repeat(times, async () => {
      const start = performance.now();
      const opened = open(bench, { check });
      await opened.run("1 + 1");
      const ms = performance.now() - start;
      await opened.close();
      return ms;
    });
  const theirs = await repeat(bench.isQuick ? 1 : 3, async () => {
    const start = performance.now();
    const { tslab, close } = openTslab(bench);
    await tslab.run("1 + 1");
    const ms = performance.now() - start;
    await close();
    return ms;
  });
  bench.add({
    what: "start → first value, unchecked",
    unit: "ms",
    ours: await first("off"),
    peer: theirs,
    target: 250,
    note: "tslab always checks; its figure is the same in both rows",
  });
  bench.add({
    what: "start → first value, checked",
    unit: "ms",
    ours: await first("error"),
    peer: theirs,
    target: 450,
  });
}

// The corpus

async function corpusUnchecked(bench: Bench): Promise<void> {
  bench.step("corpus, unchecked");
  const opened = open(bench);
  const cells = corpus(bench.isQuick ? 60 : 500);
  const hostMs: number[] = [];
  const tripMs = await repeat(cells.length, (i) =>
    timed(async () => hostMs.push((await opened.run(cells[i]?.code ?? "")).durationMs)),
  );
  bench.add({
    what: "compile + run of a corpus cell, in the user process",
    unit: "ms",
    ours: hostMs,
    target: 1,
  });
  bench.add({
    what: "transform + run of a corpus cell, round trip",
    unit: "ms",
    ours: tripMs,
    note: "tslab cannot run a cell unchecked",
  });
  await opened.close();
}

async function corpusChecked(bench: Bench): Promise<void> {
  const last = bench.isQuick ? 50 : 500;
  const span = bench.isQuick ? 5 : 20;
  const cells = corpus(last + span);
  const opened = open(bench, { check: "error" });
  const { tslab, close } = openTslab(bench);
  await opened.run("1 + 1");
  await tslab.run("1 + 1");
  const idle = residentMb(await opened.number("process.pid"));
  const [checker] = childrenLike(CHECKER);
  const checkerMb = () => (checker === undefined ? Number.NaN : residentMb(checker));
  bench.step(`corpus, checked, ${cells.length} cells in each`);
  const ours: number[] = [];
  let checkerAt20 = Number.NaN;
  for (const [i, { code }] of cells.entries()) {
    ours.push(await timed(() => opened.run(code)));
    if (i === 20) checkerAt20 = checkerMb();
  }
  const checkerAtLast = checkerMb();
  const theirs: number[] = [];
  for (const { code } of cells) theirs.push(await timed(() => tslab.run(code)));
  const at = { 1: undefined, 50: 15, 200: 20, 500: 30 };
  for (const [n, target] of Object.entries(at)) {
    const from = Number(n) - 1;
    if (from + span > cells.length) continue;
    bench.add({
      what: `check + run at ${n} cells, round trip`,
      unit: "ms",
      ours: ours.slice(from, from + span),
      peer: theirs.slice(from, from + span),
      target,
    });
  }
  await typing(bench, opened.session, tslab, last);
  if (checker === undefined) {
    bench.skip("memory of the processes", "there is no /proc on this system");
  } else {
    bench.add({ what: "memory, idle user process", unit: "MB", ours: [idle], target: 80 });
    bench.add({
      what: "memory, checker at 20 cells",
      unit: "MB",
      ours: [checkerAt20],
      target: 110,
    });
    bench.add({
      what: `memory, checker at ${last} cells`,
      unit: "MB",
      ours: [checkerAtLast],
      target: 170,
    });
    bench.add({
      what: `memory, all children at ${last} cells`,
      unit: "MB",
      ours: [residentMb(await opened.number("process.pid")) + checkerMb()],
      peer: [residentMb(tslab.pid)],
      note: "user process and checker; tslab is one process",
    });
  }
  await opened.close();
  await close();
}

/** Completion, hover, signature in the session of the corpus. */
async function typing(bench: Bench, session: Session, tslab: Tslab, cells: number) {
  bench.step("completion, hover, signature");
  const times = bench.isQuick ? 5 : 20;
  // A name of its own, for which cells of the corpus have no room.
  const setUp =
    "const bag = { apple: 1, apricot: 2 }; function pick(fruit: string, many: number) { return many }";
  const member = "bag.ap";
  const drafts = await repeat(bench.isQuick ? 2 : 8, async (i) => {
    const { error } = await session.execute({ code: i === 0 ? setUp : `const draft${i} = ${i}` })
      .settled;
    if (error) throw new Error(`a cell failed: ${error.message}`);
    return timed(() => expectItems(session, "bag."));
  });
  await tslab.run(setUp);
  bench.add({
    what: `completion, new draft at ${cells} cells`,
    unit: "ms",
    ours: drafts,
    target: 25,
    note: "the first one after a cell; tslab: see keystroke, it has no drafts",
  });
  bench.add({
    what: "completion, keystroke",
    unit: "ms",
    ours: await repeat(times, (i) => timed(() => expectItems(session, `/* ${i} */ ${member}`))),
    peer: await repeat(times, (i) => {
      const code = `/* ${i} */ ${member}`;
      return timed(() => tslab.ask("complete", code, code.length));
    }),
    target: 6,
    note: "members of an object, another text each time",
  });
  bench.add({
    what: "completion, bare name",
    unit: "ms",
    ours: await repeat(times, (i) => timed(() => expectItems(session, `/* ${i} */ ba`))),
    peer: await repeat(times, (i) => {
      const code = `/* ${i} */ ba`;
      return timed(() => tslab.ask("complete", code, code.length));
    }),
    target: 3,
    note: "tslab has no limit of items",
  });
  const call = "pick('apple', 1)";
  await session.types.hover(call, 2);
  bench.add({
    what: "hover",
    unit: "ms",
    ours: await repeat(times, () =>
      timed(async () => {
        if (!(await session.types.hover(call, 2))) throw new Error("hover said nothing");
      }),
    ),
    peer: await repeat(times, () => timed(() => tslab.ask("inspect", call, 2))),
    target: 1,
    note: "the same text again",
  });
  bench.add({
    what: "signature",
    unit: "ms",
    ours: await repeat(times, () =>
      timed(async () => {
        if (!(await session.types.signature(call, 6))) throw new Error("signature said nothing");
      }),
    ),
    target: 1,
    note: "the same text again; tslab has none",
  });
}

async function expectItems(session: Session, code: string): Promise<void> {
  const { items } = await session.types.complete(code, code.length);
  if (items.length === 0) throw new Error(`completion of ${JSON.stringify(code)} found nothing`);
}

// Loops over session names

async function loops(bench: Bench): Promise<void> {
  const loop = (total: string, step: string) => `
    ${total} = 0;
    const start = performance.now();
    for (let i = 0; i < ${LOOP_ROUNDS}; i++) ${total} += ${step};
    return performance.now() - start;`;
  const local = `(() => { let sum = 0; const by = Number("1"); ${loop("sum", "by")} })()`;
  const overNames = `(() => { ${loop("total", "step")} })()`;
  for (const names of bench.isQuick ? [10] : [10, 20_000]) {
    bench.step(`5 million rounds with ${names} names`);
    const opened = open(bench);
    for (let from = 0; from < names; from += 500) {
      const size = Math.min(500, names - from);
      await opened.run(Array.from({ length: size }, (_, i) => `let n${from + i} = 1;`).join("\n"));
    }
    await opened.run("let total = 0; const step = 1;");
    const localMs = median(await repeat(5, () => opened.number(local)));
    const ours = await repeat(5, () => opened.number(overNames));
    await opened.close();
    bench.add({
      what: `5 million rounds over session names, ${names} names`,
      unit: "×",
      ours: ours.map((ms) => ms / localMs),
      peer: names === 10 ? await loopsOfTslab(bench, local, overNames) : undefined,
      target: 3,
      note: `times function-local, which took ${localMs.toFixed(1)} ms here; both with loop checks`,
    });
  }
}

async function loopsOfTslab(bench: Bench, local: string, overNames: string): Promise<number[]> {
  const { tslab, close } = openTslab(bench);
  await tslab.run("let total = 0; const step = 1;");
  const times = bench.isQuick ? 1 : 3;
  const localMs = median(await repeat(times, async () => Number(await tslab.run(local))));
  const ratios = await repeat(times, async () => Number(await tslab.run(overNames)) / localMs);
  await close();
  return ratios;
}

// Interrupts

async function interrupts(bench: Bench): Promise<void> {
  const times = bench.isQuick ? 2 : 5;
  const opened = open(bench);
  const { tslab, close } = openTslab(bench);
  await opened.run("1");
  await tslab.run("1");
  const kinds = [
    ["cooperate", "on a loop", "for (;;) {}", 50],
    ["cooperate", "on an await", "await new Promise(() => setInterval(() => 0, 1e6))", 50],
    ["terminate", "on a regexp", '/^(a+)+$/.test("a".repeat(40) + "b")', 1_000],
  ] as const;
  for (const [kind, place, code, target] of kinds) {
    const what = `${kind} ${place} → settled`;
    bench.step(what);
    let refused: string | undefined;
    const ours = await repeat(times, async () => {
      if (refused) return Number.NaN;
      const cell = opened.session.execute({ code });
      await cell.started;
      await pause(100);
      const start = performance.now();
      const answer = await opened.session.interrupt(kind);
      if (answer === "unsafe") {
        refused = "the session answers that it is unsafe here";
        await opened.session.interrupt("kill");
      }
      await cell.settled;
      return performance.now() - start;
    });
    if (refused) {
      bench.skip(what, refused);
      continue;
    }
    const theirs = await repeat(times, async () => {
      let early: string | undefined;
      const cell = tslab.ask("execute", code);
      void cell.then(({ said }) => {
        early ??= `tslab's cell had ended before it was interrupted: ${said}`;
      });
      await pause(500);
      if (early) throw new Error(early);
      const ms = timed(() => cell);
      tslab.interrupt();
      return ms;
    });
    bench.add({ what, unit: "ms", ours, peer: theirs, target, note: "tslab: SIGINT" });
  }
  await close();
  bench.step("kill → next value");
  const killed = await repeat(times, async () => {
    const cell = opened.session.execute({ code: "for (;;) {}" });
    await cell.started;
    await pause(100);
    const start = performance.now();
    await opened.session.interrupt("kill");
    await cell.settled;
    await opened.run("1");
    return performance.now() - start;
  });
  bench.add({ what: "kill → next value", unit: "ms", ours: killed, target: 500 });
  await opened.close();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// A changed local file

async function changedFile(bench: Bench): Promise<void> {
  const what = "changed local file → new value";
  bench.step(what);
  const opened = open(bench);
  const write = (value: number) =>
    // The length changes too: two writes within a tick of the file system's clock look alike otherwise.
    writeFileSync(join(opened.folder, "m.ts"), `export const x = ${value};${" ".repeat(value)}\n`);
  write(1);
  await opened.run('import { x } from "./m.ts"');
  let isOld = false;
  const ours = await repeat(bench.isQuick ? 2 : 8, async (i) => {
    write(i + 2);
    const start = performance.now();
    isOld ||= (await opened.number("x")) !== i + 2;
    return performance.now() - start;
  });
  await opened.close();
  if (isOld) return bench.skip(what, "not available: the value stays old");
  bench.add({ what, unit: "ms", ours, target: 5, note: "round trip; the file is written before" });
}

// Output

async function printing(bench: Bench): Promise<void> {
  bench.step("10,000 console.log");
  const opened = open(bench);
  await opened.run("1");
  const { tslab, close } = openTslab(bench);
  await tslab.run("1");
  const print = "for (let i = 0; i < 10_000; i++) console.log(i);";
  let events = 0;
  let text = "";
  const stop = opened.session.onEvent((item) => {
    if (item.kind !== "event" || item.event.kind !== "log") return;
    events++;
    text += item.event.text;
  });
  const counts: number[] = [];
  const ours = await repeat(bench.isQuick ? 2 : 7, async () => {
    events = 0;
    text = "";
    const ms = await timed(() => opened.run(print));
    counts.push(events);
    const expected = Array.from({ length: 10_000 }, (_, i) => `${i}\n`).join("");
    if (text !== expected) throw new Error("lines were lost or came out of order");
    return ms;
  });
  stop();
  const theirs = await repeat(3, () => timed(() => tslab.run(print)));
  bench.add({
    what: "10,000 console.log until settled",
    unit: "ms",
    ours,
    peer: theirs,
    target: 100,
    note: "every line, in order; tslab writes to a pipe that is read, not to ZeroMQ",
  });
  bench.add({ what: "10,000 console.log, events", unit: "", ours: counts, target: 50 });

  const seconds = bench.isQuick ? 1 : 10;
  bench.step(`${seconds} s of endless printing`);
  const endless = `const end${seconds} = Date.now() + ${seconds}_000; while (Date.now() < end${seconds}) console.log("x".repeat(200));`;
  const growth = async (pid: number, printed: Promise<unknown>) => {
    const before = residentMb(pid);
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, residentMb(pid));
    }, 50);
    await printed.finally(() => clearInterval(timer));
    return most - before;
  };
  const pid = await opened.number("process.pid");
  if (Number.isNaN(residentMb(pid))) {
    bench.skip("growth in endless printing", "there is no /proc on this system");
  } else {
    const printed = opened.run(endless);
    const [host, frontEnd] = await Promise.all([
      growth(pid, printed),
      growth(process.pid, printed),
    ]);
    const theirs = await growth(tslab.pid, tslab.run(endless));
    const what = `growth in ${seconds} s of endless printing`;
    bench.add({
      what: `${what}, user process`,
      unit: "MB",
      ours: [host],
      peer: [theirs],
      target: 64,
    });
    bench.add({ what: `${what}, front end`, unit: "MB", ours: [frontEnd], target: 64 });
  }
  await opened.close();
  await close();
}

// Many cells

async function soak(bench: Bench): Promise<void> {
  const cells = bench.isQuick ? 1_000 : 10_000;
  const part = cells / 10;
  bench.step(`${cells} cells`);
  const opened = open(bench);
  await opened.run("1");
  const text = (i: number) =>
    `const total${i} = ${i === 0 ? "0" : `total${i - 1}`} + 1; function add${i}(x: number) { return x + total${i} }\nadd${i}(1)`;
  const heap = await opened.number(HEAP_CELL);
  const frontEnd = residentMb(process.pid);
  const parts = await repeat(10, (round) =>
    timed(async () => {
      for (let i = round * part; i < (round + 1) * part; i++) await opened.run(text(i));
    }),
  );
  const kB = ((await opened.number(HEAP_CELL)) - heap) / cells / 1024;
  const frontEndKb = ((residentMb(process.pid) - frontEnd) / cells) * 1024;
  await opened.close();
  const all = parts.reduce((sum, ms) => sum + ms, 0);
  bench.add({
    what: `${cells} cells, time of one`,
    unit: "ms",
    ours: parts.map((ms) => ms / part),
    note: `unchecked, ${(all / 1000).toFixed(1)} s together; tslab was not asked for so many: see check + run`,
  });
  bench.add({
    what: `${cells} cells, last tenth against first`,
    unit: "×",
    ours: [(parts.at(-1) ?? Number.NaN) / (parts[0] ?? Number.NaN)],
    target: 1.5,
    note: "flat is 1",
  });
  bench.add({ what: `heap per cell over ${cells}`, unit: "kB", ours: [kB], target: 2 });
  if (!Number.isNaN(frontEndKb))
    bench.add({
      what: `resident per cell over ${cells}, front end`,
      unit: "kB",
      ours: [frontEndKb],
    });
}
