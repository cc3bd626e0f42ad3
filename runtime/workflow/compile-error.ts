/**
 * The error of a static workflow that cannot be put together: what it does, where, and what to do instead.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { locate } from "./engine.ts";
import { EagerException } from "./errors.ts";

/**
 * @param what what the workflow does: "reads .a of the input x".
 * @param why why that cannot be, and what to do instead.
 * @param below the function of ours that user code called: its frame and those above it are left out.
 */
export function compileError(
  workflow: string,
  what: string,
  why: string,
  below: (...given: never[]) => unknown,
): EagerException {
  const frames: { stack?: unknown } = {};
  Error.captureStackTrace(frames, below);
  const place = locate() ?? firstFrame(frames.stack);
  const at = place ? ` at ${place.file}:${place.line}:${place.column}` : "";
  const error = new EagerException(
    "WORKFLOW_COMPILE",
    `workflow ${workflow} ${what}${at}, ${why}`,
    {
      task: workflow,
    },
  );
  Error.captureStackTrace(error, below);
  return error;
}

/** Without a session the stack is text as V8 writes it; a session has a locator instead. */
function firstFrame(stack: unknown): { file: string; line: string; column: string } | undefined {
  const frame =
    typeof stack === "string" ? stack.split("\n").find((line) => /^\s+at /.test(line)) : "";
  const [, path = "", line = "", column = ""] = /([^\s(]+):(\d+):(\d+)\)?$/.exec(frame ?? "") ?? [];
  if (path === "") return undefined;
  const file = path.startsWith("file:") ? fileURLToPath(path) : path;
  return { file: relative(process.cwd(), file) || file, line, column };
}
