/**
 * Runs tasks in worker threads, for work that keeps a processor busy.
 *
 * Invariants
 *   T1  What cannot go into a thread is refused, by name, before anything runs.
 *   T2  Inputs and values of the session are those of the moment of the call, also when it waits for a thread.
 *   T3  A cancelled call ends its thread if the function does not end by itself; no other call notices.
 *   T4  A thread that ends on its own fails its call with `THREAD_FAILED`, and the next call gets a new thread.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { addSecret } from "../../values/redact.ts";
import type { TaskContext } from "../context.ts";
import type { Definition } from "../definition.ts";
import { EagerException } from "../errors.ts";
import type { Executor } from "../executor.ts";
import { codeSource, refusal } from "./code-source.ts";
import { type Culprit, findCulprit } from "./copyable.ts";
import { flagIndex, type ThreadCode, type ThreadMessage, type ThreadRequest } from "./messages.ts";
import { originOf } from "./origin.ts";
import { holdProcess, letProcessEnd, ThreadPool } from "./pool.ts";
import { unpack } from "./travelling.ts";

/** What a cancelled function has to end by itself, with its `finally` blocks, before its thread is ended. */
const GRACE_MS = 100;

type Inputs = Readonly<Record<string, unknown>>;

let nextId = 1;
let pool: ThreadPool | undefined;
let opening: Promise<ThreadPool> | undefined;

/** In worker threads of this process. */
export const threadExecutor: Executor = {
  where: "thread",
  run: ({ definition }, inputs, context) => runInThread(definition, inputs, context),
};

/** Calls from now on get new threads: files that the old ones have loaded are changed. */
export function renewThreads(): void {
  void opening?.then((old) => old.retire());
  pool = undefined;
  opening = undefined;
}

/** Until the call is in its thread or waits for one nothing here awaits: values are read as they are now (T2). */
function runInThread(
  definition: Definition,
  inputs: Inputs,
  context: TaskContext,
): Promise<unknown> {
  const { name } = definition;
  const given = request(definition, inputs, context);
  const copied = pool?.hasIdleThread ? given : copy(name, given);
  const call = new ThreadCall(name, context, given.flags);
  if (pool) {
    call.start(pool, copied);
  } else {
    opening ??= open();
    opening.then(
      (threads) => call.start(threads, copied),
      (error) => call.fail(error),
    );
  }
  return call.promise;
}

function open(): Promise<ThreadPool> {
  const opened = ThreadPool.open().then((threads) => {
    // Unless files changed meanwhile: then it is for those that wait for it.
    if (opening === opened) pool = threads;
    return threads;
  });
  return opened;
}

/** One call from here to its thread's end. */
class ThreadCall {
  readonly promise: Promise<unknown>;
  readonly #name: string;
  readonly #context: TaskContext;
  readonly #flags: Int32Array;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #isSettled = false;
  /** Output and logs of the thread belong to the call, whoever is heard. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  readonly #ended = new AbortController();
  #grace: NodeJS.Timeout | undefined;

  constructor(name: string, context: TaskContext, flags: Int32Array) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#name = name;
    this.#context = context;
    this.#flags = flags;
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    holdProcess();
  }

  start(threads: ThreadPool, request: ThreadRequest): void {
    const { signal } = this.#context;
    signal.addEventListener("abort", this.#cancel, { once: true });
    if (signal.aborted) this.#cancel();
    threads.take(() => {
      if (signal.aborted) {
        this.#done();
        threads.release();
        return;
      }
      const forget = () => threads.forget(request.id);
      threads
        .run(request, this.#ended.signal, (message) => this.#hear(message))
        .then(
          () => {
            this.#done();
            // What the thread said last may still be on its way.
            this.promise.then(forget, forget);
          },
          (error: unknown) => {
            this.#done();
            this.fail(failure(error, this.#name, request, this.#context));
            forget();
          },
        );
    });
  }

  fail(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    letProcessEnd();
    how();
  }

  #done(): void {
    clearTimeout(this.#grace);
    this.#context.signal.removeEventListener("abort", this.#cancel);
  }

  /** The function hears of it, and gets a moment for its `finally` blocks (T3). */
  readonly #cancel = (): void => {
    this.fail(this.#context.signal.reason);
    Atomics.store(this.#flags, flagIndex.cancelled, 1);
    Atomics.notify(this.#flags, flagIndex.cancelled);
    this.#grace = setTimeout(() => this.#ended.abort(), GRACE_MS);
  };

  #hear(message: ThreadMessage): void {
    switch (message.kind) {
      case "returned":
        return this.#settle(() => this.#resolve(message.value));
      case "threw":
        return this.fail(unpack(message.thrown, located));
      default:
        Atomics.sub(this.#flags, flagIndex.unread, 1);
        Atomics.notify(this.#flags, flagIndex.unread);
        return this.#inContext(tell, message, this.#context);
    }
  }
}

type Told = Exclude<ThreadMessage, { readonly kind: "returned" | "threw" }>;

function tell(message: Told, context: TaskContext): void {
  switch (message.kind) {
    case "log":
      return context.log("%s", message.text);
    case "progress":
      return context.progress(message.done, message.total, message.message);
    case "deck": {
      const { name, bundle, mode, scripts } = message;
      const deck = context.deck(name, bundle, { scripts });
      if (mode === "set") deck.set(bundle);
      return;
    }
    case "secret":
      addSecret(message.text);
      return;
    case "session":
      codeSource()?.hear(message.item);
      return;
    case "output":
      process[message.stream].write(message.text);
      return;
    default:
      message satisfies never;
  }
}

function located(stack: string): string {
  return codeSource()?.locate(stack) ?? stack;
}

/** @throws {TypeError} T1 */
function request(definition: Definition, inputs: Inputs, context: TaskContext): ThreadRequest {
  return {
    id: nextId++,
    task: definition.name,
    code: codeOf(definition),
    inputs,
    attempt: context.attempt,
    call: context.call,
    flags: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
    preload: codeSource()?.preload,
  };
}

function codeOf(definition: Definition): ThreadCode {
  const file = originOf(definition.fn);
  const code = codeSource()?.code(definition, file);
  if (code) return code;
  if (file?.startsWith("file:")) return { kind: "module", url: file };
  const where = file === undefined ? "nobody knows where it was made" : `it was made in ${file}`;
  throw refusal(definition.name, `${where}, which no thread can import; put it into a file`);
}

/** @throws {TypeError} T1 */
function copy(task: string, request: ThreadRequest): ThreadRequest {
  const { code, inputs } = request;
  try {
    const copied = structuredClone(inputs);
    if (code.kind === "module") return { ...request, inputs: copied };
    return {
      ...request,
      inputs: copied,
      code: { ...code, values: structuredClone(code.values) },
    };
  } catch (error) {
    throw uncopied(task, request, error);
  }
}

/** What ended the thread, or why the call never reached it. */
function failure(
  error: unknown,
  task: string,
  request: ThreadRequest,
  context: TaskContext,
): unknown {
  if (error instanceof DOMException && error.name === "DataCloneError") {
    return uncopied(task, request, error);
  }
  return new EagerException("THREAD_FAILED", `the thread of ${task} ${howItEnded(error)}`, {
    kind: "system",
    task,
    callId: context.call.id,
    attempts: context.attempt,
    cause: error,
  });
}

function howItEnded(error: unknown): string {
  const { code, message, name } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "ran out of memory";
  const exit = /^worker exited with code: (\d+)$/.exec(message ?? "")?.[1];
  if (exit !== undefined) return `ended before the task did, with exit code ${exit}`;
  return `ended by an error that nobody caught: ${name === undefined ? String(error) : `${name}: ${message}`}`;
}

function uncopied(task: string, { code, inputs }: ThreadRequest, error: unknown): TypeError {
  for (const [name, value] of Object.entries(inputs)) {
    const culprit = findCulprit(value, name);
    if (culprit) {
      return refusal(
        task,
        `its input \`${culprit.path}\` is ${culprit.what}, which cannot be copied; give the data it is made of, and make it inside the function`,
      );
    }
  }
  for (const [name, value] of Object.entries(code.kind === "slice" ? code.values : {})) {
    const culprit = findCulprit(value, name);
    if (culprit) return refusal(task, usesUncopiable(culprit, "it"));
  }
  return refusal(task, String(error));
}

/** @param subject who uses it: `it`, `its function add`. */
export function usesUncopiable({ path, what }: Culprit, subject: string): string {
  return `${subject} uses \`${path}\` (${what}), which cannot be copied; pass the data as an input or create it inside the function`;
}
