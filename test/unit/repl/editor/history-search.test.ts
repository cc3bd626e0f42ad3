import fc from "fast-check";
import { expect, test } from "vitest";
import { searchHistory } from "../../../../repl/editor/history-search.ts";

/** Oldest first; a text that begins with `~` was typed in another project. */
function history(texts: readonly string[]) {
  return texts.map((text) => ({ source: text.replace(/^~/, ""), isHere: !text.startsWith("~") }));
}

function search(texts: readonly string[], query: string): string[] {
  return searchHistory(history(texts), query).map((hit) => hit.source);
}

/** The sources with brackets around what matched. */
function marked(texts: readonly string[], query: string): string[] {
  return searchHistory(history(texts), query).map(({ source, positions }) =>
    Array.from(source.split(""), (unit, at) => (positions.includes(at) ? `[${unit}]` : unit))
      .join("")
      .replaceAll("][", ""),
  );
}

test("all words have to be there, in any order; the newest comes first", () => {
  const texts = ["await fetchPage({ day })", "fetchAll()", "const page = await fetch(url)"];
  expect(search(texts, "fetch await")).toEqual([
    "const page = await fetch(url)",
    "await fetchPage({ day })",
  ]);
});

test("small letters mean both cases, a capital letter itself", () => {
  const texts = ["URL.parse(x)", "url.length"];
  expect(search(texts, "url")).toEqual(["url.length", "URL.parse(x)"]);
  expect(search(texts, "URL")).toEqual(["URL.parse(x)"]);
});

test("this project's entries come first, a text of both is this project's", () => {
  const texts = ["run(1)", "run(2)", "~run(3)", "~run(1)", "~run(4)"];
  expect(search(texts, "run")).toEqual(["run(2)", "run(1)", "run(4)", "run(3)"]);
});

test("a text that was typed many times is one hit, at the place of its newest", () => {
  expect(search(["f()", "g()", "f()"], "()")).toEqual(["f()", "g()"]);
});

test("an empty query finds everything", () => {
  expect(search(["a", "~c", "b"], " ")).toEqual(["b", "a", "c"]);
  expect(search([], "x")).toEqual([]);
});

test("it ends at 200 hits, with this project's before those of others however old", () => {
  const others = Array.from({ length: 300 }, (_, i) => `~task(${i})`);
  const mine = Array.from({ length: 150 }, (_, i) => `task(${i}, here)`);
  const hits = search([...mine, ...others], "task");
  expect(hits).toHaveLength(200);
  expect(hits.slice(0, 150)).toEqual(mine.toReversed());
  expect(hits[150]).toBe("task(299)");
});

test("what matched is marked, words that overlap as one", () => {
  expect(marked(["const total = totals"], "total tals")).toEqual(["const [total] = [totals]"]);
  expect(marked(["a.b(c)"], ".b( c")).toEqual(["a[.b(c])"]);
  expect(marked(["𝒳 𝒳x"], "x")).toEqual(["𝒳 𝒳[x]"]);
});

test("few hits are followed by entries that are like the query", () => {
  const texts = ["fetchPage(1)", "const ftpUrl = 1", "unrelated"];
  expect(marked(texts, "ftp")).toEqual(["const [ftp]Url = 1", "[f]e[t]ch[P]age(1)"]);
  expect(marked(["𝒳 await publish()"], "awpsh")).toEqual(["𝒳 [aw]ait [p]ubli[sh]()"]);
});

test("what a query is made of means itself", () => {
  expect(search(["a.*b", "axxb"], ".*")).toEqual(["a.*b"]);
  expect(search(["(", "\\", "x"], "\\")).toEqual(["\\"]);
  expect(search(["'x", "!y ^z"], "^z")).toEqual(["!y ^z"]);
});

test("a letter whose small form is longer is found, without a mark", () => {
  expect(marked(["const İstanbul = 1"], "stanbul")).toEqual(["const İ[stanbul] = 1"]);
});

test("whatever is typed, each text is one hit and its positions rise inside it", () => {
  const text = fc.string({ unit: fc.constantFrom(..."abAB .()\n𝒳éİ") });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), text, (texts, query) => {
      const hits = searchHistory(history(texts), query);
      expect(new Set(hits.map((hit) => hit.source)).size).toBe(hits.length);
      for (const { source, positions } of hits) {
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
        for (const position of positions) expect(source[position]).toBeDefined();
      }
    }),
  );
});
