/**
 * Requests to the login server: through the proxy of the settings, with the authority of the settings, and again when
 * the network failed.
 * @module
 */
import { rootCertificates } from "node:tls";
import { authorityOf } from "../channel.ts";
import type { Platform } from "../config.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
const PATIENCE_MS = 30_000;

/**
 * @param proxyAuthorization the token for a proxy in front of the cluster: sent to the cluster's own host only.
 */
export function loginFetch(
  platform: Platform,
  proxyAuthorization: (signal: AbortSignal) => Promise<string | undefined>,
): Fetch {
  const clusterHost = new URL(`https://${platform.endpoint}`).hostname;
  let send: Promise<Fetch> | undefined;
  return async (url, init) => {
    send ??= fetchFor(platform);
    const sending = await send;
    const headers = new Headers(init.headers);
    if (new URL(url).hostname === clusterHost) {
      const value = await proxyAuthorization(init.signal ?? AbortSignal.timeout(PATIENCE_MS));
      if (value !== undefined) headers.set("proxy-authorization", value);
    }
    for (let attempt = 1; ; attempt++) {
      const patience = AbortSignal.timeout(PATIENCE_MS);
      const signal = init.signal ? AbortSignal.any([init.signal, patience]) : patience;
      try {
        const response = await sending(url, { ...init, headers, signal });
        if (attempt === ATTEMPTS || ![502, 503, 504].includes(response.status)) return response;
        await response.body?.cancel();
      } catch (error) {
        if (attempt === ATTEMPTS || init.signal?.aborted || !isNetwork(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  };
}

/** What `fetch` rejects with when no answer came. */
function isNetwork(error: unknown): boolean {
  if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return false;
  const code: unknown = Reflect.get(error.cause, "code");
  // A certificate does not become valid by asking again.
  return typeof code !== "string" || !/CERT|SIGNATURE|ALTNAME|SSL/.test(code);
}

/** Node's own `fetch`, or undici's where there is something to set: Node's takes no settings from outside. */
async function fetchFor(platform: Platform): Promise<Fetch> {
  const authority = authorityOf(platform);
  const tls = {
    ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] }),
    ...(platform.insecureSkipVerify ? { rejectUnauthorized: false } : {}),
  };
  const { httpProxy } = platform;
  if (httpProxy === undefined && Object.keys(tls).length === 0) return fetch;
  const undici = await import("undici");
  const dispatcher =
    httpProxy === undefined
      ? new undici.Agent({ connect: tls })
      : new undici.ProxyAgent({ uri: httpProxy, requestTls: tls });
  return async (url, { method, headers, body, redirect, signal }) => {
    const response = await undici.fetch(url, {
      dispatcher,
      ...(method === undefined ? {} : { method }),
      ...(redirect === undefined ? {} : { redirect }),
      ...(signal ? { signal } : {}),
      ...(body instanceof URLSearchParams ? { body } : {}),
      headers: [...new Headers(headers)],
    });
    // The two packages have a class of their own for the same thing.
    return new Response(await response.arrayBuffer(), {
      status: response.status,
      headers: [...response.headers],
    });
  };
}
