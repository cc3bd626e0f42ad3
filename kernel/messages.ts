/**
 * Every message of the Jupyter protocol 5.5 that this kernel speaks, in one map.
 *
 * Handlers, decoders and the types of requests derive from it: a request added here without a decoder or
 * a handler does not compile. Names are the wire's own.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html
 * @module
 */
import type { ErrorFields } from "../runtime/session/client/error-fields.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";

export const PROTOCOL_VERSION = "5.5";

/** The wire's dictionary. */
export type Dict = Readonly<Record<string, unknown>>;

/** The three fields of an error, alike in `error` messages and in replies. */
export interface Failure extends ErrorFields {
  status: "error";
}

export type ExecutionState = "starting" | "busy" | "idle";

/** Shown by a console's pager. */
export interface PagePayload {
  source: "page";
  data: MimeBundle;
  start: number;
}

/** Text for a new cell, or in the place of the one that ran. */
export interface NextInputPayload {
  source: "set_next_input";
  text: string;
  replace: boolean;
}
export type Payload = PagePayload | NextInputPayload;

/** One row of a history: session, execution count, and the source, with its output where that was asked for. */
export type HistoryTuple = [number, number, string] | [number, number, [string, string | null]];

export type UserExpressionResult = { status: "ok"; data: MimeBundle; metadata: Dict } | Failure;

/** `type` is JupyterLab's word; ranges are code points. */
export interface TypedMatch {
  text: string;
  type: string;
  start: number;
  end: number;
  signature?: string;
}

/** Content of every message, by `msg_type`. */
export interface MessageContent {
  execute_request: {
    code: string;
    silent: boolean;
    store_history: boolean;
    user_expressions: Record<string, string>;
    allow_stdin: boolean;
    stop_on_error: boolean;
  };
  execute_reply:
    | {
        status: "ok";
        execution_count: number;
        payload: Payload[];
        user_expressions: Record<string, UserExpressionResult>;
      }
    | (Failure & {
        execution_count: number;
        payload: Payload[];
        user_expressions: Record<string, never>;
      })
    | { status: "aborted" };
  complete_request: { code: string; cursor_pos: number };
  complete_reply: {
    status: "ok";
    matches: string[];
    cursor_start: number;
    cursor_end: number;
    metadata: { _jupyter_types_experimental?: TypedMatch[] };
  };
  inspect_request: { code: string; cursor_pos: number; detail_level: number };
  inspect_reply: { status: "ok"; found: boolean; data: MimeBundle; metadata: Dict };
  is_complete_request: { code: string };
  is_complete_reply:
    | { status: "complete" | "invalid" | "unknown" }
    | { status: "incomplete"; indent: string };
  history_request: {
    hist_access_type: "tail" | "range" | "search";
    output: boolean;
    n: number | undefined;
    session: number;
    start: number;
    stop: number | undefined;
    pattern: string;
    unique: boolean;
  };
  history_reply: { status: "ok"; history: HistoryTuple[] };
  comm_info_request: { target_name?: string | undefined };
  comm_info_reply: { status: "ok"; comms: Record<string, { target_name: string }> };
  kernel_info_request: Record<string, never>;
  kernel_info_reply: {
    status: "ok";
    protocol_version: string;
    implementation: string;
    implementation_version: string;
    language_info: {
      name: string;
      version: string;
      mimetype: string;
      file_extension: string;
      pygments_lexer: string;
      codemirror_mode: Dict;
      nbconvert_exporter: string;
    };
    banner: string;
    help_links: { text: string; url: string }[];
    debugger: boolean;
    supported_features: string[];
  };
  interrupt_request: Record<string, never>;
  interrupt_reply: { status: "ok" };
  shutdown_request: { restart: boolean };
  shutdown_reply: { status: "ok"; restart: boolean };
  create_subshell_request: Record<string, never>;
  create_subshell_reply: { status: "ok"; subshell_id: string };
  delete_subshell_request: { subshell_id: string };
  delete_subshell_reply: { status: "ok" };
  list_subshell_request: Record<string, never>;
  list_subshell_reply: { status: "ok"; subshell_id: string[] };

  /** These go the other way: the kernel asks, the client replies. */
  input_request: { prompt: string; password: boolean };
  input_reply: { value: string };

  /** Both ways; without reply. */
  comm_open: { comm_id: string; target_name: string; data: unknown };
  comm_msg: { comm_id: string; data: unknown };
  comm_close: { comm_id: string; data: unknown };

  status: { execution_state: ExecutionState };
  execute_input: { code: string; execution_count: number };
  stream: { name: "stdout" | "stderr"; text: string };
  display_data: { data: MimeBundle; metadata: Dict; transient: { display_id?: string } };
  update_display_data: { data: MimeBundle; metadata: Dict; transient: { display_id: string } };
  execute_result: { data: MimeBundle; metadata: Dict; execution_count: number };
  error: ErrorFields;
  clear_output: { wait: boolean };
  iopub_welcome: { subscription: string };
}

export type MessageType = keyof MessageContent;

/** `execute` for each `execute_request` that has an `execute_reply`. */
type Asked<T> = T extends `${infer N}_request`
  ? `${N}_reply` extends MessageType
    ? N
    : never
  : never;
export type RequestName = Exclude<Asked<MessageType>, "input">;
export type RequestType = `${RequestName}_request`;
export type ReplyType = `${RequestName}_reply`;
/** What a client sends without waiting for a reply. */
export type CommType = "comm_open" | "comm_msg" | "comm_close";
/** All that comes from clients. */
export type IncomingType = RequestType | CommType | "input_reply";

/** What the kernel broadcasts. The reply to a shutdown goes to everybody too. */
export type PublishedType =
  | "status"
  | "execute_input"
  | "stream"
  | "display_data"
  | "update_display_data"
  | "execute_result"
  | "error"
  | "clear_output"
  | "shutdown_reply"
  | CommType;

/** A header as it came: the fields that are needed are checked, the others are kept for the answer's parent. */
export interface Header extends Dict {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  /** ISO 8601; absent or unreadable from some clients. */
  readonly date?: string | undefined;
  /** The lane that it is for; absent or null: the main one. */
  readonly subshell_id?: string | null | undefined;
}

/** A message whose signature and header are good; its content is still `unknown`. */
export interface IncomingMessage {
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  /** Header of what this answers; `{}` where the client says nothing. */
  readonly parent: Dict;
  readonly metadata: Dict;
  readonly content: unknown;
  readonly buffers: readonly Uint8Array[];
}

/** A message before it gets its id and date. */
export type OutgoingMessage = {
  [T in MessageType]: {
    readonly type: T;
    readonly content: MessageContent[T];
    /** The header of what this answers; `{}` when nobody asked. */
    readonly parent: Dict;
    readonly metadata?: Dict;
    readonly buffers?: readonly Uint8Array[];
  };
}[MessageType];

/** Where requests come in. */
export type Channel = "shell" | "control";

/** The way out: sockets, or a notebook in memory. Nothing here waits; everything is queued in order. */
export interface Transport {
  publish(message: OutgoingMessage): void;
  reply(channel: Channel, identities: readonly Uint8Array[], message: OutgoingMessage): void;
  /**
   * Sends a request to one client, on stdin.
   * @returns its `msg_id`, at once: the reply may be faster than `sent`, which rejects when that client cannot be
   * reached.
   */
  request(
    identities: readonly Uint8Array[],
    message: OutgoingMessage,
  ): { readonly id: string; readonly sent: Promise<void> };
  /** Resolves when all that was published so far has left. */
  flushed(): Promise<void>;
}

export function failure(ename: string, evalue: string, traceback?: string[]): Failure {
  return { status: "error", ename, evalue, traceback: traceback ?? [`${ename}: ${evalue}`] };
}

export function outgoing<T extends MessageType>(
  type: T,
  content: MessageContent[T] | (T extends ReplyType ? Failure : never),
  options: {
    readonly parent: Dict;
    readonly metadata?: Dict;
    readonly buffers?: readonly Uint8Array[];
  },
): OutgoingMessage {
  // The union has one member per `T`; the compiler does not see that `type` and `content` belong together. A
  // reply may be a failure instead, whose form is the same for all.
  return { type, content, ...options } as OutgoingMessage;
}
