/**
 * Whether a cluster would work for us, asked piece by piece: one that is wrong does not hide the others.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Connection } from "./connection.ts";
import { remoteFailure } from "./errors.ts";
import type { CheckResult } from "./remote.ts";

/** @throws {FlyteError} when the cluster does not answer at all. */
export async function checkConnection(connection: Connection): Promise<CheckResult> {
  const { client } = connection;
  const { platform, admin, identity, data } = client;
  let skew: number | undefined;
  const askedAt = Date.now();
  let version: string;
  try {
    const { controlPlaneVersion } = await admin.getVersion(
      {},
      {
        onHeader: (header) => {
          const date = Date.parse(header.get("date") ?? "");
          // The header has whole seconds, and the answer took its time.
          if (!Number.isNaN(date)) skew = Math.round((askedAt + Date.now()) / 2 - date - 500);
        },
      },
    );
    version = controlPlaneVersion?.Version ?? "unknown";
  } catch (error) {
    throw remoteFailure(error, `reach ${platform.endpoint} (${platform.source})`);
  }
  const who = await quietly(async () => {
    const { subject, name, preferredUsername, email } = await identity.userInfo({});
    return name || preferredUsername || email || subject || undefined;
  });
  const place = quiet(() => connection.place());
  const projectExists =
    place &&
    (await quietly(async () => {
      const { projects } = await admin.listProjects({ limit: 1_000 });
      return projects.some(({ id }) => id === place.project);
    }));
  return {
    endpoint: platform.endpoint,
    server: version,
    identity: who,
    project: place?.project,
    domain: place?.domain,
    projectExists,
    storage: place === undefined ? "not asked: no project is set" : await storage(),
    clockSkewMs: skew,
  };

  async function storage(): Promise<string> {
    try {
      const { nativeUrl } = await data.createUploadLocation({
        ...place,
        filename: "check",
        filenameRoot: "eagerdeck-check",
      });
      return `files go to ${nativeUrl.slice(0, nativeUrl.lastIndexOf("/") + 1)}`;
    } catch (error) {
      const said = error instanceof ConnectError ? error.rawMessage : String(error);
      const code = error instanceof ConnectError ? Code[error.code] : "";
      return `no file can be put there: ${said}${code ? ` (${code})` : ""}`;
    }
  }
}

async function quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    // A service that the cluster does not have is no reason to say nothing of the others.
    return undefined;
  }
}

function quiet<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
