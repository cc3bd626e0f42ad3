/**
 * The first code of `eagerdeck repl`: decides the mode and starts the session.
 *
 * For the screen it first takes the terminal: raw mode, paste mode, a stand-in prompt. Keys typed while
 * Ink loads would otherwise be echoed twice, and an early paste would run. Therefore nothing heavy is
 * imported here; Ink and React load for the screen only.
 * @module
 */
import { writeSync } from "node:fs";
import { createRequire, enableCompileCache, flushCompileCache } from "node:module";
import { resolve } from "node:path";
import type { CheckPolicy, Session, SessionOptions } from "../runtime/session/client/api.ts";
import { exitCodes } from "./exit-codes.ts";
import { armRestore } from "./terminal/restore.ts";

export interface ReplOptions {
  readonly mode: "auto" | "plain" | "json";
  /** Runs this file's cells. */
  readonly file?: string;
  /** Runs this text's cells. */
  readonly code?: string;
  readonly check?: CheckPolicy;
  /** The folder that cells resolve imports from; absolute. */
  readonly folder: string;
  /** Values and errors only. */
  readonly quiet?: boolean;
  /** Go on after a failed cell. */
  readonly keepGoing?: boolean;
  /** Whether what is typed is kept for later sessions; default true. */
  readonly history?: boolean;
  /** Stay interactive after `file` or `code`. */
  readonly interactiveAfter?: boolean;
}

/** By then everything has been loaded that a session usually needs, and nobody waits for it. */
const CACHE_AFTER_MS = 2_000;

export type StartSession = (options: SessionOptions) => Session;

/** Runs until the person leaves or the input ends. @returns the exit code. */
export async function runRepl(options: ReplOptions, start?: StartSession): Promise<number> {
  enableCompileCache?.();
  const source = await readSource(options);
  if (source.kind === "missing") {
    process.stderr.write(`${source.problem}\n`);
    return exitCodes.usage;
  }
  const isInteractive = source.cells === undefined || options.interactiveAfter === true;
  if (options.mode === "auto" && isInteractive && hasScreen(process.env)) {
    return await launchScreen(options, source.cells ?? [], start);
  }
  const { runPlain } = await import("./plain/main.ts");
  return await runPlain(options, { cells: source.cells, start: start ?? (await realStart()) });
}

/** Whether Ink may have the terminal. */
function hasScreen(environment: NodeJS.ProcessEnv): boolean {
  if (!process.stdin.isTTY || !process.stdout.isTTY || environment["TERM"] === "dumb") return false;
  return !environment["CI"] && !environment["INK_SCREEN_READER"];
}

async function launchScreen(
  options: ReplOptions,
  firstCells: readonly string[],
  start: StartSession | undefined,
): Promise<number> {
  const { stdin, stdout } = process;
  const ended = Promise.withResolvers<number>();
  const onTerminate = () => ended.resolve(exitCodes.terminated);
  const onHangUp = () => ended.resolve(exitCodes.hungUp);
  // A failure of ours that nobody caught; a rejection that nobody handles comes here too.
  let isBroken = false;
  const onBug = (error: unknown) => {
    // The way out is broken as well: what is left is to give the terminal back.
    if (isBroken) {
      restorer.restore();
      process.exit(exitCodes.internal);
    }
    isBroken = true;
    ended.reject(error);
  };
  // While the screen loads nobody waits for it yet.
  ended.promise.catch(() => undefined);
  const drawn = Promise.withResolvers<void>();
  let press: () => void = () => undefined;
  const onSigint = () => press();
  let session: Session | undefined;
  const restorer = armRestore(stdin, stdout.fd);
  stdin.setRawMode(true);
  stdout.write(`\x1b[?2004h${standIn(process.env)}`);
  process.on("SIGTERM", onTerminate).on("SIGHUP", onHangUp).on("SIGINT", onSigint);
  process.on("uncaughtException", onBug);
  // The terminal may vanish at any time (a closed window): writes then fail with EIO or EPIPE.
  stdout.on("error", onHangUp);
  stdin.on("error", onHangUp).on("end", onHangUp);
  try {
    const [{ createStyle, hasLightGround, wantsAscii, wantsColor }, { silenceConsole }] =
      await Promise.all([import("./terminal/style.ts"), import("./terminal/quiet.ts")]);
    const style = createStyle({
      hasColor: wantsColor(process.env, true),
      isAscii: wantsAscii(process.env),
      isGroundLight: hasLightGround(process.env),
    });
    silenceConsole(process.env["EAGERDECK_DEBUG"]);
    const startSession = start ?? (await realStart());
    session = startSession({
      folder: options.folder,
      columns: Math.max(40, Math.min(stdout.columns || 80, 120)),
      color: style.hasColor,
      checkerAfter: drawn.promise,
      ...(options.check === undefined ? {} : { check: options.check }),
    });
    const { runScreen, Screen } = await loadScreen();
    return await runScreen({
      session,
      screen: new Screen(stdout),
      stdin,
      style,
      firstCells,
      keepsHistory: options.history !== false,
      ended: ended.promise,
      onDrawn: () => {
        drawn.resolve();
        if (session) afterwards(session);
      },
      onSigint: (hear) => {
        press = hear;
      },
    });
  } catch (error) {
    restorer.restore();
    sayBug(error);
    return exitCodes.internal;
  } finally {
    restorer.restore();
    // What failed before the screen had it would leave its processes behind.
    await session?.close({ graceMs: 0 });
    process.off("SIGTERM", onTerminate).off("SIGHUP", onHangUp).off("SIGINT", onSigint);
    process.off("uncaughtException", onBug);
    stdin.unref();
  }
}

/** React chooses its build when it is loaded: the production one takes half the CPU. */
async function loadScreen() {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    const [{ runScreen }, { Screen }] = await Promise.all([
      import("./main.tsx"),
      import("./terminal/screen.ts"),
    ]);
    return { runScreen, Screen };
  } finally {
    // User processes that start later get our environment: their NODE_ENV is none of our business.
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}

/** What can wait until the person sees the prompt. */
function afterwards(session: Session): void {
  // Loads the parser, which the first Enter asks.
  setImmediate(() => session.parse(""));
  // Node writes its compile cache at exit only: a REPL that is killed would never start warm.
  setTimeout(() => flushCompileCache?.(), CACHE_AFTER_MS).unref();
}

/** As the other commands say it. */
function sayBug(error: unknown): void {
  const { version } = createRequire(import.meta.url)("eagerdeck/package.json");
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    writeSync(
      process.stderr.fd,
      `eagerdeck ${version}: an error of ours, please report it\n${stack}\n`,
    );
  } catch {
    // The terminal is gone (EIO), and with it whoever would read this.
  }
}

async function realStart(): Promise<StartSession> {
  const { startSession } = await import("../runtime/session/client/session.ts");
  return startSession;
}

function standIn(environment: NodeJS.ProcessEnv): string {
  return environment["NO_COLOR"] ? "In [1]: " : "\x1b[2mIn [1]: \x1b[0m";
}

type Source =
  | { readonly kind: "cells"; readonly cells?: readonly string[] }
  | { readonly kind: "missing"; readonly problem: string };

/** The cells to begin with: of `-e`, of a script or of a notebook. */
async function readSource({ file, code, folder }: ReplOptions): Promise<Source> {
  if (code !== undefined) {
    const { splitCells } = await import("./plain/cells.ts");
    return { kind: "cells", cells: splitCells(code) };
  }
  if (file === undefined) return { kind: "cells" };
  const { cellsOfFile } = await import("../runtime/session/notebook-file.ts");
  try {
    return { kind: "cells", cells: await cellsOfFile(resolve(folder, file)) };
  } catch (error) {
    return { kind: "missing", problem: `cannot read ${file}: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException; // what node:fs throws, or the reader of notebooks
  if (code === "ENOENT") return "no such file";
  if (code === "EISDIR") return "it is a folder";
  return message;
}
