/**
 * The one HTTP/2 connection to a cluster, and the rules of every request on it.
 *
 * 1. A request has a deadline of its own for each attempt; repeating has a budget of time (`retry.ts`).
 * 2. At most 32 requests are in flight; the others wait in the order they came.
 * @module
 */
import { readFileSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import { rootCertificates } from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Limiter } from "../workflow/limiter.ts";
import type { Platform } from "./config.ts";
import { FlyteError } from "./errors.ts";
import { RETRY, type RetryPolicy, retrying, type Signer } from "./retry.ts";

/** One message; the answers of a cluster are cut far below. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const SESSION_MB_MAX = 512;
const PING_EVERY_MS = 30_000;
const PING_PATIENCE_MS = 10_000;
/** Deadline of a request that names none; polls say 10 s. */
const DEADLINE_MS = 60_000;
const IN_FLIGHT_MAX = 32;

export interface ChannelOptions {
  /** Made with the transport that does not sign: for asking how to log in. */
  readonly signer?: (unsigned: Transport) => Signer;
  readonly retry?: Partial<RetryPolicy>;
  readonly notice?: (text: string) => void;
  readonly readMaxBytes?: number;
}

export interface Channel {
  readonly transport: Transport;
  /** Aborts when the channel is closed. */
  readonly closed: AbortSignal;
  /** Ends the connection and every request on it. */
  close(): void;
}

/** @throws {FlyteError} `CONFIG_INVALID` when the file of the authority cannot be read. */
export function openChannel(platform: Platform, options: ChannelOptions = {}): Channel {
  const baseUrl = `${platform.insecure ? "http" : "https"}://${platform.endpoint}`;
  const session = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs: PING_EVERY_MS, pingTimeoutMs: PING_PATIENCE_MS },
    sessionOptions(platform),
  );
  const wire = createGrpcTransport({
    baseUrl,
    sessionManager: session,
    readMaxBytes: options.readMaxBytes ?? MESSAGE_BYTES_MAX,
    defaultTimeoutMs: DEADLINE_MS,
  });
  const policy = { ...RETRY, ...options.retry };
  const inFlight = new Limiter(IN_FLIGHT_MAX);
  const shared = { wire, inFlight, policy, notice: options.notice, endpoint: platform.endpoint };
  const closed = new AbortController();
  const unsigned = retrying({ ...shared, signer: undefined, closed: closed.signal });
  const signer = options.signer?.(unsigned);
  return {
    transport: retrying({ ...shared, signer, closed: closed.signal }),
    closed: closed.signal,
    close() {
      closed.abort(
        new FlyteError("REMOTE_CANCELLED", `the connection to ${platform.endpoint} was closed`),
      );
      session.abort();
    },
  };
}

function sessionOptions(platform: Platform): SecureClientSessionOptions {
  // Node refuses new requests once the answers of all together take 10 MB.
  const options: SecureClientSessionOptions = { maxSessionMemory: SESSION_MB_MAX };
  if (platform.insecure) return options;
  const ca = authorityOf(platform);
  if (ca !== undefined) options.ca = [...rootCertificates, ca];
  if (platform.insecureSkipVerify) options.rejectUnauthorized = false;
  return options;
}

/**
 * The certificate of the authority that is trusted beside Node's own, as PEM.
 * @throws {FlyteError} `CONFIG_INVALID`.
 */
export function authorityOf({ caCertFile }: Platform): string | undefined {
  if (caCertFile === undefined) return undefined;
  try {
    return readFileSync(caCertFile, "utf8");
  } catch (error) {
    throw new FlyteError("CONFIG_INVALID", `admin.caCertFilePath: ${caCertFile} cannot be read`, {
      cause: error,
    });
  }
}
