import { expect, test } from "vitest";
import { Outbox } from "../../../kernel/outbox.ts";

/** A socket as zeromq.js is one: a second send in flight is an error. */
function pickySocket() {
  const sent: string[] = [];
  let inFlight = false;
  return {
    sent,
    async send(frames: Uint8Array[]): Promise<void> {
      if (inFlight) throw new Error("EBUSY");
      inFlight = true;
      await new Promise((resolve) => setImmediate(resolve));
      inFlight = false;
      if (String(frames[0]) === "unsendable") throw new Error("EHOSTUNREACH");
      sent.push(String(frames[0]));
    },
  };
}

test("K3: two thousand messages put in one turn go out one at a time, in order", async () => {
  const socket = pickySocket();
  const failures: unknown[] = [];
  const outbox = new Outbox(
    (frames) => socket.send(frames),
    (error) => failures.push(error),
  );
  const texts = Array.from({ length: 2_000 }, (_, index) => String(index));
  for (const text of texts) outbox.put([Buffer.from(text)]);
  await outbox.flushed();
  expect(failures).toEqual([]);
  expect(socket.sent).toEqual(texts);
});

test("flushed waits for what is put while it waits", async () => {
  const socket = pickySocket();
  const outbox = new Outbox(
    (frames) => socket.send(frames),
    () => undefined,
  );
  outbox.put([Buffer.from("first")]);
  const flushed = outbox.flushed();
  outbox.put([Buffer.from("second")]);
  await flushed;
  expect(socket.sent).toEqual(["first", "second"]);
});

test("a message that cannot be sent is reported, and the next ones go out", async () => {
  const socket = pickySocket();
  const failures: unknown[] = [];
  const outbox = new Outbox(
    (frames) => socket.send(frames),
    (error) => failures.push(error),
  );
  for (const text of ["a", "unsendable", "b"]) outbox.put([Buffer.from(text)]);
  await outbox.flushed();
  expect(socket.sent).toEqual(["a", "b"]);
  expect(failures.map(String)).toEqual(["Error: EHOSTUNREACH"]);
});

test("an empty outbox is flushed at once, also after use", async () => {
  const socket = pickySocket();
  const outbox = new Outbox(
    (frames) => socket.send(frames),
    () => undefined,
  );
  await outbox.flushed();
  outbox.put([Buffer.from("a")]);
  await outbox.flushed();
  await outbox.flushed();
  outbox.put([Buffer.from("b")]);
  await outbox.flushed();
  expect(socket.sent).toEqual(["a", "b"]);
});
