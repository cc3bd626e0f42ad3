import fc from "fast-check";
import { expect, test } from "vitest";
import {
  dnsName,
  executionName,
  localTag,
  type NameParts,
  retryName,
  tagMark,
} from "../../../../runtime/flyte/names.ts";

const parts: NameParts = {
  tag: "eager-local-rtp5807615-4",
  workflow: "simpleEagerWorkflow",
  kind: "task",
  project: "flytesnacks",
  domain: "development",
  name: "flows.numbers.addOne",
  version: "v1",
  inputs: "00",
  nth: 0,
};
/** What admin takes. */
const VALID = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

test("a name tells the workflow, the run, the task, and which call it is", () => {
  expect(executionName(parts)).toMatch(/^e-simpleea-615-4-addone-[0-9a-f]{16}$/);
});

test("of an execution that is the parent the beginning is told, as flytekit does", () => {
  expect(executionName({ ...parts, tag: "fabc123def" })).toMatch(/^e-simpleea-fabc1-addone-/);
});

test.each([
  ["accents", "Prévisions_d'été"],
  ["other scripts", "予測する"],
  ["capitals and dots", "ML.Train.FINAL"],
  ["eighty characters", "x".repeat(80)],
  ["hyphens at the ends", "--a--"],
  ["nothing", ""],
])("%s make a name that a cluster takes", (_what, text) => {
  const name = executionName({ ...parts, workflow: text, name: text, tag: text });
  expect(name).toMatch(VALID);
});

test("whatever the texts are, the name is valid and the same every time", () => {
  const text = fc.string({ unit: "binary", maxLength: 90 });
  fc.assert(
    fc.property(text, text, text, (workflow, name, tag) => {
      const made = executionName({ ...parts, workflow, name, tag });
      expect(made).toMatch(VALID);
      expect(executionName({ ...parts, workflow, name, tag })).toBe(made);
      expect(retryName(made, 9)).toMatch(VALID);
      expect(dnsName(name, 5).length).toBeLessThanOrEqual(5);
    }),
  );
});

test.each(["tag", "kind", "project", "domain", "name", "version", "inputs", "nth"] as const)(
  "calls that differ in their %s have different names",
  (part) => {
    const other = { ...parts, [part]: part === "nth" ? 1 : part === "kind" ? "workflow" : "other" };
    expect(executionName(other as NameParts)).not.toBe(executionName(parts));
  },
);

test("a tag is a label that Kubernetes takes, whatever the run is called", () => {
  expect(localTag("rtp5807615-4")).toBe("eager-local-rtp5807615-4");
  expect(localTag(`r${"x".repeat(90)}`).length).toBeLessThanOrEqual(63);
});

test("the mark stands in the name between hyphens, where a list can look for it", () => {
  expect(executionName(parts)).toContain(`-${tagMark(parts.tag)}-`);
});
