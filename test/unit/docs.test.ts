import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { Config } from "../../runtime/flyte/config.ts";
import { guideCode } from "../support/guide.ts";
import { tempFolder } from "../support/temp-folder.ts";

const documents = [
  "README.md",
  "kernel/README.md",
  "repl/README.md",
  "runtime/flyte/README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
];
const { engines, files, scripts, version } = JSON.parse(readFileSync("package.json", "utf8"));

test.each(documents)("every path, link and npm script that %s names exists", (document) => {
  const text = readFileSync(document, "utf8");
  const paths = [
    ...text.matchAll(/`((?:cli|kernel|repl|runtime|notebooks|test|\.ci)\/[\w./-]*)`/g),
  ].map((m) => m[1] ?? "");
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((m) => m[1] ?? "");
  expect(links.filter((link) => !existsSync(join(document, "..", link)))).toEqual([]);
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((m) => m[1] ?? "");
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("the guides beside the code are in the package", () => {
  const guides = documents.filter((document) => /^\w+\/.*README/.test(document));
  expect(files).toEqual(expect.arrayContaining(guides));
});

test("the code of the guide to clusters compiles as it stands", { timeout: 60_000 }, () => {
  const { files: named, program } = guideCode();
  const folder = resolve("guide");
  const sources = new Map(
    Object.entries({ ...named, "main.ts": program }).map(([name, text]) => [
      join(folder, name),
      text,
    ]),
  );
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    paths: { eagerdeck: [resolve("runtime/index.ts")] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const directoryExists = host.directoryExists?.bind(host);
  host.directoryExists = (path) => path === folder || (directoryExists?.(path) ?? true);
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, target, ...rest) => {
    const text = sources.get(file);
    return text === undefined
      ? getSourceFile(file, target, ...rest)
      : ts.createSourceFile(file, text, target);
  };
  const compiled = ts.createProgram([...sources.keys()], options, host);
  // What the sources say of themselves is the business of `npm run typecheck`.
  const problems = [...sources.keys()].flatMap((name) => {
    const source = compiled.getSourceFile(name);
    if (source === undefined) return [`${name} was not read`];
    return [
      ...compiled.getSyntacticDiagnostics(source),
      ...compiled.getSemanticDiagnostics(source),
    ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  });
  expect(problems).toEqual([]);
});

test("each settings file of the guide to clusters is understood, and logs in as its text says", () => {
  using folder = tempFolder();
  const modes = guideCode()
    .blocks("yaml")
    .map((text, index) => {
      const file = folder.write(`${index}.yaml`, text);
      const platform = Config.auto(file).resolve({});
      expect([platform.endpoint, platform.hints, platform.warnings]).toEqual([
        "flyte.example.org:443",
        [],
        [],
      ]);
      return platform.auth.mode;
    });
  expect(modes).toEqual(["Pkce", "DeviceFlow", "ClientSecret", "ExternalCommand"]);
});

test("the guide to clusters knows the codes that there are", () => {
  const text = readFileSync("runtime/flyte/README.md", "utf8");
  const table = /## When something goes wrong[\s\S]*?\n## /.exec(text)?.[0] ?? "";
  const named = [...table.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map((m) => m[1] ?? "");
  const sources = readFileSync("runtime/flyte/errors.ts", "utf8");
  const known = `${sources}${readFileSync("runtime/workflow/errors.ts", "utf8")}`;
  expect(
    named.filter((code) => !known.includes(`"${code}"`) && code !== "EAGERDECK_IMAGE"),
  ).toEqual([]);
  expect(named.length).toBeGreaterThan(15);
});

test("the image of the guide to clusters is that of the repository, with a Node and an eagerdeck that fit", () => {
  const [guide = ""] = guideCode().blocks("dockerfile");
  const own = readFileSync("notebooks/Dockerfile", "utf8").replaceAll(/^#.*\n/gm, "");
  expect(guide).toBe(own);
  const node = Number(/^FROM node:(\d+)-slim$/m.exec(guide)?.[1]);
  expect(engines.node).toContain(`>=${node}.`);
  expect(version.startsWith(`${/ eagerdeck@(\d+\.\d+)$/m.exec(guide)?.[1]}.`)).toBe(true);
  const [folder] = /^WORKDIR (.*)$/m.exec(guide)?.slice(1) ?? [];
  expect(guide).toContain(`PATH=${folder}/node_modules/.bin:$PATH`);
});
