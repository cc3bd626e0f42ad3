import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FlyteDirectory, FlyteFile } from "../../runtime/flyte/blobs.ts";
import { CreateDownloadLocationResponseSchema } from "../../runtime/flyte/idl/flyteidl/service/dataproxy_pb.ts";
import { openStore, type Store } from "../../runtime/flyte/storage.ts";
import { collected } from "../support/collected.ts";
import { type SignedStorage, startSignedStorage } from "../support/signed-storage.ts";
import { tempFolder } from "../support/temp-folder.ts";

const URI = "s3://bucket/data.txt";
const TEXT = "0123456789".repeat(10_000);
const BYTES = new TextEncoder().encode(TEXT);

let storage: SignedStorage;
let store: Store;

beforeEach(async () => {
  // Whoever runs the tests may have credentials of a cloud.
  for (const name of Object.keys(process.env)) if (/^AWS_/.test(name)) vi.stubEnv(name, "");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
  storage = await startSignedStorage();
  store = openStore({ platform: { storage: {} }, client: storage, project: "p", domain: "d" });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await storage[Symbol.asyncDispose]();
});

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

describe("reading by signed URLs", () => {
  it("gives the whole file and ranges, with one signature", async () => {
    storage.files.set(URI, BYTES);
    expect(Buffer.from(await store.read(URI)).toString()).toBe(TEXT);
    expect(await store.stat(URI)).toEqual({ bytes: BYTES.length });
    expect(await text(store.stream(URI, { start: 99_995 }))).toBe("56789");
    expect(await text(store.stream(URI, { start: 3, end: 7 }))).toBe("3456");
    expect(await text(store.stream(URI, { start: 200_000 }))).toBe("");
    expect(await text(store.stream(URI, { start: 5, end: 5 }))).toBe("");
    expect(storage.signed.downloads).toBe(1);
    expect(storage.requests).toContain("GET bytes=3-6");
  });

  it("gives an empty file", async () => {
    storage.files.set(URI, new Uint8Array());
    expect(await store.stat(URI)).toEqual({ bytes: 0 });
    expect(await store.read(URI)).toHaveLength(0);
  });

  it("takes ranges from a server that knows none", async () => {
    storage.files.set(URI, BYTES);
    storage.ranges = false;
    expect(await text(store.stream(URI, { start: 99_995 }))).toBe("56789");
    expect(await text(store.stream(URI, { start: 3, end: 7 }))).toBe("3456");
    expect(await store.stat(URI)).toEqual({ bytes: BYTES.length });
  });

  it("resumes where the connection broke", async () => {
    storage.files.set(URI, BYTES);
    storage.faults.push(
      { kind: "cut", afterBytes: 40_000 },
      { kind: "cut", afterBytes: 0 },
      { kind: "cut", afterBytes: 5 },
    );
    expect(Buffer.from(await store.read(URI)).toString()).toBe(TEXT);
    expect(storage.requests).toHaveLength(4);
    expect(storage.requests[1]).toMatch(/^GET bytes=\d+-/);
  });

  it("gives up, in words, when no byte comes five times", async () => {
    storage.files.set(URI, BYTES);
    for (let i = 0; i < 5; i++) storage.faults.push({ kind: "cut", afterBytes: 0 });
    await expect(store.read(URI)).rejects.toMatchObject({
      code: "STORAGE_UNREACHABLE",
      message: expect.stringMatching(
        /^s3:\/\/bucket\/data\.txt: the connection .* broke .*given up after 5 tries$/,
      ),
    });
  });

  it("tries again when the storage is busy", async () => {
    storage.files.set(URI, BYTES);
    storage.faults.push({ kind: "status", status: 503 }, { kind: "status", status: 429 });
    expect(await store.stat(URI)).toEqual({ bytes: BYTES.length });
  });

  it("asks for a new URL when one is out of date, also in the middle", async () => {
    storage.files.set(URI, BYTES);
    await store.stat(URI);
    storage.expireAll();
    expect(await store.stat(URI)).toEqual({ bytes: BYTES.length });
    expect(storage.signed.downloads).toBe(2);
    storage.faults.push({ kind: "cut", afterBytes: 30_000 });
    const reader = store.stream(URI).getReader();
    let got = (await reader.read()).value?.length ?? 0;
    storage.expireAll();
    for (let next = await reader.read(); !next.done; next = await reader.read())
      got += next.value.length;
    expect(got).toBe(BYTES.length);
    expect(storage.signed.downloads).toBe(3);
  });

  it("says that it is refused when a new URL does not help", async () => {
    for (let i = 0; i < 2; i++) {
      storage.faults.push({
        kind: "status",
        status: 403,
        body: "<Error><Code>AccessDenied</Code></Error>",
      });
    }
    await expect(store.read(URI)).rejects.toMatchObject({
      code: "STORAGE_DENIED",
      message: `${URI}: the storage answered 403 (AccessDenied)`,
    });
  });

  it("says what is not there", async () => {
    await expect(store.read(URI)).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
    await expect(store.stat(URI)).rejects.toThrow(`${URI}: there is no such file`);
  });

  it("does not join two versions of a file", async () => {
    storage.files.set(URI, BYTES);
    storage.faults.push({ kind: "cut", afterBytes: 50_000 });
    const reader = store.stream(URI).getReader();
    await reader.read();
    storage.files.set(URI, new TextEncoder().encode("x".repeat(BYTES.length)));
    const rest = async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read());
    };
    await expect(rest()).rejects.toMatchObject({ code: "STORAGE_CHANGED" });
  });

  it("ends when it is aborted while the storage says nothing, or cancelled in the middle", async () => {
    storage.files.set(URI, BYTES);
    storage.faults.push({ kind: "hang" });
    const stop = new AbortController();
    const reading = store.read(URI, { signal: stop.signal });
    await vi.waitUntil(() => storage.requests.length === 1);
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    storage.faults.push({ kind: "hang" });
    const reader = store.stream(URI).getReader();
    const first = reader.read();
    await vi.waitUntil(() => storage.requests.length === 2);
    await reader.cancel();
    expect(await first).toMatchObject({ done: true });
  });

  it("lists nothing, and says why; a file by its name is read", async () => {
    storage.files.set("s3://bucket/dir/a.txt", BYTES);
    const directory = FlyteDirectory.at("s3://bucket/dir", { store });
    await expect(collected(directory.list())).rejects.toMatchObject({
      code: "STORAGE_NO_LIST",
      message: expect.stringContaining('Take a file by its name, .file("a.csv")'),
    });
    await expect(store.write(URI, BYTES)).rejects.toMatchObject({ code: "STORAGE_NO_WRITE" });
    expect(await directory.file("a.txt").head()).toHaveLength(TEXT.length);
  });

  it("reads web addresses, without showing what is secret in them", async () => {
    storage.files.set("http:/open/a.txt", BYTES);
    const address = `${storage.url}/open/a.txt?sig=abcdef`;
    expect(await FlyteFile.from(address).text()).toBe(TEXT);
    const missing = FlyteFile.from(`${storage.url}/open/none?sig=abcdef`);
    await expect(missing.text()).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
      message: expect.not.stringContaining("abcdef"),
    });
  });

  it.each(["", "not a url ?sig=abcdef", "ftp://h/x?sig=abcdef"])(
    "says, without showing it, that a cluster gave the address %j",
    async (signedUrl) => {
      const data = {
        ...storage.data,
        createDownloadLocation: async () =>
          create(CreateDownloadLocationResponseSchema, { signedUrl }),
      };
      const strange = openStore({
        platform: { storage: {} },
        client: { data },
        project: "p",
        domain: "d",
      });
      const failure: unknown = await strange.read(URI).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "STORAGE_FAILED" });
      expect(inspect(failure)).not.toContain("abcdef");
    },
  );

  it("ends when it is aborted while the cluster does not sign", async () => {
    const asked = Promise.withResolvers<void>();
    const data = {
      ...storage.data,
      createDownloadLocation: () => {
        asked.resolve();
        return new Promise<never>(() => undefined);
      },
    };
    const silent = openStore({
      platform: { storage: {} },
      client: { data },
      project: "p",
      domain: "d",
    });
    const stop = new AbortController();
    const reading = silent.read(URI, { signal: stop.signal });
    await asked.promise;
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });

  it("falls back to signed URLs where credentials of this process are refused", async () => {
    storage.files.set(URI, BYTES);
    storage.faults.push({ kind: "status", status: 403 });
    const own = { endpoint: storage.url, accessKeyId: "wrong", secretAccessKey: "wrong" };
    const both = openStore({
      platform: { storage: own },
      client: storage,
      project: "p",
      domain: "d",
    });
    expect(Buffer.from(await both.read(URI)).toString()).toBe(TEXT);
    expect(storage.signed.downloads).toBe(1);
  });
});

describe("uploading by signed URLs", () => {
  it("sends length and MD5, and what the cluster wants besides", async () => {
    storage.headersOfUploads["x-amz-meta-a"] = "b";
    const { uri, digest } = await store.upload(BYTES, { filename: "a b.txt" });
    expect(uri).toMatch(/^s3:\/\/bucket\/p\/d\/[0-9a-f]{32}\/a b\.txt$/);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(storage.files.get(uri)).toEqual(Buffer.from(BYTES));
    expect(storage.received[0]).toMatchObject({ "content-length": "100000", "x-amz-meta-a": "b" });
  });

  it.each<[string, (path: string) => string | ReadableStream<Uint8Array>]>([
    ["a path", (path) => path],
    ["a stream", () => new Blob([BYTES]).stream()],
  ])("of %s has the same address and digest as of its bytes", async (_, source) => {
    using folder = tempFolder({ "a.txt": TEXT });
    const expected = await store.upload(BYTES, { filename: "a.txt" });
    expect(await store.upload(source(join(folder.path, "a.txt")), { filename: "a.txt" })).toEqual(
      expected,
    );
  });

  it.each([
    ["an empty file", new Uint8Array()],
    ["one byte", new Uint8Array(1)],
  ])("takes %s", async (_, content) => {
    const { uri } = await store.upload(content, { filename: "x" });
    expect(storage.files.get(uri)).toEqual(Buffer.from(content));
  });

  it.each<[string, Parameters<SignedStorage["faults"]["push"]>[0]]>([
    ["the connection is cut before anything came", { kind: "cut", afterBytes: 0 }],
    ["the answer is lost", { kind: "cut", afterBytes: 1 }],
    ["the storage is busy", { kind: "status", status: 503 }],
    ["the URL is out of date", { kind: "status", status: 403 }],
  ])("sends again when %s", async (_, fault) => {
    storage.faults.push(fault);
    const { uri } = await store.upload(new Blob([BYTES]).stream(), { filename: "x" });
    expect(storage.files.get(uri)).toEqual(Buffer.from(BYTES));
    expect(storage.requests).toEqual(["PUT", "PUT"]);
  });

  it("says when the storage got something else than was promised", async () => {
    storage.faults.push(
      { kind: "status", status: 400, body: "<Error><Code>BadDigest</Code></Error>" },
      { kind: "status", status: 400, body: "<Error><Code>BadDigest</Code></Error>" },
    );
    await expect(store.upload(BYTES, { filename: "x" })).rejects.toMatchObject({
      code: "STORAGE_CHANGED",
    });
  });

  it("leaves no temporary file, also when it fails or is aborted", async () => {
    using folder = tempFolder();
    vi.stubEnv("TMPDIR", folder.path);
    await store.upload(new Blob([BYTES]).stream(), { filename: "x" });
    for (let i = 0; i < 2; i++) storage.faults.push({ kind: "status", status: 403 });
    await expect(store.upload(new Blob([BYTES]).stream(), { filename: "x" })).rejects.toThrow(
      "403",
    );
    storage.faults.push({ kind: "hang" });
    const stop = new AbortController();
    const sent = storage.requests.length;
    const sending = store.upload(new Blob([BYTES]).stream(), {
      filename: "x",
      signal: stop.signal,
    });
    await vi.waitUntil(() => storage.requests.length > sent);
    stop.abort(new Error("enough"));
    await expect(sending).rejects.toThrow("enough");
    // A stream that never ends, aborted while it waits.
    const cancelled = Promise.withResolvers<unknown>();
    const endless = new ReadableStream<Uint8Array>({
      cancel: (reason) => cancelled.resolve(reason),
    });
    const late = new AbortController();
    const waiting = store.upload(endless, { filename: "x", signal: late.signal });
    await vi.waitUntil(() => endless.locked);
    late.abort(new Error("too late"));
    await expect(waiting).rejects.toThrow("too late");
    await cancelled.promise;
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("of a folder shares one root", async () => {
    using folder = tempFolder({ "in/a.txt": "1", "in/sub/b.txt": "22" });
    const { uri } = await FlyteDirectory.from(join(folder.path, "in")).materialize(store);
    expect([...storage.files.keys()].sort()).toEqual([`${uri}/a.txt`, `${uri}/sub/b.txt`]);
    expect(await FlyteDirectory.at(uri, { store }).file("sub/b.txt").text()).toBe("22");
  });
});

describe("50 MB", () => {
  const MEGABYTES = 50;

  it("flow through in bounded memory, up and down", async () => {
    using folder = tempFolder();
    const piece = Buffer.alloc(1_000_000, "x");
    const path = join(folder.path, "big");
    writeFileSync(path, Buffer.concat(Array.from({ length: MEGABYTES }, () => piece)));
    const { uri } = await store.upload(path, { filename: "big" });
    let most = 0;
    let bytes = 0;
    const reader = store.stream(uri).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.length;
      most = Math.max(most, next.value.length);
    }
    expect(bytes).toBe(MEGABYTES * 1_000_000);
    expect(most).toBeLessThanOrEqual(1_000_000);
    const copy = await FlyteFile.at(uri, { store }).download(join(folder.path, "copy"));
    expect((await FlyteFile.from(copy).materialize(store)).uri).toContain("/copy");
  });
});
