/**
 * What the engine reports while a test runs.
 * @module
 */
import type { RuntimeEvent } from "../../runtime/events/events.ts";
import { observe } from "../../runtime/workflow/engine.ts";

type Kind = RuntimeEvent["kind"];

export interface ObservedEvents extends Disposable {
  readonly events: readonly RuntimeEvent[];
  of<K extends Kind>(kind: K): Extract<RuntimeEvent, { kind: K }>[];
  /** `addOne created`, `addOne ok`, …: the events as words, calls by their names. */
  story(): string[];
}

export function observedEvents(): ObservedEvents {
  const events: RuntimeEvent[] = [];
  const stop = observe((event) => events.push(event));
  return {
    events,
    of: <K extends Kind>(kind: K) =>
      events.filter((event): event is Extract<RuntimeEvent, { kind: K }> => event.kind === kind),
    story: () => {
      const names = new Map<string, string>();
      return events.map((event) => {
        if (event.kind === "call-created") names.set(event.id, event.name);
        const name = "id" in event ? (names.get(event.id ?? "") ?? event.id) : undefined;
        switch (event.kind) {
          case "run-started":
            return `run ${event.title} started`;
          case "run-ended":
            return `run ${event.state}`;
          case "call-settled":
            return `${name} ${event.state}`;
          default:
            return `${name} ${event.kind}`;
        }
      });
    },
    [Symbol.dispose]: stop,
  };
}

/** What a promise rejects with. @throws when it does not reject. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}

/** Lets everything run that waits for no more than other promises. */
export async function settleTurns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
