/** Certificates are made with openssl, which every machine that builds Node packages has. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttp, request } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect as dial, type Server } from "node:net";
import { join } from "node:path";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type FlyteClient, openClient } from "../../runtime/flyte/client.ts";
import { Config, type EndpointOptions } from "../../runtime/flyte/config.ts";
import { remoteFailure } from "../../runtime/flyte/errors.ts";
import { AdminService } from "../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { AuthMetadataService } from "../../runtime/flyte/idl/flyteidl/service/auth_pb.ts";
import { demandToken } from "../support/guarded-cluster.ts";
import { rejection } from "../support/observed-events.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
let caCertFile: string;
/** A cluster and its login server, both behind a certificate that only our own authority knows. */
let cluster: Server;
let login: Server;
let endpoint: string;
let tokenEndpoint: string;
const clients: FlyteClient[] = [];

beforeAll(async () => {
  folder = tempFolder();
  const keyFile = join(folder.path, "key.pem");
  caCertFile = join(folder.path, "cert.pem");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", keyFile, "-out", caCertFile, "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ],
    { stdio: "ignore" },
  );
  const identity = { key: readFileSync(keyFile), cert: readFileSync(caCertFile) };
  login = createHttps(identity, (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"access_token":"good-token","token_type":"bearer","expires_in":3600}');
  });
  const issuer = `https://localhost:${await listening(login)}`;
  tokenEndpoint = `${issuer}/token`;
  const guard = demandToken("authorization", async (token) => token === "good-token");
  cluster = createSecureServer(
    identity,
    connectNodeAdapter({
      interceptors: [
        (next) => async (call) => {
          if (call.service.typeName === AdminService.typeName) await guard(call.header);
          return await next(call);
        },
      ],
      routes(router) {
        router.service(AdminService, { getVersion: () => ({}) });
        router.service(AuthMetadataService, {
          getOAuth2Metadata: () => ({ issuer, tokenEndpoint }),
          getPublicClientConfig: () => ({}),
        });
      },
    }),
  );
  endpoint = `localhost:${await listening(cluster)}`;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await Promise.all([cluster, login].map(closed));
  folder[Symbol.dispose]();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  if ("closeAllConnections" in server && typeof server.closeAllConnections === "function") {
    server.closeAllConnections();
  }
  await new Promise((done) => server.close(done));
}

function connect(options: EndpointOptions): FlyteClient {
  const robot = { authMode: "ClientSecret", clientId: "robot", clientSecret: "robot-secret" };
  const platform = Config.forEndpoint(endpoint, { ...robot, ...options }).resolve({});
  const client = openClient(platform, { retry: { firstBudgetMs: 0 }, notice: () => undefined });
  clients.push(client);
  return client;
}

test("an authority of one's own is trusted by calls and by logins", async () => {
  await connect({ caCertFile }).admin.getVersion({});
});

test("without it the error says which setting is missing", async () => {
  const error = await rejection(connect({}).admin.getVersion({}));
  expect(remoteFailure(error, "ask")).toMatchObject({
    code: "REMOTE_UNREACHABLE",
    message: expect.stringContaining("caCertFilePath"),
  });
});

test("who wants no check gets none", async () => {
  await connect({ insecureSkipVerify: true }).admin.getVersion({});
});

test("a file that is not there is a wrong setting", () => {
  expect(() => connect({ caCertFile: "/nowhere/ca.pem" })).toThrow(/\/nowhere\/ca\.pem/);
});

test("the proxy of the settings carries logins and no calls", async () => {
  const asked: string[] = [];
  const proxy = createHttp((incoming, outgoing) => {
    incoming.pipe(request(incoming.url ?? "", (answer) => answer.pipe(outgoing)));
  });
  proxy.on("connect", (incoming, near) => {
    asked.push(incoming.url ?? "");
    const [, port] = (incoming.url ?? "").split(":");
    const far = dial(Number(port), "127.0.0.1", () => {
      near.write("HTTP/1.1 200 OK\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  const port = await listening(proxy);
  try {
    await connect({ caCertFile, httpProxy: `http://127.0.0.1:${port}` }).admin.getVersion({});
    expect(asked).toEqual([`localhost:${(login.address() as AddressInfo).port}`]);
  } finally {
    for (const client of clients.splice(0)) client.close();
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("a secret never goes out in cleartext for a cluster that is encrypted", async () => {
  const encrypted = tokenEndpoint;
  tokenEndpoint = encrypted.replace("https:", "http:");
  try {
    expect(await rejection(connect({ caCertFile }).admin.getVersion({}))).toMatchObject({
      code: "REMOTE_AUTH",
      message: expect.stringMatching(/localhost:\d+ .*cleartext/),
    });
  } finally {
    tokenEndpoint = encrypted;
  }
});

test("a login server that is not there is named", async () => {
  const proxy = "http://127.0.0.1:9";
  const error = await rejection(connect({ caCertFile, httpProxy: proxy }).admin.getVersion({}));
  expect(error).toMatchObject({
    code: "REMOTE_UNREACHABLE",
    message: expect.stringMatching(/localhost:\d+ does not answer the login of client robot/),
  });
});
