/**
 * What an attempt leaves for the next one, so that long work need not begin again. In a cluster a file of the attempt;
 * in this process kept with the call, and gone with it.
 * @module
 */
import { preview } from "../values/preview.ts";

export interface Checkpoint {
  /** What an earlier attempt of this call wrote last; `undefined` in the first one, or when none wrote anything. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces what was written before. Text is kept as UTF-8. */
  write(content: Uint8Array | string): Promise<void>;
}

const kept = new WeakMap<object, Uint8Array>();

/** @param call whose attempts share it. */
export function localCheckpoint(call: object): Checkpoint {
  return {
    read: async () => kept.get(call),
    write: async (content) => {
      kept.set(call, checkpointBytes(content));
    },
  };
}

/** @throws {TypeError} for what is neither bytes nor text. */
export function checkpointBytes(content: unknown): Uint8Array {
  if (typeof content === "string") return Buffer.from(content);
  // A copy: the function may go on writing into its own.
  if (content instanceof Uint8Array) return Uint8Array.from(content);
  throw new TypeError(
    `a checkpoint is text or bytes, not ${preview(content).line}; write JSON.stringify(…) of other values`,
  );
}
