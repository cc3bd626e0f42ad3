/**
 * `FlyteRemote`: a cluster as something that runs calls, and as something to look at.
 *
 * Making one reads nothing and connects to nothing, so that a module which makes one can be imported anywhere; whatever
 * needs protobuf or the network is loaded by the first method that does.
 * @module
 */
import { inspect } from "node:util";
import { preview } from "../values/preview.ts";
import {
  EXECUTOR,
  type Executor,
  type ExecutorOptions,
  type HasExecutor,
  setDefaultExecutor,
} from "../workflow/executor.ts";
import { refuseUnknown } from "../workflow/settings.ts";
import type { Entity, Promised } from "../workflow/signatures.ts";
import { Config } from "./config.ts";
import type { Connection, Place } from "./connection.ts";
import type { Execution, ExecutionListOptions, ExecutionSummary } from "./execution.ts";
import type { Fetch, FetchOptions } from "./fetch.ts";
import type { EntityKind, FlyteRemoteOptions, LaunchOptions, Registered } from "./options.ts";
import { inputsToSend, isOutputMade } from "./schemas.ts";

const OPTIONS = [
  ...["config", "defaultProject", "defaultDomain", "image", "versions", "rerunFailed"],
  ...["onInterrupt", "launches", "integers"],
] as const;
const RUNNING_MAX = 100;

export interface RemoteRegisterOptions {
  readonly project?: string;
  readonly domain?: string;
  /** In which tasks run that name no image of their own. */
  readonly image?: string;
  /** Default: made from the content. */
  readonly version?: string;
  /** Only looks at what there is. */
  readonly dryRun?: boolean;
}

export interface CheckResult {
  readonly endpoint: string;
  /** Of the control plane. */
  readonly server: string;
  /** Who the cluster takes us for; absent where it asks nobody. */
  readonly identity: string | undefined;
  readonly project: string | undefined;
  readonly domain: string | undefined;
  /** Whether the project exists; absent when the cluster does not say. */
  readonly projectExists: boolean | undefined;
  /** Whether files can be put there, and if not why. */
  readonly storage: string;
  /** How far our clock is ahead of the cluster's, in milliseconds. */
  readonly clockSkewMs: number | undefined;
}

/**
 * A Flyte cluster.
 *
 * ```ts
 * const remote = new FlyteRemote({ config: Config.auto("config.yaml"), defaultProject: "flytesnacks", defaultDomain: "development" });
 * const train = await remote.fetchTask("ml.train");
 * const score = await train({ epochs: 3 }); // a call like any other, with its plain value
 * await simple.on(remote)({ x: 5 });        // the whole workflow there
 * ```
 */
export class FlyteRemote implements HasExecutor {
  static #current: FlyteRemote | undefined;
  static #executor: Executor | undefined;
  readonly #options: FlyteRemoteOptions;
  #connection: Promise<Connection> | undefined;
  /** Project and domain, as far as they are known. */
  #place: { readonly [K in keyof Place]: string | undefined };

  /** @throws {TypeError} for an option that there is not, or a value that it cannot have. */
  constructor(options: FlyteRemoteOptions) {
    checkOptions(options);
    this.#options = options;
    this.#place = { project: options.defaultProject, domain: options.defaultDomain };
  }

  /** What `.on(remote)` and the option `remote` ask for. */
  [EXECUTOR]({ secret }: ExecutorOptions = {}): Executor {
    // With a secret of its own it logs in as somebody else, by a connection of its own.
    let own: Promise<Connection> | undefined;
    const connected = () => {
      if (secret === undefined) return this.#connected();
      if (own === undefined) {
        const connection = connect(this.#options, secret);
        own = connection;
        // As for the other one: settings may be mended.
        connection.catch(() => {
          if (own === connection) own = undefined;
        });
      }
      return own;
    };
    const name = () => this.placeText;
    return {
      where: "remote",
      get name() {
        return name();
      },
      concurrency: this.#options.launches?.running ?? RUNNING_MAX,
      ownsAttempts: true,
      inputsOf: inputsToSend,
      checksOutput: isOutputMade,
      run: async (call, inputs, context) => {
        const [{ runRemotely }, { callFailure }] = await Promise.all([
          import("./executor.ts"),
          import("./failures.ts"),
        ]);
        let connection: Connection;
        try {
          connection = await connected();
        } catch (error) {
          throw callFailure(error, call.definition.name);
        }
        context.signal.throwIfAborted();
        return await runRemotely(connection, call, inputs, context);
      },
      outlived: {
        look: async (links) => {
          const { lookAtOutlived } = await import("./outlived.ts");
          return await lookAtOutlived(await connected(), links);
        },
        end: async (links, why) => {
          const { endOutlived } = await import("./outlived.ts");
          return await endOutlived(await connected(), links, why);
        },
      },
    };
  }

  /**
   * A registered task as a function: what it takes and gives is checked by its interface there.
   * @param reference its name, or `{ name, version, project, domain, inputs, output }`; without a version the latest.
   * @throws {FlyteError} `REMOTE_NOT_FOUND` with names that are near; {TypeError} when schemas disagree with the interface.
   */
  readonly fetchTask: Fetch = this.#fetching("task");

  /** The same of a workflow, which runs by its launch plan of the same name. */
  readonly fetchWorkflow: Fetch = this.#fetching("workflow");

  /** The same of a launch plan. Inputs that it has fixed are none of the caller's. */
  readonly fetchLaunchPlan: Fetch = this.#fetching("launch_plan");

  #fetching(kind: EntityKind): Fetch {
    const fetch = async (reference: string | FetchOptions): Promise<unknown> => {
      const { fetchEntity } = await import("./fetch.ts");
      return await fetchEntity(this, await this.#connected(), kind, reference);
    };
    // What the schemas say, the interface of the cluster was compared with.
    return fetch as Fetch;
  }

  /**
   * Starts an execution and returns at once, whatever becomes of the calling code.
   * @param entity a task, workflow or eager workflow, of this code or fetched.
   * @throws {TypeError} for inputs that do not fit; {FlyteError} for what the cluster refuses.
   */
  async execute<I, O, F>(
    entity: Entity<I, O, F>,
    inputs?: Promised<I>,
    options: LaunchOptions = {},
  ): Promise<Execution<O>> {
    const { startExecution } = await import("./execution.ts");
    return await startExecution(await this.#connected(), entity, inputs ?? {}, options);
  }

  /** An execution by its name, or by the address of its page. It is never ended but by its own `cancel()`. */
  async fetchExecution(nameOrUrl: string): Promise<Execution> {
    const { findExecution } = await import("./execution.ts");
    return await findExecution(await this.#connected(), nameOrUrl);
  }

  /** The value of an execution, once it has ended. @throws {EagerException} when it has none. */
  async wait<O>(
    execution: Execution<O> | string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<O> {
    return (await (await this.#execution(execution)).wait(options)) as O;
  }

  /** Ends an execution. @param cause shown on its page. */
  async terminate(execution: Execution | string, cause?: string): Promise<void> {
    await (await this.#execution(execution)).cancel(cause);
  }

  async #execution(given: Execution | string): Promise<Execution> {
    return typeof given === "string" ? await this.fetchExecution(given) : given;
  }

  /** Executions of the project, the newest first. */
  async list(options: ExecutionListOptions = {}): Promise<readonly ExecutionSummary[]> {
    const { listExecutions } = await import("./execution.ts");
    return await listExecutions(await this.#connected(), options);
  }

  /** From now on calls that say nothing else run here. `FlyteRemote.use(undefined)` takes it back. */
  use(): this {
    FlyteRemote.use(this);
    return this;
  }

  static use(remote: FlyteRemote | undefined): void {
    FlyteRemote.#current = remote;
    FlyteRemote.#executor = remote?.[EXECUTOR]();
    setDefaultExecutor(FlyteRemote.#executor);
  }

  /** The one that is used for calls that say nothing else; undefined: they run in this process. */
  static get current(): FlyteRemote | undefined {
    return FlyteRemote.#current;
  }

  /**
   * Registers tasks and workflows of this program, with their code.
   * @param what a task, a list of them, or a module: `import * as flows from "./flows.ts"`.
   * @throws {FlyteError} `IMAGE_MISSING`, `VERSION_CONFLICT`, `BUNDLE_…`, `REMOTE_…`; {TypeError} for what no cluster can run.
   */
  async register(what: unknown, options: RemoteRegisterOptions = {}): Promise<Registered> {
    const { registerThese } = await import("./register/register-file.ts");
    const connection = await this.#connected();
    const { image, version, dryRun } = options;
    return await registerThese(connection.client, what, {
      ...connection.place(options),
      image: image ?? this.#options.image,
      ...{ version, dryRun, notice: connection.notice },
    });
  }

  /** Logs in, by a browser or a code if the cluster wants that. */
  async login(): Promise<void> {
    await (await this.#connected()).client.login();
  }

  /** Forgets the token, also the one that is kept on this machine. */
  async logout(): Promise<void> {
    await (await this.#connected()).client.logout();
  }

  /** Asks the cluster who it is, who we are to it, and whether it would work. */
  async check(): Promise<CheckResult> {
    const { checkConnection } = await import("./check.ts");
    return await checkConnection(await this.#connected());
  }

  /** Ends the connection. What is asked afterwards connects again. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connected(): Promise<Connection> {
    if (this.#connection === undefined) {
      const connection = connect(this.#options);
      this.#connection = connection;
      connection.then(
        (made) => this.#learn(made),
        // Settings may be mended; they are read again then.
        () => {
          if (this.#connection === connection) this.#connection = undefined;
        },
      );
    }
    return this.#connection;
  }

  /** Settings have been read, which may say what the options do not. */
  #learn(connection: Connection): void {
    const before = this.placeText;
    try {
      this.#place = connection.place();
    } catch {
      // Whoever needs the one that is missing is told so.
      return;
    }
    // Front ends show it.
    if (this.placeText !== before && FlyteRemote.#current === this) {
      setDefaultExecutor(FlyteRemote.#executor);
    }
  }

  /** Nothing of its settings is shown but where it leads. */
  [inspect.custom](): string {
    const { project, domain } = this.#place;
    const isUnknown = project === undefined && domain === undefined;
    return `FlyteRemote ${isUnknown ? "of the project that its settings say" : this.placeText}`;
  }

  /** `flytesnacks/development`, as far as it is known: no settings are read for that. */
  get placeText(): string {
    const { project, domain } = this.#place;
    if (project === undefined && domain === undefined) return "remote";
    return `${project ?? "?"}/${domain ?? "?"}`;
  }
}

async function connect(
  options: FlyteRemoteOptions,
  secret?: { readonly group: string; readonly key: string },
): Promise<Connection> {
  const { Connection } = await import("./connection.ts");
  return new Connection(options, secret === undefined ? {} : { secret });
}

function checkOptions(options: FlyteRemoteOptions): void {
  const what = "new FlyteRemote()";
  const example = "new FlyteRemote({ config: Config.auto() })";
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${what} takes an object of options, like ${example}`);
  }
  refuseUnknown(what, options as unknown as Readonly<Record<string, unknown>>, OPTIONS);
  const { config, onInterrupt, launches, integers } = options;
  if (!(config instanceof Config)) {
    throw new TypeError(`${what} needs config, like ${example}, not ${preview(config).line}`);
  }
  for (const name of ["defaultProject", "defaultDomain", "image", "versions"] as const) {
    const value: unknown = options[name];
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    throw new TypeError(`${what}: ${name} is text, not ${preview(value).line}`);
  }
  oneOf(what, "onInterrupt", onInterrupt, ["cancel", "leave"]);
  oneOf(what, "integers", integers, ["number", "bigint"]);
  for (const [name, value] of Object.entries(launches ?? {})) {
    if (name !== "atOnce" && name !== "running") {
      throw new TypeError(`${what}: launches has atOnce and running, not ${preview(name).line}`);
    }
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new TypeError(
      `${what}: launches.${name} is a whole number from 1, not ${preview(value).line}`,
    );
  }
}

function oneOf(what: string, name: string, value: unknown, known: readonly string[]): void {
  if (value === undefined || known.includes(value as string)) return;
  const all = known.map((word) => JSON.stringify(word)).join(" or ");
  throw new TypeError(`${what}: ${name} is ${all}, not ${preview(value).line}`);
}
