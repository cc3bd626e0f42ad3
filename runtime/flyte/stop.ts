/**
 * Ends executions that nobody waits for any more.
 *
 * Invariants
 *   S1  What was started is ended, also when the request that started it is still on its way.
 *   S2  An execution that another process started and this one only looked at is left alone, unless its call was taken up.
 *   S3  A list by a part of the name holds executions of other parents too, and theirs may fill its first page: only the
 *       label decides, and all pages are read.
 * @module
 */
import { Limiter } from "../workflow/limiter.ts";
import type { FlyteClient } from "./client.ts";
import { Status, statusOf } from "./errors.ts";
import { runningOfTag } from "./filters.ts";
import type { Execution } from "./idl/flyteidl/admin/execution_pb.ts";
import { hasTag } from "./launch.ts";
import { PAGE_ROWS, pagesOf } from "./pages.ts";

const AT_ONCE = 8;
const STOP_MS = 10_000;

export interface Place {
  readonly project: string;
  readonly domain: string;
}

/**
 * What may still run of all that has that mark, S3.
 * @throws whatever the client rejects with.
 */
export async function runningNames(
  client: FlyteClient,
  { project, domain }: Place,
  tag: string,
): Promise<ReadonlySet<string>> {
  return new Set((await runningOf(client, { project, domain }, tag)).keys());
}

/** The same with what the list says of each, by name. */
export async function runningOf(
  client: FlyteClient,
  { project, domain }: Place,
  tag: string,
): Promise<ReadonlyMap<string, Execution>> {
  const running = new Map<string, Execution>();
  const pages = pagesOf((token) =>
    client.admin.listExecutions(
      { id: { project, domain }, limit: PAGE_ROWS, token, filters: runningOfTag(tag) },
      { timeoutMs: STOP_MS },
    ),
  );
  for await (const { executions } of pages) {
    for (const found of executions) {
      if (found.id !== undefined && hasTag(found, tag)) running.set(found.id.name, found);
    }
  }
  return running;
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
  async stop(place: Place, name: string, cause: string): Promise<boolean> {
    return (await this.failure(place, name, cause)) === undefined;
  }

  /** The same. @returns why it could not be ended. */
  async failure({ project, domain }: Place, name: string, cause: string): Promise<unknown> {
    await new Promise<void>((resolve) => void this.#places.take(resolve));
    try {
      await this.#client.admin.terminateExecution(
        { id: { project, domain, name }, cause },
        { timeoutMs: STOP_MS },
      );
      return undefined;
    } catch (error) {
      const status = statusOf(error);
      // It had ended already; or the request that was to start it never arrived.
      const isOver = status === Status.failedPrecondition || status === Status.notFound;
      return isOver ? undefined : error;
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
    isWanted: (name: string) => boolean,
  ): Promise<readonly string[]> {
    try {
      const names = await runningNames(this.#client, place, tag);
      const stopped = await Promise.all(
        [...names]
          .filter((name) => !isWanted(name))
          .map(async (name) => ({ name, ok: await this.stop(place, name, cause) })),
      );
      return stopped.filter(({ ok }) => !ok).map(({ name }) => name);
    } catch {
      // It was the second look; what the first one ended is ended.
      return [];
    }
  }
}
