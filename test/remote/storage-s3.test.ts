import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FlyteDirectory } from "../../runtime/flyte/blobs.ts";
import { openStore, type Store } from "../../runtime/flyte/storage.ts";
import { collected } from "../support/collected.ts";
import { freePorts } from "../support/ports.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** `bash test/support/s3-venv.sh` makes it. Without it these tests are left out, but not where all have to run. */
const SERVER = join(import.meta.dirname, "../../.venv-s3/bin/moto_server");

describe.skipIf(!existsSync(SERVER) && !process.env["CI"])("a bucket of S3, by credentials", () => {
  let server: ChildProcess;
  let store: Store;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    const endpoint = `http://127.0.0.1:${port}`;
    server = spawn(SERVER, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    await vi.waitFor(
      async () => {
        expect((await fetch(`${endpoint}/bucket`, { method: "PUT" })).status).toBe(200);
      },
      { timeout: 30_000, interval: 100 },
    );
    store = openStore({
      platform: { storage: { endpoint, accessKeyId: "minio", secretAccessKey: "miniostorage" } },
      project: "p",
      domain: "d",
      rawOutputPrefix: "s3://bucket/raw",
    });
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
  });

  it.each(["s3://bucket/a b/x%20#?é.txt", "s3://bucket/plain", "s3a://bucket/other/scheme"])(
    "gives back what was written at %s",
    async (uri) => {
      await store.write(uri, new TextEncoder().encode("hello world"));
      expect(Buffer.from(await store.read(uri)).toString()).toBe("hello world");
      expect(await store.stat(uri)).toEqual({ bytes: 11 });
      expect(await new Response(store.stream(uri, { start: 6, end: 8 })).text()).toBe("wo");
      expect(await new Response(store.stream(uri, { start: 60 })).text()).toBe("");
    },
  );

  it("keeps an empty file", async () => {
    await store.write("s3://bucket/empty", new Uint8Array());
    expect(await store.read("s3://bucket/empty")).toHaveLength(0);
  });

  it("says what is not there", async () => {
    await expect(store.read("s3://bucket/none")).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
    await expect(store.stat("s3://nobucket/none")).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
  });

  it("takes 40 MB in parts and gives them in pieces", async () => {
    const content = randomBytes(40_000_000);
    const { uri } = await store.upload(content, { filename: "big" });
    expect(content.equals(await store.read(uri))).toBe(true);
    expect((await collected(store.stream(uri))).map(({ length }) => length)).toEqual(
      Array(5).fill(8_000_000),
    );
  });

  it("leaves no file when the writing fails in the middle", async () => {
    const failing = async function* () {
      yield randomBytes(20_000_000);
      throw new Error("the source broke");
    };
    await expect(store.write("s3://bucket/half", failing())).rejects.toThrow("the source broke");
    await expect(store.stat("s3://bucket/half")).rejects.toMatchObject({
      code: "STORAGE_NOT_FOUND",
    });
  });

  it("takes a folder and lists it", async () => {
    using folder = tempFolder({ "in/a.txt": "1", "in/sub/b.txt": "22" });
    const { uri } = await FlyteDirectory.from(join(folder.path, "in")).materialize(store);
    const directory = FlyteDirectory.at(uri, { store });
    expect(await collected(directory.list())).toEqual([
      { path: "sub/", bytes: 0 },
      { path: "a.txt", bytes: 1 },
    ]);
    expect(await collected(directory.list({ recursive: true }))).toEqual([
      { path: "a.txt", bytes: 1 },
      { path: "sub/b.txt", bytes: 2 },
    ]);
    const copy = await directory.download(join(folder.path, "copy"));
    expect(readFileSync(join(copy, "sub", "b.txt"), "utf8")).toBe("22");
    expect(await collected(FlyteDirectory.at("s3://bucket/nothing", { store }).list())).toEqual([]);
  });

  it("ends at once when a reading is aborted", async () => {
    const { uri } = await store.upload(randomBytes(20_000_000), { filename: "x" });
    const stop = new AbortController();
    const reader = store.stream(uri, { signal: stop.signal }).getReader();
    await reader.read();
    stop.abort(new Error("enough"));
    await expect(reader.read()).rejects.toThrow("enough");
  });
});
