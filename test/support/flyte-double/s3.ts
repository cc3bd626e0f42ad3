/**
 * As much of S3 as opendal, s3fs and their like use: objects, ranges, lists, uploads in parts. Path-style addresses.
 *
 * Invariants:
 * 1. Who has no credentials of the double's is refused; the signature itself is not computed.
 * 2. A body in `aws-chunked` encoding is stored without its framing.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { md5, type Objects } from "./objects.ts";

export const ACCESS_KEY_ID = "double";
export const SECRET_ACCESS_KEY = "double-secret";

export class S3 {
  readonly #objects: Objects;
  readonly #uploads = new Map<string, Map<number, Buffer>>();

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const authorization = request.headers.authorization ?? "";
    if (!authorization.includes(`Credential=${ACCESS_KEY_ID}/`)) {
      request.resume();
      return sendError(response, 403, "AccessDenied");
    }
    const [, bucket = "", key = ""] =
      /^\/([^/]+)\/?(.*)$/s.exec(decodeURIComponent(url.pathname)) ?? [];
    if (`s3://${bucket}` !== this.#objects.base) {
      request.resume();
      return sendError(response, 404, "NoSuchBucket");
    }
    const uri = `s3://${bucket}/${key}`;
    const query = url.searchParams;
    switch (request.method) {
      case "PUT":
        return await this.#put(uri, query, request, response);
      case "POST":
        return await this.#post(uri, key, query, request, response);
      case "DELETE":
        this.#objects.delete(uri);
        response.writeHead(204).end();
        return;
      case "GET":
      case "HEAD":
        if (key === "") return this.#list(bucket, query, response);
        return sendObject(this.#objects.get(uri), request, response);
      default:
        return sendError(response, 405, "MethodNotAllowed");
    }
  }

  async #put(
    uri: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = unframed(await buffer(request), request);
    const part = query.get("partNumber");
    const upload = this.#uploads.get(query.get("uploadId") ?? "");
    if (part === null) this.#objects.put(uri, body);
    else if (upload) upload.set(Number(part), body);
    else return sendError(response, 404, "NoSuchUpload");
    response.writeHead(200, { etag: etag(body) }).end();
  }

  async #post(
    uri: string,
    key: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await buffer(request);
    if (query.has("uploads")) {
      const id = randomUUID();
      this.#uploads.set(id, new Map());
      return sendXml(
        response,
        `<InitiateMultipartUploadResult><Key>${xml(key)}</Key><UploadId>${id}</UploadId>` +
          "</InitiateMultipartUploadResult>",
      );
    }
    const id = query.get("uploadId") ?? "";
    const parts = this.#uploads.get(id);
    if (parts) {
      this.#uploads.delete(id);
      const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
      const whole = Buffer.concat(ordered);
      this.#objects.put(uri, whole);
      return sendXml(
        response,
        `<CompleteMultipartUploadResult><Key>${xml(key)}</Key><ETag>${xml(etag(whole))}</ETag>` +
          "</CompleteMultipartUploadResult>",
      );
    }
    if (query.has("delete")) {
      for (const [, name = ""] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g)) {
        this.#objects.delete(uri + name);
      }
      return sendXml(response, "<DeleteResult></DeleteResult>");
    }
    return sendError(response, 400, "InvalidRequest");
  }

  #list(bucket: string, query: URLSearchParams, response: ServerResponse): void {
    const root = `s3://${bucket}/`;
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const limit = Number(query.get("max-keys") ?? 1000);
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const entries = new Map<string, string>();
    for (const { uri, bytes } of this.#objects.list(root + prefix)) {
      const key = uri.slice(root.length);
      const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      if (end >= 0) {
        const common = key.slice(0, end + delimiter.length);
        entries.set(common, `<CommonPrefixes><Prefix>${xml(common)}</Prefix></CommonPrefixes>`);
      } else {
        entries.set(
          key,
          `<Contents><Key>${xml(key)}</Key><Size>${bytes}</Size><ETag>&quot;0&quot;</ETag>` +
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>",
        );
      }
    }
    const left = [...entries].filter(([key]) => key > after);
    const page = left.slice(0, limit);
    const last = page.at(-1)?.[0] ?? "";
    const more = left.length > page.length;
    sendXml(
      response,
      `<ListBucketResult><Name>${xml(bucket)}</Name><Prefix>${xml(prefix)}</Prefix>` +
        `<KeyCount>${page.length}</KeyCount><MaxKeys>${limit}</MaxKeys><IsTruncated>${more}</IsTruncated>` +
        (more ? `<NextContinuationToken>${xml(last)}</NextContinuationToken>` : "") +
        `${page.map(([, entry]) => entry).join("")}</ListBucketResult>`,
    );
  }
}

/** An object, or the part of it that the request's range names. */
export function sendObject(
  bytes: Uint8Array | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!bytes) return sendError(response, 404, "NoSuchKey");
  const head = {
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    etag: etag(bytes),
  };
  const size = bytes.byteLength;
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!range) {
    response.writeHead(200, { ...head, "content-length": size });
    response.end(request.method === "HEAD" ? undefined : bytes);
    return;
  }
  const [, first = "", last = ""] = range;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) {
    response.writeHead(416, { ...head, "content-range": `bytes */${size}` }).end();
    return;
  }
  const part = bytes.subarray(start, end + 1);
  response.writeHead(206, {
    ...head,
    "content-length": part.byteLength,
    "content-range": `bytes ${start}-${end}/${size}`,
  });
  response.end(request.method === "HEAD" ? undefined : part);
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message = code,
): void {
  response
    .writeHead(status, { "content-type": "application/xml" })
    .end(
      `<?xml version="1.0"?><Error><Code>${xml(code)}</Code><Message>${xml(message)}</Message></Error>`,
    );
}

function sendXml(response: ServerResponse, text: string): void {
  response
    .writeHead(200, { "content-type": "application/xml" })
    .end(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
}

export function etag(bytes: Uint8Array): string {
  return `"${md5(bytes).toString("hex")}"`;
}

function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Chunks are `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n`, the last one is empty. */
function unframed(body: Buffer, request: IncomingMessage): Buffer {
  if (request.headers["x-amz-decoded-content-length"] === undefined) return body;
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (!(length > 0)) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(parts);
}
