import { expect, test } from "vitest";
import { planOf } from "../../../kernel/commands.ts";

test("blank text is blank", () => {
  for (const code of ["", " ", "\n\t\r\n"]) expect(planOf(code)).toEqual({ kind: "blank" });
});

test("a name with question marks is asked about", () => {
  expect(planOf("x?")).toEqual({ kind: "inspect", name: "x", level: 0 });
  expect(planOf(" ?Math.max \n")).toEqual({ kind: "inspect", name: "Math.max", level: 0 });
  expect(planOf("größe??")).toEqual({ kind: "inspect", name: "größe", level: 1 });
  expect(planOf("??$")).toEqual({ kind: "inspect", name: "$", level: 1 });
});

test("TypeScript is never taken for a command", () => {
  const cells = [
    "x",
    "x ?? y",
    "a ? b : c",
    "x?.y",
    "// x?",
    "5?",
    "f(x)?",
    "x\n?",
    "a % b",
    "/x?/",
    "let x\n%restart",
  ];
  for (const code of cells) expect(planOf(code), code).toEqual({ kind: "cell" });
});

test("the commands, and what is none", () => {
  expect(planOf("%restart")).toEqual({ kind: "restart" });
  expect(planOf("%check")).toEqual({ kind: "check" });
  expect(planOf(" %check  off ")).toEqual({ kind: "check", policy: "off" });
  expect(planOf("%remote")).toEqual({ kind: "remote", request: { action: "show" } });
  expect(planOf("%remote off")).toEqual({ kind: "remote", request: { action: "off" } });
  expect(planOf("%remote flytesnacks/development --config c.yaml")).toEqual({
    kind: "remote",
    request: { action: "set", project: "flytesnacks", domain: "development", config: "c.yaml" },
  });
  expect(planOf("%remote flytesnacks")).toEqual({
    kind: "unknown",
    command: "%remote flytesnacks",
  });
  expect(planOf("%npm i zod -D")).toEqual({ kind: "install", packages: ["zod", "-D"] });
  expect(planOf("%npm install")).toEqual({ kind: "install", packages: [] });
  expect(planOf("%npm run x")).toEqual({ kind: "unknown", command: "%npm run x" });
  expect(planOf("%check maybe")).toEqual({ kind: "unknown", command: "%check maybe" });
  expect(planOf("%restart now")).toEqual({ kind: "unknown", command: "%restart now" });
});
