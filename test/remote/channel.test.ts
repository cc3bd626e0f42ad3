import { createServer, type Server } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, expect, test } from "vitest";
import {
  type ClientOptions,
  type FlyteClient,
  inBackground,
  openClient,
} from "../../runtime/flyte/client.ts";
import { Config } from "../../runtime/flyte/config.ts";
import { remoteFailure } from "../../runtime/flyte/errors.ts";
import { startCluster } from "../support/guarded-cluster.ts";
import { rejection } from "../support/observed-events.ts";
import { freePorts } from "../support/ports.ts";

const open: FlyteClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

function connect(endpoint: string, options: ClientOptions = {}): FlyteClient {
  const platform = Config.forEndpoint(endpoint, { insecure: true }).resolve({});
  const client = openClient(platform, { retry: { random: () => 0 }, ...options });
  open.push(client);
  return client;
}

const version = (Version: string) => ({
  controlPlaneVersion: { Version, Build: "", BuildTime: "" },
});

test.each([
  ["UNAVAILABLE", Code.Unavailable, ""],
  ["ABORTED", Code.Aborted, ""],
  ["RESOURCE_EXHAUSTED", Code.ResourceExhausted, "slow down"],
  ["DEADLINE_EXCEEDED", Code.DeadlineExceeded, ""],
  ["INTERNAL with a reset stream", Code.Internal, "stream terminated by RST_STREAM"],
  ["CANCELED that is not ours", Code.Canceled, ""],
])("%s is passing: the request is repeated until it is answered", async (_, code, message) => {
  let asked = 0;
  await using cluster = await startCluster({
    admin: {
      getVersion() {
        if (++asked <= 5) throw new ConnectError(message, code);
        return version("1.16");
      },
    },
  });
  const answer = await connect(cluster.endpoint).admin.getVersion({});
  expect(answer.controlPlaneVersion?.Version).toBe("1.16");
  expect(asked).toBe(6);
});

test.each([
  ["INVALID_ARGUMENT", Code.InvalidArgument, "bad"],
  ["NOT_FOUND", Code.NotFound, "no such thing"],
  ["ALREADY_EXISTS", Code.AlreadyExists, ""],
  ["FAILED_PRECONDITION", Code.FailedPrecondition, ""],
  ["INTERNAL of the server", Code.Internal, "nil pointer"],
  ["UNKNOWN", Code.Unknown, "?"],
  ["PERMISSION_DENIED", Code.PermissionDenied, ""],
  [
    "a message too large for the server",
    Code.ResourceExhausted,
    "received message larger than max (5 vs. 4)",
  ],
])("%s is an answer: it is not asked again", async (_, code, message) => {
  let asked = 0;
  await using cluster = await startCluster({
    admin: {
      getVersion() {
        asked++;
        throw new ConnectError(message, code);
      },
    },
  });
  expect(await rejection(connect(cluster.endpoint).admin.getVersion({}))).toMatchObject({ code });
  expect(asked).toBe(1);
});

test("a connection cut in the middle of requests costs them nothing but time", async () => {
  let asked = 0;
  await using cluster = await startCluster({
    admin: {
      async getVersion() {
        if (++asked <= 20) {
          if (asked === 20) cluster.cut();
          await new Promise(() => undefined);
        }
        return version("1.16");
      },
    },
  });
  const { admin } = connect(cluster.endpoint);
  const answers = await Promise.all(Array.from({ length: 20 }, () => admin.getVersion({})));
  expect(new Set(answers.map((answer) => answer.controlPlaneVersion?.Version))).toEqual(
    new Set(["1.16"]),
  );
  expect(asked).toBe(40);
});

test("a create whose answer was lost is sent again, and then says that it is there", async () => {
  const made = new Set<string>();
  await using cluster = await startCluster({
    admin: {
      async createExecution({ name }) {
        if (made.has(name)) throw new ConnectError("exists", Code.AlreadyExists);
        made.add(name);
        cluster.cut();
        return await new Promise(() => undefined);
      },
    },
  });
  const call = connect(cluster.endpoint).admin.createExecution({ name: "e-1" });
  expect(await rejection(call)).toMatchObject({ code: Code.AlreadyExists });
  expect(made.size).toBe(1);
});

test("an answer that is too large is never asked for again", async () => {
  let asked = 0;
  await using cluster = await startCluster({
    admin: {
      getVersion() {
        asked++;
        return version("x".repeat(5_000));
      },
    },
  });
  const error = await rejection(
    connect(cluster.endpoint, { readMaxBytes: 1_000 }).admin.getVersion({}),
  );
  expect(error).toMatchObject({ code: Code.ResourceExhausted });
  expect(remoteFailure(error, "ask")).toMatchObject({ code: "REMOTE_TOO_LARGE" });
  expect(asked).toBe(1);
});

test("our own signal ends a request at once, also while it waits or pauses", async () => {
  const arrived = Promise.withResolvers<void>();
  await using cluster = await startCluster({
    admin: {
      async getVersion() {
        arrived.resolve();
        return await new Promise(() => undefined);
      },
      getNamedEntity() {
        arrived.resolve();
        throw new ConnectError("", Code.Unavailable);
      },
    },
  });
  const { admin } = connect(cluster.endpoint, {
    retry: { random: () => 1, baseMs: 1e9, capMs: 1e9, budgetMs: 1e12, firstBudgetMs: 1e12 },
  });
  const stop = new AbortController();
  // More than fit: the last ones wait for room.
  const calls = Array.from({ length: 40 }, () =>
    rejection(admin.getVersion({}, { signal: stop.signal })),
  );
  calls.push(rejection(admin.getNamedEntity({}, { signal: stop.signal })));
  await arrived.promise;
  stop.abort(new Error("Ctrl-C"));
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ name: "ConnectError", code: Code.Canceled });
  }
  const pausing = new AbortController();
  const call = rejection(admin.getNamedEntity({}, { signal: pausing.signal }));
  pausing.abort();
  expect(await call).toMatchObject({ code: Code.Canceled });
  // Whoever left made room.
  const next = new AbortController();
  const later = rejection(admin.getNamedEntity({}, { signal: next.signal }));
  next.abort();
  await later;
});

test("at most 32 requests are in flight, the others come in their order", async () => {
  let inside = 0;
  let most = 0;
  let gate = Promise.withResolvers<void>();
  const full = Promise.withResolvers<void>();
  const order: string[] = [];
  await using cluster = await startCluster({
    admin: {
      async createExecution({ name }) {
        order.push(name);
        most = Math.max(most, ++inside);
        if (inside === 32) full.resolve();
        await gate.promise;
        inside--;
        return {};
      },
    },
  });
  const { admin } = connect(cluster.endpoint);
  const calls = Array.from({ length: 100 }, (_, n) => admin.createExecution({ name: `${n}` }));
  await full.promise;
  gate.resolve();
  gate = Promise.withResolvers();
  gate.resolve();
  await Promise.all(calls);
  expect(most).toBe(32);
  expect(order.slice(32)).toEqual(Array.from({ length: 68 }, (_, n) => `${n + 32}`));
});

test("one connection serves all", async () => {
  let connections = 0;
  const [port = 0] = await freePorts(1);
  await using cluster = await startCluster({ admin: { getVersion: () => version("1") } });
  const proxy = await forwarding(port, Number(cluster.endpoint.split(":")[1]), () => connections++);
  try {
    const client = connect(`127.0.0.1:${port}`);
    await Promise.all(Array.from({ length: 50 }, () => client.admin.getVersion({})));
    expect(connections).toBe(1);
    client.close();
  } finally {
    await new Promise((closed) => proxy.close(closed));
  }
});

test("closing ends what is under way, and says so", async () => {
  const arrived = Promise.withResolvers<void>();
  await using cluster = await startCluster({
    admin: {
      async getVersion() {
        arrived.resolve();
        return await new Promise(() => undefined);
      },
    },
  });
  const client = connect(cluster.endpoint);
  const call = rejection(client.admin.getVersion({}));
  await arrived.promise;
  client.close();
  expect(await call).toMatchObject({ name: "FlyteError", code: "REMOTE_CANCELLED" });
  expect(await rejection(client.admin.getVersion({}))).toMatchObject({ code: "REMOTE_CANCELLED" });
});

test("a connection that is always cut is a server that cannot be reached, and nobody's cancellation", async () => {
  await using cluster = await startCluster({
    admin: {
      async getVersion() {
        cluster.cut();
        return await new Promise(() => undefined);
      },
    },
  });
  const client = connect(cluster.endpoint, { retry: { firstBudgetMs: 0 } });
  const error = remoteFailure(await rejection(client.admin.getVersion({})), "ask");
  expect(error).toMatchObject({
    code: "REMOTE_UNREACHABLE",
    message: expect.stringContaining("cut"),
  });
});

test("a poll gives up sooner than a call that somebody waits for", async () => {
  let asked = 0;
  await using cluster = await startCluster({
    admin: {
      getVersion() {
        if (++asked < 3) throw new ConnectError("", Code.Unavailable);
        return version("1");
      },
    },
  });
  const { admin } = connect(cluster.endpoint, {
    retry: { random: () => 0, backgroundBudgetMs: 0 },
  });
  await rejection(admin.getVersion({}, { contextValues: inBackground() }));
  expect(asked).toBe(1);
  await admin.getVersion({});
  expect(asked).toBe(3);
});

test("nobody there: the error says where and what to look at", async () => {
  const [port] = await freePorts(1);
  const client = connect(`127.0.0.1:${port}`, { retry: { firstBudgetMs: 0 } });
  const error = remoteFailure(await rejection(client.admin.getVersion({})), "ask for the version");
  expect(error).toMatchObject({
    code: "REMOTE_UNREACHABLE",
    message: expect.stringMatching(/could not ask for the version: .*ECONNREFUSED.*insecure/),
  });
});

test("TLS against a cleartext server is recognised", async () => {
  await using cluster = await startCluster({ admin: {} });
  const platform = Config.forEndpoint(cluster.endpoint).resolve({});
  const client = openClient(platform, { retry: { firstBudgetMs: 0 } });
  open.push(client);
  const error = remoteFailure(await rejection(client.admin.getVersion({})), "ask");
  expect(error).toMatchObject({ code: "REMOTE_UNREACHABLE" });
  expect(error.message).toContain("insecure");
});

/** Passes bytes on to another port. */
async function forwarding(from: number, to: number, onConnection: () => void): Promise<Server> {
  const { connect: dial } = await import("node:net");
  const server = createServer((near) => {
    onConnection();
    const far = dial(to, "127.0.0.1");
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  await new Promise<void>((listening) => server.listen(from, "127.0.0.1", listening));
  return server;
}
