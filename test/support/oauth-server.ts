/**
 * A real OAuth 2 server on 127.0.0.1, and a user agent that logs in at it as a person does.
 * @module
 */
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { freePorts } from "./ports.ts";

export const ROBOT_SECRET = "robot+secret/with:odd&characters=1";

export interface OAuthServer extends AsyncDisposable {
  readonly issuer: string;
  readonly redirectUri: string;
  /** Requests to the token endpoint: the form's fields, and how the client said who it is. */
  readonly grants: readonly {
    form: URLSearchParams;
    basic: boolean;
    proxied: string | undefined;
  }[];
  /** Answers of the token endpoint are held back until the promise is kept. */
  hold: Promise<void> | undefined;
  /** Whether a token is good. */
  knows(token: string): Promise<boolean>;
  /** Ends every access token that was given out. */
  revokeAll(): Promise<void>;
  /** Ends refresh tokens too: from now on a person has to log in again. */
  forgetGrants(): Promise<void>;
}

export async function startOAuthServer(): Promise<OAuthServer> {
  const [port, redirectPort] = await freePorts(2);
  const issuer = `http://127.0.0.1:${port}`;
  const redirectUri = `http://localhost:${redirectPort}/callback`;
  const issued = new Set<{ destroy(): Promise<void> }>();
  const grants: { form: URLSearchParams; basic: boolean; proxied: string | undefined }[] = [];

  const provider = quietly(
    () =>
      new Provider(issuer, {
        clients: [
          robot("robot", "client_secret_basic"),
          robot("robot-post", "client_secret_post"),
          {
            client_id: "flytectl",
            application_type: "native",
            token_endpoint_auth_method: "none",
            redirect_uris: [redirectUri],
            response_types: ["code"],
            grant_types: [
              "authorization_code",
              "refresh_token",
              "urn:ietf:params:oauth:grant-type:device_code",
            ],
          },
        ],
        scopes: ["openid", "offline_access", "all"],
        features: {
          clientCredentials: { enabled: true },
          deviceFlow: {
            enabled: true,
            userCodeConfirmSource: (page: { body: string }, form: string) => {
              page.body = form;
            },
            successSource: (page: { body: string }) => {
              page.body = "done";
            },
          },
        },
        pkce: { required: () => true },
        rotateRefreshToken: true,
        issueRefreshToken: () => true,
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
        ttl: {
          AccessToken: 3600,
          ClientCredentials: 3600,
          DeviceCode: 600,
          Grant: 3600,
          IdToken: 3600,
          Interaction: 3600,
          RefreshToken: 3600,
          Session: 3600,
        },
        cookies: { keys: ["test"] },
      }),
  );
  const kept = new Set<{ destroy(): Promise<void> }>();
  provider.on("access_token.saved", (token) => issued.add(token));
  provider.on("client_credentials.saved", (token) => issued.add(token));
  provider.on("refresh_token.saved", (token) => kept.add(token));
  const end = async (tokens: Set<{ destroy(): Promise<void> }>) => {
    for (const token of tokens) await token.destroy();
    tokens.clear();
  };
  const oauth: OAuthServer = {
    issuer,
    redirectUri,
    grants,
    hold: undefined,
    knows: async (token) =>
      Boolean(
        (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token)),
      ),
    revokeAll: () => end(issued),
    forgetGrants: () => end(kept),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  provider.use(async (context, next) => {
    if (context.path !== "/token") return await next();
    await oauth.hold;
    await next();
    const { authorization, "proxy-authorization": proxied } = context.req.headers;
    grants.push({
      form: new URLSearchParams(context.oidc.body),
      basic: authorization?.startsWith("Basic ") ?? false,
      proxied: typeof proxied === "string" ? proxied : undefined,
    });
  });
  const server = createServer(provider.callback());
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  return oauth;
}

function robot(id: string, method: string) {
  return {
    client_id: id,
    client_secret: ROBOT_SECRET,
    token_endpoint_auth_method: method,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope: "all",
  };
}

/** The provider warns that it is set up for a test. It is. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}

/**
 * Opens an address as a browser does: keeps cookies, follows redirects, fills in every form and sends it.
 * @returns text and address of the page at which there was nothing more to do.
 */
export async function browse(
  address: string,
): Promise<{ url: string; text: string; status: number }> {
  const cookies = new Map<string, string>();
  let url = address;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step++) {
    const response: Response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined) cookies.set(name, value ?? "");
    }
    const to = response.headers.get("location");
    const text = await response.text();
    form = undefined;
    if (to !== null) {
      url = new URL(to, url).href;
      continue;
    }
    const action = /<form[^>]*action="([^"]*)"/.exec(text)?.[1];
    if (action === undefined) return { url, text, status: response.status };
    form = new URLSearchParams({ login: "ada", password: "any" });
    for (const [input] of text.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      const value = /value="([^"]*)"/.exec(input)?.[1];
      if (name !== undefined && value !== undefined) form.set(name, value);
    }
    url = new URL(action.replaceAll("&amp;", "&"), url).href;
  }
  throw new Error(`the pages at ${url} have no end`);
}
