/** What was fetched is declared by its interface for later cells. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlyteFile, task, z } from "../../runtime/index.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { openSession, type TestSession } from "../support/session.ts";

const options = z.object({ lr: z.number(), kind: z.enum(["a | b", "c"]) });
const train = task(
  {
    name: "ml.train",
    inputs: { epochs: z.int(), tags: z.array(z.string()).optional(), options },
    output: z.object({ score: z.number(), at: z.date() }),
  },
  () => ({ score: 0.5, at: new Date(0) }),
);

let rig: RemoteRig;
let session: TestSession;
beforeAll(async () => {
  rig = await remoteRig();
  await rig.serve(train);
  session = openSession({ check: "error" });
  await session.value(`const remote = new FlyteRemote({
    config: Config.forEndpoint("${rig.double.endpoint}", { insecure: true }),
    defaultProject: "flytesnacks", defaultDomain: "development" });
  const train = await remote.fetchTask("ml.train");
  const typed = await remote.fetchTask<{ epochs: number }, "mine">("ml.train");
  let open = await remote.fetchTask("ml.train");`);
});
afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

describe("a constant that was fetched", () => {
  test("gives values of the type that its interface says", async () => {
    const call = `const result = await train({ epochs: 3n, options: { lr: 1, kind: "a | b" } });`;
    const both = `result.score.toFixed(1) + result.at.getUTCFullYear()`;
    expect(await session.value(call)).toBe(undefined);
    expect(await session.value(both)).toBe("'0.51970'");
  });

  test.each([
    [`train({ epochs: "3", options: { lr: 1, kind: "c" } })`, "not assignable to type"],
    [`train({ options: { lr: 1, kind: "c" } })`, "epochs"],
    [`train({ epochs: 1, epoch: 2, options: { lr: 1, kind: "c" } })`, "'epoch' does not exist"],
    [`train({ epochs: 1, options: { lr: 1, kind: "a" } })`, `"a | b" | "c"`],
    [`(await train({ epochs: 1, options: { lr: 1, kind: "c" } })).scores`, "score"],
  ])("makes a cell that misuses it no cell that runs: %s", async (code, message) => {
    const before = rig.double.executions().length;
    const { error } = await session.run(`await ${code}`);
    expect(error?.name).toBe("TypeScriptError");
    expect(error?.message).toContain(message);
    expect(rig.double.executions()).toHaveLength(before);
  });

  test("keeps the types that somebody wrote", async () => {
    const { error } = await session.run(`const wrong: "yours" = await typed({ epochs: 1 });`);
    expect(error?.message).toContain(`"mine"`);
  });

  test.each([
    ["await train({ ", ["epochs", "options", "tags"]],
    ["await train({ epochs: 1, ", ["options", "tags"]],
    ["await train({ epochs: 1, options: { ", ["kind", "lr"]],
  ])("completes its inputs, at the first asking: %s", async (code, names) => {
    const { items } = await session.session.types.complete(code, code.length);
    expect(items.map(({ name, insert }) => insert ?? name).sort()).toEqual(names);
  });

  test("shows its inputs and its value where it is mentioned, and leads to its cell", async () => {
    const hover = await session.session.types.hover("train", 2);
    expect(hover?.signature).toContain("epochs: number | bigint");
    expect(hover?.signature).toContain("score: number");
    const definition = await session.session.types.definition("train", 2);
    expect(definition?.label).toBe("In [1]");
  });
});

test("a variable that was fetched takes any other one", async () => {
  const code = `open = await remote.fetchTask("ml.train"); typeof open`;
  expect(await session.value(code)).toBe("'function'");
});

test("what was fetched with schemas has the types of these", async () => {
  const bare = await rig.serve(
    task({ name: "reads", inputs: { file: FlyteFile.schema() }, output: z.string() }, () => "x"),
  );
  await session.value(`const bare = await remote.fetchTask("${bare}");
    const branded = await remote.fetchTask({ name: "${bare}", inputs: { file: FlyteFile.schema() }, output: z.string().brand("Line") });`);
  const given = `({ file: FlyteFile.at("s3://b/k") })`;
  expect(await session.value(`const text: string = await bare${given}; text`)).toBe("'x'");
  const { error } = await session.run(`const line: number = await branded${given};`);
  expect(error?.message).toContain("Line");
});
