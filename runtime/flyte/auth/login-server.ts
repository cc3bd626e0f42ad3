/**
 * What a cluster says of how to log in, joined with our own settings.
 *
 * Flyte's metadata comes by gRPC and not from a well-known address. The service is there only where the cluster asks for
 * tokens at all.
 * @module
 */
import type { Client } from "@connectrpc/connect";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  HTTP_REQUEST_FORBIDDEN,
  type HttpRequestOptions,
  type Client as OAuthClient,
  OperationProcessingError,
  ResponseBodyError,
  type TokenEndpointResponse,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import type { Platform } from "../config.ts";
import { FlyteError, remoteFailure, Status, statusOf } from "../errors.ts";
import type { AuthMetadataService } from "../idl/flyteidl/service/auth_pb.ts";
import type { Fetch } from "./http.ts";
import { expiryOf, Token } from "./token.ts";

/** Where flytectl's public client listens when the cluster does not say. */
const REDIRECT_URI = "http://localhost:53593/callback";

export interface LoginServer {
  readonly oauth: AuthorizationServer;
  /** Ours, or the cluster's public client. */
  readonly publicClientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly audience: string | undefined;
  /** Header that carries the token. */
  readonly metadataKey: string;
}

/**
 * @returns undefined when the cluster asks for no tokens.
 * @throws {FlyteError} when there is no answer.
 */
export async function askCluster(
  platform: Platform,
  metadata: Client<typeof AuthMetadataService>,
  signal: AbortSignal,
): Promise<LoginServer | undefined> {
  try {
    const [client, server] = await Promise.all([
      metadata.getPublicClientConfig({}, { signal }),
      metadata.getOAuth2Metadata({}, { signal }),
    ]);
    const { auth } = platform;
    const oauth: { -readonly [name in keyof AuthorizationServer]: AuthorizationServer[name] } = {
      issuer: server.issuer || `https://${platform.endpoint}`,
    };
    if (server.authorizationEndpoint) oauth.authorization_endpoint = server.authorizationEndpoint;
    if (server.tokenEndpoint) oauth.token_endpoint = server.tokenEndpoint;
    if (server.deviceAuthorizationEndpoint) {
      oauth.device_authorization_endpoint = server.deviceAuthorizationEndpoint;
    }
    oauth.token_endpoint_auth_methods_supported = server.tokenEndpointAuthMethodsSupported;
    return {
      oauth,
      publicClientId: auth.clientId ?? client.clientId,
      redirectUri: client.redirectUri || REDIRECT_URI,
      scopes: auth.scopes ?? client.scopes,
      audience: auth.audience ?? (client.audience || undefined),
      metadataKey: headerName(client.authorizationMetadataKey || "authorization"),
    };
  } catch (error) {
    if (statusOf(error) === Status.unimplemented) return undefined;
    throw remoteFailure(error, `ask ${platform.endpoint} how to log in`);
  }
}

function headerName(name: string): string {
  if (/^[\w-]+$/.test(name)) return name.toLowerCase();
  throw new FlyteError(
    "REMOTE_AUTH",
    `the cluster wants tokens under ${JSON.stringify(name)}, which is no header`,
  );
}

/** What every flow needs. */
export interface FlowContext {
  readonly platform: Platform;
  readonly server: LoginServer;
  readonly fetch: Fetch;
  /** Tells a person. */
  readonly notice: (text: string) => void;
  readonly now: () => number;
  /** Waits; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Options of oauth4webapi's requests. */
export function requestOptions<Body>(
  { platform, fetch }: Pick<FlowContext, "platform" | "fetch">,
  signal: AbortSignal,
): HttpRequestOptions<"POST", Body> {
  return {
    // Cleartext is meant only where the whole cluster is.
    [allowInsecureRequests]: platform.insecure,
    // The library's bodies are URLSearchParams, which every `fetch` takes.
    [customFetch]: (url, init) => fetch(url, init as RequestInit),
    signal,
  };
}

export function publicClient({ server }: FlowContext): OAuthClient {
  if (server.publicClientId) return { client_id: server.publicClientId };
  throw new FlyteError(
    "REMOTE_AUTH",
    "the cluster names no client to log in as: set admin.clientId",
  );
}

/** `scope` and `audience`, where there are any. */
export function grantParameters({ server }: FlowContext): URLSearchParams {
  const parameters = new URLSearchParams();
  if (server.scopes.length > 0) parameters.set("scope", server.scopes.join(" "));
  if (server.audience !== undefined) parameters.set("audience", server.audience);
  return parameters;
}

/**
 * The answer of a token endpoint without the id token: we do not look at who the person is, and its checks fail where a
 * cluster calls its issuer by two names.
 */
export async function withoutIdToken(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const text = await response.text();
  let body = text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      body = JSON.stringify({ ...parsed, id_token: undefined });
    }
  } catch {
    // What is no JSON is refused by the library, in its words.
  }
  return new Response(body, { status: response.status, headers: response.headers });
}

/** @param before a refresh token that stays good when the answer brings no other. */
export function tokenOf(answer: TokenEndpointResponse, now: number, before?: string): Token {
  const { access_token: access, expires_in: seconds, refresh_token: refresh = before } = answer;
  const expiresAt = seconds === undefined ? expiryOf(access) : now + seconds * 1000;
  return new Token({ access, refresh, obtainedAt: now, expiresAt });
}

/** The login server understood and said no; asking the same again would be the same. */
export class LoginRefused extends FlyteError {
  /** OAuth's word: `invalid_client`, `invalid_grant`. */
  readonly reason: string;
  constructor(message: string, reason: string) {
    super("REMOTE_AUTH", message);
    this.reason = reason;
  }
}

/**
 * The error to show for a request to the login server that failed.
 *
 * Without the original as its cause: it holds requests and answers, and those hold secrets.
 */
export function loginFailure(error: unknown, context: FlowContext, what: string): unknown {
  if (error instanceof FlyteError) return error;
  const { token_endpoint: endpoint = context.platform.endpoint } = context.server.oauth;
  const host = URL.parse(endpoint)?.host ?? context.platform.endpoint;
  if (error instanceof ResponseBodyError) {
    const said = [error.error, error.error_description].filter(Boolean).join(": ");
    return new LoginRefused(
      `${host} refuses ${what}: ${said}${adviceFor(error.error)}`,
      error.error,
    );
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return new LoginRefused(
      `${host} refuses ${what}: it does not take this client and its secret${adviceFor("invalid_client")}`,
      "invalid_client",
    );
  }
  if (error instanceof OperationProcessingError) {
    if (error.code === HTTP_REQUEST_FORBIDDEN) {
      const message = `${host} is to be asked for ${what} in cleartext, and nothing secret goes there: the cluster has to name an https:// address`;
      return new FlyteError("REMOTE_AUTH", message);
    }
    const status = statusIn(error.cause);
    return new FlyteError(
      "REMOTE_AUTH",
      `${host} answers ${what} with something else${status}: ${error.message}`,
    );
  }
  if (error instanceof DOMException && error.name === "AbortError") return error;
  if (error instanceof Error) {
    const below = error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return new FlyteError(
      "REMOTE_UNREACHABLE",
      `${host} does not answer ${what}: ${error.message}${below}`,
    );
  }
  return error;
}

/** Of a Response below an error, whichever package made it. */
function statusIn(cause: unknown): string {
  const status: unknown = typeof cause === "object" && cause ? Reflect.get(cause, "status") : "";
  return typeof status === "number" ? ` (HTTP ${status})` : "";
}

function adviceFor(reason: string): string {
  switch (reason) {
    case "invalid_client":
    case "unauthorized_client":
      return ". Check admin.clientId and the client's secret";
    case "invalid_scope":
      return ". Check admin.scopes";
    case "access_denied":
      return ". Somebody said no on the page of the login server";
    case "unsupported_grant_type":
      return ". Choose another admin.authType";
    default:
      return "";
  }
}
