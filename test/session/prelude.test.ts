import { expect, test } from "vitest";
import { preludeNames } from "../../runtime/session/client/types/prelude.ts";
import { openSession } from "../support/session.ts";

test("every name that the checker takes for granted exists in the user process", async () => {
  await using open = openSession();
  const { status, error } = await open.run(preludeNames.map((name) => `void ${name};`).join("\n"));
  expect(error).toBeUndefined();
  expect(status).toBe("ok");
});
