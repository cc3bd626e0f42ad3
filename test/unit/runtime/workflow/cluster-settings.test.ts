import { describe, expect, test } from "vitest";
import { definitionOf } from "../../../../runtime/workflow/definition.ts";
import { task } from "../../../../runtime/workflow/task.ts";

const made = (options: object) => task({ name: "t", ...options }, () => 1);
const settingsOf = (entity: unknown) => definitionOf(entity)?.settings.cluster;

describe("what a cluster gives a task", () => {
  test("is read: one value asks, two are request and limit", () => {
    const resources = { cpu: 2, memory: { request: "1Gi", limit: "2Gi" }, gpu: 1 };
    expect(settingsOf(made({ resources }))?.resources).toEqual({
      requests: { cpu: "2", memory: "1Gi", gpu: "1" },
      limits: { memory: "2Gi" },
    });
  });

  test("is added to by with(), name by name", () => {
    const base = made({ env: { A: "1", B: "2" }, labels: { team: "data" } });
    const other = base.with({ env: { B: "3" }, labels: { run: "x" } });
    expect(settingsOf(other)).toMatchObject({
      env: { A: "1", B: "3" },
      labels: { team: "data", run: "x" },
    });
    expect(settingsOf(base)?.env).toEqual({ A: "1", B: "2" });
  });

  test.each([
    [{ resources: 3 }, "task t: resources is 3; write resources: {"],
    [{ resources: { cpus: 1 } }, 'task t: resources has no "cpus"; did you mean cpu?'],
    [{ resources: { memory: "1 GB" } }, 'resources.memory is "1 GB", not a size'],
    [{ resources: { gpu: 0.5 } }, "resources.gpu is 0.5, not a whole number"],
    [{ resources: { cpu: { max: 1 } } }, 'resources.cpu has no "max"; it takes request, limit'],
    [{ resources: { cpu: { request: "3", limit: "2500m" } } }, "more than its limit of 2500m"],
    [{ image: "two words" }, 'image is "two words", not the name of one'],
    [{ env: { "1A": "x" } }, 'env has "1A", which is no name of a variable'],
    [{ env: { A: 1 } }, "env.A is 1, not text"],
    [{ env: { FLYTE_INTERNAL_TASK_NAME: "x" } }, "which the cluster sets itself"],
    [{ secrets: { group: "g" } }, "not a list"],
    [{ secrets: [{ group: "g" }] }, "secrets[0].key is undefined"],
    [{ secrets: [{ group: "../g", key: "k" }] }, 'secrets[0].group is "../g"'],
    [{ labels: { team: "a b" } }, 'the label team cannot be "a b"'],
    [{ labels: { "-x": "y" } }, 'the label "-x" cannot be one'],
    [{ deck: "yes" }, 'deck is true or false, not "yes"'],
  ])("that cannot be is told when the task is made: %j", (options, message) => {
    expect(() => made(options)).toThrow(message);
  });
});

describe("a checkpoint", () => {
  test("goes from one attempt of a call to the next, and no further", async () => {
    const counts = task(
      { name: "counts", retries: { count: 2, backoff: 0 } },
      async (_: object, context) => {
        const before = await context.checkpoint.read();
        const seen = `${before === undefined ? "" : Buffer.from(before).toString()}${context.attempt}`;
        await context.checkpoint.write(seen);
        if (context.attempt < 3) throw new Error("again");
        return seen;
      },
    );
    expect(await counts()).toBe("123");
    expect(await counts()).toBe("123");
  });

  test("is text or bytes", async () => {
    const writes = task({ name: "writes" }, (_: object, { checkpoint }) =>
      checkpoint.write(3 as never),
    );
    await expect(writes()).rejects.toThrow("a checkpoint is text or bytes, not 3");
  });
});
