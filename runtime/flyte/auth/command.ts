/**
 * A token that a program of the user's prints.
 * @module
 */
import { execFile } from "node:child_process";
import { redactText } from "../../values/redact.ts";
import { FlyteError } from "../errors.ts";
import { expiryOf, Token } from "./token.ts";

const PATIENCE_MS = 60_000;
/** A token of Azure may have 8 kB; what is longer is no token. */
const OUTPUT_BYTES_MAX = 256 * 1024;
const STDERR_SHOWN = 2_000;

/**
 * Runs without a shell: what the settings hold are the words of the command.
 * @throws {FlyteError} `REMOTE_AUTH` with what the program said of its failure.
 */
export async function commandToken(
  command: readonly string[],
  now: () => number,
  signal: AbortSignal,
): Promise<Token> {
  const [program = "", ...words] = command;
  const output = await new Promise<string>((resolve, reject) => {
    const options = {
      timeout: PATIENCE_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      windowsHide: true,
      signal,
    };
    const child = execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(signal.reason);
      else reject(failureOf(program, error, stderr));
    });
    // A program that asks a question would wait for ever.
    child.stdin?.on("error", () => undefined).end();
  });
  const access = output.trim();
  if (/^[\x21-\x7e]+$/.test(access)) {
    return new Token({ access, obtainedAt: now(), expiresAt: expiryOf(access) });
  }
  throw new FlyteError(
    "REMOTE_AUTH",
    access === ""
      ? `${program} printed no token`
      : `${program} printed something else than one token: ${access.length} characters with spaces or line ends`,
  );
}

function failureOf(program: string, error: Error, stderr: string): FlyteError {
  const code: unknown = Reflect.get(error, "code");
  const killed = Reflect.get(error, "killed") === true;
  const how =
    code === "ENOENT"
      ? "there is no such program"
      : code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
        ? "it prints and prints"
        : killed
          ? `it did not end within ${PATIENCE_MS / 1000} s`
          : typeof code === "number"
            ? `it ended with ${code}`
            : "it could not be run";
  // The words of the command stay out: people put secrets there. The last lines of stderr say most.
  const said = redactText(stderr.trim()).slice(-STDERR_SHOWN);
  return new FlyteError(
    "REMOTE_AUTH",
    `the token command ${program} failed: ${how}${said && `\n${said}`}`,
  );
}
