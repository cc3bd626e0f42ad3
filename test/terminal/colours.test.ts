import { expect, test } from "vitest";
import { openScriptedRepl, type Terminal } from "../support/terminal.ts";

const KEYWORD = "color:#75507b";
const STRING = "color:#4e9a06";
const PARTNER = "font-weight:700;text-decoration:underline";

/** Text of one look, as the screen's HTML has it. */
function painted(text: string, style: string): string {
  return `<span style="${style}">${text}</span>`;
}

/** Rows of the screen that hold `text`, with their colours. */
function rowsWith(terminal: Terminal, text: string): string[] {
  const rows = terminal.html().split("\n");
  return rows.filter((row) => row.replaceAll(/<[^>]*>/g, "").includes(text));
}

test("code has its colours while it is typed, and keeps them in the transcript", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("typeof `a`");
  const code = `${painted("typeof", KEYWORD)} ${painted("`a`", STRING)}`;
  await terminal.see(() => expect(rowsWith(terminal, "typeof")[0]).toContain(code));
  terminal.type("\r");
  await terminal.idle(2);
  expect(rowsWith(terminal, "In [1]: typeof")[0]).toContain(code);
});

test("the partner of the bracket before the cursor stands out, and no other", async () => {
  using terminal = openScriptedRepl();
  await terminal.prompt(1);
  terminal.type("f(g(1)");
  await terminal.see(() => {
    const [row = ""] = rowsWith(terminal, "f(g(1)");
    expect(row).toContain(painted("(", PARTNER));
    expect(row.split(painted("(", PARTNER))).toHaveLength(2);
  });
});
