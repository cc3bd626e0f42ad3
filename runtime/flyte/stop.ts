/**
 * Ends executions that nobody waits for any more.
 *
 * Invariants
 *   S1  What was started is ended, also when the request that started it is still on its way.
 *   S2  An execution that another process started and this one only looked at is left alone, unless its call was taken up.
 * @module
 */
import { Limiter } from "../workflow/limiter.ts";
import type { FlyteClient } from "./client.ts";
import { Status, statusOf } from "./errors.ts";
import { hasTag, runningOfTag } from "./launch.ts";

const AT_ONCE = 8;
const LIST_MAX = 100;
const STOP_MS = 10_000;

export interface Place {
  readonly project: string;
  readonly domain: string;
}

export class Stopper {
  readonly #client: FlyteClient;
  readonly #places = new Limiter(AT_ONCE);

  constructor(client: FlyteClient) {
    this.#client = client;
  }

  /**
   * @param cause people read it on the page of the execution.
   * @returns whether it is ended, or had ended before. Never rejects.
   */
  async stop({ project, domain }: Place, name: string, cause: string): Promise<boolean> {
    await new Promise<void>((resolve) => void this.#places.take(resolve));
    try {
      await this.#client.admin.terminateExecution(
        { id: { project, domain, name }, cause },
        { timeoutMs: STOP_MS },
      );
      return true;
    } catch (error) {
      const status = statusOf(error);
      // It had ended already; or the request that was to start it never arrived.
      return status === Status.failedPrecondition || status === Status.notFound;
    } finally {
      this.#places.release();
    }
  }

  /**
   * Ends whatever still runs with that mark and is not wanted.
   * @returns the names of what it could not end. Never rejects.
   */
  async stopAllOf(
    place: Place,
    tag: string,
    cause: string,
    wanted: ReadonlySet<string>,
  ): Promise<readonly string[]> {
    const { project, domain } = place;
    try {
      const { executions } = await this.#client.admin.listExecutions(
        { id: { project, domain }, limit: LIST_MAX, filters: runningOfTag(tag) },
        { timeoutMs: STOP_MS },
      );
      const names = new Set(
        executions.flatMap((found) => (found.id && hasTag(found, tag) ? [found.id.name] : [])),
      );
      const stopped = await Promise.all(
        [...names]
          .filter((name) => !wanted.has(name))
          .map(async (name) => ({ name, ok: await this.stop(place, name, cause) })),
      );
      return stopped.filter(({ ok }) => !ok).map(({ name }) => name);
    } catch {
      // It was the second look; what the first one ended is ended.
      return [];
    }
  }
}
