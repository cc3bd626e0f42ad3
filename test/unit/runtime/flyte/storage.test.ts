import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasCredentials, serviceOf } from "../../../../runtime/flyte/storage/credentials.ts";
import { payloadOf, type UploadSource } from "../../../../runtime/flyte/storage/digest.ts";
import { loadOpenDal, objectFailure } from "../../../../runtime/flyte/storage/objects.ts";
import { openStore, type Store } from "../../../../runtime/flyte/storage.ts";
import { collected } from "../../../support/collected.ts";
import { type TempFolder, tempFolder } from "../../../support/temp-folder.ts";

const HELLO = new TextEncoder().encode("hello world");
const HELLO_DIGEST = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

function storeIn(folder?: TempFolder): Store {
  return openStore({
    platform: { storage: {} },
    project: "p",
    domain: "d",
    ...(folder && { rawOutputPrefix: `file://${folder.path}/raw` }),
  });
}

async function all(stream: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await collected(stream)).toString();
}

describe("a store of local files", () => {
  it("gives back what was written, whole and in ranges", async () => {
    using folder = tempFolder();
    const store = storeIn();
    const uri = `file://${folder.path}/deep/er/a b.txt`;
    await store.write(uri, HELLO);
    expect(Buffer.from(await store.read(uri)).toString()).toBe("hello world");
    expect(await store.stat(uri)).toEqual({ bytes: 11 });
    expect(await all(store.stream(uri, { start: 6 }))).toBe("world");
    expect(await all(store.stream(uri, { start: 2, end: 4 }))).toBe("ll");
    expect(await all(store.stream(uri, { start: 4, end: 400 }))).toBe("o world");
    expect(await all(store.stream(uri, { start: 400 }))).toBe("");
    expect(await all(store.stream(uri, { start: 3, end: 3 }))).toBe("");
  });

  it("refuses ranges that are none, at once", () => {
    const store = storeIn();
    expect(() => store.stream("/x", { start: -1 })).toThrow(/whole numbers from 0, not -1/);
    expect(() => store.stream("/x", { start: 5, end: 4 })).toThrow(
      /ends at 4, before it starts at 5/,
    );
    expect(() => store.stream("/x", { end: Number.NaN })).toThrow(RangeError);
  });

  it("does not take a file larger than allowed into memory", async () => {
    using folder = tempFolder({ a: "hello world" });
    const path = join(folder.path, "a");
    await expect(storeIn().read(path, { maxBytes: 10 })).rejects.toMatchObject({
      code: "STORAGE_TOO_LARGE",
    });
    expect(await storeIn().read(path, { maxBytes: 11 })).toHaveLength(11);
  });

  it("says what is missing, a folder, or below a file", async () => {
    using folder = tempFolder({ a: "" });
    const store = storeIn();
    await expect(store.read(`${folder.path}/none`)).rejects.toThrow(
      `there is no file ${folder.path}/none`,
    );
    await expect(store.stat(`${folder.path}/none`)).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
    await expect(store.stat(`${folder.path}/a/b`)).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
    await expect(store.read(folder.path)).rejects.toThrow(
      /is a folder, not a file; use FlyteDirectory/,
    );
    await expect(
      collected(store.list(`${folder.path}/none`, { recursive: true })),
    ).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
  });

  it("lists a folder in the order of names, deep or flat, and links only once", async () => {
    using folder = tempFolder({ "b.txt": "12", "sub/deep/c.txt": "3", "a.txt": "" });
    symlinkSync(folder.path, join(folder.path, "sub", "loop"));
    symlinkSync("/nowhere/at/all", join(folder.path, "dangling"));
    const store = storeIn();
    expect(await collected(store.list(folder.path, { recursive: true }))).toEqual([
      { path: "a.txt", bytes: 0 },
      { path: "b.txt", bytes: 2 },
      { path: "sub/deep/c.txt", bytes: 1 },
    ]);
    expect(await collected(store.list(`file://${folder.path}/`, { recursive: false }))).toEqual([
      { path: "a.txt", bytes: 0 },
      { path: "b.txt", bytes: 2 },
      { path: "sub/", bytes: 0 },
    ]);
  });

  it("leaves nothing behind when the writing fails in the middle", async () => {
    using folder = tempFolder({ kept: "old" });
    const failing = async function* () {
      yield HELLO;
      throw new Error("the source broke");
    };
    await expect(storeIn().write(`${folder.path}/kept`, failing())).rejects.toThrow(
      "the source broke",
    );
    expect(readdirSync(folder.path)).toEqual(["kept"]);
    expect(readFileSync(`${folder.path}/kept`, "utf8")).toBe("old");
  });

  it("opens nothing before a stream is read, and ends when it is cancelled or aborted", async () => {
    using folder = tempFolder({ big: "x".repeat(3_000_000) });
    const store = storeIn();
    await store.stream("/nowhere").cancel();
    const reader = store.stream(`${folder.path}/big`).getReader();
    await reader.read();
    await reader.cancel();
    const stop = new AbortController();
    const pieces = store.stream(`${folder.path}/big`, { signal: stop.signal }).getReader();
    await pieces.read();
    stop.abort(new Error("enough"));
    await expect(pieces.read()).rejects.toThrow("enough");
    await expect(
      store.read(`${folder.path}/big`, { signal: AbortSignal.abort(new Error("no")) }),
    ).rejects.toThrow("no");
  });
});

describe("an upload in a pod", () => {
  it.each<[string, (folder: TempFolder) => string | Uint8Array | ReadableStream<Uint8Array>]>([
    ["bytes", () => HELLO],
    ["a path", (folder) => folder.write("source.txt", "hello world")],
    ["a stream", () => new Blob([HELLO]).stream()],
  ])("of %s lands below the output prefix, under an address of its own", async (_, sourceIn) => {
    using folder = tempFolder();
    const store = storeIn(folder);
    const first = await store.upload(sourceIn(folder), { filename: "a.txt" });
    const second = await store.upload(sourceIn(folder), { filename: "a.txt" });
    expect(first.uri).toMatch(new RegExp(`^file://${folder.path}/raw/[0-9a-f]{32}/a\\.txt$`));
    expect(second.uri).not.toBe(first.uri);
    expect(first.digest).toBe(HELLO_DIGEST);
    expect(second.digest).toBe(HELLO_DIGEST);
    expect(Buffer.from(await store.read(first.uri)).toString()).toBe("hello world");
  });

  it("keeps files of one root together, and refuses names that climb", async () => {
    using folder = tempFolder();
    const store = storeIn(folder);
    const { uri } = await store.upload(HELLO, { filename: "x/a.txt", root: "r1" });
    expect(uri).toBe(`file://${folder.path}/raw/r1/x/a.txt`);
    await expect(store.upload(HELLO, { filename: "../a.txt" })).rejects.toThrow(/no path below/);
  });

  it("refuses a stream that was read, one of anything but bytes, and leaves nothing", async () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, "raw", "r"), { recursive: true });
    const store = storeIn(folder);
    const used = new Blob([HELLO]).stream();
    await collected(used);
    await expect(store.upload(used, { filename: "a", root: "r" })).rejects.toThrow(
      /its stream was read before/,
    );
    const locked = new Blob([HELLO]).stream();
    locked.getReader();
    await expect(store.upload(locked, { filename: "a", root: "r" })).rejects.toThrow(
      /its stream was read before/,
    );
    const words = ReadableStream.from(["text"]) as unknown as ReadableStream<Uint8Array>;
    await expect(store.upload(words, { filename: "a", root: "r" })).rejects.toThrow(
      /gave string instead of bytes/,
    );
    expect(readdirSync(join(folder.path, "raw", "r"))).toEqual([]);
  });
});

describe("what is sent in one request", () => {
  it.each<[string, (folder: TempFolder) => UploadSource]>([
    ["bytes", () => HELLO],
    ["a path", (folder) => folder.write("source.txt", "hello world")],
    ["a stream", () => new Blob([HELLO]).stream()],
  ])("is known by length and digests, and refused over the limit: %s", async (_, sourceIn) => {
    using folder = tempFolder();
    await using payload = await payloadOf(sourceIn(folder), { shown: "it", bytesMax: 11 });
    expect(payload.bytes).toBe(11);
    expect(payload.digest).toBe(HELLO_DIGEST);
    expect(Buffer.from(payload.md5).toString("hex")).toBe("5eb63bbbe01eeed093cb22bb8f5acdc3");
    for (let time = 0; time < 2; time++) {
      expect(Buffer.concat(await collected(payload.open())).toString()).toBe("hello world");
    }
    await expect(payloadOf(payload, { shown: "it", bytesMax: 10 })).rejects.toThrow(
      /^it has more than/,
    );
    await expect(payloadOf(sourceIn(folder), { shown: "it", bytesMax: 10 })).rejects.toMatchObject({
      code: "STORAGE_TOO_LARGE",
      message: expect.stringContaining('give its address: FlyteFile.from("s3://…")'),
    });
  });
});

describe("without credentials and without a cluster", () => {
  it("an upload says that it has nowhere to go", async () => {
    await expect(storeIn().upload(HELLO, { filename: "a" })).rejects.toMatchObject({
      code: "STORAGE_NO_WRITE",
    });
  });

  it("web addresses are not written or listed", async () => {
    const store = storeIn();
    const secret = "https://h/a?sig=abcdef";
    await expect(store.write(secret, HELLO)).rejects.toThrow(
      /^https:\/\/h\/a cannot be written from here/,
    );
    await expect(collected(store.list(secret, { recursive: true }))).rejects.toMatchObject({
      code: "STORAGE_NO_LIST",
      message: expect.not.stringContaining("abcdef"),
    });
  });
});

describe("credentials of this process", () => {
  const none = "/nowhere";
  it.each([
    ["s3", { accessKeyId: "a", secretAccessKey: "b" }, {}, true],
    ["s3", { accessKeyId: "a" }, {}, false],
    ["s3", {}, { AWS_PROFILE: "x" }, true],
    ["s3", {}, { AWS_ACCESS_KEY_ID: "x" }, false],
    ["s3", {}, { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" }, true],
    ["s3", {}, { AWS_PROFILE: "" }, false],
    ["gs", { accessKeyId: "a", secretAccessKey: "b" }, {}, false],
    ["gs", {}, { GOOGLE_APPLICATION_CREDENTIALS: "/x" }, true],
    ["abfs", {}, { AZURE_CLIENT_ID: "x" }, true],
    ["abfs", {}, {}, false],
  ] as const)("of %s with %j and %j: %s", (scheme, settings, environment, expected) => {
    expect(hasCredentials(scheme, settings, environment, none)).toBe(expected);
  });

  it("open the bucket that an address names", () => {
    const s3 = { scheme: "s3", bucket: "b", key: "k", uri: "s3://b/k" } as const;
    const settings = {
      endpoint: "http://localhost:30002",
      accessKeyId: "minio",
      secretAccessKey: "miniostorage",
    };
    expect(serviceOf(s3, settings, "us-east-1", {})).toEqual({
      name: "s3",
      options: {
        bucket: "b",
        region: "us-east-1",
        endpoint: "http://localhost:30002",
        access_key_id: "minio",
        secret_access_key: "miniostorage",
        disable_ec2_metadata: "true",
      },
    });
    const azure = { scheme: "abfs", bucket: "c", account: "acc", key: "k", uri: "" } as const;
    expect(serviceOf(azure, {}, "", {})).toEqual({
      name: "azblob",
      options: {
        container: "c",
        account_name: "acc",
        endpoint: "https://acc.blob.core.windows.net",
      },
    });
  });
});

describe("the package of object storages", () => {
  it("loads on this machine", async () => {
    const { Operator } = await loadOpenDal();
    expect(new Operator("memory").capability().read).toBe(true);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("Cannot find native binding.\nlong text"))],
    ["is an empty one", () => Promise.resolve({})],
  ])("is named with what to install when it %s", async (_, load) => {
    await expect(loadOpenDal(load)).rejects.toMatchObject({
      code: "STORAGE_MISSING",
      message: expect.stringMatching(
        /^the package opendal, .* @opendal\/lib-\w+-\w+(-gnu)?, an optional dependency/,
      ),
    });
  });

  it.each([
    [
      'NotFound (permanent) at stat, context: { service: s3, path: x } => S3Error { code: "NoSuchKey" }',
      "STORAGE_NOT_FOUND",
      "no such file",
    ],
    [
      'PermissionDenied (permanent) at read, context: {} => S3Error { code: "AccessDenied", message: "x" }',
      "STORAGE_DENIED",
      "(AccessDenied)",
    ],
    [
      "Unexpected (temporary) at stat, context: { url: http://h/b?sig=abc } => send http request, source: error sending request for url (http://h/b?sig=abc)",
      "STORAGE_UNREACHABLE",
      "no answer",
    ],
    ["ConditionNotMatch (permanent) at read => x", "STORAGE_CHANGED", "changed while it was read"],
    ["something else", "STORAGE_FAILED", "something else"],
  ])("fails in words: %s", (text, code, said) => {
    const at = { scheme: "s3", bucket: "b", key: "k", uri: "s3://b/k" } as const;
    const failure = objectFailure(new Error(text), at);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(said);
    expect(failure.message).toMatch(/^s3:\/\/b\/k/);
    expect(failure.message).not.toContain("abc");
  });
});
