/**
 * A gRPC server on 127.0.0.1 that knows Flyte's services and answers what a test says; it may demand tokens.
 * @module
 */
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AdminService } from "../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import { AuthMetadataService } from "../../runtime/flyte/idl/flyteidl/service/auth_pb.ts";

export interface Cluster extends AsyncDisposable {
  readonly endpoint: string;
  /** Names of the methods that were called, in order. */
  readonly calls: string[];
  /** Cuts every connection, as a network does. */
  cut(): void;
}

export interface ClusterOptions {
  readonly admin?: Partial<ServiceImpl<typeof AdminService>>;
  readonly metadata?: Partial<ServiceImpl<typeof AuthMetadataService>>;
  /** Looks at the headers of a request to AdminService; throws what the caller gets. */
  readonly guard?: (header: Headers) => Promise<void>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const calls: string[] = [];
  const guarding: Interceptor = (next) => async (request) => {
    calls.push(request.method.name);
    if (request.service.typeName === AdminService.typeName) await options.guard?.(request.header);
    return await next(request);
  };
  const routes = (router: ConnectRouter) => {
    router.service(AdminService, options.admin ?? {});
    if (options.metadata !== undefined) router.service(AuthMetadataService, options.metadata);
  };
  const server = createServer(connectNodeAdapter({ routes, interceptors: [guarding] }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const session of sessions) session.destroy();
  };
  return {
    endpoint: `127.0.0.1:${port}`,
    calls,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Demands a token under a header, and asks somebody whether it is good. */
export function demandToken(key: string, isGood: (token: string) => Promise<boolean>) {
  return async (header: Headers): Promise<void> => {
    const [, token] = /^Bearer (.+)$/.exec(header.get(key) ?? "") ?? [];
    if (token !== undefined && (await isGood(token))) return;
    throw new ConnectError("token parse error [JWT_VERIFICATION_FAILED]", Code.Unauthenticated);
  };
}
