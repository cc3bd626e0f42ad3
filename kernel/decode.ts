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

/** Of ids that people and programs write: a number where none is wanted is as good as absent. */
const maybeNumber = z
  .number()
  .nullish()
  .transform((given) => given ?? undefined);
const maybeFlag = z
  .boolean()
  .nullish()
  .transform((given) => given ?? false);
const commData = { comm_id: z.string(), data: z.unknown().transform((data) => data ?? {}) };

const contents: { readonly [T in IncomingType]: ZodType<MessageContent[T]> } = {
  execute_request: z.object({
    code: z.string(),
    silent: z.boolean().default(false),
    store_history: z.boolean().default(true),
    user_expressions: z
      .record(z.string(), z.string())
      .nullish()
      .transform((given) => given ?? {}),
    allow_stdin: z.boolean().default(false),
    stop_on_error: z.boolean().default(true),
  }),
  complete_request: z.object(cursor),
  inspect_request: z.object({ ...cursor, detail_level: z.number().default(0) }),
  is_complete_request: z.object({ code: z.string() }),
  history_request: z.object({
    hist_access_type: z.enum(["tail", "range", "search"]).default("tail"),
    output: maybeFlag,
    n: maybeNumber,
    session: z
      .number()
      .nullish()
      .transform((given) => given ?? 0),
    start: z
      .number()
      .nullish()
      .transform((given) => given ?? 0),
    stop: maybeNumber,
    pattern: z
      .string()
      .nullish()
      .transform((given) => given ?? "*"),
    unique: maybeFlag,
  }),
  comm_info_request: z.object({
    target_name: z
      .string()
      .nullish()
      .transform((name) => name ?? undefined),
  }),
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
