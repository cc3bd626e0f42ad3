/**
 * The gRPC server over cleartext HTTP/2, with the faults in front of every RPC.
 *
 * Invariants:
 * 1. A request is logged when it arrives, also one that a fault then fails.
 * 2. After an outage the port is the same.
 * @module
 */
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
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
  readonly interceptors: readonly Interceptor[];
  readonly routes: (router: ConnectRouter) => void;
}

export interface RunningServer {
  /** `127.0.0.1:40123` */
  readonly endpoint: string;
  /** Stops listening and cuts what is connected. */
  stop(): Promise<void>;
  /** Listens again. */
  listen(): Promise<void>;
}

const connection = createContextKey<() => void>(() => {}, { description: "cuts the connection" });

export async function serve(options: ServerOptions): Promise<RunningServer> {
  const handler = connectNodeAdapter({
    routes: options.routes,
    interceptors: [faulty(options), ...options.interceptors],
    // A larger message is refused with RESOURCE_EXHAUSTED; the charts of Flyte set 10 MB.
    readMaxBytes: 10 * 1024 * 1024,
    contextValues: (request) =>
      createContextValues().set(connection, () => {
        // Of an HTTP/2 request the `socket` is its stream alone.
        if ("stream" in request) request.stream.session?.destroy();
      }),
  });
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const rpc = request.url.slice(request.url.lastIndexOf("/") + 1);
    if (options.faults.takesGarbage(rpc)) {
      options.requests.note(rpc, new Headers());
      // A frame that claims more than it has, as of a proxy that answers in the server's place.
      response.writeHead(200, { "content-type": "application/grpc" });
      response.end(Buffer.from([0, 0, 0, 0, 9, 0xff, 0xff]));
      return;
    }
    handler(request, response);
  };
  let server: Http2Server | undefined;
  const sessions = new Set<ServerHttp2Session>();
  let { port } = options;
  const listen = async () => {
    if (server) return;
    const next = createServer(answer);
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
  return { endpoint: `127.0.0.1:${port}`, listen, stop };
}

function faulty({ faults, requests }: ServerOptions): Interceptor {
  return (next) => async (request) => {
    const rpc = request.method.name;
    requests.note(rpc, request.header);
    if (faults.latencyMs > 0) await delay(faults.latencyMs);
    const cut = request.contextValues.get(connection);
    if (faults.takesCut(rpc, "before")) {
      cut();
      // Nobody hears this answer; the work must not be done.
      faults.throwCut();
    }
    faults.meet(rpc);
    const response = await next(request);
    if (faults.takesCut(rpc, "after")) cut();
    return response;
  };
}
