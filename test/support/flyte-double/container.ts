/**
 * A container task as a local process: what propeller and the kubelet do for a pod.
 *
 * Invariants:
 * 1. Arguments are rendered as propeller does: templates in any case, `""` with its quotes for no checkpoint.
 * 2. An abort is SIGTERM, and SIGKILL after the grace; the attempt ends when the process has ended.
 * 3. Nothing of the double's own environment reaches the process but PATH, HOME and what the options give.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/errors_pb.ts";
import { ExecutionError_ErrorKind } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  type LiteralMap,
  LiteralMapSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { Container, TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { TaskFailure } from "./failures.ts";
import type { AttemptRow } from "./nodes.ts";
import { FileObjects, readMessage } from "./objects.ts";
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY } from "./s3.ts";
import { checkOutputSize, type TaskPlace } from "./task-place.ts";
import { environmentOf } from "./world.ts";

export async function runContainer(
  place: TaskPlace,
  template: TaskTemplate,
  inputs: LiteralMap,
  tried: AttemptRow,
): Promise<LiteralMap> {
  const { world, node, folder } = place;
  const { objects, containers } = world;
  const name = template.id?.name ?? "";
  if (template.target.case !== "container" || !containers) {
    throw new TaskFailure(
      `the double has no answer for ${name}, and ` +
        (containers ? "it is no container task" : "it was started without runContainers"),
      { kind: "system", code: "NoAnswer" },
    );
  }
  const container = template.target.value;
  const inputUri = `${folder}/inputs.pb`;
  const outputPrefix = `${folder}/${tried.attempt}`;
  objects.putMessage(inputUri, LiteralMapSchema, inputs);
  const raw = (attempt: number) => `${rawPrefix(place)}-${attempt}`;
  if (objects instanceof FileObjects) {
    // A prefix of a store is there without being made; a folder is not.
    for (const uri of [outputPrefix, raw(tried.attempt)]) {
      mkdirSync(objects.path(uri), { recursive: true });
    }
  }
  const templates: Readonly<Record<string, string>> = {
    input: inputUri,
    inputprefix: folder,
    outputprefix: outputPrefix,
    rawoutputdataprefix: raw(tried.attempt),
    checkpointoutputprefix: `${raw(tried.attempt)}/_flytecheckpoints`,
    prevcheckpointprefix:
      tried.attempt === 0 ? '""' : `${raw(tried.attempt - 1)}/_flytecheckpoints`,
    perretryuniquekey: `${place.row.id.name}_${node.id}_${tried.attempt}`.replaceAll("-", "_"),
    namespace: `${place.row.id.project}-${place.row.id.domain}`,
  };
  const args = [...container.command, ...container.args].map((text) =>
    render(text, templates, inputs),
  );
  const deckUri = `${outputPrefix}/deck.html`;
  // A task that says it makes a deck has the link from its start: the deck may be live.
  if (template.metadata?.generatesDeck) node.deckUri = deckUri;
  const ended = await runProcess(place, template, container, args, tried);
  if (objects.size(deckUri) !== undefined) node.deckUri = deckUri;
  else delete node.deckUri;
  place.signal.throwIfAborted();
  return resultOf(place, template, outputPrefix, ended);
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of stderr and stdout, for the message of a process that reported nothing. */
  readonly tail: string;
}

function rawPrefix(place: TaskPlace): string {
  const { world, row } = place;
  const own = row.spec.rawOutputDataConfig?.outputLocationPrefix ?? "";
  const base = own === "" ? `${world.objects.base}/raw` : own.replace(/\/$/, "");
  return `${base}/${row.id.name}-${itemName(place)}`;
}

/** `n0`, and `n0-3` for an item of an array node. */
function itemName({ node, arrayIndex }: TaskPlace): string {
  return arrayIndex === undefined ? node.id : `${node.id}-${arrayIndex}`;
}

/** Templates have any case and blanks: `{{ .Input }}`, `{{$outputPrefix}}`, `{{.inputs.x}}`. */
function render(
  text: string,
  templates: Readonly<Record<string, string>>,
  inputs: LiteralMap,
): string {
  return text.replaceAll(/\{\{\s*[.$]([\w.]+)\s*\}\}/g, (whole, name: string) => {
    const found = templates[name.toLowerCase()];
    if (found !== undefined) return found;
    const [, input] = /^inputs\.(.+)$/i.exec(name) ?? [];
    const literal = input === undefined ? undefined : inputs.literals[input];
    if (literal?.value.case !== "scalar") return whole;
    const scalar = literal.value.value.value;
    if (scalar.case === "blob") return scalar.value.uri;
    if (scalar.case !== "primitive") return whole;
    const { value } = scalar.value.value;
    return typeof value === "object" ? whole : `${value}`;
  });
}

async function runProcess(
  place: TaskPlace,
  template: TaskTemplate,
  container: Container,
  args: readonly string[],
  tried: AttemptRow,
): Promise<Ended> {
  const { world, row, signal } = place;
  const folder = join(
    world.containers?.folder ?? "",
    "pods",
    row.id.name,
    itemName(place),
    `${tried.attempt}`,
  );
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, "process.log");
  tried.logUri = pathToFileURL(logFile).href;
  const log = createWriteStream(logFile);
  const [command = "", ...rest] = args;
  const [program, ...before] = world.containers?.command(command) ?? [command];
  const child = spawn(program ?? command, [...before, ...rest], {
    env: processEnvironment(place, template, container, tried),
    stdio: ["ignore", "pipe", "pipe"],
    cwd: folder,
    // A group of its own, so that the kill reaches what the task started.
    detached: true,
  });
  world.processes.set(child, place.row);
  let tail = "";
  const keep = (chunk: Buffer) => {
    log.write(chunk);
    tail = (tail + chunk.toString()).slice(-4096);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const stop = stopper(child, world.containers?.graceMs ?? 5_000);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<Ended>((resolve, reject) => {
      child.once("error", (error) =>
        reject(
          new TaskFailure(`failed to start ${command}: ${error.message}`, {
            kind: "system",
            code: "ContainersNotReady|ErrImagePull",
          }),
        ),
      );
      child.once("close", (code, by) => resolve({ code, signal: by, tail }));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    world.processes.delete(child);
    log.end();
  }
}

function stopper(child: ChildProcess, graceMs: number): () => void {
  return () => {
    // Without a pid it never started.
    if (child.pid === undefined) return;
    child.kill("SIGTERM");
    const last = setTimeout(() => killGroup(child), graceMs);
    child.once("close", () => clearTimeout(last));
  };
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in this moment.
  }
}

function processEnvironment(
  { world, row, node, arrayIndex }: TaskPlace,
  template: TaskTemplate,
  container: Container,
  tried: AttemptRow,
): NodeJS.ProcessEnv {
  const { id } = template;
  return {
    PATH: [world.containers?.pythonBin, process.env["PATH"]].filter(Boolean).join(delimiter),
    HOME: process.env["HOME"],
    ...world.containers?.environment,
    ...Object.fromEntries(container.env.map(({ key, value }) => [key, value])),
    ...environmentOf(row),
    ...(world.objects.base.startsWith("s3:") && {
      FLYTE_AWS_ENDPOINT: world.store.endpoint,
      FLYTE_AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      FLYTE_AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    }),
    FLYTE_PLATFORM_URL: world.endpoint(),
    FLYTE_PLATFORM_INSECURE: "true",
    FLYTE_INTERNAL_EXECUTION_WORKFLOW: `${row.workflowId.project}:${row.workflowId.domain}:${row.workflowId.name}`,
    FLYTE_INTERNAL_EXECUTION_ID: row.id.name,
    FLYTE_INTERNAL_EXECUTION_PROJECT: row.id.project,
    FLYTE_INTERNAL_EXECUTION_DOMAIN: row.id.domain,
    ...(arrayIndex !== undefined && {
      BATCH_JOB_ARRAY_INDEX_VAR_NAME: "FLYTE_K8S_ARRAY_INDEX",
      FLYTE_K8S_ARRAY_INDEX: `${arrayIndex}`,
    }),
    FLYTE_ATTEMPT_NUMBER: `${tried.attempt}`,
    FLYTE_INTERNAL_TASK_PROJECT: id?.project,
    FLYTE_INTERNAL_TASK_DOMAIN: id?.domain,
    FLYTE_INTERNAL_TASK_NAME: id?.name,
    FLYTE_INTERNAL_TASK_VERSION: id?.version,
    FLYTE_INTERNAL_PROJECT: id?.project,
    FLYTE_INTERNAL_DOMAIN: id?.domain,
    FLYTE_INTERNAL_NAME: id?.name,
    FLYTE_INTERNAL_VERSION: id?.version,
    FLYTE_INTERNAL_NODE_ID: node.id,
  };
}

/** The error file first, then the exit code, then outputs. */
function resultOf(
  { world: { objects } }: TaskPlace,
  template: TaskTemplate,
  outputPrefix: string,
  ended: Ended,
): LiteralMap {
  const errorUri = `${outputPrefix}/error.pb`;
  const document = readMessage(objects, errorUri, ErrorDocumentSchema);
  if (document) {
    const { error } = document;
    if (!error) {
      throw new TaskFailure(`error not formatted correctly, nil error @path [${errorUri}]`, {
        kind: "system",
        code: "ErrorFileBadFormat",
        recoverable: true,
      });
    }
    const failure = new TaskFailure(error.message, {
      code: error.code,
      kind: error.origin === ExecutionError_ErrorKind.SYSTEM ? "system" : "user",
      recoverable: error.kind === ContainerError_Kind.RECOVERABLE,
      worker: error.worker,
    });
    failure.error.kind = error.origin;
    failure.error.timestamp = error.timestamp ?? timestampNow();
    throw failure;
  }
  if (ended.code !== 0) {
    const code = ended.code ?? 128 + (ended.signal ? constants.signals[ended.signal] : 0);
    throw new TaskFailure(
      `\n[primary] terminated with exit code (${code}). Reason [Error]. Message: \n${ended.tail}.`,
      { code: code === 137 ? "OOMKilled" : "Error", recoverable: true },
    );
  }
  const declared = Object.keys(template.interface?.outputs?.variables ?? {});
  if (declared.length === 0) return create(LiteralMapSchema);
  const outputsUri = `${outputPrefix}/outputs.pb`;
  const size = objects.size(outputsUri);
  const outputs =
    size === undefined ? undefined : readMessage(objects, outputsUri, LiteralMapSchema);
  if (size === undefined || !outputs) {
    throw new TaskFailure("Outputs not generated by task execution", {
      code: "OutputsNotFound",
      recoverable: true,
    });
  }
  checkOutputSize(size, outputsUri);
  return outputs;
}

/** Programs of images, found on this machine. */
export function localCommand(options: {
  readonly eagerdeckMain: string;
  readonly pythonBin: string | undefined;
}): (command: string) => readonly string[] {
  return (command) => {
    if (command === "eagerdeck") return [process.execPath, options.eagerdeckMain];
    if (options.pythonBin !== undefined && /^(pyflyte|python)/.test(command)) {
      return [join(options.pythonBin, command)];
    }
    return [command];
  };
}
