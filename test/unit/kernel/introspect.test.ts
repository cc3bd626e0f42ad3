import { expect, test } from "vitest";
import { inspected } from "../../../kernel/handlers/introspect.ts";
import { HandSession } from "../../support/hand-session.ts";

test("inspecting tells the live value below the type, as text that Markdown leaves alone", async () => {
  const session = new HandSession();
  const hover = { signature: "let a: number", documentation: "Counts.", start: 0, end: 1 };
  session.types = { ...session.types, hover: async () => ({ ...hover, value: "*41*" }) };
  expect(await inspected(session, "a", 0)).toEqual({
    "text/markdown": "```ts\nlet a: number\n```\n\n= \\*41\\*\n\nCounts.",
    "text/plain": "let a: number\n\n= *41*\n\nCounts.",
  });
  session.types = { ...session.types, hover: async () => hover };
  expect((await inspected(session, "a", 0))?.["text/plain"]).toBe("let a: number\n\nCounts.");
});
