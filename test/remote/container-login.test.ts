import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command.ts";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { type OAuthServer, ROBOT_SECRET, startOAuthServer } from "../support/oauth-server.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** A cluster with logins, and eager workflows in its containers that log in with a secret which is mounted there. */
const FLOW = `import { Config, eager, FlyteRemote, task, z } from "eagerdeck";
const x = z.int();
const remote = new FlyteRemote({ config: Config.auto("config.yaml") });
const secret = { remote, clientSecretGroup: "team", clientSecretKey: "flyte_client" };
const double = task({ inputs: { x }, output: x }, function double({ x }) { return x * 2; });
const slow = task({ inputs: { x } }, async function slow() { await new Promise((resolve) => setTimeout(resolve, 1e6)); });
export const nightly = eager({ inputs: { x }, output: x, ...secret }, async function nightly({ x }) { return await double({ x }); });
export const hangs = eager({ inputs: { x }, ...secret }, async function hangs({ x }) { await slow({ x }); });
export const crashes = eager({ inputs: { x }, ...secret }, async function crashes({ x }) {
  void slow({ x });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  throw new TypeError("after all");
});
`;

let oauth: OAuthServer;
let cluster: FlyteDouble;
let folder: TempFolder;

beforeAll(async () => {
  oauth = await startOAuthServer();
  cluster = await startDouble({
    runContainers: true,
    environment: { _FSEC_TEAM_FLYTE_CLIENT: ROBOT_SECRET },
    auth: {
      issuer: { issuer: oauth.issuer, tokenEndpoint: `${oauth.issuer}/token` },
      accepts: async (token) => (await oauth.knows(token)) && "robot",
    },
  });
  const login = "  authType: ClientSecret\n  clientId: robot\n  clientSecretLocation: ./secret\n";
  const place = "task:\n  project: flytesnacks\n  domain: development\n";
  folder = tempFolder({
    ...{ "package.json": "{}", "flow.ts": FLOW, secret: `${ROBOT_SECRET}\n` },
    "config.yaml": `${cluster.configYaml}${login}${place}`,
  });
});

afterAll(async () => {
  folder[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
  await oauth[Symbol.asyncDispose]();
});

const run = (...args: string[]) =>
  runCommand(
    ["run", "--remote", "--config", "config.yaml", "--image", "a:1", ...args.slice(0, -1)].concat(
      ...["flow.ts", args.at(-1) ?? "", "--x", "4"],
    ),
    { folder: folder.path },
  );
const slow = (phase: string) =>
  cluster.executions().filter((each) => each.entity === "flow.slow" && each.phase === phase);

test("the calls of an eager workflow in a container log in with its own secret", async () => {
  const { code, stdout, stderr } = await run("nightly");
  expect([code, stdout, code === 0 ? "" : stderr]).toEqual([0, "8\n", ""]);
});

test("when it is aborted, it asks with that secret why it has to end, and stops what it has started", async () => {
  await run("--detach", "--name", "aborted", "hangs");
  await cluster.when(() => slow("RUNNING").length === 1);
  cluster.abort("aborted", "enough");
  await cluster.when(() => slow("ABORTED").length === 1);
});

test("when it fails, the clean-up logs in with that secret", async () => {
  await run("--detach", "--name", "failing", "crashes");
  await cluster.when((all) =>
    all.some(({ name, phase }) => name === "failing" && phase === "FAILED"),
  );
  await cluster.when(() => slow("ABORTED").length === 2);
});
