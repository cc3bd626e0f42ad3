import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  Resources_ResourceName,
  RuntimeMetadata_RuntimeType,
} from "../../../../../runtime/flyte/idl/flyteidl/core/tasks_pb.ts";
import {
  type Planned,
  type PlanParts,
  plan,
  versionOf,
  withUsed,
} from "../../../../../runtime/flyte/register/plan.ts";
import { type Definition, definitionOf } from "../../../../../runtime/workflow/definition.ts";
import { eager, task } from "../../../../../runtime/workflow/task.ts";
import { workflow } from "../../../../../runtime/workflow/workflow.ts";

const PARTS: PlanParts = {
  place: { project: "p", domain: "d", org: "" },
  image: "image:1",
  runtimeVersion: "0.1.0",
  platform: '{"endpoint":"flyte.example.org:443"}',
  code: "c".repeat(64),
};
const x = z.int();
const addOne = task({ name: "addOne", inputs: { x }, output: x }, ({ x }) => x + 1);

const definition = (entity: unknown): Definition => {
  const found = definitionOf(entity);
  if (!found) throw new Error("no entity");
  return found;
};
const planned = async (...entities: unknown[]): Promise<readonly Planned[]> =>
  await plan(withUsed(entities.map(definition)), PARTS, "v1", {
    module: "flow.mjs",
    bundle: { uri: "s3://b/flow.tar.gz", sha256: "f".repeat(64) },
  });
const templateOf = (all: readonly Planned[], name: string) => {
  const found = all.find((each) => each.kind === "task" && each.name === name);
  if (found?.kind !== "task" || !found.spec.template) throw new Error(`no task ${name}`);
  return found.spec.template;
};
const workflowOf = (all: readonly Planned[], name: string) => {
  const found = all.find((each) => each.kind === "workflow" && each.name === name);
  if (found?.kind !== "workflow" || !found.spec.template) throw new Error(`no workflow ${name}`);
  return { ...found.spec.template, subWorkflows: found.spec.subWorkflows };
};
const container = ({ target }: ReturnType<typeof templateOf>) => {
  if (target.case !== "container") throw new Error("no container");
  return target.value;
};

describe("a task", () => {
  test("is a container that runs eagerdeck execute", async () => {
    const template = templateOf(await planned(addOne), "addOne");
    expect(template).toMatchObject({
      type: "container",
      id: { project: "p", domain: "d", name: "addOne", version: "v1" },
      metadata: {
        runtime: {
          type: RuntimeMetadata_RuntimeType.OTHER,
          flavor: "typescript",
          version: "0.1.0",
        },
        isEager: false,
        generatesDeck: false,
        discoverable: false,
        retries: { retries: 0 },
      },
    });
    expect(container(template)).toMatchObject({ image: "image:1", command: [] });
    expect(container(template).args.join(" ")).toBe(
      "eagerdeck execute --inputs {{.input}} --output-prefix {{.outputPrefix}} " +
        "--raw-output-data-prefix {{.rawOutputDataPrefix}} --checkpoint-path {{.checkpointOutputPrefix}} " +
        `--prev-checkpoint {{.prevCheckpointPrefix}} --bundle s3://b/flow.tar.gz --sha256 ${"f".repeat(64)} -- flow.mjs addOne`,
    );
  });

  test("takes its options along", async () => {
    const big = task(
      {
        name: "big",
        output: x,
        retries: 3,
        timeout: "90s",
        cache: { version: "2", ignore: ["log", "a"] },
        resources: { memory: "1Gi", cpu: { request: 1, limit: 2 } },
        image: "own:2",
        env: { B: "2", A: "1" },
        secrets: [{ group: "team", key: "token" }],
        labels: { team: "data" },
        deck: true,
      },
      () => 1,
    );
    const template = templateOf(await planned(big), "big");
    expect(template.metadata).toMatchObject({
      retries: { retries: 3 },
      timeout: { seconds: 90n, nanos: 0 },
      discoverable: true,
      discoveryVersion: "2",
      cacheIgnoreInputVars: ["a", "log"],
      generatesDeck: true,
      metadata: { labels: { team: "data" } },
    });
    expect(template.securityContext?.secrets).toMatchObject([{ group: "team", key: "token" }]);
    expect(container(template)).toMatchObject({
      image: "own:2",
      env: [
        { key: "A", value: "1" },
        { key: "B", value: "2" },
      ],
      resources: {
        requests: [
          { name: Resources_ResourceName.CPU, value: "1" },
          { name: Resources_ResourceName.MEMORY, value: "1Gi" },
        ],
        limits: [{ name: Resources_ResourceName.CPU, value: "2" }],
      },
    });
  });

  test("is refused without an image, with eleven retries, with inputs that have no schema", async () => {
    const bare = { ...PARTS, image: undefined };
    const of = (entity: unknown, parts = PARTS) =>
      plan([definition(entity)], parts, "v1", { module: "m" });
    await expect(of(addOne, bare)).rejects.toMatchObject({ code: "IMAGE_MISSING" });
    await expect(of(addOne.with({ retries: 11 }))).rejects.toThrow("10 at most");
    const loose = task(function loose({ y }: { y: number }) {
      return y;
    });
    await expect(of(loose)).rejects.toThrow("give the option inputs");
  });
});

describe("an eager workflow", () => {
  test("is a task, a workflow of one node with a clean-up, and a launch plan", async () => {
    const simple = eager({ name: "simple", inputs: { x }, output: x }, async ({ x }) => x);
    const all = await planned(simple);
    expect(all.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "task simple",
      "task simple-cleanup",
      "workflow simple",
      "launch_plan simple",
    ]);
    const template = templateOf(all, "simple");
    expect(template.metadata).toMatchObject({ isEager: true, generatesDeck: true });
    expect(container(template).env).toMatchObject([{ key: "EAGERDECK_PLATFORM" }]);
    expect(container(templateOf(all, "simple-cleanup")).args).toContain("--cleanup");
    const { failureNode, nodes, outputs } = workflowOf(all, "simple");
    expect(nodes).toMatchObject([
      { id: "n0", target: { value: { reference: { value: { name: "simple", version: "v1" } } } } },
    ]);
    expect(outputs).toMatchObject([
      { var: "o0", binding: { value: { case: "promise", value: { nodeId: "n0", var: "o0" } } } },
    ]);
    expect(failureNode?.target).toMatchObject({
      value: { reference: { value: { name: "simple-cleanup" } } },
    });
  });
});

describe("a static workflow", () => {
  const inner = workflow({ name: "inner", inputs: { x }, output: x }, ({ x }) => addOne({ x }));
  const outer = workflow(
    { name: "outer", inputs: { x: z.int().default(4) }, output: x },
    ({ x }) => {
      inner({ x });
      return addOne.with({ retries: 2 })({ x: addOne({ x: 7 }) });
    },
  );

  test("is its graph, with what it calls, constants and defaults", async () => {
    const all = await planned(outer);
    expect(all.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "task addOne",
      "workflow outer",
      "workflow inner",
      "launch_plan outer",
      "launch_plan inner",
    ]);
    const { nodes, outputs, subWorkflows } = workflowOf(all, "outer");
    expect(nodes.map(({ id, target }) => [id, target.case])).toEqual([
      ["n0", "workflowNode"],
      ["n1", "taskNode"],
      ["n2", "taskNode"],
    ]);
    expect(nodes[0]?.inputs[0]?.binding?.value).toMatchObject({
      value: { nodeId: "", var: "x" },
    });
    expect(nodes[1]?.inputs[0]?.binding?.value).toMatchObject({
      case: "scalar",
      value: { value: { value: { value: { value: 7n } } } },
    });
    expect(nodes[2]?.metadata?.retries?.retries).toBe(2);
    expect(outputs[0]?.binding?.value).toMatchObject({ value: { nodeId: "n2", var: "o0" } });
    expect(subWorkflows.map(({ id }) => id?.name)).toEqual(["inner"]);
    const launch = all.find(({ kind, name }) => kind === "launch_plan" && name === "outer");
    if (launch?.kind !== "launch_plan") throw new Error("no launch plan");
    expect(launch.spec.defaultInputs?.parameters["x"]?.behavior.case).toBe("default");
  });

  test("that a cluster cannot run says what to do", async () => {
    const noOutput = task({ name: "noOutput", inputs: { x } }, ({ x }) => x);
    const uses = workflow({ name: "uses", output: x }, () => addOne({ x: noOutput({ x: 1 }) }));
    await expect(planned(uses)).rejects.toThrow("noOutput, which has no output schema");
  });
});

describe("names and versions", () => {
  test("two definitions of one name are refused", () => {
    const other = task({ name: "addOne", inputs: { x }, output: x }, ({ x }) => x);
    expect(() => withUsed([definition(addOne), definition(other)])).toThrow("two definitions of");
  });

  test("a version is content: not where it is registered, nor in which order", async () => {
    const two = task({ name: "two", output: x }, () => 2);
    const both = [definition(addOne), definition(two)];
    const version = await versionOf(both, PARTS, "flow.mjs");
    expect(version).toMatch(/^ed-[\w-]{22}$/);
    const elsewhere = { ...PARTS, place: { project: "q", domain: "prod", org: "o" } };
    expect(await versionOf([...both].reverse(), elsewhere, "flow.mjs")).toBe(version);
    for (const changed of [{ code: "d".repeat(64) }, { image: "image:2" }, { platform: "{}" }]) {
      const simple = eager({ name: "e", output: x }, async () => 1);
      const own = await versionOf([definition(simple)], PARTS, "m");
      expect(await versionOf([definition(simple)], { ...PARTS, ...changed }, "m")).not.toBe(own);
    }
  });
});
