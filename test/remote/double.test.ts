/**
 * The rules of the double, seen by a plain client: the ground under every other test of this folder.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Operator } from "opendal";
import { expect, onTestFinished, test } from "vitest";
import { Sort_Direction } from "../../runtime/flyte/idl/flyteidl/admin/common_pb.ts";
import { ExecutionState } from "../../runtime/flyte/idl/flyteidl/admin/execution_pb.ts";
import { LaunchPlanState } from "../../runtime/flyte/idl/flyteidl/admin/launch_plan_pb.ts";
import { WorkflowExecution_Phase as Phase } from "../../runtime/flyte/idl/flyteidl/core/execution_pb.ts";
import { ResourceType } from "../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { LiteralMapSchema } from "../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import { TaskTemplateSchema } from "../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import { WorkflowTemplateSchema } from "../../runtime/flyte/idl/flyteidl/core/workflow_pb.ts";
import { AdminService } from "../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { AuthMetadataService } from "../../runtime/flyte/idl/flyteidl/service/auth_pb.ts";
import {
  ArtifactType,
  DataProxyService,
} from "../../runtime/flyte/idl/flyteidl/service/dataproxy_pb.ts";
import { IdentityService } from "../../runtime/flyte/idl/flyteidl/service/identity_pb.ts";
import {
  type DoubleOptions,
  type FlyteDouble,
  startDouble,
  TaskFailure,
} from "../support/flyte-double/double.ts";
import {
  float,
  integer,
  integerOf,
  list,
  listOf,
  simple,
  string,
  variables,
} from "../support/flyte-double/literals.ts";
import { md5 } from "../support/flyte-double/objects.ts";

const PLACE = { project: "flytesnacks", domain: "development" };
const ADD = {
  inputs: variables({ x: simple("INTEGER") }),
  outputs: variables({ o0: simple("INTEGER") }),
};

async function open(options: DoubleOptions = {}) {
  const double = await startDouble(options);
  onTestFinished(async () => await double[Symbol.asyncDispose]());
  return { double, ...connect(double) };
}

function connect(double: FlyteDouble, header?: Readonly<Record<string, string>>) {
  const baseUrl = `http://${double.endpoint}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  onTestFinished(() => sessionManager.abort());
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [
      (next) => async (request) => {
        for (const [key, value] of Object.entries(header ?? {})) request.header.set(key, value);
        return await next(request);
      },
    ],
  });
  return {
    admin: createClient(AdminService, transport),
    data: createClient(DataProxyService, transport),
    identity: createClient(IdentityService, transport),
    metadata: createClient(AuthMetadataService, transport),
  };
}

/** `ALREADY_EXISTS: task with …`; fails when the call does not. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return `${Code[code]}: ${rawMessage}`;
  }
  throw new Error("the call succeeded");
}

const done = (...names: readonly string[]) => {
  return (all: FlyteDouble["executions"] extends () => infer All ? All : never) =>
    names.every((name) =>
      all.some((one) => one.name === name && /SUCCEEDED|FAILED|ABORTED/.test(one.phase)),
    );
};

const taskId = (name: string, version = "v1") => ({
  resourceType: ResourceType.TASK,
  ...PLACE,
  name,
  version,
});

test("it says that it is a double", async () => {
  const { admin } = await open();
  const { controlPlaneVersion } = await admin.getVersion({});
  expect(controlPlaneVersion?.Version).toBe("v1.16.5-double");
  expect(controlPlaneVersion?.Build).toContain("double");
});

test("a version is immutable: the same content exists already, another one is a conflict", async () => {
  const { admin } = await open();
  const id = taskId("add");
  const template = {
    type: "container",
    metadata: { retries: { retries: 1 } },
    interface: ADD,
    target: { case: "container" as const, value: { image: "image:1", args: ["a"] } },
  };
  await admin.createTask({ id, spec: { template } });
  expect(await refusal(admin.createTask({ id, spec: { template } }))).toBe(
    "AlreadyExists: task with identical structure already exists",
  );
  const other = { ...template, metadata: { retries: { retries: 2 } } };
  expect(await refusal(admin.createTask({ id, spec: { template: other } }))).toMatch(
    /^InvalidArgument: add task with different structure already exists/,
  );
  await admin.createTask({ id: taskId("add", "v2"), spec: { template: other } });
  const task = await admin.getTask({ id });
  expect(task.closure?.compiledTask?.template?.interface?.outputs).toEqual(ADD.outputs);
});

test("the newest version comes first when sorted by creation, and pages end with an empty token", async () => {
  const { admin, double } = await open();
  for (const version of ["v1", "v2", "v3"]) double.addTask({ name: "add", version });
  const request = {
    id: { ...PLACE, name: "add" },
    limit: 2,
    sortBy: { key: "created_at", direction: Sort_Direction.DESCENDING },
  };
  const first = await admin.listTasks(request);
  expect(first.tasks.map(({ id }) => id?.version)).toEqual(["v3", "v2"]);
  expect(first.token).toBe("2");
  const second = await admin.listTasks({ ...request, token: first.token });
  expect(second.tasks.map(({ id }) => id?.version)).toEqual(["v1"]);
  expect(second.token).toBe("");
  expect(await refusal(admin.listTasks({ ...request, limit: 0 }))).toMatch(
    /^InvalidArgument.*limit/,
  );
  expect(await refusal(admin.listTasks({ ...request, token: "x" }))).toMatch(/^InvalidArgument/);
});

test("what is not there is NOT_FOUND", async () => {
  const { admin } = await open();
  expect(await refusal(admin.getTask({ id: taskId("none") }))).toMatch(/^NotFound: missing entity/);
  expect(await refusal(admin.getExecution({ id: { ...PLACE, name: "none" } }))).toMatch(
    /^NotFound/,
  );
  const launchPlan = taskId("none");
  expect(
    await refusal(admin.createExecution({ ...PLACE, name: "e", spec: { launchPlan } })),
  ).toMatch(/^NotFound/);
});

test("an execution goes through its phases and has its outputs and nodes", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({
    name: "my.add",
    interface: ADD,
    answer: ({ x }) => ({ o0: integer(integerOf(x) + 1n) }),
  });
  const release = double.faults.hold("start");
  const id = { ...PLACE, name: "first" };
  const spec = { launchPlan, labels: { values: { team: "a" } }, tags: ["t"] };
  await admin.createExecution({ ...id, spec, inputs: { literals: { x: integer(4) } } });
  await double.when(([one]) => one?.phase === "QUEUED");
  expect((await admin.getExecution({ id })).closure?.phase).toBe(Phase.QUEUED);
  release();
  await double.when(done("first"));
  const execution = await admin.getExecution({ id });
  expect(execution.closure?.phase).toBe(Phase.SUCCEEDED);
  expect(execution.closure?.workflowId?.name).toBe(".flytegen.my.add");
  expect(execution.spec?.inputs).toBeUndefined();
  expect(execution.spec?.launchPlan).toEqual(launchPlan);
  const data = await admin.getExecutionData({ id });
  expect(integerOf(data.fullInputs?.literals["x"])).toBe(4n);
  expect(integerOf(data.fullOutputs?.literals["o0"])).toBe(5n);
  const { nodeExecutions } = await admin.listNodeExecutions({ workflowExecutionId: id, limit: 10 });
  expect(nodeExecutions.map((node) => node.id?.nodeId)).toEqual([
    "start-node",
    "myadd",
    "end-node",
  ]);
  const { taskExecutions } = await admin.listTaskExecutions({
    nodeExecutionId: { executionId: id, nodeId: "myadd" },
    limit: 10,
  });
  expect(taskExecutions.map((one) => one.id?.retryAttempt)).toEqual([0]);
});

test("names of executions: 63 of a-z, 0-9 and -, and only once", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  const start = (name: string) => admin.createExecution({ ...PLACE, name, spec: { launchPlan } });
  for (const name of ["1a", "a_b", "a.b", "é", "-a"]) {
    expect(await refusal(start(name))).toMatch(/^InvalidArgument: invalid name format/);
  }
  expect(await refusal(start("a".repeat(64)))).toMatch(/^InvalidArgument: size of name exceeded/);
  expect(await refusal(start("Abc"))).toMatch(/^Internal: failed to create workflow in propeller/);
  await start("a".repeat(63));
  expect(await refusal(start("a".repeat(63)))).toMatch(/^AlreadyExists/);
  expect((await start("")).id?.name).toMatch(/^a[0-9a-f]{19}$/);
});

test("labels follow the rules of Kubernetes, sixteen at most", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  const start = (values: Record<string, string>) =>
    admin.createExecution({ ...PLACE, spec: { launchPlan, labels: { values } } });
  await start({ "eager-exec": "a-1", "example.org/key_1": "", k: "A.b_c" });
  for (const label of [
    { "-a": "b" },
    { "a b": "c" },
    { a: "é" },
    { a: "-" },
    { a: "x".repeat(64) },
  ]) {
    expect(await refusal(start(label))).toMatch(/^InvalidArgument: invalid label/);
  }
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"]));
  expect(await refusal(start(many))).toMatch(/^InvalidArgument: labels map cannot exceed 16/);
});

test("inputs have to be known, given, and of a type that fits", async () => {
  const { admin, double } = await open();
  const types = { x: simple("FLOAT"), xs: listOf(simple("INTEGER")) };
  const launchPlan = double.addTask({
    name: "t",
    interface: { inputs: variables(types) },
    answer: () => ({}),
  });
  const start = (literals: Record<string, ReturnType<typeof integer>>) =>
    admin.createExecution({ ...PLACE, inputs: { literals }, spec: { launchPlan } });
  await start({ x: float(1), xs: list() });
  await start({ x: float(1), xs: list(integer(1), integer(2)) });
  expect(await refusal(start({ x: float(1) }))).toBe("InvalidArgument: expected_inputs xs missing");
  expect(await refusal(start({ x: float(1), xs: list(), y: float(1) }))).toBe(
    "InvalidArgument: invalid input y",
  );
  expect(await refusal(start({ x: integer(1), xs: list() }))).toBe(
    "InvalidArgument: invalid x input wrong type. Expected simple:FLOAT, but got simple:INTEGER",
  );
  expect(await refusal(start({ x: float(1), xs: list(integer(1), string("a")) }))).toMatch(
    /^InvalidArgument: invalid xs input wrong type/,
  );
});

test("a list has a hundred children by name in one answer, without inputs, errors cut to 100 bytes", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({
    name: "t",
    interface: ADD,
    answer: ({ x }) => {
      if (integerOf(x) === 7n) throw new TaskFailure(`${"é".repeat(200)}`, { code: "USER:Odd" });
      return { o0: x ?? integer(0) };
    },
  });
  const names = Array.from({ length: 100 }, (_, index) => `child-${index}`);
  await Promise.all(
    names.map((name, index) =>
      admin.createExecution({
        ...PLACE,
        name,
        inputs: { literals: { x: integer(index) } },
        spec: { launchPlan },
      }),
    ),
  );
  await double.when(done(...names));
  double.requests.clear();
  const { executions, token } = await admin.listExecutions({
    id: PLACE,
    limit: 101,
    filters: `value_in(execution_name,${names.join(";")};no-such-child)`,
  });
  expect(executions).toHaveLength(100);
  expect(token).toBe("");
  expect(double.requests.count("ListExecutions")).toBe(1);
  const failed = executions.find(({ id }) => id?.name === "child-7");
  const error = failed?.closure?.outputResult;
  expect(failed?.closure?.phase).toBe(Phase.FAILED);
  expect(error?.case === "error" && error.value.message).toBe("é".repeat(50));
  const whole = (await admin.getExecution({ id: { ...PLACE, name: "child-7" } })).closure;
  expect(whole?.outputResult.case === "error" && whole.outputResult.value.message).toBe(
    "é".repeat(200),
  );
  expect(executions.every(({ spec }) => spec?.inputs === undefined)).toBe(true);
  const outputs = await admin.getExecutionData({ id: { ...PLACE, name: "child-12" } });
  expect(integerOf(outputs.fullOutputs?.literals["o0"])).toBe(12n);
});

test("filters are admin's: others are refused", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  await admin.createExecution({ ...PLACE, name: "one", spec: { launchPlan } });
  await double.when(done("one"));
  const find = async (filters: string) =>
    (await admin.listExecutions({ id: PLACE, limit: 10, filters })).executions.map(
      ({ id }) => id?.name,
    );
  expect(await find("eq(phase,SUCCEEDED)+contains(execution_name,on)")).toEqual(["one"]);
  expect(await find("value_in(phase,RUNNING;QUEUED;UNDEFINED)")).toEqual([]);
  expect(await find("ne(phase,FAILED)+eq(task.name,t)+eq(launch_entity,task)")).toEqual(["one"]);
  expect(await find("eq(launch_plan.name,t)")).toEqual([]);
  expect(await find("gt(created_at,2020-01-01T00:00:00Z)")).toEqual(["one"]);
  for (const filters of [
    "eq(nothing,1)",
    "like(phase,x)",
    "eq(phase)",
    "phase=RUNNING",
    "eq(phase,A;B)",
    "eq(node_execution.phase,RUNNING)",
    "eq(labels,a)",
  ]) {
    expect(await refusal(find(filters))).toMatch(/^InvalidArgument/);
  }
});

test("tags are rows of launch plans only, and their join repeats an execution", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  await registerWorkflow(admin, "flow", { tasks: ["t"] });
  const labels = { values: { "eager-exec": "tag", other: "tag" } };
  await admin.createExecution({ ...PLACE, name: "of-task", spec: { launchPlan, labels } });
  const plan = { ...launchPlan, resourceType: ResourceType.LAUNCH_PLAN, name: "flow" };
  await admin.createExecution({ ...PLACE, name: "of-plan", spec: { launchPlan: plan, labels } });
  const find = async (filters: string) =>
    (await admin.listExecutions({ id: PLACE, limit: 10, filters })).executions.map(
      ({ id }) => id?.name,
    );
  const both = "value_in(execution_tag.key,eager-exec)+value_in(execution_tag.value,tag)";
  expect(await find(both)).toEqual(["of-plan"]);
  expect(await find("eq(execution_tag.value,tag)")).toEqual(["of-plan", "of-plan"]);
  expect(await find("value_in(admin_tag.name,eager-exec)")).toEqual(["of-plan"]);
});

test("archived executions are left out of lists, not of answers by name", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  const id = { ...PLACE, name: "one" };
  await admin.createExecution({ ...id, spec: { launchPlan } });
  await admin.updateExecution({ id, state: ExecutionState.EXECUTION_ARCHIVED });
  const find = async (filters: string) =>
    (await admin.listExecutions({ id: PLACE, limit: 10, filters })).executions.length;
  expect(await find("value_in(execution_name,one)")).toBe(0);
  expect(await find("value_in(execution_name,one)+eq(state,1)")).toBe(1);
  const { closure } = await admin.getExecution({ id });
  expect(closure?.stateChangeDetails?.state).toBe(ExecutionState.EXECUTION_ARCHIVED);
});

test("an abort is ABORTING first, keeps cause and principal, and is refused when all is over", async () => {
  const { admin, double } = await open();
  let stopped = false;
  const launchPlan = double.addTask({
    name: "long",
    answer: (_inputs, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          stopped = true;
          reject(signal.reason);
        });
      }),
  });
  const id = { ...PLACE, name: "one" };
  await admin.createExecution({ ...id, spec: { launchPlan } });
  await double.when(([one]) => one?.phase === "RUNNING");
  const release = double.faults.hold("abort");
  await admin.terminateExecution({ id, cause: "enough" });
  expect((await admin.getExecution({ id })).closure?.phase).toBe(Phase.ABORTING);
  await admin.terminateExecution({ id, cause: "again" });
  release();
  await double.when(done("one"));
  const { closure } = await admin.getExecution({ id });
  expect(closure?.phase).toBe(Phase.ABORTED);
  expect(closure?.outputResult.case === "abortMetadata" && closure.outputResult.value.cause).toBe(
    "enough",
  );
  expect(stopped).toBe(true);
  expect(await refusal(admin.terminateExecution({ id, cause: "late" }))).toBe(
    "FailedPrecondition: Cannot abort an already terminated workflow execution",
  );
});

test("an execution can be timed out or archived from outside", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "long", answer: () => new Promise(() => {}) });
  const id = { ...PLACE, name: "one" };
  await admin.createExecution({ ...id, spec: { launchPlan } });
  await double.when(([one]) => one?.phase === "RUNNING");
  double.timeOut("one");
  expect((await admin.getExecution({ id })).closure?.phase).toBe(Phase.TIMED_OUT);
  double.archive("one");
  expect((await admin.listExecutions({ id: PLACE, limit: 10 })).executions).toEqual([]);
});

test("a recoverable failure is repeated, then reads RetriesExhausted; others end at once", async () => {
  const { admin, double } = await open();
  const tried: number[] = [];
  const failing = (name: string, retries: number, answer: () => never) =>
    double.addTask({
      name,
      metadata: { retries: { retries } },
      answer: (_inputs, { attempt }) => {
        tried.push(attempt);
        return answer();
      },
    });
  const run = async (name: string, launchPlan: ReturnType<typeof failing>) => {
    await admin.createExecution({ ...PLACE, name, spec: { launchPlan } });
    await double.when(done(name));
    const { closure } = await admin.getExecution({ id: { ...PLACE, name } });
    const result = closure?.outputResult;
    if (result?.case !== "error") throw new Error(`${name} did not fail`);
    return `${result.value.kind} ${result.value.code} ${result.value.message.split("\n")[0]}`;
  };
  const recoverable = failing("r", 2, () => {
    throw new TaskFailure("odd", { code: "USER:Odd", recoverable: true });
  });
  expect(await run("recoverable", recoverable)).toBe(
    "1 RetriesExhausted|USER:Odd [3/3] currentAttempt done. Last Error: USER::odd",
  );
  expect(tried.splice(0)).toEqual([0, 1, 2]);
  const final = failing("f", 2, () => {
    throw new TaskFailure("odd", { code: "USER:Odd" });
  });
  expect(await run("final", final)).toBe("1 USER:Odd odd");
  expect(tried.splice(0)).toEqual([0]);
  const system = failing("s", 0, () => {
    throw new TaskFailure("lost", { code: "Gone", kind: "system", recoverable: true });
  });
  expect(await run("system", system)).toBe(
    "1 RetriesExhausted|Gone [3/3] currentAttempt done. Last Error: SYSTEM::lost",
  );
  expect(tried.splice(0)).toEqual([0, 1, 2]);
  const thrown = failing("t", 0, () => {
    throw new RangeError("too far");
  });
  expect(await run("thrown", thrown)).toBe("1 USER:RangeError Trace:");
});

test("a discoverable task runs once for the same inputs, unless the cache is overwritten", async () => {
  const { admin, double } = await open();
  let runs = 0;
  const launchPlan = double.addTask({
    name: "t",
    interface: ADD,
    metadata: { discoverable: true, discoveryVersion: "1", retries: { retries: 0 } },
    answer: ({ x }) => {
      runs++;
      return { o0: x ?? integer(0) };
    },
  });
  const run = async (name: string, x: number, overwriteCache = false) => {
    const spec = { launchPlan, overwriteCache };
    await admin.createExecution({ ...PLACE, name, inputs: { literals: { x: integer(x) } }, spec });
    await double.when(done(name));
    const nodeExecutionId = { executionId: { ...PLACE, name }, nodeId: "t" };
    const { closure } = await admin.getNodeExecution({ id: nodeExecutionId });
    const { targetMetadata } = closure ?? {};
    return targetMetadata?.case === "taskNodeMetadata" && targetMetadata.value.cacheStatus;
  };
  expect([
    await run("a", 1),
    await run("b", 1),
    await run("c", 2),
    await run("d", 1, true),
  ]).toEqual([3, 2, 3, 3]);
  expect(runs).toBe(3);
});

type Admin = ReturnType<typeof connect>["admin"];

/** A chain of tasks, each taking `x` from the one before, with its launch plan. */
async function registerWorkflow(
  admin: Admin,
  name: string,
  options: { tasks: readonly string[]; failure?: string; typed?: boolean },
) {
  const version = "v1";
  const ids = { ...PLACE, name, version };
  const promise = (nodeId: string, from: string) => ({
    value: { case: "promise" as const, value: { nodeId, var: from } },
  });
  const node = (id: string, task: string, binding?: ReturnType<typeof promise>) => ({
    id,
    inputs: binding ? [{ var: "x", binding }] : [],
    target: {
      case: "taskNode" as const,
      value: { reference: { case: "referenceId" as const, value: taskId(task) } },
    },
  });
  const { typed = false } = options;
  const nodes = options.tasks.map((task, index) =>
    node(
      `n${index}`,
      task,
      typed ? promise(index ? `n${index - 1}` : "", index ? "o0" : "x") : undefined,
    ),
  );
  const workflowId = { resourceType: ResourceType.WORKFLOW, ...ids };
  await admin.createWorkflow({
    id: workflowId,
    spec: {
      template: {
        id: workflowId,
        interface: typed ? ADD : {},
        // In another order than they depend on each other.
        nodes: nodes.reverse(),
        outputs: typed
          ? [{ var: "o0", binding: promise(`n${options.tasks.length - 1}`, "o0") }]
          : [],
        ...(options.failure && {
          failureNode: node("fail", options.failure, typed ? promise("", "x") : undefined),
        }),
      },
    },
  });
  await admin.createLaunchPlan({
    id: { resourceType: ResourceType.LAUNCH_PLAN, ...ids },
    spec: {
      workflowId,
      ...(typed && {
        defaultInputs: {
          parameters: {
            x: {
              var: { type: simple("INTEGER") },
              behavior: { case: "default" as const, value: integer(10) },
            },
          },
        },
      }),
    },
  });
  return { resourceType: ResourceType.LAUNCH_PLAN, ...ids };
}

test("a static workflow runs its nodes in the order of their bindings, with defaults of its launch plan", async () => {
  const { admin, double } = await open();
  const order: string[] = [];
  for (const name of ["a", "b", "c"]) {
    double.addTask({
      name,
      interface: ADD,
      answer: ({ x }) => {
        order.push(name);
        return { o0: integer(integerOf(x) * 2n) };
      },
    });
  }
  const launchPlan = await registerWorkflow(admin, "flow", { tasks: ["a", "b", "c"], typed: true });
  await admin.createExecution({ ...PLACE, name: "one", spec: { launchPlan } });
  await double.when(done("one"));
  expect(order).toEqual(["a", "b", "c"]);
  const { fullOutputs, fullInputs } = await admin.getExecutionData({
    id: { ...PLACE, name: "one" },
  });
  expect(integerOf(fullInputs?.literals["x"])).toBe(10n);
  expect(integerOf(fullOutputs?.literals["o0"])).toBe(80n);
});

test("sub-workflows run inside, launch plans of nodes as executions of their own", async () => {
  const { admin, double } = await open();
  double.addTask({
    name: "double",
    interface: ADD,
    answer: ({ x }) => ({ o0: integer(integerOf(x) * 2n) }),
  });
  const inner = await registerWorkflow(admin, "inner", {
    tasks: ["double", "double"],
    typed: true,
  });
  const { closure } = await admin.getWorkflow({
    id: { ...inner, resourceType: ResourceType.WORKFLOW },
  });
  const template = closure?.compiledWorkflow?.primary?.template;
  if (!template) throw new Error("a registered workflow has a template");
  expect(template.nodes.map(({ id }) => id).sort()).toEqual(["end-node", "n0", "n1", "start-node"]);
  const sub = create(WorkflowTemplateSchema, {
    ...template,
    nodes: template.nodes.filter(({ id }) => /^n/.test(id)),
  });
  const outerId = { ...inner, resourceType: ResourceType.WORKFLOW, name: "outer" };
  const bound = (nodeId: string, name: string) => [
    {
      var: "x",
      binding: { value: { case: "promise" as const, value: { nodeId, var: name } } },
    },
  ];
  await admin.createWorkflow({
    id: outerId,
    spec: {
      subWorkflows: [sub],
      template: {
        id: outerId,
        interface: ADD,
        nodes: [
          {
            id: "a",
            inputs: bound("", "x"),
            target: {
              case: "workflowNode",
              value: { reference: { case: "subWorkflowRef", value: sub.id ?? {} } },
            },
          },
          {
            id: "b",
            inputs: bound("a", "o0"),
            target: {
              case: "workflowNode",
              value: { reference: { case: "launchplanRef", value: inner } },
            },
          },
        ],
        outputs: bound("b", "o0").map((one) => ({ ...one, var: "o0" })),
      },
    },
  });
  const launchPlan = { ...inner, name: "outer" };
  await admin.createLaunchPlan({ id: launchPlan, spec: { workflowId: outerId } });
  const id = { ...PLACE, name: "one" };
  await admin.createExecution({
    ...id,
    inputs: { literals: { x: integer(3) } },
    spec: { launchPlan },
  });
  await double.when(done("one"));
  const { fullOutputs } = await admin.getExecutionData({ id });
  expect(integerOf(fullOutputs?.literals["o0"])).toBe(48n);
  expect(double.execution("one").nodes).toMatchObject({
    a: "SUCCEEDED",
    "a-0-n0": "SUCCEEDED",
    "a-0-n1": "SUCCEEDED",
    b: "SUCCEEDED",
  });
  const children = await admin.listNodeExecutions({
    workflowExecutionId: id,
    uniqueParentId: "a",
    limit: 10,
  });
  expect(children.nodeExecutions.map((node) => node.metadata?.specNodeId).sort()).toEqual([
    "end-node",
    "n0",
    "n1",
    "start-node",
  ]);
  const [, child] = double.executions();
  expect(child).toMatchObject({ entity: "inner", phase: "SUCCEEDED" });
  expect(child?.message.spec?.metadata?.parentNodeExecution?.nodeId).toBe("b");
});

test("a failure node runs after a failure, not after an abort", async () => {
  const { admin, double } = await open();
  const cleaned: string[] = [];
  double.addTask({
    name: "bad",
    answer: () => {
      throw new TaskFailure("bad", { code: "USER:Bad" });
    },
  });
  double.addTask({ name: "long", answer: () => new Promise(() => {}) });
  double.addTask({
    name: "clean",
    answer: (_inputs, { execution }) => {
      cleaned.push(execution);
      return {};
    },
  });
  const failing = await registerWorkflow(admin, "failing", { tasks: ["bad"], failure: "clean" });
  const hanging = await registerWorkflow(admin, "hanging", { tasks: ["long"], failure: "clean" });
  await admin.createExecution({ ...PLACE, name: "fails", spec: { launchPlan: failing } });
  await admin.createExecution({ ...PLACE, name: "hangs", spec: { launchPlan: hanging } });
  await double.when((all) =>
    all.some(({ name, phase }) => name === "hangs" && phase === "RUNNING"),
  );
  double.abort("hangs", "enough");
  await double.when(done("fails", "hangs"));
  expect(cleaned).toEqual(["fails"]);
  const { closure } = double.execution("fails").message;
  expect(closure?.outputResult.case === "error" && closure.outputResult.value.code).toBe(
    "USER:Bad",
  );
});

test("a workflow that does not compile is refused with every error and its node", async () => {
  const { admin, double } = await open();
  double.addTask({ name: "t", interface: ADD });
  const workflowId = { resourceType: ResourceType.WORKFLOW, ...PLACE, name: "bad", version: "v1" };
  const target = (task: string) => ({
    case: "taskNode" as const,
    value: { reference: { case: "referenceId" as const, value: taskId(task) } },
  });
  const scalar = {
    case: "scalar" as const,
    value: {
      value: {
        case: "primitive" as const,
        value: { value: { case: "stringValue" as const, value: "a" } },
      },
    },
  };
  const refused = await refusal(
    admin.createWorkflow({
      id: workflowId,
      spec: {
        template: {
          id: workflowId,
          interface: {},
          nodes: [
            { id: "n0", target: target("none") },
            { id: "n1", target: target("t") },
            { id: "n2", inputs: [{ var: "x", binding: { value: scalar } }], target: target("t") },
          ],
        },
      },
    }),
  );
  expect(refused).toMatch(/^InvalidArgument: failed to compile workflow .* Collected Errors: 3/);
  expect(refused).toContain("Code: TaskReferenceNotFound, Node Id: n0, ");
  expect(refused).toContain(
    "Code: ParameterNotBound, Node Id: n1, Description: Parameter not bound [x].",
  );
  expect(refused).toContain("Code: MismatchingTypes, Node Id: n2, ");
});

test("one version of a launch plan is active at a time", async () => {
  const { admin, double } = await open();
  double.addTask({ name: "t", answer: () => ({}) });
  const id = await registerWorkflow(admin, "flow", { tasks: ["t"] });
  expect(await refusal(admin.getActiveLaunchPlan({ id: { ...PLACE, name: "flow" } }))).toMatch(
    /^NotFound/,
  );
  await admin.updateLaunchPlan({ id, state: LaunchPlanState.ACTIVE });
  const second = { ...id, version: "v2" };
  const workflowId = { ...id, resourceType: ResourceType.WORKFLOW };
  await admin.createLaunchPlan({ id: second, spec: { workflowId } });
  await admin.updateLaunchPlan({ id: second, state: LaunchPlanState.ACTIVE });
  const active = await admin.getActiveLaunchPlan({ id: { ...PLACE, name: "flow" } });
  expect(active.id?.version).toBe("v2");
  const { launchPlans } = await admin.listActiveLaunchPlans({ ...PLACE, limit: 10 });
  expect(launchPlans.map((one) => one.id?.version)).toEqual(["v2"]);
});

test("uploads are held to their MD5 and headers, downloads have ranges", async () => {
  const { data, double } = await open();
  const bytes = new TextEncoder().encode("hello, double");
  const contentMd5 = md5(bytes);
  const place = await data.createUploadLocation({
    ...PLACE,
    filename: "a.txt",
    contentMd5,
    addContentMd5Metadata: true,
  });
  const put = async (headers: Record<string, string>, body: Uint8Array<ArrayBuffer> = bytes) =>
    (await fetch(place.signedUrl, { method: "PUT", headers, body })).status;
  expect(await put({})).toBe(403);
  expect(await put(place.headers, new TextEncoder().encode("other"))).toBe(400);
  expect(await put(place.headers)).toBe(200);
  const { signedUrl } = await data.createDownloadLocation({ nativeUrl: place.nativeUrl });
  const get = async (range?: string) => {
    const response = await fetch(signedUrl, range ? { headers: { range } } : {});
    return `${response.status} ${await response.text()}`;
  };
  expect(await get()).toBe("200 hello, double");
  expect(await get("bytes=7-8")).toBe("206 do");
  expect(await get("bytes=-6")).toBe("206 double");
  expect(await get("bytes=7-")).toBe("206 double");
  expect(await get("bytes=99-")).toMatch(/^416/);
  expect((await fetch(signedUrl, { method: "HEAD" })).status).toBe(403);
  expect(double.store.requests.map(({ method, status }) => `${method} ${status}`)).toContain(
    "PUT 400",
  );
  expect(await refusal(data.createUploadLocation({ ...PLACE }))).toMatch(/^InvalidArgument/);
});

test("with credentials the store is S3: keys, ranges, folders, uploads in parts", async () => {
  const { double } = await open({ storage: "s3" });
  const s3 = (accessKeyId: string) =>
    new Operator("s3", {
      bucket: "flyte-double",
      endpoint: double.store.endpoint,
      region: "us-east-1",
      access_key_id: accessKeyId,
      secret_access_key: "double-secret",
    });
  const operator = s3("double");
  await operator.write("a/b c&d.txt", Buffer.from("hello"));
  await operator.write("a/é/x", Buffer.from("x"));
  expect(String(await operator.read("a/b c&d.txt"))).toBe("hello");
  expect((await operator.stat("a/é/x")).contentLength).toBe(1n);
  const paths = async (recursive: boolean) =>
    (await operator.list("a/", { recursive })).map((entry) => entry.path()).sort();
  expect(await paths(false)).toEqual(["a/b c&d.txt", "a/é/"]);
  expect(await paths(true)).toEqual(["a/b c&d.txt", "a/é/x"]);
  const writer = await operator.writer("big", { chunk: 5n * 1024n * 1024n });
  for (let index = 0; index < 11; index++) await writer.write(Buffer.alloc(1024 * 1024, index));
  await writer.close();
  expect((await operator.stat("big")).contentLength).toBe(11n * 1024n * 1024n);
  await operator.delete("big");
  expect(await operator.exists("big")).toBe(false);
  await expect(s3("other").read("a/b c&d.txt")).rejects.toThrow("PermissionDenied");
});

test("outputs that admin could not read are empty, and behind the signed URL", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({
    name: "t",
    interface: ADD,
    answer: () => ({ o0: integer(5) }),
  });
  const id = { ...PLACE, name: "one" };
  await admin.createExecution({
    ...id,
    spec: { launchPlan },
    inputs: { literals: { x: integer(1) } },
  });
  await double.when(done("one"));
  double.faults.emptyOutputs = true;
  const { fullOutputs, outputs } = await admin.getExecutionData({ id });
  expect(fullOutputs?.literals).toEqual({});
  const bytes = await (await fetch(outputs?.url ?? "")).bytes();
  expect(integerOf(fromBinary(LiteralMapSchema, bytes).literals["o0"])).toBe(5n);
  const { closure } = await admin.getExecution({ id });
  const uri = closure?.outputResult.case === "outputs" && closure.outputResult.value.data.value;
  expect(uri).toMatch(/^s3:\/\/flyte-double\/metadata\/propeller\/.*\/outputs\.pb$/);
});

test("large literals are offloaded when asked to", async () => {
  const { admin, double } = await open();
  double.faults.offloadOverBytes = 100;
  const launchPlan = double.addTask({
    name: "t",
    interface: { outputs: variables({ big: simple("STRING"), small: simple("STRING") }) },
    answer: () => ({ big: string("x".repeat(1000)), small: string("x") }),
  });
  await admin.createExecution({ ...PLACE, name: "one", spec: { launchPlan } });
  await double.when(done("one"));
  const { fullOutputs } = await admin.getExecutionData({ id: { ...PLACE, name: "one" } });
  expect(fullOutputs?.literals["small"]?.value.case).toBe("scalar");
  const big = fullOutputs?.literals["big"]?.value;
  expect(big?.case === "offloadedMetadata" && big.value.inferredType).toEqual(simple("STRING"));
  expect(big?.case === "offloadedMetadata" && double.objects.size(big.value.uri)).toBeGreaterThan(
    1000,
  );
});

test("faults: an RPC fails as often as asked, and is counted", async () => {
  const { admin, double } = await open();
  double.faults.fail("GetVersion", 2, Code.Unavailable);
  expect(await refusal(admin.getVersion({}))).toMatch(/^Unavailable/);
  expect(await refusal(admin.getVersion({}))).toMatch(/^Unavailable/);
  await admin.getVersion({});
  expect(double.requests.count("GetVersion")).toBe(3);
  double.faults.garbage("GetVersion");
  expect(await refusal(admin.getVersion({}))).not.toMatch(/^Unavailable/);
});

test("faults: a connection is cut before the work, or after it", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  const start = (name: string) => admin.createExecution({ ...PLACE, name, spec: { launchPlan } });
  double.faults.cut("CreateExecution", "before");
  await refusal(start("before"));
  double.faults.cut("CreateExecution", "after");
  await refusal(start("after"));
  expect(double.executions().map(({ name }) => name)).toEqual(["after"]);
  await start("next");
});

test("faults: an outage ends on the same port, what ran went on", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  await admin.createExecution({ ...PLACE, name: "one", spec: { launchPlan } });
  await double.faults.stopListening();
  await refusal(admin.getVersion({}));
  await double.when(done("one"));
  await double.faults.listenAgain();
  expect((await admin.getExecution({ id: { ...PLACE, name: "one" } })).closure?.phase).toBe(
    Phase.SUCCEEDED,
  );
});

test("faults: lists lag behind while they are frozen", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({ name: "t", answer: () => ({}) });
  const release = double.faults.hold("start");
  await admin.createExecution({ ...PLACE, name: "one", spec: { launchPlan } });
  const thaw = double.faults.freezeLists();
  release();
  await double.when(done("one"));
  await admin.createExecution({ ...PLACE, name: "two", spec: { launchPlan } });
  const phases = async () =>
    (await admin.listExecutions({ id: PLACE, limit: 10 })).executions.map(
      (one) => `${one.id?.name} ${one.closure?.phase === Phase.SUCCEEDED}`,
    );
  expect(await phases()).toEqual(["one false"]);
  thaw();
  await double.when(done("two"));
  expect(await phases()).toEqual(["one true", "two true"]);
});

test("with auth, only the metadata service answers without a token, and aborts carry who asked", async () => {
  const { double, admin, metadata } = await open({
    auth: {
      issuer: { tokenEndpoint: "http://127.0.0.1:1/token" },
      accepts: (token) => token === "good" && "somebody",
    },
  });
  expect(await refusal(admin.getVersion({}))).toMatch(/^Unauthenticated: token parse error/);
  expect((await metadata.getOAuth2Metadata({})).tokenEndpoint).toBe("http://127.0.0.1:1/token");
  const { authorizationMetadataKey } = await metadata.getPublicClientConfig({});
  expect(authorizationMetadataKey).toBe("flyte-authorization");
  const known = connect(double, { [authorizationMetadataKey]: "Bearer good" });
  expect((await known.identity.userInfo({})).subject).toBe("somebody");
  const launchPlan = double.addTask({ name: "t", answer: () => new Promise(() => {}) });
  const id = { ...PLACE, name: "one" };
  await known.admin.createExecution({ ...id, spec: { launchPlan } });
  await known.admin.terminateExecution({ id, cause: "enough" });
  await double.when(done("one"));
  expect(double.execution("one").abort).toMatchObject({ cause: "enough", principal: "somebody" });
  expect(double.execution("one").message.spec?.metadata?.principal).toBe("somebody");
  const wrong = connect(double, { "flyte-authorization": "Bearer bad" });
  expect(await refusal(wrong.admin.getVersion({}))).toMatch(/^Unauthenticated/);
});

test("without auth there is no metadata service", async () => {
  const { metadata } = await open();
  expect(await refusal(metadata.getOAuth2Metadata({}))).toMatch(/^Unimplemented/);
});

test("a message beyond the limit is refused", async () => {
  const { admin, double } = await open();
  const launchPlan = double.addTask({
    name: "t",
    interface: { inputs: variables({ x: simple("STRING") }) },
  });
  const inputs = { literals: { x: string("x".repeat(11 * 1024 * 1024)) } };
  expect(await refusal(admin.createExecution({ ...PLACE, inputs, spec: { launchPlan } }))).toMatch(
    /^ResourceExhausted/,
  );
});

function container(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return create(TaskTemplateSchema, {
    type: "container",
    metadata: { retries: { retries: 0 }, runtime: { version: "1" } },
    interface: ADD,
    target: {
      case: "container",
      value: {
        image: "image:1",
        args: [...args],
        env: Object.entries(env).map(([key, value]) => ({ key, value })),
      },
    },
  });
}

/** Runs a script of Node as a container task. */
async function runScript(script: string, more: { retries?: number; graceMs?: number } = {}) {
  const opened = await open({ runContainers: true, environment: { GIVEN: "yes" }, ...more });
  const { admin } = opened;
  const template = container(
    [
      process.execPath,
      "-e",
      script,
      "--",
      "{{.input}}",
      "{{.outputPrefix}}",
      "{{.rawOutputDataPrefix}}",
      "{{.prevCheckpointPrefix}}",
      "{{.inputs.x}}",
    ],
    { OWN: "1" },
  );
  if (template.metadata?.retries) template.metadata.retries.retries = more.retries ?? 0;
  await admin.createTask({ id: taskId("script"), spec: { template } });
  await admin.createExecution({
    ...PLACE,
    name: "one",
    inputs: { literals: { x: integer(4) } },
    spec: {
      launchPlan: taskId("script"),
      envs: { values: [{ key: "OF_EXECUTION", value: "2" }] },
    },
  });
  return opened;
}

const HELPERS = `
const fs = require("node:fs"), { fileURLToPath } = require("node:url");
const [input, outputs, raw, previous, x] = process.argv.slice(1);
const put = (name, bytes) => fs.writeFileSync(fileURLToPath(outputs + "/" + name), bytes);
`;
/** `{ o0: 5 }` as bytes. */
const FIVE = "Buffer.from('0a0c0a026f3012060a040a020805', 'hex')";

test("a container task is a local process with rendered arguments and its environment", async () => {
  const { admin, double, data } = await runScript(`${HELPERS}
    put("deck.html", JSON.stringify({ input, raw, previous, x, env: process.env }));
    put("outputs.pb", ${FIVE});`);
  await double.when(done("one"));
  const { fullOutputs } = await admin.getExecutionData({ id: { ...PLACE, name: "one" } });
  expect(integerOf(fullOutputs?.literals["o0"])).toBe(5n);
  const link = await data.createDownloadLink({
    artifactType: ArtifactType.DECK,
    source: {
      case: "nodeExecutionId",
      value: { nodeId: "script", executionId: { ...PLACE, name: "one" } },
    },
  });
  const seen: unknown = await (await fetch(link.preSignedUrls?.signedUrl[0] ?? "")).json();
  expect(seen).toMatchObject({
    input: expect.stringMatching(/^file:\/\/.*\/script\/data\/inputs\.pb$/),
    raw: expect.stringMatching(/^file:/),
    previous: '""',
    x: "4",
    env: {
      GIVEN: "yes",
      OWN: "1",
      OF_EXECUTION: "2",
      FLYTE_INTERNAL_EXECUTION_ID: "one",
      FLYTE_INTERNAL_EXECUTION_PROJECT: PLACE.project,
      FLYTE_INTERNAL_TASK_NAME: "script",
      FLYTE_INTERNAL_TASK_VERSION: "v1",
      FLYTE_ATTEMPT_NUMBER: "0",
      FLYTE_PLATFORM_URL: double.endpoint,
    },
  });
});

test("the error file counts before the exit code", async () => {
  const { double } = await runScript(`${HELPERS}
    put("outputs.pb", ${FIVE});
    put("error.pb", Buffer.concat([Buffer.from([10, 11, 10, 6]), Buffer.from("USER:A"), Buffer.from([18, 1, 98])]));`);
  await double.when(done("one"));
  const { closure } = double.execution("one").message;
  expect(closure?.phase).toBe(Phase.FAILED);
  expect(closure?.outputResult.case === "error" && closure.outputResult.value).toMatchObject({
    code: "USER:A",
    message: "b",
  });
});

test("a process that reports nothing fails by its exit code or its missing outputs", async () => {
  const { double } = await runScript(`console.error("no luck"); process.exitCode = 3`, {
    retries: 1,
  });
  await double.when(done("one"));
  const error = double.execution("one").message.closure?.outputResult;
  expect(error?.case === "error" && error.value.code).toBe("RetriesExhausted|Error");
  expect(error?.case === "error" && error.value.message).toMatch(
    /^\[2\/2\] currentAttempt done\. Last Error: USER::\n\[primary\] terminated with exit code \(3\)/,
  );
  const silent = await runScript("0");
  await silent.double.when(done("one"));
  const missing = silent.double.execution("one").message.closure?.outputResult;
  expect(missing?.case === "error" && missing.value.code).toBe("RetriesExhausted|OutputsNotFound");
});

test("an abort is SIGTERM, and SIGKILL for those who do not hear it", async () => {
  const polite = await runScript(`${HELPERS}
    process.on("SIGTERM", () => { fs.writeFileSync(fileURLToPath(raw + "/said"), "bye"); process.exit(143); });
    fs.writeFileSync(fileURLToPath(raw + "/up"), "");
    setInterval(() => {}, 1000);`);
  const files = async ({ double }: typeof polite, name: string) => {
    // The file is the child's only word; it is looked for between turns.
    for (;;) {
      const found = double.objects.list(`${double.objects.base}/raw`);
      if (found.some(({ uri }) => uri.endsWith(name))) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await files(polite, "/up");
  polite.double.abort("one", "enough");
  await polite.double.when(done("one"));
  await files(polite, "/said");
  expect(polite.double.execution("one").phase).toBe("ABORTED");
  const deaf = await runScript(
    `${HELPERS} process.on("SIGTERM", () => {}); fs.writeFileSync(fileURLToPath(raw + "/up"), "");
    setInterval(() => {}, 1000);`,
    { graceMs: 1 },
  );
  await files(deaf, "/up");
  deaf.double.abort("one", "enough");
  await deaf.double.when(done("one"));
  expect(deaf.double.execution("one").phase).toBe("ABORTED");
});

test("the program prints where it is, and ends when its stdin does", async () => {
  const main = new URL("../support/flyte-double/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "--latency", "1"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: endpoint } = await lines.next();
  const { value: config } = await lines.next();
  expect(readFileSync(config ?? "", "utf8")).toBe(
    `admin:\n  endpoint: dns:///${endpoint}\n  insecure: true\n`,
  );
  const transport = createGrpcTransport({ baseUrl: `http://${endpoint}` });
  const version = await createClient(AdminService, transport).getVersion({});
  expect(version.controlPlaneVersion?.Version).toContain("double");
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
  expect(existsSync(config ?? "")).toBe(false);
});
