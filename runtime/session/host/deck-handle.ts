/**
 * `deck`, `decks[n]`, `runs()`: handles on what ran, in the session and before it.
 * @module
 */
import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { inspect } from "node:util";
import { pageFile } from "../../deck/run-files.ts";
import {
  deckBundle,
  deckPage,
  deckRows,
  type RunSummary,
  rowsToText,
  runListRows,
  sessionBundle,
  sessionPage,
} from "../../deck/views.ts";
import { writeWhole } from "../../deck/whole-file.ts";
import { homePath, makeHome } from "../../events/home.ts";
import { makeFolder } from "../../events/make-folder.ts";
import type { RunRecord, RunState } from "../../events/record-shape.ts";
import { counted } from "../../values/format.ts";
import type { CallHandle } from "./call-handle.ts";
import type { DeckHistory, KnownRun } from "./deck-history.ts";
import type { DeckSettings } from "./deck-settings.ts";
import type { CancelReport, ExecutionRows } from "./execution-rows.ts";
import type { ClusterOptions } from "./outlived.ts";

const HOOK = Symbol.for("Jupyter.display");
/** Tells `values/bundle.ts` that this hook may take longer than a user's: the first deck loads its renderer. */
const PATIENT = Symbol.for("eagerdeck.patient");
const TEXT = { columns: 100, rowsMax: 60 };
const LISTED_MAX = 20;

/** Makes the folders too. @returns the absolute path. */
async function savePage(path: string, text: string): Promise<string> {
  const file = resolve(path);
  makeFolder(dirname(file));
  await writeWhole(file, text);
  return file;
}

/** Shows a page with the desktop's own means. @returns its path, which is all there is without a desktop. */
function openPage(file: string): string {
  const { platform, env } = process;
  const hasDisplay = platform === "darwin" || Boolean(env["DISPLAY"] ?? env["WAYLAND_DISPLAY"]);
  if (hasDisplay) {
    const child = spawn(platform === "darwin" ? "open" : "xdg-open", [file], {
      stdio: "ignore",
      detached: true,
    });
    // There is no opener: the path says where to look.
    child.on("error", () => undefined);
    child.unref();
  }
  return file;
}

/** The deck of one run, or of the newest one. Shows itself when it is a cell's value. */
export class DeckHandle {
  readonly #history: DeckHistory;
  /** Absent: the newest run, whichever that is when somebody looks. */
  readonly #runId: string | undefined;

  constructor(history: DeckHistory, runId?: string) {
    this.#history = history;
    this.#runId = runId;
  }

  /** Of the run; undefined before the first call. */
  get id(): string | undefined {
    return this.#known()?.id;
  }

  /** `In [7]`, or what else the run is called; empty before the first call. */
  get title(): string {
    return this.#known()?.title ?? "";
  }

  get state(): RunState | undefined {
    return this.#known()?.state;
  }

  /** Of the session: what shows by itself, and what is hidden. */
  get settings(): DeckSettings {
    return this.#history.settings;
  }

  /** Any call by its id, as the deck shows it: of the session, or of this run. @throws when there is none. */
  task(id: string): CallHandle {
    return this.#history.task(id, this.#runId);
  }

  /** The calls of this run to the task of that name, in order of call. */
  tasks(name: string): CallHandle[] {
    return this.#calls((call) => call.name === name);
  }

  /** The calls of this run that failed. */
  get failed(): CallHandle[] {
    return this.#calls((call) => call.state === "failed");
  }

  /**
   * Runs the cell of this run again, and takes what went well before instead of calling it anew: each call at the same
   * place with the same inputs. Resolves with the cell's value.
   * @throws {Error} when the run was not made by a cell, or still goes on.
   */
  async resume(): Promise<unknown> {
    const known = this.#known();
    if (known === undefined) throw new Error("nothing to resume: no calls yet");
    return await this.#history.resume(known);
  }

  /**
   * Ends what this run has left running: while it runs its calls, after its process was lost what that had started on a
   * cluster.
   * @param options the cluster; default: that of the session.
   * @throws {Error} when nobody says which cluster, or it does not answer; nothing was ended then.
   */
  async cancel(options?: ClusterOptions): Promise<CancelReport> {
    const { cancelRun } = await import("./outlived.ts");
    return await cancelRun(this.#history, this.#asked(), options);
  }

  /**
   * The executions on a cluster that this run had started and did not see end, as they stand now.
   * @param options the cluster; default: that of the session.
   */
  async executions(options?: ClusterOptions): Promise<ExecutionRows> {
    const { executionsOf } = await import("./outlived.ts");
    return await executionsOf(this.#history, this.#asked(), options);
  }

  /** The summary of the whole session: the newest run of each cell. */
  session(title = "session"): SessionDeck {
    return new SessionDeck(this.#history, title);
  }

  /** Writes this deck as a page that stands alone. @returns the absolute path. */
  async save(path: string): Promise<string> {
    const run = this.#record();
    if (!run) throw new Error("nothing to save: no calls yet");
    return await savePage(path, await deckPage(run));
  }

  /** Opens this deck in a browser. @returns the path of its page, all there is where there is no display. */
  async open(): Promise<string> {
    const run = this.#record();
    if (!run) throw new Error("nothing to open: no calls yet");
    makeHome(process.cwd(), "runs", run.id);
    return openPage(await this.save(homePath("runs", run.id, "deck.html")));
  }

  async [HOOK]() {
    const run = this.#shown();
    if (run === undefined) return { "text/plain": "no calls yet" };
    return await deckBundle(run, { file: pageFile(process.cwd(), run.id) });
  }

  [inspect.custom](): string {
    const run = this.#shown();
    return run ? rowsToText(deckRows(run, TEXT)) : "no calls yet";
  }

  /** What a list says of it. */
  summary(): RunSummary | undefined {
    const known = this.#known();
    return known && { ...known, left: this.#history.leftCount(known) };
  }

  #asked(): KnownRun {
    const known = this.#known();
    if (known === undefined) throw new Error("no calls yet");
    return known;
  }

  #known(): KnownRun | undefined {
    return this.#history.known(this.#runId);
  }

  /** With the words by which a cell gets at it. */
  #shown(): RunRecord | undefined {
    const run = this.#record();
    if (run === undefined) return undefined;
    return this.#history.shown(run, this.#runId === undefined ? "deck" : undefined);
  }

  #record(): RunRecord | undefined {
    return this.#history.record(this.#runId);
  }

  #calls(choose: (call: { name: string; state: string }) => boolean): CallHandle[] {
    const run = this.#record();
    if (run === undefined) return [];
    const calls = [...run.calls.values()].filter(choose);
    return calls.map(({ id }) => this.#history.task(id, run.id));
  }
}

/** What `runs()` gives: shows itself as a list, where an array would be a pile of decks. */
export class RunList extends Array<DeckHandle> {
  // `filter` and `map` give plain arrays.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  [inspect.custom](): string {
    if (this.length === 0) return "no runs yet";
    const listed = this.slice(0, LISTED_MAX).flatMap((run) => run.summary() ?? []);
    const more = this.length - listed.length;
    return [
      rowsToText(runListRows(listed, (_, index) => `[${index}]`)),
      ...(more > 0 ? [`… ${counted(more, "more run")}`] : []),
      ...outlivedLines(listed),
    ].join("\n");
  }
}

/** What to do about executions that have outlived their process. */
function outlivedLines(listed: readonly RunSummary[]): string[] {
  const index = listed.findIndex(({ left = 0 }) => left > 0);
  if (index === -1) return [];
  const handle = `await runs()[${index}]`;
  return [
    "on a cluster executions of a lost process may still run:",
    `  ${handle}.resume()      goes on with them`,
    `  ${handle}.cancel()      ends them`,
    `  ${handle}.executions()  lists them`,
  ];
}

/** The deck of a whole session; a notebook's last cell. */
export class SessionDeck {
  readonly #history: DeckHistory;
  readonly #title: string;

  constructor(history: DeckHistory, title: string) {
    this.#history = history;
    this.#title = title;
  }

  /** Writes the summary as a page that stands alone. @returns the absolute path. */
  async save(path: string): Promise<string> {
    return await savePage(
      path,
      await sessionPage(this.#history.newestRuns(), { title: this.#title }),
    );
  }

  /** Opens the summary in a browser. @returns the path of its page. */
  async open(): Promise<string> {
    makeHome(process.cwd());
    return openPage(await this.save(homePath("session.html")));
  }

  [HOOK]() {
    return sessionBundle(this.#history.newestRuns(), { title: this.#title });
  }

  [inspect.custom](): string {
    return `deck of ${this.#history.newestRuns().length} cells`;
  }
}

for (const shown of [DeckHandle, SessionDeck]) {
  Object.defineProperty(shown.prototype[HOOK], PATIENT, { value: true });
}
