/**
 * A storage that gives and takes files by signed URLs only, as a cluster's does: an HTTP server on 127.0.0.1, and the two
 * calls of the data proxy that sign. Keeps what S3 keeps to: ranges, ETags, expiry, Content-MD5, a known length.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  CreateDownloadLocationResponseSchema,
  CreateUploadLocationResponseSchema,
} from "../../runtime/flyte/idl/flyteidl/service/dataproxy_pb.ts";
import type { DataProxy } from "../../runtime/flyte/storage/signed.ts";

/** What a request meets instead of its answer. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly body?: string }
  /** The connection is cut after so many bytes of the answer, or before it. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Nothing is answered. */
  | { readonly kind: "hang" };

export interface SignedStorage extends AsyncDisposable {
  readonly data: DataProxy;
  readonly url: string;
  /** Address → content. */
  readonly files: Map<string, Uint8Array>;
  /** `GET bytes=5-`, `PUT`, in the order they came. */
  readonly requests: string[];
  /** Taken one per request. */
  readonly faults: Fault[];
  /** How many URLs were signed. */
  readonly signed: { uploads: number; downloads: number };
  /** No URL that was signed before works any more. */
  expireAll(): void;
  /** Whether ranges are understood. */
  ranges: boolean;
  readonly headersOfUploads: Record<string, string>;
  readonly received: IncomingMessage["headers"][];
}

export async function startSignedStorage(): Promise<SignedStorage> {
  const files = new Map<string, Uint8Array>();
  const live = new Map<string, { readonly uri: string; readonly md5: string | undefined }>();
  const requests: string[] = [];
  const faults: Fault[] = [];
  const received: IncomingMessage["headers"][] = [];
  const headersOfUploads: Record<string, string> = {};
  const signed = { uploads: 0, downloads: 0 };

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    requests.push([method, headers.range].filter(Boolean).join(" "));
    received.push(headers);
    const fault = faults.shift();
    if (fault?.kind === "hang") return;
    if (fault?.kind === "status") return refuse(response, fault.status, fault.body);
    const { pathname, searchParams } = new URL(request.url ?? "", storage.url);
    const allowed = live.get(searchParams.get("signature") ?? "");
    const open = pathname.startsWith("/open/") ? `http:${pathname}` : undefined;
    const uri = open ?? allowed?.uri;
    if (uri === undefined) return refuse(response, 403, "<Error><Code>AccessDenied</Code></Error>");
    if (method === "PUT") return take(request, response, uri, allowed?.md5, fault);
    give(response, uri, headers.range, fault);
  }

  async function take(
    request: IncomingMessage,
    response: ServerResponse,
    uri: string,
    md5: string | undefined,
    fault: Fault | undefined,
  ): Promise<void> {
    const { headers } = request;
    if (headers["content-length"] === undefined) return refuse(response, 411);
    if (headers["content-md5"] !== md5) return refuse(response, 403);
    if (fault?.kind === "cut" && fault.afterBytes === 0) return void request.destroy();
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const content = Buffer.concat(pieces);
    if (createHash("md5").update(content).digest("base64") !== md5) {
      return refuse(response, 400, "<Error><Code>BadDigest</Code></Error>");
    }
    files.set(uri, content);
    // Committed, and the answer is lost.
    if (fault?.kind === "cut") return void response.destroy();
    response.writeHead(200).end();
  }

  function give(
    response: ServerResponse,
    uri: string,
    range: string | undefined,
    fault: Fault | undefined,
  ): void {
    const content = files.get(uri);
    if (content === undefined)
      return refuse(response, 404, "<Error><Code>NoSuchKey</Code></Error>");
    const etag = `"${createHash("md5").update(content).digest("hex")}"`;
    const [, first = "", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    let body = content;
    if (first !== "" && storage.ranges) {
      if (Number(first) >= content.length) {
        response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
        return;
      }
      const end = last === "" ? content.length : Math.min(Number(last) + 1, content.length);
      body = content.subarray(Number(first), end);
      const span = `bytes ${first}-${end - 1}/${content.length}`;
      response.writeHead(206, { etag, "content-range": span, "content-length": body.length });
    } else response.writeHead(200, { etag, "content-length": content.length });
    if (fault?.kind !== "cut") response.end(body);
    else response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");

  const sign = (uri: string, md5?: string): string => {
    const signature = randomBytes(8).toString("hex");
    live.set(signature, { uri, md5 });
    return `${storage.url}/bucket?signature=${signature}`;
  };
  const expiresAt = () => timestampFromMs(Date.now() + 3_600_000);

  const storage: SignedStorage = {
    url: `http://127.0.0.1:${address.port}`,
    files,
    requests,
    faults,
    signed,
    received,
    headersOfUploads,
    ranges: true,
    expireAll: () => live.clear(),
    data: {
      async createDownloadLocation({ nativeUrl = "" }) {
        signed.downloads += 1;
        return create(CreateDownloadLocationResponseSchema, {
          signedUrl: sign(nativeUrl),
          expiresAt: expiresAt(),
        });
      },
      async createUploadLocation({ project, domain, filename, filenameRoot, contentMd5 }) {
        signed.uploads += 1;
        const md5 = Buffer.from(contentMd5 ?? []);
        const folder = filenameRoot || md5.toString("hex");
        const nativeUrl = `s3://bucket/${project}/${domain}/${folder}/${filename}`;
        return create(CreateUploadLocationResponseSchema, {
          nativeUrl,
          signedUrl: sign(nativeUrl, md5.toString("base64")),
          expiresAt: expiresAt(),
          headers: headersOfUploads,
        });
      },
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return storage;
}

function refuse(response: ServerResponse, status: number, body = ""): void {
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
}
