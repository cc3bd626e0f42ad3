/**
 * execute_request: a cell, a command, or nothing.
 *
 * Errors are one `error` message with the same three fields as the reply, and no other output.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { CellError, Session } from "../../runtime/session/client/api.ts";
import { type ErrorFields, errorFields } from "../../runtime/session/client/error-fields.ts";
import { askRemote } from "../../runtime/session/client/remote.ts";
import {
  failure,
  type MessageContent,
  type Payload,
  type UserExpressionResult,
} from "../messages.ts";
import { boundedBundle } from "../outputs.ts";
import type { Context, Handler, Reply, Turn } from "./index.ts";
import { inspected } from "./introspect.ts";

const EXPRESSION_MAX_MS = 1_000;

type Content = MessageContent["execute_request"];
type CellTurn = Extract<Turn, { kind: "cell" }>;
type CommandTurn = Exclude<Turn, { kind: "cell" | "blank" | "aborted" | "refused" }>;

export const execute: Handler<"execute"> = async (content, context) => {
  const { session, turn } = context;
  if (turn === undefined) throw new Error("a cell came without its turn");
  switch (turn.kind) {
    case "blank":
      return ok(session.count);
    case "aborted":
      return { status: "aborted" }; // without a count: JupyterLab then shows `[ ]`
    case "refused":
      return failed(turn.failure, session.count);
    case "cell":
      return await runCell(content, context, turn);
    default:
      return await runCommand(content, context, turn);
  }
};

async function runCell(
  content: Content,
  context: Context,
  turn: CellTurn,
): Promise<Reply<"execute">> {
  const { outputs, publish, session } = context;
  const { cell, settled: settling } = turn.execution;
  const count = turn.count ?? session.count;
  if (!content.silent) publish("execute_input", { code: content.code, execution_count: count });
  outputs.open(cell);
  const settled = await settling;
  const uncaught = await outputs.finish(cell);
  const error = settled.status === "ok" ? uncaught : (settled.error ?? nameless(settled.status));
  if (error !== undefined) return failWith(errorFields(error), { content, context, count });
  if (settled.value !== undefined && !content.silent) {
    const data = boundedBundle(settled.value);
    publish("execute_result", { data, metadata: {}, execution_count: count });
  }
  return { ...ok(count), user_expressions: await evaluated(session, content.user_expressions) };
}

async function runCommand(
  content: Content,
  context: Context,
  turn: CommandTurn,
): Promise<Reply<"execute">> {
  const { publish, session } = context;
  const count = session.count;
  const say = (text: string): void => {
    if (!content.silent) publish("stream", { name: "stdout", text: `${text}\n` });
  };
  if (!content.silent) publish("execute_input", { code: content.code, execution_count: count });
  switch (turn.kind) {
    case "restart":
      await restarted(context, say);
      break;
    case "remote": {
      const { ok: isOk, text } = await askRemote(session, turn.request);
      if (!isOk) return failWith(failure("RemoteError", text), { content, context, count });
      say(text);
      break;
    }
    case "check":
      if (turn.policy !== undefined) session.check = turn.policy;
      say(`Type errors: ${CHECK_TEXT[session.check]}`);
      break;
    case "inspect": {
      const data = await inspected(session, turn.name, turn.name.length, turn.level);
      if (data === undefined) say(`Nothing is known of ${turn.name}.`);
      else return ok(count, [{ source: "page", data, start: 0 }]);
      break;
    }
    case "load":
      try {
        const text = await loadedText(session.folder, turn.file);
        return ok(count, [{ source: "set_next_input", text, replace: true }]);
      } catch (error) {
        const said = `cannot load ${turn.file}: ${error instanceof Error ? error.message : String(error)}`;
        return failWith(failure("UsageError", said), { content, context, count });
      }
    case "install":
      try {
        await session.install(turn.packages, {
          onOutput: (name, text) => {
            if (!content.silent) publish("stream", { name, text });
          },
        });
      } catch (error) {
        const fields = error instanceof Error ? error : { name: "Error", message: String(error) };
        return failWith(failure(fields.name, fields.message), { content, context, count });
      }
      break;
    case "unknown": {
      const text = `unknown command ${turn.command}; there are %npm i PACKAGE, %load FILE, %remote PROJECT/DOMAIN [--config FILE], %restart and %check off|warn|error`;
      return failWith(failure("UsageError", text), { content, context, count });
    }
    default:
      turn satisfies never;
  }
  return { ...ok(count), user_expressions: await evaluated(session, content.user_expressions) };
}

async function restarted(
  { outputs, session }: Context,
  say: (text: string) => void,
): Promise<void> {
  const { defaultRemote } = session;
  await outputs.duringRestart(() => session.restart());
  say("Restarted: all variables are gone.");
  if (defaultRemote !== undefined) say(`Calls no longer run on ${defaultRemote}.`);
}

/** Of a file that would be a cell. */
const LOADED_BYTES_MAX = 1_000_000;

/** @param file relative to the folder of the session. */
async function loadedText(folder: string, file: string): Promise<string> {
  const path = resolve(folder, file);
  const { size } = await stat(path);
  if (size > LOADED_BYTES_MAX) throw new Error("it is larger than 1 MB, too much for a cell");
  return `// %load ${file}\n${await readFile(path, "utf8")}`;
}

const CHECK_TEXT = {
  error: "error (they stop the cell)",
  warn: "warn (the cell runs and they are shown)",
  off: "off (not looked for)",
};

/** Publishes the error and replies with the same. */
function failWith(
  fields: ErrorFields,
  options: { readonly content: Content; readonly context: Context; readonly count: number },
): Reply<"execute"> {
  const { ename, evalue, traceback } = fields;
  const { content, context, count } = options;
  if (!content.silent) context.publish("error", { ename, evalue, traceback });
  return failed(fields, count);
}

function failed({ ename, evalue, traceback }: ErrorFields, count: number): Reply<"execute"> {
  return {
    status: "error",
    ename,
    evalue,
    traceback,
    execution_count: count,
    payload: [],
    user_expressions: {},
  };
}

function ok(count: number, payload: Payload[] = []) {
  return { status: "ok" as const, execution_count: count, payload, user_expressions: {} };
}

/** One after the other: they see what the ones before them did. */
async function evaluated(
  session: Session,
  expressions: Readonly<Record<string, string>>,
): Promise<Record<string, UserExpressionResult>> {
  const results: [string, UserExpressionResult][] = [];
  for (const [name, expression] of Object.entries(expressions)) {
    const result = await session.evaluate(expression, { timeoutMs: EXPRESSION_MAX_MS });
    results.push([
      name,
      result.ok
        ? { status: "ok", data: boundedBundle(result.value), metadata: {} }
        : { status: "error", ...errorFields(result.error) },
    ]);
  }
  return Object.fromEntries(results);
}

/** A session says why; should it not, the person still learns that the cell did not end well. */
function nameless(status: string): CellError {
  return { name: "Error", message: `the cell ended as ${status}`, frames: [] };
}
