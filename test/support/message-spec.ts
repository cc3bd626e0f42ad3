/**
 * What the Jupyter protocol 5.5 says of each message a kernel sends, as a table written from the
 * specification and not from our code; and the checker of a whole transcript.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html
 * @module
 */
import type { Received } from "./kernel-client.ts";

type Check = (value: unknown) => string | undefined;

const is =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : `expected ${what}, got ${JSON.stringify(value)?.slice(0, 80)}`;
const isDict = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = is("a string", (value) => typeof value === "string");
const whole = is("a whole number", Number.isInteger);
const flag = is("a boolean", (value) => typeof value === "boolean");
const dict = is("an object", isDict);
const oneOf = (...values: unknown[]) =>
  is(`one of ${JSON.stringify(values)}`, (value) => values.includes(value));
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) ? firstProblem(value.map((element) => item(element))) : "expected a list";
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);
/** Exactly these fields; those in `maybe` may be absent. */
const fields =
  (spec: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (!isDict(value)) return `expected an object, got ${JSON.stringify(value)}`;
    const strangers = Object.keys(value).filter((key) => !Object.hasOwn(spec, key));
    if (strangers.length > 0) return `unknown fields ${strangers.join(", ")}`;
    return firstProblem(
      Object.entries(spec).map(([key, check]) => {
        const problem = check(value[key]);
        return problem && `${key}: ${problem}`;
      }),
    );
  };

/** Media type → string, or an object for JSON types. */
const bundle: Check = (value) => {
  if (!isDict(value)) return "expected a MIME bundle";
  return firstProblem(
    Object.entries(value).map(([type, content]) => {
      if (!/^[\w.+-]+\/[\w.+-]+/.test(type)) return `${type} is no media type`;
      const isJson = /^application\/(json|.*\+json)$/.test(type);
      return isJson || typeof content === "string" ? undefined : `${type}: expected a string`;
    }),
  );
};
/** What is shown always has a text. */
const shown: Check = (value) =>
  bundle(value) ??
  (isDict(value) && typeof value["text/plain"] === "string" ? undefined : "no text/plain");

const error = { ename: text, evalue: text, traceback: list(text) };
const failure = { status: oneOf("error"), ...error };
const ok = { status: oneOf("ok") };

/** A reply is what its status says. */
const reply =
  (spec: Readonly<Record<string, Check>>, others: Readonly<Record<string, Check>> = {}): Check =>
  (value) => {
    const status = isDict(value) ? value["status"] : undefined;
    const other = typeof status === "string" ? others[status] : undefined;
    if (other) return other(value);
    return status === "error" ? fields(failure)(value) : fields({ ...ok, ...spec })(value);
  };

const languageInfo = fields({
  name: text,
  version: text,
  mimetype: text,
  file_extension: text,
  pygments_lexer: maybe(text),
  codemirror_mode: maybe((value) => (typeof value === "string" ? undefined : dict(value))),
  nbconvert_exporter: maybe(text),
});

const contents: Readonly<Record<string, Check>> = {
  execute_reply: reply(
    { execution_count: whole, payload: list(dict), user_expressions: dict },
    {
      aborted: fields({ status: oneOf("aborted") }),
      error: (value) =>
        fields({
          ...failure,
          execution_count: maybe(whole),
          payload: maybe(list(dict)),
          user_expressions: maybe(dict),
        })(value),
    },
  ),
  inspect_reply: reply({ found: flag, data: bundle, metadata: dict }),
  complete_reply: reply({
    matches: list(text),
    cursor_start: whole,
    cursor_end: whole,
    metadata: dict,
  }),
  history_reply: reply({
    history: list(
      is("session, count and source or [source, output]", (row) => {
        if (!Array.isArray(row) || row.length !== 3) return false;
        const [session, line, source] = row;
        const pair = Array.isArray(source) ? source : [source, null];
        const isPair =
          typeof pair[0] === "string" && (pair[1] === null || typeof pair[1] === "string");
        return Number.isInteger(session) && Number.isInteger(line) && pair.length === 2 && isPair;
      }),
    ),
  }),
  // Its own statuses, besides the error that every request may be answered with.
  is_complete_reply: (value) => {
    const status = isDict(value) ? value["status"] : undefined;
    if (status === "error") return fields(failure)(value);
    return status === "incomplete"
      ? fields({ status: text, indent: text })(value)
      : fields({ status: oneOf("complete", "invalid", "unknown") })(value);
  },
  comm_info_reply: reply({ comms: dict }),
  kernel_info_reply: reply({
    protocol_version: is("a version", (value) => /^5\.\d+(\.\d+)?$/.test(String(value))),
    implementation: text,
    implementation_version: text,
    language_info: languageInfo,
    banner: text,
    debugger: maybe(flag),
    help_links: maybe(list(fields({ text, url: text }))),
    supported_features: maybe(list(text)),
  }),
  shutdown_reply: reply({ restart: flag }),
  interrupt_reply: reply({}),
  status: fields({ execution_state: oneOf("busy", "idle", "starting") }),
  execute_input: fields({ code: text, execution_count: whole }),
  stream: fields({ name: oneOf("stdout", "stderr"), text }),
  display_data: fields({ data: shown, metadata: dict, transient: maybe(dict) }),
  update_display_data: fields({
    data: shown,
    metadata: dict,
    transient: fields({ display_id: text }),
  }),
  execute_result: fields({ data: shown, metadata: dict, execution_count: whole }),
  error: fields(error),
  clear_output: fields({ wait: flag }),
  iopub_welcome: fields({ subscription: text }),
  create_subshell_reply: reply({ subshell_id: text }),
  delete_subshell_reply: reply({}),
  list_subshell_reply: reply({ subshell_id: list(text) }),
  input_request: fields({ prompt: text, password: flag }),
  comm_open: fields({ comm_id: text, target_name: text, data: dict, target_module: maybe(text) }),
  comm_msg: fields({ comm_id: text, data: dict }),
  comm_close: fields({ comm_id: text, data: dict }),
};

const header = fields({
  msg_id: text,
  msg_type: text,
  session: text,
  username: text,
  date: is("an ISO date with its zone", (value) =>
    /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(String(value)),
  ),
  version: oneOf("5.5"),
  subshell_id: maybe(() => undefined),
});

/** @returns what is wrong with a message, in words. */
export function messageProblem(message: Received): string | undefined {
  const type = message.header.msg_type;
  const check = contents[type];
  const problem =
    header(message.header) ??
    dict(message.parent) ??
    dict(message.metadata) ??
    (check === undefined ? "no such message" : check(message.content));
  return problem && `${type}: ${problem}`;
}

/** Types that answer a request of the same name. */
const REQUESTS_WITHOUT_REPLY = ["comm_open", "comm_msg", "comm_close", "input_reply"];
const KNOWN_REQUESTS = new Set(
  Object.keys(contents)
    .filter((type) => type.endsWith("_reply"))
    .map((type) => type.replace(/_reply$/, "_request")),
);

export interface SentRequest {
  readonly msg_id: string;
  readonly msg_type: string;
}

/**
 * Checks a whole conversation of one client.
 * @param lateOutput cells whose output may come after their idle.
 * @returns what is wrong, one sentence each; empty when all is as it should be.
 */
export function transcriptProblems(
  sent: readonly SentRequest[],
  received: readonly Received[],
  lateOutput: ReadonlySet<string> = new Set(),
): string[] {
  const problems: string[] = [];
  const ids = received.map((message) => `${message.channel} ${message.header.msg_id}`);
  if (new Set(ids).size !== ids.length) problems.push("a message id came twice");
  const sessions = new Set(received.map((message) => message.header.session));
  if (sessions.size > 1) problems.push(`${sessions.size} kernel sessions`);
  for (const channel of ["shell", "control", "iopub"]) {
    const dates = received
      .filter((message) => message.channel === channel)
      .map((message) => message.header.date);
    if (dates.some((date, index) => index > 0 && date < (dates[index - 1] ?? ""))) {
      problems.push(`dates decrease on ${channel}`);
    }
  }
  for (const request of sent) problems.push(...requestProblems(request, received, lateOutput));
  return problems;
}

function requestProblems(
  { msg_id, msg_type }: SentRequest,
  received: readonly Received[],
  lateOutput: ReadonlySet<string>,
): string[] {
  const mine = received.filter((message) => message.parent["msg_id"] === msg_id);
  const published = mine.filter((message) => message.channel === "iopub");
  const states = published.flatMap(({ content, header: { msg_type: type } }) =>
    type === "status" ? [content["execution_state"]] : [],
  );
  const problems: string[] = [];
  const name = `${msg_type} ${msg_id}`;
  if (states.join() !== "busy,idle") problems.push(`${name}: states ${states.join() || "none"}`);
  if (published[0]?.header.msg_type !== "status") problems.push(`${name}: output before busy`);
  if (published.at(-1)?.header.msg_type !== "status" && !lateOutput.has(msg_id)) {
    problems.push(`${name}: ${published.at(-1)?.header.msg_type} after idle`);
  }
  const replies = mine.filter(({ channel }) => channel === "shell" || channel === "control");
  const expected =
    KNOWN_REQUESTS.has(msg_type) && !REQUESTS_WITHOUT_REPLY.includes(msg_type) ? 1 : 0;
  if (replies.length !== expected) problems.push(`${name}: ${replies.length} replies`);
  const [reply] = replies;
  const busy = published[0]?.header.date ?? "";
  const idle =
    published.findLast((message) => message.content["execution_state"] === "idle")?.header.date ??
    "";
  if (reply && (reply.header.date < busy || reply.header.date > idle)) {
    problems.push(`${name}: the reply is not between busy and idle`);
  }
  return problems;
}

function firstProblem(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}
