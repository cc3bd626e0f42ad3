/**
 * The two ways by which new data gets into a cluster's storage.
 * @module
 */
import { randomBytes } from "node:crypto";
import { Digests, payloadOf, piecesOf, type UploadSource } from "./digest.ts";
import { StorageError } from "./failure.ts";
import type { Ladder } from "./ladder.ts";
import { readFile } from "./local.ts";
import { joinUri } from "./location.ts";

export interface Upload {
  readonly source: UploadSource;
  readonly filename: string;
  readonly root: string | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Uploaded {
  readonly uri: string;
  readonly digest: string;
}

/** In a pod: written below its output prefix, in one pass. */
export async function uploadBelow(
  prefix: string,
  ladder: Ladder,
  upload: Upload,
): Promise<Uploaded> {
  const { filename, signal } = upload;
  const folder = upload.root ?? randomBytes(16).toString("hex");
  const uri = joinUri(joinUri(prefix, folder), filename);
  const digests = new Digests();
  const counted = async function* () {
    for await (const piece of piecesOfSource(upload)) {
      digests.add(piece);
      yield piece;
    }
  };
  await ladder.put(uri, counted(), signal);
  return { uri, digest: digests.done().digest };
}

/** A function of its own: TypeScript leaves `import("….ts")` as it is in one that has `using`. */
const signedStorage = () => import("./signed.ts");

/** Elsewhere: sent to a URL that the cluster signs for exactly this content. */
export async function uploadSigned(ladder: Ladder, upload: Upload): Promise<Uploaded> {
  const { source, filename, root, signal } = upload;
  const shown = nameOfUpload(upload);
  if (ladder.signed === undefined) {
    throw new StorageError(
      "STORAGE_NO_WRITE",
      `${shown} cannot be uploaded: there is neither a cluster to sign a URL for it nor an output prefix to write below`,
    );
  }
  const { SIGNED_BYTES_MAX } = await signedStorage();
  const storage = await ladder.signed();
  await using payload = await payloadOf(source, { shown, signal, bytesMax: SIGNED_BYTES_MAX });
  const uri = await storage.upload(payload, { filename, root, shown }, signal);
  return { uri, digest: payload.digest };
}

function nameOfUpload({ source, filename }: Upload): string {
  return typeof source === "string" ? source : filename;
}

async function* piecesOfSource(upload: Upload): AsyncGenerator<Uint8Array> {
  const { source, signal } = upload;
  if (typeof source === "string") yield* readFile(source, {}, signal);
  else if (source instanceof Uint8Array) yield source;
  else if (source instanceof ReadableStream) {
    yield* piecesOf(source, nameOfUpload(upload), signal);
  } else yield* source.open(signal);
}
