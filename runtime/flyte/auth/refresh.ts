/**
 * Another token for a refresh token, without a person.
 * @module
 */
import { None, processRefreshTokenResponse, refreshTokenGrantRequest } from "oauth4webapi";
import {
  type FlowContext,
  loginFailure,
  publicClient,
  requestOptions,
  tokenOf,
  withoutIdToken,
} from "./login-server.ts";
import type { Token } from "./token.ts";

/** @throws {LoginRefused} when the refresh token is not taken (any more). */
export async function refresh(
  context: FlowContext,
  refreshToken: string,
  signal: AbortSignal,
): Promise<Token> {
  const { oauth } = context.server;
  const client = publicClient(context);
  try {
    const response = await refreshTokenGrantRequest(
      oauth,
      client,
      None(),
      refreshToken,
      requestOptions(context, signal),
    );
    const answer = await processRefreshTokenResponse(oauth, client, await withoutIdToken(response));
    return tokenOf(answer, context.now(), refreshToken);
  } catch (error) {
    throw loginFailure(error, context, "another token");
  }
}
