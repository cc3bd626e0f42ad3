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
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
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

/** As the charts of Flyte set it. */
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

const connection = createContextKey<() => void>(() => {}, { description: "cuts the connection" });

export async function serve(options: ServerOptions): Promise<RunningServer> {
  const handler = connectNodeAdapter({
    routes: options.routes,
    interceptors: [faulty(options), ...options.interceptors],
    // Beyond it connect resets the stream in the middle, which grpc-go does not; the limit is in `faulty`.
    // grpc-go answers uncompressed.
    compressMinBytes: Number.MAX_SAFE_INTEGER,
    readMaxBytes: 256 * 1024 * 1024,
    contextValues: (request) => {
      const port = request.socket.remotePort ?? 0;
      return createContextValues().set(connection, () => sockets.get(port)?.destroy());
    },
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
  // By the client's port. A session's own `socket` is a proxy that says goodbye before it closes.
  const sockets = new Map<number, Socket>();
  let { port } = options;
  const listen = async () => {
    if (server) return;
    const next = createServer(answer);
    next.on("connection", (socket: Socket) => {
      const clientPort = socket.remotePort ?? 0;
      sockets.set(clientPort, socket);
      socket.once("close", () => sockets.delete(clientPort));
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
    for (const socket of sockets.values()) socket.destroy();
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
    if (!request.stream && rpc.startsWith("Create")) {
      const { byteLength } = toBinary(request.method.input, request.message);
      if (byteLength > MAX_MESSAGE_BYTES) {
        throw new ConnectError(
          `grpc: received message larger than max (${byteLength} vs. ${MAX_MESSAGE_BYTES})`,
          Code.ResourceExhausted,
        );
      }
    }
    const response = await next(request);
    if (faults.takesCut(rpc, "after")) cut();
    return response;
  };
}
