import { expect, test } from "vitest";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const kinds = async (code: string) => {
  const { published } = await suite.client.execute(code);
  return published.map(({ header }) => header.msg_type).filter((type) => type !== "status");
};

test("with deck.settings.inline off nothing shows by itself, and the deck still has everything", async () => {
  const CALL = "void (await one({}));";
  expect(await kinds(`const one = task({ name: "one" }, (_: object) => 1); ${CALL}`)).toContain(
    "display_data",
  );
  expect(await kinds(`deck.settings.inline = "off"; ${CALL}`)).toEqual(["execute_input"]);
  expect(await kinds("deck")).toEqual(["execute_input", "execute_result"]);
  expect(await kinds(`deck.settings.inline = "on"; ${CALL}`)).toContain("display_data");
});
