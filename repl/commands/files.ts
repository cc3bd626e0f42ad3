/**
 * Commands about files, programs and settings: `.npm`, `.load`, `.save`, `.cd`, `.sh`, `.set` and their like.
 *
 * What reads and writes notebooks is loaded when it is asked for: a validator has no place in the start of a prompt.
 * @module
 */
import { lstat, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { extname, resolve } from "node:path";
import { deckPage } from "../../runtime/deck/views.ts";
import { writeWhole } from "../../runtime/deck/whole-file.ts";
import type { CheckPolicy } from "../../runtime/session/client/api.ts";
import { InstallError, installArguments } from "../../runtime/session/client/install.ts";
import { askRemote, remoteRequest } from "../../runtime/session/client/remote.ts";
import { counted } from "../../runtime/values/format.ts";
import { OutputSanitizer, sanitize, sanitizeLine } from "../terminal/sanitize.ts";
import { type Command, type CommandContext, CommandError, withFlags, words } from "./command.ts";
import { runShell } from "./shell.ts";

export const POLICIES: readonly CheckPolicy[] = ["off", "warn", "error"];
const COLLECTED_LENGTH_MAX = 512_000;

export const fileCommands: readonly Command[] = [
  {
    name: "npm",
    group: "files, settings",
    usage: ".npm i PACKAGE",
    short: "install packages",
    summary: "installs packages into the session's folder; also %npm i PACKAGE",
    when: "now",
    run: install,
  },
  {
    name: "check",
    group: "files, settings",
    usage: ".check [LEVEL]",
    short: "what type errors do",
    summary:
      ".check off|warn|error: what type errors do to a cell: nothing, accompany it, or stop it",
    when: "now",
    run: (argument, { session }) => {
      if (argument === "") return `check: ${session.check}`;
      const policy = POLICIES.find((name) => name === argument);
      if (policy === undefined) throw new CommandError(`.check takes ${POLICIES.join(", ")}`);
      session.check = policy;
      return `check: ${policy}`;
    },
  },
  {
    name: "load",
    aliases: ["run"],
    group: "files, settings",
    usage: ".load FILE",
    short: "run its cells",
    summary:
      "runs the cells of a .ts script (split at // %% lines) or of an .ipynb notebook; stops at the first failure",
    when: "queued",
    run: load,
  },
  {
    name: "save",
    group: "files, settings",
    usage: ".save FILE",
    short: "as ts, ipynb, html",
    summary:
      ".save FILE [--all] [--force]: the cells that ended well as a .ts script or an .ipynb notebook with outputs, or the last deck as .html; --all also cells that failed, --force over a file that is there",
    when: "queued",
    run: save,
  },
  {
    name: "cd",
    aliases: ["pwd"],
    group: "files, settings",
    usage: ".cd [FOLDER]",
    short: "where cells work",
    summary:
      "the working folder of cells and of .sh, .load and .save, until a restart; imports are still looked for in the session's folder; .cd - goes back",
    when: "queued",
    run: changeFolder,
  },
  {
    name: "sh",
    group: "files, settings",
    usage: ".sh COMMAND",
    short: "in your shell",
    summary: "runs a line in $SHELL, in the working folder, without input; Ctrl-C ends it",
    when: "now",
    run: shell,
  },
  {
    name: "remote",
    group: "files, settings",
    usage: ".remote [P/D]",
    short: "calls on a cluster",
    summary:
      ".remote PROJECT/DOMAIN [--config FILE]: calls that say nothing else run on the Flyte cluster of that file, or of ~/.flyte, until a restart; a file that says both needs no PROJECT/DOMAIN; alone it says where they run and how the cluster is; .remote off: in this session again",
    when: "queued",
    run: remote,
  },
  {
    name: "set",
    group: "files, settings",
    usage: ".set [KEY VALUE]",
    short: "settings",
    summary: "changes a setting of this REPL; alone it lists them, with what each takes",
    when: "now",
    run: (argument, { state: { settings } }) => {
      const [key, ...value] = words(argument);
      if (key === undefined) return settings.rows().join("\n");
      if (value.length === 0) return settings.row(key);
      settings.set(key, value.join(" "));
      return `${key}: ${value.join(" ")}`;
    },
  },
  {
    name: "theme",
    group: "files, settings",
    usage: ".theme [NAME]",
    short: "dark, light, none",
    summary: "colours: auto, dark, light or none; the same as .set theme",
    when: "now",
    run: (argument, { state: { settings } }) => {
      if (argument !== "") settings.set("theme", argument);
      return `theme: ${settings.values.theme}`;
    },
  },
];

async function install(argument: string, context: CommandContext): Promise<string> {
  const packages = installArguments(`.npm ${argument}`);
  if (packages === undefined) throw new CommandError(".npm takes packages: .npm i zod");
  const output = new Output(context);
  try {
    await context.session.install(packages, {
      onOutput: output.take,
      ...(context.signal && { signal: context.signal }),
    });
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    throw new CommandError(`${output.collected()}${error.message}`);
  }
  return output.collected().trimEnd();
}

async function load(argument: string, context: CommandContext): Promise<string> {
  const [file, ...more] = words(argument);
  if (file === undefined || more.length > 0) {
    throw new CommandError(".load takes a file: .load report.ts (quotes around blanks)");
  }
  const cells = await readCells(resolve(context.state.folder, withHome(file)), file);
  if (cells.length === 0) return `no cells in ${sanitizeLine(file)}`;
  for (const [index, code] of cells.entries()) {
    const place = `cell ${index + 1} of ${cells.length} of ${sanitizeLine(file)}`;
    if (context.signal?.aborted) throw new CommandError(`stopped before ${place}`);
    const { status } = await context.execute(code);
    if (status !== "ok") throw new CommandError(`stopped: ${place} ${ended(status)}`);
  }
  return `ran ${counted(cells.length, "cell")} of ${sanitizeLine(file)}`;
}

function ended(status: "error" | "interrupted" | "aborted"): string {
  return status === "error" ? "failed" : `was ${status}`;
}

async function readCells(path: string, file: string): Promise<readonly string[]> {
  try {
    const { cellsOfFile } = await import("../../runtime/session/notebook-file.ts");
    return await cellsOfFile(path);
  } catch (error) {
    throw new CommandError(`cannot load ${sanitizeLine(file)}: ${reasonOf(error)}`);
  }
}

async function save(argument: string, context: CommandContext): Promise<string> {
  const usage = ".save FILE [--all] [--force]";
  const { rest, flags } = withFlags(argument, ["--all", "--force"], usage);
  const [file, ...more] = rest;
  if (file === undefined || more.length > 0) {
    throw new CommandError(`.save takes a file: ${usage} (quotes around blanks)`);
  }
  const kind = extname(file).toLowerCase();
  if (![".ts", ".ipynb", ".html"].includes(kind)) {
    throw new CommandError(`.save writes .ts, .ipynb and .html, not '${sanitizeLine(file)}'`);
  }
  const path = resolve(context.state.folder, withHome(file));
  await refuseToOverwrite(path, file, flags.has("--force"));
  try {
    return await write(kind, { path, file, all: flags.has("--all"), context });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot save ${sanitizeLine(file)}: ${reasonOf(error)}`);
  }
}

interface Saving {
  readonly path: string;
  readonly file: string;
  readonly all: boolean;
  readonly context: CommandContext;
}

async function write(kind: string, { path, file, all, context }: Saving): Promise<string> {
  if (kind === ".html") {
    const run = context.run();
    if (run === undefined) throw new CommandError("no deck to save: no calls yet");
    await writeWhole(path, await deckPage(run));
    return `saved the deck of ${run.n === undefined ? run.title : `In [${run.n}]`} as ${sanitizeLine(file)}`;
  }
  const { writeNotebook } = await import("../../runtime/session/notebook-file.ts");
  const { savedNotebook, savedScript } = await import("./saved.ts");
  const cells = context.transcript.cells().filter(({ status }) => status !== "running");
  const notebook =
    kind === ".ts"
      ? savedScript(cells, { all })
      : await savedNotebook(cells, { all, runs: context.runs() });
  if (notebook.cells.length === 0) {
    const why =
      cells.length === 0 ? "no cell was run yet" : "no cell ended well (--all saves them)";
    throw new CommandError(`nothing to save: ${why}`);
  }
  await writeNotebook(path, notebook);
  return `saved ${counted(notebook.cells.length, "cell")} as ${sanitizeLine(file)}`;
}

async function refuseToOverwrite(path: string, file: string, isForced: boolean): Promise<void> {
  // A link that leads nowhere is something too: writing would replace it.
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const followed = await stat(path).catch(() => undefined);
  if (followed?.isDirectory()) throw new CommandError(`${sanitizeLine(file)} is a folder`);
  if (!isForced) {
    throw new CommandError(`${sanitizeLine(file)} is there already; --force writes over it`);
  }
}

async function changeFolder(argument: string, { session, state }: CommandContext): Promise<string> {
  if (argument === "") return state.folder;
  const [wanted = argument, ...more] = words(argument);
  if (more.length > 0) throw new CommandError(".cd takes one folder (quotes around blanks)");
  if (wanted === "-" && state.folderBefore === undefined) {
    throw new CommandError("no folder to go back to");
  }
  const folder =
    wanted === "-" ? (state.folderBefore ?? "") : resolve(state.folder, withHome(wanted));
  const found = await stat(folder).catch((error: unknown) => {
    throw new CommandError(`cannot go to ${sanitizeLine(wanted)}: ${reasonOf(error)}`);
  });
  if (!found.isDirectory()) throw new CommandError(`${sanitizeLine(wanted)} is no folder`);
  // By its real name: the session may have a `process` of its own.
  const move = `globalThis.process.chdir(${JSON.stringify(folder)})`;
  const moved = await session.evaluate(move);
  if (!moved.ok) {
    throw new CommandError(
      `cannot go to ${sanitizeLine(wanted)}: ${sanitizeLine(moved.error.message)}`,
    );
  }
  state.folderBefore = state.folder;
  state.folder = folder;
  const isHome = folder === session.folder;
  const note = isHome ? "" : ` (imports are still looked for in ${sanitizeLine(session.folder)})`;
  return `${sanitizeLine(folder)}${note}`;
}

async function remote(argument: string, { session }: CommandContext): Promise<string> {
  const request = remoteRequest(words(argument));
  if (request === undefined) {
    throw new CommandError(
      ".remote takes PROJECT/DOMAIN [--config FILE], off, or nothing: .remote flytesnacks/development",
    );
  }
  const { ok, text } = await askRemote(session, request);
  if (!ok) throw new CommandError(sanitize(text));
  return sanitize(text);
}

async function shell(argument: string, context: CommandContext): Promise<string> {
  if (argument === "") throw new CommandError(".sh takes a command: .sh git status");
  const output = new Output(context);
  const ended = await runShell(argument, {
    folder: context.state.folder,
    onOutput: output.take,
    ...(context.signal && { signal: context.signal }),
  });
  const text = output.collected().trimEnd();
  const before = text === "" ? "" : `${text}\n`;
  if (ended.kind === "not-started") {
    throw new CommandError(`the shell did not start: ${sanitizeLine(ended.reason)}`);
  }
  if (ended.kind === "signal") throw new CommandError(`${before}ended by ${ended.signal}`);
  if (ended.code !== 0) throw new CommandError(`${before}exit code ${ended.code}`);
  return text;
}

/** What another program prints: passed on as it comes, or kept until the end when nobody listens. */
class Output {
  readonly #say: CommandContext["say"];
  readonly #safe: OutputSanitizer;
  #text = "";
  #left = 0;

  constructor({ say, style }: CommandContext) {
    this.#say = say;
    this.#safe = new OutputSanitizer(style.hasColor);
  }

  readonly take = (stream: "stdout" | "stderr", text: string): void => {
    if (this.#say) return this.#say(stream, text);
    const kept = text.slice(0, Math.max(0, COLLECTED_LENGTH_MAX - this.#text.length));
    this.#text += kept;
    this.#left += text.length - kept.length;
  };

  /** Safe to print; ends with a line end, unless there is nothing. */
  collected(): string {
    if (this.#text === "") return "";
    const left = this.#left > 0 ? `\n… ${counted(this.#left, "more character")}` : "";
    const text = this.#safe.next(this.#text.replaceAll("\r", "").replace(/\n$/, ""));
    return `${text}${left}\n`;
  }
}

function withHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}

/** What the file system or the reader says, in words. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException; // what node:fs throws
  if (code !== undefined && code in REASONS) return REASONS[code] ?? code;
  return sanitizeLine(message);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "the name is too long",
};
