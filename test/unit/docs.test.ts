import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const documents = ["README.md", "kernel/README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

test.each(documents)("every path and npm script that %s names exists", (document) => {
  const text = readFileSync(document, "utf8");
  const paths = [
    ...text.matchAll(/`((?:cli|kernel|repl|runtime|notebooks|test|\.ci)\/[\w./-]*)`/g),
  ].map((m) => m[1] ?? "");
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((m) => m[1] ?? "");
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
