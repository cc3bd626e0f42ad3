/**
 * The token of a connection: got when it is first needed, renewed before it ends, replaced when it is refused.
 *
 * 1. However many calls need a token, one request for it is on its way.
 * 2. A call that was refused with an older token than the current one is repeated, and asks for nothing.
 * 3. A person is asked only for calls that somebody waits for. The others wait until somebody has logged in.
 * 4. New tokens that are refused at once do not lead to ever more of them.
 * 5. A cluster that asks for no tokens is asked once how to log in, or never.
 * @module
 */
import type { Client } from "@connectrpc/connect";
import type { SecretPlace } from "../config/secret-places.ts";
import { isInPod, type Platform } from "../config.ts";
import { FlyteError } from "../errors.ts";
import type { AuthMetadataService } from "../idl/flyteidl/service/auth_pb.ts";
import type { Signer } from "../retry.ts";
import { sleep } from "../sleep.ts";
import { hasDisplay, openBrowser } from "./browser.ts";
import { clientCredentials } from "./client-credentials.ts";
import { commandToken } from "./command.ts";
import { deviceFlow } from "./device.ts";
import { type Fetch, loginFetch } from "./http.ts";
import { askCluster, type FlowContext, LoginRefused, type LoginServer } from "./login-server.ts";
import { pkce } from "./pkce.ts";
import { ProxyTokens } from "./proxy.ts";
import { refresh } from "./refresh.ts";
import { orAborted, SingleFlight } from "./single-flight.ts";
import type { Token } from "./token.ts";
import { TokenFile } from "./token-file.ts";

/** How long a no to our own secret is believed: a thousand calls must not ask a thousand times. */
const REFUSED_FOR_MS = 30_000;
/** After so many new tokens that were refused at once, another one would be refused too. */
const IN_VAIN_MAX = 2;
/** After an early renewal failed, while the token is still good. */
const EARLY_AGAIN_MS = 10_000;

/** Logins of people under way in this process, by the file they will be in: two connections to a cluster share one. */
const logins = new Map<string, Promise<Token>>();

export interface SignerOptions {
  readonly platform: Platform;
  /** On the unsigned transport. */
  readonly metadata: Client<typeof AuthMetadataService>;
  /** A secret of the task's, beside the places of the settings. */
  readonly secret?: SecretPlace | undefined;
  readonly notice: (text: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly now?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Signed {
  readonly token: Token | undefined;
  readonly proxy: Token | undefined;
}

export class TokenSigner implements Signer {
  readonly #options: SignerOptions;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #now: () => number;
  readonly #fetch: Fetch;
  readonly #proxy: ProxyTokens;

  /** `null`: the cluster asks for no tokens. */
  #server: LoginServer | null | undefined;
  #token: Token | undefined;
  /** The last one that the cluster did not take. */
  #refused: Token | undefined;
  /** The current token came from the login server, and no request has been answered with it. */
  #isUntried = false;
  /** How many such tokens in a row were refused. */
  #inVain = 0;
  #failed: { readonly error: LoginRefused; readonly at: number } | undefined;
  #earlyFailedAt = Number.NEGATIVE_INFINITY;
  #asked = false;
  #arrival = Promise.withResolvers<void>();

  readonly #asking = new SingleFlight(async (signal) => {
    const { platform, metadata } = this.#options;
    const server = (await askCluster(platform, metadata, signal)) ?? null;
    this.#server = server;
    return server;
  });
  readonly #renewing = new SingleFlight((signal) => this.#renew(signal));
  readonly #login = new SingleFlight((signal) => this.#askPerson(signal));

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#environment = options.environment ?? process.env;
    this.#now = options.now ?? Date.now;
    const { platform } = options;
    this.#proxy = new ProxyTokens(platform.auth.proxyCommand, this.#now);
    this.#fetch = loginFetch(platform, async (signal) => (await this.#proxy.get(signal))?.bearer);
  }

  async ready(background: boolean, signal?: AbortSignal): Promise<void> {
    await this.#proxy.get(signal);
    if (this.#server === null) return;
    if (!this.#hasToken()) await this.#obtain(background, signal);
    else if (this.#token?.isDue(this.#now())) this.#renewEarly();
  }

  sign(header: Headers, force: boolean): Signed | undefined {
    const [token, proxy] = [this.#token, this.#proxy.current];
    if (!force && this.#server !== null && !this.#hasToken()) return undefined;
    if (proxy !== undefined) header.set("proxy-authorization", proxy.bearer);
    if (token !== undefined && this.#server) header.set(this.#server.metadataKey, token.bearer);
    return { token, proxy };
  }

  accepted({ token }: Signed): void {
    if (token === undefined || token !== this.#token) return;
    this.#isUntried = false;
    this.#inVain = 0;
  }

  async refused(
    signed: Signed,
    background: boolean,
    signal?: AbortSignal,
  ): Promise<"newer" | "renewed" | "no"> {
    // Which of the two was refused, the answer does not say.
    await this.#proxy.replace(signed.proxy, signal);
    const server = this.#server === undefined ? await this.#asking.join(signal) : this.#server;
    if (server === null) return this.#proxy.isUsed ? "renewed" : "no";
    if (signed.token !== this.#token) return "newer";
    if (this.#token !== undefined && this.#token !== this.#refused) this.#refuse(this.#token);
    await this.#obtain(background, signal);
    return "renewed";
  }

  /** Whether requests can go out: with the token, or without one as long as nobody asked for it. */
  #hasToken(): boolean {
    if (this.#token === undefined) return !this.#usesSecret();
    return this.#token !== this.#refused && !this.#token.hasExpired(this.#now());
  }

  #refuse(token: Token): void {
    this.#refused = token;
    if (!this.#isUntried || ++this.#inVain < IN_VAIN_MAX) return;
    const { endpoint } = this.#options.platform;
    const message = `${endpoint} does not take the tokens that its login server gives us: check admin.scopes and admin.audience, and the clock of this machine`;
    this.#failed = { error: new LoginRefused(message, "invalid_token"), at: this.#now() };
  }

  /** Makes sure that there is a token, asking a person if it has to. Nothing to do where none is asked for. */
  async login(signal?: AbortSignal): Promise<void> {
    this.#failed = undefined;
    this.#inVain = 0;
    const server = this.#server ?? (await this.#asking.join(signal));
    if (server === null) return;
    if (this.#token === undefined || !this.#hasToken()) await this.#obtain(false, signal);
  }

  /** @throws {FlyteError} when the file's name cannot be found out or the file not removed; the token is forgotten anyway. */
  async logout(signal?: AbortSignal): Promise<void> {
    const known = this.#server;
    this.#token = undefined;
    this.#refused = undefined;
    this.#proxy.forget();
    this.#failed = undefined;
    this.#server = undefined;
    this.#asked = false;
    // The file's name needs what the cluster says.
    const server = known === undefined ? await this.#asking.join(signal) : known;
    if (server !== null) this.#file(server).remove();
  }

  /** Another token than the current one, from whoever gives it. */
  async #obtain(background: boolean, signal: AbortSignal | undefined): Promise<void> {
    const before = this.#token;
    // Until somebody has logged in.
    while (this.#token === before) {
      if (await this.#renewing.join(signal)) return;
      if (this.#token !== before) return;
      if (isInPod(this.#environment)) {
        const message = `nobody can log in to ${this.#options.platform.endpoint} from a pod: give clientSecretGroup and clientSecretKey`;
        throw new FlyteError("REMOTE_AUTH", message);
      }
      if (!background) return await this.#login.join(signal);
      if (!this.#asked) {
        this.#asked = true;
        const { endpoint } = this.#options.platform;
        this.#options.notice(
          `${endpoint} asks for a login: call remote.login(). Calls wait for it`,
        );
      }
      await orAborted(this.#arrival.promise, signal);
    }
  }

  /** @returns whether there is another token, without asking a person; false: a person has to. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const server = this.#server ?? (await this.#asking.join(signal));
    if (server === null) return true;
    this.#throwIfRefused();
    const { auth } = this.#options.platform;
    const context = this.#contextOf(server);
    if (this.#usesSecret()) {
      try {
        this.#arrived(await clientCredentials(context, this.#secretPlaces(), signal));
      } catch (error) {
        if (error instanceof LoginRefused) this.#failed = { error, at: this.#now() };
        throw error;
      }
      return true;
    }
    if (auth.mode === "ExternalCommand") {
      this.#arrived(await commandToken(auth.command ?? [], this.#now, signal));
      return true;
    }
    const file = this.#file(server);
    // Another process may have renewed it: a refresh token is often good for one use.
    if (this.#takeKept(file)) return true;
    const kept = this.#token?.refresh ?? file.read()?.refresh;
    if (kept === undefined) return false;
    try {
      const token = await refresh(context, kept, signal);
      this.#arrived(token);
      file.write(token);
      return true;
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      return this.#takeKept(file);
    }
  }

  /** @returns whether the file holds a token that may be good, and that is now ours. */
  #takeKept(file: TokenFile): boolean {
    const kept = file.read();
    if (kept === undefined || kept.hasExpired(this.#now())) return false;
    if (kept.isSameAs(this.#refused) || kept.isSameAs(this.#token)) return false;
    this.#arrived(kept, false);
    return true;
  }

  async #askPerson(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const file = this.#file(server);
    for (let other = logins.get(file.path); other !== undefined; other = logins.get(file.path)) {
      try {
        return this.#arrived(await orAborted(other, signal));
      } catch {
        // That one was given up or failed; ours may not.
        signal.throwIfAborted();
      }
    }
    const context = this.#contextOf(server);
    const login =
      this.#options.platform.auth.mode === "DeviceFlow"
        ? deviceFlow(context, signal)
        : pkce(context, hasDisplay(this.#environment) ? openBrowser : undefined, signal);
    logins.set(file.path, login);
    try {
      const token = await login;
      this.#arrived(token);
      if (!file.write(token)) {
        this.#options.notice(`the login cannot be kept in ${file.path}: it ends with this process`);
      }
    } finally {
      logins.delete(file.path);
    }
  }

  /** @param isNew from the login server, not from the file. */
  #arrived(token: Token, isNew = true): void {
    this.#token = token;
    this.#isUntried = isNew;
    this.#failed = undefined;
    this.#asked = false;
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers<void>();
  }

  /** While the token is good nobody waits for the next one, and nobody hears that it could not be had. */
  #renewEarly(): void {
    const { auth } = this.#options.platform;
    const silent = this.#usesSecret() || auth.mode === "ExternalCommand" || this.#token?.refresh;
    if (!silent || this.#now() - this.#earlyFailedAt < EARLY_AGAIN_MS) return;
    this.#renewing.join().then(
      (renewed) => {
        if (!renewed) this.#earlyFailedAt = this.#now();
      },
      () => {
        this.#earlyFailedAt = this.#now();
      },
    );
  }

  /** In the settings, or given with the task and there: on a laptop it is not, and the person logs in. */
  #usesSecret(): boolean {
    const { platform, secret } = this.#options;
    return platform.auth.mode === "ClientSecret" || secret?.read() !== undefined;
  }

  #secretPlaces(): SecretPlace[] {
    const { platform, secret } = this.#options;
    return [...platform.auth.secrets, ...(secret === undefined ? [] : [secret])];
  }

  #throwIfRefused(): void {
    if (this.#failed === undefined) return;
    if (this.#now() - this.#failed.at < REFUSED_FOR_MS) throw this.#failed.error;
  }

  #contextOf(server: LoginServer): FlowContext {
    const { platform, notice, wait = sleep } = this.#options;
    return { platform, server, notice, wait, fetch: this.#fetch, now: this.#now };
  }

  #file(server: LoginServer): TokenFile {
    const { endpoint } = this.#options.platform;
    const { publicClientId: clientId, scopes } = server;
    return new TokenFile(this.#environment, { endpoint, clientId, scopes });
  }
}
