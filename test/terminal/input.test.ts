import { expect, test, vi } from "vitest";
import { runPiped, startPiped } from "../support/piped-repl.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openScriptedRepl } from "../support/terminal.ts";

type Line = Readonly<Record<string, unknown>>;

/** A program on the other end of `--json`. */
function program() {
  const repl = startPiped(["--json"]);
  const lines = () =>
    repl
      .output()
      .stdout.split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  return {
    seen: lines,
    send: (request: Line) => void repl.stdin.write(`${JSON.stringify(request)}\n`),
    /** The first line of a type, once it is there. */
    hear: async (type: string) => {
      await vi.waitFor(() => expect(lines().map((line) => line["type"])).toContain(type), {
        timeout: 10_000,
      });
      return lines().find((line) => line["type"] === type) ?? {};
    },
    end: async () => {
      repl.stdin.end();
      const { code } = await repl.ended;
      return { code, lines: lines() };
    },
  };
}

test("--json: a question goes out with an id, and its answer comes back with it", async () => {
  const { send, hear, end } = program();
  send({ type: "execute", id: 1, code: 'ask("Name? ", true)' });
  const { id, ...question } = await hear("input");
  expect(question).toEqual({ v: 1, type: "input", cell: 1, prompt: "Name? ", password: true });
  send({ type: "input-reply", id: "other", value: "Eve" });
  send({ type: "input-reply", id, value: 5 });
  send({ type: "input-reply", id, value: "Ada" });
  const { data } = await hear("result");
  expect(data).toEqual({ "text/plain": "'Ada'" });
  // Answered once is answered.
  send({ type: "input-reply", id, value: "again" });
  const { code, lines } = await end();
  expect(code).toBe(0);
  expect(lines.filter(({ type }) => type === "bad-request")).toEqual([
    {
      v: 1,
      type: "bad-request",
      id: "other",
      problem: "no `input` of this id waits for an answer",
    },
    { v: 1, type: "bad-request", id, problem: "`value` must be a string" },
    { v: 1, type: "bad-request", id, problem: "no `input` of this id waits for an answer" },
  ]);
});

test("--json: once stdin is closed, a question of a cell hears that the input has ended", async () => {
  const { send, hear, end } = program();
  send({ type: "execute", id: 1, code: 'ask("Name? ")' });
  await hear("input");
  const { lines } = await end();
  expect(lines.find(({ type }) => type === "result")).toMatchObject({
    data: { "text/plain": "'the input has ended'" },
  });
  expect(lines.at(-1)).toMatchObject({ type: "cell-ended", status: "ok" });
});

test("--json: an interrupt may name its cell; another number stops nothing", async () => {
  const { send, hear, seen, end } = program();
  send({ type: "execute", id: 1, code: 'print("on"), wait()' });
  await hear("stream");
  send({ type: "interrupt", id: 2, cell: "1" });
  send({ type: "interrupt", id: 3, cell: 99 });
  await hear("interrupted");
  send({ type: "complete", id: 5, code: "al" });
  await hear("completions");
  const stoppedBefore = seen().some(({ type }) => type === "cell-ended");
  send({ type: "interrupt", id: 4, cell: 1 });
  expect(await hear("cell-ended")).toMatchObject({ id: 1, status: "interrupted" });
  const { lines } = await end();
  expect(lines.find(({ type }) => type === "bad-request")).toMatchObject({ id: 2 });
  expect(stoppedBefore).toBe(false);
});

test("cells of a pipe, and of -e without a terminal, are refused, and told the way out", async () => {
  expect((await runPiped([], 'ask("Name? ")')).stdout).toContain(
    "standard input is the cells. Put them into a file and run it in a terminal: eagerdeck repl FILE",
  );
  expect((await runPiped(["-e", 'ask("Name? ")'])).stdout).toContain(
    "standard input is no terminal. Run it in one, or send the cells to eagerdeck repl --json",
  );
  const { stdout } = await runPiped(["--json", "-e", 'ask("Name? ")']);
  expect(stdout).toContain("with --json, send cells as requests");
});

test("--plain: the line after the question is its answer, also in a pipe that came all at once", async () => {
  const result = await runPiped(
    ["--plain"],
    'ask("Name? ")\nAda\nask("Age? ")\n36\nask("More? ")\n',
  );
  expect(result.stdout).toBe("Out[1]: 'Ada'\nOut[2]: '36'\nOut[3]: 'the input has ended'\n");
  expect(result.stderr).toContain("Name? ");
  expect(result.stderr).toContain("Age? ");
});

test("--plain in a terminal: an answer is edited and seen, a password is not", async () => {
  using terminal = openScriptedRepl({ args: ["--plain"] });
  await terminal.see((text) => expect(text).toContain("In [1]:"));
  terminal.type('ask("Name? ")\r');
  await terminal.see((_, rows) => expect(rows.at(-1)).toBe("Name?"));
  terminal.type("Adam\x7f\r");
  await terminal.see((text) => expect(text).toContain("Name? Ada\nOut[1]: 'Ada'\nIn [2]:"));
  terminal.type('ask("Key? ", true).then((key) => key.length)\r');
  await terminal.see((_, rows) => expect(rows.at(-1)).toBe("Key?"));
  terminal.type("hidden\r");
  await terminal.see((text) => expect(text).toContain("Key?\nOut[2]: 6\nIn [3]:"));
  // Neither is a line of the history.
  terminal.type("\x1b[A");
  await terminal.see((_, rows) => expect(rows.at(-1)).toContain('In [3]: ask("Key'));
  terminal.type("\x1b[A");
  await terminal.see((_, rows) => expect(rows.at(-1)).toBe('In [3]: ask("Name? ")'));
  expect(terminal.raw).not.toContain("hidden");
});

test("a terminal whose lines nobody edits hides a password too, and shows keys again after it", async () => {
  using terminal = openScriptedRepl({
    args: ["--plain"],
    environment: { INK_SCREEN_READER: "1" },
  });
  await terminal.see((text) => expect(text).toContain("In [1]:"));
  terminal.type('ask("Key? ", true).then((key) => key.length)\n');
  await terminal.see((_, rows) => expect(rows.at(-1)).toBe("Key?"));
  terminal.type("hidden\n");
  await terminal.see((text) => expect(text).toContain("Out[1]: 6"));
  expect(terminal.raw).not.toContain("hidden");
  terminal.type('"seen"\n');
  await terminal.see((text) => expect(text).toContain("In [2]: \"seen\"\nOut[2]: 'seen'"));
});

test("-e in a terminal asks there, and Ctrl-C at the question ends with 130", async () => {
  using asked = openScriptedRepl({ args: ["-e", 'ask("Name? ")'] });
  await asked.see((_, rows) => expect(rows.at(-1)).toBe("Name?"));
  asked.type("Ada\r");
  expect(await asked.exited()).toBe(0);
  expect(asked.text()).toContain("Name? Ada\n'Ada'");

  using stopped = openScriptedRepl({ args: ["-e", 'ask("Name? ").then(() => wait())'] });
  await stopped.see((_, rows) => expect(rows.at(-1)).toBe("Name?"));
  stopped.type("\x03");
  expect(await stopped.exited()).toBe(130);
});

test("lines typed in a terminal are there in the next session; with --no-history they are not", async () => {
  using data = tempFolder();
  const session = async (args: readonly string[], typed: string) => {
    using terminal = openScriptedRepl({
      args: ["--plain", ...args],
      environment: { XDG_DATA_HOME: data.path, EAGERDECK_HISTORY: "on" },
    });
    await terminal.see((text) => expect(text).toContain("In [1]:"));
    terminal.type(typed);
    await terminal.see((text) => expect(text).toContain("In [2]:"));
    terminal.type("\x04");
    expect(await terminal.exited()).toBe(0);
    return terminal.text();
  };
  await session([], "[1,\r2]\r");
  await session(["--no-history"], "333\r");
  expect(await session([], "\x1b[A\x1b[A\r\x1b[A\x1b[A\r")).toContain("Out[1]: [ 1, 2 ]");
});
