/**
 * A program logs in with its own secret.
 * @module
 */
import {
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  processClientCredentialsResponse,
} from "oauth4webapi";
import { firstSecret, type SecretPlace } from "../config/secret-places.ts";
import { FlyteError } from "../errors.ts";
import {
  type FlowContext,
  grantParameters,
  loginFailure,
  requestOptions,
  tokenOf,
  withoutIdToken,
} from "./login-server.ts";
import type { Token } from "./token.ts";

/** @throws {FlyteError} `REMOTE_AUTH`, `REMOTE_UNREACHABLE`. */
export async function clientCredentials(
  context: FlowContext,
  places: readonly SecretPlace[],
  signal: AbortSignal,
): Promise<Token> {
  const { server, platform, now } = context;
  const { clientId } = platform.auth;
  if (clientId === undefined) {
    throw new FlyteError(
      "REMOTE_AUTH",
      "to log in with a client's secret its id is needed: set admin.clientId (FLYTE_CREDENTIALS_CLIENT_ID)",
    );
  }
  const secret = firstSecret(places);
  const methods = server.oauth.token_endpoint_auth_methods_supported ?? [];
  // What the server does not list is Basic: every server has to know it.
  const posts = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
  const authentication = posts ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  const client = { client_id: clientId };
  try {
    const response = await clientCredentialsGrantRequest(
      server.oauth,
      client,
      authentication,
      grantParameters(context),
      requestOptions(context, signal),
    );
    const answer = await processClientCredentialsResponse(
      server.oauth,
      client,
      await withoutIdToken(response),
    );
    return tokenOf(answer, now());
  } catch (error) {
    throw loginFailure(error, context, `the login of client ${clientId}`);
  }
}
