/**
 * Waits for a browser that comes back from the login page.
 *
 * The address is registered with the login server, so the port is fixed: a second login at the same time, or another
 * program, may sit on it.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { FlyteError } from "../errors.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface Callback extends AsyncDisposable {
  /** The address with its parameters, of the first request with our `state`. */
  readonly answer: Promise<URL>;
}

/**
 * Listens on 127.0.0.1 and ::1: which of the two `localhost` is, is the browser's choice.
 * @throws {FlyteError} `REMOTE_AUTH` when the port is taken or the address is not on this machine.
 */
export async function awaitCallback(redirectUri: string, state: string): Promise<Callback> {
  const redirect = URL.parse(redirectUri);
  if (redirect === null || redirect.protocol !== "http:" || !LOOPBACK.has(redirect.hostname)) {
    throw new FlyteError(
      "REMOTE_AUTH",
      `the cluster sends the browser to ${redirectUri}, which is not on this machine: set admin.authType to DeviceFlow`,
    );
  }
  const port = Number(redirect.port || 80);
  const { promise: answer, resolve } = Promise.withResolvers<URL>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const url = URL.parse(request.url ?? "", redirect.href);
    if (request.method !== "GET" || url === null || url.pathname !== redirect.pathname) {
      return reply(response, 404, "There is nothing here.");
    }
    // Any page can send a browser here; only ours knows the state.
    if (url.searchParams.get("state") !== state) {
      return reply(response, 400, "This is not the login that was begun.");
    }
    const failed = url.searchParams.has("error");
    // With the page behind it, or with the browser gone.
    response.once("close", () => resolve(url));
    reply(
      response,
      200,
      failed ? "The login failed. eagerdeck says why." : "Logged in. This window can be closed.",
    );
  };
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(
      servers.map(async (server) => {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }),
    );
  };
  try {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = createServer(onRequest);
      if (await listen(server, port, host)) servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { answer, [Symbol.asyncDispose]: close };
}

/** @returns false when this machine has no such address. */
async function listen(server: Server, port: number, host: string): Promise<boolean> {
  return await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error) => {
      const code: unknown = Reflect.get(error, "code");
      if (host === "::1" && (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")) resolve(false);
      else {
        const why = code === "EADDRINUSE" ? "another program has it" : String(code);
        const message = `the login page answers to port ${port} of this machine, and that cannot be had (${why}). Free it, or set admin.authType to DeviceFlow`;
        reject(new FlyteError("REMOTE_AUTH", message));
      }
    });
    server.listen(port, host, () => resolve(true));
  });
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    // The address holds the code: it must not go on to anybody.
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    connection: "close",
  });
  const page = `<!doctype html><meta charset="utf-8"><title>eagerdeck</title><p>${text}</p>`;
  response.end(page);
}
