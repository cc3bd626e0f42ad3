/**
 * The user process: runs cells and reports what happens.
 *
 * Knows nothing of Jupyter or of terminals: source text and interrupts come in, the items of
 * `protocol.ts` go out. Rendering is the reader's business.
 *
 * Invariants
 *   H1  Every cell that started ends exactly once, also when it throws, is interrupted or calls `process.exit`.
 *   H2  Every item names its cell. "The newest cell" is the answer only where no async context is left.
 *   H3  A dead front end leaves no orphan: `disconnect` ends this process, the control worker if it cannot.
 * @module
 */
import { fstatSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { RuntimeEvent } from "../../events/events.ts";
import { Records } from "../../events/records.ts";
import { setEarlierTags } from "../../flyte/tags.ts";
import { setCellCode } from "../../workflow/cell-code.ts";
import { numberCallsFrom, observe, setLocator } from "../../workflow/engine.ts";
import { onDefaultExecutor } from "../../workflow/executor.ts";
import { keepCalls } from "../../workflow/kept.ts";
import { needsTimeToLeave, stopAll } from "../../workflow/leaving.ts";
import { filesWereEdited } from "../../workflow/made.ts";
import { currentScope } from "../../workflow/run.ts";
import { setCodeSource } from "../../workflow/thread/code-source.ts";
import { renewThreads } from "../../workflow/thread/executor.ts";
import type { Request } from "../protocol.ts";
import { BuiltIns } from "./built-ins.ts";
import { CellModules } from "./cell-modules.ts";
import { Comms } from "./comms.ts";
import type { WorkerMessage } from "./control-worker.ts";
import { DeckHistory } from "./deck-history.ts";
import { DeckSettings } from "./deck-settings.ts";
import { Displays, installDisplays, type ShownItem, threadNames } from "./display.ts";
import { Evaluator } from "./evaluator.ts";
import { flagIndex, sharedFlags } from "./flags.ts";
import { GitState } from "./git-state.ts";
import { HeapWatch } from "./heap-watch.ts";
import { Interrupts, interruptedError } from "./interrupts.ts";
import { installLoader } from "./loader.ts";
import { ModuleGraph } from "./module-graph.ts";
import { endWith, Outbox } from "./outbox.ts";
import { captureOutput } from "./output.ts";
import { peek } from "./peek.ts";
import { installPrelude } from "./prelude.ts";
import { Questions } from "./questions.ts";
import { Remembered, reusePlan } from "./remember.ts";
import { SessionScope } from "./scope.ts";
import { Slicer } from "./slice.ts";
import { Stacks } from "./stack.ts";
import { takenUpTag } from "./taken-up.ts";

/** Values of calls that `deck.task(id)` can still give back. */
const KEPT_CALLS_MAX = 10_000;

const flags = sharedFlags();
const outbox = new Outbox((isWaiting) => {
  Atomics.store(flags, flagIndex.waiting, isWaiting ? 1 : 0);
  if (isWaiting) Atomics.notify(flags, flagIndex.waiting);
});
const heap = new HeapWatch((text) => notice("warning", text, evaluator?.fallbackCell()));
let evaluator: Evaluator | undefined;
let names: SessionScope | undefined;
let builtIns: BuiltIns | undefined;
let comms: Comms | undefined;
const questions = new Questions(outbox, () => evaluator?.fallbackCell());
let marker = "";
/** Set when the front end asked us to end: then nobody has to be told. */
let isLeaving = false;

captureOutput(
  (event) => report(event, event.cell),
  () => evaluator?.fallbackCell(),
);

function report(event: RuntimeEvent, cell: number | undefined): void {
  outbox.add({ kind: "event", ...(cell === undefined ? {} : { cell }), event });
}

function notice(level: "info" | "warning", text: string, cell: number | undefined): void {
  outbox.add({ kind: "notice", ...(cell === undefined ? {} : { cell }), level, text });
}

/** Listeners that the session lives on; `process.removeAllListeners()` in a cell takes all of them away. */
const lifelines: [event: string, listener: (...args: never[]) => void][] = [];

function listen(event: string, listener: (...args: never[]) => void): void {
  lifelines.push([event, listener]);
  process.on(event, listener as NodeJS.ExitListener);
}

/** Node's channel, third of the descriptors that the client gives. */
const CHANNEL_FD = 3;
const { nextTick } = process;
/** Node's own, by which it begins to listen for a signal when somebody asks for it. */
const signalStarters = process.rawListeners("newListener");

/** After each cell: a process without listeners would end, and take the session along. */
function keepListening(): void {
  // Node's own channel uses it: without it no request arrives any more.
  if (process.nextTick !== nextTick) {
    process.nextTick = nextTick;
    notice("warning", "the session needs process.nextTick: it is back", evaluator?.fallbackCell());
  }
  try {
    fstatSync(CHANNEL_FD);
  } catch {
    endWith(`file descriptor ${CHANNEL_FD} was closed, by which cells are sent to it`);
  }
  for (const starter of signalStarters) {
    if (!process.rawListeners("newListener").includes(starter)) {
      process.on("newListener", starter as NodeJS.ExitListener);
    }
  }
  for (const [event, listener] of lifelines) {
    if (!process.rawListeners(event as "exit").includes(listener)) {
      process.on(event, listener as NodeJS.ExitListener);
    }
  }
  // Node counts listeners to decide whether the channel keeps the process alive; that count went with them.
  process.channel?.ref();
}

// From the first message on; what came before it cannot have been for us.
listen("message", (request: Request) => {
  switch (request.kind) {
    case "init":
      start(request);
      return;
    case "execute":
      execute(request);
      return;
    case "evaluate":
      void evaluate(request);
      return;
    case "peek":
      answerPeek(request);
      return;
    case "comm":
      comms?.receive(request.cell, request.message);
      return;
    case "input-reply":
      questions.answered(request.id, request.answer);
      return;
    case "shutdown":
      isLeaving = true;
      void leave();
      return;
    default:
      request satisfies never;
  }
});

// The channel is IPC's own: when it closes the front end is gone.
listen("disconnect", () => {
  isLeaving = true;
  process.exit(0);
});

// Ctrl-C reaches the whole foreground group of a terminal; what it means is the front end's decision.
listen("SIGINT", () => undefined);

const GIT_AFTER_MS = 300;
const LEAVE_MS = 8_000;

function start(init: Extract<Request, { kind: "init" }>): void {
  marker = init.marker;
  process.chdir(init.folder);
  const stacks = new Stacks(init.folder);
  const interrupts = new Interrupts(flags, () => outbox.flush());
  const scope = new SessionScope();
  names = scope;
  const displays = new Displays({
    send: (item) => outbox.add(item),
    columns: init.columns,
    fallbackCell: () => evaluator?.fallbackCell(),
  });
  const modules = new ModuleGraph({ stacks, notice });
  stacks.install();
  reportExit(stacks);
  // After all that is ours, so that ours is what comes back.
  const kept = new BuiltIns((labels) => {
    const text = `the session itself needs what was replaced; the built-ins are back: ${labels}`;
    notice("warning", text, evaluator?.fallbackCell());
  });
  builtIns = kept;
  const slicer = new Slicer(scope, init.folder, threadNames(displays));
  const cellModules = new CellModules({
    ...{ slicer, scope, folder: init.folder, session: threadNames(displays) },
    label: (file) => stacks.labelOf(file),
  });
  setCellCode(cellModules);
  const own = new Evaluator({
    ...init,
    ...{
      scope,
      stacks,
      interrupts,
      displays,
      modules,
      notice,
      builtIns: kept,
      slicer,
      cellModules,
    },
  });
  evaluator = own;
  const fallbackCell = () => own.fallbackCell();
  const channels = new Comms({ outbox, stacks, interrupts, fallbackCell });
  comms = channels;
  installDisplays(displays);
  reportLateFailures(stacks);

  const records = new Records();
  numberCallsFrom(init.firstCall);
  keepCalls(KEPT_CALLS_MAX);
  setLocator(() => stacks.here());
  const sourceOf = own.sourceOf.bind(own);
  const remembered = new Remembered({
    ...{ folder: init.folder, session: init.session, records, sourceOf },
    notice: (text) => notice("warning", text, own.fallbackCell()),
  });
  listen("exit", () => remembered.close());
  setEarlierTags((run) =>
    takenUpTag(run, {
      ...{ history: remembered.history, sourceOf },
      notice: (text, cell) => notice("info", text, cell),
    }),
  );
  const git = new GitState(init.folder);
  // Not in the way of the first cell.
  setTimeout(() => void git.refresh(), GIT_AFTER_MS).unref();
  observe((event) => {
    const told = event.kind === "run-started" ? { ...event, ...git.told } : event;
    records.apply(told);
    report(told, records.run(told.runId)?.cell);
    remembered.event(told);
    if (event.kind === "run-ended") void git.refresh();
  });
  onDefaultExecutor((executor) => {
    const cell = currentScope()?.run.cell ?? own.fallbackCell();
    const name = executor && (executor.name ?? executor.where);
    outbox.add({
      kind: "default-remote",
      ...(cell !== undefined && { cell }),
      ...(name !== undefined && { name }),
    });
  });
  installPrelude({
    scope,
    evaluator: own,
    displays,
    comms: channels,
    questions,
    history: new DeckHistory({
      settings: new DeckSettings((inline) => {
        const cell = currentScope()?.run.cell ?? own.fallbackCell();
        outbox.add({ kind: "deck-settings", ...(cell === undefined ? {} : { cell }), inline });
      }),
      ...{ records, session: init.session, sourceOf, reusePlan },
      history: remembered.history,
      again: (source, options) => own.again(source, options),
    }),
    folder: init.folder,
  });

  // Local modules find their checks here; hidden from whoever lists the globals.
  Object.defineProperty(globalThis, Symbol.for("eagerdeck.checks"), {
    value: {
      $i: interrupts.flags,
      $x: {
        interrupted: () => interrupts.check(),
        began: (path: string, version: number) => modules.began(path, version),
        done: (path: string, version: number) => modules.done(path, version),
      },
    },
  });
  installLoader(stacks, modules);
  const { onChanged } = modules;
  modules.onChanged = (paths) => {
    filesWereEdited();
    onChanged(paths);
    renewThreads();
  };
  setCodeSource({
    code: (definition, file) => slicer.code(definition, file),
    locate: (stack) => stacks.located(stack),
    // Our own module in the thread says it.
    hear: (item) => displays.relay(item as ShownItem),
    preload: {
      url: new URL("./thread-loader.js", import.meta.url).href,
      data: { folder: init.folder, columns: init.columns },
    },
  });
  const worker = new Worker(new URL("./control-worker.js", import.meta.url), {
    workerData: { flags },
    stdin: false,
  });
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "ping") interrupts.tick();
    else if (message.kind === "terminated") own.terminated(message.cell);
    else interrupts.interrupt(message.cell);
  });
  worker.unref();
  outbox.add({ kind: "ready", pid: process.pid, node: process.versions.node });
  outbox.flush();
}

/** What runs on a cluster for this process is stopped first. */
async function leave(): Promise<void> {
  if (needsTimeToLeave()) {
    outbox.add({ kind: "leaving" });
    outbox.flush();
    await stopAll(interruptedError("the session ended"), LEAVE_MS);
  }
  process.exit(0);
}

function execute(request: Extract<Request, { kind: "execute" }>): void {
  if (!evaluator) throw new Error("execute before init");
  heap.began();
  evaluator.execute(request, (settled) => {
    surely(keepListening);
    surely(() => heap.ended());
    surely(() => {
      outbox.add({ kind: "settled", settled });
      outbox.flush();
    });
    surely(() => mark(request.cell));
  });
}

/** As `BuiltIns.surely`. */
function surely(work: () => void): void {
  if (builtIns) builtIns.surely(work);
  else work();
}

async function evaluate(request: Extract<Request, { kind: "evaluate" }>): Promise<void> {
  if (!evaluator) throw new Error("evaluate before init");
  const result = await evaluator.evaluate(request.expression, -request.id);
  outbox.add({ kind: "evaluated", id: request.id, ...result });
  outbox.flush();
}

function answerPeek({ id, path }: Extract<Request, { kind: "peek" }>): void {
  const peeked = names && peek(path, names);
  outbox.add({ kind: "peeked", id, ...(peeked ? { peeked } : {}) });
  outbox.flush();
}

/** Tells the client, on fds 1 and 2, that all raw output of the cell came before this. */
function mark(cell: number): void {
  for (const fd of [1, 2]) {
    try {
      writeSync(fd, `${marker}${cell}\n`);
    } catch {
      // A cell closed the descriptor: the client waits 50 ms instead, and its own pipe tells it the same.
    }
  }
}

/** Rejections and exceptions that nobody caught: shown in their cell, survived by the session. */
function reportLateFailures(stacks: Stacks): void {
  const onFailure = (error: unknown) => surely(() => tell(error));
  const tell = (error: unknown) => {
    const cell = currentScope()?.run.cell ?? stacks.cellOf(error) ?? evaluator?.fallbackCell();
    outbox.add({
      kind: "uncaught",
      ...(cell === undefined ? {} : { cell }),
      error: stacks.cellError(error),
    });
    outbox.flush();
  };
  listen("uncaughtException", onFailure);
  listen("unhandledRejection", onFailure);
}

/** A cell may end the process; its last words and its place get out first. */
function reportExit(stacks: Stacks): void {
  const exit = process.exit.bind(process);
  let where: string | undefined;
  process.exit = (code?: number | string | null): never => {
    const here = stacks.here();
    if (here) where = `${here.file}:${here.line}:${here.column}`;
    try {
      return exit(code ?? process.exitCode ?? 0);
    } catch (error) {
      // A listener of the cell's threw: the process would live on, but Node runs no ticks any more.
      endWith(`a listener of process.on("exit") threw: ${String(error)}`);
      throw error;
    }
  };
  listen("exit", (code: number) => {
    const cell = currentScope()?.run.cell ?? evaluator?.fallbackCell();
    if (!isLeaving) {
      outbox.add({
        kind: "exiting",
        code,
        ...(cell === undefined ? {} : { cell }),
        ...(where ? { where } : {}),
      });
    }
    outbox.flush();
  });
}
