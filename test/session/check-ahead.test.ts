/** Cells that wait are checked while the one before them runs, as if it had succeeded. */
import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

test("queued cells are checked against what the ones before them declare", async () => {
  await using s = openSession({ check: "error" });
  const queue = [
    "interface Row { n: number }\nconst rows: Row[] = [{ n: 1 }];\nawait new Promise((r) => setTimeout(r, 50));",
    "const first: Row = rows[0]!;\nawait new Promise((r) => setTimeout(r, 50)); first.n + 1",
    "first.n.toUpperCase()",
  ].map((code) => s.session.execute({ code }).settled);
  const [, second, third] = await Promise.all(queue);
  expect(second?.value?.["text/plain"]).toBe("2");
  expect(third?.error?.message).toContain("TS2339: Property 'toUpperCase' does not exist");
});

test("what a failed cell did not reach is missing for a cell that was checked ahead", async () => {
  await using s = openSession({ check: "error" });
  const failing = s.session.execute({
    code: "const reached: number = 1;\nawait new Promise((r) => setTimeout(r, 50));\nthrow new Error('half-way');\nconst missed: number = 2;",
    stopOnError: false,
  });
  const behind = s.session.execute({ code: "reached + missed", stopOnError: false });
  expect((await failing.settled).error?.message).toBe("half-way");
  expect((await behind.settled).error?.message).toContain("TS2304: Cannot find name 'missed'");
  expect((await s.run("reached")).value?.["text/plain"]).toBe("1");
});

test("a redeclaration in the running cell counts for the one behind it", async () => {
  await using s = openSession({ check: "error" });
  await s.run("let value = 1");
  const now = s.session.execute({
    code: "let value = 'text'; await new Promise((r) => setTimeout(r, 50))",
  });
  const behind = s.session.execute({ code: "value.toUpperCase()" });
  await now.settled;
  expect((await behind.settled).value?.["text/plain"]).toBe("'TEXT'");
});
