/**
 * Authentication: what the metadata service tells, and which tokens are let in.
 *
 * Invariants:
 * 1. Without auth there is no metadata service at all: UNIMPLEMENTED, as on a cluster without it.
 * 2. The metadata service and nothing else answers without a token.
 * @module
 */
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import {
  type AuthMetadataService as AuthMetadata,
  AuthMetadataService,
} from "../../../runtime/flyte/idl/flyteidl/service/auth_pb.ts";

export interface AuthOptions {
  /** Endpoints of the OAuth server. */
  readonly issuer: {
    readonly issuer?: string;
    readonly tokenEndpoint: string;
    readonly authorizationEndpoint?: string;
    readonly deviceAuthorizationEndpoint?: string;
    readonly jwksUri?: string;
    readonly scopesSupported?: readonly string[];
    /** `client_secret_basic` unless given. */
    readonly tokenEndpointAuthMethodsSupported?: readonly string[];
    readonly grantTypesSupported?: readonly string[];
  };
  /** The public client. */
  readonly client?: {
    readonly clientId?: string;
    readonly redirectUri?: string;
    readonly scopes?: readonly string[];
    readonly audience?: string;
    /** `flyte-authorization` unless given; `""` stands for `authorization`. */
    readonly metadataKey?: string;
  };
  /** @returns the identity of a token's bearer, `true` for one without a name, `false` for none. */
  accepts(token: string): boolean | string | Promise<boolean | string>;
  /** The message of UNAUTHENTICATED. */
  readonly refusal?: string;
}

/** Who asks: admin writes it into executions and aborts. */
export const identity = createContextKey("", { description: "the bearer's identity" });

export function authMetadataMethods({
  issuer,
  client = {},
}: AuthOptions): ServiceImpl<typeof AuthMetadata> {
  return {
    getOAuth2Metadata: () => ({
      issuer: issuer.issuer ?? new URL(issuer.tokenEndpoint).origin,
      tokenEndpoint: issuer.tokenEndpoint,
      authorizationEndpoint: issuer.authorizationEndpoint ?? "",
      deviceAuthorizationEndpoint: issuer.deviceAuthorizationEndpoint ?? "",
      jwksUri: issuer.jwksUri ?? "",
      responseTypesSupported: ["code"],
      scopesSupported: [...(issuer.scopesSupported ?? ["all"])],
      codeChallengeMethodsSupported: ["S256"],
      grantTypesSupported: [
        ...(issuer.grantTypesSupported ?? [
          "client_credentials",
          "refresh_token",
          "authorization_code",
        ]),
      ],
      tokenEndpointAuthMethodsSupported: [
        ...(issuer.tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]),
      ],
    }),
    getPublicClientConfig: () => ({
      clientId: client.clientId ?? "flytectl",
      redirectUri: client.redirectUri ?? "http://localhost:53593/callback",
      scopes: [...(client.scopes ?? ["all"])],
      audience: client.audience ?? "",
      authorizationMetadataKey: client.metadataKey ?? "flyte-authorization",
    }),
  };
}

/** Lets in who has a token. */
export function authenticated(auth: AuthOptions): Interceptor {
  const key = auth.client?.metadataKey ?? "flyte-authorization";
  const refusal =
    auth.refusal ??
    "token parse error [JWT_VERIFICATION_FAILED] Could not retrieve id token from metadata, caused by: rpc error: code = Unauthenticated desc = Request unauthenticated with bearer";
  return (next) => async (request) => {
    if (request.service.typeName === AuthMetadataService.typeName) return await next(request);
    const header =
      request.header.get(key || "authorization") ?? request.header.get("authorization");
    const [, token] = /^Bearer (.+)$/i.exec(header ?? "") ?? [];
    const bearer = token === undefined ? false : await auth.accepts(token);
    if (bearer === false) throw new ConnectError(refusal, Code.Unauthenticated);
    request.contextValues.set(identity, typeof bearer === "string" ? bearer : "double-user");
    return await next(request);
  };
}
