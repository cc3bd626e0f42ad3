/**
 * A double of a Flyte cluster: the services that eagerdeck speaks with, on 127.0.0.1, in this process.
 *
 * Not Flyte: nothing is scheduled on machines, nothing is kept beyond the double's life. What it keeps are the rules
 * that a client meets, read off flyteadmin and propeller 1.16.5; its GetVersion says what it is.
 * @module
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Execution } from "../../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import { WorkflowExecution_Phase } from "../../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import {
  type Identifier,
  IdentifierSchema,
  ResourceType,
} from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { TypedInterfaceSchema } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import type { LiteralMap } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  TaskMetadataSchema,
  TaskTemplateSchema,
} from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { AuthMetadataService } from "../../../runtime/flyte/idl/flyteidl/service/auth_pb.ts";
import { DataProxyService } from "../../../runtime/flyte/idl/flyteidl/service/dataproxy_pb.ts";
import { IdentityService } from "../../../runtime/flyte/idl/flyteidl/service/identity_pb.ts";
import { addTask, entityMethods } from "./admin-entities.ts";
import { executionMethods } from "./admin-executions.ts";
import { nodeMethods } from "./admin-nodes.ts";
import { identityMethods, platformMethods } from "./admin-platform.ts";
import { type AuthOptions, authenticated, authMetadataMethods } from "./auth.ts";
import { killGroup, localCommand } from "./container.ts";
import { dataProxyMethods } from "./data-proxy.ts";
import { abortMetadata, type ExecutionRow, executionMessage, phaseName } from "./executions.ts";
import { TaskFailure } from "./failures.ts";
import { Faults } from "./faults.ts";
import { type HttpStore, serveStore } from "./http-store.ts";
import { nodePhaseName } from "./nodes.ts";
import { FileObjects, MemoryObjects, type Objects } from "./objects.ts";
import { RequestLog } from "./request-log.ts";
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY } from "./s3.ts";
import { type RunningServer, serve } from "./server.ts";
import { type Answer, type AnswerOptions, environmentOf, World } from "./world.ts";

export type { AuthOptions } from "./auth.ts";
export type { Answer } from "./world.ts";
export { TaskFailure };

const MAIN = join(import.meta.dirname, "../../../dist/cli/main.js");

export interface DoubleOptions {
  /** Added to every RPC, in milliseconds. */
  readonly latencyMs?: number;
  /** 0, the default, for any free one. */
  readonly port?: number;
  /** Without it everybody is let in, and there is no metadata service. */
  readonly auth?: AuthOptions;
  /** Container tasks run as local processes; else there are answers only. */
  readonly runContainers?: boolean;
  /**
   * Where objects are when containers run: `files` (the default), folders under `file://`, or `s3`, in memory behind
   * an S3 endpoint, whose credentials are in `configYaml`. flytekit's FlyteFile needs the latter.
   */
  readonly storage?: "files" | "s3";
  /** Of all container tasks. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The compiled command line, for tasks whose command is `eagerdeck`; `dist/cli/main.js` by default. */
  readonly eagerdeckMain?: string;
  /** A venv's `bin`, for tasks whose command is `pyflyte-execute` or `pyflyte-fast-execute`. */
  readonly pythonBin?: string;
  /** Between SIGTERM and SIGKILL of a container task, in milliseconds; 5,000 by default. */
  readonly graceMs?: number;
  /** Those that exist; any without it. */
  readonly projects?: readonly string[];
}

export interface FlyteDouble extends AsyncDisposable {
  /** `127.0.0.1:40123`; cleartext. */
  readonly endpoint: string;
  /** Text of a `config.yaml` that leads here. */
  readonly configYaml: string;
  readonly faults: Faults;
  /** RPCs that arrived. */
  readonly requests: RequestLog;
  /** Behind signed URLs; its requests and its faults. */
  readonly store: HttpStore;
  readonly objects: Objects;
  /** Registers a task without a client, container type, and with its answer. */
  addTask(task: AddedTask): Identifier;
  /** Runs tasks of this name in the double's own process. A later answer replaces an earlier one. */
  answer(taskName: string, answer: Answer, options?: AnswerOptions): void;
  /** All executions in the order of their creation, as they are now. */
  executions(): readonly SeenExecution[];
  /** @throws {Error} when there is none of the name. */
  execution(name: string): SeenExecution;
  /** Aborts from outside, as a person in the console. */
  abort(name: string, cause: string, principal?: string): void;
  /** Ends it in the phase TIMED_OUT. */
  timeOut(name: string): void;
  /** Sends a signal to the processes of an execution's container tasks, as a preempted node does. */
  signal(name: string, signal: NodeJS.Signals): void;
  archive(name: string): void;
  /** Resolves as soon as the condition holds; it is looked at after every change of an execution. */
  when(condition: (executions: readonly SeenExecution[]) => boolean): Promise<void>;
}

export interface AddedTask {
  readonly name: string;
  /** `v1` */
  readonly version?: string;
  /** `flytesnacks` */
  readonly project?: string;
  /** `development` */
  readonly domain?: string;
  readonly interface?: MessageInitShape<typeof TypedInterfaceSchema>;
  readonly metadata?: MessageInitShape<typeof TaskMetadataSchema>;
  readonly answer?: Answer;
  readonly delayMs?: number;
}

export interface SeenExecution {
  readonly name: string;
  readonly project: string;
  readonly domain: string;
  /** `RUNNING` */
  readonly phase: string;
  /** Name of the task or launch plan. */
  readonly entity: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly inputs: LiteralMap;
  readonly outputs: LiteralMap | undefined;
  /** Why it was aborted, and by whom. */
  readonly abort: { readonly cause: string; readonly principal: string } | undefined;
  /** Phases of its nodes by their ids: `{ n0: "RUNNING" }`. */
  readonly nodes: Readonly<Record<string, string>>;
  /** As GetExecution answers. */
  readonly message: Execution;
}

export async function startDouble(options: DoubleOptions = {}): Promise<FlyteDouble> {
  const folder = options.runContainers ? makeFolder() : undefined;
  const objects =
    folder !== undefined && options.storage !== "s3"
      ? new FileObjects(join(folder, "objects"))
      : new MemoryObjects("flyte-double");
  const store = await serveStore(objects);
  let server: RunningServer | undefined;
  const faults = new Faults(options.latencyMs ?? 0, {
    stop: async () => await server?.stop(),
    listen: async () => await server?.listen(),
    freeze: () => world.executions.freeze(),
  });
  const requests = new RequestLog();
  const world: World = new World({
    faults,
    objects,
    store,
    projects: options.projects,
    containers: folder
      ? {
          folder,
          command: localCommand({
            eagerdeckMain: options.eagerdeckMain ?? MAIN,
            pythonBin: options.pythonBin,
          }),
          environment: options.environment ?? {},
          pythonBin: options.pythonBin,
          graceMs: options.graceMs ?? 5_000,
        }
      : undefined,
  });
  const { auth } = options;
  server = await serve({
    port: options.port ?? 0,
    faults,
    requests,
    interceptors: auth ? [authenticated(auth)] : [],
    routes(router) {
      router.service(AdminService, {
        ...platformMethods(world),
        ...entityMethods(world),
        ...executionMethods(world),
        ...nodeMethods(world),
      });
      router.service(DataProxyService, dataProxyMethods(world));
      router.service(IdentityService, identityMethods);
      if (auth) router.service(AuthMetadataService, authMetadataMethods(auth));
    },
  });
  const { endpoint } = server;
  world.endpoint = () => endpoint;
  const running = server;
  // Without credentials a client has to use signed URLs; with them it may go to S3 itself.
  const config = configText(endpoint, options.storage === "s3" ? store : undefined);
  return new RunningDouble(world, endpoint, config, requests, async () => {
    await running.stop();
    await store.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
}

function makeFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "flyte-double-")));
}

class RunningDouble implements FlyteDouble {
  readonly endpoint: string;
  readonly configYaml: string;
  readonly requests: RequestLog;
  readonly #world: World;
  readonly #close: () => Promise<void>;

  constructor(
    world: World,
    endpoint: string,
    configYaml: string,
    requests: RequestLog,
    close: () => Promise<void>,
  ) {
    this.#world = world;
    this.endpoint = endpoint;
    this.configYaml = configYaml;
    this.requests = requests;
    this.#close = close;
  }

  get faults(): Faults {
    return this.#world.faults;
  }

  get store(): HttpStore {
    return this.#world.store;
  }

  get objects(): Objects {
    return this.#world.objects;
  }

  addTask(task: AddedTask): Identifier {
    const id = create(IdentifierSchema, {
      resourceType: ResourceType.TASK,
      project: task.project ?? "flytesnacks",
      domain: task.domain ?? "development",
      name: task.name,
      version: task.version ?? "v1",
    });
    const template = create(TaskTemplateSchema, {
      id,
      type: "container",
      interface: create(TypedInterfaceSchema, task.interface),
      metadata: create(TaskMetadataSchema, task.metadata ?? { retries: { retries: 0 } }),
      target: { case: "container", value: { image: "double:latest" } },
    });
    addTask(this.#world, id, template);
    if (task.answer) this.answer(task.name, task.answer, task);
    return id;
  }

  answer(taskName: string, answer: Answer, { delayMs }: AnswerOptions = {}): void {
    this.#world.answers.set(taskName, { answer, ...(delayMs !== undefined && { delayMs }) });
  }

  executions(): readonly SeenExecution[] {
    return this.#world.executions.all().map(seenExecution);
  }

  execution(name: string): SeenExecution {
    return seenExecution(this.#row(name));
  }

  abort(name: string, cause: string, principal = "a person"): void {
    this.#world.executions.abort(this.#row(name), abortMetadata(cause, principal));
  }

  timeOut(name: string): void {
    const row = this.#row(name);
    const { error } = new TaskFailure("execution timed out", { code: "TimeoutExpired" });
    this.#world.executions.enter(row, WorkflowExecution_Phase.TIMED_OUT, { error });
    row.stop.abort(new Error("timed out"));
  }

  signal(name: string, signal: NodeJS.Signals): void {
    for (const [child, row] of this.#world.processes) {
      if (row.id.name === name) child.kill(signal);
    }
  }

  archive(name: string): void {
    const row = this.#row(name);
    row.archived = true;
    row.stateChangedAt = new Date();
  }

  async when(condition: (executions: readonly SeenExecution[]) => boolean): Promise<void> {
    await this.#world.executions.when(() => condition(this.executions()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const world = this.#world;
    const ended = [...world.processes.keys()].map(
      (child) => new Promise((resolve) => child.once("close", resolve)),
    );
    for (const child of world.processes.keys()) killGroup(child);
    for (const row of world.executions.all()) row.stop.abort(new Error("the double ends"));
    await Promise.all(ended);
    await this.#close();
  }

  #row(name: string): ExecutionRow {
    const [row] = this.#world.executions.named(name);
    if (!row) throw new Error(`the double has no execution ${name}`);
    return row;
  }
}

function configText(endpoint: string, store: HttpStore | undefined): string {
  const admin = `admin:\n  endpoint: dns:///${endpoint}\n  insecure: true\n`;
  if (!store) return admin;
  return (
    `${admin}storage:\n  connection:\n    endpoint: ${store.endpoint}\n` +
    `    access-key: ${ACCESS_KEY_ID}\n    secret-key: ${SECRET_ACCESS_KEY}\n`
  );
}

function seenExecution(row: ExecutionRow): SeenExecution {
  const { spec } = row;
  return {
    name: row.id.name,
    project: row.id.project,
    domain: row.id.domain,
    phase: phaseName(row.phase),
    entity: spec.launchPlan?.name ?? "",
    version: spec.launchPlan?.version ?? "",
    labels: spec.labels?.values ?? {},
    annotations: spec.annotations?.values ?? {},
    environment: environmentOf(row),
    inputs: row.inputs,
    outputs: row.outputs,
    abort: row.abort,
    get nodes() {
      const all = [...row.nodes.values()];
      return Object.fromEntries(all.map(({ id, phase }) => [id, nodePhaseName(phase)]));
    },
    get message() {
      return executionMessage(row, false);
    },
  };
}
