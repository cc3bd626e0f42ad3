import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Received } from "../support/kernel-client.ts";
import { kernelSuite, types } from "../support/kernel-suite.ts";

const suite = kernelSuite();

describe("text", () => {
  test("ten thousand prints arrive complete and in order before idle, in few messages", async () => {
    const done = await suite.client.execute("for (let i = 0; i < 10_000; i++) console.log(i)");
    expect(done.stdout).toBe(Array.from({ length: 10_000 }, (_, index) => `${index}\n`).join(""));
    expect(done.published.length).toBeLessThan(50);
  });

  test("stdout and stderr keep their order", async () => {
    const done = await suite.client.execute(
      "console.log('a'); console.error('b'); console.log('c')",
    );
    const streams = done.published.filter(({ header }) => header.msg_type === "stream");
    expect(streams.map(({ content }) => [content.name, content.text])).toEqual([
      ["stdout", "a\n"],
      ["stderr", "b\n"],
      ["stdout", "c\n"],
    ]);
  });

  test("any text comes through: emoji, control characters, lone surrogates replaced", async () => {
    const done = await suite.client.execute(
      "process.stdout.write('😀\\u0007\\u001b[1mπ\\n'); console.log('\\ud800.')",
    );
    expect(done.stdout.startsWith("😀\u0007\u001b[1mπ\n")).toBe(true);
    expect(done.stdout.endsWith("\ufffd.\n")).toBe(true);
  });

  test("a timer's text goes under its own cell, also while the next one runs", async () => {
    const first = await suite.client.execute("setTimeout(() => console.log('late'), 200)");
    suite.allowLate(first.id);
    const second = await suite.client.execute(
      "await new Promise((r) => setTimeout(r, 600)); 'second'",
    );
    const late = await suite.client.message(({ content }) => content.text === "late\n");
    expect(late.parent["msg_id"]).toBe(first.id);
    expect(second.stdout).toBe("");
  });

  test("text beyond what a notebook takes is in a file, whole; the cell says how much, where, and shows the end", async () => {
    const done = await suite.client.execute(
      "for (let i = 0; i < 300_000; i++) console.log(String(i).padStart(99))",
    );
    const note =
      /^\n… ([\d,]+) lines \((\d+\.\d) MB\) left out, all in (\S+); the last of them:\n$/;
    const [, count = "", , file = ""] = note.exec(done.stderr) ?? [];
    expect(done.stderr).toMatch(note);
    const shown = done.stdout.split("\n").slice(0, -1);
    expect(shown.slice(-200).map(Number)).toEqual(
      Array.from({ length: 200 }, (_, index) => 299_800 + index),
    );
    const text = readFileSync(join(suite.kernel.folder, file), "utf8");
    const all = [...shown.slice(0, -200), ...text.split("\n").slice(0, -1)].map(Number);
    expect(all.length).toBe(300_000);
    expect(all.every((number, index) => number === index)).toBe(true);
    expect(text.split("\n").length - 1).toBe(Number(count.replaceAll(",", "")));
  });

  test("a cell that prints without end can be interrupted, and its flood stays within what servers accept", async () => {
    const id = suite.client.startCell("while (true) console.log('x'.repeat(200))");
    await suite.client.message(
      ({ header, parent }) => header.msg_type === "stream" && parent["msg_id"] === id,
    );
    await suite.client.request("interrupt_request", {}, "control");
    const done = await suite.client.executed(id);
    expect(done.reply.content.ename).toBe("Interrupted");
    const bytes = done.published.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
    expect(bytes).toBeLessThan(4_500_000);
  });
});

describe("displays", () => {
  test("a display stands among the text where it was made; an update replaces it", async () => {
    const done = await suite.client.execute(
      "console.log('before'); const shown = display({ a: 1 }); console.log('after'); shown.update('new')",
    );
    expect(types(done.published).slice(2, -1)).toEqual([
      "stream",
      "display_data",
      "stream",
      "update_display_data",
    ]);
    const [display, update] = done.published.filter(({ content }) => "transient" in content);
    expect(update?.content.transient.display_id).toBe(display?.content.transient.display_id);
  });

  test("two thousand displays: a thousand are shown, then a count", async () => {
    const done = await suite.client.execute("for (let i = 0; i < 2_000; i++) display(i)");
    expect(types(done.published).filter((type) => type === "display_data")).toHaveLength(1_000);
    expect(done.stderr).toContain("1,000 more displays left out");
  });
});

describe("clearing", () => {
  /** What stands under a cell when a front end has applied its messages. */
  function standing(published: readonly Received[]): string[] {
    let outputs: { id?: string; text: string }[] = [];
    let clears = false;
    for (const { header, content } of published) {
      const id: string | undefined = content.transient?.display_id;
      const isOutput = header.msg_type === "display_data" || header.msg_type === "stream";
      if (header.msg_type === "clear_output" && content.wait) clears = true;
      if (header.msg_type === "clear_output" && !content.wait) outputs = [];
      if (isOutput && clears) outputs = [];
      if (isOutput) clears = false;
      const text = content.text ?? content.data?.["text/plain"];
      if (isOutput) outputs.push({ ...(id !== undefined && { id }), text });
      if (header.msg_type === "update_display_data")
        for (const output of outputs) if (output.id === id) output.text = text;
    }
    return outputs.map(({ text }) => text);
  }

  test("a loop of 3,000 drawings ends with the last one, in few messages, and nothing is counted as left out", async () => {
    const done = await suite.client.execute(
      "for (let i = 0; i < 3_000; i++) { clearOutput({ wait: true }); display.text(`frame ${i}`); console.log(i) }",
    );
    expect(standing(done.published)).toEqual(["frame 2999", "2999\n"]);
    expect(done.published.length).toBeLessThan(2_000);
    expect(done.stderr).toBe("");
  });

  test("an update of what was cleared shows anew, one from a later cell goes to the first place", async () => {
    const first = await suite.client.execute(
      "var shown = display.text('a'); clearOutput(); shown.update('b'); shown.update('c')",
    );
    expect(standing(first.published)).toEqual(["c"]);
    const second = await suite.client.execute("shown.update('d'); 5");
    const updates = second.published.filter(
      ({ header }) => header.msg_type === "update_display_data",
    );
    expect(updates.map(({ content }) => content.data["text/plain"])).toEqual(["d"]);
    expect(updates[0]?.content.transient).toEqual(
      first.published.find(({ header }) => header.msg_type === "update_display_data")?.content
        .transient,
    );
  });

  test("updates of displays that were left out are not sent: no front end knows them", async () => {
    const done = await suite.client.execute(
      "const all = Array.from({ length: 1_005 }, (_, i) => display(i)); for (const one of all.slice(995)) one.update('new')",
    );
    const updates = done.published.filter(
      ({ header }) => header.msg_type === "update_display_data",
    );
    expect(updates).toHaveLength(5);
    expect(done.stderr).toContain("5 more displays left out");
  });

  test("a display in a timer goes under its own cell, also while the next one runs", async () => {
    const first = await suite.client.execute("setTimeout(() => display.html('<b>late</b>'), 200)");
    suite.allowLate(first.id);
    await suite.client.execute("await new Promise((r) => setTimeout(r, 500))");
    const late = await suite.client.message(
      ({ content }) => content.data?.["text/plain"] === "late",
    );
    expect(late.parent["msg_id"]).toBe(first.id);
  });
});

describe("decks", () => {
  const tasks = `
    import { eager, task } from "eagerdeck";
    const addOne = task(function addOne({ x, ms }: { x: number; ms: number }) {
      return new Promise<number>((resolve) => setTimeout(() => resolve(x + 1), ms));
    });`;

  test("a quick run shows its deck once, in HTML, Markdown and text, before the result", async () => {
    await suite.client.execute(tasks);
    const done = await suite.client.execute("await addOne({ x: 5, ms: 0 })");
    expect(types(done.published)).toEqual([
      "busy",
      "execute_input",
      "display_data",
      "execute_result",
      "idle",
    ]);
    const deck = done.published[2]?.content;
    expect(Object.keys(deck.data).sort()).toEqual(["text/html", "text/markdown", "text/plain"]);
    expect(deck.data["text/plain"]).toContain("addOne");
    expect(deck.transient.display_id).toEqual(expect.any(String));
    expect(done.result).toBe("6");
  });

  test("a run that takes its time shows live frames, then its deck in the same display", async () => {
    await suite.client.execute(tasks);
    const done = await suite.client.execute(
      "console.log('begin'); await addOne({ x: 1, ms: 700 }); console.log('end')",
    );
    const frames = done.published.filter(({ content }) => "transient" in content);
    expect(frames.length).toBeGreaterThanOrEqual(2);
    expect(types(frames).slice(0, 2)).toEqual(["display_data", "update_display_data"]);
    expect(new Set(frames.map(({ content }) => content.transient.display_id)).size).toBe(1);
    expect(types(done.published).at(-2)).toBe("update_display_data"); // after "end"
    expect(done.stdout).toBe("begin\nend\n");
  });

  test("a run that fails shows its deck before the error", async () => {
    const done = await suite.client.execute(
      `import { task } from "eagerdeck"; const bad = task(function bad({ x }: { x: number }): number { throw new TypeError("no " + x) }); await bad({ x: 1 })`,
    );
    expect(types(done.published).slice(-3)).toEqual(["display_data", "error", "idle"]);
  });
});
