/**
 * The ways to a place in a storage, best first.
 *
 * Invariants:
 * 1. A way is opened, and its code loaded, when its turn comes; once per store.
 * 2. The next way is taken only when a storage refuses our credentials or its package is missing, and never after a
 *    byte was given: a file does not change its source in the middle.
 * @module
 */

import type { StorageSettings } from "../config.ts";
import type { Backend, ByteRange, Listed } from "./backend.ts";
import { hasCredentials } from "./credentials.ts";
import { isStorageError, StorageError } from "./failure.ts";
import { type Location, type ObjectLocation, parseLocation, shownUri } from "./location.ts";
import type { DataProxy, SignedStorage } from "./signed.ts";

export interface LadderOptions {
  /** The part of a platform's settings that tells how to reach its storage. */
  readonly platform: {
    readonly storage: StorageSettings;
    readonly caCertFile?: string | undefined;
    readonly insecureSkipVerify?: boolean | undefined;
    readonly org?: string | undefined;
  };
  /** Signs URLs. Without one, only credentials of this process count. */
  readonly client?: { readonly data: DataProxy } | undefined;
  readonly project: string;
  readonly domain: string;
  /** Where a task writes; set in a pod. */
  readonly rawOutputPrefix?: string | undefined;
}

/** One file or folder, by one way. */
interface Reach {
  stat(signal: AbortSignal | undefined): Promise<{ readonly bytes: number }>;
  read(range: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array>;
  readonly put:
    | ((chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal) => Promise<void>)
    | undefined;
  readonly list: ((recursive: boolean, signal?: AbortSignal) => AsyncGenerator<Listed>) | undefined;
}

type Way = () => Promise<Reach>;

export class Ladder {
  readonly #options: LadderOptions;
  readonly #tls: () => Promise<{ ca: readonly string[] | undefined; insecureSkipVerify: boolean }>;
  readonly #web: () => Promise<Backend<Extract<Location, { scheme: "http" }>>>;
  readonly #objects: () => Promise<Backend<ObjectLocation>>;
  /** Undefined without a cluster. */
  readonly signed: (() => Promise<SignedStorage>) | undefined;
  /** Buckets that refused the credentials of this process. */
  readonly #denied = new Set<string>();

  constructor(options: LadderOptions) {
    this.#options = options;
    const { platform, client, project, domain } = options;
    this.#tls = once(async () => ({
      ca: await authorities(platform.caCertFile),
      insecureSkipVerify: platform.insecureSkipVerify ?? false,
    }));
    this.#web = once(async () => (await import("./web.ts")).webFiles(await this.#tls()));
    this.#objects = once(async () => {
      const { objectStorage } = await import("./objects.ts");
      return objectStorage(platform.storage);
    });
    this.signed =
      client &&
      once(async () => {
        const { signedStorage } = await import("./signed.ts");
        return signedStorage({
          data: client.data,
          project,
          domain,
          org: platform.org ?? "",
          ...(await this.#tls()),
        });
      });
  }

  /** @throws {StorageError} as soon as the first piece is asked for. */
  async *read(
    uri: string,
    range: ByteRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const at = parseLocation(uri);
    const ways = this.#waysTo(at);
    for (const [index, way] of ways.entries()) {
      let begun = false;
      try {
        for await (const piece of (await way()).read(range, signal)) {
          begun = true;
          yield piece;
        }
        return;
      } catch (error) {
        if (begun || index === ways.length - 1 || !this.#isClosed(error, at)) throw error;
      }
    }
  }

  async stat(uri: string, signal: AbortSignal | undefined): Promise<{ readonly bytes: number }> {
    const at = parseLocation(uri);
    const ways = this.#waysTo(at);
    for (const [index, way] of ways.entries()) {
      try {
        return await (await way()).stat(signal);
      } catch (error) {
        if (index === ways.length - 1 || !this.#isClosed(error, at)) throw error;
      }
    }
    throw new Error("a ladder without steps");
  }

  async put(
    uri: string,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const way of this.#waysTo(parseLocation(uri))) {
      const { put } = await way();
      if (put !== undefined) return put(chunks, signal);
    }
    throw new StorageError(
      "STORAGE_NO_WRITE",
      `${shownUri(uri)} cannot be written from here: that needs credentials of the storage itself`,
    );
  }

  async *list(
    uri: string,
    recursive: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Listed, void, undefined> {
    for (const way of this.#waysTo(parseLocation(uri))) {
      const { list } = await way();
      if (list !== undefined) return yield* list(recursive, signal);
    }
    throw new StorageError(
      "STORAGE_NO_LIST",
      `${shownUri(uri)} cannot be listed: the cluster signs URLs of single files only. Take a file by its name, ` +
        '.file("a.csv"), or give credentials of the storage (environment, profile, or storage.connection in the ' +
        "configuration)",
    );
  }

  #waysTo(at: Location): readonly Way[] {
    if (at.scheme === "file") {
      return [async () => bound((await import("./local.ts")).localFiles, at)];
    }
    if (at.scheme === "http") return [async () => bound(await this.#web(), at)];
    const { platform, rawOutputPrefix } = this.#options;
    const { signed } = this;
    const direct: Way = async () => bound(await this.#objects(), at);
    if (signed === undefined) return [direct];
    const bySignature: Way = async () => bound(await signed(), at);
    // A pod has the credentials of its service account, which cannot be seen in the environment.
    const own = rawOutputPrefix !== undefined || hasCredentials(at.scheme, platform.storage);
    if (!own) return [bySignature];
    return this.#denied.has(bucketOf(at)) ? [bySignature, direct] : [direct, bySignature];
  }

  /** Whether the next way may be open where this one is not (invariant 2). */
  #isClosed(error: unknown, at: Location): boolean {
    if (!isStorageError(error, "STORAGE_DENIED", "STORAGE_MISSING")) return false;
    this.#denied.add(bucketOf(at));
    return true;
  }
}

function bucketOf(at: Location): string {
  return at.scheme === "file" || at.scheme === "http" ? at.scheme : `${at.scheme}://${at.bucket}`;
}

function bound<At extends Location>(backend: Backend<At>, at: At): Reach {
  const { put, list } = backend;
  return {
    stat: (signal) => backend.stat(at, signal),
    read: (range, signal) => backend.read(at, range, signal),
    put: put && ((chunks, signal) => put(at, chunks, signal)),
    list: list && ((recursive, signal) => list(at, recursive, signal)),
  };
}

/** Of its own file, besides Node's own: a storage in the cluster often has the cluster's certificate. */
async function authorities(file: string | undefined): Promise<readonly string[] | undefined> {
  if (file === undefined) return undefined;
  const { readFile } = await import("node:fs/promises");
  const { rootCertificates } = await import("node:tls");
  return [...rootCertificates, await readFile(file, "utf8")];
}

/** The same result for every caller; a failure is tried again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    if (opened === undefined) {
      opened = open();
      opened.catch(() => {
        opened = undefined;
      });
    }
    return opened;
  };
}
