import { afterEach, describe, expect, test } from "vitest";
import { z } from "../../../../runtime/index.ts";
import { CallFailure, EagerException } from "../../../../runtime/workflow/errors.ts";
import {
  EXECUTOR,
  type Executor,
  type ExecutorOptions,
  setDefaultExecutor,
} from "../../../../runtime/workflow/executor.ts";
import { group } from "../../../../runtime/workflow/group.ts";
import { mapTask } from "../../../../runtime/workflow/map-task.ts";
import { eager, task } from "../../../../runtime/workflow/task.ts";
import { workflow } from "../../../../runtime/workflow/workflow.ts";
import { observedEvents } from "../../../support/observed-events.ts";

/** Elsewhere: runs the bare function, and remembers what it was asked for. */
function cluster() {
  const asked: string[] = [];
  const secrets: ExecutorOptions[] = [];
  const executor: Executor = {
    where: "remote",
    concurrency: 100,
    ownsAttempts: true,
    run: (call, inputs, context) => {
      asked.push(call.definition.name);
      call.linked({ executionId: `x-${call.definition.name}`, version: "v1", tag: "tag" });
      // The graph of a static workflow is known there.
      if (call.definition.entity === "workflow") return 0;
      return call.definition.fn(inputs, context);
    },
  };
  const remote = {
    [EXECUTOR]: (options: ExecutorOptions = {}) => {
      secrets.push(options);
      return executor;
    },
  };
  return { remote, executor, asked, secrets };
}

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
  return x + 1;
});

afterEach(() => {
  setDefaultExecutor(undefined);
  delete process.env["EAGERDECK_REMOTE"];
});

describe("where a call runs", () => {
  test("of an eager workflow with remote the function runs here and its calls there", async () => {
    const { remote, asked } = cluster();
    let ranHere = false;
    const flow = eager({ remote }, async function flow({ x }: { x: number }) {
      ranHere = true;
      return await addOne({ x });
    });
    expect(await flow({ x: 1 })).toBe(2);
    expect([ranHere, asked]).toEqual([true, ["addOne"]]);
  });

  test("an eager workflow within another one is an execution of its own there", async () => {
    const { remote, asked } = cluster();
    const inner = eager(async function inner({ x }: { x: number }) {
      return x * 2;
    });
    const outer = eager({ remote }, async function outer({ x }: { x: number }) {
      return await group("part", () => inner({ x }));
    });
    expect(await outer({ x: 2 })).toBe(4);
    expect(asked).toEqual(["inner"]);
  });

  test("on(remote) sends the whole workflow, on('local') keeps all of it", async () => {
    const { remote, asked } = cluster();
    const flow = eager({ remote }, async function flow({ x }: { x: number }) {
      return await addOne.on(remote)({ x });
    });
    await flow.on("local")({ x: 1 });
    expect(asked).toEqual([]);
    await flow.on(remote)({ x: 1 });
    expect(asked[0]).toBe("flow");
  });

  test("a session's default sends tasks and static workflows, and of eager ones the calls", async () => {
    const { executor, asked } = cluster();
    const static_ = workflow({ inputs: { x: z.int() } }, function static_({ x }) {
      return addOne({ x });
    });
    const flow = eager(async function flow({ x }: { x: number }) {
      return await addOne({ x });
    });
    setDefaultExecutor(executor);
    await addOne({ x: 1 });
    await flow({ x: 1 });
    await static_({ x: 1 });
    expect(asked).toEqual(["addOne", "addOne", "static_"]);
    await mapTask(addOne)([{ x: 1 }, { x: 2 }]);
    expect(asked.slice(3)).toEqual(["addOne", "addOne"]);
  });

  test("EAGERDECK_REMOTE=off keeps everything here", async () => {
    process.env["EAGERDECK_REMOTE"] = "off";
    const { remote, asked } = cluster();
    const flow = eager({ remote }, async function flow({ x }: { x: number }) {
      return await addOne.on(remote)({ x });
    });
    expect(await flow({ x: 1 })).toBe(2);
    expect(asked).toEqual([]);
  });

  test("the secret of a workflow reaches what it logs in with", () => {
    const { remote, secrets } = cluster();
    eager({ remote, clientSecretGroup: "g", clientSecretKey: "k" }, async function flow() {});
    expect(secrets).toEqual([{ secret: { group: "g", key: "k" } }]);
  });

  test.each([
    [{ remote: {} }, "remote is a FlyteRemote"],
    [{ clientSecretGroup: "g" }, "clientSecretKey is missing"],
    [{ clientSecretGroup: "g", clientSecretKey: "k" }, "give remote too"],
    [{ clientSecretGroup: 1, clientSecretKey: "k" }, "clientSecretGroup is text, not 1"],
  ])("%j is refused where it is written", (options, why) => {
    expect(() => eager(options as never, async function flow() {})).toThrow(why);
  });

  test("a task has no option remote", () => {
    expect(() => task({ remote: {} } as never, function job() {})).toThrow(
      'has no option "remote"',
    );
  });
});

describe("what runs elsewhere", () => {
  test("is linked to its execution in the events", async () => {
    const { remote } = cluster();
    using seen = observedEvents();
    await addOne.on(remote)({ x: 1 });
    const linked = seen.events.find(({ kind }) => kind === "call-linked");
    expect(linked).toMatchObject({ executionId: "x-addOne", version: "v1", tag: "tag" });
  });

  test("fails with the code, the kind and the page that its executor names", async () => {
    const failing: Executor = {
      where: "remote",
      ownsAttempts: true,
      run: () => {
        throw new CallFailure("REMOTE_FAILED", "addOne failed there", {
          kind: "system",
          url: "http://console/x",
          attempts: 3,
          cause: new RangeError("there"),
        });
      },
    };
    const error = await addOne
      .with({ retries: 5, timeout: "1s" })
      .on(failing)({ x: 1 })
      .catch((e) => e);
    expect(error).toBeInstanceOf(EagerException);
    expect(error).toMatchObject({
      code: "REMOTE_FAILED",
      kind: "system",
      url: "http://console/x",
      attempts: 3,
      message: "addOne failed there",
    });
    expect(error.cause).toBeInstanceOf(RangeError);
  });
});
