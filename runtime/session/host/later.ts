/**
 * Names of the package that few cells say: loaded when one first does, so that no start of a session pays for them.
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** By the modules that `import … from "eagerdeck"` has them from: a class is one class. */
const LATER: Readonly<Record<string, string>> = {
  FlyteRemote: "../../flyte/remote.js",
  Config: "../../flyte/config.js",
  FlyteError: "../../flyte/errors.js",
  OpaqueValue: "../../flyte/opaque.js",
  Duration: "../../types/duration.js",
  FlyteFile: "../../flyte/blobs.js",
  FlyteDirectory: "../../flyte/blobs.js",
  StructuredDataset: "../../flyte/blobs.js",
};

/** Each with the way to read it. */
export function laterNames(): Record<string, () => unknown> {
  return Object.fromEntries(
    Object.entries(LATER).map(([name, module]) => [name, () => loaded(name, module)]),
  );
}

/** Whether the package has it, and a session only lends it. */
export function isLaterName(name: string): boolean {
  return Object.hasOwn(LATER, name);
}

function loaded(name: string, module: string): unknown {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const exported: Record<string, unknown> = createRequire(import.meta.url)(path);
  return exported[name];
}
