import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

/** What Biome says, under this repository's rules, of a file with one import. */
function lint(file: string, specifier: string): string {
  const { vcs: _, ...config } = JSON.parse(readFileSync("biome.json", "utf8"));
  using folder = tempFolder({
    "biome.json": JSON.stringify({ ...config, $schema: undefined }),
    [file]: `import { x } from "${specifier}";\n\nexport const y = x;\n`,
  });
  const biome = resolve("node_modules/.bin/biome");
  const { stdout, stderr } = spawnSync(biome, ["lint", file], {
    cwd: folder.path,
    encoding: "utf8",
  });
  expect(stdout + stderr).toContain("Checked 1 file");
  return stdout + stderr;
}

test.each([
  ["cli/x.ts", "zeromq"],
  ["kernel/x.ts", "../repl/launch.ts"],
  ["kernel/x.ts", "../cli/usage.ts"],
  ["kernel/x.ts", "ink"],
  ["kernel/x.ts", "../runtime/workflow/engine.ts"],
  ["kernel/handlers/x.ts", "../../runtime/session/host/scope.ts"],
  ["repl/x.ts", "../kernel/wire.ts"],
  ["repl/x.ts", "zeromq"],
  ["repl/editor/x.ts", "../../runtime/workflow/run.ts"],
  ["repl/x.ts", "../runtime/store/cells.ts"],
  ["kernel/x.ts", "../runtime/store/inputs.ts"],
  ["runtime/values/x.ts", "../events/records.ts"],
  ["runtime/types/x.ts", "../workflow/task.ts"],
  ["runtime/events/x.ts", "../workflow/run.ts"],
  ["runtime/workflow/x.ts", "../deck/views.ts"],
  ["runtime/workflow/x.ts", "../session/positions.ts"],
  ["runtime/workflow/x.ts", "../store/cache.ts"],
  ["runtime/store/x.ts", "../deck/views.ts"],
  ["runtime/store/x.ts", "../session/positions.ts"],
  ["runtime/deck/x.ts", "../workflow/run.ts"],
  ["runtime/deck/x.ts", "../store/history.ts"],
  ["runtime/deck/x.ts", "ink"],
  ["runtime/session/host/x.ts", "../../../kernel/wire.ts"],
  ["runtime/session/client/x.ts", "zeromq"],
  ["runtime/flyte/x.ts", "../deck/views.ts"],
  ["runtime/flyte/x.ts", "../store/history.ts"],
  ["runtime/flyte/register/x.ts", "../../session/positions.ts"],
  ["runtime/flyte/x.ts", "../../kernel/wire.ts"],
  ["runtime/flyte/x.ts", "../../cli/usage.ts"],
  ["runtime/flyte/x.ts", "commander"],
  ["runtime/workflow/x.ts", "../flyte/remote.ts"],
  ["runtime/deck/x.ts", "../flyte/console.ts"],
  ["runtime/store/x.ts", "../flyte/tags.ts"],
  ["runtime/events/x.ts", "../flyte/names.ts"],
  ["runtime/types/x.ts", "../flyte/blobs.ts"],
  ["kernel/x.ts", "../runtime/flyte/remote.ts"],
  ["repl/x.ts", "../runtime/flyte/remote.ts"],
  ["cli/x.ts", "@connectrpc/connect"],
  ["kernel/x.ts", "@connectrpc/connect-node"],
  ["repl/x.ts", "opendal"],
  ["runtime/types/x.ts", "@bufbuild/protobuf"],
  ["runtime/workflow/x.ts", "@bufbuild/protobuf/wkt"],
  ["runtime/session/host/x.ts", "opendal"],
])("%s may not import %s", (file, specifier) => {
  expect(lint(file, specifier)).toContain("noRestrictedImports");
});

test.each([
  ["kernel/x.ts", "../runtime/deck/views.ts"],
  ["kernel/x.ts", "../runtime/session/client/session.ts"],
  ["repl/x.ts", "../runtime/session/positions.ts"],
  ["repl/x.ts", "../runtime/store/inputs.ts"],
  ["runtime/events/x.ts", "../values/preview.ts"],
  ["runtime/workflow/x.ts", "../events/events.ts"],
  ["runtime/store/x.ts", "../workflow/cache.ts"],
  ["runtime/session/host/x.ts", "../../workflow/run.ts"],
  ["runtime/session/host/x.ts", "../../flyte/remote.ts"],
  ["runtime/flyte/literals/x.ts", "../../types/value-type.ts"],
  ["runtime/flyte/x.ts", "../workflow/errors.ts"],
  ["runtime/flyte/x.ts", "@connectrpc/connect"],
  ["runtime/flyte/literals/x.ts", "@bufbuild/protobuf/wkt"],
  ["runtime/flyte/storage/x.ts", "opendal"],
  ["cli/x.ts", "../runtime/flyte/client.ts"],
  ["test/x.ts", "@bufbuild/protobuf"],
])("%s may import %s", (file, specifier) => {
  expect(lint(file, specifier)).not.toContain("noRestrictedImports");
});
