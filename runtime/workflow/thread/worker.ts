/**
 * The entry of a thread: runs one call after the other, and tells what they say in the order they say it.
 *
 * What a call returns or throws leaves by the same port as its logs and output, so that it comes after them; piscina
 * only hears that the thread is free again.
 *
 * Invariants
 *   W1  A thread makes no tracked calls: nobody would see them.
 *   W2  A message that cannot be copied fails its call, not the thread.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";
import { parentPort } from "node:worker_threads";
import { deckHandle } from "../deck.ts";
import { contentBundle } from "../deck-content.ts";
import { readSecret } from "../secrets.ts";
import { describe, findCulprit, losesClass } from "./copyable.ts";
import { flagIndex, type ThreadMessage, type ThreadRequest } from "./messages.ts";
import { pack } from "./travelling.ts";
import {
  enterThread,
  type ThreadContext,
  type ThreadFunction,
  threadFunction,
} from "./worker-code.ts";

/** So many messages may be unread before the thread waits: output in a loop must not fill the memory. */
const UNREAD_MAX = 1_000;
/** A main thread that is blocked reads nothing; the work goes on then. */
const WAIT_MS = 1_000;

/** Which call runs here: also of a timer that it left behind. */
const calls = new AsyncLocalStorage<ThreadRequest>();
let newest: ThreadRequest | undefined;
/** Whom the main thread did not listen to. */
let unheard: ThreadRequest | undefined;

type Saying = ThreadMessage extends infer M
  ? M extends ThreadMessage
    ? Omit<M, "eagerdeckCall">
    : never
  : never;

capture("stdout");
capture("stderr");

/** Runs a call to its end; how it ends is said by message. */
export async function run(request: ThreadRequest): Promise<void> {
  newest = request;
  await calls.run(request, runCall, request);
  // Whoever waits for the signal is let go.
  Atomics.compareExchange(request.flags, flagIndex.cancelled, 0, 2);
  Atomics.notify(request.flags, flagIndex.cancelled);
}

async function runCall(request: ThreadRequest): Promise<void> {
  let said: Saying;
  try {
    const context = contextOf(request);
    const fn: ThreadFunction = await threadFunction(request, context, tellSession);
    const value: unknown = await enterThread(context, () => fn(request.inputs, context));
    if (losesClass(value)) throw unreturned(request, describe(value));
    said = { kind: "returned", value };
  } catch (error) {
    said = { kind: "threw", thrown: pack(error, isOurs) };
  }
  try {
    say(request, said);
  } catch {
    // The value cannot be copied: only posting it can tell.
    const culprit = said.kind === "returned" ? findCulprit(said.value, "") : undefined;
    const what = culprit ? `${culprit.path === "" ? "" : `${culprit.path} `}${culprit.what}` : "it";
    say(request, { kind: "threw", thrown: pack(unreturned(request, what), isOurs) });
  }
}

function unreturned({ task }: ThreadRequest, what: string): TypeError {
  const error = new TypeError(
    `task ${task} returned what cannot leave its thread (${what}); return plain data: objects, arrays, Map, Set, Date, typed arrays`,
  );
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

function say({ id }: ThreadRequest, said: Saying): void {
  parentPort?.postMessage({ eagerdeckCall: id, ...said });
}

/** As `say`, for what is only told on the way. */
function sayOnTheWay(request: ThreadRequest, said: Saying): void {
  const unread = Atomics.add(request.flags, flagIndex.unread, 1) + 1;
  say(request, said);
  if (unread <= UNREAD_MAX || request === unheard) return;
  const waited = Atomics.wait(request.flags, flagIndex.unread, unread, WAIT_MS);
  if (waited === "timed-out") unheard = request;
}

/** A timer that a call left behind still speaks for it. */
function tellSession(item: unknown): void {
  const request = calls.getStore() ?? newest;
  if (request) sayOnTheWay(request, { kind: "session", item });
}

function contextOf(request: ThreadRequest): ThreadContext {
  let controller: AbortController | undefined;
  const { attempt, call, flags } = request;
  return {
    attempt,
    call,
    secrets: {
      get: (group, key) => {
        const secret = readSecret(group, key);
        sayOnTheWay(request, { kind: "secret", text: secret });
        return secret;
      },
    },
    checkpoint: UNREACHABLE,
    // Looked at each time it is read, for a loop that never waits hears of nothing.
    get signal() {
      controller ??= watchedSignal(flags);
      if (Atomics.load(flags, flagIndex.cancelled) === 1) controller.abort();
      return controller.signal;
    },
    deck: (name, ...given) =>
      deckHandle(name, given, (deck, content, mode, scripts) => {
        const bundle = contentBundle(content);
        sayOnTheWay(request, { kind: "deck", name: deck, bundle, mode, scripts });
      }),
    log: (...values) => sayOnTheWay(request, { kind: "log", text: format(...values) }),
    progress: (done, total, message) =>
      sayOnTheWay(request, { kind: "progress", done, total, message }),
  };
}

const UNREACHABLE: ThreadContext["checkpoint"] = {
  read: () => Promise.reject(noCheckpoint()),
  write: () => Promise.reject(noCheckpoint()),
};

function noCheckpoint(): TypeError {
  const message = "a task in a thread has no checkpoint: take the option thread away";
  return Object.defineProperty(new TypeError(message), "recoverable", { value: false });
}

function watchedSignal(flags: Int32Array): AbortController {
  const controller = new AbortController();
  const changed = Atomics.waitAsync(flags, flagIndex.cancelled, 0);
  const look = () => {
    if (Atomics.load(flags, flagIndex.cancelled) === 1) controller.abort();
  };
  if (changed.async) void changed.value.then(look);
  return controller;
}

/** What is printed here belongs to its call. */
function capture(stream: "stdout" | "stderr"): void {
  const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const request = calls.getStore() ?? newest;
    const text =
      typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8");
    if (request && text !== "") sayOnTheWay(request, { kind: "output", stream, text });
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  Object.defineProperty(process[stream], "write", {
    value: write,
    writable: true,
    configurable: true,
  });
}

const OURS = new URL(".", import.meta.url).href;

/** Whether a line of a stack is none of the user's. */
function isOurs(line: string): boolean {
  return line.includes(OURS) || line.includes("/node_modules/piscina/") || line.includes("(node:");
}
