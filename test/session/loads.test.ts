/** What `import "eagerdeck"` brings along: for Node, and for the type checks of who imports it. Looks at `dist/`. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

const INDEX = resolve("dist/runtime/index.js");
/** Of calls on a cluster alone; hundreds of files together. */
const HEAVY = /@bufbuild|@connectrpc|opendal|oauth4webapi|rolldown|undici\/|flyte\/idl/;

function linesOf(command: string, args: readonly string[], cwd: string): string[] {
  const { stdout, stderr, status } = spawnSync(command, args, { cwd, encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  return stdout.split("\n").filter((line) => line !== "");
}

test("the package loads nothing that only calls on a cluster need", () => {
  const code = `
    import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) });
    const { FlyteRemote, Config, FlyteFile } = await import(${JSON.stringify(pathToFileURL(INDEX).href)});
    new FlyteRemote({ config: Config.auto() });
    FlyteFile.from("a.csv");
  `;
  const urls = linesOf(process.execPath, ["--input-type=module", "--eval", code], ".");
  expect(urls.length).toBeGreaterThan(50);
  expect(urls.filter((url) => HEAVY.test(url))).toEqual([]);
});

test("its types lead to no protocol code", () => {
  using folder = tempFolder({
    "a.ts": `import { FlyteRemote } from ${JSON.stringify(INDEX)};\nexport const remote = FlyteRemote.current;\n`,
  });
  const tsc = resolve("node_modules/typescript-native/bin/tsc");
  const types = ["--types", "node", "--typeRoots", resolve("node_modules/@types")];
  const options = ["--noEmit", "--target", "esnext", "--module", "nodenext", "--skipLibCheck"];
  const files = linesOf(
    process.execPath,
    [tsc, ...options, ...types, "--listFiles", "a.ts"],
    folder.path,
  );
  expect(files).toContainEqual(expect.stringContaining("runtime/flyte/remote.d.ts"));
  expect(files.filter((file) => HEAVY.test(file))).toEqual([]);
});
