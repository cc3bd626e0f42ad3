/**
 * `eagerdeck execute`: what a task's container runs. Joins the task with its deck, which do not know each other.
 * @module
 */
import { deckPage } from "../runtime/deck/views.ts";
import { Records } from "../runtime/events/records.ts";
import { type ExecuteArguments, executeTask } from "../runtime/flyte/container.ts";
import { observe } from "../runtime/workflow/engine.ts";
import { UsageError } from "./usage.ts";

export interface ExecuteFlags {
  readonly inputs?: string;
  readonly outputPrefix?: string;
  readonly rawOutputDataPrefix?: string;
  readonly checkpointPath?: string;
  readonly prevCheckpoint?: string;
  readonly bundle?: string;
  readonly sha256?: string;
  readonly maxOutputMb?: string;
  readonly cleanup?: boolean;
  /** `group/key` of what logs in. */
  readonly secret?: string;
}

const MAX_OUTPUT_MB = 10;
/** A deck is written anew at most so often: each time is a request to the storage. */
const DECK_EVERY_MS = 5_000;

/** @returns the exit code. @throws {UsageError} when arguments are missing. */
export async function execute(
  module: string | undefined,
  task: string | undefined,
  flags: ExecuteFlags,
): Promise<number> {
  // The task's own is refused while it runs, and a signal may come in the middle of that.
  const exit = process.exit.bind(process);
  const log = (text: string) => void process.stderr.write(`${text.trimEnd()}\n`);
  if (flags.cleanup) {
    if (!flags.outputPrefix) throw new UsageError("execute needs --output-prefix <uri>");
    const { cleanUp } = await import("../runtime/flyte/container/cleanup.ts");
    const [group, key] = flags.secret?.split("/") ?? [];
    const secret = group && key ? { group, key } : undefined;
    return await cleanUp(flags.outputPrefix, process.env, log, secret);
  }
  const code = await executeTask(readArguments(module, task, flags), {
    environment: process.env,
    folder: process.cwd(),
    log,
    deck: liveDeck,
  });
  await Promise.all([written(process.stdout), written(process.stderr)]);
  // Timers and sockets that the task left behind would keep its container for ever.
  return exit(code);
}

/** Resolves when all that was printed is out. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

function readArguments(
  module: string | undefined,
  task: string | undefined,
  flags: ExecuteFlags,
): ExecuteArguments {
  const { inputs, outputPrefix, bundle, sha256, maxOutputMb = String(MAX_OUTPUT_MB) } = flags;
  if (!inputs) throw new UsageError("execute needs --inputs <uri>");
  if (!outputPrefix) throw new UsageError("execute needs --output-prefix <uri>");
  if (!module || !task)
    throw new UsageError("execute needs the module and the task: -- <module> <task>");
  if ((bundle === undefined) !== (sha256 === undefined)) {
    throw new UsageError("execute takes --bundle and --sha256 together");
  }
  const megabytes = Number(maxOutputMb);
  if (!(megabytes > 0)) {
    throw new UsageError(`--max-output-mb is a number of megabytes, not '${maxOutputMb}'`);
  }
  const { rawOutputDataPrefix, checkpointPath, prevCheckpoint } = flags;
  return {
    ...{ inputs, outputPrefix, module, task, bundle, sha256, maxOutputMb: megabytes },
    ...{ rawOutputDataPrefix, checkpointPath, prevCheckpoint },
  };
}

/**
 * Writes the deck of the run while it changes, and once more in the end. A deck that cannot be written is no reason for a
 * task to fail.
 */
function liveDeck(write: (html: string) => Promise<void>, wanted: boolean): () => Promise<void> {
  let isWanted = wanted;
  const records = new Records();
  let runId: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isSaid = false;
  const writeNow = () => {
    timer = undefined;
    const record = runId === undefined ? undefined : records.run(runId);
    if (!record || !isWanted) return;
    writing = writing.then(async () => {
      try {
        await write(await deckPage(record));
      } catch (error) {
        if (!isSaid) process.stderr.write(`the deck could not be written: ${String(error)}\n`);
        isSaid = true;
      }
    });
  };
  const stop = observe((event) => {
    records.apply(event);
    runId ??= event.kind === "run-started" ? event.runId : undefined;
    // A deck of the function's own is there to be seen.
    if (event.kind === "deck-added") isWanted = true;
    if (event.kind === "log" && event.stream === "log") process.stdout.write(event.text);
    // Not `unref`: what is written last is written by `finish`.
    timer ??= setTimeout(writeNow, DECK_EVERY_MS).unref();
  });
  return async () => {
    stop();
    clearTimeout(timer);
    writeNow();
    await writing;
  };
}
