/**
 * Interrupt and shutdown: answered at once, whatever runs.
 * @module
 */
import type { Handler } from "./index.ts";

export const interrupt: Handler<"interrupt"> = async (_content, context) => {
  context.interrupt();
  return { status: "ok" };
};

export const shutdown: Handler<"shutdown"> = async ({ restart }, context) => {
  const reply = { status: "ok", restart } as const;
  context.publish("shutdown_reply", reply); // so that other clients of this kernel know
  context.shutdown();
  return reply;
};
