/**
 * Typed calls to one cluster.
 * @module
 */
import { type Client, createClient } from "@connectrpc/connect";
import { type ChannelOptions, openChannel } from "./channel.ts";
import type { Platform } from "./config.ts";
import { AdminService } from "./idl/flyteidl/service/admin_pb.ts";
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
  login(): Promise<void>;
  /** Forgets the token, in its file too. */
  logout(): Promise<void>;
  /** Ends the connection; calls in flight reject. */
  close(): void;
}

export interface ClientOptions extends Omit<ChannelOptions, "signer"> {
  /** Where the client's secret is among the secrets of a task. */
  readonly secret?: { readonly group: string; readonly key: string };
}

/** Connects with the first call. */
export function openClient(platform: Platform, options: ClientOptions = {}): FlyteClient {
  const channel = openChannel(platform, options);
  return {
    platform,
    admin: createClient(AdminService, channel.transport),
    data: createClient(DataProxyService, channel.transport),
    identity: createClient(IdentityService, channel.transport),
    async login() {},
    async logout() {},
    close: () => channel.close(),
  };
}
