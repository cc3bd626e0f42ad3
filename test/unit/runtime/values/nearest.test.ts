import { expect, test } from "vitest";
import { nearest } from "../../../../runtime/values/nearest.ts";

test("the nearest name is suggested, a distant one is not", () => {
  expect(nearest("simpelEagerWorkflow", ["simpleEagerWorkflow", "double"])).toBe(
    "simpleEagerWorkflow",
  );
  expect(nearest("zzz", ["simpleEagerWorkflow", "double"])).toBeUndefined();
});

test("a name that was not written to its end is near, and case does not count", () => {
  expect(nearest("retr", ["timeout", "retries"])).toBe("retries");
  expect(nearest("Timeout", ["timeout", "retries"])).toBe("timeout");
  expect(nearest("", ["timeout"])).toBeUndefined();
});
