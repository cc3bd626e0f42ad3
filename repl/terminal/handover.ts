/**
 * Gives the terminal to another program, or to the shell, and takes it back.
 *
 * Invariants
 *   H1  While another has it, nothing of ours is written: the scrollback stands still, the size is the
 *       old one, Ink is suspended. What happens meanwhile shows afterwards, in its order.
 *   H2  It comes back on every way out: a program that fails, is missing, or is ended with us.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { OutputSanitizer } from "./sanitize.ts";

export interface HandoverOptions {
  /** Working folder of the session. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Takes the screen and the keys from Ink while `callback` runs. */
  readonly suspendTerminal: (callback: () => Promise<void>) => Promise<void>;
  /** Resolves when everything rendered so far is on its way to the terminal. */
  readonly flush: () => Promise<void>;
  /** All that prints by itself. */
  readonly scrollback: Pausable;
  /** Keeps its size meanwhile. */
  readonly screen: Pausable;
  readonly stdin: NodeJS.ReadStream;
}

export interface Pausable {
  pause(): void | Promise<void>;
  resume(): void;
}

/** What a person made of a text in an editor. */
export type Edited =
  | { readonly kind: "changed"; readonly text: string }
  | { readonly kind: "kept"; readonly problem?: string };

/** Text, or a file of it relative to the working folder. */
export type Paged =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

/** The exit code by which a shell says that it cannot find a program. */
const NOT_FOUND = 127;
/** Long enough for a stop of our own process to come first. */
const STOP_MS = 100;

export class Handover {
  readonly #options: HandoverOptions;
  #child: ChildProcess | undefined;
  #isGiven = false;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Whether another program has the terminal: Ctrl-C is meant for it then. */
  get isGiven(): boolean {
    return this.#isGiven;
  }

  /** Opens a text in `$VISUAL`, `$EDITOR` or `vi`. Never rejects. */
  async edit(text: string): Promise<Edited> {
    const { environment } = this.#options;
    const editor = environment["VISUAL"] || environment["EDITOR"] || "vi";
    let folder: string | undefined;
    try {
      // A folder for its owner alone: editors leave backups beside the file.
      folder = await mkdtemp(join(tmpdir(), "eagerdeck-"));
      const file = join(folder, "cell.ts");
      await writeFile(file, text === "" ? "" : `${text}\n`, { mode: 0o600 });
      const code = await this.#run(editor, [file]);
      if (code === undefined) return { kind: "kept" };
      if (code !== 0) return { kind: "kept", problem: failure(editor, "$VISUAL or $EDITOR", code) };
      const edited = (await readFile(file, "utf8")).replace(/\r?\n$/, "");
      return edited === text ? { kind: "kept" } : { kind: "changed", text: edited };
    } catch (error) {
      return { kind: "kept", problem: `the text could not be edited: ${messageOf(error)}` };
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
    }
  }

  /** Shows a text in `$PAGER` or `less`. Never rejects. @returns what went wrong, for the person. */
  async page(paged: Paged): Promise<string | undefined> {
    const pager = this.#options.environment["PAGER"] || "less -R";
    try {
      const code = await this.#run(pager, [], () => this.#source(paged));
      // A pager that was closed early may end with any other code.
      return code === NOT_FOUND ? failure(pager, "$PAGER", code) : undefined;
    } catch (error) {
      return `the text could not be shown: ${messageOf(error)}`;
    }
  }

  /** Stops like any program at Ctrl-Z; cells run on. Never rejects. */
  async suspend(): Promise<void> {
    await this.#give(async () => {
      const continued = once(process, "SIGCONT");
      // To the whole group: the shell waits for all of the job. A group without a shell is not stopped.
      process.kill(0, "SIGTSTP");
      await Promise.race([continued, delay(STOP_MS)]);
      // The window may have another size by now, and only the foreground is told of changes.
      process.kill(process.pid, "SIGWINCH");
    }).catch(() => undefined);
  }

  /** Ends the program that has the terminal. */
  close(): void {
    this.#child?.kill();
  }

  async *#source(paged: Paged): AsyncGenerator<string> {
    if (paged.kind === "text") return yield paged.text;
    const sanitizer = new OutputSanitizer(true);
    const file = createReadStream(resolve(this.#options.folder, paged.path), "utf8");
    for await (const chunk of file) yield sanitizer.next(String(chunk));
  }

  /** Runs a command with the terminal. @returns its exit code; nothing if another one has it. */
  async #run(
    command: string,
    args: readonly string[],
    input?: () => AsyncGenerator<string>,
  ): Promise<number | undefined> {
    const { environment, folder } = this.#options;
    let code: number | undefined;
    await this.#give(async () => {
      const [program, programArgs] = commandLine(command, args);
      const child = spawn(program, programArgs, {
        cwd: folder,
        env: { ...environment, LESS: environment["LESS"] ?? "R" },
        stdio: [input ? "pipe" : "inherit", "inherit", "inherit"],
      });
      this.#child = child;
      try {
        const closed = once(child, "close").catch((error: unknown) => {
          if (!isMissing(error)) throw error;
          code = NOT_FOUND;
        });
        // Closed before it has read everything, it breaks the pipe; that is no failure.
        if (input && child.stdin) {
          pipeline(Readable.from(input()), child.stdin).catch(() => undefined);
        }
        await closed;
        code ??= child.exitCode ?? 1;
      } finally {
        this.#child = undefined;
      }
    });
    return code;
  }

  async #give(use: () => Promise<void>): Promise<void> {
    if (this.#isGiven) return;
    const { flush, screen, scrollback, stdin, suspendTerminal } = this.#options;
    this.#isGiven = true;
    try {
      await scrollback.pause();
      await screen.pause();
      // What Ink has not painted yet it would drop.
      await flush();
      await suspendTerminal(async () => {
        await releaseKeys(stdin);
        try {
          await use();
        } finally {
          // Ink draws next, for the size that the terminal has now.
          screen.resume();
        }
      });
    } finally {
      screen.resume();
      scrollback.resume();
      this.#isGiven = false;
    }
  }
}

/**
 * What people write into EDITOR and PAGER is for a shell. It is asked only where it has to be: it would
 * stand between us and the program when either of them is ended.
 */
function commandLine(command: string, args: readonly string[]): [string, string[]] {
  const [program = "", ...words] = command.trim().split(/\s+/);
  if (!/[|&;<>()$`\\"'*?[#~=%{}!]/.test(command)) return [program, [...words, ...args]];
  // Ctrl-C is for the program; a shell without a trap would leave it alone with the terminal.
  const script = `trap : INT QUIT; ${command}${args.length > 0 ? ' "$@"' : ""}`;
  return ["/bin/sh", ["-c", script, program, ...args]];
}

/**
 * Ink takes its listener away, and the stream goes on reading: the next key would be ours. Only the step
 * from flowing to paused ends a read that waits, and a stream can flow once it has seen, in a turn of its
 * own, that its listener is gone.
 */
async function releaseKeys(stdin: NodeJS.ReadStream): Promise<void> {
  await nextTurn();
  stdin.resume();
  stdin.pause();
  await nextTurn();
}

function failure(program: string, variable: string, code: number): string {
  return code === NOT_FOUND
    ? `${program} was not found; ${variable} names the program to use`
    : `${program} ended with ${code}: the text stays as it was`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
