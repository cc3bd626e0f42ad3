/**
 * The REPL of `dist/` on a scripted session: `node test/support/scripted-repl.ts [--plain] [-e CODE] [-i]`.
 * What a cell may say stands in `scripted-session.ts`.
 */
import { parseArgs } from "node:util";
import { distFolder } from "./dist.ts";
import { ScriptedSession } from "./scripted-session.ts";

// Its folder is no place for files of runs.
process.env["EAGERDECK_HISTORY"] ??= "off";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    plain: { type: "boolean" },
    json: { type: "boolean" },
    eval: { type: "string", short: "e" },
    interactive: { type: "boolean", short: "i" },
    quiet: { type: "boolean" },
    "keep-going": { type: "boolean" },
    "no-history": { type: "boolean" },
    "slow-start": { type: "boolean" },
  },
});

// A variable, so that the type check does not need a build; the shape is that of the sources.
const launch = `${distFolder}/repl/launch.js`;
const { runRepl } = (await import(launch)) as typeof import("../../repl/launch.ts");
const [file] = positionals;
// A real session has child processes, which keep a program alive while it waits.
const alive = setInterval(() => undefined, 60_000);
process.exitCode = await runRepl(
  {
    mode: values.plain ? "plain" : values.json ? "json" : "auto",
    folder: process.cwd(),
    ...(file === undefined ? {} : { file }),
    ...(values.eval === undefined ? {} : { code: values.eval }),
    ...(values.interactive ? { interactiveAfter: true } : {}),
    ...(values.quiet ? { quiet: true } : {}),
    ...(values["no-history"] ? { history: false } : {}),
    ...(values["keep-going"] ? { keepGoing: true } : {}),
  },
  ({ folder }) =>
    new ScriptedSession({
      folder,
      ...(values["slow-start"]
        ? { ready: new Promise((resolve) => setTimeout(resolve, 1_500)) }
        : {}),
      names: [
        { name: "alpha", kind: "variable", detail: "number" },
        { name: "alphabet", kind: "function", detail: "() => string" },
      ],
    }),
);
clearInterval(alive);
