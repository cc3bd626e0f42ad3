/**
 * The double as a program: `node test/support/flyte-double/main.ts [--port N] [--latency MS] [--containers]
 * [--config FILE] [--main FILE] [--python BIN]`.
 *
 * Prints its endpoint and the path of a `config.yaml` that leads to it, one line each, and runs until SIGTERM, SIGINT
 * or the end of its stdin. Without a configuration file given, one is written to a temporary folder and goes with it.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startDouble } from "./double.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    latency: { type: "string", default: "0" },
    containers: { type: "boolean", default: false },
    config: { type: "string" },
    main: { type: "string" },
    python: { type: "string" },
  },
});

const double = await startDouble({
  port: number("port", values.port),
  latencyMs: number("latency", values.latency),
  runContainers: values.containers,
  ...(values.main !== undefined && { eagerdeckMain: values.main }),
  ...(values.python !== undefined && { pythonBin: values.python }),
});
const folder =
  values.config === undefined ? mkdtempSync(join(tmpdir(), "flyte-double-")) : undefined;
const config = values.config ?? join(folder ?? "", "config.yaml");
writeFileSync(config, double.configYaml);
process.stdout.write(`${double.endpoint}\n${config}\n`);

const ended = Promise.withResolvers<void>();
process.once("SIGTERM", ended.resolve);
process.once("SIGINT", ended.resolve);
process.stdin.once("end", ended.resolve).once("error", ended.resolve).resume();
await ended.promise;
await double[Symbol.asyncDispose]();
if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
process.exit(0);

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name} ${text}: not a number of at least 0\n`);
  process.exit(2);
}
