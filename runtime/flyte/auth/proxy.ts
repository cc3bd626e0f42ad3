/**
 * The token for a proxy in front of the cluster: what a command of the settings prints.
 * @module
 */
import { commandToken } from "./command.ts";
import { SingleFlight } from "./single-flight.ts";
import type { Token } from "./token.ts";

export class ProxyTokens {
  readonly #command: readonly string[] | undefined;
  readonly #now: () => number;
  readonly #running: SingleFlight<Token>;
  #token: Token | undefined;

  /** @param command absent: there is no such proxy. */
  constructor(command: readonly string[] | undefined, now: () => number) {
    this.#command = command;
    this.#now = now;
    this.#running = new SingleFlight(async (signal) => {
      this.#token = await commandToken(command ?? [], now, signal);
      return this.#token;
    });
  }

  get isUsed(): boolean {
    return this.#command !== undefined;
  }

  get current(): Token | undefined {
    return this.#token;
  }

  /** @returns a token that is good as far as anybody knows; undefined without a proxy. */
  async get(signal: AbortSignal | undefined): Promise<Token | undefined> {
    if (!this.isUsed) return undefined;
    if (this.#token !== undefined && !this.#token.isDue(this.#now())) return this.#token;
    return await this.#running.join(signal);
  }

  /** Makes another one, unless there has been another than the refused one since. */
  async replace(refused: Token | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (this.isUsed && refused === this.#token) await this.#running.join(signal);
  }

  forget(): void {
    this.#token = undefined;
  }
}
