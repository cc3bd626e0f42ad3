/**
 * `eagerdeck run --remote FILE WORKFLOW --x 5`: registers what is missing, starts the workflow on the cluster and follows it.
 * @module
 */
import { exitCodes } from "../repl/exit-codes.ts";
import { deckPage } from "../runtime/deck/views.ts";
import { Records } from "../runtime/events/records.ts";
import type { BundledModule } from "../runtime/flyte/register/register-file.ts";
import type { ExportedEntity } from "../runtime/session/module-description.ts";
import { describeEntity, isEntity } from "../runtime/types/interface.ts";
import { displayBundle } from "../runtime/values/bundle.ts";
import { observe } from "../runtime/workflow/engine.ts";
import { EagerException } from "../runtime/workflow/errors.ts";
import { finished } from "../runtime/workflow/leaving.ts";
import { Run } from "../runtime/workflow/run.ts";
import type { Entity } from "../runtime/workflow/signatures.ts";
import { type ClusterFlags, cluster } from "./cluster.ts";
import { checkInputFile, checkOutputFile, writeOutput } from "./files.ts";
import { readInputs } from "./inputs.ts";
import { pick } from "./pick.ts";
import { openProgress } from "./progress.ts";
import { errorText } from "./register.ts";
import { UsageError } from "./usage.ts";

export interface RemoteRunFlags extends ClusterFlags {
  readonly deck?: string;
  readonly json?: boolean;
  readonly name?: string;
  readonly detach?: boolean;
}

type Runnable = Entity<Record<string, unknown>, unknown, unknown>;

const COLUMNS_DEFAULT = 100;
/** How long is waited for the cluster to stop what was interrupted. */
const STOP_MAX_MS = 10_000;

/** @returns the exit code: 1 when the workflow failed, 130 when it was interrupted. */
export async function runRemote(
  file: string,
  workflow: string,
  args: readonly string[],
  flags: RemoteRunFlags,
): Promise<number> {
  checkInputFile(file, "a .ts file");
  if (flags.deck !== undefined) checkOutputFile("--deck", flags.deck);
  const { config, domain, image, platform, project } = await cluster(flags);
  const { openClient, registerEntities, loadBundled, FlyteRemote } = await loaded();
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  let module: BundledModule;
  try {
    module = await loadBundled(file);
  } catch (error) {
    say(`eagerdeck: ${file}: ${errorText(error)}`);
    return exitCodes.failed;
  }
  const { entity, inputs } = wanted(module, { file, workflow, args });
  const client = openClient(platform, { notice: say });
  let version: string;
  try {
    const { definitions, bundle } = module;
    const options = { ...{ project, domain, image, version: flags.version, notice: say } };
    const registered = await registerEntities(client, definitions, { ...options, code: bundle });
    version = registered.version;
    const created = registered.entities.filter(({ state }) => state === "created").length;
    if (created > 0) say(`registered ${created} entities with version ${version}`);
  } catch (error) {
    say(`eagerdeck: ${file}: ${errorText(error)}`);
    return exitCodes.failed;
  } finally {
    client.close();
  }
  await using remote = new FlyteRemote({
    config,
    defaultProject: project,
    defaultDomain: domain,
    versions: version,
  });
  const named = flags.name === undefined ? {} : { executionName: flags.name };
  if (flags.detach) {
    const execution = await remote.execute(entity, inputs, named);
    process.stdout.write(`${execution.url}\n`);
    return exitCodes.ok;
  }
  return await follow(entity.with(named).on(remote), inputs, flags);
}

/** Not in the function above: TypeScript leaves `import("….ts")` as it is where `using` stands. */
async function loaded() {
  const [client, register, registerFile, remote] = await Promise.all([
    import("../runtime/flyte/client.ts"),
    import("../runtime/flyte/register/register.ts"),
    import("../runtime/flyte/register/register-file.ts"),
    import("../runtime/flyte/remote.ts"),
  ]);
  return { ...client, ...register, ...registerFile, ...remote };
}

/** @throws {UsageError} when there is no such workflow, or its inputs are not right. */
function wanted(
  { exports }: BundledModule,
  given: { readonly file: string; readonly workflow: string; readonly args: readonly string[] },
): { readonly entity: Runnable; readonly inputs: Record<string, unknown> } {
  const entities: ExportedEntity[] = Object.entries(exports).flatMap(([exported, value]) =>
    isEntity(value) ? [{ exported, ...describeEntity(value) }] : [],
  );
  const described = pick(entities, given.workflow, given.file);
  const entity: unknown = exports[described.exported];
  if (!isRunnable(entity)) throw new UsageError(`${given.workflow} cannot be run on a cluster`);
  return { entity, inputs: readInputs(described, given.args) };
}

function isRunnable(value: unknown): value is Runnable {
  return isEntity(value) && "with" in value && "on" in value;
}

/** Runs the call as any other: its page and its tree, or lines, on stderr as they come, and the value on stdout. */
async function follow(
  entity: Runnable,
  inputs: Record<string, unknown>,
  flags: RemoteRunFlags,
): Promise<number> {
  const records = new Records();
  const write = flags.json
    ? (message: object) => void process.stdout.write(`${JSON.stringify({ v: 1, ...message })}\n`)
    : () => undefined;
  const run = new Run({ title: entity.name });
  using progress = openProgress(() => records.run(run.id), flags.json === true);
  const stop = observe((event) => {
    records.apply(event);
    write({ type: "event", event });
    progress.changed();
    if (flags.json) return;
    if (event.kind === "call-linked" && event.url) progress.say(`${event.url}\n`, "stderr");
    if (event.kind === "log" && event.stream === "log") progress.say(event.text, "stderr");
  });
  const press = new Press(run, () => {
    const record = records.run(run.id);
    if (record) progress.deck(record);
  });
  let code: number = exitCodes.ok;
  try {
    const value = await run.enter(() => entity(inputs));
    await run.end("ok");
    const shown = await displayBundle(value, COLUMNS_DEFAULT);
    progress.end();
    if (flags.json) write({ type: "result", value: shown });
    else process.stdout.write(`${String(shown["text/plain"])}\n`);
  } catch (error) {
    await run.end(press.code === undefined ? "failed" : "interrupted", error);
    await finished(STOP_MAX_MS);
    progress.end();
    if (error instanceof EagerException && error.code === "INPUT_INVALID") {
      throw new UsageError(error.message.replaceAll("\n", " "));
    }
    if (flags.json) write({ type: "error", error: { message: errorText(error) } });
    else process.stderr.write(`${errorText(error)}\n`);
    code = press.code ?? exitCodes.failed;
  } finally {
    stop();
    press[Symbol.dispose]();
  }
  const record = records.run(run.id);
  if (!record) return code;
  progress.deck(record);
  if (flags.deck === undefined) return code;
  return writeOutput("--deck", flags.deck, await deckPage(record))
    ? code
    : Math.max(code, exitCodes.failed);
}

/** Ctrl-C and SIGTERM: the first stops the execution, the second stops waiting for that. */
class Press implements Disposable {
  code: number | undefined;
  readonly #run: Run;
  readonly #onLeave: () => void;
  readonly #onInt = () => this.#press(exitCodes.interrupted);
  readonly #onTerm = () => this.#press(exitCodes.terminated);

  /** @param onLeave the last words when nothing is waited for any more. */
  constructor(run: Run, onLeave: () => void) {
    this.#run = run;
    this.#onLeave = onLeave;
    process.on("SIGINT", this.#onInt);
    process.on("SIGTERM", this.#onTerm);
  }

  #press(code: number): void {
    if (this.code !== undefined) {
      this.#onLeave();
      process.exit(code);
    }
    this.code = code;
    const reason = new Error("interrupted");
    reason.name = "Interrupted";
    this.#run.abort(reason);
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onInt);
    process.off("SIGTERM", this.#onTerm);
  }
}
