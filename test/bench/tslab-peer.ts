/**
 * tslab in a process of its own, as its kernel has it: a converter, an executor, cells one after the other.
 *
 * Left out is its ZeroMQ server, as ours is: what is compared is the engine. `console` of a value is ours,
 * to hand the value back; what cells print goes to the process's own stdout.
 * @module
 */
import { createConverter } from "tslab/dist/converter.js";
import { createExecutor } from "tslab/dist/executor.js";

export interface PeerRequest {
  readonly id: number;
  readonly kind: "execute" | "complete" | "inspect";
  readonly code: string;
  readonly offset?: number;
}

export interface PeerAnswer {
  readonly id: number;
  readonly ok: boolean;
  /** What the last expression was, as text, or what went wrong. */
  readonly said: string;
}

let said: unknown[] = [];
const converter = createConverter({ isBrowser: false });
const note = (...parts: unknown[]) => said.push(parts.join(" "));
const executor = createExecutor(
  process.cwd(),
  { node: converter, browser: converter, close: () => converter.close() },
  { log: note, error: note },
);
process.on("SIGINT", () => executor.interrupt());
process.on("unhandledRejection", () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("message", async (request: PeerRequest) => {
  said = [];
  let ok = true;
  if (request.kind === "execute") ok = await executor.execute(request.code);
  else if (request.kind === "complete") {
    said = [executor.complete(request.code, request.offset ?? 0).candidates.length];
  } else ok = executor.inspect(request.code, request.offset ?? 0) !== undefined;
  process.send?.({ id: request.id, ok, said: said.join("\n") } satisfies PeerAnswer);
});
