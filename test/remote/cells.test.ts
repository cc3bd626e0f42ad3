/** Tasks and eager workflows of cells on a cluster, in containers. Runs `dist/`. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { openSession, type TestSession } from "../support/session.ts";

let cluster: FlyteDouble;
beforeAll(async () => {
  cluster = await startDouble({ runContainers: true });
});
afterAll(async () => await cluster[Symbol.asyncDispose]());

const SET_UP = () => `const remote = new FlyteRemote({
  config: Config.forEndpoint("${cluster.endpoint}", { insecure: true }),
  defaultProject: "flytesnacks", defaultDomain: "development", image: "eagerdeck:test",
});`;
const ADD_ONE = `const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) { return x + 1; });`;

/** A session with a cluster, in which these cells have run. */
async function sessionWith(
  cells: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<TestSession> {
  const session = openSession({ files: { "package.json": "{}", ...files } });
  for (const cell of [SET_UP(), ...cells]) await session.value(cell);
  return session;
}

describe("a task of a cell", () => {
  test("runs in a container and gives its value back", async () => {
    await using session = await sessionWith([ADD_ONE]);
    expect(await session.value("await addOne.on(remote)({ x: 41 })")).toBe("42");
  });
});
