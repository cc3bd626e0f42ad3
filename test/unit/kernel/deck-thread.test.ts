import { describe, expect, onTestFinished, test } from "vitest";
import { DeckThread } from "../../../kernel/deck-thread.ts";
import type { RuntimeEvent } from "../../../runtime/events/events.ts";

/** A worker that answers with the number of events it was told, and ends where a run's name says so. */
const WORKER = `
  import { parentPort } from "node:worker_threads";
  let events = 0;
  parentPort.on("message", (request) => {
    if (request.kind === "events") events += request.events.length;
    if (request.kind !== "live" && request.kind !== "deck") return;
    if (request.runId === "deadly") process.exit(1);
    if (request.runId === "bug") parentPort.postMessage({ id: request.id, problem: "TypeError: x" });
    else parentPort.postMessage({ id: request.id, bundle: { "text/plain": String(events) } });
  });`;

function deckThread(script = WORKER): { thread: DeckThread; logged: string[] } {
  const logged: string[] = [];
  const file = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const thread = new DeckThread((_level, text) => logged.push(text), file);
  onTestFinished(() => thread.close());
  return { thread, logged };
}

const event = (runId: string): RuntimeEvent => ({ kind: "run-ended", runId, at: 1, state: "ok" });

describe("the deck thread", () => {
  test("is told every event before it is asked", async () => {
    const { thread } = deckThread();
    for (let index = 0; index < 1_000; index++) thread.apply(event("r1"));
    expect(await thread.deck("r1")).toEqual({ "text/plain": "1000" });
    thread.apply(event("r1"));
    expect(await thread.live("r1", 0)).toEqual({ "text/plain": "1001" });
  });

  test("a drawing that fails is an error with its reason, the next one succeeds", async () => {
    const { thread } = deckThread();
    await expect(thread.deck("bug")).rejects.toThrow("TypeError: x");
    expect(await thread.deck("r1")).toEqual({ "text/plain": "0" });
  });

  test("a question that ends the thread twice is given up, the others are answered by a new one", async () => {
    const { thread } = deckThread();
    thread.apply(event("r1"));
    const deadly = thread.deck("deadly");
    await expect(deadly).rejects.toThrow("died over it twice");
    expect(await thread.deck("r1")).toEqual({ "text/plain": "1" });
  });

  test("a new thread is told the events of the runs that are not forgotten", async () => {
    const { thread } = deckThread();
    for (let index = 0; index < 5; index++) thread.apply(event("old"));
    for (let index = 0; index < 3; index++) thread.apply(event("kept"));
    expect(await thread.deck("kept")).toEqual({ "text/plain": "8" });
    thread.forget("old");
    await expect(thread.deck("deadly")).rejects.toThrow();
    expect(await thread.deck("kept")).toEqual({ "text/plain": "3" });
  });

  test("a thread that cannot start gives up and says why in the log", async () => {
    const { thread, logged } = deckThread("throw new Error('no react here')");
    await expect(thread.deck("r1")).rejects.toThrow("died over it twice");
    expect(logged.join("\\n")).toContain("no react here");
  });

  test("after close every question fails at once", async () => {
    const { thread } = deckThread();
    const open = thread.deck("r1");
    thread.close();
    await expect(open).rejects.toThrow("the kernel ends");
    await expect(thread.deck("r1")).rejects.toThrow("the kernel ends");
  });
});
