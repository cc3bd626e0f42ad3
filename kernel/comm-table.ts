/**
 * The comms that are open, as far as the kernel has seen: what `comm_info` tells, also while a cell blocks.
 * @module
 */
import type { CommMessage } from "../runtime/session/client/api.ts";

export class CommTable {
  readonly #targets = new Map<string, string>();

  /** Notes what a message does, whichever side sent it. */
  note(message: CommMessage): void {
    if (message.op === "open") this.#targets.set(message.id, message.target);
    else if (message.op === "close") this.#targets.delete(message.id);
  }

  /** @returns the target of an open comm. */
  targetOf(id: string): string | undefined {
    return this.#targets.get(id);
  }

  /** @param target only those; all when absent. */
  list(target?: string): Record<string, { target_name: string }> {
    const found = [...this.#targets].filter(([, name]) => target === undefined || name === target);
    return Object.fromEntries(found.map(([id, name]) => [id, { target_name: name }]));
  }

  /** The user process is gone, and its side of each comm with it. @returns the ids of those that were open. */
  clear(): readonly string[] {
    const ids = [...this.#targets.keys()];
    this.#targets.clear();
    return ids;
  }
}
