/**
 * The thread that hears interrupts while a cell blocks the main one.
 *
 * It raises the flag that every loop of a cell tests, and tells the main thread, which aborts the
 * cell's signal as soon as it is free. When its pipe ends the front end is dead; if the main thread
 * has not ended the process two seconds later, it kills the whole process group.
 * @module
 */
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { parentPort, workerData } from "node:worker_threads";
import { CONTROL_FD, type ControlRequest } from "../protocol.ts";
import { FLAG_CELL, FLAG_RAISED } from "./interrupts.ts";

const ORPHAN_GRACE_MS = 2_000;

const flags: Int32Array = workerData.flags;
const pipe = new Socket({ fd: CONTROL_FD, readable: true, writable: true });

createInterface({ input: pipe }).on("line", (line) => {
  // The client is ours: a line that does not parse is our own bug and ends this thread loudly.
  const request: ControlRequest = JSON.parse(line);
  Atomics.store(flags, FLAG_CELL, request.cell);
  Atomics.store(flags, FLAG_RAISED, 1);
  parentPort?.postMessage(request);
});

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
