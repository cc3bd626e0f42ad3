/**
 * Updates of widgets that wait for the budget, merged: of a loop that moves a progress bar 20,000 times a front end
 * can draw a few dozen, and the cell would wait half a minute for the others to be sent.
 *
 * Invariants
 *   U1  The state of a widget in the front end ends as the cell left it.
 *   U2  Only updates that no other message of their comm has followed are merged, so none overtakes another.
 *   U3  Other comms are left alone: what their messages mean only their two sides know.
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
 * @module
 */
import type { CommMessage } from "../runtime/session/client/api.ts";

const WIDGET_TARGET = "jupyter.widget";

interface Waiting {
  readonly cell: number;
  state: object;
}

export class WidgetUpdates {
  /** The last update of each comm that is not sent yet, as long as nothing of that comm has followed it. */
  readonly #last = new Map<string, Waiting>();

  /**
   * Takes a message on its way to the front end.
   * @param target of its comm.
   * @returns called once it is sent: the message as it is by then. `undefined`: it goes along with an earlier one.
   */
  take(
    cell: number,
    message: CommMessage,
    target: string | undefined,
  ): (() => CommMessage) | undefined {
    const state = target === WIDGET_TARGET ? updateOf(message) : undefined;
    if (state === undefined) {
      this.#last.delete(message.id);
      return () => message;
    }
    const before = this.#last.get(message.id);
    if (before?.cell === cell) {
      before.state = { ...before.state, ...state };
      return undefined;
    }
    const own: Waiting = { cell, state };
    this.#last.set(message.id, own);
    return () => {
      if (this.#last.get(message.id) === own) this.#last.delete(message.id);
      return { ...message, data: { ...(message.data as object), state: own.state } }; // `updateOf` has looked
    };
  }
}

/** The state that a message updates; `undefined` for what is no update, or one with bytes beside it. */
function updateOf({ op, data, buffers }: CommMessage): object | undefined {
  if (op !== "message" || buffers.length > 0) return undefined;
  if (typeof data !== "object" || data === null) return undefined;
  if (!("method" in data) || data.method !== "update" || !("state" in data)) return undefined;
  return typeof data.state === "object" && data.state !== null ? data.state : undefined;
}
