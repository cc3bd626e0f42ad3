#!/usr/bin/env node
/**
 * The `eagerdeck` command: checks the Node version before anything modern is loaded.
 *
 * Only dynamic imports here: a static one would be linked, and fail with a syntax error, before the
 * check could say what to do.
 * @module
 */
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isSupported = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major > 24;

if (isSupported && !hasFolder()) {
  process.stderr.write("eagerdeck: the working folder is gone; change to one that exists\n");
  process.exitCode = 2;
} else if (isSupported) {
  module.enableCompileCache?.();
  // Vitest and React look at it when they load; set before, so that decks render with the fast build.
  process.env["NODE_ENV"] ??= "production";
  const args = process.argv.slice(2);
  const [command, action, file] = args;
  const isKernel = command === "kernel" && action === "start" && args.length === 3;
  if (isKernel && file !== undefined && !file.startsWith("-")) {
    // What Jupyter says, every time: without reading the options of all the other commands first.
    const { runKernel } = await import("../kernel/main.ts");
    process.exitCode = await runKernel(file);
  } else if (command === "repl" && args.length === 1 && !process.env["EAGERDECK_DIALECT"]) {
    // Here somebody waits for a prompt.
    const { runRepl } = await import("../repl/launch.ts");
    process.exitCode = await runRepl({ mode: "auto", folder: process.cwd() });
  } else {
    const { main } = await import("./program.ts");
    process.exitCode = await main(args);
  }
} else {
  process.stderr.write(
    `eagerdeck needs Node 22.18 or later, or 24.11 or later; this is ${process.versions.node} (${process.execPath}).\n` +
      "Install a newer Node, or run `npm install node@24` in this folder and try again with npx.\n",
  );
  process.exitCode = 2;
}

/** A folder that was removed under its shell makes `process.cwd` throw. */
function hasFolder(): boolean {
  try {
    return process.cwd() !== "";
  } catch {
    // Whatever the reason, nothing can be resolved from here.
    return false;
  }
}
