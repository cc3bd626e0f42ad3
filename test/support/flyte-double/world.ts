/**
 * What the double knows: entities, executions, answers, and the faults it is asked to have.
 * @module
 */
import type {
  LaunchPlanClosure,
  LaunchPlanSpec,
} from "../../../runtime/flyte/idl/flyteidl/admin/launch_plan_pb.ts";
import type { CompiledWorkflowClosure } from "../../../runtime/flyte/idl/flyteidl/core/compiler_pb.ts";
import type { Literal } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import type { TaskTemplate } from "../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { Executions } from "./executions.ts";
import type { Faults } from "./faults.ts";
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

/** A task that the double runs itself. What it throws is the task's failure; see {@link TaskFailure}. */
export type Answer = (inputs: Literals, context: AnswerContext) => Literals | Promise<Literals>;

export interface AnswerOptions {
  /** How long the task takes, in milliseconds. */
  readonly delayMs?: number;
}

export interface KnownAnswer extends AnswerOptions {
  readonly answer: Answer;
}

/** A failure as a container reports it, field by field. */
export class TaskFailure extends Error {
  override name = "TaskFailure";
  readonly code: string;
  readonly kind: "user" | "system";
  readonly recoverable: boolean;
  readonly worker: string;

  constructor(
    message: string,
    options: {
      readonly code?: string;
      readonly kind?: "user" | "system";
      readonly recoverable?: boolean;
      readonly worker?: string;
    } = {},
  ) {
    super(message);
    this.code = options.code ?? "USER:Error";
    this.kind = options.kind ?? "user";
    this.recoverable = options.recoverable ?? false;
    this.worker = options.worker ?? "";
  }
}

export class World {
  readonly tasks = new Registry<TaskRow>("task");
  readonly workflows = new Registry<WorkflowRow>("workflow");
  readonly launchPlans = new Registry<LaunchPlanRow>("launch plan");
  readonly executions = new Executions();
  readonly answers = new Map<string, KnownAnswer>();
  readonly faults: Faults;

  constructor(faults: Faults) {
    this.faults = faults;
  }
}
