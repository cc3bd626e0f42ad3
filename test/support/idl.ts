/**
 * `npm run idl`: TypeScript from Flyte's own protocol files, as the npm package `@flyteorg/flyteidl` has them.
 *
 * Of their imports from elsewhere, the annotations for HTTP gateways and for OpenAPI carry nothing that gRPC needs;
 * stubs stand in for them, so that nothing is fetched.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tempFolder } from "./temp-folder.ts";

/** Where the generated files are, from the root of the repository. */
export const IDL = "runtime/flyte/idl";

const PARTS = [
  ...["core", "admin", "event", "service"].map((part) => `flyteidl/${part}`),
  ...["google", "protoc-gen-openapiv2"],
];
/** Services of other programs than the ones we speak to. */
const NOT_OURS = ["agent", "external_plugin_service", "signal"];

const STUBS: Readonly<Record<string, string>> = {
  "google/api/annotations.proto": `syntax = "proto3";
package google.api;
import "google/protobuf/descriptor.proto";
message HttpRule {
  string get = 2; string put = 3; string post = 4; string delete = 5; string body = 7;
  repeated HttpRule additional_bindings = 11;
}
extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
`,
  "protoc-gen-openapiv2/options/annotations.proto": `syntax = "proto3";
package grpc.gateway.protoc_gen_openapiv2.options;
import "google/protobuf/descriptor.proto";
message Schema { string description = 1; string title = 2; string example = 3; }
message Response { string description = 1; Schema schema = 2; }
message Operation {
  string summary = 2; string description = 3; map<string, Response> responses = 9; repeated string tags = 1;
}
message JSONSchema { string description = 1; string title = 2; string default = 3; }
extend google.protobuf.MethodOptions { Operation openapiv2_operation = 1042; }
extend google.protobuf.FieldOptions { JSONSchema openapiv2_field = 1042; }
`,
};

/** By module names, not by `node_modules/.bin`: what looks for unused packages understands those. */
const BUF = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const PLUGIN = fileURLToPath(import.meta.resolve("@bufbuild/protoc-gen-es/bin/protoc-gen-es"));

/** Writes the generated files below `out`, which is emptied first. */
export function generate(out: string): void {
  using work = tempFolder();
  const protos = join(work.path, "protos");
  cpSync("node_modules/@flyteorg/flyteidl/protos/flyteidl", join(protos, "flyteidl"), {
    recursive: true,
  });
  for (const name of NOT_OURS) rmSync(join(protos, `flyteidl/service/${name}.proto`));
  for (const [name, text] of Object.entries(STUBS)) {
    mkdirSync(join(protos, dirname(name)), { recursive: true });
    writeFileSync(join(protos, name), text);
  }
  writeFileSync(join(work.path, "buf.yaml"), "version: v2\nmodules:\n  - path: protos\n");
  rmSync(out, { recursive: true, force: true });
  const plugin = {
    local: [process.execPath, PLUGIN],
    out: resolve(out),
    opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
  };
  writeFileSync(
    join(work.path, "buf.gen.yaml"),
    JSON.stringify({ version: "v2", plugins: [plugin] }),
  );
  execFileSync(
    process.execPath,
    [BUF, "generate", ...PARTS.flatMap((part) => ["--path", `protos/${part}`])],
    { cwd: work.path, stdio: ["ignore", "ignore", "inherit"] },
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) generate(IDL);
