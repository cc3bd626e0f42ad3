/**
 * `npm run bench -- [suite…] [--quick] [--json FILE]`: measures the built package, prints a table.
 *
 * A figure never fails a run, a measurement that cannot be made does. Without a name all suites run.
 * Sources are run by Node itself, which strips their types; what is measured comes from dist/.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { Bench, median, type Suite, table } from "./bench.ts";

const ENDING = ".bench.ts";
const names = readdirSync(new URL(".", import.meta.url))
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
});
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(", ")}. There are: ${names.join(", ")}`);
  process.exit(2);
}

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);
const machine = {
  eagerdeck: version,
  node: process.versions.node,
  platform: `${process.platform}-${process.arch}`,
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  date: new Date().toISOString(),
};
const report: Record<string, unknown> = { machine };
for (const name of positionals.length > 0 ? positionals : names) {
  const suite: Suite = await import(new URL(`${name}${ENDING}`, import.meta.url).href);
  await using bench = new Bench(values.quick);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    // What the suite still waits for fails when its processes end; that must not end us before they did.
    process.on("unhandledRejection", () => undefined);
    void bench[Symbol.asyncDispose]().finally(() => process.exit(130));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const start = performance.now();
  try {
    await suite.run(bench);
  } catch (error) {
    // `stop` ends this process, with the exit code of an interrupt.
    if (isStopped) await new Promise(() => undefined);
    throw error;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    // What was measured before a failure is worth seeing.
    console.log(`\n${name}${values.quick ? " (quick: figures mean little)" : ""}`);
    console.log(Object.values(machine).join(", "));
    console.log(`\n${table(suite.peer, bench.rows)}`);
    console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  report[name] = bench.rows.map((row) =>
    "skipped" in row || "says" in row
      ? row
      : {
          ...row,
          oursMedian: median(row.ours),
          ...(row.peer ? { peerMedian: median(row.peer) } : {}),
        },
  );
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
