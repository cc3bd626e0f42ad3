/**
 * Questions of cells to the person, on their way to whoever can ask.
 * @module
 */
import type { HostItem, InputAnswer } from "../protocol.ts";
import type { InputQuestion } from "./api.ts";

type Request = Extract<HostItem, { kind: "input-request" }>;

const nobody: InputAnswer = {
  ok: false,
  name: "StdinNotAllowed",
  message: "input() needs somebody to ask, and this front end cannot",
};

export class Questions {
  readonly #open = new Map<number, AbortController>();
  answer: (question: InputQuestion) => Promise<InputAnswer> = async () => nobody;

  /** @param reply gives the answer to the user process, unless it is gone or waits no more. */
  async ask(request: Request, reply: (id: number, answer: InputAnswer) => void): Promise<void> {
    const { id, cell, prompt, password } = request;
    const cancelled = new AbortController();
    this.#open.set(id, cancelled);
    const { signal } = cancelled;
    const place = cell === undefined ? {} : { cell };
    let answer: InputAnswer;
    try {
      answer = await this.answer({ ...place, prompt, password, signal });
    } catch (error) {
      answer = { ok: false, name: "Error", message: `input() failed: ${String(error)}` };
    }
    if (signal.aborted) return;
    this.#open.delete(id);
    reply(id, answer);
  }

  cancelled(id: number): void {
    this.#open.get(id)?.abort();
    this.#open.delete(id);
  }

  /** The process that asked is gone. */
  lost(): void {
    for (const id of [...this.#open.keys()]) this.cancelled(id);
  }
}
