/**
 * A person logs in on another device: for machines without a browser.
 * @module
 */
import {
  deviceAuthorizationRequest,
  deviceCodeGrantRequest,
  None,
  processDeviceAuthorizationResponse,
  processDeviceCodeResponse,
  ResponseBodyError,
} from "oauth4webapi";
import { FlyteError } from "../errors.ts";
import {
  type FlowContext,
  grantParameters,
  loginFailure,
  publicClient,
  requestOptions,
  tokenOf,
  withoutIdToken,
} from "./login-server.ts";
import type { Token } from "./token.ts";

/** Between two questions when the server names no time, and what `slow_down` adds: RFC 8628. */
const INTERVAL_S = 5;

/** @throws {FlyteError} `REMOTE_AUTH`, also when the code ran out. */
export async function deviceFlow(context: FlowContext, signal: AbortSignal): Promise<Token> {
  const { server, platform, notice, now, wait } = context;
  const { oauth } = server;
  if (oauth.device_authorization_endpoint === undefined) {
    throw new FlyteError(
      "REMOTE_AUTH",
      "the cluster offers no login by device: set admin.authType to Pkce or ClientSecret",
    );
  }
  const client = publicClient(context);
  try {
    const options = requestOptions<URLSearchParams>(context, signal);
    const parameters = grantParameters(context);
    const device = await processDeviceAuthorizationResponse(
      oauth,
      client,
      await deviceAuthorizationRequest(oauth, client, None(), parameters, options),
    );
    const ends = now() + device.expires_in * 1000;
    const address = device.verification_uri_complete ?? device.verification_uri;
    notice(
      `To log in to ${platform.endpoint}, open ${address} and enter the code ${device.user_code} ` +
        `(good for ${Math.max(1, Math.round(device.expires_in / 60))} min)`,
    );
    let intervalS = device.interval ?? INTERVAL_S;
    while (now() < ends) {
      await wait(intervalS * 1000, signal);
      const response = await deviceCodeGrantRequest(
        oauth,
        client,
        None(),
        device.device_code,
        options,
      );
      try {
        const answer = await processDeviceCodeResponse(
          oauth,
          client,
          await withoutIdToken(response),
        );
        return tokenOf(answer, now());
      } catch (error) {
        if (!(error instanceof ResponseBodyError)) throw error;
        if (error.error === "slow_down") intervalS += INTERVAL_S;
        else if (error.error === "expired_token") break;
        else if (error.error !== "authorization_pending") throw error;
      }
    }
  } catch (error) {
    throw loginFailure(error, context, "the login by device");
  }
  throw new FlyteError("REMOTE_AUTH", "nobody entered the code in time: call remote.login() again");
}
