/** Programs of others on our kernel: papermill, nbconvert, jupyter console. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { htmlText } from "../support/html-text.ts";
import { type Cell, codeCells, jupyterEnv, requireVenv, runInVenv } from "../support/jupyter.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { Terminal } from "../support/terminal.ts";

const notebooks = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"));
let home: TempFolder;

beforeAll(requireVenv);
beforeEach(() => {
  home = tempFolder();
  onTestFinished(() => home[Symbol.dispose]());
});

/** Writes a notebook of these cells; @returns its file. */
function notebook(
  cells: readonly { readonly source: string; readonly tags?: readonly string[] }[],
) {
  return home.write(
    "in.ipynb",
    JSON.stringify({
      cells: cells.map(({ source, tags = [] }, n) => ({
        cell_type: "code",
        id: `c${n}`,
        metadata: { tags },
        execution_count: null,
        outputs: [],
        source,
      })),
      metadata: {
        kernelspec: { name: "eagerdeck", display_name: "x", language: "typescript" },
        language_info: { name: "typescript", file_extension: ".ts" },
      },
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
}

describe("papermill", () => {
  const PARAMETERS = {
    tags: ["parameters"],
    source: 'let x: number = 1; // how many\nlet title = "none"\nlet rest: unknown = null',
  };

  function papermill(args: readonly string[]) {
    const done = runInVenv("papermill", ["--no-progress-bar", ...args], { home: home.path });
    return { ...done, out: join(home.path, "out.ipynb") };
  }

  test("-p gives variables of the parameters cell other values, whatever is in them", () => {
    const input = notebook([
      PARAMETERS,
      { source: "console.log(JSON.stringify([x * 2, title, rest]))" },
    ]);
    const title = 'it\'s "quoted" \\ 名 ${x}';
    const yaml = '{ "a": [true, null, 1.5], "__proto__": 1 }';
    const { status, stderr, out } = papermill([
      ...[input, join(home.path, "out.ipynb")],
      ...["-p", "x", "5", "-p", "title", title, "-y", `rest: ${yaml}`],
    ]);
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain("Passed unknown parameter");
    const [, injected, last] = codeCells(out);
    expect(injected?.metadata.tags).toEqual(["injected-parameters"]);
    expect(injected?.source).toContain("let x = 5;\n");
    const [printed] = last?.outputs ?? [];
    expect(printed?.text).toBe(
      `[10,${JSON.stringify(title)},{"a":[true,null,1.5],"__proto__":1}]\n`,
    );
  });

  test("--help-notebook lists the variables with their types", () => {
    const { status, stdout } = papermill(["--help-notebook", notebook([PARAMETERS])]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/x: number \(default 1\)\s+how many/);
    expect(stdout).toMatch(/title: Unknown type \(default "none"\)/);
  });

  test("a failing cell ends it with our error, and the notebook is saved", () => {
    const input = notebook([PARAMETERS, { source: "x.toFixed(2)" }, { source: "1 + 1" }]);
    const { status, stderr, out } = papermill([
      input,
      join(home.path, "out.ipynb"),
      "-p",
      "x",
      "five",
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain("error TS2551");
    const [, , failed, last] = codeCells(out);
    expect(failed?.outputs.map(({ ename }) => ename)).toEqual(["TypeScriptError"]);
    expect(last?.outputs).toEqual([]);
  });

  test.each([
    ["my-name", "1", "'my-name' is no name of a variable"],
    ["x", "12345678901234567891", "beyond what a number holds exactly"],
  ])("-p %s %s is refused before anything runs", (name, value, why) => {
    const { status, stderr } = papermill([notebook([PARAMETERS]), "out.ipynb", "-p", name, value]);
    expect([status, stderr.includes(why)]).toEqual([1, true]);
  });

  /** papermill fails whenever a cell shows an error, also where the notebook expects it. */
  const showsError = (cells: readonly Cell[]) =>
    cells.some(({ outputs }) => outputs.some(({ output_type }) => output_type === "error"));

  test.each(notebooks)("runs all cells of %s", (name) => {
    const stored = codeCells(`notebooks/${name}`);
    const { status, stderr, out } = papermill([
      ...[resolve("notebooks", name), join(home.path, "out.ipynb")],
      ...["--cwd", resolve("notebooks"), "--engine", "eagerdeck"],
    ]);
    expect(status, stderr).toBe(showsError(stored) ? 1 : 0);
    const cells = codeCells(out);
    const kinds = (all: readonly Cell[]) =>
      all.map(({ outputs }) => outputs.map(({ output_type }) => output_type));
    expect(kinds(cells)).toEqual(kinds(stored));
  });
});

describe("nbconvert", () => {
  function convert(format: string, file: string, ...more: readonly string[]) {
    const args = ["nbconvert", "--to", format, "--output-dir", home.path, ...more, file];
    const { status, stderr } = runInVenv("jupyter", args, { home: home.path });
    expect(status, stderr).toBe(0);
  }

  test("HTML holds the decks, also those of a notebook that it executes", () => {
    const cell =
      "const addOne = task(function addOne({ x }: { x: number }) { return x + 1 })\nawait addOne({ x: 41 })";
    convert("html", notebook([{ source: cell }]), "--execute");
    const page = readFileSync(join(home.path, "in.html"), "utf8");
    expect(page).toContain("jp-RenderedHTMLCommon");
    const outputs = page.slice(page.indexOf("jp-OutputArea jp-Cell-outputArea"));
    expect(outputs).toContain('<div class="eagerdeck"');
    expect(htmlText(outputs)).toMatch(/addOne\(x: 41\) → 42/);
  });

  test("HTML of the stored notebook 1 holds every deck that is stored", () => {
    convert("html", "notebooks/01-eager-workflows.ipynb");
    const page = readFileSync(join(home.path, "01-eager-workflows.html"), "utf8");
    const decks = codeCells("notebooks/01-eager-workflows.ipynb").flatMap(({ outputs }) =>
      outputs.flatMap(({ data }) => data?.["text/html"] ?? []),
    );
    expect(decks.length).toBeGreaterThan(8);
    // It writes the tags anew: other entities, attributes in another order.
    const text = htmlText(page);
    for (const deck of decks) expect(text.includes(htmlText(deck)), htmlText(deck)).toBe(true);
    const bars = (html: string) => html.match(/background-color:#2a8544/g)?.length;
    expect(bars(page)).toBe(bars(decks.join()));
  });

  // Notebook 2 declares a task twice: cells may, one module may not.
  test.each(notebooks.filter((name) => !name.startsWith("02")))(
    "%s as a script passes the checker and runs",
    (name) => {
      convert("script", `notebooks/${name}`);
      const script = readFileSync(join(home.path, name.replace(/ipynb$/, "ts")), "utf8");
      const { status, stderr } = spawnSync(
        process.execPath,
        [resolve("dist/cli/main.js"), "repl", "--check", "error", "-e", script],
        {
          cwd: "notebooks", // the packages it imports are found from there
          encoding: "utf8",
          env: { ...process.env, EAGERDECK_HISTORY: "off" },
        },
      );
      // The cell that shows what failed there ends a program, after all that came before it went well.
      const fails = name.startsWith("05");
      expect(status, stderr).toBe(fails ? 1 : 0);
      if (fails) expect(stderr).toContain("EagerException: ml.train failed: ValueError");
      expect(stderr).not.toMatch(/error TS\d/);
    },
  );

  test("a script that does not fit its types is refused by the same means", () => {
    convert("script", notebook([{ source: "const n: number = 'text'" }]));
    const { status, stderr } = spawnSync(
      process.execPath,
      [resolve("dist/cli/main.js"), "repl", "-e", readFileSync(join(home.path, "in.ts"), "utf8")],
      { cwd: home.path, encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toContain("TS2322");
  });
});

test("jupyter console: a value, a question with its answer, and Ctrl-D leaves", async () => {
  using terminal = new Terminal(["console", "--kernel", "eagerdeck"], {
    program: resolve(".venv/bin/jupyter"),
    folder: home.path,
    environment: jupyterEnv(home.path),
  });
  const see = (wanted: RegExp) => terminal.see((text) => expect(text).toMatch(wanted), 100);
  await see(/In \[1\]:/);
  terminal.type("const kept = 1 + 1; kept\r");
  await see(/Out\[1\]: 2/);
  await see(/In \[2\]:/);
  terminal.type('await input("Name? ")\r');
  await see(/^Name\?/m);
  terminal.type("Ada\r");
  await see(/Out\[2\]: 'Ada'/);
  await see(/In \[3\]:/);
  terminal.type("\u0004");
  // It may ask whether the kernel is to be shut down as well.
  await see(/exit|shutdown|Shutting down/i);
  terminal.type("y\r");
  expect(await terminal.exited()).toBe(0);
});
