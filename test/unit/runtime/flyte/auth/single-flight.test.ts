import { expect, test } from "vitest";
import { orAborted, SingleFlight } from "../../../../../runtime/flyte/auth/single-flight.ts";
import { rejection } from "../../../../support/observed-events.ts";

/** Work that ends when the test says so. */
function byHand() {
  const begun: {
    finish: (value: number) => void;
    fail: (error: Error) => void;
    signal: AbortSignal;
  }[] = [];
  const flight = new SingleFlight<number>((signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    begun.push({ finish: resolve, fail: reject, signal });
    return promise;
  });
  return { flight, begun };
}

test("all who ask get the outcome of one work; who asks later begins another", async () => {
  const { flight, begun } = byHand();
  const all = Promise.all([flight.join(), flight.join(), flight.join()]);
  begun[0]?.finish(1);
  expect(await all).toEqual([1, 1, 1]);
  const next = flight.join();
  begun[1]?.finish(2);
  expect(await next).toBe(2);
  expect(begun.length).toBe(2);
});

test("a failure is everybody's, and nobody's who asks later", async () => {
  const { flight, begun } = byHand();
  const both = Promise.all([rejection(flight.join()), rejection(flight.join())]);
  const error = new Error("no");
  begun[0]?.fail(error);
  expect(await both).toEqual([error, error]);
  const next = flight.join();
  begun[1]?.finish(2);
  expect(await next).toBe(2);
});

test("who gives up leaves alone; the work is stopped with the last one", async () => {
  const { flight, begun } = byHand();
  const [one, two] = [new AbortController(), new AbortController()];
  const first = rejection(flight.join(one.signal));
  const second = rejection(flight.join(two.signal));
  one.abort("one");
  expect(await first).toBe("one");
  expect(begun[0]?.signal.aborted).toBe(false);
  two.abort("two");
  expect(await second).toBe("two");
  expect(begun[0]?.signal.aborted).toBe(true);
  // The stopped work is nobody's any more.
  const next = flight.join();
  begun[1]?.finish(3);
  expect(await next).toBe(3);
});

test("who has given up before begins nothing", async () => {
  const { flight, begun } = byHand();
  expect(await rejection(flight.join(AbortSignal.abort("gone")))).toBe("gone");
  expect(begun).toEqual([]);
});

test("waiting for a promise ends with the signal, and leaves no listener behind", async () => {
  const stop = new AbortController();
  expect(await orAborted(Promise.resolve(1), stop.signal)).toBe(1);
  const waiting = rejection(orAborted(new Promise(() => undefined), stop.signal));
  stop.abort("enough");
  expect(await waiting).toBe("enough");
});
