/**
 * From `unknown` to content: one schema per incoming message. Absent fields get the protocol's defaults,
 * unknown fields are ignored, a wrong type is a sentence that names the field.
 * @module
 */
import { type ZodError, type ZodType, z } from "zod";
import type { Header, IncomingType, MessageContent, RequestType } from "./messages.ts";

const headerSchema = z.looseObject({
  msg_id: z.string(),
  msg_type: z.string(),
  session: z.string().default(""),
  date: z.string().optional().catch(undefined),
  subshell_id: z.string().nullish(),
}) satisfies ZodType<Header>;

const cursor = { code: z.string(), cursor_pos: z.number() };
const nothing = z.object({}).transform((): Record<string, never> => ({}));

/** Programs write null for what they leave out. */
const optional = <T>(schema: ZodType<T>) =>
  schema.nullish().transform((given) => given ?? undefined);
const withDefault = <T>(schema: ZodType<T>, absent: T) =>
  schema.nullish().transform((given) => given ?? absent);
const commData = { comm_id: z.string(), data: z.unknown().transform((data) => data ?? {}) };

const contents: { readonly [T in IncomingType]: ZodType<MessageContent[T]> } = {
  execute_request: z.object({
    code: z.string(),
    silent: z.boolean().default(false),
    store_history: z.boolean().default(true),
    user_expressions: withDefault(z.record(z.string(), z.string()), {}),
    allow_stdin: z.boolean().default(false),
    stop_on_error: z.boolean().default(true),
  }),
  complete_request: z.object(cursor),
  inspect_request: z.object({ ...cursor, detail_level: z.number().default(0) }),
  is_complete_request: z.object({ code: z.string() }),
  history_request: z.object({
    hist_access_type: z.enum(["tail", "range", "search"]).default("tail"),
    output: withDefault(z.boolean(), false),
    n: optional(z.number()),
    session: withDefault(z.number(), 0),
    start: withDefault(z.number(), 0),
    stop: optional(z.number()),
    pattern: withDefault(z.string(), "*"),
    unique: withDefault(z.boolean(), false),
  }),
  comm_info_request: z.object({ target_name: optional(z.string()) }),
  kernel_info_request: nothing,
  interrupt_request: nothing,
  shutdown_request: z.object({ restart: z.boolean().default(false) }),
  create_subshell_request: nothing,
  delete_subshell_request: z.object({ subshell_id: z.string() }),
  list_subshell_request: nothing,
  input_reply: z.object({ value: z.string() }),
  comm_open: z.object({ ...commData, target_name: z.string() }),
  comm_msg: z.object(commData),
  comm_close: z.object(commData),
};

/** The header, or `undefined` when it is not one: such a message is dropped. */
export function decodeHeader(raw: unknown): Header | undefined {
  const decoded = headerSchema.safeParse(raw);
  return decoded.success ? decoded.data : undefined;
}

export function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(contents, type) && type.endsWith("_request");
}

export type Decoded<T> =
  | { readonly ok: true; readonly content: T }
  | { readonly ok: false; readonly reason: string };

/** @returns the content, or a reason such as `execute_request.code: expected string`. */
export function decodeContent<T extends IncomingType>(
  type: T,
  raw: unknown,
): Decoded<MessageContent[T]> {
  const schema: ZodType<MessageContent[T]> = contents[type];
  const decoded = schema.safeParse(raw);
  return decoded.success
    ? { ok: true, content: decoded.data }
    : { ok: false, reason: `${type}${reasonOf(decoded.error)}` };
}

function reasonOf(error: ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return ": not understood";
  const path = issue.path.map((part) => `.${String(part)}`).join("");
  return `${path}: ${issue.code === "invalid_type" ? `expected ${issue.expected}` : issue.message}`;
}
