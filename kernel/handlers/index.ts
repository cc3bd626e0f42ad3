/**
 * One handler per request. A request added to `MessageContent` and not here does not compile.
 * @module
 */
import type { Execution, Session } from "../../runtime/session/client/api.ts";
import type { CommTable } from "../comm-table.ts";
import type { Plan } from "../commands.ts";
import type { Lanes } from "../lanes.ts";
import type {
  Failure,
  IncomingMessage,
  MessageContent,
  PublishedType,
  RequestName,
} from "../messages.ts";
import type { Outputs } from "../outputs.ts";
import type { Parents } from "../parents.ts";
import { commInfo } from "./comms.ts";
import { interrupt, shutdown } from "./control.ts";
import { execute } from "./execute.ts";
import { history } from "./history.ts";
import { kernelInfo } from "./info.ts";
import { complete, inspect, isComplete } from "./introspect.ts";
import { createSubshell, deleteSubshell, listSubshells } from "./subshells.ts";

/** A cell whose turn has come, or what became of it instead. */
export type Turn =
  | Exclude<Plan, { kind: "cell" }>
  | { readonly kind: "cell"; readonly execution: Execution; readonly count: number | undefined }
  /** An earlier cell failed. */
  | { readonly kind: "aborted" }
  /** It was not run: too many cells wait, or its subshell does not exist. */
  | { readonly kind: "refused"; readonly failure: Failure };

export interface Services {
  readonly session: Session;
  readonly outputs: Outputs;
  readonly parents: Parents;
  readonly comms: CommTable;
  readonly lanes: Lanes;
  /** One press of Stop. */
  readonly interrupt: () => void;
  readonly shutdown: () => void;
  /** The newest completion asked for by each client: it answers the older ones. */
  readonly completing: Map<string, AbortController>;
}

export interface Context extends Services {
  readonly message: IncomingMessage;
  /** Present for `execute_request`. */
  readonly turn: Turn | undefined;
  /** Broadcasts under this request. */
  publish<T extends PublishedType>(type: T, content: MessageContent[T]): void;
}

export type Reply<N extends RequestName> = MessageContent[`${N}_reply`] | Failure;
export type Handler<N extends RequestName> = (
  content: MessageContent[`${N}_request`],
  context: Context,
) => Promise<Reply<N>>;

export const handlers: { readonly [N in RequestName]: Handler<N> } = {
  execute,
  complete,
  inspect,
  is_complete: isComplete,
  history,
  comm_info: commInfo,
  kernel_info: kernelInfo,
  interrupt,
  shutdown,
  create_subshell: createSubshell,
  delete_subshell: deleteSubshell,
  list_subshell: listSubshells,
};
