/**
 * Which RPCs were asked, how often and when.
 * @module
 */
export interface LoggedRequest {
  /** `CreateExecution` */
  readonly rpc: string;
  /** Milliseconds since the double's start; a time of arrival. */
  readonly at: number;
  /** gRPC metadata of the request, in lower case. */
  readonly header: Headers;
}

export class RequestLog {
  readonly #requests: LoggedRequest[] = [];
  readonly #counts = new Map<string, number>();
  readonly #start = performance.now();

  note(rpc: string, header: Headers): void {
    this.#requests.push({ rpc, at: performance.now() - this.#start, header });
    this.#counts.set(rpc, this.count(rpc) + 1);
  }

  /** @param rpc of all without one. */
  count(rpc?: string): number {
    return rpc === undefined ? this.#requests.length : (this.#counts.get(rpc) ?? 0);
  }

  /** In the order of their arrival. */
  all(rpc?: string): readonly LoggedRequest[] {
    return rpc === undefined ? this.#requests : this.#requests.filter((one) => one.rpc === rpc);
  }

  clear(): void {
    this.#requests.length = 0;
    this.#counts.clear();
  }
}
