/**
 * The storage of a cluster without credentials of one's own: its data proxy signs a URL for one file at a time.
 *
 * Invariants:
 * 1. A URL is asked for once per file and used until half a minute before it ends; a refusal asks for a new one.
 * 2. What is sent is bound to its MD5; the storage refuses anything else.
 * @module
 */
import type { Client } from "@connectrpc/connect";
import { remoteFailure } from "../errors.ts";
import type { DataProxyService } from "../idl/flyteidl/service/dataproxy_pb.ts";
import { type Backend, unlessAborted } from "./backend.ts";
import type { Payload } from "./digest.ts";
import { StorageError } from "./failure.ts";
import { type HttpSource, putHttp, readHttp, statHttp, type TlsSettings } from "./http.ts";
import type { ObjectLocation } from "./location.ts";

/** 5 GiB: what S3 and its like take in one request. */
export const SIGNED_BYTES_MAX = 5 * 1024 ** 3;
const MARGIN_MS = 30_000;
/** Signed URLs kept; the oldest goes first. */
const KEPT_MAX = 1_000;

export type DataProxy = Pick<
  Client<typeof DataProxyService>,
  "createUploadLocation" | "createDownloadLocation"
>;

export interface SignedSettings extends TlsSettings {
  readonly data: DataProxy;
  readonly project: string;
  readonly domain: string;
  /** Empty where there are none. */
  readonly org: string;
}

export interface SignedStorage extends Backend<ObjectLocation> {
  /** @returns the address of the file in the cluster's storage. */
  upload(
    payload: Payload,
    target: {
      readonly filename: string;
      readonly root?: string | undefined;
      readonly shown: string;
    },
    signal?: AbortSignal,
  ): Promise<string>;
}

interface Signed {
  readonly url: string;
  readonly endsAtMs: number;
}

export function signedStorage(settings: SignedSettings): SignedStorage {
  const kept = new Map<string, Promise<Signed>>();

  const sign = async (uri: string): Promise<Signed> => {
    const { signedUrl, expiresAt } = await settings.data
      .createDownloadLocation({ nativeUrl: uri })
      .catch((error: unknown) => Promise.reject(refused(error, uri)));
    const endsAtMs = expiresAt ? Number(expiresAt.seconds) * 1_000 : Date.now() + 2 * MARGIN_MS;
    return { url: signedUrl, endsAtMs };
  };

  const signedOf = async (uri: string, renew: boolean): Promise<string> => {
    const known = renew ? undefined : kept.get(uri);
    if (known !== undefined) {
      const { url, endsAtMs } = await known;
      if (endsAtMs - MARGIN_MS > Date.now()) return url;
    }
    const asking = sign(uri);
    kept.delete(uri);
    kept.set(uri, asking);
    asking.catch(() => {
      if (kept.get(uri) === asking) kept.delete(uri);
    });
    for (const [oldest] of kept) {
      if (kept.size <= KEPT_MAX) break;
      kept.delete(oldest);
    }
    return (await asking).url;
  };

  const download = ({ uri }: ObjectLocation): HttpSource => ({
    shown: uri,
    renewable: true,
    url: (renew, signal) => unlessAborted(signedOf(uri, renew), signal),
  });

  return {
    stat: (at, signal) => statHttp(download(at), settings, signal),
    read: (at, range, signal) => readHttp(download(at), range, settings, signal),

    async upload(payload, { filename, root, shown }, signal) {
      const { project, domain, org } = settings;
      let nativeUrl = "";
      let extra: Record<string, string> = {};
      let current: string | undefined;
      const target: HttpSource = {
        shown,
        renewable: true,
        async url(renew) {
          if (current !== undefined && !renew) return current;
          const location = await settings.data
            .createUploadLocation(
              {
                project,
                domain,
                org,
                filename,
                filenameRoot: root ?? "",
                contentMd5: payload.md5,
                addContentMd5Metadata: true,
              },
              { ...(signal && { signal }) },
            )
            .catch((error: unknown) => {
              signal?.throwIfAborted();
              throw remoteFailure(error, `get an address to upload ${shown}`);
            });
          nativeUrl = location.nativeUrl;
          extra = location.headers;
          current = location.signedUrl;
          return current;
        },
      };
      const headers = () => {
        const all: Record<string, string> = {
          "content-md5": Buffer.from(payload.md5).toString("base64"),
        };
        for (const [name, value] of Object.entries(extra)) all[name.toLowerCase()] = value;
        // Azure asks for the kind of blob even where the proxy forgot to say so.
        if (/^(abfss?|az):/.test(nativeUrl)) all["x-ms-blob-type"] ??= "BlockBlob";
        return all;
      };
      await putHttp(target, (at) => payload.open(at), payload.bytes, headers, settings, signal);
      return nativeUrl;
    },
  };
}

/** A storage that has no such file says so when the URL is asked for, or when it is used: both read the same. */
function refused(error: unknown, uri: string): Error {
  const failure = remoteFailure(error, `get an address to read ${uri}`);
  if (failure.code !== "REMOTE_NOT_FOUND") return failure;
  return new StorageError("STORAGE_NOT_FOUND", `${uri}: there is no such file`, error);
}
