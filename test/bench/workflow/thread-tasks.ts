/**
 * Tasks that run in threads: a thread imports the file a task was made in.
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { distFolder } from "../../support/dist.ts";

const { task }: typeof import("../../../runtime/index.ts") = await import(
  pathToFileURL(join(distFolder, "runtime/index.js")).href
);

export const idle = task({ thread: true }, function idle({ x }: { x: number }) {
  return x;
});

/** Keeps a processor busy for about `rounds` × 1 ns. */
export const burn = task({ thread: true }, function burn({ rounds }: { rounds: number }) {
  let state = 1;
  for (let i = 0; i < rounds; i++) state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
  return state;
});
