import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FlyteDirectory, FlyteFile, StructuredDataset } from "../../../../runtime/flyte/blobs.ts";
import {
  decodeMap,
  encodeMap,
  literalsHash,
  typedInterface,
} from "../../../../runtime/flyte/literals/literals.ts";
import { openStore, type Store } from "../../../../runtime/flyte/storage.ts";
import { type TempFolder, tempFolder } from "../../../support/temp-folder.ts";

function storeIn(folder: TempFolder): Store {
  const rawOutputPrefix = `file://${folder.path}/raw`;
  return openStore({ platform: { storage: {} }, project: "p", domain: "d", rawOutputPrefix });
}

function variablesOf(inputs: Record<string, z.ZodType>) {
  return typedInterface({ name: "t", inputs }).inputs?.variables ?? {};
}

describe("handles cross to a cluster and back", () => {
  it("files, folders and tables, alone and inside of other values", async () => {
    using folder = tempFolder({ "a.csv": "x\n1", "in/b.txt": "b", "t.csv": "c\n2" });
    const store = storeIn(folder);
    const variables = variablesOf({
      file: FlyteFile.schema({ format: "csv" }),
      files: z.array(FlyteFile.schema()),
      maybe: FlyteFile.schema().optional(),
      named: z.object({ inner: FlyteFile.schema(), n: z.int() }),
      directory: FlyteDirectory.schema(),
      table: StructuredDataset.schema({ columns: { c: z.int() }, format: "csv" }),
    });
    const bytes = FlyteFile.from(new TextEncoder().encode("bytes"));
    const map = await encodeMap(
      {
        file: FlyteFile.from(join(folder.path, "a.csv")),
        files: [bytes, bytes, FlyteFile.from("s3://bucket/other")],
        maybe: bytes,
        named: { inner: FlyteFile.from(new Blob(["stream"]).stream(), { name: "s" }), n: 3 },
        directory: FlyteDirectory.from(join(folder.path, "in")),
        table: StructuredDataset.from(join(folder.path, "t.csv"), { format: "csv" }),
      },
      variables,
      { store },
    );
    const read = await decodeMap(map, variables, { store });
    const { file, files, maybe, named, directory, table } = read as Record<string, never> & {
      file: FlyteFile;
      files: FlyteFile[];
      maybe: FlyteFile;
      named: { inner: FlyteFile; n: number };
      directory: FlyteDirectory;
      table: StructuredDataset;
    };
    expect(file).toBeInstanceOf(FlyteFile);
    expect(file.format).toBe("csv");
    expect(await file.text()).toBe("x\n1");
    expect(files.map(({ uri }) => uri)).toEqual([maybe.uri, maybe.uri, "s3://bucket/other"]);
    expect(await maybe.text()).toBe("bytes");
    expect(await named.inner.text()).toBe("stream");
    expect(named.n).toBe(3);
    expect(await directory.file("b.txt").text()).toBe("b");
    expect(await (await table.file()).text()).toBe("c\n2");
  });

  it("the same content makes the same call, wherever it was put", async () => {
    using folder = tempFolder({ "a.txt": "same" });
    const store = storeIn(folder);
    const variables = variablesOf({ file: FlyteFile.schema() });
    const hashOf = async (file: FlyteFile) =>
      literalsHash(await encodeMap({ file }, variables, { store }));
    const first = await hashOf(FlyteFile.from(join(folder.path, "a.txt")));
    expect(await hashOf(FlyteFile.from(join(folder.path, "a.txt")))).toBe(first);
    expect(await hashOf(FlyteFile.from(new Blob(["same"]).stream(), { name: "b" }))).toBe(first);
    expect(await hashOf(FlyteFile.from(new Blob(["other"]).stream(), { name: "b" }))).not.toBe(
      first,
    );
  });
});
