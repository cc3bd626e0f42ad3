/**
 * The gRPC server over cleartext HTTP/2, with the faults in front of every RPC.
 * @module
 */
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";

export interface ServerOptions {
  readonly port: number;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly routes: (router: ConnectRouter) => void;
}

export interface RunningServer {
  readonly endpoint: string;
  /** Stops listening and cuts what is connected, until `listen`. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

type CutConnection = () => void;
const connection = createContextKey<CutConnection>(() => {}, { description: "cuts it" });

export async function serve(options: ServerOptions): Promise<RunningServer> {
  const handler = connectNodeAdapter({
    routes: options.routes,
    interceptors: [faulty(options)],
    // As flyteadmin's chart sets it; a client's larger message is refused with RESOURCE_EXHAUSTED.
    readMaxBytes: 64 * 1024 * 1024,
    contextValues: (request) =>
      createContextValues().set(connection, () => request.socket.destroy()),
  });
  let server: Http2Server | undefined;
  const sessions = new Set<ServerHttp2Session>();
  let { port } = options;
  const listen = async () => {
    if (server) return;
    const next = createServer(handler);
    next.on("session", (session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
    });
    await new Promise<void>((resolve, reject) => {
      next.once("error", reject);
      next.listen(port, "127.0.0.1", resolve);
    });
    // A server on a TCP port has an address with one.
    port = (next.address() as AddressInfo).port;
    server = next;
  };
  const stop = async () => {
    const last = server;
    server = undefined;
    if (!last) return;
    const closed = new Promise((resolve) => last.close(resolve));
    for (const session of sessions) session.destroy();
    await closed;
  };
  await listen();
  return { endpoint: `127.0.0.1:${port}`, listen, stop, close: stop };
}

function faulty({ faults, requests }: ServerOptions): Interceptor {
  return (next) => async (request) => {
    const rpc = request.method.name;
    requests.note(rpc, request.header);
    if (faults.latencyMs > 0) await delay(faults.latencyMs);
    const cut = request.contextValues.get(connection);
    if (faults.takesCut(rpc, "before")) cut();
    faults.meet(rpc);
    const response = await next(request);
    if (faults.takesCut(rpc, "after")) cut();
    return response;
  };
}
