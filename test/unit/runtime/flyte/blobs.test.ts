import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import {
  FlyteDirectory,
  FlyteFile,
  handleOf,
  StructuredDataset,
} from "../../../../runtime/flyte/blobs.ts";
import { handleStateOf } from "../../../../runtime/flyte/handle.ts";
import { openStore, type Store } from "../../../../runtime/flyte/storage.ts";
import { describeEntity, ENTITY } from "../../../../runtime/types/interface.ts";
import { valueTypeOf } from "../../../../runtime/types/schema-type.ts";
import { checkValue } from "../../../../runtime/types/validate.ts";
import { mimeBundle } from "../../../../runtime/values/bundle.ts";
import { preview } from "../../../../runtime/values/preview.ts";
import { collected } from "../../../support/collected.ts";
import { type TempFolder, tempFolder } from "../../../support/temp-folder.ts";

const TEXT = "name,age\nAda,36\r\nGrace,85\n\nlast";
const BYTES = new TextEncoder().encode(TEXT);

/** A store that writes below a folder, as a task in a pod does, and counts. */
function countingStore(folder: TempFolder): Store & { readonly uploads: string[] } {
  const store = openStore({
    platform: { storage: {} },
    project: "p",
    domain: "d",
    rawOutputPrefix: `file://${folder.path}/raw`,
  });
  const uploads: string[] = [];
  return {
    ...store,
    uploads,
    upload(source, options) {
      uploads.push(options.filename);
      return store.upload(source, options);
    },
  };
}

const sources: [string, (folder: TempFolder) => FlyteFile][] = [
  ["a path", (folder) => FlyteFile.from(folder.write("people.csv", TEXT))],
  ["a file URL", (folder) => FlyteFile.from(pathToFileURL(folder.write("a b.csv", TEXT)))],
  ["bytes", () => FlyteFile.from(BYTES, { format: "csv" })],
  ["a stream", () => FlyteFile.from(new Blob([BYTES]).stream(), { name: "people.csv" })],
  ["a store", (folder) => FlyteFile.at(`file://${folder.write("stored.csv", TEXT)}`)],
];

describe.each(sources)("a file from %s", (_, make) => {
  it("is read as a whole, in ranges, in lines, and again", async () => {
    using folder = tempFolder();
    const file = make(folder);
    expect(await file.text()).toBe(TEXT);
    expect(await file.bytes()).toEqual(BYTES);
    expect(await file.stat()).toEqual({ bytes: BYTES.length });
    expect(await new Response(file.stream({ start: 5, end: 8 })).text()).toBe("age");
    expect(await collected(file.lines())).toEqual(["name,age", "Ada,36", "Grace,85", "", "last"]);
    expect(await file.head(2)).toBe("name,age\nAda,36");
    expect(await file.head(100)).toBe("name,age\nAda,36\nGrace,85\n\nlast");
    expect(await file.head(0)).toBe("");
    await expect(file.bytes({ maxBytes: 5 })).rejects.toMatchObject({ code: "STORAGE_TOO_LARGE" });
    await expect(file.json()).rejects.toThrow(new RegExp(`${file.name} is no JSON`));
  });

  it("is copied to a path, or into a folder under its name", async () => {
    using folder = tempFolder();
    const file = make(folder);
    const path = await file.download(join(folder.path, "new", "copy.csv"));
    expect(path).toBe(join(folder.path, "new", "copy.csv"));
    expect(readFileSync(path, "utf8")).toBe(TEXT);
    expect(await file.download(join(folder.path, "new"))).toBe(join(folder.path, "new", file.name));
    expect(readdirSync(join(folder.path, "new")).sort()).toEqual(["copy.csv", file.name].sort());
  });

  it("gets one address, however often and at once it is asked", async () => {
    using folder = tempFolder();
    const store = countingStore(folder);
    const file = make(folder);
    const wasStored = file.uri !== undefined;
    const [a, b] = await Promise.all([file.materialize(store), file.materialize(store)]);
    const c = await file.materialize(store);
    expect(b).toEqual(a);
    expect(c).toEqual(a);
    expect(store.uploads).toEqual(wasStored ? [] : [file.name]);
    expect(Buffer.from(await store.read(a.uri)).toString()).toBe(TEXT);
    expect(await file.text()).toBe(TEXT);
  });
});

describe("a file", () => {
  it("is not touched before it is read or sent", async () => {
    const file = FlyteFile.from("/nowhere/at/all.csv");
    expect(file.name).toBe("all.csv");
    expect(file.uri).toBeUndefined();
    await expect(file.text()).rejects.toThrow("there is no file /nowhere/at/all.csv");
    using folder = tempFolder();
    await expect(file.materialize(countingStore(folder))).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
  });

  it("with an address goes to a cluster as the address", async () => {
    using folder = tempFolder();
    const store = countingStore(folder);
    const file = FlyteFile.from("s3://bucket/a/b.csv");
    expect(await file.materialize(store)).toEqual({
      uri: "s3://bucket/a/b.csv",
      digest: undefined,
    });
    expect(store.uploads).toEqual([]);
    expect(() => FlyteFile.from("ftp://h/x")).toThrow(/begin with s3/);
  });

  it("of this machine is uploaded again once it was changed", async () => {
    using folder = tempFolder();
    const store = countingStore(folder);
    const path = folder.write("a.txt", "one");
    const file = FlyteFile.from(path);
    const first = await file.materialize(store);
    writeFileSync(path, "other");
    const second = await file.materialize(store);
    expect(second.digest).not.toBe(first.digest);
    expect(store.uploads).toHaveLength(2);
  });

  it("whose upload failed is sent again when it is asked again", async () => {
    using folder = tempFolder();
    const store = countingStore(folder);
    let failures = 1;
    const flaky: Store = {
      ...store,
      upload: (source, options) =>
        failures-- > 0 ? Promise.reject(new Error("no luck")) : store.upload(source, options),
    };
    const file = FlyteFile.from(BYTES);
    await expect(file.materialize(flaky)).rejects.toThrow("no luck");
    expect((await file.materialize(flaky)).uri).toContain("/raw/");
  });

  it("is still uploaded for one caller when another one gives up; ends when all did", async () => {
    const { promise, resolve } = Promise.withResolvers<{ uri: string; digest: string }>();
    const signals: AbortSignal[] = [];
    using folder = tempFolder();
    const slow: Store = {
      ...countingStore(folder),
      upload: (_, { signal }) => {
        if (signal) signals.push(signal);
        return promise;
      },
    };
    const file = FlyteFile.from(BYTES);
    const [one, two] = [new AbortController(), new AbortController()];
    const first = file.materialize(slow, { signal: one.signal });
    const second = file.materialize(slow, { signal: two.signal });
    one.abort(new Error("gave up"));
    await expect(first).rejects.toThrow("gave up");
    expect(signals[0]?.aborted).toBe(false);
    two.abort(new Error("me too"));
    await expect(second).rejects.toThrow("me too");
    expect(signals).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(true);
    resolve({ uri: "file:///x", digest: "" });
    // The ended upload is not taken for done.
    await file.materialize(slow);
    expect(signals).toHaveLength(2);
  });

  it("from a stream cannot be read when somebody else did", async () => {
    const stream = new Blob([BYTES]).stream();
    const file = FlyteFile.from(stream, { name: "mine" });
    await collected(stream);
    await expect(file.text()).rejects.toThrow(/mine: its stream was read before/);
  });

  it("from a stream leaves no name in the temporary folder while it is kept", async () => {
    using folder = tempFolder();
    vi.stubEnv("TMPDIR", folder.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const file = FlyteFile.from(new Blob([BYTES]).stream());
    expect(await file.text()).toBe(TEXT);
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await file.text()).toBe(TEXT);
  });

  it("of several megabytes is cut into lines over the edges of pieces, in any script", async () => {
    const line = `${"žluťoučký kůň 馬 ".repeat(20)}`.trim();
    const file = FlyteFile.from(new TextEncoder().encode(`\uFEFF${`${line}\n`.repeat(5_000)}`));
    let count = 0;
    for await (const one of file.lines()) {
      if (one !== line) throw new Error(`line ${count}: ${one}`);
      count += 1;
    }
    expect(count).toBe(5_000);
  });

  it.each(["a/b", "..", "", "a\\b"])("has no name like %j", (name) => {
    expect(() => FlyteFile.from(BYTES, { name })).toThrow(/no name of a file/);
  });

  it("leaves no half of itself when its download is cut", async () => {
    using folder = tempFolder();
    let sent = 0;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ < 3) controller.enqueue(BYTES);
        else controller.error(new Error("cut"));
      },
    });
    const store: Store = { ...countingStore(folder), stream: () => broken };
    await expect(
      FlyteFile.at("s3://b/x", { store }).download(join(folder.path, "x")),
    ).rejects.toThrow("cut");
    expect(existsSync(join(folder.path, "x"))).toBe(false);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("is shown with what is known, without what could open it", async () => {
    using folder = tempFolder({ "r.csv": TEXT });
    const file = FlyteFile.at(`file://${folder.path}/r.csv`, { format: "csv" });
    expect(preview(file).line).toBe("FlyteFile r.csv (csv, not downloaded)");
    await file.stat();
    expect(`${file}`).toBe(
      `FlyteFile r.csv (csv, ${BYTES.length} B, not downloaded)\nfile://${folder.path}/r.csv`,
    );
    const signed = FlyteFile.from("https://h/<b>.csv?sig=abcdef");
    for (const text of [
      `${signed}`,
      inspect(signed),
      JSON.stringify(mimeBundle(signed, 80)),
      preview(signed).line,
    ]) {
      expect(text).not.toContain("abcdef");
      expect(text).toContain("not downloaded");
    }
    expect(mimeBundle(signed, 80)["text/html"]).toContain("&lt;b&gt;.csv");
  });
});

describe("a folder", () => {
  it("lists, opens and copies what is in it", async () => {
    using folder = tempFolder({ "in/a.txt": "1", "in/sub/b.txt": "22" });
    for (const directory of [
      FlyteDirectory.from(join(folder.path, "in")),
      FlyteDirectory.at(`file://${folder.path}/in`),
    ]) {
      expect(await collected(directory.list())).toEqual([
        { path: "a.txt", bytes: 1 },
        { path: "sub/", bytes: 0 },
      ]);
      expect(await collected(directory.list({ recursive: true }))).toEqual([
        { path: "a.txt", bytes: 1 },
        { path: "sub/b.txt", bytes: 2 },
      ]);
      expect(await directory.file("sub/b.txt").text()).toBe("22");
      expect(await directory.directory("sub/").file("b.txt").text()).toBe("22");
      const copy = await directory.download(join(folder.path, "copy"));
      expect(readFileSync(join(copy, "sub", "b.txt"), "utf8")).toBe("22");
      expect(() => directory.file("../secret")).toThrow(/no path below/);
    }
  });

  it("goes to a cluster with all files below one address, and by content has one digest", async () => {
    using folder = tempFolder({
      "in/a.txt": "1",
      "in/sub/b.txt": "22",
      "same/a.txt": "1",
      "same/sub/b.txt": "22",
    });
    const store = countingStore(folder);
    const directory = FlyteDirectory.from(join(folder.path, "in"));
    const [one, two] = await Promise.all([
      directory.materialize(store),
      directory.materialize(store),
    ]);
    expect(two).toEqual(one);
    expect(store.uploads.sort()).toEqual(["a.txt", "sub/b.txt"]);
    expect(await FlyteDirectory.at(one.uri, { store }).file("sub/b.txt").text()).toBe("22");
    const same = await FlyteDirectory.from(join(folder.path, "same")).materialize(store);
    expect(same.digest).toBe(one.digest);
    expect(same.uri).not.toBe(one.uri);
    folder.write("in/sub/b.txt", "333");
    expect((await directory.materialize(store)).digest).not.toBe(one.digest);
  });

  it("stops sending at the first file that fails", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`in/${String(i).padStart(2, "0")}`, "x"]),
    );
    using folder = tempFolder(files);
    const store = countingStore(folder);
    const failing: Store = {
      ...store,
      upload: (source, options) =>
        options.filename === "03"
          ? Promise.reject(new Error("full"))
          : store.upload(source, options),
    };
    await expect(FlyteDirectory.from(join(folder.path, "in")).materialize(failing)).rejects.toThrow(
      "full",
    );
    expect(store.uploads.length).toBeLessThan(20);
  });

  it("without files is refused, for a storage could not hold it", async () => {
    using folder = tempFolder();
    await expect(
      FlyteDirectory.from(folder.path).materialize(countingStore(folder)),
    ).rejects.toThrow(/has no files/);
  });

  it("from elsewhere cannot write outside of the folder it is copied to", async () => {
    using folder = tempFolder();
    const store: Store = {
      ...countingStore(folder),
      async *list() {
        yield { path: "../../evil", bytes: 1 };
      },
    };
    await expect(
      FlyteDirectory.at("s3://b/x", { store }).download(join(folder.path, "copy")),
    ).rejects.toThrow(/no path below/);
    expect(readdirSync(join(folder.path, "copy"))).toEqual([]);
  });
});

describe("a dataset", () => {
  it("finds its file: itself, or the only part in its folder", async () => {
    using folder = tempFolder({
      "one.parquet": "PAR1",
      "py/00000": "PAR1",
      "spark/part-0.parquet": "PAR1",
      "spark/_SUCCESS": "",
      "many/a": "1",
      "many/b": "2",
    });
    const at = (name: string) => StructuredDataset.at(`file://${folder.path}/${name}`);
    expect(await (await at("one.parquet").file()).text()).toBe("PAR1");
    expect((await at("py").file()).name).toBe("00000");
    expect((await at("spark").file()).name).toBe("part-0.parquet");
    expect((await at("many").file("b")).name).toBe("b");
    await expect(at("many").file()).rejects.toThrow(/2 parts: a, b; take one by its name/);
    expect(await collected(at("many").directory().list())).toHaveLength(2);
  });

  it("of this machine is a file until it is stored", async () => {
    using folder = tempFolder({ "t.csv": "a\n1" });
    const dataset = StructuredDataset.from(join(folder.path, "t.csv"), { format: "csv" });
    expect(await (await dataset.file()).text()).toBe("a\n1");
    expect((await dataset.materialize(countingStore(folder))).uri).toMatch(/t\.csv$/);
    expect(preview(dataset).line).toBe(
      "StructuredDataset t.csv (csv, uploaded when a cluster needs it)",
    );
  });
});

describe("the schema of a handle", () => {
  const file = FlyteFile.from(BYTES, { format: "csv" });

  it("takes a handle as it is, and makes one of a path or address", async () => {
    const schema = FlyteFile.schema({ format: "csv" });
    expect(await checkValue(schema, file)).toEqual({ ok: true, value: file });
    const made = await checkValue(schema, "s3://b/x.csv");
    expect(made).toMatchObject({ ok: true, value: { uri: "s3://b/x.csv", format: "csv" } });
    expect(await checkValue(FlyteDirectory.schema(), "/tmp")).toMatchObject({ ok: true });
    expect(await checkValue(StructuredDataset.schema(), "gs://b/t")).toMatchObject({ ok: true });
  });

  it("says what does not fit", async () => {
    const refused = async (schema: z.ZodType, value: unknown) => {
      const checked = await checkValue(schema, value);
      return checked.ok ? undefined : checked.misfits.map(({ message }) => message).join();
    };
    expect(await refused(FlyteFile.schema({ format: "parquet" }), file)).toBe(
      "expected the format parquet, received csv",
    );
    expect(await refused(FlyteFile.schema(), 5)).toBe("expected a FlyteFile, or a path or address");
    expect(await refused(FlyteFile.schema(), FlyteDirectory.from("/tmp"))).toContain(
      "expected a FlyteFile",
    );
    expect(await refused(FlyteFile.schema(), "ftp://h/x")).toContain("begin with s3://");
    expect(await refused(FlyteFile.schema(), undefined)).toBeDefined();
  });

  it("says its value type, also described, refined, optional, and inside of other schemas", () => {
    const type = (schema: z.ZodType) => valueTypeOf(schema, "input", "x");
    const csv = { kind: "file", format: "csv" };
    expect(type(FlyteFile.schema({ format: "csv" }))).toEqual(csv);
    expect(
      type(
        FlyteFile.schema({ format: "csv" })
          .describe("x")
          .refine(() => true),
      ),
    ).toEqual(csv);
    expect(type(FlyteFile.schema({ format: "csv" }).optional())).toMatchObject({
      kind: "union",
      variants: [csv, { kind: "none" }],
    });
    expect(type(z.array(FlyteFile.schema({ format: "csv" })))).toEqual({ kind: "list", of: csv });
    expect(type(z.object({ f: FlyteDirectory.schema() }))).toMatchObject({
      fields: [{ name: "f", type: { kind: "directory", format: "" } }],
    });
    expect(
      type(
        StructuredDataset.schema({ columns: { age: z.int(), name: z.string() }, format: "csv" }),
      ),
    ).toEqual({
      kind: "dataset",
      format: "csv",
      columns: [
        { name: "age", type: { kind: "integer", as: "number" } },
        { name: "name", type: { kind: "string" } },
      ],
    });
  });

  it("tells the command line that text will do", () => {
    const entity = {
      [ENTITY]: {
        name: "t",
        entity: "task",
        inputs: { f: FlyteFile.schema() },
        output: FlyteFile.schema(),
      },
    } as const;
    const { inputs } = describeEntity(entity);
    const schema = { type: "string", title: "FlyteFile", description: expect.any(String) };
    const type = { kind: "file", format: "" };
    expect(inputs).toEqual([{ name: "f", required: true, schema, type }]);
  });

  it("refuses columns that are no schemas", () => {
    expect(() => StructuredDataset.schema({ columns: { age: "int" as never } })).toThrow(
      /column age has no schema/,
    );
  });
});

describe("handles and the values of a cluster", () => {
  it("are made of what is stored, and say where they are", () => {
    const made = handleOf(
      { kind: "file", uri: "s3://b/x.csv", format: "csv", digest: "d" },
      undefined,
    );
    expect(handleStateOf(made)).toMatchObject({
      kind: "file",
      uri: "s3://b/x.csv",
      format: "csv",
      digest: "d",
    });
    expect(handleOf({ kind: "directory", uri: "s3://b/x", format: "" }, undefined)).toBeInstanceOf(
      FlyteDirectory,
    );
    const columns = [{ name: "a", type: { kind: "string" } }] as const;
    expect(
      handleOf({ kind: "dataset", uri: "s3://b/x", format: "", columns }, undefined),
    ).toMatchObject({
      format: "parquet",
      columns,
    });
  });

  it("without an address are sent by way of their state", async () => {
    using folder = tempFolder();
    const state = handleStateOf(FlyteFile.from(BYTES, { name: "x.csv" }));
    expect(state?.uri).toBeUndefined();
    expect(await state?.materialize?.(countingStore(folder))).toMatchObject({
      uri: expect.stringMatching(/x\.csv$/),
    });
    await expect(state?.materialize?.({})).rejects.toThrow(/uploaded to a store/);
  });
});
