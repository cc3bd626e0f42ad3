/**
 * The container's side of a task: inputs in, one call, outputs or an error out.
 *
 * Invariants
 *   K1  Exit 0 means that `outputs.pb` or `error.pb` is stored; the cluster reads them before it looks at the code.
 *   K2  `outputs.pb` is the last that is written, and never beside an `error.pb` of this attempt.
 */

import { hostname } from "node:os";
import { fromBinary } from "@bufbuild/protobuf";
import type { Definition } from "../workflow/definition.ts";
import { type Executor, executorFrom } from "../workflow/executor.ts";
import type { Platform } from "./config/platform.ts";
import { Config } from "./config.ts";
import { storedCheckpoint } from "./container/checkpoint.ts";
import { loadTask } from "./container/code.ts";
import {
  errorDocument,
  Failed,
  failureText,
  systemFailure,
  thrownBy,
  userFailure,
} from "./container/failure.ts";
import { OutputTooLarge, offloadLimit, writeOutputs } from "./container/outputs.ts";
import {
  below,
  type ExecuteArguments,
  givenPrefix,
  type Identity,
  identityOf,
  isSet,
} from "./container/request.ts";
import { runOnce } from "./container/run.ts";
import { Termination } from "./container/termination.ts";
import { writeErrorText } from "./error-text.ts";
import { FlyteError } from "./errors.ts";
import { type LiteralMap, LiteralMapSchema } from "./idl/flyteidl/core/literals_pb.ts";
import { decodeMap, encodeMap, outputsOf, typedInterface } from "./literals/literals.ts";
import { FlyteRemote } from "./remote.ts";
import { openStore, type Store } from "./storage.ts";

export type { ExecuteArguments } from "./container/request.ts";

/** What the process that runs the container brings along. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Where modules and packages of the image are. */
  readonly folder: string;
  /** A line for the log of the pod. */
  readonly log: (text: string) => void;
  /**
   * Keeps the deck of the run: told where to put it before anything runs, and whether it is wanted when the function adds
   * nothing to it. @returns what writes its last state.
   */
  readonly deck?: (write: (html: string) => Promise<void>, wanted: boolean) => () => Promise<void>;
}

/** An error of ours, of which not even `error.pb` could tell. */
const EXIT_NOTHING_STORED = 70;

/** Runs the task that the arguments name. Never rejects. @returns the exit code. */
export async function executeTask(
  given: ExecuteArguments,
  surroundings: Surroundings,
): Promise<number> {
  const { environment, log } = surroundings;
  const identity = identityOf(environment);
  using termination = new Termination(identity, environment, log);
  return await Promise.race([
    termination.promise,
    outcome(given, surroundings, identity, termination),
  ]);
}

async function outcome(
  given: ExecuteArguments,
  surroundings: Surroundings,
  identity: Identity,
  termination: Termination,
): Promise<number> {
  const { environment, log } = surroundings;
  let store: Store | undefined;
  try {
    store = storeOf(given, identity, environment);
    await settled(given, surroundings, { identity, store, termination });
    return 0;
  } catch (error) {
    // What ends because of the signal is no failure of the task's.
    if (termination.requested) return await termination.promise;
    const failure = error instanceof Failed ? error.failure : systemFailure(error);
    log(failureText(failure));
    try {
      if (store === undefined) throw failure.thrown;
      const bytes = errorDocument(failure, environment["HOSTNAME"] ?? hostname(), Date.now());
      await store.write(below(given.outputPrefix, "error.pb"), bytes);
    } catch (unstored) {
      log(`the error could not be stored: ${writeErrorText(unstored)}`);
      return EXIT_NOTHING_STORED;
    }
    return isSet(environment["FLYTE_FAIL_ON_ERROR"]) ? 1 : 0;
  }
}

interface Opened {
  readonly identity: Identity;
  readonly store: Store;
  readonly termination: Termination;
}

/** @throws {Failed} with what goes into `error.pb`; anything else is a fault of ours. */
async function settled(
  given: ExecuteArguments,
  surroundings: Surroundings,
  { identity, store, termination }: Opened,
): Promise<void> {
  const { environment, folder, log } = surroundings;
  const rawOutputPrefix = givenPrefix(given.rawOutputDataPrefix);
  // For files that the calls of an eager workflow take along.
  if (rawOutputPrefix !== undefined) environment["EAGERDECK_RAW_OUTPUT_PREFIX"] = rawOutputPrefix;
  const definition = await loadTask(store, given, folder);
  const isEager = definition.entity === "eager";
  termination.hasChildren = isEager;
  termination.secret = definition.settings.clientSecret;
  const retries = definition.settings.retries?.count ?? 0;
  const io = typed(definition);
  const inputs = await readInputs(store, given.inputs, definition, io);
  const wantsDeck = definition.settings.cluster.deck;
  const finishDeck =
    wantsDeck === false
      ? undefined
      : surroundings.deck?.(
          (html) => store.write(below(given.outputPrefix, "deck.html"), Buffer.from(html)),
          wantsDeck ?? isEager,
        );
  let value: unknown;
  try {
    value = await runOnce(definition, {
      inputs,
      attemptsBefore: identity.attemptsBefore,
      checkpoint: storedCheckpoint(
        store,
        givenPrefix(given.checkpointPath),
        givenPrefix(given.prevCheckpoint),
      ),
      childExecutor: childExecutorOf(definition),
    });
  } catch (rejection) {
    const { thrown, code } = thrownBy(rejection);
    throw new Failed(userFailure(thrown, retries, code));
  } finally {
    await finishDeck?.();
  }
  const outputs = await encoded(definition, io, value, store);
  if (value !== undefined && Object.keys(outputs.literals).length === 0) {
    log(`what ${definition.name} returned goes nowhere: it has no output schema`);
  }
  try {
    await writeOutputs(store, outputs, {
      prefix: given.outputPrefix,
      io,
      maxMb: given.maxOutputMb,
      offloadMb: offloadLimit(environment),
      notice: log,
    });
  } catch (error) {
    if (!(error instanceof OutputTooLarge)) throw error;
    throw new Failed(userFailure(error, retries, "OUTPUT_TOO_LARGE"));
  }
}

function typed(definition: Definition) {
  try {
    return typedInterface(definition);
  } catch (error) {
    throw new Failed(userFailure(error, 0));
  }
}

async function readInputs(
  store: Store,
  uri: string,
  { inputs }: Definition,
  io: ReturnType<typeof typedInterface>,
): Promise<Record<string, unknown>> {
  // Where there are none, there may be no file either.
  if (Object.keys(inputs ?? {}).length === 0) return {};
  const map = fromBinary(LiteralMapSchema, await store.read(uri));
  try {
    return await decodeMap(map, io.inputs?.variables ?? {}, { store });
  } catch (error) {
    throw isOfStorage(error) ? error : new Failed(userFailure(error, 0, "INPUT_INVALID"));
  }
}

async function encoded(
  definition: Definition,
  io: ReturnType<typeof typedInterface>,
  value: unknown,
  store: Store,
): Promise<LiteralMap> {
  try {
    return await encodeMap(outputsOf(definition, value), io.outputs?.variables ?? {}, { store });
  } catch (error) {
    throw isOfStorage(error) ? error : new Failed(userFailure(error, 0, "OUTPUT_INVALID"));
  }
}

/** Whether it failed because of what lies somewhere else, and not because of the value. */
function isOfStorage(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    if (at instanceof FlyteError) return true;
  }
  return false;
}

/** An eager workflow that names no cluster makes its calls on the one that it runs on. */
function childExecutorOf({ entity, settings }: Definition): Executor | undefined {
  if (entity !== "eager") return undefined;
  const secret = settings.clientSecret;
  const remote = new FlyteRemote({ config: Config.auto() });
  return executorFrom(remote, secret === undefined ? {} : { secret });
}

function storeOf(
  given: ExecuteArguments,
  { project, domain }: Identity,
  environment: NodeJS.ProcessEnv,
): Store {
  const rawOutputPrefix = givenPrefix(given.rawOutputDataPrefix);
  return openStore({
    platform: platformOf(environment),
    project,
    domain,
    ...(rawOutputPrefix !== undefined && { rawOutputPrefix }),
  });
}

/** A plain task need not know where its cluster is: what it needs is the way to the storage. */
function platformOf(environment: NodeJS.ProcessEnv): Platform {
  try {
    return Config.auto().resolve(environment);
  } catch (error) {
    if (!(error instanceof FlyteError && error.code === "CONFIG_NOT_FOUND")) throw error;
    return Config.forEndpoint("localhost").resolve(environment);
  }
}
