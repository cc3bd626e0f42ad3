import { expect, test } from "vitest";
import type { Diagnostic as ServerDiagnostic } from "vscode-languageserver-protocol";
import { diagnosticsOf } from "../../../../../../runtime/session/client/types/diagnostics.ts";
import { SessionDocuments } from "../../../../../../runtime/session/client/types/documents.ts";

/** What is told of findings in a cell of two lines below a header. */
function told(...items: Partial<ServerDiagnostic>[]) {
  const documents = new SessionDocuments();
  documents.published(1, "const a = 1", [{ name: "a" }]);
  const document = documents.compose(2, "a;\nconst b = a;");
  return diagnosticsOf(document, {
    kind: "full",
    items: items.map((item) => ({
      message: "wrong",
      severity: 1,
      code: 2322,
      ...at(1, 0),
      ...item,
    })),
  });
}

function at(line: number, character: number, endLine = line) {
  return {
    range: { start: { line, character }, end: { line: endLine, character: character + 1 } },
  };
}

/** What is said when the server misses a module of that name. */
function missing(specifier: string, code = 2307): string | undefined {
  const message = `Cannot find module '${specifier}' or its corresponding type declarations.`;
  return told({ code, message })[0]?.message.replace(message, "").trim();
}

test("findings are told at the lines of the cell; what is in our own lines is nobody's business", () => {
  const found = told(
    { message: "header", ...at(0, 3) },
    { message: "first", ...at(1, 4) },
    { message: "second", ...at(2, 0) },
    { message: "footer", ...at(3, 0) },
  );
  expect(found.map(({ message, line, column }) => [message, line, column])).toEqual([
    ["first", 1, 5],
    ["second", 2, 1],
  ]);
});

test("only errors are errors: warnings are told as such, hints not at all", () => {
  const found = told({ severity: 1 }, { severity: 2 }, { severity: 3 }, { severity: 4 });
  expect(found.map(({ severity }) => severity)).toEqual(["error", "warning"]);
});

test("a limit of the checker itself is no error of the cell", () => {
  expect(told({ code: 2563 })).toMatchObject([{ code: 2563, severity: "warning" }]);
});

test("a missing package comes with the command that installs it", () => {
  expect(missing("lodash")).toBe("Run %npm i lodash to install it.");
  expect(missing("lodash/fp")).toBe("Run %npm i lodash to install it.");
  expect(missing("@scope/pack.age/sub/path.js")).toBe("Run %npm i @scope/pack.age to install it.");
  expect(missing("side-effect", 2882)).toBe("Run %npm i side-effect to install it.");
});

test("what no package can be gets no such advice", () => {
  for (const specifier of [
    "./a.ts",
    "../lodash",
    "/a",
    "#own",
    "@/alias",
    "~/alias",
    "bun:ffi",
    "",
  ]) {
    expect(missing(specifier)).toBe("");
  }
  expect(missing("https://example.org/a.js")).toBe("");
  // There, but without types.
  expect(missing("lodash", 7016)).toBe("");
});
