import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reduce } from "../../../../repl/editor/reduce.ts";
import { Scrollback } from "../../../../repl/state/scrollback.ts";
import { Cells, type CellsOptions } from "../../../../repl/state/session.ts";
import { Store } from "../../../../repl/state/store.ts";
import { createStyle } from "../../../../repl/terminal/style.ts";
import { bracketContext } from "../../../support/editor.ts";
import { type ScriptedOptions, ScriptedSession } from "../../../support/scripted-session.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const style = createStyle({ hasColor: false, isAscii: false });

/** Cells on a scripted session; `transcript` is what left the live region, in order. */
function open(options: ScriptedOptions = {}, more: Pick<CellsOptions, "outputLinesMax"> = {}) {
  const session = new ScriptedSession(options);
  const store = new Store({ columns: 80, rows: 24 }, 0);
  const scrollback = new Scrollback();
  const exits: number[] = [];
  const cells = new Cells({
    session,
    store,
    scrollback,
    style,
    now: Date.now,
    giveBack: (text, cursor) =>
      store.update((snapshot) => ({
        ...snapshot,
        editor: reduce(snapshot.editor, { kind: "give-back", text, cursor }, bracketContext).state,
      })),
    onExit: (code) => exits.push(code),
    ...more,
  });
  let transcript = "";
  let seen = 0;
  const takeBlocks = () => {
    const { finished } = store.get();
    for (const block of finished.slice(seen)) transcript += `${block}\n`;
    seen = finished.length;
  };
  scrollback.attach({
    write: (text) => {
      takeBlocks();
      transcript += text;
    },
    flush: () => Promise.resolve(takeBlocks()),
    drained: () => Promise.resolve(),
  });
  return {
    session,
    store,
    cells,
    exits,
    async settled(): Promise<string> {
      await vi.waitFor(() => expect(cells.activeCount).toBe(0));
      await scrollback.drained();
      return transcript;
    },
    transcript: () => transcript,
  };
}

beforeEach(() => void vi.useRealTimers());
afterEach(() => void vi.useRealTimers());

test("source, output, deck and value come out in this order", async () => {
  const { cells, settled } = open();
  cells.run('print("out\\n"), calls("load"), [1, 2]');
  const transcript = await settled();
  expect(transcript).toMatch(
    /^In \[1\]: print[^\n]*\nout\n[^\n]*load[^\n]*\nOut\[1\]: \[ 1, 2 \]\n$/,
  );
});

test("a value of nothing prints nothing", async () => {
  const { cells, settled } = open();
  cells.run("undefined");
  expect(await settled()).toBe("In [1]: undefined\n");
});

test("an unfinished line gets its newline at the cell's end", async () => {
  const { cells, settled } = open();
  cells.run('print("10 %\\r"), print("20 %")');
  expect(await settled()).toMatch(/\n20 %\n$/);
});

test("the blocks of cells that follow each other closely do not mix", async () => {
  const { cells, settled } = open();
  for (const n of [1, 2, 3]) cells.run(`print("${n}\\n"), ${n}`);
  expect(await settled()).toBe(
    [1, 2, 3].map((n) => `In [${n}]: print("${n}\\n"), ${n}\n${n}\nOut[${n}]: ${n}\n`).join(""),
  );
});

test("events of a cell that has not begun on the screen wait for it", async () => {
  const { session, cells, settled } = open({ ready: new Promise(() => undefined) });
  cells.run("1");
  const event = { kind: "log", stream: "stdout", text: "early\n", runId: "", at: 0 } as const;
  session.emit({ kind: "event", cell: 1, event });
  session.setPhase("ready");
  session.execute({ code: "undefined" });
  expect(await settled()).toMatch(/^In \[1\]: 1\nearly\nOut\[1\]: 1\n/);
});

test("a failed cell drops those that wait, with a count", async () => {
  const { cells, store, settled } = open();
  cells.run('fail("x")');
  cells.run("2");
  cells.run("3");
  const transcript = await settled();
  expect(transcript).toContain("TypeError: x");
  expect(transcript).not.toContain("Out[");
  expect(store.get().notice?.text).toMatch(/^[12] queued cells? dropped/);
  expect(store.get()).toMatchObject({ queued: 0, nextCount: 2 });
});

test("a refused cell returns to the editor unless something is typed there", async () => {
  const { cells, store, settled } = open();
  cells.run("refuse(1, 4)", true);
  await settled();
  expect(store.get().editor).toMatchObject({ text: "refuse(1, 4)", cursor: 3 });
  cells.run("refuse(1, 2)", true);
  await settled();
  expect(store.get().editor).toMatchObject({ text: "refuse(1, 4)", cursor: 3 });
});

test("a refused cell returns while another goes on in the background", async () => {
  const { cells, session, store } = open();
  cells.run("wait()");
  await vi.waitFor(() => expect(cells.background()).toBe(""));
  cells.run("refuse(1, 4)", true);
  await vi.waitFor(() => expect(store.get().editor.text).toBe("refuse(1, 4)"));
  await session.interrupt("cooperate");
});

test("a cell that was run before it was whole returns with the cursor at its end", async () => {
  const { cells, store, settled } = open();
  cells.run("nope(1", true);
  await settled();
  expect(store.get().editor).toMatchObject({ text: "nope(1", cursor: 6 });
});

describe("the user process", () => {
  test("that dies under a cell is told once, by that cell", async () => {
    const { cells, settled } = open();
    cells.run('die("ended by SIGKILL")');
    const transcript = await settled();
    expect(transcript.match(/ended by SIGKILL/g)).toHaveLength(2); // the source and the error
    expect(transcript).toContain("SessionLost");
  });

  test("that dies while nothing runs is told in one sentence, which breaks between words", async () => {
    const { session, store, settled, transcript } = open();
    await session.ready;
    session.setPhase("lost", { reason: "it was ended by SIGSEGV" });
    expect(store.get().phase).toBe("lost");
    await settled();
    await vi.waitFor(() =>
      expect(transcript()).toBe(
        "the user process is gone: it was ended by SIGSEGV; names are gone, numbers go\non\n",
      ),
    );
  });

  test("that cannot start leaves the prompt and says how to try again", async () => {
    const { settled, transcript } = open({ ready: Promise.reject(new Error("no memory")) });
    await settled();
    await vi.waitFor(() =>
      expect(transcript()).toBe(
        "the user process could not start: no memory; .restart tries again\n",
      ),
    );
  });

  test("that called process.exit ends the REPL with its code and without an error", async () => {
    const { cells, exits, settled } = open();
    cells.run('print("bye\\n"), exit(7)');
    const transcript = await settled();
    expect(transcript).toBe('In [1]: print("bye\\n"), exit(7)\nbye\n');
    expect(exits).toEqual([7]);
  });

  test("that is restarted on purpose is no loss", async () => {
    const { cells, session, settled } = open();
    await session.ready;
    await cells.restart();
    expect(await settled()).toBe("");
  });
});

test("calls that outlive their cell: the deck comes again when they have ended", async () => {
  const { cells, session, settled, transcript } = open();
  cells.run('begin("slow")');
  await settled();
  const event = { runId: "r1", at: Date.now() };
  session.emit({ kind: "event", cell: 1, event: { ...event, kind: "run-ended", state: "ok" } });
  await vi.waitFor(() => expect(transcript()).toContain("calls of In [1] ended"));
});

test("names, errors and values reach the terminal without control characters", async () => {
  const { cells, settled } = open();
  cells.run('calls("t\\x1b[2J"), display("d\\x9b1m"), "v\\u202e"');
  cells.run('fail("e\\x1b]52;c;x\\x07")');
  expect(await settled()).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
});

test("output beyond the limit goes to a file, with its last lines and the path at the end", async () => {
  using folder = tempFolder();
  vi.stubEnv("EAGERDECK_HISTORY", "on");
  try {
    const { cells, settled } = open({ folder: folder.path }, { outputLinesMax: () => 2 });
    cells.run(`print(${JSON.stringify("line\n".repeat(1_000))})`);
    const rows = (await settled()).trimEnd().split("\n");
    expect(rows.slice(1, 3)).toEqual(["line", "line"]);
    const [, path = ""] =
      /998 lines \(5 kB\) left out, all in (\S+); the last/.exec(rows[3] ?? "") ?? [];
    expect(rows).toHaveLength(4 + 200);
    expect(readFileSync(join(folder.path, path), "utf8")).toBe("line\n".repeat(998));
    expect(cells.shortened.last).toEqual({ kind: "file", path });
    cells.close();
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a value of many rows is cut, and kept for the pager", async () => {
  const { cells, settled } = open();
  cells.run('Array.from({ length: 100 }, (_, i) => "row ".repeat(20) + i)');
  const transcript = await settled();
  expect(transcript).toMatch(/row 38',\n… 62 more lines, Ctrl-O\n$/);
  const { last } = cells.shortened;
  expect(last).toMatchObject({
    kind: "text",
    text: expect.stringMatching(/^\[\n.+row 99'\n\]$/s),
  });
});
