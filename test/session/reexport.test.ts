import { expect, test } from "vitest";
import { openSession } from "../support/session.ts";

test("export … from in a cell runs the module, makes no name, and a notice says what to write", async () => {
  await using s = openSession({
    files: { "m.ts": "console.log('loaded'); export const inside = 1;" },
  });
  const { cell, status } = await s.run("export { inside } from './m.ts'");
  expect(status).toBe("ok");
  expect(s.printed(cell)).toBe("loaded\n");
  expect(s.events).toContainEqual(
    expect.objectContaining({
      kind: "notice",
      cell,
      level: "info",
      text: expect.stringContaining("export … from only loads the module"),
    }),
  );
  expect(await s.value("typeof inside")).toBe("'undefined'");
});
