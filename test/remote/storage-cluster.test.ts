import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FlyteDirectory, FlyteFile } from "../../runtime/flyte/blobs.ts";
import { type FlyteClient, openClient } from "../../runtime/flyte/client.ts";
import { Config } from "../../runtime/flyte/config.ts";
import { openStore, type Store } from "../../runtime/flyte/storage.ts";
import { type FlyteDouble, startDouble } from "../support/flyte-double/double.ts";
import { tempFolder } from "../support/temp-folder.ts";

let double: FlyteDouble;
let client: FlyteClient;
let store: Store;

beforeEach(async () => {
  double = await startDouble();
  const platform = Config.forEndpoint(double.endpoint, { insecure: true }).resolve({});
  client = openClient(platform);
  // Without keys of the storage: everything by signed URLs.
  store = openStore({
    platform: { storage: {} },
    client,
    project: "flytesnacks",
    domain: "development",
  });
});

afterEach(async () => {
  client.close();
  await double[Symbol.asyncDispose]();
});

describe("files in the storage of a cluster, by the URLs that it signs", () => {
  it("go there once and come back, whole and in parts", async () => {
    const file = FlyteFile.from(new TextEncoder().encode("hello world"), { name: "a b.txt" });
    const { uri } = await file.materialize(store);
    await file.materialize(store);
    expect(double.store.requests.map(({ method }) => method)).toEqual(["PUT"]);
    const stored = FlyteFile.at(uri, { store });
    expect(stored.name).toBe("a b.txt");
    expect(await stored.stat()).toEqual({ bytes: 11 });
    expect(await stored.text()).toBe("hello world");
    expect(await new Response(stored.stream({ start: 6 })).text()).toBe("world");
  });

  it("survive a storage that is busy for a while", async () => {
    double.store.fail(2, 503);
    const { uri } = await store.upload(new Blob(["x"]).stream(), { filename: "x" });
    double.store.fail(2, 503);
    expect(await FlyteFile.at(uri, { store }).text()).toBe("x");
  });

  it("of one folder lie together, and again in another place", async () => {
    using folder = tempFolder({ "in/a.txt": "1", "in/sub/b.txt": "22" });
    const path = join(folder.path, "in");
    const first = await FlyteDirectory.from(path).materialize(store);
    const second = await FlyteDirectory.from(path).materialize(store);
    expect(second.uri).not.toBe(first.uri);
    expect(second.digest).toBe(first.digest);
    expect(await FlyteDirectory.at(second.uri, { store }).file("sub/b.txt").text()).toBe("22");
  });

  it("that are not there are said to be missing", async () => {
    const { uri } = await store.upload(new Uint8Array(1), { filename: "x" });
    await expect(store.read(`${uri}.none`)).rejects.toMatchObject({ code: "STORAGE_NOT_FOUND" });
  });

  it("say what the cluster answered when it does not sign", async () => {
    const elsewhere = openStore({ platform: { storage: {} }, client, project: "", domain: "" });
    await expect(elsewhere.upload(new Uint8Array(1), { filename: "x.bin" })).rejects.toMatchObject({
      code: "REMOTE_REJECTED",
      message: expect.stringContaining(
        "get an address to upload x.bin: project and domain are required",
      ),
    });
  });
});
