/**
 * Runs a cell: compile → evaluate in its own run → value → settled.
 *
 * Invariants
 *   V1  Every cell that started settles exactly once, also when it throws or is interrupted.
 *   V2  What a cell published stays published when it fails half-way; what it did not reach does not exist.
 *   V3  Late failures belong to the cell of their async context; the process survives them.
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { declaredTypesOf } from "../../types/declared-types.ts";
import { displayBundle } from "../../values/bundle.ts";
import { hasOwnSecrets, redactText } from "../../values/redact.ts";
import type { MimeBundle } from "../../values/shape.ts";
import { currentScope, type Reuse, Run } from "../../workflow/run.ts";
import type { CellError } from "../cell-error.ts";
import type { HostSettled, Published } from "../protocol.ts";
import type { BuiltIns } from "./built-ins.ts";
import type { CellModules } from "./cell-modules.ts";
import { type Compiled, type CompiledCell, compileCell, compileEval } from "./compile.ts";
import { compilerOptionsOf } from "./compiler-options.ts";
import { type Displays, isDisplayHandle } from "./display.ts";
import { type Interrupts, interruptedError } from "./interrupts.ts";
import { jsxFactory, jsxFragment } from "./jsx.ts";
import type { ImportRecord, ModuleGraph, Namespace } from "./module-graph.ts";
import type { SessionScope } from "./scope.ts";
import type { Slicer } from "./slice.ts";
import type { Stacks } from "./stack.ts";

// Kept from the start: a cell may replace the global, and the next one has to run all the same.
const { Promise: IntrinsicPromise } = globalThis;

export interface CellRequest {
  readonly cell: number;
  readonly n?: number;
  readonly cellId?: string;
  readonly source: string;
}

/** What `cells[n]` tells of a cell. */
export interface CellFacts {
  readonly source: string;
  status: "running" | HostSettled["status"];
  durationMs: number;
  result: unknown;
}

/** What the run of a source that runs again is called, and what it takes from before. */
export interface AgainOptions {
  readonly title: string;
  readonly n?: number;
  readonly cellId?: string;
  readonly linkedTo: string;
  readonly reuse: Reuse;
}

/** Sources that run again have numbers far from those of cells and of expressions. */
const FIRST_AGAIN = -1_000_000_000;
/** Sources of the newest cells: a run that begins late still finds its own. */
const SOURCES_MAX = 1_000;

export interface EvaluatorOptions {
  readonly folder: string;
  readonly columns: number;
  readonly scope: SessionScope;
  readonly stacks: Stacks;
  readonly interrupts: Interrupts;
  readonly displays: Displays;
  readonly modules: ModuleGraph;
  readonly builtIns: BuiltIns;
  /** Cuts what tasks in threads need out of cells. */
  readonly slicer: Slicer;
  readonly cellModules: CellModules;
  readonly notice: (level: "info" | "warning", text: string, cell: number | undefined) => void;
}

/** The value of the last expression, before anyone looked at it. */
type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown; readonly interrupted: boolean };

/** How a cell ended, before it is told. */
interface Ended {
  readonly status: HostSettled["status"];
  readonly value?: MimeBundle;
  readonly error?: CellError;
  readonly result?: unknown;
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #require: NodeJS.Require;
  readonly #meta: object;
  /** Running cells, oldest first. */
  readonly #running = new Map<
    number,
    {
      readonly run: Run;
      readonly end: (ended: Ended) => void;
      readonly published: Map<string, Published>;
    }
  >();
  #lastCell: number | undefined;
  readonly #sources = new Map<number, string>();
  readonly #againSources = new Map<string, string>();
  #againCount = 0;
  readonly cells: Record<number, CellFacts> = {};
  readonly #now = performance.now.bind(performance);

  constructor(options: EvaluatorOptions) {
    this.#options = options;
    const here = join(options.folder, "__eagerdeck.ts");
    this.#require = createRequire(here);
    this.#meta = {
      url: pathToFileURL(here).href,
      dirname: options.folder,
      filename: here,
      main: false,
      resolve: (specifier: string) => pathToFileURL(this.#require.resolve(specifier)).href,
    };
  }

  get require(): NodeJS.Require {
    return this.#require;
  }

  /** The cell that text without an async context belongs to: the oldest running one, else the last. */
  fallbackCell = (): number | undefined => {
    for (const cell of this.#running.keys()) return cell;
    return this.#lastCell;
  };

  /**
   * Runs a cell to its end and tells it once. By a callback, not by a promise: when the thread is torn from the
   * cell (`terminated`), the frames of whoever called are torn down with it and await nothing any more.
   */
  execute(request: CellRequest, onSettled: (settled: HostSettled) => void): void {
    // What comes before the cell's own code can fail of what an earlier cell replaced.
    this.#options.builtIns.surely(() => this.#begin(request, onSettled));
  }

  #begin(request: CellRequest, onSettled: (settled: HostSettled) => void): void {
    const { builtIns } = this.#options;
    const startedAt = this.#now();
    const label = request.n === undefined ? `In [c${request.cell}]` : `In [${request.n}]`;
    const facts: CellFacts = {
      source: request.source,
      status: "running",
      durationMs: 0,
      result: undefined,
    };
    if (request.n !== undefined) this.cells[request.n] = facts;
    const published = new Map<string, Published>();
    const run = new Run({
      title: label,
      cell: request.cell,
      ...(request.n === undefined ? {} : { n: request.n }),
      ...(request.cellId === undefined ? {} : { cellId: request.cellId }),
    });
    let isEnded = false;
    const end = (ended: Ended): void => {
      if (isEnded) return;
      isEnded = true;
      builtIns.surely(() => this.#running.delete(request.cell));
      this.#lastCell = request.cell;
      facts.status = ended.status;
      facts.durationMs = this.#now() - startedAt;
      facts.result = ended.result;
      const settled = builtIns.surely(() => ({
        cell: request.cell,
        status: ended.status,
        ...(ended.value ? { value: ended.value } : {}),
        ...(showsSecret(ended.value) ? { hasSecret: true } : {}),
        ...(ended.error ? { error: ended.error } : {}),
        published: [...published.values()].map((one) => this.#withTypes(one)),
        ...(run.isAnnounced ? { runId: run.id } : {}),
        durationMs: facts.durationMs,
      }));
      onSettled(settled);
    };
    this.#running.set(request.cell, { run, end, published });
    this.#lastCell = request.cell;
    keepNewest(this.#sources, request.cell, request.source);
    void this.#finish(request, label, run, published, end);
  }

  /** What may be assigned to later keeps the type of its declaration. */
  #withTypes({ name, kind }: Published): Published {
    const types = kind === "const" ? declaredTypesOf(this.#options.scope.get(name)) : undefined;
    return { name, kind, ...(types && { types }) };
  }

  /** Whatever goes wrong on our side, also because the cell replaced what we need, is how the cell ended. */
  async #finish(
    request: CellRequest,
    label: string,
    run: Run,
    published: Map<string, Published>,
    end: (ended: Ended) => void,
  ): Promise<void> {
    let ended: Ended;
    try {
      ended = await this.#run(request, label, run, published);
    } catch (error) {
      ended = ourBug(error, this.#options.builtIns.putBack());
    }
    end(ended);
  }

  /**
   * JavaScript of the interrupted cells was stopped from outside: what they were doing never returns.
   * Their runs are aborted already, or are now.
   */
  terminated(cell: number): void {
    const { interrupts, stacks } = this.#options;
    interrupts.interrupt(cell);
    for (const dead of interrupts.deadCells()) {
      interrupts.returned(dead);
      const running = this.#running.get(dead);
      if (!running) continue;
      const { reason } = running.run.signal;
      void running.run.end("interrupted", reason);
      running.end({ status: "interrupted", error: stacks.cellError(reason) });
    }
  }

  async #run(
    request: CellRequest,
    label: string,
    run: Run,
    published: Map<string, Published>,
  ): Promise<Ended> {
    const { scope, stacks, displays, modules, builtIns, slicer } = this.#options;
    if (!modules.isEmpty && !(await this.#refresh(request, run))) {
      const error = stacks.cellError(run.signal.reason);
      void run.end("interrupted", run.signal.reason);
      return { status: "interrupted", error };
    }
    const compiled = builtIns.surely(() => this.#compile(request.source));
    if (!compiled.ok) {
      return {
        status: "error",
        error: stacks.syntaxError(request.source, label, compiled.problems),
      };
    }
    const file = join(this.#options.folder, `__eagerdeck_c${request.cell}.ts`);
    stacks.register(file, {
      label,
      cell: request.cell,
      source: () => request.source,
      locate: compiled.locate,
    });
    slicer.compiled(file, compiled);
    const outcome = await this.#evaluate(request.cell, file, compiled, run, published);
    await displays.settled(request.cell);
    if (!outcome.ok) {
      const error = stacks.cellError(outcome.error);
      scope.miss(
        compiled.declared.map(({ name }) => name),
        label,
      );
      scope.set("_error", outcome.error);
      void run.end(outcome.interrupted ? "interrupted" : "failed", outcome.error);
      return { status: outcome.interrupted ? "interrupted" : "error", error };
    }
    const value = await this.#show(outcome.value, run);
    if (outcome.value !== undefined && request.n !== undefined) {
      scope.set("_", outcome.value);
      Reflect.set(scope.get("Out") ?? {}, request.n, outcome.value);
    }
    void run.end("ok");
    return { status: "ok", ...(value ? { value } : {}), result: outcome.value };
  }

  #compile(source: string): Compiled {
    const { folder, scope } = this.#options;
    return compileCell(
      source,
      scope,
      () => scope.segments.length,
      () => compilerOptionsOf(join(folder, "__eagerdeck.ts")),
    );
  }

  /** The source that made a run of this process: its cell's, or the one that was run again. */
  sourceOf(cell: number | undefined, runId: string): string | undefined {
    return (
      this.#againSources.get(runId) ?? (cell === undefined ? undefined : this.#sources.get(cell))
    );
  }

  /**
   * Runs the source of an earlier cell again, as part of the cell whose code asks for it: what interrupts that one
   * interrupts this, and what it declares is declared.
   * @returns its value. Throws what the source throws, or a SyntaxError.
   */
  async again(source: string, options: AgainOptions): Promise<unknown> {
    const { stacks, folder } = this.#options;
    const outer = currentScope()?.run.outermost;
    const { title } = options;
    const compiled = this.#compile(source);
    if (!compiled.ok) {
      throw new SyntaxError(stacks.syntaxError(source, title, compiled.problems).message);
    }
    const run = new Run({
      ...options,
      ...(outer?.cell !== undefined && { cell: outer.cell }),
      ...(outer !== undefined && { within: outer }),
    });
    keepNewest(this.#againSources, run.id, source);
    const number = FIRST_AGAIN - this.#againCount++;
    const file = join(folder, `__eagerdeck_again${this.#againCount}.ts`);
    stacks.register(file, {
      label: title,
      ...(outer?.cell !== undefined && { cell: outer.cell }),
      source: () => source,
      locate: compiled.locate,
    });
    this.#options.slicer.compiled(file, compiled);
    const published = this.#running.get(outer?.cell ?? 0)?.published ?? new Map();
    const outcome = await this.#evaluate(number, file, compiled, run, published);
    if (outcome.ok) {
      void run.end("ok");
      return outcome.value;
    }
    void run.end(outcome.interrupted ? "interrupted" : "failed", outcome.error);
    throw outcome.error;
  }

  /** Brings changed local files in force. @returns whether the cell may run: it may be interrupted meanwhile. */
  async #refresh({ cell, source }: CellRequest, run: Run): Promise<boolean> {
    const { interrupts, modules } = this.#options;
    interrupts.register(cell, run);
    try {
      await modules.refresh(run, source);
      // A module that blocked the thread was interrupted before anyone could read the message about it.
      return !interrupts.isInterrupted(cell);
    } catch (error) {
      if (run.signal.aborted) return false;
      throw error;
    } finally {
      interrupts.returned(cell);
    }
  }

  async #evaluate(
    cell: number,
    file: string,
    compiled: CompiledCell,
    run: Run,
    published: Map<string, Published>,
  ): Promise<Outcome> {
    const { interrupts, scope } = this.#options;
    const support = this.#support(cell, file, compiled, run, published);
    interrupts.register(cell, run);
    let returned: unknown;
    try {
      const script = new Script(compiled.code, {
        filename: file,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      const fn: (...args: unknown[]) => unknown = script.runInThisContext();
      returned = run.enter(() => fn(...scope.segments, support, interrupts.flags));
    } catch (error) {
      const interrupted = interrupts.isInterrupted(cell);
      interrupts.returned(cell);
      return { ok: false, error: interrupted ? run.signal.reason : error, interrupted };
    }
    // Only our own wrapper returns a promise here, and only when the cell awaits.
    const finished = IntrinsicPromise.resolve(returned).finally(() => {
      interrupts.isInterrupted(cell);
      interrupts.returned(cell);
    });
    const { promise: interruption, reject } = IntrinsicPromise.withResolvers<never>();
    const onAbort = () => reject(run.signal.reason);
    if (returned !== undefined) run.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await (returned === undefined ? finished : IntrinsicPromise.race([finished, interruption]));
      if (run.signal.aborted) return { ok: false, error: run.signal.reason, interrupted: true };
      return { ok: true, value: support.value };
    } catch (error) {
      // The cell may go on behind its interrupt until its next check; how that ends concerns nobody.
      finished.catch(() => undefined);
      if (run.signal.aborted) return { ok: false, error: run.signal.reason, interrupted: true };
      return { ok: false, error, interrupted: false };
    } finally {
      run.signal.removeEventListener("abort", onAbort);
    }
  }

  /** Makes the names of an import statement read its module, whichever version of it is in force. */
  #bind(
    file: string,
    names: Readonly<Record<string, string>>,
    load: () => Promise<Namespace>,
    module: Namespace,
  ): void {
    const { modules, scope } = this.#options;
    const locals = Object.keys(names);
    const record: ImportRecord = {
      module,
      locals,
      exports: names,
      load,
      roots: modules.importsOf(file),
      isLive: () => locals.length === 0 || locals.some((local) => scope.reads(local, record)),
    };
    modules.keep(record);
    for (const [local, exported] of Object.entries(names))
      bindImport(scope, local, exported, record);
  }

  /** `$x`: what rewritten code calls. */
  #support(
    cell: number,
    file: string,
    compiled: CompiledCell,
    run: Run,
    published: Map<string, Published>,
  ) {
    const { interrupts, notice, scope } = this.#options;
    const jsxSource = compiled.jsxImportSource ?? "react";
    const makeElement = jsxFactory(this.#require, jsxSource);
    const require = this.#require;
    return {
      value: undefined as unknown,
      maybe: scope.maybe,
      undeclared: scope.undeclared,
      constant: scope.constant,
      meta: this.#meta,
      require,
      segments: scope.segments,
      jsx: makeElement,
      get Fragment() {
        return jsxFragment(require, jsxSource);
      },
      /** The text of a direct `eval`; what is not text is its own value. */
      evalSource: (source: unknown, locals: readonly string[], suffix = "") =>
        typeof source === "string" ? compileEval(source, scope, { locals, suffix }) : source,
      notice: (text: string) => notice("info", text, cell),
      interrupted: () => interrupts.check(),
      /** The value of a top-level `await`, unless the cell was interrupted while it waited. */
      live: <T>(value: T): T => {
        if (run.signal.aborted) throw interruptedError();
        return value;
      },
      hoist: (names: readonly string[]) => {
        for (const name of names) if (!scope.has(name)) scope.set(name, undefined);
      },
      published: (...indexes: readonly number[]) => {
        for (const index of indexes) {
          const declared = compiled.declared[index];
          if (!declared) throw new Error(`cell ${cell} published unknown name ${index}`);
          scope.publish(declared.name, declared.kind, compiled.taskMakers.includes(declared.name));
          published.set(declared.name, declared);
          this.#options.cellModules.published(file, declared.name);
        }
      },
      bind: async (names: Readonly<Record<string, string>>, load: () => Promise<Namespace>) => {
        const module = await load();
        if (run.signal.aborted) throw interruptedError();
        this.#bind(file, names, load, module);
      },
    };
  }

  /** The bundle of a cell's value; our own handles may take their time, a user's hook 250 ms. */
  async #show(value: unknown, run: Run): Promise<MimeBundle | undefined> {
    if (value === undefined || isDisplayHandle(value)) return undefined;
    return await run.enter(() => displayBundle(value, this.#options.columns));
  }

  /**
   * Evaluates one expression: no names, no count, no history.
   * @param number below zero: an interrupt names it as it names a cell.
   */
  async evaluate(
    expression: string,
    number: number,
  ): Promise<{ value?: MimeBundle } | { error: CellError }> {
    const { stacks } = this.#options;
    const source = `(${expression}\n)`;
    const compiled = this.#compile(source);
    const label = "expression";
    if (!compiled.ok) return { error: stacks.syntaxError(source, label, compiled.problems) };
    const file = join(this.#options.folder, "__eagerdeck_expression.ts");
    stacks.register(file, { label, source: () => source, locate: compiled.locate });
    const run = new Run({ title: label });
    const outcome = await this.#evaluate(number, file, compiled, run, new Map());
    if (!outcome.ok) {
      void run.end("failed", outcome.error);
      return { error: stacks.cellError(outcome.error) };
    }
    const value = await run.enter(() => displayBundle(outcome.value, this.#options.columns));
    void run.end("ok");
    return { value };
  }
}

/** By the text: what else a bundle holds says the same. */
function showsSecret(value: MimeBundle | undefined): boolean {
  const text = value?.["text/plain"];
  return hasOwnSecrets() && typeof text === "string" && redactText(text) !== text;
}

function keepNewest<K>(sources: Map<K, string>, key: K, source: string): void {
  sources.set(key, source);
  const [oldest] = sources.keys();
  if (sources.size > SOURCES_MAX && oldest !== undefined) sources.delete(oldest);
}

/** Imported names are accessors into the module, so that its live bindings stay live. */
function bindImport(
  scope: SessionScope,
  local: string,
  exported: string,
  record: ImportRecord,
): void {
  if (exported === "*") return scope.define(local, () => record.module, record);
  scope.define(local, () => record.module[exported] ?? missed(record, exported), record);
}

/** The value of an export that is nothing, or is not there by that name. */
function missed({ load, module }: ImportRecord, exported: string): unknown {
  if (exported in module) return module[exported];
  // A CommonJS package whose export names Node could not see from its text.
  const fallback = module["default"];
  if (typeof fallback === "object" && fallback !== null && exported in fallback) {
    return Reflect.get(fallback, exported);
  }
  // Importing a type without `type` is normal, so only reading it is an error.
  const specifier = /import\(\s*(?:"([^"]*)"|'([^']*)')/.exec(String(load));
  const from = specifier?.[1] ?? specifier?.[2] ?? "the module it was imported from";
  throw new ReferenceError(`'${exported}' is not exported by '${from}' (a type?)`);
}

/** The signal of whatever runs now: a cell's, or a call's. */
export function currentSignal(): AbortSignal | undefined {
  return currentScope()?.run.signal;
}

/** V1 holds for our own bugs too: the cell ends, and says whose fault it was. */
function ourBug(error: unknown, putBack: string): Ended {
  if (putBack !== "") {
    const message = `the session could not finish this cell, because it uses what a cell had replaced; the built-ins are back: ${putBack}`;
    return {
      status: "error",
      error: { name: "SessionError", code: "BUILT_IN_REPLACED", message, frames: [] },
    };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `eagerdeck failed to run this cell, please report it: ${text}`;
  return { status: "error", error: { name: "InternalError", message, frames: [] } };
}
