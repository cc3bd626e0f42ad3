import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { createTar, parseTar } from "nanotar";
import { describe, expect, test } from "vitest";
import { bundleFile } from "../../../../../runtime/flyte/register/bundle.ts";
import { unpackBundle } from "../../../../../runtime/flyte/register/unpack.ts";
import { tempFolder } from "../../../../support/temp-folder.ts";

const FILES = {
  "package.json": "{}",
  "flows/main.ts":
    'import { task } from "eagerdeck";\nimport { offset } from "../lib/offset.ts";\nexport const addOne = task(function addOne({ x }: { x: number }) {\n  return x + offset;\n});\n',
  "lib/offset.ts": "enum E { A = 1 }\nexport const offset: number = E.A;\n",
};

const digest = (tar: Uint8Array) => createHash("sha256").update(tar).digest("hex");
const contents = (bytes: Uint8Array) =>
  Object.fromEntries(
    parseTar(Uint8Array.from(gunzipSync(bytes))).map(({ name, text }) => [name, text]),
  );

describe("a bundle", () => {
  test("is one module with its source map, and leaves eagerdeck to the image", async () => {
    using folder = tempFolder(FILES);
    const bundle = await bundleFile(join(folder.path, "flows/main.ts"));
    const files = contents(bundle.bytes);
    expect(Object.keys(files)).toEqual(["main.mjs", "main.mjs.map", "eagerdeck.json"]);
    expect(files["main.mjs"]).toContain('from "eagerdeck"');
    expect(JSON.parse(files["main.mjs.map"] ?? "").sources).toEqual([
      "lib/offset.ts",
      "flows/main.ts",
    ]);
    expect(bundle.sources.map((file) => file.slice(folder.path.length))).toEqual([
      "/lib/offset.ts",
      "/flows/main.ts",
    ]);
    expect(JSON.stringify(files)).not.toContain(folder.path);
  });

  test("has the same bytes in another folder, and others when a line changes", async () => {
    using one = tempFolder(FILES);
    using two = tempFolder(FILES);
    using three = tempFolder({ ...FILES, "lib/offset.ts": "export const offset = 2;\n" });
    const [a, b, c] = await Promise.all(
      [one, two, three].map(({ path }) => bundleFile(join(path, "flows/main.ts"))),
    );
    expect(Buffer.from(a?.bytes ?? []).equals(Buffer.from(b?.bytes ?? []))).toBe(true);
    expect(a?.sha256).toBe(b?.sha256);
    expect(a?.sha256).not.toBe(c?.sha256);
    expect(a?.bytes[9]).toBe(255);
  });

  test("of code that imports what is not there says where", async () => {
    using folder = tempFolder({ "a.ts": 'import "nowhere";\n', "b.ts": 'import "./c.ts";\n' });
    await expect(bundleFile(join(folder.path, "a.ts"))).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
      message: expect.stringContaining('imports "nowhere", which is not installed'),
    });
    await expect(bundleFile(join(folder.path, "b.ts"))).rejects.toThrow("c.ts");
  });

  test("of code that does not parse is refused", async () => {
    using folder = tempFolder({ "a.ts": "export const = 1;\n" });
    await expect(bundleFile(join(folder.path, "a.ts"))).rejects.toMatchObject({
      code: "BUNDLE_FAILED",
    });
  });

  test("takes installed packages along and leaves out those with native code", async () => {
    using folder = tempFolder({
      "package.json": "{}",
      "a.ts": 'import { p } from "plain";\nimport { n } from "native";\nconsole.log(p, n);\n',
      "node_modules/plain/package.json": '{"name":"plain","main":"i.js"}',
      "node_modules/plain/i.js": "export const p = 'from plain';\n",
      "node_modules/native/package.json": '{"name":"native","main":"i.js"}',
      "node_modules/native/i.js": "export const n = 1;\n",
      "node_modules/native/binding.gyp": "{}",
    });
    const bundle = await bundleFile(join(folder.path, "a.ts"));
    const code = contents(bundle.bytes)["a.mjs"] ?? "";
    expect(code).toContain("from plain");
    expect(code).toContain('from "native"');
    expect(bundle.externals).toEqual(["native"]);
    expect(bundle.sources).toEqual([join(folder.path, "a.ts")]);
  });
});

describe("unpacking", () => {
  test("lays the files out and says which module to load", async () => {
    using source = tempFolder(FILES);
    using target = tempFolder();
    const { bytes, sha256 } = await bundleFile(join(source.path, "flows/main.ts"));
    expect(unpackBundle(bytes, sha256, target.path)).toMatchObject({ module: "main.mjs" });
    expect(readdirSync(target.path).sort()).toEqual(["eagerdeck.json", "main.mjs", "main.mjs.map"]);
    expect(readFileSync(join(target.path, "main.mjs"), "utf8")).toContain("addOne");
  });

  test("of another bundle than the registered one writes nothing", async () => {
    using source = tempFolder(FILES);
    using target = tempFolder();
    const { bytes } = await bundleFile(join(source.path, "flows/main.ts"));
    expect(() => unpackBundle(bytes, "0".repeat(64), target.path)).toThrow("its SHA-256 is");
    expect(() => unpackBundle(bytes.subarray(0, 100), "0", target.path)).toThrow("no tar.gz");
    expect(readdirSync(target.path)).toEqual([]);
  });

  test.each(["../out.mjs", "/etc/out.mjs", "a/../../out.mjs", "C:\\out.mjs", "..\\out.mjs"])(
    "refuses %s",
    (name) => {
      using target = tempFolder();
      const tar = createTar([
        { name: "ok.mjs", data: "" },
        { name: "x", data: "x" },
      ]);
      tar.set(Buffer.from(name), 512);
      expect(() => unpackBundle(gzipSync(tar), digest(tar), target.path)).toThrow("outside of it");
      expect(existsSync(join(target.path, "ok.mjs"))).toBe(false);
    },
  );

  test("refuses links", () => {
    using target = tempFolder();
    const tar = createTar([{ name: "link.mjs", data: "" }]);
    // The kind of an entry is one character of its header; with another one its checksum.
    tar[156] = "2".charCodeAt(0);
    expect(() => unpackBundle(gzipSync(tar), digest(tar), target.path)).toThrow(
      "link.mjs is a symbolicLink",
    );
  });
});
