/**
 * Checkpoints of a task in a cluster: a file of this attempt, which the next one is told of.
 * @module
 */
import { type Checkpoint, checkpointBytes } from "../../workflow/checkpoint.ts";
import { isStorageError, type Store } from "../storage.ts";
import { below } from "./request.ts";

/** The one file below the prefix. */
const NAME = "checkpoint";

/** @param previous of the attempt before; undefined in the first one. */
export function storedCheckpoint(
  store: Store,
  own: string | undefined,
  previous: string | undefined,
): Checkpoint {
  let written: Uint8Array | undefined;
  return {
    async read() {
      if (written || previous === undefined) return written;
      try {
        return await store.read(below(previous, NAME));
      } catch (error) {
        // The attempt before ended before it had written one.
        if (isStorageError(error, "STORAGE_NOT_FOUND")) return undefined;
        throw error;
      }
    },
    async write(content) {
      const bytes = checkpointBytes(content);
      if (own === undefined)
        throw new Error("the cluster gave this task no place for a checkpoint");
      await store.write(below(own, NAME), bytes);
      written = bytes;
    },
  };
}
