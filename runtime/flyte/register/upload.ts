/**
 * Puts a bundle where the cluster's containers find it: at an address made of its content, so that the same code has the
 * same address and is sent once.
 * @module
 */
import { createHash } from "node:crypto";
import type { FlyteClient } from "../client.ts";
import { FlyteError, remoteFailure } from "../errors.ts";
import type { Bundle } from "./bundle.ts";

const ATTEMPTS = 4;
const PUT_MAX_MS = 300_000;

/** @returns its native URL, `s3://…`. @throws {FlyteError} when the cluster or its storage refuses. */
export async function uploadBundle(
  client: FlyteClient,
  { bytes, module }: Bundle,
  place: { readonly project: string; readonly domain: string; readonly org: string },
  signal?: AbortSignal,
): Promise<string> {
  const contentMd5 = createHash("md5").update(bytes).digest();
  const filename = module.replace(/\.mjs$/, ".tar.gz");
  let location: Awaited<ReturnType<FlyteClient["data"]["createUploadLocation"]>>;
  try {
    // Without a root of ours the cluster makes one of the digest.
    location = await client.data.createUploadLocation(
      { ...place, filename, contentMd5, expiresIn: { seconds: 3_600n } },
      signal ? { signal } : {},
    );
  } catch (error) {
    throw remoteFailure(error, "get a place for the code");
  }
  await put(
    location.signedUrl,
    bytes,
    {
      ...location.headers,
      "Content-Length": String(bytes.length),
      "Content-MD5": contentMd5.toString("base64"),
      // Azure wants to know; the signature of others does not cover it.
      ...(/^abfss?:/.test(location.nativeUrl) && { "x-ms-blob-type": "BlockBlob" }),
    },
    signal,
  );
  return location.nativeUrl;
}

async function put(
  url: string,
  bytes: Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const failure = await tried(url, bytes, headers, signal);
    if (failure === undefined) return;
    if (!failure.mayPass || attempt === ATTEMPTS) {
      throw new FlyteError(
        "REMOTE_REJECTED",
        `the storage at ${new URL(url).host} did not take the code: ${failure.why}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt));
  }
}

async function tried(
  url: string,
  bytes: Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<{ readonly why: string; readonly mayPass: boolean } | undefined> {
  const timeout = AbortSignal.timeout(PUT_MAX_MS);
  try {
    const answer = await fetch(url, {
      method: "PUT",
      headers,
      body: Buffer.from(bytes),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    // Also to free the connection.
    const text = await answer.text();
    if (answer.status === 200 || answer.status === 201) return undefined;
    const mayPass = answer.status >= 500 || answer.status === 429;
    return { why: `status ${answer.status} ${text.slice(0, 300)}`.trim(), mayPass };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { why: cause instanceof Error ? cause.message : String(cause), mayPass: true };
  }
}
