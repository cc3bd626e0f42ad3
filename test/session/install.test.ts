import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { openSession } from "../support/session.ts";

const PACKAGE = {
  "pkg/package.json": `{ "name": "pkg", "version": "1.0.0", "type": "module", "exports": "./index.js", "types": "./index.d.ts" }`,
  "pkg/index.js": "export const p = 1;",
  "pkg/index.d.ts": "export const p: number;",
};

test("what was missing works after an install, without a restart, and has its types", async () => {
  await using open = openSession({ check: "error", files: PACKAGE });
  await open.session.ready;
  const missing = await open.run(`import { p } from "pkg"; p`, { check: "off" });
  expect(missing.error?.message).toBe("the package 'pkg' is not installed here; run %npm i pkg");
  expect((await open.run(`import { p } from "pkg"`)).error?.message).toContain("TS2307");
  await open.session.install(["./pkg"]);
  const manifest = JSON.parse(readFileSync(join(open.folder, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ private: true, dependencies: { pkg: "file:pkg" } });
  const said = open.events.flatMap((item) =>
    item.kind === "event" && item.event.kind === "log" ? [item.event.text] : [],
  );
  expect(said.join("")).toContain("there was no package.json");
  expect(said.join("")).toContain("added 1 package");
  expect(await open.value(`import { p } from "pkg"; p`)).toBe("1");
  expect((await open.run("const wrong: string = p")).error?.message).toContain("TS2322");
}, 60_000);

test("names and options that are none are refused before npm runs", async () => {
  await using open = openSession();
  const of = (...packages: string[]) => open.session.install(packages);
  await expect(of()).rejects.toThrow("name a package: %npm i zod");
  await expect(of("zod", "--prefix=/")).rejects.toThrow("the option --prefix=/ is not taken here");
  await expect(of("zod;rm")).rejects.toThrow("'zod;rm' is no name of a package");
  await expect(of("$(x)")).rejects.toThrow("is no name of a package");
  expect(existsSync(join(open.folder, "package.json"))).toBe(false);
});

test("npm's failure is an error, after its own words", async () => {
  await using open = openSession({ files: { "package.json": "{}" } });
  let said = "";
  const onOutput = (_stream: string, text: string) => {
    said += text;
  };
  await expect(open.session.install(["./nowhere.tgz"], { onOutput })).rejects.toThrow(
    /npm failed with code \d+; its output says why/,
  );
  expect(said).toContain("ENOENT");
}, 60_000);

test("an interrupt stops npm and the scripts of packages", async () => {
  await using open = openSession({
    files: {
      "package.json": "{}",
      ".npmrc": "ignore-scripts=false\n",
      "hang/package.json": `{ "name": "hang", "version": "1.0.0", "scripts": { "install": "node -e \\"fs.writeFileSync(process.env.INIT_CWD + '/pid', String(process.pid)); setInterval(() => {}, 1000)\\"" } }`,
    },
  });
  const installing = open.session.install(["--save-dev", "./hang"]);
  const refused = expect(installing).rejects.toThrow("npm was stopped");
  const pidFile = join(open.folder, "pid");
  await expect
    .poll(() => existsSync(pidFile) && readFileSync(pidFile, "utf8"), { timeout: 30_000 })
    .toMatch(/\d/);
  await open.session.interrupt("cooperate");
  await refused;
  const pid = Number(readFileSync(pidFile, "utf8"));
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
}, 60_000);

test("another version of an installed package is told", async () => {
  await using open = openSession({ files: { ...PACKAGE, "package.json": "{}" } });
  let said = "";
  const onOutput = (_stream: string, text: string) => {
    said += text;
  };
  await open.session.install(["./pkg"], { onOutput });
  expect(said).not.toContain("another version");
  open.write("pkg/package.json", PACKAGE["pkg/package.json"].replace("1.0.0", "2.0.0"));
  await open.session.install(["./pkg"], { onOutput });
  expect(said).toContain("another version of pkg: restart if it was loaded before");
}, 60_000);
