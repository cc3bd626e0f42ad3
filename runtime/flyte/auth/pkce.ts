/**
 * A person logs in with a browser of this machine.
 * @module
 */
import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  None,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from "oauth4webapi";
import { FlyteError } from "../errors.ts";
import { awaitCallback } from "./callback.ts";
import {
  type FlowContext,
  grantParameters,
  LoginRefused,
  loginFailure,
  publicClient,
  requestOptions,
  tokenOf,
  withoutIdToken,
} from "./login-server.ts";
import { orAborted } from "./single-flight.ts";
import type { Token } from "./token.ts";

const PATIENCE_MS = 120_000;

/**
 * @param open opens the address in a browser; absent where nobody sees one.
 * @throws {FlyteError} `REMOTE_AUTH`, also when nobody came back within two minutes.
 */
export async function pkce(
  context: FlowContext,
  open: ((url: string) => void) | undefined,
  signal: AbortSignal,
): Promise<Token> {
  const { server, platform, notice, now, wait } = context;
  const { oauth, redirectUri } = server;
  if (oauth.authorization_endpoint === undefined) {
    throw new FlyteError("REMOTE_AUTH", "the cluster offers no login page: set admin.authType");
  }
  const client = publicClient(context);
  const verifier = generateRandomCodeVerifier();
  const state = generateRandomState();
  const parameters = grantParameters(context);
  parameters.set("client_id", client.client_id);
  parameters.set("response_type", "code");
  parameters.set("redirect_uri", redirectUri);
  parameters.set("state", state);
  parameters.set("code_challenge", await calculatePKCECodeChallenge(verifier));
  parameters.set("code_challenge_method", "S256");
  const page = new URL(oauth.authorization_endpoint);
  for (const [name, value] of parameters) page.searchParams.set(name, value);

  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  try {
    let answer: URL;
    {
      await using callback = await awaitCallback(redirectUri, state);
      notice(`To log in to ${platform.endpoint}, open ${page.href} in a browser of this machine`);
      open?.(page.href);
      const patience = wait(PATIENCE_MS, until).then(() => undefined);
      const first = await orAborted(Promise.race([callback.answer, patience]), signal);
      if (first === undefined) {
        const message = `nobody came back from the login page within ${PATIENCE_MS / 1000} s: call remote.login() again`;
        throw new FlyteError("REMOTE_AUTH", message);
      }
      answer = first;
    }
    const given = validateAuthResponse(oauth, client, answer, state);
    // flyteadmin's own token endpoint asks for them a second time.
    for (const name of ["client_id", "redirect_uri"]) parameters.delete(name);
    const response = await authorizationCodeGrantRequest(
      oauth,
      client,
      None(),
      given,
      redirectUri,
      verifier,
      { ...requestOptions(context, signal), additionalParameters: parameters },
    );
    const tokens = await processAuthorizationCodeResponse(
      oauth,
      client,
      await withoutIdToken(response),
    );
    return tokenOf(tokens, now());
  } catch (error) {
    if (error instanceof AuthorizationResponseError) {
      const said = [error.error, error.error_description].filter(Boolean).join(": ");
      throw new LoginRefused(`the login page of ${page.host} says no: ${said}`, error.error);
    }
    throw loginFailure(error, context, "the login by browser");
  } finally {
    ended.abort();
  }
}
