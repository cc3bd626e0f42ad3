import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { task } from "../../../../runtime/index.ts";
import { rejection } from "../../../support/observed-events.ts";
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
