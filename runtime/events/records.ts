/**
 * The fold from events to records: `events → records → every view`. O(1) per event, no view is touched.
 *
 * Invariants
 *   F1  Total: it takes any event in any order and never throws. Folding one by one or in batches is the same.
 *   F2  A call that has settled does not change, but for its log; what comes late is counted.
 *   F3  No call is open after the run has ended.
 *   F4  Bounded: beyond 10,000 calls of a run only those that run or failed have a record, the rest is counted;
 *       bodies of previews take 2 MB of a run, failures aside; old runs go when there are too many.
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { escapeLine } from "../values/escape.ts";
import { redactPrinted } from "../values/redact.ts";
import type { MimeBundle, Preview, PreviewBody } from "../values/shape.ts";
import type {
  AttemptFailed,
  AttemptStarted,
  CallCreated,
  CallSettled,
  CallState,
  DeckAdded,
  ExecutionEnded,
  InputPreview,
  LogWritten,
  RunEnded,
  RunStarted,
  RuntimeEvent,
} from "./events.ts";
import { addDuration, moveCount, type OpenGroup, openGroup, takeCount } from "./groups.ts";
import type { AttemptRecord, CallRecord, RunRecord, UserDeck } from "./record-shape.ts";

const CALLS_KEPT_MAX = 10_000;
const FAILURES_KEPT_MAX = 10_000;
const ATTEMPTS_KEPT_MAX = 100;
const TAIL_LINES_MAX = 50;
const TAIL_LENGTH_MAX = 8_000;
const LOG_LINE_LENGTH_MAX = 2_000;
const BODIES_LENGTH_MAX = 2_000_000;
const DECKS_MAX = 500;
/** Characters of all user decks of a run; what one deck may show where is the views' business. */
const DECKS_LENGTH_MAX = 20_000_000;
const RUNS_KEPT_MAX = 1_000;
const CALLS_OF_ALL_RUNS_MAX = 200_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface OpenCall extends Mutable<Omit<CallRecord, "attempts" | "log">> {
  attempts: Mutable<AttemptRecord>[];
  log: { lines: number; tail: string[] };
  /** Characters in the tail. */
  tailLength: number;
  /** The last line of the log so far, if it has not ended. */
  openLine: string | undefined;
  /** Made for an event whose `call-created` never came, or has not yet. */
  isStub: boolean;
}

interface OpenDeck extends Mutable<Omit<UserDeck, "pieces">> {
  pieces: MimeBundle[];
}

interface OpenRun extends Mutable<Omit<RunRecord, "calls" | "counts" | "groups" | "decks">> {
  calls: Map<string, OpenCall>;
  counts: Map<CallState, number>;
  groups: Map<string, OpenGroup>;
  decks: OpenDeck[];
  decksLeftOut: number;
  decksLength: number;
  total: number;
  lateEvents: number;
  bodiesLength: number;
  isLineOpen: boolean;
  isStub: boolean;
  hasEnded: boolean;
}

/** Records of all runs of a session. What it hands out is live: read it again after `apply`. */
export class Records {
  readonly #runs = new Map<string, OpenRun>();
  readonly #calls = new Map<string, OpenCall>();

  run(id: string): RunRecord | undefined {
    return this.#runs.get(id);
  }

  /** Oldest first. */
  runs(): RunRecord[] {
    return [...this.#runs.values()];
  }

  /** All runs that the code of one cell has made so far, oldest first: its own, reruns of calls, resumed cells. */
  runsOfCell(cell: number): RunRecord[] {
    return this.runs().filter((run) => run.cell === cell);
  }

  /** Forgets runs that have ended, and their calls. */
  clear(): void {
    for (const [id, run] of this.#runs) {
      if (run.state === "running") continue;
      this.#runs.delete(id);
      for (const call of run.calls.keys()) this.#calls.delete(call);
    }
  }

  /** Any call of the session that still has a record. */
  call(id: string): CallRecord | undefined {
    return this.#calls.get(id);
  }

  /** Takes the next event. Never throws. */
  apply(event: RuntimeEvent): void {
    switch (event.kind) {
      case "run-started":
        this.#runStarted(event);
        return;
      case "log":
        this.#log(event);
        return;
      case "call-created":
        this.#created(event);
        return;
      case "attempt-started":
        this.#change(event, (call) => this.#attemptStarted(call, event));
        return;
      case "attempt-failed":
        this.#change(event, (call, run) => this.#attemptFailed(call, run, event));
        return;
      case "call-progress": {
        const { done, total, message } = event;
        this.#change(event, (call) => {
          call.progress = {
            done,
            ...(total !== undefined && { total }),
            ...(message !== undefined && { message: safeLine(message) }),
          };
        });
        return;
      }
      case "call-noted":
        this.#change(event, (call) => {
          if (event.text === "") delete call.note;
          else call.note = safeLine(event.text);
        });
        return;
      case "call-linked": {
        const { executionId, url, version, tag } = event;
        this.#change(event, (call) => {
          call.link = {
            executionId,
            ...(url !== undefined && { url }),
            ...(version !== undefined && { version }),
            ...(tag !== undefined && { tag }),
          };
        });
        return;
      }
      case "execution-ended":
        this.#executionEnded(event);
        return;
      case "call-settled":
        this.#change(event, (call, run) => this.#settled(call, run, event));
        return;
      case "deck-added":
        this.#deckAdded(event);
        return;
      case "run-ended":
        this.#runEnded(event);
        return;
      default:
        this.#unknown(event);
    }
  }

  #runStarted(event: RunStarted): void {
    const { kind: _kind, v: _v, runId, at, ...description } = event;
    const known = this.#runs.get(runId);
    if (known && !known.isStub) {
      known.lateEvents++;
      return;
    }
    if (known) {
      Object.assign(known, description, { isStub: false, startedAt: at });
      known.version++;
      return;
    }
    this.#makeRoom();
    this.#runs.set(runId, { ...newRun(runId, at), ...description, isStub: false });
  }

  #created(event: CallCreated): void {
    const run = this.#runOf(event.runId, event.at);
    const { at } = event;
    const known = this.#calls.get(event.id);
    if (run.hasEnded || (known && (!known.isStub || known.runId !== run.id))) {
      run.lateEvents++;
      return;
    }
    run.version++;
    const inputs = event.inputs.map((input) => this.#boundedInput(run, input));
    if (known) {
      const group = groupOf(run, known.name);
      group.total--;
      takeCount(group.counts, known.state);
      if (group.total === 0) run.groups.delete(known.name);
      // What is known already stays: a value, a log, that nobody awaited it.
      describe(known, event);
      known.inputs = inputs;
      known.createdAt = at;
      const joined = groupOf(run, known.name);
      joined.total++;
      moveCount(joined.counts, undefined, known.state);
      return;
    }
    const call = newCall(event.id, run.id, at);
    describe(call, event);
    call.inputs = inputs;
    this.#add(call, run);
  }

  #attemptStarted(call: OpenCall, event: AttemptStarted): void {
    const run = this.#runs.get(call.runId);
    if (run === undefined || call.attempts.some(({ n }) => n === event.attempt)) return;
    this.#move(call, run, "running");
    call.startedAt ??= event.at;
    const group = groupOf(run, call.name);
    group.firstStartedAt = Math.min(group.firstStartedAt ?? event.at, event.at);
    call.attempts.push({ n: event.attempt, startedAt: event.at });
    if (call.attempts.length > ATTEMPTS_KEPT_MAX) call.attempts.splice(1, 1);
    if (event.inputs && event.inputs.length > 0) {
      const arrived = new Map(
        event.inputs.map((input) => [input.name, this.#boundedInput(run, input)]),
      );
      const names = new Set(call.inputs.map(({ name }) => name));
      call.inputs = [
        ...call.inputs.map((input) => arrived.get(input.name) ?? input),
        ...[...arrived.values()].filter(({ name }) => !names.has(name)),
      ];
    }
  }

  #attemptFailed(call: OpenCall, run: OpenRun, event: AttemptFailed): void {
    let attempt = call.attempts.find(({ n }) => n === event.attempt);
    if (!attempt) {
      attempt = { n: event.attempt, startedAt: call.startedAt ?? event.at };
      call.attempts.push(attempt);
      call.startedAt ??= event.at;
    }
    if (attempt.endedAt !== undefined) return;
    attempt.endedAt = event.at;
    attempt.error = event.error;
    if (event.retryAt !== undefined) {
      attempt.retryAt = event.retryAt;
      this.#move(call, run, "retrying");
    }
  }

  #settled(call: OpenCall, run: OpenRun, event: CallSettled): void {
    this.#close(call, run, event.state, event.at);
    delete call.note;
    const isGood = event.state === "ok" || event.state === "cached";
    // Presence, never truthiness: the value may be 0, "" or undefined.
    if (isGood) call.output = this.#bounded(run, event.output ?? NOT_REPORTED, call.id, false);
    else call.error = this.#bounded(run, event.error ?? NOT_REPORTED, call.id, true);
    if (event.rootFailure !== undefined) call.rootFailure = event.rootFailure;
    if (event.cache) call.cache = event.cache;
    this.#markUnawaited(run, event.unawaited);
    const failures = run.counts.get("failed") ?? 0;
    const isSurplus = run.total > CALLS_KEPT_MAX && call.seq > CALLS_KEPT_MAX;
    if (isSurplus && (isGood || event.state === "cancelled" || failures > FAILURES_KEPT_MAX)) {
      run.calls.delete(call.id);
      this.#calls.delete(call.id);
    }
  }

  #runEnded(event: RunEnded): void {
    const run = this.#runs.get(event.runId);
    if (run === undefined) return;
    if (run.hasEnded) {
      run.lateEvents++;
      return;
    }
    run.version++;
    run.hasEnded = true;
    run.endedAt = event.at;
    if (event.error !== undefined) run.error = event.error;
    this.#markUnawaited(run, event.unawaited);
    for (const call of run.calls.values()) {
      if (call.endedAt !== undefined) continue;
      this.#close(call, run, "cancelled", event.at);
      call.error = { line: cancelReason(event), kind: "cancelled" };
    }
    const hasFailures = (run.counts.get("failed") ?? 0) > 0;
    run.state = event.state === "ok" && hasFailures ? "handled" : event.state;
  }

  /** Also after its run has ended: it is heard of when somebody asks. */
  #executionEnded({ id, runId, phase }: ExecutionEnded): void {
    const run = this.#runs.get(runId);
    const call = this.#calls.get(id);
    if (run === undefined) return;
    if (call?.link === undefined || call.runId !== runId) {
      run.lateEvents++;
      return;
    }
    run.version++;
    call.link = { ...call.link, ended: safeLine(phase) };
  }

  /** Also after its call has settled: what a call shows may be ready later than its value. */
  #deckAdded(event: DeckAdded): void {
    const run = this.#runOf(event.runId, event.at);
    run.version++;
    let deck = run.decks.find(({ name, callId }) => name === event.name && callId === event.id);
    if (deck === undefined) {
      if (run.decks.length >= DECKS_MAX) {
        run.decksLeftOut++;
        return;
      }
      deck = { name: event.name, scripts: false, pieces: [], piecesLeftOut: 0 };
      if (event.id !== undefined) deck.callId = event.id;
      run.decks.push(deck);
    }
    if (event.scripts === true) deck.scripts = true;
    if (event.mode === "set") {
      run.decksLength -= deck.pieces.reduce((sum, piece) => sum + bundleLength(piece), 0);
      deck.pieces = [];
      deck.piecesLeftOut = 0;
    }
    const length = bundleLength(event.bundle);
    if (run.decksLength + length > DECKS_LENGTH_MAX) {
      deck.piecesLeftOut++;
      return;
    }
    run.decksLength += length;
    deck.pieces.push(event.bundle);
  }

  #log(event: LogWritten): void {
    const run = this.#runs.get(event.runId);
    // Output of a cell that has made no calls yet: nobody's deck.
    if (run === undefined) return;
    run.version++;
    const pieces = (event.safe ?? event.text).split("\n");
    // What ends a line leaves an empty piece behind it.
    const endsLine = pieces.at(-1) === "";
    if (endsLine) pieces.pop();
    const call = this.#logged(event, run);
    if (call === undefined) {
      run.logLines += pieces.length - (run.isLineOpen && pieces.length > 0 ? 1 : 0);
      run.isLineOpen = !endsLine;
      return;
    }
    // Text without a line end is a line that goes on with the next text.
    if (call.openLine !== undefined && pieces.length > 0) {
      call.tailLength -= call.log.tail.pop()?.length ?? 0;
      call.log.lines--;
      pieces[0] = call.openLine + pieces[0];
    }
    // As it was written: a secret may come in two pieces.
    call.openLine = endsLine ? undefined : pieces.at(-1)?.slice(0, LOG_LINE_LENGTH_MAX * 2);
    call.log.lines += pieces.length;
    for (const piece of pieces.slice(-TAIL_LINES_MAX)) {
      const line = safeLine(piece);
      call.log.tail.push(line);
      call.tailLength += line.length;
    }
    while (call.log.tail.length > TAIL_LINES_MAX || call.tailLength > TAIL_LENGTH_MAX) {
      call.tailLength -= call.log.tail.shift()?.length ?? 0;
    }
  }

  /** The call that wrote; absent for the run's own text, and for a call whose record is gone or comes too late. */
  #logged({ id, at }: LogWritten, run: OpenRun): OpenCall | undefined {
    if (id === undefined) return undefined;
    const known = this.#calls.get(id);
    if (known || run.hasEnded || run.total > CALLS_KEPT_MAX) return known;
    return this.#stub(id, run, at);
  }

  #unknown(event: unknown): void {
    // A newer version's event, or something that is none at all.
    if (typeof event !== "object" || event === null) return;
    const { runId } = event as { runId?: unknown };
    const run = typeof runId === "string" ? this.#runs.get(runId) : undefined;
    if (run === undefined) return;
    run.unknownEvents++;
    run.version++;
  }

  /** Applies a change to a call that has not settled, in a run that has not ended. */
  #change(
    event: { readonly id: string; readonly runId: string; readonly at: number },
    change: (call: OpenCall, run: OpenRun) => void,
  ): void {
    const run = this.#runOf(event.runId, event.at);
    const known = this.#calls.get(event.id);
    const isOther = known !== undefined && known.runId !== run.id;
    // Of a counted call the record is gone, so that a second settle would make a stub of it.
    const isGone = known === undefined && run.total > CALLS_KEPT_MAX;
    if (run.hasEnded || known?.endedAt !== undefined || isOther || isGone) {
      run.lateEvents++;
      return;
    }
    change(known ?? this.#stub(event.id, run, event.at), run);
    run.version++;
  }

  #runOf(id: string, at: number): OpenRun {
    const known = this.#runs.get(id);
    if (known) return known;
    this.#makeRoom();
    const run = newRun(id, at);
    this.#runs.set(id, run);
    return run;
  }

  #stub(id: string, run: OpenRun, at: number): OpenCall {
    const call = newCall(id, run.id, at);
    this.#add(call, run);
    return call;
  }

  #add(call: OpenCall, run: OpenRun): void {
    run.total++;
    run.calls.set(call.id, call);
    this.#calls.set(call.id, call);
    moveCount(run.counts, undefined, call.state);
    const group = groupOf(run, call.name);
    group.total++;
    moveCount(group.counts, undefined, call.state);
  }

  #move(call: OpenCall, run: OpenRun, state: CallState): void {
    moveCount(run.counts, call.state, state);
    moveCount(groupOf(run, call.name).counts, call.state, state);
    call.state = state;
  }

  #close(call: OpenCall, run: OpenRun, state: CallState, at: number): void {
    this.#move(call, run, state);
    call.endedAt = at;
    const attempt = call.attempts.at(-1);
    if (attempt && attempt.endedAt === undefined) attempt.endedAt = at;
    addDuration(groupOf(run, call.name), call.startedAt ?? at, at);
  }

  #markUnawaited(run: OpenRun, ids: readonly string[] | undefined): void {
    for (const id of ids ?? []) {
      const call = run.calls.get(id);
      if (call) call.awaited = false;
    }
  }

  #boundedInput(run: OpenRun, { name, preview }: InputPreview): InputPreview {
    return { name, preview: this.#bounded(run, preview, "", false) };
  }

  /** Drops a body for which there is no room any more. */
  #bounded(run: OpenRun, preview: Preview, id: string, isFailure: boolean): Preview {
    if (preview.body === undefined) return preview;
    run.bodiesLength += lengthOf(preview.body);
    if (isFailure || run.bodiesLength <= BODIES_LENGTH_MAX) return preview;
    const { body: _body, ...rest } = preview;
    const where = id === "" ? "" : `: deck.task(${JSON.stringify(id)}).output`;
    return { ...rest, missing: `value not kept${where}` };
  }

  /** Forgets the oldest ended runs when there are too many runs or calls. */
  #makeRoom(): void {
    for (const [id, run] of this.#runs) {
      if (this.#runs.size < RUNS_KEPT_MAX && this.#calls.size < CALLS_OF_ALL_RUNS_MAX) return;
      if (!run.hasEnded) continue;
      for (const call of run.calls.keys()) this.#calls.delete(call);
      this.#runs.delete(id);
    }
  }
}

/** The engine always says what a call ended with; a stream with holes does not. */
const NOT_REPORTED: Preview = { line: "(not reported)", kind: "unknown" };

function newRun(id: string, at: number): OpenRun {
  return {
    id,
    title: id,
    state: "running",
    startedAt: at,
    calls: new Map(),
    counts: new Map(),
    groups: new Map(),
    versions: { eagerdeck: "", node: "" },
    backend: "",
    decks: [],
    decksLeftOut: 0,
    decksLength: 0,
    logLines: 0,
    unknownEvents: 0,
    lateEvents: 0,
    version: 1,
    total: 0,
    bodiesLength: 0,
    isLineOpen: false,
    isStub: true,
    hasEnded: false,
  };
}

function newCall(id: string, runId: string, at: number): OpenCall {
  return {
    id,
    seq: 0,
    runId,
    name: "(unknown call)",
    entity: "task",
    version: "",
    where: "local",
    deps: [],
    inputs: [],
    state: "queued",
    createdAt: at,
    attempts: [],
    log: { lines: 0, tail: [] },
    awaited: true,
    tailLength: 0,
    openLine: undefined,
    isStub: true,
  };
}

/**
 * Makes a stub a call that is known. Field by field: to spread an event and a record into a new one took a quarter of the
 * time of the whole fold.
 */
function describe(call: OpenCall, event: CallCreated): void {
  call.seq = event.seq;
  call.name = event.name;
  call.entity = event.entity;
  call.version = event.version;
  call.where = event.where;
  call.deps = event.deps;
  if (event.parentId !== undefined) call.parentId = event.parentId;
  if (event.parentAttempt !== undefined) call.parentAttempt = event.parentAttempt;
  if (event.source !== undefined) call.source = event.source;
  call.isStub = false;
}

function groupOf(run: OpenRun, name: string): OpenGroup {
  let group = run.groups.get(name);
  if (group === undefined) {
    group = openGroup(name);
    run.groups.set(name, group);
  }
  return group;
}

function cancelReason({ state, error }: RunEnded): string {
  if (error !== undefined) return error.line;
  switch (state) {
    case "interrupted":
      return "the run was interrupted";
    case "killed":
      return "the user process ended";
    case "failed":
      return "the run failed before this call settled";
    case "ok":
      return "the run ended before this call settled";
  }
}

function safeLine(text: string): string {
  const line =
    text.length > LOG_LINE_LENGTH_MAX * 2 ? text.slice(0, LOG_LINE_LENGTH_MAX * 2) : text;
  // Colours are for the terminal that the text was printed to; here they would be noise.
  const safe = escapeLine(redactPrinted(stripVTControlCharacters(line)));
  return safe.length > LOG_LINE_LENGTH_MAX ? `${safe.slice(0, LOG_LINE_LENGTH_MAX)}…` : safe;
}

function bundleLength(bundle: MimeBundle): number {
  return Object.values(bundle).reduce<number>(
    (sum, content) =>
      sum + (typeof content === "string" ? content.length : (JSON.stringify(content)?.length ?? 0)),
    0,
  );
}

function lengthOf(body: PreviewBody): number {
  switch (body.as) {
    case "text":
      return body.text.length;
    case "image":
      return body.base64.length;
    case "html":
      return body.html.length + body.text.length;
    case "table":
      return body.rows.flat().reduce((sum, cell) => sum + (cell?.length ?? 4), 0);
    case "error":
      return body.message.length;
    default:
      // A newer version's body; what it holds is unknown.
      return 0;
  }
}
