/**
 * Object storages by OpenDAL: S3 and what speaks like it, Google, Azure; with credentials of this process.
 *
 * Invariants:
 * 1. The native package loads with the first access. Where it is missing, the error says what to install.
 * 2. Ranges are asked one after another, at most 8 MB each: memory stays bounded, and an abort ends between two.
 * 3. All ranges of one stream are of one version of the object, where the storage can promise it.
 * @module
 */
import { request } from "node:https";
import type { Operator, ReadOptions } from "opendal";
import type { StorageSettings } from "../config.ts";
import { type Backend, unlessAborted } from "./backend.ts";
import { type Service, serviceOf } from "./credentials.ts";
import { StorageError } from "./failure.ts";
import type { ObjectLocation } from "./location.ts";

const PIECE_BYTES = 8_000_000;
/** S3 takes at most 10,000 parts: 160 GB this way. */
const PART_BYTES = 16n * 1024n * 1024n;
const PARTS_AT_ONCE = 2;
const OPERATION_MS = 60_000;
const TRANSFER_MS = 120_000;

type OpenDal = typeof import("opendal");

/** The buckets of one platform. */
export function objectStorage(settings: StorageSettings): Required<Backend<ObjectLocation>> {
  const operators = new Map<string, Promise<Operator>>();
  const operatorOf = (at: ObjectLocation): Promise<Operator> => {
    const id = `${at.scheme}://${at.account ?? ""}@${at.bucket}`;
    let operator = operators.get(id);
    if (operator === undefined) {
      operator = openBucket(at, settings);
      operators.set(id, operator);
      // The next access tries again.
      operator.catch(() => operators.delete(id));
    }
    return operator;
  };
  const statOf = async (operator: Operator, at: ObjectLocation, signal?: AbortSignal) => {
    const metadata = await asked(at, signal, () => operator.stat(at.key));
    return { bytes: Number(metadata.contentLength ?? 0n), etag: metadata.etag };
  };
  return {
    async stat(at, signal) {
      const { bytes } = await statOf(await unlessAborted(operatorOf(at), signal), at, signal);
      return { bytes };
    },

    async *read(at, { start = 0, end }, signal) {
      const operator = await unlessAborted(operatorOf(at), signal);
      const { bytes, etag } = await statOf(operator, at, signal);
      const upTo = Math.min(end ?? bytes, bytes);
      const same: ReadOptions =
        etag && operator.capability().readWithIfMatch ? { ifMatch: etag } : {};
      for (let offset = start; offset < upTo; ) {
        const size = Math.min(PIECE_BYTES, upTo - offset);
        const range = { ...same, offset: BigInt(offset), size: BigInt(size) };
        const piece = await asked(at, signal, () => operator.read(at.key, range));
        if (piece.length === 0) throw changed(at);
        offset += piece.length;
        yield piece;
      }
    },

    async put(at, chunks, signal) {
      const operator = await unlessAborted(operatorOf(at), signal);
      const writer = await asked(at, signal, () =>
        operator.writer(at.key, { chunk: PART_BYTES, concurrent: PARTS_AT_ONCE }),
      );
      let empty = true;
      for await (const chunk of chunks) {
        if (chunk.length === 0) continue;
        empty = false;
        await asked(at, signal, () => writer.write(asBuffer(chunk)));
      }
      // A writer that wrote nothing leaves nothing behind.
      if (empty) await asked(at, signal, () => operator.write(at.key, Buffer.alloc(0)));
      else await asked(at, signal, () => writer.close());
    },

    async *list(at, recursive, signal) {
      const operator = await unlessAborted(operatorOf(at), signal);
      const folder = at.key === "" || at.key.endsWith("/") ? at.key : `${at.key}/`;
      const lister = await asked(at, signal, () => operator.lister(folder, { recursive }));
      for (;;) {
        const entry = await asked(at, signal, () => lister.next());
        if (entry === null) return;
        const path = entry.path().slice(folder.length);
        // The folder itself, and marks of folders that some tools leave as empty objects.
        if (path === "" || (recursive && path.endsWith("/"))) continue;
        yield { path, bytes: Number(entry.metadata().contentLength ?? 0n) };
      }
    },
  };
}

async function openBucket(at: ObjectLocation, settings: StorageSettings): Promise<Operator> {
  const { Operator, RetryLayer, TimeoutLayer } = await loadOpenDal();
  const region = at.scheme === "s3" ? await regionOf(at, settings) : "";
  const service: Service = serviceOf(at, settings, region);
  try {
    const timeout = new TimeoutLayer();
    timeout.timeout = OPERATION_MS;
    timeout.ioTimeout = TRANSFER_MS;
    const retry = new RetryLayer();
    retry.maxTimes = 4;
    retry.jitter = true;
    return new Operator(service.name, { ...service.options })
      .layer(timeout.build())
      .layer(retry.build());
  } catch (error) {
    throw objectFailure(error, at);
  }
}

/** Loads the native package (invariant 1). @param load replaced in tests. */
export async function loadOpenDal(
  load: () => Promise<unknown> = () => import("opendal"),
): Promise<Pick<OpenDal, "Operator" | "RetryLayer" | "TimeoutLayer">> {
  let reason = "its native part is missing";
  let cause: unknown;
  try {
    const loaded = await load();
    if (isOpenDal(loaded)) return loaded;
  } catch (error) {
    cause = error;
    reason = deepest(error);
  }
  const { platform, arch } = process;
  const library = platform === "linux" ? `linux-${arch}-gnu` : `${platform}-${arch}`;
  throw new StorageError(
    "STORAGE_MISSING",
    `the package opendal, which reads and writes object storages, does not load here: ${reason}. Its native part for ` +
      `this machine is @opendal/lib-${library}, an optional dependency: install again without --omit=optional.`,
    cause,
  );
}

/** Its own text is about npm; what the system said, `GLIBC_2.38 not found`, is the last of its causes. */
function deepest(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const inner: unknown = Array.isArray(cause) ? cause.at(-1) : cause;
  if (inner instanceof Error && inner !== error) return deepest(inner);
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.slice(0, 200);
}

function isOpenDal(loaded: unknown): loaded is OpenDal {
  return (
    typeof loaded === "object" &&
    loaded !== null &&
    "Operator" in loaded &&
    typeof loaded.Operator === "function"
  );
}

/** Of the settings, of the environment; a storage of one's own has none; AWS says it of every bucket. */
async function regionOf({ bucket }: ObjectLocation, settings: StorageSettings): Promise<string> {
  const { env } = process;
  const known = settings.region || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (known) return known;
  if (settings.endpoint || env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"])
    return "us-east-1";
  return new Promise((resolve) => {
    const path = `/${encodeURIComponent(bucket)}`;
    const asking = request({ method: "HEAD", host: "s3.amazonaws.com", path, timeout: 5_000 });
    // Without an answer the access itself will say what is wrong.
    asking.on("error", () => resolve("us-east-1"));
    asking.on("timeout", () => asking.destroy());
    asking.on("response", ({ headers }) => {
      asking.destroy();
      const region = headers["x-amz-bucket-region"];
      resolve(typeof region === "string" ? region : "us-east-1");
    });
    asking.end();
  });
}

async function asked<T>(
  at: ObjectLocation,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await unlessAborted(work(), signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw objectFailure(error, at);
  }
}

/** `NotFound (permanent) at stat, context: { … } => entity not found`: OpenDAL's kinds are the first word of its text. */
export function objectFailure(error: unknown, at: ObjectLocation): StorageError {
  if (error instanceof StorageError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const kind = /^\w+/.exec(text)?.[0] ?? "";
  const said = reasonIn(text);
  switch (kind) {
    case "NotFound":
      return new StorageError("STORAGE_NOT_FOUND", `${at.uri}: there is no such file`, error);
    case "PermissionDenied":
      return new StorageError(
        "STORAGE_DENIED",
        `${at.uri}: the storage refuses the credentials of this process (${said})`,
        error,
      );
    case "ConditionNotMatch":
      return changed(at);
    case "ConfigInvalid":
      return new StorageError(
        "STORAGE_FAILED",
        `${at.uri}: the storage cannot be opened: ${said}`,
        error,
      );
    default: {
      const unreachable = /send http request|timeout|error sending request/.test(text);
      // A process without any credentials is told so by a failed load of them.
      if (/credential/i.test(text)) {
        return new StorageError(
          "STORAGE_DENIED",
          `${at.uri}: there are no credentials for it (${said})`,
          error,
        );
      }
      return unreachable
        ? new StorageError(
            "STORAGE_UNREACHABLE",
            `${at.uri}: no answer from its storage (${said})`,
            error,
          )
        : new StorageError("STORAGE_FAILED", `${at.uri}: ${said}`, error);
    }
  }
}

/** The sentence behind the context; a storage's own code when there is one. */
function reasonIn(text: string): string {
  const code = /code: "([\w.-]{1,60})"/.exec(text)?.[1];
  if (code !== undefined) return code;
  const said = text.slice(text.lastIndexOf("=> ") + 1 && text.lastIndexOf("=> ") + 3);
  // Addresses may carry signatures.
  return (
    said
      .replaceAll(/https?:\/\/\S+/g, (url) => url.replace(/\?.*/, ""))
      .split("\n")[0]
      ?.slice(0, 200) ?? ""
  );
}

function changed(at: ObjectLocation): StorageError {
  return new StorageError("STORAGE_CHANGED", `${at.uri} changed while it was read; read it again`);
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}
