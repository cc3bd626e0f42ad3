/**
 * Typed calls to one cluster.
 * @module
 */
import { type Client, createClient } from "@connectrpc/connect";
import { readSecret } from "../workflow/secrets.ts";
import { type SignerOptions, TokenSigner } from "./auth/signer.ts";
import { type ChannelOptions, openChannel } from "./channel.ts";
import type { SecretPlace } from "./config/secret-places.ts";
import type { Platform } from "./config.ts";
import { AdminService } from "./idl/flyteidl/service/admin_pb.ts";
import { AuthMetadataService } from "./idl/flyteidl/service/auth_pb.ts";
import { DataProxyService } from "./idl/flyteidl/service/dataproxy_pb.ts";
import { IdentityService } from "./idl/flyteidl/service/identity_pb.ts";

export { inBackground } from "./retry.ts";

/**
 * Calls take connect's options `{ signal, timeoutMs, contextValues }`. They reject with a ConnectError after the
 * repetitions, or with a FlyteError when nobody can log in; `remoteFailure` makes the error to show of either.
 */
export interface FlyteClient {
  readonly platform: Platform;
  readonly admin: Client<typeof AdminService>;
  readonly data: Client<typeof DataProxyService>;
  readonly identity: Client<typeof IdentityService>;
  /** Makes sure that there is a token, asking a person if it has to. */
  login(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Forgets the token, in its file too. */
  logout(): Promise<void>;
  /** Ends the connection; calls in flight reject. */
  close(): void;
}

export interface ClientOptions extends Omit<ChannelOptions, "signer"> {
  /** Where the client's secret is among the secrets of a task. */
  readonly secret?: { readonly group: string; readonly key: string };
  /** For tests: where tokens are kept, what time it is, how to wait. */
  readonly login?: Pick<SignerOptions, "environment" | "now" | "wait">;
}

/** Hints that this process has shown. */
const shown = new Set<string>();

/** Connects with the first call. Logs in when the cluster asks for it. */
export function openClient(platform: Platform, options: ClientOptions = {}): FlyteClient {
  const { notice = console.error, secret, login } = options;
  for (const hint of platform.hints) {
    if (shown.has(hint)) continue;
    shown.add(hint);
    notice(hint);
  }
  let signer: TokenSigner | undefined;
  const channel = openChannel(platform, {
    ...options,
    notice,
    signer(unsigned) {
      const metadata = createClient(AuthMetadataService, unsigned);
      signer = new TokenSigner({
        ...login,
        platform,
        metadata,
        notice,
        secret: secret && taskSecret(secret),
      });
      return signer;
    },
  });
  return {
    platform,
    admin: createClient(AdminService, channel.transport),
    data: createClient(DataProxyService, channel.transport),
    identity: createClient(IdentityService, channel.transport),
    async login({ signal } = {}) {
      const { closed } = channel;
      await signer?.login(signal === undefined ? closed : AbortSignal.any([signal, closed]));
    },
    logout: async () => await signer?.logout(channel.closed),
    close: () => channel.close(),
  };
}

/** @throws {TypeError} when read, for what is no name of a secret. */
function taskSecret({ group, key }: { group: string; key: string }): SecretPlace {
  return {
    where: `the secret ${key} of group ${group}`,
    read() {
      try {
        return readSecret(group, key) || undefined;
      } catch (error) {
        if (error instanceof TypeError) throw error;
        return undefined;
      }
    },
  };
}
