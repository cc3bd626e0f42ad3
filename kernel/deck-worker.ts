/**
 * The deck thread: folds events, draws and writes the files of runs, so that the kernel's main thread does none of it (K1).
 * @module
 */
import { parentPort } from "node:worker_threads";
import { RunFiles } from "../runtime/deck/run-files.ts";
import type { RuntimeEvent } from "../runtime/events/events.ts";
import { isHistoryOn } from "../runtime/events/home.ts";
import type { MimeBundle } from "../runtime/values/shape.ts";
import { LocalRenderer } from "./deck-renderer.ts";

/** Kernel → worker. */
export type DeckRequest =
  | { readonly kind: "events"; readonly events: readonly RuntimeEvent[] }
  | { readonly kind: "live"; readonly id: number; readonly runId: string; readonly nowMs: number }
  | { readonly kind: "deck"; readonly id: number; readonly runId: string }
  | { readonly kind: "forget"; readonly runId: string }
  | { readonly kind: "flush"; readonly id: number };

/** Worker → kernel: one for each request with an `id`, and notices. */
export type DeckReply =
  | { readonly id: number; readonly bundle: MimeBundle }
  | { readonly id: number; readonly problem: string }
  | { readonly notice: string };

const renderer = new LocalRenderer(
  isHistoryOn()
    ? new RunFiles({
        folder: process.cwd(),
        onNotice: (notice) => parentPort?.postMessage({ notice } satisfies DeckReply),
      })
    : undefined,
);

async function receive(request: DeckRequest): Promise<void> {
  switch (request.kind) {
    case "events":
      for (const event of request.events) renderer.apply(event);
      return;
    case "live":
      return await reply(request.id, () => renderer.live(request.runId, request.nowMs));
    case "deck":
      return await reply(request.id, () => renderer.deck(request.runId));
    case "forget":
      return renderer.forget(request.runId);
    case "flush":
      return await reply(request.id, async () => {
        await renderer.flush();
        return {};
      });
    default:
      request satisfies never;
  }
}

async function reply(id: number, draw: () => Promise<MimeBundle>): Promise<void> {
  let answer: DeckReply;
  try {
    answer = { id, bundle: await draw() };
  } catch (error) {
    answer = {
      id,
      problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  parentPort?.postMessage(answer);
}

parentPort?.on("message", (request: DeckRequest) => void receive(request));
