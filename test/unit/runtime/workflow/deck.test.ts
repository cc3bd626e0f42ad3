/** `Deck(name, content)`: what is reported for which content, from where. */
import { describe, expect, test } from "vitest";
import type { DeckAdded } from "../../../../runtime/events/events.ts";
import { Records } from "../../../../runtime/events/records.ts";
import { Deck, eager, task } from "../../../../runtime/index.ts";
import { htmlToText } from "../../../../runtime/values/html-text.ts";
import { contentBundle } from "../../../../runtime/workflow/deck-content.ts";
import { observe } from "../../../../runtime/workflow/engine.ts";
import { Run } from "../../../../runtime/workflow/run.ts";

const HOOK = Symbol.for("Jupyter.display");

/** What a run of `fn` reports. */
async function reported(fn: () => unknown) {
  const records = new Records();
  const added: DeckAdded[] = [];
  const kinds: string[] = [];
  const stop = observe((event) => {
    records.apply(event);
    kinds.push(event.kind);
    if (event.kind === "deck-added") added.push(event);
  });
  try {
    const run = new Run({ title: "In [1]" });
    const value = await run.enter(async () => await fn());
    await run.end("ok");
    return { value, added, kinds, run: records.run(run.id) };
  } finally {
    stop();
  }
}

describe("where it belongs", () => {
  test("to the call whose function makes it, also after an await, and to the run outside of calls", async () => {
    const plot = task(async function plot({ n }: { n: number }) {
      await Promise.resolve();
      Deck("chart", n);
      return n;
    });
    const { run } = await reported(async () => {
      Deck("notes", "hello");
      await plot({ n: 3 });
      await plot({ n: 4 });
    });
    expect(run?.decks?.map(({ name, callId }) => [name, callId !== undefined])).toEqual([
      ["notes", false],
      ["chart", true],
      ["chart", true],
    ]);
  });

  test("the same name in the same call is the same deck", async () => {
    const { run } = await reported(() => {
      Deck("log", 1);
      Deck("log", 2).append(3);
      const once = Deck("once");
      once.set("a").append("b").set("c");
    });
    expect(
      run?.decks?.map(({ name, pieces }) => [name, pieces.map((p) => p["text/plain"])]),
    ).toEqual([
      ["log", ["1", "2", "3"]],
      ["once", ["c"]],
    ]);
  });

  test("ctx.deck adds to its call wherever it is called", async () => {
    let keep: ((name: string, content: unknown) => unknown) | undefined;
    const outer = eager(async function outer(_: object, ctx) {
      keep = ctx.deck;
      await inner({});
    });
    const inner = task(async function inner(_: object) {
      keep?.("of outer", 1);
    });
    const { run } = await reported(async () => await outer({}));
    const [deck] = run?.decks ?? [];
    expect(run?.calls.get(deck?.callId ?? "")?.name).toBe("outer");
  });

  test("a run with a deck and without calls has a beginning and an end", async () => {
    const { kinds } = await reported(() => void Deck("only", 1));
    expect(kinds).toEqual(["run-started", "deck-added", "run-ended"]);
  });

  test("outside of any run, and without a reader, it does nothing", async () => {
    expect(Deck("nobody", 1).append(2).set(3)).toBeDefined();
    const run = new Run({ title: "unread" });
    run.enter(() => Deck("nobody", 1));
    await run.end("ok");
  });

  test("a deck without a name is refused", () => {
    expect(() => Deck("  ", 1)).toThrow('a deck needs a name, as in Deck("forecast", chart)');
    expect(() => Deck(7 as never, 1)).toThrow("given: 7");
  });

  test("scripts are asked for by the deck that has them", async () => {
    const { added } = await reported(() => {
      Deck("plain", Deck.html`<b>x</b>`);
      Deck("live", Deck.html("<script>1</script>"), { scripts: true });
    });
    expect(added.map(({ scripts }) => scripts)).toEqual([undefined, true]);
  });
});

describe("what it is filled with", () => {
  test("HTML: interpolations are escaped, HTML in it and texts given whole are not", () => {
    const rows = [1, "<2>"].map((n) => Deck.html`<li>${n}</li>`);
    const bundle = contentBundle(Deck.html`<ul class="${'"a'}">${rows}${Deck.html("<hr>")}</ul>`);
    expect(bundle["text/html"]).toBe('<ul class="&quot;a"><li>1</li><li>&lt;2&gt;</li><hr></ul>');
    expect(bundle["text/plain"]).toBe("1\n<2>");
  });

  test("Markdown", () => {
    expect(contentBundle(Deck.md`# Title ${"x"}`)).toEqual({
      "text/markdown": "# Title x",
      "text/plain": "# Title x",
    });
  });

  test("a text is text; one that looks like HTML gets a hint", () => {
    expect(contentBundle("a < b")).toEqual({ "text/plain": "a < b" });
    expect(contentBundle("<b>hi</b>")["text/plain"]).toBe(
      "<b>hi</b>\n(a text; to show it as HTML: Deck.html(text))",
    );
  });

  test("a MIME bundle and a display hook give what they hold", () => {
    expect(contentBundle({ "text/html": "<i>x</i>", "text/plain": "x" })).toEqual({
      "text/html": "<i>x</i>",
      "text/plain": "x",
    });
    const bytes = contentBundle({ "image/png": Buffer.from([1, 2, 3]) });
    expect(bytes["image/png"]).toBe("AQID");
    expect(contentBundle({ [HOOK]: () => ({ "text/html": "<b>" }) })["text/html"]).toBe("<b>");
    const failing = contentBundle({
      [HOOK]() {
        throw new Error("no");
      },
    });
    expect(failing["text/plain"]).toContain("its display hook failed: Error: no");
    const late = contentBundle({ [HOOK]: async () => ({ "text/plain": "x" }) });
    expect(late["text/plain"]).toContain("has to be awaited: give Deck what it resolves to");
  });

  test("any value is shown as a row shows it", () => {
    const table = contentBundle([
      { id: 1, name: "<a>" },
      { id: 2, name: "b" },
    ]);
    expect(table["text/html"]).toContain(">&lt;a&gt; </td>");
    expect(table["text/plain"]).toContain("    id  name\nnumber  string");
    for (const value of [0, -0, "", false, null, undefined, Number.NaN, 0n]) {
      expect(contentBundle(value)).toHaveProperty("text/plain");
    }
    expect(contentBundle(undefined)["text/plain"]).toBe("undefined");
    expect(contentBundle(new Error("broken"))["text/plain"]).toContain("Error: broken");
  });

  test("what is too large is left out with a sentence", () => {
    const bundle = contentBundle(Deck.html(`<p>${"x".repeat(20_000_001)}</p>`));
    expect(bundle["text/html"]).toBeUndefined();
    expect(bundle["text/plain"]).toMatch(/a piece of 20\.\d MB was left out/);
  });

  test("secrets of known names and shapes are hidden in all of it", () => {
    const secret = "ghp_0123456789abcdefghij";
    const contents = [
      secret,
      Deck.html`<b>${secret}</b>`,
      Deck.md`${secret}`,
      { apiKey: "topsecretvalue", token: secret },
      { "text/html": secret, "application/json": { a: secret } },
      { "image/svg+xml": `<svg><text>${secret}</text></svg>` },
      [{ password: "topsecretvalue", n: 1 }],
    ];
    for (const content of contents) {
      const json = JSON.stringify(contentBundle(content));
      expect(json).not.toContain(secret);
      expect(json).not.toContain("topsecretvalue");
    }
  });

  test("no value makes it throw", () => {
    const hostile = [
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
          ownKeys: () => {
            throw new Error("trap");
          },
        },
      ),
      {
        toString() {
          throw new Error("no text");
        },
      },
      Object.create(null),
      Symbol("x"),
      () => 1,
    ];
    for (const value of hostile) {
      expect(contentBundle(value)).toHaveProperty("text/plain");
      expect(contentBundle(Deck.html`${value}`)).toHaveProperty("text/plain");
      expect(contentBundle(Deck.md`${value}`)).toHaveProperty("text/plain");
    }
  });

  test("the words of HTML, whatever its tags", () => {
    expect(htmlToText("<style>a{}</style><h1>A&amp;B</h1><p>c <b>d</b></p><script>x<y")).toBe(
      "A&B\nc d",
    );
    expect(htmlToText("<".repeat(100_000))).toBe("");
    expect(htmlToText("<script>".repeat(50_000))).toBe("");
  });
});
