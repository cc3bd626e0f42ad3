/**
 * `input()` of cells, asked of a program: a line out for the question, a line in for the answer.
 *
 * A cell may ask several things at once, so a question has an id of its own, which the answer repeats.
 * @module
 */
import type { InputAnswer, InputQuestion } from "../../runtime/session/client/api.ts";
import type { RequestId } from "./json-requests.ts";

const gone: InputAnswer = { ok: false, name: "Interrupted", message: "input() was interrupted" };
const ended: InputAnswer = { ok: false, name: "EOFError", message: "the input has ended" };

export class JsonQuestions {
  readonly #send: (type: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly #waiting = new Map<RequestId, (answer: InputAnswer) => void>();
  #asked = 0;
  #hasEnded = false;

  constructor(send: (type: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#send = send;
  }

  async ask({ cell, prompt, password, signal }: InputQuestion): Promise<InputAnswer> {
    if (signal.aborted) return gone;
    if (this.#hasEnded) return ended;
    this.#asked++;
    const id = `input-${this.#asked}`;
    const { promise, resolve } = Promise.withResolvers<InputAnswer>();
    const onAbort = () => {
      this.#send("input-cancelled", { id, cell });
      resolve(gone);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(id, resolve);
    this.#send("input", { id, cell, prompt, password });
    try {
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** @returns false when no such question waits. */
  answer(id: RequestId, value: string): boolean {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.({ ok: true, value });
    return waiting !== undefined;
  }

  /** Nobody answers any more. */
  end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#waiting.values()) resolve(ended);
  }
}
