import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Deck, task } from "../../../../runtime/index.ts";
import { redactText, setRedaction } from "../../../../runtime/values/redact.ts";
import { observedEvents, rejection } from "../../../support/observed-events.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

afterEach(() => vi.unstubAllEnvs());

const read = task(
  { name: "read" },
  ({ group, key }: { group: string; key: string }, { secrets }) => secrets.get(group, key).length,
);

test("a secret comes from the environment, else from its mounted file", async () => {
  using folder = tempFolder();
  vi.stubEnv("FLYTE_SECRETS_DEFAULT_DIR", folder.path);
  mkdirSync(join(folder.path, "team"));
  writeFileSync(join(folder.path, "team", "token"), "from-file\n");
  expect(await read({ group: "Team", key: "Token" })).toBe("from-file".length);
  vi.stubEnv("_FSEC_TEAM_TOKEN", "env");
  expect(await read({ group: "team", key: "token" })).toBe(3);
  vi.stubEnv("FLYTE_SECRETS_ENV_PREFIX", "OWN_");
  vi.stubEnv("OWN_TEAM_TOKEN", "");
  expect(await read({ group: "team", key: "token" })).toBe(0);
});

test("what was handed out is in no byte of any event, whatever is done with it", async () => {
  const secret = 'horse"battery$staple';
  vi.stubEnv("_FSEC_TEAM_LONG", secret);
  using observed = observedEvents();
  const leaks = task({ name: "leaks" }, async ({ like }: { like: string }, context) => {
    const value = context.secrets.get("team", "long");
    context.log(value, { deep: [value] });
    context.progress(1, 2, `at ${value}`);
    context.deck(`deck of ${value}`, Deck.html`<b>${value}</b>`);
    await echo({ text: value, list: [value], map: new Map([[value, 1]]), like });
    throw new Error(`failed with ${value}`, { cause: { header: value } });
  });
  const echo = task({ name: "echo" }, (given: object) => given);
  const error = (await rejection(leaks({ like: "this" }))) as Error;
  expect((error.cause as Error).message).toContain(secret); // who catches it has it
  const told = JSON.stringify(observed.events);
  expect(told).toContain("[redacted]");
  expect(told).not.toContain("horse");
  expect(told).not.toContain("staple");
});

test("rules of one's own hide texts and patterns; an empty one hides nothing", async () => {
  setRedaction(["a.b", /\bID-\d+/, /x*/]);
  try {
    expect(redactText("a.b aXb ID-123 id-123 xyz")).toBe(
      "[redacted] aXb [redacted] id-123 [redacted]yz",
    );
  } finally {
    setRedaction([]);
  }
  expect(redactText("a.b")).toBe("a.b");
});

test("one that is nowhere is named with both places", async () => {
  vi.stubEnv("FLYTE_SECRETS_DEFAULT_DIR", "/nowhere");
  const error = await rejection(read({ group: "team", key: "token" }));
  expect(error).toMatchObject({
    cause: {
      message:
        "there is no secret token of group team: neither the environment variable _FSEC_TEAM_TOKEN nor the file /nowhere/team/token",
    },
  });
});

test.each(["../etc", "a/b", "", "..", undefined])("%j is no name of a secret", async (group) => {
  expect(await rejection(read({ group: group as string, key: "passwd" }))).toMatchObject({
    cause: { name: "TypeError" },
  });
});
