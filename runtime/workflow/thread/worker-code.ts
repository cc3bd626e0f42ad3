/**
 * How a thread comes to the function of a call: out of its module, or out of pieces of cells.
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import type { TaskContext } from "../context.ts";
import { currentContext } from "../context.ts";
import { html, md } from "../deck-content.ts";
import { EagerException } from "../errors.ts";
import { localExecutor } from "../executor.ts";
import { group } from "../group.ts";
import type { LiveCall } from "../live-call.ts";
import { mapTask } from "../map-task.ts";
import { Run } from "../run.ts";
import { Scope, scopes } from "../scope.ts";
import { refuseCalls } from "../start.ts";
import { eager, task } from "../task.ts";
import { workflow } from "../workflow.ts";
import { refusal } from "./code-source.ts";
import type {
  Piece,
  Preload,
  Prepared,
  SliceName,
  TellSession,
  ThreadCode,
  ThreadRequest,
} from "./messages.ts";
import { keepMade, madeIn } from "./origin.ts";

export type ThreadContext = TaskContext;
export type ThreadFunction = (
  inputs: Readonly<Record<string, unknown>>,
  context: TaskContext,
) => unknown;
type Slice = Extract<ThreadCode, { kind: "slice" }>;
type Names = Record<string, unknown>;

keepMade();
refuseCalls((name) => {
  const scope = scopes.getStore();
  if (!(scope instanceof ThreadScope)) {
    calledByModule ??= name;
    return new CalledByModule(name);
  }
  const task = scope.context.call.name;
  const why = `it calls ${name}, and calls are tracked in the main thread only; make ${task} an eager workflow, or use the bare function, ${name}.fn(…)`;
  return refusal(task, why);
});
// The program goes no further than its first call, also where it does not wait for what it starts.
process.on("unhandledRejection", (error) => {
  if (!(error instanceof CalledByModule)) throw error;
});

/** @throws whatever a module throws while it is loaded; TypeError when the function is not found. */
export async function threadFunction(
  request: ThreadRequest,
  context: TaskContext,
  tell: TellSession,
): Promise<ThreadFunction> {
  const { code, task: name, preload } = request;
  const session = preload && needsLoader(code) ? await prepared(preload, tell) : undefined;
  const fn =
    code.kind === "module"
      ? await fromModule(code.url, name)
      : await fromSlice(code, { name, context, session });
  if (!session) return fn;
  return async (inputs, given) => {
    try {
      return await fn(inputs, given);
    } finally {
      await session.settled();
    }
  };
}

/** Runs `fn` where `currentContext()` is the one of the call. */
export function enterThread<T>(context: TaskContext, fn: () => T): T {
  return scopes.run(new ThreadScope(context), fn);
}

/** Thrown where a module calls a task; Node gives it again to whoever imports the module later. */
class CalledByModule extends Error {
  readonly called: string;

  constructor(called: string) {
    super(`no tracked call can be made while a thread loads a module: ${called}`);
    this.called = called;
  }
}

/** The first task that a module has called since it is loaded, whether or not it went on after that. */
let calledByModule: string | undefined;
/** By URL: what modules call that are programs. */
const programs = new Map<string, string>();

const run = new Run({ title: "thread" });

class ThreadScope extends Scope {
  override readonly run = run;
  override readonly executor = localExecutor;
  override readonly limiter = undefined;
  readonly context: TaskContext;

  constructor(context: TaskContext) {
    super();
    this.context = context;
  }

  // `currentContext` is the only one that looks: calls are refused before they ask for their owner (W1).
  override get call(): LiveCall {
    return this as unknown as LiveCall;
  }

  protected override idle(): void {
    // It never has children.
  }
}

// ── modules ─────────────────────────────────────────────────────────────────────────────────────

async function fromModule(url: string, name: string): Promise<ThreadFunction> {
  calledByModule = undefined;
  try {
    await import(url);
  } catch (error) {
    if (!(error instanceof CalledByModule)) throw error;
    calledByModule = error.called;
  }
  if (calledByModule !== undefined) programs.set(url, calledByModule);
  const called = programs.get(url);
  if (called !== undefined) {
    throw refusal(
      name,
      `a thread loads ${url}, and its top level calls ${called}, which would run the program a second time; put the calls behind if (import.meta.main) { … }`,
    );
  }
  const fn = madeIn(url, name);
  if (fn) return fn as ThreadFunction;
  throw refusal(
    name,
    `a thread that loads ${url} finds no task of that name; define it at the top level of a module`,
  );
}

let preparing: Promise<Prepared> | undefined;

function prepared({ url, data }: Preload, tell: TellSession): Promise<Prepared> {
  preparing ??= import(url).then(
    (module: { prepare(data: unknown, tell: TellSession): Prepared }) => module.prepare(data, tell),
  );
  return preparing;
}

/** The loader takes longer to load than most slices to run. */
function needsLoader(code: ThreadCode): boolean {
  if (code.kind === "module") return true;
  const loads = (name: SliceName) =>
    name.kind === "import" ||
    name.kind === "require" ||
    name.kind === "session" ||
    ("piece" in name && isLoading(name.piece));
  return isLoading(code.root) || Object.values(code.names).some(loads);
}

function isLoading({ text }: Piece): boolean {
  return /\bimport\b/.test(text);
}

// ── slices ──────────────────────────────────────────────────────────────────────────────────────

interface Slicing {
  /** Of the task. */
  readonly name: string;
  readonly context: TaskContext;
  readonly session: Prepared | undefined;
}

async function fromSlice(
  code: Slice,
  { name, context, session }: Slicing,
): Promise<ThreadFunction> {
  const names: Names = Object.assign(Object.create(missing), code.values);
  const support = supportOf(names, code.folder);
  for (const [key, slice] of Object.entries(code.names)) {
    const define = (get: () => unknown) =>
      // A name that the code assigns is refused before; a class may be read while another one is made.
      Object.defineProperty(names, key, { get: once(get), enumerable: true, configurable: true });
    switch (slice.kind) {
      case "code":
        define(() => evaluate(slice.piece, names, support));
        break;
      case "fn":
        define(() => bareTask(name, key, evaluate(slice.piece, names, support)));
        break;
      case "import":
        names[key] = await imported(slice, code.folder);
        break;
      case "own":
        names[key] = await ownExport(slice.exported, context);
        break;
      case "signal":
        Object.defineProperty(names, key, { get: () => context.signal });
        break;
      case "session":
        names[key] = session?.names[slice.name];
        break;
      case "require":
        names[key] = createRequire(join(code.folder, "__eagerdeck.ts"));
        break;
      default:
        slice satisfies never;
    }
  }
  const fn = evaluate(code.root, names, support);
  if (typeof fn !== "function") throw refusal(name, "its code is no function");
  return fn as ThreadFunction;
}

const OWN: Readonly<Record<string, unknown>> = {
  currentContext,
  EagerException,
  task,
  eager,
  workflow,
  mapTask,
  group,
  html,
  md,
};

async function ownExport(name: string, context: TaskContext): Promise<unknown> {
  if (name === "z") return await schemas();
  if (name === "Duration") return (await import("../../types/duration.ts")).Duration;
  if (name !== "Deck") return OWN[name];
  // What it makes belongs to the call, which lives in the main thread.
  const make: TaskContext["deck"] = (...given) => context.deck(...given);
  return Object.assign(make, { html, md });
}

async function schemas(): Promise<unknown> {
  const { z } = await import("zod");
  return z;
}

/** A task of which only the bare function came along. */
function bareTask(task: string, name: string, fn: unknown): unknown {
  const refuse = () => {
    throw refusal(task, `it calls ${name}; use the bare function, ${name}.fn(…)`);
  };
  return Object.assign(refuse, { fn });
}

const imports = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

/** The same statement gives the same module for as long as the thread lives. */
async function imported(
  { load, exported }: Extract<SliceName, { kind: "import" }>,
  folder: string,
): Promise<unknown> {
  let loading = imports.get(load);
  if (!loading) {
    const filename = join(folder, "__eagerdeck.ts");
    const script = new Script(`(${load})`, { filename, importModuleDynamically: LOADER });
    loading = script.runInThisContext()() as Promise<Readonly<Record<string, unknown>>>;
    imports.set(load, loading);
  }
  const module = await loading;
  if (exported === "*" || exported in module) return exported === "*" ? module : module[exported];
  // A CommonJS package whose export names Node could not see from its text.
  const fallback = module["default"];
  return typeof fallback === "object" && fallback !== null
    ? Reflect.get(fallback, exported)
    : undefined;
}

const LOADER = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
/** Compiled pieces, by text and place: a thread runs the same ones again and again. */
const compiled = new Map<string, (...given: unknown[]) => unknown>();
const COMPILED_MAX = 1_000;

/** Makes the piece's function or class anew: what it keeps is the call's own. */
function evaluate(piece: Piece, names: Names, support: object): unknown {
  const { file, line, column, text } = piece;
  const key = `${file}:${line}:${column}:${piece.name}:${text}`;
  let factory = compiled.get(key);
  if (!factory) {
    const parameters = [...piece.segments, piece.support, piece.flags].join(",");
    const [before, after] = piece.isMethod
      ? ["Object.values({", "})[0]"]
      : [`({${JSON.stringify(piece.name)}:`, `})[${JSON.stringify(piece.name)}]`];
    const head = `(function(${parameters}){"use strict";return(${before}`;
    // On a line of its own, at its own column: positions in stacks are those in the cell.
    const script = new Script(`${head}\n${" ".repeat(column - 1)}${text}\n${after})})`, {
      filename: file,
      lineOffset: line - 2,
      importModuleDynamically: LOADER,
    });
    const made: (...given: unknown[]) => unknown = script.runInThisContext();
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(key, made);
    factory = made;
  }
  return factory(...piece.segments.map(() => names), support, NO_FLAGS);
}

const NO_FLAGS = new Int32Array(2);

/** What the checks and helpers of compiled cells are in a thread. */
function supportOf(names: Names, folder: string): object {
  const file = join(folder, "__eagerdeck.ts");
  return {
    interrupted: () => undefined,
    maybe: new Proxy(names, {
      get: (from, name) => (Object.hasOwn(from, name) ? Reflect.get(from, name) : undefined),
    }),
    undeclared: new Proxy(names, {
      set: (_, name) => {
        throw new ReferenceError(`${String(name)} is not defined`);
      },
    }),
    constant: new Proxy(names, {
      set: (_, name) => {
        throw new TypeError(`Assignment to constant variable '${String(name)}'.`);
      },
    }),
    meta: {
      url: pathToFileURL(file).href,
      filename: file,
      dirname: folder,
      main: false,
      resolve: (specifier: string) => pathToFileURL(createRequire(file).resolve(specifier)).href,
    },
  };
}

/** As in the session: a name that nobody declared is an error when it is read. */
const missing: object = new Proxy(Object.create(null), {
  get: (_, name) => {
    if (typeof name !== "string") return undefined;
    if (name in globalThis) return Reflect.get(globalThis, name);
    throw new ReferenceError(`${name} is not defined`);
  },
});

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
