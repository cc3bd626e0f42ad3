/**
 * The files that ipc addresses stand for.
 *
 * libzmq replaces whatever is at the path of an ipc address, also a socket that another kernel listens on, which
 * then waits for ever; and it leaves its own file behind. Both are looked after here.
 * @module
 */
import { lstatSync, rmSync } from "node:fs";
import { createConnection } from "node:net";

/** @returns the file of an ipc address; `undefined` for others, and for the abstract ones of Linux. */
export function ipcFile(address: string): string | undefined {
  const path = address.startsWith("ipc://") ? address.slice("ipc://".length) : undefined;
  return path?.startsWith("@") ? undefined : path;
}

/** @returns why nobody may listen there, in words; `undefined` when it is free. */
export async function ipcFileInUse(path: string): Promise<string | undefined> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isSocket()) return "a file of another kind is there, and it would be replaced";
  return (await answers(path)) ? "address already in use" : undefined;
}

/** Only a socket is removed: anything else there is not ours. */
export function removeIpcFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path, { force: true });
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(path);
  socket.once("connect", () => resolve(true));
  // ECONNREFUSED: left over by a kernel that was killed.
  socket.once("error", () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
