/**
 * comm_open, comm_msg, comm_close of a front end: no reply, but busy and idle around what their handlers do.
 * @module
 */
import type { CommMessage } from "../../runtime/session/client/api.ts";
import { errorFields } from "../../runtime/session/client/error-fields.ts";
import { decodeContent } from "../decode.ts";
import type { CommType, MessageContent } from "../messages.ts";
import type { Context, Handler } from "./index.ts";

export function isCommType(type: string): type is CommType {
  return type === "comm_open" || type === "comm_msg" || type === "comm_close";
}

/** Resolves when the handler in the user process has ended, and all that it wrote is out. */
export async function handleComm(type: CommType, context: Context): Promise<undefined> {
  const { comms, message, outputs, parents, publish, session } = context;
  const comm = commMessage(type, context);
  if (typeof comm === "string") {
    publish("stream", { name: "stderr", text: `${comm}\n` });
    return undefined;
  }
  comms.note(comm);
  const { cell, handled } = session.comm(comm);
  parents.addComm(cell, { header: message.header, silent: false });
  outputs.open(cell);
  const error = await handled;
  const uncaught = await outputs.finish(cell);
  for (const failure of [error, uncaught]) {
    if (failure !== undefined) publish("error", errorFields(failure));
  }
  return undefined;
}

/** @returns what is wrong with it, in words, when it cannot be read. */
function commMessage(type: CommType, { message }: Context): CommMessage | string {
  const decoded = decodeContent(type, message.content);
  if (!decoded.ok) return `BadMessage: ${decoded.reason}`;
  const { comm_id: id, data } = decoded.content;
  const content = { id, data, metadata: message.metadata, buffers: message.buffers };
  if (type === "comm_open") {
    const { target_name: target } = decoded.content as MessageContent["comm_open"]; // by its type
    return { op: "open", target, ...content };
  }
  return { op: type === "comm_msg" ? "message" : "close", ...content };
}

/** From the kernel's own table: answered also while a cell blocks. */
export const commInfo: Handler<"comm_info"> = async ({ target_name }, { comms }) => ({
  status: "ok",
  comms: comms.list(target_name),
});
