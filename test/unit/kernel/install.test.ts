import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { installSpec, listSpecs, papermillPackage, removeSpec } from "../../../kernel/install.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

let folder: TempFolder;

beforeEach(() => {
  folder = tempFolder();
  for (const name of ["JUPYTER_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_DATA_HOME"])
    vi.stubEnv(name, "");
  vi.stubEnv("JUPYTER_DATA_DIR", join(folder.path, "user"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

const prefix = () => ({ kind: "prefix", folder: folder.path }) as const;

test("a spec starts this Node and this script, and brings its logos", async () => {
  const spec = await installSpec({ place: prefix(), env: { A: "1" } });
  expect(spec.folder).toBe(join(folder.path, "share", "jupyter", "kernels", "eagerdeck"));
  const json = JSON.parse(readFileSync(join(spec.folder, "kernel.json"), "utf8"));
  expect(json).toMatchObject({
    argv: [
      process.execPath,
      expect.stringMatching(/dist.cli.main\.js$/),
      "kernel",
      "start",
      "{connection_file}",
    ],
    display_name: "TypeScript (eagerdeck)",
    language: "typescript",
    interrupt_mode: "message",
    kernel_protocol_version: "5.5.0",
    env: { A: "1" },
    metadata: { supported_encryption: ["curve"] },
  });
  expect(readdirSync(spec.folder).sort()).toEqual([
    "kernel.json",
    "logo-32x32.png",
    "logo-64x64.png",
    "logo-svg.svg",
  ]);
  expect(readFileSync(join(spec.folder, "logo-64x64.png")).subarray(1, 4).toString()).toBe("PNG");
});

test("a spec may be listed under another language", async () => {
  const spec = await installSpec({ place: prefix(), name: "jslab", language: "javascript" });
  const json = JSON.parse(readFileSync(join(spec.folder, "kernel.json"), "utf8"));
  expect([json.language, spec.name]).toEqual(["javascript", "jslab"]);
});

test("installing again replaces our own, and leaves no temporary folder", async () => {
  expect((await installSpec({ place: prefix() })).isReplaced).toBe(false);
  const again = await installSpec({ place: prefix(), displayName: "Mine" });
  expect(again).toMatchObject({ isReplaced: true, displayName: "Mine" });
  expect(readdirSync(join(again.folder, ".."))).toEqual(["eagerdeck"]);
});

test("a folder where nothing can be made is an error, not an endless wait", async () => {
  const nowhere = { kind: "prefix", folder: "/proc/nowhere" } as const; // here mkdir's `recursive` never ends
  await expect(installSpec({ place: nowhere })).rejects.toThrow(/ENOENT|EROFS|EACCES|EPERM/);
  const file = folder.write("file", "");
  await expect(installSpec({ place: { kind: "prefix", folder: file } })).rejects.toThrow("ENOTDIR");
});

test("another kernel's spec is neither replaced nor removed, unless forced", async () => {
  const foreign = join(folder.path, "share", "jupyter", "kernels", "eagerdeck");
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, "kernel.json"), '{"argv": ["deno"], "display_name": "Deno"}');
  await expect(installSpec({ place: prefix() })).rejects.toThrow("another kernel's");
  await expect(removeSpec({ place: prefix() })).rejects.toThrow("another kernel's");
  expect(existsSync(foreign)).toBe(true);
  expect((await installSpec({ place: prefix(), force: true })).isReplaced).toBe(true);
});

test("list finds specs of this user and of the active environment, and says what is gone", async () => {
  vi.stubEnv("VIRTUAL_ENV", join(folder.path, "venv"));
  const user = await installSpec({ place: { kind: "user" }, name: "mine" });
  await installSpec({ place: { kind: "sys-prefix" } });
  const file = join(user.folder, "kernel.json");
  writeFileSync(file, readFileSync(file, "utf8").replace(process.execPath, "/gone/node"));
  const listed = (await listSpecs()).filter((spec) => spec.folder.startsWith(folder.path));
  expect(listed.map(({ name, folder: at }) => [name, at.slice(folder.path.length)])).toEqual([
    ["mine", "/user/kernels/mine"],
    ["eagerdeck", "/venv/share/jupyter/kernels/eagerdeck"],
  ]);
  expect(listed[0]?.missing).toContain("/gone/node");
});

test("what pip is told to install is there, in this package's version", () => {
  const project = readFileSync(join(papermillPackage(), "pyproject.toml"), "utf8");
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(project).toContain(`version = "${version}"`);
  expect(project).toContain('[project.entry-points."papermill.engine"]');
});

test("remove takes away what was installed, once", async () => {
  const { folder: installed } = await installSpec({ place: { kind: "user" } });
  expect(await removeSpec({})).toBe(installed);
  expect(existsSync(installed)).toBe(false);
  await expect(removeSpec({})).rejects.toThrow('no kernel "eagerdeck" is installed');
});

test("what cannot be installed is one sentence", async () => {
  await expect(installSpec({ place: { kind: "sys-prefix" } })).rejects.toThrow(
    "use --user or --prefix DIR",
  );
  await expect(installSpec({ place: prefix(), name: "a b" })).rejects.toThrow('"a b" is no name');
  for (const name of ["../x", "../..", "..", ".hidden", "", "a/b", "a\nb"]) {
    await expect(installSpec({ place: prefix(), name })).rejects.toThrow("is no name for a kernel");
    await expect(removeSpec({ place: prefix(), name })).rejects.toThrow("is no name for a kernel");
  }
});
