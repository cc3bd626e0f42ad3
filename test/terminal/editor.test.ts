import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";
import { openScriptedRepl, type Terminal } from "../support/terminal.ts";

const LEFT = "\x1b[D";
const UP = "\x1b[A";
const DOWN = "\x1b[B";
const RIGHT = "\x1b[C";
const ESCAPE = "\x1b";

async function run(terminal: Terminal, code: string, n: number): Promise<void> {
  terminal.type(`${code}\r`);
  await terminal.idle(n + 1);
}

function lastPrompt(rows: readonly string[]): string {
  return rows.findLast((row) => /^(?:In \[\d+\]|search):/.test(row)) ?? "";
}

describe("what was typed before", () => {
  test("Ctrl-R lists it, takes a hit without running it, and Esc gives the draft back", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    await run(terminal, "[10, 1]", 1);
    await run(terminal, "[20, 2]", 2);
    terminal.type("draft");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [3]: draft"));
    terminal.type("\x12[");
    await terminal.see((_, rows) => {
      expect(rows.slice(-4, -1)).toEqual(["search: [", "❯ [20, 2]", "  [10, 1]"]);
      expect(rows.at(-1)).toContain("1 of 2");
    });
    terminal.type(ESCAPE);
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [3]: draft"));
    terminal.type("\x12[\x12\r");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [3]: [10, 1]"));
    expect(terminal.text()).not.toContain("Out[3]");
  });

  test("a ghost shows the rest of it, Right takes it, Alt-F one word", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    await run(terminal, "[one = 1, 2]", 1);
    terminal.type("[o");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: [one = 1, 2]"));
    // The cursor is still behind what was typed.
    expect(terminal.cursor().x).toBe("In [2]: [o".length);
    terminal.type("\x1bf");
    await terminal.see(() => expect(terminal.cursor().x).toBe("In [2]: [one".length));
    terminal.type(RIGHT);
    await terminal.see(() => expect(terminal.cursor().x).toBe("In [2]: [one = 1, 2]".length));
  });

  test("without colour nothing is suggested that could be taken for typed text", async () => {
    using terminal = openScriptedRepl({ environment: { NO_COLOR: "1" } });
    await terminal.prompt(1);
    await run(terminal, "[1, 2]", 1);
    terminal.type("[1");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [2]: [1"));
  });

  test("is there in the next session, and what begins with a space is not", async () => {
    using data = tempFolder();
    const environment = { EAGERDECK_HISTORY: "on", XDG_DATA_HOME: data.path };
    {
      using terminal = openScriptedRepl({ environment });
      await terminal.prompt(1);
      await run(terminal, "'kept'", 1);
      await run(terminal, " 'secret'", 2);
      terminal.type("\x04");
      await terminal.exited();
    }
    using terminal = openScriptedRepl({ environment });
    await terminal.prompt(1);
    await terminal.see((_, rows) => {
      if (lastPrompt(rows) === "In [1]:") terminal.type(UP);
      expect(lastPrompt(rows)).toBe("In [1]: 'kept'");
    }, 100);
    terminal.type(UP);
    terminal.type("\x12secret");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("nothing found"));
  });
});

describe("help while typing", () => {
  test("a chosen completion says what it is", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("alp\t");
    await terminal.see((text) => expect(text).toContain("alphabet"));
    terminal.type(DOWN);
    await terminal.see((text) => expect(text).toContain("A number of the script."));
    terminal.type("\r");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: alpha"));
  });

  test("completions come unasked behind a dot", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("x.");
    await terminal.see((text) => expect(text).toContain("alphabet"));
    terminal.type(ESCAPE);
    await terminal.see((text) => expect(text).not.toContain("alphabet"));
  });

  test("a Tab that gets no answer offers the names of the session, and says that types are off", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    await run(terminal, 'publish("studio")', 1);
    terminal.type("stuck = st\t");
    await terminal.see((text, rows) => {
      expect(text).toMatch(/^ +studio +constant$/m);
      expect(rows.at(-1)).toContain("types: off");
    });
    terminal.type("\x15al\t");
    await terminal.see((text, rows) => {
      expect(text).toContain("alphabet");
      expect(rows.at(-1)).not.toContain("types: off");
    });
  });

  test("in the argument of a command code is completed", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type(".type alp\t");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: .type alpha"));
  });

  test("the signature stands below a call until its bracket is closed", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("alphabet(");
    await terminal.see((text) => {
      expect(text).toContain("alphabet(first: string): string");
      expect(text).toContain("The letters.");
    });
    terminal.type("'a'");
    await terminal.see((_, rows) => expect(lastPrompt(rows)).toBe("In [1]: alphabet('a'"));
    expect(terminal.text()).toContain("The letters.");
    terminal.type(")");
    await terminal.see((text) => expect(text).not.toContain("The letters."));
    terminal.type(LEFT);
    terminal.type("\x1b[Z");
    await terminal.see((text) => expect(text).toContain("The letters."));
  });
});

describe("a cell that asks", () => {
  test("is answered at the prompt, and what was typed for the next cell waits", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('ask("Name? ")\rdraft');
    await terminal.see((_, rows) => expect(rows).toContain("Name?"));
    terminal.type("Ada\x7fa Lovelace\r");
    await terminal.see((_, rows) => {
      expect(rows).toContain("Name? Ada Lovelace");
      expect(rows).toContain("Out[1]: 'Ada Lovelace'");
      expect(lastPrompt(rows)).toBe("In [2]: draft");
    });
  });

  test("shows a question of several lines, and one wider than the screen, with room for the answer", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('ask("Choose:\\n1) one\\n2) two\\n> ")\r');
    await terminal.see((text) => expect(text).toContain("\nChoose:\n1) one\n2) two\n>"));
    terminal.type("2\r");
    await terminal.see((text) =>
      expect(text).toContain("Choose:\n1) one\n2) two\n> 2\nOut[1]: '2'"),
    );
    const words = Array.from({ length: 20 }, (_, at) => `word${at}`).join(" ");
    terminal.type(`ask("${words}? ")\r`);
    await terminal.see((_, rows) => expect(rows.at(-2)).toMatch(/^word.* word19\?$/));
    terminal.type("Ada");
    await terminal.see((text, rows) => {
      expect(rows.at(-2)).toMatch(/^word.* word19\? Ada$/);
      expect(text).toContain("\nword0 word1 ");
    });
    terminal.type("\r");
    await terminal.see((text) => expect(text).toMatch(/ word19\? Ada\nOut\[2\]: 'Ada'/));
    terminal.type(`ask("${"x".repeat(200)}")\r`);
    await terminal.see((_, rows) => expect(rows.at(-2)).toMatch(/^x+…$/));
    terminal.type("Ada");
    await terminal.see((_, rows) => expect(rows.at(-2)).toMatch(/^x+…Ada$/));
  });

  test("takes a long paste as one line", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('ask("Text: ").then((text) => text.length)\r');
    await terminal.see((_, rows) => expect(rows).toContain("Text:"));
    terminal.type(`\x1b[200~${"word\n".repeat(40_000)}\x1b[201~`);
    await terminal.see((_, rows) =>
      expect(rows.some((row) => row.includes("word word"))).toBe(true),
    );
    terminal.type("\r");
    await terminal.see((_, rows) => expect(rows).toContain("Out[1]: 200000"));
  });

  test("for a password shows nothing of it, then or later", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('ask("Token: ", true).then((text) => text.length)\r');
    await terminal.see((_, rows) => expect(rows).toContain("Token:"));
    terminal.type("hunter2\r");
    await terminal.see((_, rows) => expect(rows).toContain("Out[1]: 7"));
    expect(terminal.raw).not.toContain("hunter2");
  });

  test("is told that the input ended by Ctrl-D, and is interrupted by Ctrl-C", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('ask("? ")\r');
    await terminal.see((_, rows) => expect(rows).toContain("?"));
    terminal.type("\x04");
    await terminal.see((_, rows) => expect(rows).toContain("Out[1]: 'the input has ended'"));
  });
});

describe("the background", () => {
  test("Ctrl-X Ctrl-B frees the prompt; what the cell prints is marked, and its block comes at its end", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type('new Promise((f) => setTimeout(() => { print("late\\n"); f("done"); }, 600))\r');
    await terminal.see((text) => expect(text).toContain("cell 1"));
    terminal.type("\x18\x02");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("background"));
    terminal.type("1 + 1\r");
    await terminal.see((text) =>
      expect(text).toMatch(/Out\[2\]: 2[\s\S]*\[1\] late[\s\S]*Out\[1\]: 'done'/),
    );
    await terminal.idle(3);
  });

  test("Ctrl-C meets the foreground cell alone", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("wait()\r");
    await terminal.see((text) => expect(text).toContain("cell 1"));
    terminal.type("\x18\x02");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("background"));
    terminal.type("wait()\r");
    await terminal.see((text) => expect(text).toContain("cell 2"));
    terminal.type("\x03");
    await terminal.see((text) => expect(text).toMatch(/In \[2\][\s\S]*Interrupted/));
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("background: 1"));
  });

  test("with nothing running the keys say so", async () => {
    using terminal = openScriptedRepl();
    await terminal.prompt(1);
    terminal.type("\x18\x02");
    await terminal.see((_, rows) => expect(rows.at(-1)).toContain("no cell is running"));
  });
});

test("Ctrl-T folds the live tree to its summary and unfolds it", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type('begin("load"), begin("clean"), wait()\r');
  await terminal.see((text) => expect(text).toContain("clean"));
  terminal.type("\x14");
  await terminal.see((text, rows) => {
    expect(rows.filter((row) => /^\s*▸/.test(row)).length).toBeLessThan(2);
    expect(text.slice(text.lastIndexOf("In [1]"))).not.toContain("▸ clean");
  });
  terminal.type("\x14");
  await terminal.see((text) => expect(text.slice(text.indexOf("\n"))).toMatch(/▸ +clean/));
});
