/**
 * What the double knows: entities, executions, answers, objects, and the faults it is asked to have.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { Code, ConnectError } from "@connectrpc/connect";
import type {
  LaunchPlanClosure,
  LaunchPlanSpec,
} from "../../../runtime/flyte/idl/flyteidl/admin/launch_plan_pb.ts";
import type { CompiledWorkflowClosure } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import type { Identifier } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { ParameterMap } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import type { Literal, LiteralMap } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { type ExecutionRow, Executions } from "./executions.ts";
import type { Faults } from "./faults.ts";
import type { HttpStore } from "./http-store.ts";
import type { Objects } from "./objects.ts";
import { type Entity, Registry } from "./registry.ts";

export interface TaskRow extends Entity {
  readonly template: TaskTemplate;
}

export interface WorkflowRow extends Entity {
  readonly closure: CompiledWorkflowClosure;
}

export interface LaunchPlanRow extends Entity {
  readonly spec: LaunchPlanSpec;
  readonly closure: LaunchPlanClosure;
}

/** What can be started, with what it expects. */
export interface Launchable {
  readonly closure: CompiledWorkflowClosure;
  readonly workflowId: Identifier;
  readonly expected: ParameterMap["parameters"];
  readonly fixed: Literals;
  /** Whether its labels become rows of the tag table. */
  readonly tagged: boolean;
  readonly launchPlan: LaunchPlanRow | undefined;
}

/** What an answer is told besides its inputs. */
export interface AnswerContext {
  /** Name of the execution. */
  readonly execution: string;
  readonly project: string;
  readonly domain: string;
  readonly version: string;
  /** 0 the first time. */
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Aborts when the execution is terminated. */
  readonly signal: AbortSignal;
}

export type Literals = Readonly<Record<string, Literal>>;

/**
 * A task that the double runs itself. A `TaskFailure` that it throws is the failure field by field; any other
 * Error is a user's, with the trace and message as flytekit writes them, recoverable when the task has retries.
 */
export type Answer = (inputs: Literals, context: AnswerContext) => Literals | Promise<Literals>;

export interface AnswerOptions {
  /** How long the task takes, in milliseconds. */
  readonly delayMs?: number;
}

export interface KnownAnswer extends AnswerOptions {
  readonly answer: Answer;
}

/** How container tasks run on this machine. */
export interface Containers {
  /** @returns the program and its first arguments for the command of an image. */
  readonly command: (command: string) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** In front of the PATH: flytekit's programs start each other. */
  readonly pythonBin: string | undefined;
  /** For working folders and logs of the processes. */
  readonly folder: string;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

export class World {
  readonly tasks = new Registry<TaskRow>("task");
  readonly workflows = new Registry<WorkflowRow>("workflow");
  readonly launchPlans = new Registry<LaunchPlanRow>("launch plan");
  readonly executions = new Executions();
  readonly answers = new Map<string, KnownAnswer>();
  /** Outputs of discoverable tasks. */
  readonly cache = new Map<string, LiteralMap>();
  /** Workflows made for single tasks. */
  readonly generated = new WeakMap<TaskRow, Launchable>();
  /** Of container tasks that run, with their executions. */
  readonly processes = new Map<ChildProcess, ExecutionRow>();
  readonly faults: Faults;
  readonly objects: Objects;
  readonly store: HttpStore;
  readonly containers: Containers | undefined;
  /** Known once the server listens. */
  endpoint = () => "";
  readonly #projects: ReadonlySet<string> | undefined;

  constructor(of: {
    readonly faults: Faults;
    readonly objects: Objects;
    readonly store: HttpStore;
    readonly containers?: Containers | undefined;
    readonly projects?: readonly string[] | undefined;
  }) {
    this.faults = of.faults;
    this.objects = of.objects;
    this.store = of.store;
    this.containers = of.containers;
    this.#projects = of.projects && new Set(of.projects);
  }

  /** @throws {ConnectError} for a project or domain that is not registered, when projects were given. */
  checkProject(project: string, domain: string): void {
    if (!this.#projects) return;
    if (!this.#projects.has(project)) {
      throw new ConnectError(
        `failed to validate that project [${project}] and domain [${domain}] are registered, ` +
          "err: [entry not found]",
        Code.InvalidArgument,
      );
    }
    if (!DOMAINS.includes(domain)) {
      throw new ConnectError(`domain [${domain}] is unrecognized by system`, Code.InvalidArgument);
    }
  }

  get projects(): readonly string[] {
    return [...(this.#projects ?? ["flytesnacks"])];
  }
}

export const DOMAINS = ["development", "staging", "production"];

/** The environment that the execution's spec gives to its containers. */
export function environmentOf({ spec }: ExecutionRow): Record<string, string> {
  return Object.fromEntries((spec.envs?.values ?? []).map(({ key, value }) => [key, value]));
}
