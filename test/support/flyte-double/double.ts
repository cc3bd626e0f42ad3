/**
 * A double of a Flyte cluster: the services that eagerdeck speaks with, on 127.0.0.1, in this process.
 *
 * Not Flyte: nothing is scheduled, nothing is stored beyond the double's life. What it keeps are the rules that
 * a client meets, read off flyteadmin 1.16, and its GetVersion says what it is.
 * @module
 */
import type { LiteralMap } from "../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { entityMethods } from "./admin-entities.ts";
import { executionMethods } from "./admin-executions.ts";
import { type ExecutionRow, executionMessage, phaseName } from "./executions.ts";
import { Faults } from "./faults.ts";
import { RequestLog } from "./request-log.ts";
import { serve } from "./server.ts";
import { type Answer, type AnswerOptions, World } from "./world.ts";

export { TaskFailure } from "./world.ts";

export interface DoubleOptions {
  /** Added to every RPC, in milliseconds. */
  readonly latencyMs?: number;
  /** 0 for any free one. */
  readonly port?: number;
}

export interface FlyteDouble extends AsyncDisposable {
  /** `127.0.0.1:40123`; cleartext. */
  readonly endpoint: string;
  /** Text of a `config.yaml` that leads here. */
  readonly configYaml: string;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Runs tasks of this name in the double's own process. A later answer replaces an earlier one. */
  answer(taskName: string, answer: Answer, options?: AnswerOptions): void;
  /** All executions in the order of their creation, as they are now. */
  executions(): readonly SeenExecution[];
  /** Resolves as soon as the condition holds; it is looked at after every change of an execution. */
  when(condition: (executions: readonly SeenExecution[]) => boolean): Promise<void>;
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
  readonly message: ReturnType<typeof executionMessage>;
}

export async function startDouble(options: DoubleOptions = {}): Promise<FlyteDouble> {
  const faults = new Faults(options.latencyMs ?? 0);
  const requests = new RequestLog();
  const world = new World(faults);
  const server = await serve({
    port: options.port ?? 0,
    faults,
    requests,
    routes(router) {
      router.service(AdminService, {
        ...entityMethods(world),
        ...executionMethods(world),
        getVersion: () => ({
          controlPlaneVersion: {
            Version: "v1.16.5-double",
            Build: "a test double, not flyteadmin",
            BuildTime: new Date(0).toISOString(),
          },
        }),
      });
    },
  });
  const seen = () => world.executions.all().map(seenExecution);
  return {
    endpoint: server.endpoint,
    configYaml: `admin:\n  endpoint: dns:///${server.endpoint}\n  insecure: true\n`,
    faults,
    requests,
    answer: (taskName, answer, more = {}) => world.answers.set(taskName, { answer, ...more }),
    executions: seen,
    when: (condition) => world.executions.when(() => condition(seen())),
    async [Symbol.asyncDispose]() {
      for (const row of world.executions.all()) row.stop.abort(new Error("the double ends"));
      await server.close();
    },
  };
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
    environment: Object.fromEntries(
      (spec.envs?.values ?? []).map(({ key, value }) => [key, value]),
    ),
    inputs: row.inputs,
    outputs: row.outputs,
    abort: row.abort,
    message: executionMessage(row, false),
  };
}
