/**
 * The commands and their options; each command's work is in its own file, loaded when it is called.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { exitCodes } from "../repl/exit-codes.ts";
import { dialects, ownDialect } from "../runtime/session/dialect.ts";
import { packageRoot } from "../runtime/session/package-root.ts";
import { clusterOptions } from "./cluster.ts";
import { UsageError } from "./usage.ts";

/** A command's work; resolves with its exit code. */
// biome-ignore lint/suspicious/noExplicitAny: commander gives every action `any[]`; each action names its own.
type Action = (...args: any[]) => Promise<number>;
type Acting = <A extends Action>(action: A) => (...given: Parameters<A>) => Promise<void>;

/**
 * Runs the command line.
 * @param args without node and script.
 * @returns the exit code: 0 all went well, 1 a cell or workflow failed, 2 wrong usage, 70 an error of ours.
 */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const acting: Acting =
    (action) =>
    async (...given) => {
      code = await action(...given);
    };
  const program = commands(acting, isRemoteRun(args));
  try {
    checkEnvironment();
    const isNotebook = args[0] === "notebook";
    const given = isNotebook ? (await import("./parameters.ts")).joinedParameters(args) : args;
    await program.parseAsync(given, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (isUsageError(error)) {
      process.stderr.write(`eagerdeck: ${error.message}\n`);
      return exitCodes.usage;
    }
    process.stderr.write(`eagerdeck ${version()}: an error of ours, please report it\n`);
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return exitCodes.internal;
  }
}

/** What every session would refuse is said here, before anything starts. */
function checkEnvironment(): void {
  try {
    ownDialect();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Usage errors of the kernel's own modules are recognised by name: they do not know the command line. */
function isUsageError(error: unknown): error is Error {
  return error instanceof UsageError || (error instanceof Error && error.name === "UsageError");
}

function version(): string {
  return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;
}

const CHECK = new Option("--check <policy>", "what type errors do to a cell")
  .choices(["error", "warn", "off"])
  .default("error");

const REPL_HELP = `
Without a file and -e, a terminal gets the REPL; a pipe is read as cells. Cells are split at lines that begin with // %%.
Values and output go to stdout; prompts, decks, task lines and errors to stderr.

Exit codes:
  0  all cells ran                  2  wrong usage, no such file, no text
  1  a cell failed or was refused   3  the user process could not start or died
  n  process.exit(n) in a cell      70 an error of ours
  129, 130, 143  hung up, interrupted, terminated; 141  nobody reads the output any more

Environment:
  NO_COLOR, FORCE_COLOR  never or always colours      EAGERDECK_ASCII=1    ASCII instead of ✓ ✕ ▸
  EAGERDECK_HISTORY=off  keeps nothing on disk        INK_SCREEN_READER=1  whole lines, words instead of glyphs

Examples:
  eagerdeck repl
  eagerdeck repl -i setup.ts
  echo 'const xs = [1, 2]; xs.map((x) => x * 2)' | eagerdeck repl
`;

/** With it `run` has options that are names of inputs elsewhere: `--name`, `--version`. */
function isRemoteRun(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args[0] === "run" && args.slice(0, end < 0 ? args.length : end).includes("--remote");
}

function commands(acting: Acting, isRemote: boolean): Command {
  const program = new Command("eagerdeck")
    .description(
      "Eager workflows for TypeScript, in the terminal, in Jupyter and from the command line.",
    )
    .version(version(), "--version", "print the version")
    // `--version` behind a command is that command's.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show this help")
    .addHelpText(
      "after",
      "\nExample:\n  eagerdeck repl                  explore in the terminal\n  eagerdeck run flow.ts main --x 5   run one workflow and see its deck\n",
    )
    .exitOverride();

  program
    .command("repl [file]")
    .description("open the terminal REPL, or run a file, code or standard input as cells")
    .option("-e, --eval <code>", "run this code as one cell and leave", once)
    .option("-i, --interactive", "stay in the REPL after -e or a file")
    .option("--plain", "no screen control: one line after the other")
    .option("--json", "JSON lines in and out, for programs")
    .option("--quiet", "values and errors only")
    .option("--keep-going", "go on after a failed cell")
    .option("--no-history", "neither read nor keep what is typed")
    .addOption(CHECK)
    .addHelpText("after", REPL_HELP)
    .action(
      acting(async (file: string | undefined, options) =>
        (await import("./repl.ts")).repl(file, options),
      ),
    );

  const run = program
    .command("run")
    .usage("[options] <file> <workflow> [inputs...]")
    // Checked by `given`: help is to be had without them.
    .argument("[file]", "a TypeScript module")
    .argument("[workflow]", "the name of an exported task, workflow or eager workflow")
    .argument("[inputs...]", "its inputs, as --name value; files and folders as paths or addresses")
    .description("run one workflow of a file; prints its value, and its deck to stderr")
    .option("--deck <file>", "write the deck as a page")
    .option("--json", "events and result as JSON lines")
    .option("--remote", "run it on a Flyte cluster; more with --remote --help")
    .helpOption(false)
    .option("-h, --help", "show this help; behind a file and a workflow, the inputs of that")
    .allowUnknownOption()
    .addHelpText(
      "after",
      "\nExamples:\n  eagerdeck run notebooks/workflows.ts simpleEagerWorkflow --x 5 --deck deck.html\n  eagerdeck run files.ts countRows --file data.csv\n\nInputs named like an option go behind --: eagerdeck run flow.ts flow -- --deck value\n",
    )
    .action(
      acting(
        async (
          file: string | undefined,
          workflow: string | undefined,
          inputs: string[],
          options,
        ) => {
          if (options.help && workflow === undefined) run.help();
          const of = [given(run, "file", file), given(run, "workflow", workflow)] as const;
          if (options.remote && !options.help) {
            return (await import("./run-remote.ts")).runRemote(...of, inputs, options);
          }
          return (await import("./run.ts")).run(...of, inputs, options);
        },
      ),
    );

  if (isRemote) {
    clusterOptions(run)
      .option("--name <name>", "of the execution")
      .option("--detach", "start it and leave; prints its page");
  }

  clusterOptions(program.command("register"))
    .argument("<paths...>", "TypeScript modules, or folders of them")
    .description("make tasks and workflows known to a Flyte cluster, with their code")
    .option("--dry-run", "only show what would be created")
    .addHelpText(
      "after",
      "\nExample:\n  eagerdeck register --project flytesnacks --domain development --image ghcr.io/team/flows:1 flows/\n",
    )
    .action(
      acting(async (paths: string[], flags) =>
        (await import("./register.ts")).register(paths, flags),
      ),
    );

  program
    .command("execute", { hidden: true })
    .argument("[module]", "the module that makes the task")
    .argument("[task]", "the task's name on the cluster")
    .description("what the container of a task runs; the cluster fills in the arguments")
    .option("--inputs <uri>", "where inputs.pb is")
    .option("--output-prefix <uri>", "where outputs.pb, error.pb and deck.html go")
    .option("--raw-output-data-prefix <uri>", "where files and tables of the outputs go")
    .option("--checkpoint-path <uri>", "where this attempt keeps its checkpoint")
    .option("--prev-checkpoint <uri>", "where the attempt before kept its own")
    .option("--bundle <uri>", "the code, as a tar.gz")
    .option("--sha256 <hex>", "of the tar in the bundle")
    .option("--cleanup", "end what a failed eager workflow has left running")
    .option("--secret <group/key>", "with --cleanup: what logs in")
    .option("--max-output-mb <count>", "the most that the outputs may have (default: 10)")
    .addHelpText(
      "after",
      "\nExample:\n  eagerdeck execute --inputs file:///tmp/inputs.pb --output-prefix file:///tmp/out -- flow.ts flow.addOne\n",
    )
    .action(
      acting(async (module: string | undefined, task: string | undefined, flags) =>
        (await import("./execute.ts")).execute(module, task, flags),
      ),
    );

  kernelCommands(
    program
      .command("kernel")
      .description("the Jupyter kernel")
      .addHelpText("after", "\nExample:\n  eagerdeck kernel install --sys-prefix\n"),
    acting,
  );

  const notebook = program
    .command("notebook")
    .description("notebooks without Jupyter")
    .addHelpText("after", "\nExample:\n  eagerdeck notebook run IN.ipynb OUT.ipynb -p x 10\n");
  notebook
    .command("run")
    .argument("<notebook>", "an .ipynb file, or a .ts script with // %% cells")
    .argument("[out]", "where it goes with its outputs (default: nowhere, they are discarded)")
    .description("execute a notebook through the real kernel; stops at the first failing cell")
    .option("-o, --output <file>", "the same as [out]")
    .option(
      "-p, --parameter <name=value>",
      "a value for a variable of the cell tagged `parameters`; also -p name value",
      (pair: string, pairs: readonly string[] = []) => [...pairs, pair],
    )
    .option("-f, --parameters-file <file>", "the same from a file: a JSON object")
    .option("--deck <file>", "write the deck of the whole notebook as a page")
    .option("--keep-going", "execute the cells after a failing one too")
    .addHelpText(
      "after",
      "\nExample:\n  eagerdeck notebook run notebooks/01-eager-workflows.ipynb out.ipynb --deck deck.html\n",
    )
    .action(
      acting(async (file: string, out: string | undefined, options) =>
        (await import("./notebook.ts")).notebookRun(file, out, options),
      ),
    );

  runsCommands(
    program
      .command("runs")
      .description("what ran in this folder")
      .addHelpText("after", "\nExample:\n  eagerdeck runs list\n"),
    acting,
  );

  program
    .command("cache")
    .description("values of cached tasks in this folder")
    .addHelpText("after", "\nExample:\n  eagerdeck cache clear\n")
    .command("clear")
    .description("forget all values")
    .addHelpText("after", "\nExample:\n  eagerdeck cache clear\n")
    .action(acting(async () => (await import("./runs.ts")).clearCache()));

  // commander does not hand these down to commands made by `.command()`.
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(`eagerdeck: ${oneSentence(text)} (see --help)\n`),
    });
  }
  return program;
}

/** @throws {CommanderError} as commander does for an argument that is missing. */
function given(command: Command, name: string, value: string | undefined): string {
  return value ?? command.error(`error: missing required argument '${name}'`);
}

function runsCommands(runs: Command, acting: Acting): void {
  runs
    .command("list", { isDefault: true })
    .description("list the newest runs")
    .option("--limit <count>", "how many at most (default: 20)")
    .option("--json", "one JSON object per line")
    .addHelpText("after", "\nExample:\n  eagerdeck runs list --limit 5\n")
    .action(acting(async (flags) => (await import("./runs.ts")).listRuns(flags)));
  runs
    .command("show <id>")
    .description("print the deck of a run; the beginning of its id will do")
    .option("--json", "its record as one JSON object")
    .addHelpText("after", "\nExample:\n  eagerdeck runs show r1a2b\n")
    .action(acting(async (id: string, flags) => (await import("./runs.ts")).showRun(id, flags)));
  runs
    .command("deck <id>")
    .description("print the path of a run's deck.html, drawn if it is not there")
    .option("--output <file>", "write it there")
    .addHelpText("after", "\nExample:\n  eagerdeck runs deck r1a2b --output deck.html\n")
    .action(acting(async (id: string, flags) => (await import("./runs.ts")).runDeck(id, flags)));
}

function kernelCommands(kernel: Command, acting: Acting): void {
  kernel
    .command("install")
    .description("make the kernel known to Jupyter")
    .option("--user", "for this user (the default)")
    .option("--sys-prefix", "into the active virtual environment or conda environment")
    .option("--prefix <dir>", "into <dir>/share/jupyter/kernels")
    .option("--name <name>", "name of the kernelspec (default: eagerdeck)")
    .option("--display-name <text>", "what Jupyter shows")
    .addOption(
      new Option("--for <kernel>", "run notebooks of this kernel, under its name").choices(
        dialects,
      ),
    )
    .option("--env <name=value...>", "environment variables of the kernel")
    .option("--force", "replace a kernelspec of that name that is not ours")
    .addHelpText("after", "\nExample:\n  eagerdeck kernel install --sys-prefix\n")
    .action(acting(async (options) => (await import("./kernel.ts")).install(options)));
  kernel
    .command("list")
    .description("list the kernelspecs of eagerdeck, wherever Jupyter looks")
    .option("--user", "only those of this user")
    .option("--sys-prefix", "only those of the active environment")
    .option("--prefix <dir>", "only those below <dir>")
    .addHelpText("after", "\nExample:\n  eagerdeck kernel list\n")
    .action(acting(async (options) => (await import("./kernel.ts")).list(options)));
  kernel
    .command("remove [name]")
    .description("remove a kernelspec of eagerdeck")
    .option("--user", "only that of this user (default: the first one that is found)")
    .option("--sys-prefix", "only that of the active environment")
    .option("--prefix <dir>", "only that below <dir>")
    .addHelpText("after", "\nExample:\n  eagerdeck kernel remove --sys-prefix\n")
    .action(
      acting(async (name: string | undefined, options) =>
        (await import("./kernel.ts")).remove(name, options),
      ),
    );
  kernel
    .command("start <connection-file>")
    .description("what Jupyter calls: serve one kernel")
    .addHelpText(
      "after",
      "\nExample:\n  eagerdeck kernel start /run/user/1000/jupyter/kernel-1.json\n",
    )
    .action(acting(async (file: string) => (await import("./kernel.ts")).start(file)));
}

/** An option that is given twice would silently lose the first. */
function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new UsageError("-e is given twice; join the code with ;");
  return value;
}

/** `error: unknown option '--prefx'\n(Did you mean --prefix?)\n` in one line. */
function oneSentence(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
