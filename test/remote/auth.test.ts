import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ClientOptions,
  type FlyteClient,
  inBackground,
  openClient,
} from "../../runtime/flyte/client.ts";
import { Config, type EndpointOptions } from "../../runtime/flyte/config.ts";
import { type Cluster, demandToken, startCluster } from "../support/guarded-cluster.ts";
import {
  browse,
  type OAuthServer,
  ROBOT_SECRET,
  startOAuthServer,
} from "../support/oauth-server.ts";
import { rejection } from "../support/observed-events.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let oauth: OAuthServer;
let cluster: Cluster;
let state: TempFolder;
let clients: FlyteClient[];
/** What the client told a person. */
let notices: string[];
/** What a browser showed in the end. */
let pages: Promise<string>[];
/** Called with every notice. */
let onNotice: (text: string) => void;

beforeEach(async () => {
  oauth = await startOAuthServer();
  state = tempFolder();
  cluster = await guarded();
  clients = [];
  notices = [];
  pages = [];
  onNotice = () => undefined;
});
afterEach(async () => {
  await Promise.all(pages);
  for (const client of clients) client.close();
  await cluster[Symbol.asyncDispose]();
  await oauth[Symbol.asyncDispose]();
  state[Symbol.dispose]();
});

/** A cluster that points at the login server and takes its tokens only. */
async function guarded(methods: string[] = ["client_secret_basic"]): Promise<Cluster> {
  return await startCluster({
    admin: { getVersion: () => ({}) },
    guard: demandToken("flyte-authorization", (token) => oauth.knows(token)),
    metadata: {
      getOAuth2Metadata: () => ({
        issuer: oauth.issuer,
        authorizationEndpoint: `${oauth.issuer}/auth`,
        tokenEndpoint: `${oauth.issuer}/token`,
        deviceAuthorizationEndpoint: `${oauth.issuer}/device/auth`,
        tokenEndpointAuthMethodsSupported: methods,
      }),
      getPublicClientConfig: () => ({
        clientId: "flytectl",
        redirectUri: oauth.redirectUri,
        scopes: ["openid", "offline_access", "all"],
        authorizationMetadataKey: "flyte-authorization",
      }),
    },
  });
}

interface Given extends EndpointOptions {
  readonly login?: ClientOptions["login"];
  readonly environment?: NodeJS.ProcessEnv;
  readonly endpoint?: string;
}

function connect({ login, environment = {}, endpoint, ...options }: Given = {}): FlyteClient {
  const env = { XDG_STATE_HOME: state.path, ...environment };
  const config = Config.forEndpoint(endpoint ?? cluster.endpoint, { insecure: true, ...options });
  const client = openClient(config.resolve(env), {
    notice(text) {
      notices.push(text);
      onNotice(text);
    },
    login: { environment: env, ...login },
  });
  clients.push(client);
  return client;
}

const robot: EndpointOptions = { authMode: "ClientSecret", clientId: "robot", scopes: ["all"] };
const secret = { FLYTE_CREDENTIALS_CLIENT_SECRET: ROBOT_SECRET };

/** Lets a person open every address that is shown, from now on. */
function browseWhatIsShown(): void {
  onNotice = (text) => {
    const address = /open (\S+)/.exec(text)?.[1];
    if (address !== undefined) pages.push(browse(address).then((page) => page.text));
  };
}

const grantTypes = () => oauth.grants.map(({ form }) => form.get("grant_type"));

test("a program logs in with its secret before its first call, by Basic", async () => {
  await connect({ ...robot, environment: secret }).admin.getVersion({});
  expect(cluster.calls.sort()).toEqual([
    "GetOAuth2Metadata",
    "GetPublicClientConfig",
    "GetVersion",
  ]);
  expect(oauth.grants).toMatchObject([{ basic: true }]);
  expect(oauth.grants[0]?.form.get("scope")).toBe("all");
});

test("where the server takes secrets in the form only, they go there", async () => {
  await using posting = await guarded(["client_secret_post"]);
  const client = connect({
    ...robot,
    clientId: "robot-post",
    endpoint: posting.endpoint,
    environment: secret,
  });
  await client.admin.getVersion({});
  expect(oauth.grants).toMatchObject([{ basic: false }]);
});

test("200 calls at once with an expired token make one request for another", async () => {
  const client = connect({ ...robot, environment: secret });
  await client.admin.getVersion({});
  await oauth.revokeAll();
  const calls = Array.from({ length: 200 }, () => client.admin.getVersion({}));
  await Promise.all(calls);
  expect(grantTypes()).toEqual(["client_credentials", "client_credentials"]);
});

test("200 calls at once with none make one login", async () => {
  const client = connect({ ...robot, environment: secret });
  await Promise.all(Array.from({ length: 200 }, () => client.admin.getVersion({})));
  expect(oauth.grants.length).toBe(1);
});

test("a token is renewed at 80 % of its life while calls go on with it, and awaited after its end", async () => {
  let now = Date.now();
  const client = connect({ ...robot, environment: secret, login: { now: () => now } });
  await client.admin.getVersion({});
  now += 0.79 * 3_600_000;
  await client.admin.getVersion({});
  expect(oauth.grants.length).toBe(1);
  now += 0.02 * 3_600_000;
  const held = Promise.withResolvers<void>();
  oauth.hold = held.promise;
  await client.admin.getVersion({});
  await client.admin.getVersion({});
  held.resolve();
  oauth.hold = undefined;
  now += 3_600_000;
  await client.admin.getVersion({});
  expect(oauth.grants.length).toBeLessThanOrEqual(3);
});

test("a wrong secret is said once, without the secret, however many calls meet it", async () => {
  const client = connect({
    ...robot,
    environment: { FLYTE_CREDENTIALS_CLIENT_SECRET: "not-the-right-secret" },
  });
  const calls = Array.from({ length: 100 }, () => rejection(client.admin.getVersion({})));
  const errors = await Promise.all(calls);
  expect(errors[0]).toMatchObject({ name: "FlyteError", code: "REMOTE_AUTH" });
  expect(errors[0]).toMatchObject({
    message: expect.stringMatching(/invalid_client|client and its secret/),
  });
  expect(oauth.grants.length).toBe(1);
  for (const error of errors) expect(inspect(error, { depth: 9 })).not.toContain("not-the-right");
});

test("a secret that is nowhere is reported with every place", async () => {
  const client = connect({
    clientId: "robot",
    clientSecretEnvVar: "NOT_SET",
    clientSecretFile: "/nowhere/secret",
  });
  expect(await rejection(client.admin.getVersion({}))).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("NOT_SET, the file /nowhere/secret"),
  });
});

test("a person logs in with a browser when the cluster asks, and stays logged in", async () => {
  browseWhatIsShown();
  const client = connect();
  await client.admin.getVersion({});
  expect(await Promise.all(pages)).toEqual([expect.stringContaining("This window can be closed")]);
  const [{ form } = { form: new URLSearchParams() }] = oauth.grants;
  expect(form.get("code_verifier")).not.toBeNull();
  expect(form.get("state")).not.toBeNull(); // flyteadmin's own endpoint wants it again
  // Another process finds the token.
  await connect().admin.getVersion({});
  expect(grantTypes()).toEqual(["authorization_code"]);
  expect(notices.length).toBe(1);
});

test("200 first calls of a person show one page", async () => {
  browseWhatIsShown();
  const client = connect();
  await Promise.all(Array.from({ length: 200 }, () => client.admin.getVersion({})));
  expect(notices.length).toBe(1);
  expect(grantTypes()).toEqual(["authorization_code"]);
});

test("of two calls that wait for a login, one can be given up without the other", async () => {
  const shown = Promise.withResolvers<string>();
  onNotice = (text) => shown.resolve(/open (\S+)/.exec(text)?.[1] ?? "");
  const { admin } = connect();
  const stop = new AbortController();
  const given = rejection(admin.getVersion({}, { signal: stop.signal }));
  const kept = admin.getVersion({});
  const page = await shown.promise;
  stop.abort();
  await given;
  await browse(page);
  await kept;
});

test("two connections to one cluster show one page", async () => {
  browseWhatIsShown();
  await Promise.all([connect().admin.getVersion({}), connect().admin.getVersion({})]);
  expect(notices.length).toBe(1);
});

test("when the connection that showed the page is closed, the other one shows its own", async () => {
  const shown = Promise.withResolvers<void>();
  onNotice = () => shown.resolve();
  const first = connect();
  const given = rejection(first.login());
  await shown.promise;
  const second = connect().login();
  browseWhatIsShown();
  first.close();
  await Promise.all([given, second]);
});

test("closing the client ends the wait for a browser", async () => {
  const shown = Promise.withResolvers<void>();
  onNotice = () => shown.resolve();
  const client = connect();
  const call = rejection(client.admin.getVersion({}));
  await shown.promise;
  client.close();
  expect(await call).toMatchObject({ code: "REMOTE_CANCELLED" });
});

test("UNKNOWN is a refused token only when it says so", async () => {
  const words = ["token expired", "database is gone"];
  await using odd = await startCluster({
    admin: { getVersion: () => ({}) },
    guard: async (header) => {
      if (header.get("flyte-authorization") === null) {
        throw new ConnectError("no token", Code.Unauthenticated);
      }
      const [next] = words.splice(0, 1);
      if (next !== undefined) throw new ConnectError(next, Code.Unknown);
    },
    metadata: {
      getOAuth2Metadata: () => ({ issuer: oauth.issuer, tokenEndpoint: `${oauth.issuer}/token` }),
      getPublicClientConfig: () => ({ authorizationMetadataKey: "flyte-authorization" }),
    },
  });
  const { admin } = connect({ ...robot, environment: secret, endpoint: odd.endpoint });
  expect(await rejection(admin.getVersion({}))).toMatchObject({
    message: expect.stringContaining("database"),
  });
  expect(oauth.grants.length).toBe(2);
  await admin.getVersion({});
});

test("kept tokens are for their owner's eyes", async () => {
  browseWhatIsShown();
  await connect().admin.getVersion({});
  const folder = join(state.path, "eagerdeck", "tokens");
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, files[0] ?? "")).mode & 0o777).toBe(0o600);
});

test("a program's tokens are not kept", async () => {
  await connect({ ...robot, environment: secret }).admin.getVersion({});
  expect(readdirSync(state.path)).toEqual([]);
});

test("200 calls of a person whose token ended renew it once, without the person", async () => {
  browseWhatIsShown();
  const client = connect();
  await client.admin.getVersion({});
  await oauth.revokeAll();
  await Promise.all(Array.from({ length: 200 }, () => client.admin.getVersion({})));
  expect(grantTypes()).toEqual(["authorization_code", "refresh_token"]);
  expect(notices.length).toBe(1);
});

test("two processes share one refresh token that is good for one use", async () => {
  browseWhatIsShown();
  const [first, second] = [connect(), connect()];
  await first.admin.getVersion({});
  await second.admin.getVersion({});
  await oauth.revokeAll();
  await first.admin.getVersion({});
  await second.admin.getVersion({});
  expect(grantTypes()).toEqual(["authorization_code", "refresh_token"]);
  expect(notices.length).toBe(1);
});

test("a poll asks no person; it goes on when somebody has logged in", async () => {
  browseWhatIsShown();
  const client = connect();
  await client.admin.getVersion({});
  await oauth.revokeAll();
  await oauth.forgetGrants();
  const asked = Promise.withResolvers<void>();
  onNotice = () => asked.resolve();
  const polls = [1, 2].map(() => client.admin.getVersion({}, { contextValues: inBackground() }));
  await asked.promise;
  expect(notices.at(-1)).toContain("remote.login()");
  browseWhatIsShown();
  await client.login();
  await Promise.all(polls);
  expect(notices.length).toBe(3);
});

test("after a logout there is no token in memory and none in the file", async () => {
  browseWhatIsShown();
  const client = connect();
  await client.login();
  await client.logout();
  expect(readdirSync(join(state.path, "eagerdeck", "tokens"))).toEqual([]);
  await client.admin.getVersion({});
  expect(grantTypes()).toEqual(["authorization_code", "authorization_code"]);
});

test("a port that is taken leads to the other way to log in", async () => {
  const busy = createServer();
  const port = Number(new URL(oauth.redirectUri).port);
  await new Promise<void>((listening) => busy.listen(port, "127.0.0.1", listening));
  try {
    expect(await rejection(connect().login())).toMatchObject({
      code: "REMOTE_AUTH",
      message: expect.stringContaining("DeviceFlow"),
    });
  } finally {
    await new Promise((closed) => busy.close(closed));
  }
});

test("a login that nobody finishes ends, and the port is free for the next one", async () => {
  const client = connect({ login: { wait: async () => undefined } });
  expect(await rejection(client.login())).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("120 s"),
  });
  browseWhatIsShown();
  await connect().login();
});

test("an answer with a foreign state is none", async () => {
  const shown = Promise.withResolvers<string>();
  onNotice = (text) => shown.resolve(/open (\S+)/.exec(text)?.[1] ?? "");
  const login = connect().login();
  const page = await shown.promise;
  const stranger = await browse(`${oauth.redirectUri}?code=stolen&state=guessed`);
  expect(stranger.status).toBe(400);
  await browse(page);
  await login;
});

test("an interrupt ends the wait for a browser and frees the port", async () => {
  const shown = Promise.withResolvers<void>();
  onNotice = () => shown.resolve();
  const stop = new AbortController();
  const call = rejection(connect().admin.getVersion({}, { signal: stop.signal }));
  await shown.promise;
  stop.abort();
  expect(await call).toMatchObject({ name: "ConnectError", code: 1 });
  browseWhatIsShown();
  await connect().login();
});

test("in a pod nobody is asked", async () => {
  const client = connect({ environment: { FLYTE_INTERNAL_EXECUTION_ID: "f1" } });
  expect(await rejection(client.admin.getVersion({}))).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("clientSecretGroup"),
  });
  expect(notices).toEqual([]);
});

test("a person logs in on another device: asked every few seconds, code shown once", async () => {
  const waited: number[] = [];
  let page: Promise<unknown> | undefined;
  onNotice = (text) => {
    page = browse(/open (\S+)/.exec(text)?.[1] ?? "");
  };
  const client = connect({
    authMode: "DeviceFlow",
    login: {
      async wait(ms) {
        // The first question comes before the person is done.
        if (waited.length > 0) await page;
        waited.push(ms);
      },
    },
  });
  await client.admin.getVersion({});
  expect(waited[0]).toBe(5_000);
  expect(notices).toEqual([
    expect.stringMatching(/enter the code [A-Z]{4}-[A-Z]{4} \(good for 10 min\)/),
  ]);
  await connect({ authMode: "DeviceFlow" }).admin.getVersion({});
  expect(notices.length).toBe(1);
});

test("a code that nobody enters runs out", async () => {
  let now = Date.now();
  const client = connect({
    authMode: "DeviceFlow",
    login: {
      now: () => now,
      async wait(ms) {
        now += 60 * ms;
      },
    },
  });
  expect(await rejection(client.login())).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("remote.login()"),
  });
});

test("a command's output is the token; when it fails its words are shown", async () => {
  const token = await tokenOfRobot();
  const print = connect({
    authMode: "ExternalCommand",
    command: [process.execPath, "-e", `console.log("  ${token}\\n")`],
  });
  await print.admin.getVersion({});
  const broken = connect({
    authMode: "ExternalCommand",
    command: [process.execPath, "-e", `console.error("no vault here"); process.exit(3)`],
  });
  const error = await rejection(broken.admin.getVersion({}));
  expect(error).toMatchObject({
    code: "REMOTE_AUTH",
    message: expect.stringContaining("no vault here"),
  });
  expect(error).toMatchObject({ message: expect.stringContaining("ended with 3") });
  const absent = connect({ authMode: "ExternalCommand", command: ["/nowhere/program"] });
  expect(await rejection(absent.admin.getVersion({}))).toMatchObject({
    message: expect.stringContaining("no such program"),
  });
  const chatty = connect({
    authMode: "ExternalCommand",
    command: [process.execPath, "-e", "console.log('Token: abc')"],
  });
  expect(await rejection(chatty.admin.getVersion({}))).toMatchObject({ code: "REMOTE_AUTH" });
});

test("the token of a proxy goes along with every request of the cluster's and the login server's", async () => {
  const seen: (string | null)[] = [];
  await using behind = await startCluster({
    admin: { getVersion: () => ({}) },
    guard: async (header) => {
      seen.push(header.get("proxy-authorization"));
    },
  });
  const client = connect({
    endpoint: behind.endpoint,
    proxyCommand: [process.execPath, "-e", "console.log('proxy-token')"],
  });
  await client.admin.getVersion({});
  await client.admin.getVersion({});
  expect(seen).toEqual(["Bearer proxy-token", "Bearer proxy-token"]);
  const program = connect({
    ...robot,
    environment: secret,
    proxyCommand: [process.execPath, "-e", "console.log('proxy-token')"],
  });
  await program.admin.getVersion({});
  expect(oauth.grants).toMatchObject([{ proxied: "Bearer proxy-token" }]);
});

test("a cluster without logins is asked once at most", async () => {
  await using open = await startCluster({ admin: { getVersion: () => ({}) } });
  const client = connect({ ...robot, environment: secret, endpoint: open.endpoint });
  await client.admin.getVersion({});
  await client.admin.getVersion({});
  expect(open.calls).toEqual(["GetVersion", "GetVersion"]);
  const lazy = connect({ endpoint: open.endpoint });
  await lazy.admin.getVersion({});
  await lazy.login();
  expect(notices).toEqual([]);
});

test("tokens that are refused for ever end in an error for all, not in a loop", async () => {
  await using never = await startCluster({
    admin: { getVersion: () => ({}) },
    guard: demandToken("flyte-authorization", async () => false),
    metadata: {
      getOAuth2Metadata: () => ({ issuer: oauth.issuer, tokenEndpoint: `${oauth.issuer}/token` }),
      getPublicClientConfig: () => ({ authorizationMetadataKey: "flyte-authorization" }),
    },
  });
  const client = connect({ ...robot, environment: secret, endpoint: never.endpoint });
  const calls = Array.from({ length: 200 }, () => rejection(client.admin.getVersion({})));
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({
      code: "REMOTE_AUTH",
      message: expect.stringContaining("admin.audience"),
    });
  }
  expect(oauth.grants.length).toBe(2);
});

test("no token and no secret is in what is shown of a client, its errors or its notices", async () => {
  browseWhatIsShown();
  const person = connect();
  await person.admin.getVersion({});
  const program = connect({ ...robot, environment: secret });
  await program.admin.getVersion({});
  const folder = join(state.path, "eagerdeck", "tokens");
  const kept: unknown = JSON.parse(
    readFileSync(join(folder, readdirSync(folder)[0] ?? ""), "utf8"),
  );
  const shown = [inspect([person, program], { depth: 20, showHidden: true }), ...notices].join();
  expect(shown).not.toContain(ROBOT_SECRET);
  for (const text of Object.values(kept ?? {})) {
    if (typeof text === "string") expect(shown).not.toContain(text);
  }
});

async function tokenOfRobot(): Promise<string> {
  const response = await fetch(`${oauth.issuer}/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`robot:${encodeURIComponent(ROBOT_SECRET)}`)}`,
    },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "all" }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}
