import { describe, expect, it } from "vitest";
import {
  checkedBelow,
  nameOf,
  parseLocation,
  shownUri,
} from "../../../../runtime/flyte/storage/location.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

describe("an address of stored data", () => {
  it.each([
    ["s3://b/a/c.csv", { scheme: "s3", bucket: "b", key: "a/c.csv" }],
    ["S3A://b/x", { scheme: "s3", bucket: "b", key: "x" }],
    ["gs://b", { scheme: "gs", bucket: "b", key: "" }],
    [
      "abfs://c@acc.dfs.core.windows.net/k",
      { scheme: "abfs", bucket: "c", account: "acc", key: "k" },
    ],
    ["abfs://c/k", { scheme: "abfs", bucket: "c", key: "k" }],
    ["s3://b/a%20b#1?v=2.csv", { scheme: "s3", bucket: "b", key: "a%20b#1?v=2.csv" }],
    ["https://h/x?y=1", { scheme: "http" }],
    ["file:///tmp/a b", { scheme: "file", path: "/tmp/a b" }],
    ["/tmp/x", { scheme: "file", path: "/tmp/x" }],
  ])("%s is taken apart", (uri, expected) => {
    expect(parseLocation(uri)).toEqual({ uri, ...expected });
  });

  it.each([
    ["ftp://h/x", /begin with s3:\/\/, gs:\/\/, abfs:\/\/, https:\/\/ or file:\/\/, not ftp:/],
    ["constructor://h/x", /not constructor:/],
    ["s3:///x", /bucket is missing/],
    ["file://host/x", /three slashes/],
    ["", /empty address/],
  ])("%s is refused with advice", (uri, message) => {
    expect(() => parseLocation(uri)).toThrow(message);
    expect(() => parseLocation(uri)).toThrow(
      expect.objectContaining({ code: "STORAGE_UNSUPPORTED" }),
    );
  });

  it("of a local file may be percent-encoded, unless a file has just that name", () => {
    using folder = tempFolder({ "a b.txt": "", "c%20d.txt": "", "c d.txt": "" });
    const at = (name: string) => parseLocation(`file://${folder.path}/${name}`);
    expect(at("a%20b.txt")).toMatchObject({ path: `${folder.path}/a b.txt` });
    expect(at("c%20d.txt")).toMatchObject({ path: `${folder.path}/c%20d.txt` });
    expect(at("100%.txt")).toMatchObject({ path: `${folder.path}/100%.txt` });
  });

  it("is shown without what could open it", () => {
    expect(shownUri("https://u:p@h/a.csv?X-Amz-Signature=abc#d")).toBe("https://h/a.csv");
    expect(shownUri("https://[?sig=abc")).not.toContain("abc");
    expect(nameOf("https://h/a.csv?sig=abc")).toBe("a.csv");
    expect(nameOf("https://h/a%20b.csv")).toBe("a b.csv");
    expect(nameOf("https://h/a%2Fb.csv")).toBe("a%2Fb.csv");
    expect(nameOf("s3://b/a%20b.csv")).toBe("a%20b.csv");
    expect(nameOf("s3://b/x/y/")).toBe("y");
    expect(nameOf("s3://b")).toBe("b");
  });

  it.each(["../x", "a/../../x", "/x", "C:\\x", "a\\..\\x", "", "a\0b"])(
    "path %j does not leave its folder",
    (path) => {
      expect(() => checkedBelow(path, "s3://b/f")).toThrow(/no path below s3:\/\/b\/f/);
    },
  );
});
