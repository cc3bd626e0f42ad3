/**
 * Handles of stored data: files, folders and tables that calls take and give without carrying their bytes.
 *
 * Cheap to import: what reads, sends or lists is loaded when it is needed.
 * @module
 */

import { StructuredDataset } from "./blobs/dataset.ts";
import { FlyteDirectory } from "./blobs/directory.ts";
import { FlyteFile } from "./blobs/file.ts";
import type { Stored } from "./handle.ts";
import type { Store } from "./storage.ts";

export { type DatasetOptions, StructuredDataset } from "./blobs/dataset.ts";
export { FlyteDirectory, type FolderListOptions } from "./blobs/directory.ts";
export { type FileOptions, type FileSource, FlyteFile } from "./blobs/file.ts";
export type { BlobSchema } from "./blobs/schema.ts";

/** The handle of something stored. @param store reads it; without one, the credentials of this process count. */
export function handleOf(
  { kind, uri, format, digest, columns }: Stored,
  store: object | undefined,
): FlyteFile | FlyteDirectory | StructuredDataset {
  const found = { format, digest, store: store && isStore(store) ? store : undefined };
  switch (kind) {
    case "file":
      return FlyteFile.at(uri, found);
    case "directory":
      return FlyteDirectory.at(uri, found);
    case "dataset":
      return StructuredDataset.at(uri, { ...found, columns });
  }
}

function isStore(store: object): store is Store {
  return "stream" in store && typeof store.stream === "function";
}
