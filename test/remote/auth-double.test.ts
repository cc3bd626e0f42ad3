import { expect, test } from "vitest";
import { openClient } from "../../runtime/flyte/client.ts";
import { Config } from "../../runtime/flyte/config.ts";
import { startDouble } from "../support/flyte-double/double.ts";
import { ROBOT_SECRET, startOAuthServer } from "../support/oauth-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("on a cluster with logins a thousand requests outlive two tokens and a cut of their connection", async () => {
  await using oauth = await startOAuthServer();
  await using double = await startDouble({
    auth: {
      issuer: { issuer: oauth.issuer, tokenEndpoint: `${oauth.issuer}/token` },
      accepts: async (token) => (await oauth.knows(token)) && "robot",
    },
  });
  using folder = tempFolder({
    "config.yaml": double.configYaml,
    secret: `${ROBOT_SECRET}\n`,
  });
  const platform = Config.auto(`${folder.path}/config.yaml`).resolve({
    FLYTE_CREDENTIALS_CLIENT_ID: "robot",
    FLYTE_CREDENTIALS_CLIENT_SECRET_LOCATION: `${folder.path}/secret`,
  });
  expect(platform.auth.mode).toBe("ClientSecret");
  const client = openClient(platform, { retry: { random: () => 0.1 } });
  try {
    let answered = 0;
    const ask = async () => {
      await client.admin.listProjects({});
      answered++;
      if (answered === 450) double.faults.cut("ListProjects", "after");
      if (answered === 300 || answered === 600) await oauth.revokeAll();
    };
    await Promise.all(Array.from({ length: 1_000 }, ask));
    expect(answered).toBe(1_000);
    // One at first, one after each end; calls that were under way may meet the end of the one in between.
    expect(oauth.grants.length).toBe(3);
  } finally {
    client.close();
  }
});
