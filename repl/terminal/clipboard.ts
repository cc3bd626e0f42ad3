/**
 * Text → the clipboard of the person in front of the terminal.
 *
 * OSC 52 asks the terminal, which works over SSH too, but says neither whether it is understood nor
 * whether it is allowed. So a program of this machine is asked as well, unless the person is elsewhere.
 * @module
 */

export interface ClipboardOptions {
  /** Writes to the terminal, past the screen's text. */
  readonly write: (sequence: string) => void;
  readonly environment: NodeJS.ProcessEnv;
  /** This machine's clipboard; default: clipboardy, loaded on first use. */
  readonly writeLocally?: (text: string) => Promise<void>;
}

/** Terminals take 100,000 characters of base64. */
const TERMINAL_BYTES_MAX = 74_994;
/** A program that waits for a display that does not answer. */
const LOCAL_MS = 2_000;

/** @throws {Error} with a sentence for the person when no clipboard can have it. */
export async function copyText(text: string, options: ClipboardOptions): Promise<void> {
  const { environment, write, writeLocally = writeByProgram } = options;
  const bytes = Buffer.from(text);
  const isTerminalAsked = bytes.length <= TERMINAL_BYTES_MAX;
  if (isTerminalAsked) write(`\x1b]52;c;${bytes.toString("base64")}\x07`);
  const problem = isRemote(environment)
    ? "over SSH only the terminal has one"
    : await problemOf(writeLocally(text));
  if (problem === undefined || isTerminalAsked) return;
  throw new Error(
    `${bytes.length.toLocaleString("en-US")} bytes are too much for the terminal's clipboard (${TERMINAL_BYTES_MAX.toLocaleString("en-US")}), and the machine's cannot be used: ${problem}`,
  );
}

function isRemote(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(environment["SSH_CONNECTION"] || environment["SSH_TTY"]);
}

async function problemOf(writing: Promise<void>): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("it does not answer"), LOCAL_MS);
  const written = writing.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n")[0],
  );
  try {
    return await Promise.race([written, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function writeByProgram(text: string): Promise<void> {
  const { default: clipboard } = await import("clipboardy");
  await clipboard.write(text);
}
