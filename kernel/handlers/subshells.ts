/**
 * Subshells: second lanes into the same session. Their cells take turns with others at `await`; there is no second
 * thread, so a synchronous loop stops all of them.
 *
 * The execution count is the kernel's, not the subshell's: `Out[7]`, `decks[7]` and the history know one cell by it.
 * @see https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html
 * @module
 */
import { failure } from "../messages.ts";
import type { Handler } from "./index.ts";

export const createSubshell: Handler<"create_subshell"> = async (_content, { lanes }) => {
  const id = lanes.create();
  if (id !== undefined) return { status: "ok", subshell_id: id };
  const said = `${lanes.ids.length} subshells exist already; delete one first`;
  return failure("TooManySubshells", said);
};

/** What waits in it is aborted, the cell that runs is interrupted. */
export const deleteSubshell: Handler<"delete_subshell"> = async (
  { subshell_id: id },
  { lanes, session },
) => {
  const lane = lanes.delete(id);
  if (lane === undefined) return failure("UnknownSubshell", `there is no subshell ${id}`);
  // The last first: the end of one that runs would begin the next.
  for (const cell of [...lane.cells].reverse()) void session.interrupt("cooperate", { cell });
  return { status: "ok" };
};

export const listSubshells: Handler<"list_subshell"> = async (_content, { lanes }) => ({
  status: "ok",
  subshell_id: lanes.ids,
});
