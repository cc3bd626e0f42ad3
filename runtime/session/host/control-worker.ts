/**
 * The thread that hears interrupts while a cell blocks the main one.
 *
 * `interrupt` raises the flag that every loop of a cell tests, and tells the main thread, which aborts the
 * cell's signal as soon as it is free. `terminate` is for what has no checks: a library's loop, a regular
 * expression, `Atomics.wait`, a child that `execSync` waits for. When its pipe ends the front end is dead;
 * if the main thread has not ended the process two seconds later, it kills the whole process group.
 *
 * Invariants
 *   W1  JavaScript is stopped from outside only while the main thread does not answer: on an idle thread
 *       the stop would hit the next, innocent job.
 *   W2  Output that waits while a loop blocks the thread is written by that loop, 32 ms later at most.
 * @module
 */
import { Session } from "node:inspector";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { CONTROL_FD, type ControlRequest } from "../protocol.ts";
import { flagBit, flagIndex } from "./flags.ts";

/** What this thread tells the main one. */
export type WorkerMessage =
  | ControlRequest
  | { readonly kind: "ping" }
  /** The main thread's JavaScript was stopped on behalf of this cell. */
  | { readonly kind: "terminated"; readonly cell: number };

const ORPHAN_GRACE_MS = 2_000;
/** A thread silent for this long is blocked. */
const SILENCE_MS = 250;
const PING_EVERY_MS = 50;
const OUTPUT_WAITS_MS = 32;

const flags: Int32Array = workerData.flags;
const pipe = new Socket({ fd: CONTROL_FD, readable: true, writable: true });

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

createInterface({ input: pipe }).on("line", (line) => {
  // The client is ours: a line that does not parse is our own bug and ends this thread loudly.
  const request: ControlRequest = JSON.parse(line);
  Atomics.store(flags, flagIndex.cell, request.cell);
  Atomics.or(flags, flagIndex.raised, flagBit.interrupt);
  tell({ kind: "interrupt", cell: request.cell });
  if (request.kind === "terminate") void terminate(request.cell);
});

async function terminate(cell: number): Promise<void> {
  try {
    // Children that the main thread waits for; the host itself ignores it.
    process.kill(-process.pid, "SIGINT");
  } catch {
    // Not the leader of a group (started by hand): then there is no group to tell.
  }
  if (!(await isBlocked())) return;
  const inspector = new Session();
  inspector.connectToMainThread();
  inspector.post("Runtime.terminateExecution", () => {
    // An open session would keep the process from ending.
    inspector.disconnect();
    tell({ kind: "terminated", cell });
  });
}

/** Whether the main thread answers no ping for a while (W1). */
async function isBlocked(): Promise<boolean> {
  const before = Atomics.load(flags, flagIndex.ticks);
  for (let waited = 0; waited < SILENCE_MS; waited += PING_EVERY_MS) {
    tell({ kind: "ping" });
    await delay(PING_EVERY_MS);
    if (Atomics.load(flags, flagIndex.ticks) !== before) return false;
  }
  return true;
}

async function watchOutput(): Promise<never> {
  for (;;) {
    const changed = Atomics.waitAsync(flags, flagIndex.waiting, 0);
    if (changed.async) await changed.value;
    await delay(OUTPUT_WAITS_MS);
    if (Atomics.load(flags, flagIndex.waiting) === 1) {
      Atomics.or(flags, flagIndex.raised, flagBit.flush);
    }
  }
}
void watchOutput();

// The reason does not matter: a reset pipe and an ended one both mean that nobody is there any more.
pipe.on("error", () => pipe.destroy());
pipe.on("close", () => {
  setTimeout(() => {
    try {
      process.kill(-process.pid, "SIGKILL");
    } catch {
      // Not the leader of a group (started by hand): then only this process.
      process.kill(process.pid, "SIGKILL");
    }
  }, ORPHAN_GRACE_MS);
});
