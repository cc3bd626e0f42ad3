/**
 * The blob store over HTTP: S3 for who has credentials, and signed URLs with its rules for who has not.
 *
 * Invariants:
 * 1. A URL serves one method (a HEAD on a GET's URL is refused), until it expires.
 * 2. What was signed into an upload has to be sent: the MD5 and the headers, and the body has to be of that MD5.
 * 3. An upload without a length is refused, as S3 does with chunked bodies.
 * @module
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { md5, type Objects } from "./objects.ts";
import { etag, S3, sendError, sendObject } from "./s3.ts";

export interface SignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

export interface StoreRequest {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly range: string | undefined;
}

export interface HttpStore {
  /** `http://127.0.0.1:40124`: of S3, with path-style addresses. */
  readonly endpoint: string;
  sign(
    method: "GET" | "PUT",
    uri: string,
    expiresInMs: number,
    headers?: Readonly<Record<string, string>>,
  ): SignedUrl;
  /** What was asked of it, in order. */
  readonly requests: readonly StoreRequest[];
  /** The next requests answer with this status instead. */
  fail(times: number, status: number): void;
  close(): Promise<void>;
}

interface Grant {
  readonly method: string;
  readonly uri: string;
  readonly expiresAt: Date;
  readonly headers: Readonly<Record<string, string>>;
}

export async function serveStore(objects: Objects): Promise<HttpStore> {
  const grants = new Map<string, Grant>();
  const requests: StoreRequest[] = [];
  const s3 = new S3(objects);
  let failures = { left: 0, status: 503 };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://double");
    const grant = grants.get(url.searchParams.get("X-Amz-Signature") ?? "");
    response.once("close", () =>
      requests.push({
        method: request.method ?? "",
        uri: grant?.uri ?? url.pathname,
        status: response.statusCode,
        range: request.headers.range,
      }),
    );
    if (failures.left > 0) {
      failures.left--;
      return refuse(request, response, failures.status, "SlowDown");
    }
    const work = url.pathname.startsWith("/signed/")
      ? answer(objects, grant, request, response)
      : s3.answer(url, request, response);
    work.catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // An HTTP server on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    sign(method, uri, expiresInMs, headers = {}) {
      const signature = randomUUID();
      const expiresAt = new Date(Date.now() + expiresInMs);
      grants.set(signature, { method, uri, expiresAt, headers });
      const name = encodeURIComponent(uri.slice(uri.lastIndexOf("/") + 1));
      return {
        url: `http://127.0.0.1:${port}/signed/${name}?X-Amz-Signature=${signature}`,
        expiresAt,
      };
    },
    fail: (times, status) => {
      failures = { left: times, status };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  objects: Objects,
  grant: Grant | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!grant || grant.method !== request.method) {
    return refuse(request, response, 403, "SignatureDoesNotMatch");
  }
  if (grant.expiresAt.getTime() <= Date.now()) {
    return refuse(request, response, 403, "AccessDenied", "Request has expired");
  }
  for (const [name, value] of Object.entries(grant.headers)) {
    if (request.headers[name.toLowerCase()] !== value) {
      return refuse(request, response, 403, "SignatureDoesNotMatch", `header ${name}`);
    }
  }
  if (request.method === "PUT") return await put(objects, grant, request, response);
  return sendObject(objects.get(grant.uri), request, response);
}

async function put(
  objects: Objects,
  grant: Grant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers["content-length"] === undefined) {
    return refuse(request, response, 411, "MissingContentLength");
  }
  const body = await buffer(request);
  const digest = request.headers["content-md5"];
  if (digest !== undefined && md5(body).toString("base64") !== digest) {
    return refuse(request, response, 400, "BadDigest");
  }
  objects.put(grant.uri, body);
  response.writeHead(200, { etag: etag(body) }).end();
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message = code,
): void {
  // An unread body would keep the connection busy.
  request.resume();
  sendError(response, status, code, message);
}
