/** What login servers answer that a well-behaved one does not: to each a scripted endpoint. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ClientOptions, type FlyteClient, openClient } from "../../runtime/flyte/client.ts";
import { Config, type EndpointOptions } from "../../runtime/flyte/config.ts";
import { type Cluster, demandToken, startCluster } from "../support/guarded-cluster.ts";
import { rejection } from "../support/observed-events.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

let login: Server;
let issuer: string;
let cluster: Cluster;
let state: TempFolder;
/** Answers of the token endpoint, one after the other; the last one stays. */
let script: Answer[];
let forms: URLSearchParams[];
let notices: string[];
let deviceAnswer: Answer;
const clients: FlyteClient[] = [];

const good = (more: object = {}): Answer => ({
  body: JSON.stringify({ access_token: "good", token_type: "Bearer", expires_in: 60, ...more }),
});
const oauthError = (error: string, description?: string): Answer => ({
  status: 400,
  body: JSON.stringify({ error, error_description: description }),
});

beforeEach(async () => {
  [script, forms, notices, state] = [[good()], [], [], tempFolder()];
  deviceAnswer = {
    body: '{"device_code":"device-secret","user_code":"ABCD","verification_uri":"http://d","expires_in":600,"interval":2}',
  };
  login = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const {
      status = 200,
      type = "application/json",
      body,
    } = request.url === "/device" ? deviceAnswer : tokenAnswer(text);
    response.writeHead(status, { "content-type": type, connection: "close" });
    response.end(body);
  });
  await new Promise<void>((listening) => login.listen(0, "127.0.0.1", listening));
  issuer = `http://127.0.0.1:${(login.address() as AddressInfo).port}`;
  cluster = await startCluster({
    admin: { getVersion: () => ({}) },
    guard: demandToken("authorization", async (token) => token.startsWith("good")),
    metadata: {
      getOAuth2Metadata: () => ({
        issuer,
        authorizationEndpoint: `${issuer}/auth`,
        tokenEndpoint: `${issuer}/token`,
        deviceAuthorizationEndpoint: `${issuer}/device`,
      }),
      getPublicClientConfig: () => ({ clientId: "public", scopes: ["all"], audience: "cluster" }),
    },
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const client of clients.splice(0)) client.close();
  await cluster[Symbol.asyncDispose]();
  login.closeAllConnections();
  await new Promise((closed) => login.close(closed));
  state[Symbol.dispose]();
});

function tokenAnswer(form: string): Answer {
  forms.push(new URLSearchParams(form));
  return (script.length > 1 ? script.shift() : script[0]) ?? good();
}

function connect(options: EndpointOptions, more: ClientOptions = {}): FlyteClient {
  const environment = { XDG_STATE_HOME: state.path };
  const platform = Config.forEndpoint(cluster.endpoint, { insecure: true, ...options }).resolve(
    environment,
  );
  const client = openClient(platform, {
    notice: (text) => notices.push(text),
    ...more,
    login: { environment, wait: async () => undefined, ...more.login },
  });
  clients.push(client);
  return client;
}

const robot: EndpointOptions = {
  authMode: "basic",
  clientId: "robot",
  clientSecret: "robot-secret",
};
const device: EndpointOptions = { authMode: "DeviceFlow" };

test("scopes and audience of the cluster are sent, unless the settings have their own", async () => {
  await connect(robot).admin.getVersion({});
  await connect({ ...robot, scopes: ["mine"], audience: "other" }).admin.getVersion({});
  expect(forms.map((form) => [form.get("scope"), form.get("audience")])).toEqual([
    ["all", "cluster"],
    ["mine", "other"],
  ]);
});

test("an id token is not looked at: clusters call their issuer by more than one name", async () => {
  script = [good({ id_token: "not.a.jwt" })];
  await connect(robot).admin.getVersion({});
});

test("a login server that is starting is asked again", async () => {
  const down: Answer = { status: 503, type: "text/html", body: "<h1>starting</h1>" };
  script = [down, down, good()];
  await connect(robot).admin.getVersion({});
  expect(forms.length).toBe(3);
});

test.each<[string, Answer, RegExp]>([
  ["a page", { type: "text/html", body: "<h1>Welcome</h1>" }, /something else/],
  ["an error page", { status: 500, type: "text/html", body: "oops" }, /HTTP 500/],
  ["no token", { body: "{}" }, /access_token/],
  [
    "a token that is no word",
    { body: '{"access_token":"a b","token_type":"bearer"}' },
    /printable/,
  ],
  ["a redirection", { status: 302, body: "" }, /HTTP 302/],
  [
    "a refusal with a reason",
    oauthError("invalid_scope", "no such scope"),
    /invalid_scope: no such scope.*admin\.scopes/,
  ],
  [
    "a refusal without one",
    oauthError("unauthorized_client"),
    /unauthorized_client.*admin\.clientId/,
  ],
])(
  "%s instead of a token is one error with what to do, and no secret in it",
  async (_, answer, words) => {
    script = [answer];
    const error = await rejection(connect(robot).admin.getVersion({}));
    expect(error).toMatchObject({ name: "FlyteError", code: "REMOTE_AUTH" });
    expect(error).toMatchObject({ message: expect.stringMatching(words) });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("robot-secret");
  },
);

test("a refusal is believed for half a minute, then asked again", async () => {
  let now = Date.now();
  script = [oauthError("invalid_client"), good()];
  const { admin } = connect(robot, { login: { now: () => now } });
  for (let n = 0; n < 3; n++) await rejection(admin.getVersion({}));
  expect(forms.length).toBe(1);
  now += 30_000;
  await admin.getVersion({});
});

test("an explicit login asks at once", async () => {
  script = [oauthError("invalid_client"), good()];
  const client = connect(robot);
  await rejection(client.admin.getVersion({}));
  await client.login();
  await client.admin.getVersion({});
});

test("a client without an id says which setting is missing", async () => {
  const { admin } = connect({ authMode: "ClientSecret", clientSecret: "robot-secret" });
  expect(await rejection(admin.getVersion({}))).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("admin.clientId"),
  });
});

test("the secret of a task is found by group and key, and then no person is asked", async () => {
  vi.stubEnv("_FSEC_TEAM_FLYTE-CLIENT", "robot-secret");
  const secret = { group: "team", key: "flyte-client" };
  await connect({ clientId: "robot" }, { secret }).admin.getVersion({});
  expect(forms[0]?.get("grant_type")).toBe("client_credentials");
  expect(notices).toEqual([]);
});

test("where it is not, as on a laptop, the settings say how to log in", async () => {
  const secret = { group: "team", key: "absent" };
  await connect(device, { secret }).admin.getVersion({});
  expect(notices).toEqual([expect.stringContaining("ABCD")]);
  const forced = connect({ authMode: "ClientSecret", clientId: "robot" }, { secret });
  expect(await rejection(forced.admin.getVersion({}))).toMatchObject({
    message: expect.stringContaining("the secret absent of group team"),
  });
});

test("a device waits as long as it is told, and longer when it is told to slow down", async () => {
  script = [
    oauthError("authorization_pending"),
    oauthError("slow_down"),
    oauthError("slow_down"),
    good(),
  ];
  const waited: number[] = [];
  const wait = async (ms: number) => void waited.push(ms);
  await connect(device, { login: { wait } }).admin.getVersion({});
  expect(waited).toEqual([2_000, 2_000, 7_000, 12_000]);
});

test.each([
  ["access_denied", /access_denied.*said no/],
  ["expired_token", /in time/],
  ["invalid_grant", /invalid_grant/],
])("a device login that ends with %s says so", async (reason, words) => {
  script = [oauthError(reason)];
  const error = await rejection(connect(device).login());
  expect(error).toMatchObject({ code: "REMOTE_AUTH", message: expect.stringMatching(words) });
  expect(inspect(error, { depth: 9 })).not.toContain("device-secret");
});

test("a device login that is refused at its beginning says why", async () => {
  deviceAnswer = oauthError("invalid_client", "unknown client");
  expect(await rejection(connect(device).login())).toMatchObject({
    message: expect.stringContaining("unknown client"),
  });
});

test("a refresh token that is refused leads to a person, one that was not answered does not", async () => {
  script = [good({ refresh_token: "refresh-1" })];
  let now = Date.now();
  const client = connect(device, { login: { now: () => now } });
  await client.admin.getVersion({});
  now += 3_600_000;
  script = [{ status: 500, type: "text/plain", body: "broken" }];
  expect(await rejection(client.admin.getVersion({}))).toMatchObject({ name: "FlyteError" });
  expect(notices.length).toBe(1);
  script = [oauthError("invalid_grant"), good({ access_token: "good2" })];
  await client.admin.getVersion({});
  expect(notices.length).toBe(2);
});

test("a refresh token stays when the answer brings no other", async () => {
  script = [
    good({ refresh_token: "refresh-1" }),
    good({ access_token: "good2" }),
    good({ access_token: "good3" }),
  ];
  let now = Date.now();
  const { admin } = connect(device, { login: { now: () => now } });
  for (let n = 0; n < 3; n++) {
    await admin.getVersion({});
    now += 3_600_000;
  }
  expect(forms.map((form) => form.get("refresh_token"))).toEqual([null, "refresh-1", "refresh-1"]);
});

test("a page of the login server that says no is an error with its words", async () => {
  const shown = Promise.withResolvers<string>();
  const client = connect(
    {},
    { notice: (text) => shown.resolve(text), login: { wait: () => new Promise(() => undefined) } },
  );
  const call = rejection(client.login());
  const page = new URL(/open (\S+)/.exec(await shown.promise)?.[1] ?? "");
  const back = new URL(page.searchParams.get("redirect_uri") ?? "");
  back.search = new URLSearchParams({
    error: "access_denied",
    error_description: "not in the team",
    state: page.searchParams.get("state") ?? "",
  }).toString();
  await fetch(back, { headers: { connection: "close" } });
  expect(await call).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("access_denied: not in the team"),
  });
});
