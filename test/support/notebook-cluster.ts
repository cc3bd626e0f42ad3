/**
 * What `notebooks/05-remote.ipynb` talks to: the double of a cluster as a program, with tasks that it runs itself.
 *
 * `node test/support/notebook-cluster.ts MODULE`: the exported tasks of the module are registered there under the names
 * that they have here, and `ml.train`, which plays a task that others have written in Python. Prints the path of a
 * `config.yaml` and runs until the end of its stdin: whoever started it need not end it.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { task, z } from "../../runtime/index.ts";
import { isEntity } from "../../runtime/types/interface.ts";
import { definitionOf } from "../../runtime/workflow/definition.ts";
import { TaskFailure } from "./flyte-double/double.ts";
import { remoteRig } from "./remote-rig.ts";

const TASK_MS = 150;
const EPOCH_MS = 100;

/** As flytekit writes it. */
const PYTHON_FAILURE = `Trace:

    Traceback (most recent call last):
      File "/app/ml/train.py", line 31, in train
        raise ValueError(f"epochs must be positive, not {epochs}")
    ValueError: epochs must be positive, not 0

Message:

    ValueError: epochs must be positive, not 0`;

const train = task(
  { name: "ml.train", inputs: { epochs: z.int() }, output: z.number() },
  async function train({ epochs }, { signal }) {
    if (epochs < 1) {
      throw new TaskFailure(PYTHON_FAILURE, { code: "USER:ValueError", worker: "train-0" });
    }
    await sleep(epochs * EPOCH_MS, undefined, { signal });
    return 1 - 0.5 ** epochs;
  },
);

// The module and this program have to agree on what a task is: both have the sources.
const sources = new URL("../../runtime/index.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "eagerdeck" ? { url: sources, shortCircuit: true } : next(specifier, context),
});

// A notebook is read elsewhere: of a stack it shows what is the task's, as if its module lay in a container's folder.
Error.stackTraceLimit = 1;
Error.prepareStackTrace = (error, [site]) => {
  const file = basename(site?.getFileName() ?? "");
  const place = `/app/${file}:${site?.getLineNumber()}:${site?.getColumnNumber()}`;
  return `${error.name}: ${error.message}\n    at ${site?.getFunctionName()} (${place})`;
};

await using rig = await remoteRig();
const module: Record<string, unknown> = await import(
  pathToFileURL(resolve(process.argv[2] ?? "notebooks/workflows.ts")).href
);
for (const entity of Object.values(module)) {
  if (!isEntity(entity) || definitionOf(entity)?.entity !== "task") continue;
  await rig.serve(entity, { delayMs: TASK_MS });
}
await rig.serve(train, { version: "v12" });

const folder = mkdtempSync(join(tmpdir(), "notebook-cluster-"));
const config = join(folder, "config.yaml");
writeFileSync(config, rig.double.configYaml);
process.stdout.write(`${config}\n`);

const ended = Promise.withResolvers<void>();
process.once("SIGTERM", ended.resolve);
process.stdin.once("end", ended.resolve).once("error", ended.resolve).resume();
await ended.promise;
rmSync(folder, { recursive: true, force: true });
