import { expect, test } from "vitest";
import { preludeNames, preludeText } from "../../runtime/session/client/types/prelude.ts";
import { openSession } from "../support/session.ts";

test("every name that the checker takes for granted exists in the user process", async () => {
  await using open = openSession();
  const { status, error } = await open.run(preludeNames.map((name) => `void ${name};`).join("\n"));
  expect(error).toBeUndefined();
  expect(status).toBe("ok");
});

test("display has the forms that the checker knows, and no others", async () => {
  const typed = /^interface Display \{([\s\S]*?)\n\}/m.exec(preludeText)?.[1] ?? "";
  const forms = [...typed.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
  await using open = openSession();
  expect(await open.value("Object.keys(display).sort().join()")).toBe(`'${forms.sort().join()}'`);
});
