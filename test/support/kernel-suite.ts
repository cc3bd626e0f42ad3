/**
 * One kernel for the tests of a file, a new client for each test, and the check of its whole conversation.
 * @module
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type KernelClient, type KernelOptions, KernelProcess } from "./kernel-client.ts";

export interface KernelSuite {
  readonly kernel: KernelProcess;
  readonly client: KernelClient;
  /** Output of this cell may come after its idle. */
  allowLate(id: string): void;
}

/** Call at the top of a file; read `kernel` and `client` inside the tests. */
export function kernelSuite(options: KernelOptions = {}): KernelSuite {
  let kernel: KernelProcess | undefined;
  let client: KernelClient | undefined;
  let late: string[] = [];
  beforeAll(async () => {
    kernel = await KernelProcess.start(options);
  });
  beforeEach(async () => {
    late = [];
    client = await kernel?.connect();
  });
  afterEach(() => {
    const problems = client?.problems(late);
    client?.close();
    expect(problems).toEqual([]);
  });
  afterAll(async () => {
    await kernel?.[Symbol.asyncDispose]();
  });
  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the kernel is there only inside tests");
    return value;
  };
  return {
    get kernel() {
      return present(kernel);
    },
    get client() {
      return present(client);
    },
    allowLate: (id) => late.push(id),
  };
}

/** `msg_type` of each message, with the state of a status. */
export function types(
  messages: readonly { header: { msg_type: string }; content: { execution_state?: string } }[],
): string[] {
  return messages.map(({ content, header }) => content.execution_state ?? header.msg_type);
}
