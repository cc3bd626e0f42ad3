/**
 * Bytes over HTTP: ranges that resume, and uploads in one request.
 *
 * Node's own client, for `fetch` unpacks what is stored compressed (offsets then mean nothing), sends streams without
 * the length that storages ask for, and takes no certificate authority.
 *
 * Invariants:
 * 1. A connection that breaks is resumed where it broke, up to five times without a byte of progress.
 * 2. Pieces of two versions of a file are never joined: the ETag of every answer is compared.
 * 3. Messages say the file's own address, never the URL that was asked.
 * @module
 */
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { ByteRange } from "./backend.ts";
import { StorageError } from "./failure.ts";

/** Without a byte for so long a connection counts as broken. */
const IDLE_MS = 60_000;
const TRIES_MAX = 5;
const REDIRECTS_MAX = 5;
/** Of an answer that reports a failure. */
const ANSWER_BYTES_MAX = 4_096;

export interface TlsSettings {
  /** PEM of authorities that are trusted besides Node's own. */
  readonly ca?: readonly string[] | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/** Where a file is asked for. A signed URL ends some day; then another one is made. */
export interface HttpSource {
  /** How it is called in messages. */
  readonly shown: string;
  /** @param renew the last one was refused. */
  url(renew: boolean, signal?: AbortSignal): Promise<string>;
  /** Whether `renew` gives another URL. */
  readonly renewable: boolean;
}

interface Sent {
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
}

/** A failure that another try may mend. */
class Passing extends Error {}

/**
 * Reads a range, and resumes it (invariant 1).
 * @throws {StorageError}
 */
export async function* readHttp(
  source: HttpSource,
  { start = 0, end }: ByteRange,
  tls: TlsSettings,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = start;
  let etag: string | undefined;
  const patience = new Patience(source, signal);
  while (end === undefined || at < end) {
    let response: IncomingMessage | undefined;
    try {
      const range = `bytes=${at}-${end === undefined ? "" : end - 1}`;
      const headers: Record<string, string> = at > 0 || end !== undefined ? { range } : {};
      response = await get(await patience.url(), headers, tls, signal);
      const { statusCode = 0 } = response;
      // The range begins at or behind the end.
      if (statusCode === 416) return;
      if (statusCode !== 200 && statusCode !== 206) {
        await patience.refused(statusCode, response);
        continue;
      }
      const version = response.headers.etag;
      if (etag !== undefined && version !== etag) throw changed(source);
      etag = version;
      // A server that knows no ranges sends all of it.
      let skip = statusCode === 200 ? at : 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        const wanted = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - wanted.length;
        const piece = end === undefined ? wanted : wanted.subarray(0, end - at);
        if (piece.length === 0) continue;
        at += piece.length;
        patience.progress();
        yield piece;
        if (end !== undefined && at >= end) return;
      }
      return;
    } catch (error) {
      await patience.failed(error);
    } finally {
      response?.destroy();
    }
  }
}

/** @returns the size of the file; a signed URL allows no HEAD, so its first byte is asked for. */
export async function statHttp(
  source: HttpSource,
  tls: TlsSettings,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number }> {
  const patience = new Patience(source, signal);
  for (;;) {
    let response: IncomingMessage | undefined;
    try {
      response = await get(await patience.url(), { range: "bytes=0-0" }, tls, signal);
      const { statusCode = 0, headers } = response;
      // `bytes 0-0/1234`; `bytes */0` for an empty file.
      const total = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
      const length = statusCode === 200 ? headers["content-length"] : total;
      if (statusCode === 200 || statusCode === 206 || statusCode === 416) {
        if (length !== undefined) return { bytes: Number(length) };
        throw new StorageError(
          "STORAGE_FAILED",
          `${source.shown}: the server does not say its size`,
        );
      }
      await patience.refused(statusCode, response);
    } catch (error) {
      await patience.failed(error);
    } finally {
      response?.destroy();
    }
  }
}

/**
 * Sends a file in one request, again when the connection breaks.
 * @param open its bytes from the beginning, for every try.
 * @param headers besides the length.
 * @throws {StorageError}
 */
export async function putHttp(
  target: HttpSource,
  open: (signal?: AbortSignal) => AsyncIterable<Uint8Array>,
  bytes: number,
  headers: () => Readonly<Record<string, string>>,
  tls: TlsSettings,
  signal?: AbortSignal,
): Promise<void> {
  const patience = new Patience(target, signal);
  for (;;) {
    let response: IncomingMessage | undefined;
    try {
      const url = await patience.url();
      const all = { ...headers(), "content-length": String(bytes) };
      response = await send(url, { method: "PUT", headers: all, body: open(signal) }, tls, signal);
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) return;
      await patience.refused(statusCode, response);
    } catch (error) {
      await patience.failed(error);
    } finally {
      response?.destroy();
    }
  }
}

/** How often, and how soon, something is tried again; and what is said when it is given up. */
class Patience {
  readonly #source: HttpSource;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #renew = false;
  /** A URL was renewed and nothing has come since. */
  #renewed = false;

  constructor(source: HttpSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  async url(): Promise<string> {
    const renew = this.#renew;
    this.#renew = false;
    return this.#source.url(renew, this.#signal);
  }

  progress(): void {
    this.#failures = 0;
    this.#renewed = false;
  }

  /** The server answered with a failure. Returns when the next try is due with another URL. */
  async refused(status: number, response: IncomingMessage): Promise<void> {
    const { shown, renewable } = this.#source;
    // An URL that is out of date is 403 for S3 and Google, 403 or 400 elsewhere.
    if ((status === 400 || status === 401 || status === 403) && renewable && !this.#renewed) {
      this.#renew = true;
      this.#renewed = true;
      return;
    }
    const said = await reasonIn(response);
    const answer = `${shown}: the storage answered ${status}${said && ` (${said})`}`;
    if (status === 404 || status === 410) {
      throw new StorageError("STORAGE_NOT_FOUND", `${shown}: there is no such file (${status})`);
    }
    if (status === 401 || status === 403) throw new StorageError("STORAGE_DENIED", answer);
    if (status === 408 || status === 429 || status >= 500) throw new Passing(answer);
    if (/BadDigest|InvalidDigest|Md5Mismatch/i.test(said)) {
      throw new StorageError("STORAGE_CHANGED", `${answer}: it changed while it was sent`);
    }
    throw new StorageError("STORAGE_FAILED", answer);
  }

  /** Something was thrown. Returns when the next try is due. */
  async failed(error: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    if (isUnreadable(error)) {
      // The error itself would show the address, and with it what is secret in it.
      const { shown } = this.#source;
      throw new StorageError("STORAGE_FAILED", `${shown}: the web address to it cannot be opened`);
    }
    const untrusted = certificateFailure(error, this.#source.shown);
    if (untrusted) throw untrusted;
    if (!(error instanceof Passing) && !isBroken(error)) throw error;
    this.#failures += 1;
    if (this.#failures >= TRIES_MAX) {
      const reason =
        error instanceof Passing ? error.message : `${this.#source.shown}: ${brokenBy(error)}`;
      throw new StorageError("STORAGE_UNREACHABLE", `${reason}; given up after ${TRIES_MAX} tries`);
    }
    await delay(Math.random() * Math.min(5_000, 100 * 2 ** this.#failures), undefined, {
      ...(this.#signal && { signal: this.#signal }),
    }).catch(() => this.#signal?.throwIfAborted());
  }
}

async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  tls: TlsSettings,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  let at = url;
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(at, { method: "GET", headers }, tls, signal);
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (status < 300 || status >= 400 || location === undefined || redirects === REDIRECTS_MAX) {
      return response;
    }
    response.destroy();
    at = new URL(location, at).href;
  }
}

function send(
  url: string,
  { method, headers, body }: Sent,
  tls: TlsSettings,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const secure = target.protocol === "https:";
    const request = (secure ? tlsRequest : plainRequest)(target, {
      method,
      headers: { "accept-encoding": "identity", ...headers },
      ...(signal && { signal }),
      ...(secure && tls.ca && { ca: [...tls.ca] }),
      ...(secure && tls.insecureSkipVerify && { rejectUnauthorized: false }),
    });
    request.setTimeout(IDLE_MS, () => request.destroy(new Passing("no byte for a minute")));
    request.on("response", resolve);
    // After an answer the error belongs to whoever reads it.
    request.on("error", reject);
    if (body === undefined) request.end();
    else sendBody(request, body).catch((error: unknown) => request.destroy(asError(error)));
  });
}

/** Piece by piece as the socket takes them; an early answer of the server ends it. */
async function sendBody(
  request: ReturnType<typeof plainRequest>,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (request.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        request.off("drain", go).off("close", go);
        resolve();
      };
      request.on("drain", go).on("close", go);
    });
  }
  request.end();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What a storage says of a failure: S3, Google and Azure answer in XML with a code. */
async function reasonIn(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString("latin1");
      if (text.length > ANSWER_BYTES_MAX) break;
    }
  } catch {
    // The code of the answer says enough.
  }
  return /<Code>([\w.-]{1,60})<\/Code>/.exec(text)?.[1] ?? "";
}

function isBroken(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof StorageError) return false;
  const code = "code" in error ? String(error.code) : "";
  return /^(E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_AGAIN)|HPE_|ERR_STREAM_PREMATURE_CLOSE)/.test(code);
}

function isUnreadable(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_INVALID_URL" || code === "ERR_INVALID_PROTOCOL";
}

function certificateFailure(error: unknown, shown: string): StorageError | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/CERT|SIGNATURE|ALTNAME/.test(code)) return undefined;
  return new StorageError(
    "STORAGE_UNREACHABLE",
    `${shown}: the certificate of its storage is not trusted (${code}); give the authority's as \`caCertFilePath\``,
    error,
  );
}

function brokenBy(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nobody listens at its storage (ECONNREFUSED)";
  return `the connection to its storage broke (${code || "no reason given"})`;
}

function changed({ shown }: HttpSource): StorageError {
  return new StorageError("STORAGE_CHANGED", `${shown} changed while it was read; read it again`);
}
