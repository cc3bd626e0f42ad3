import { defineConfig } from "vitest/config";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 22) {
  throw new Error(
    `The tests need Node 22 or later, this is ${process.versions.node}. ` +
      "`npm ci` installs Node 24 as a devDependency; with --ignore-scripts it cannot.",
  );
}

/** One project per folder of test/; all but `unit` run the built package in processes of its own. */
function project(name: string, testTimeout: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      testTimeout,
      hookTimeout: testTimeout,
      benchmark: { include: [] },
    },
  };
}

export default defineConfig({
  test: {
    reporters: process.env["CI"] ? ["dot"] : ["default"],
    projects: [
      project("unit", 5_000),
      project("session", 30_000),
      project("protocol", 30_000),
      project("terminal", 30_000),
      project("remote", 120_000),
      project("interop", 120_000),
      project("jupyter", 120_000),
      project("browser", 120_000),
      project("package", 300_000),
      project("endurance", 1_800_000),
    ],
  },
});
