/**
 * `await input("Name? ")` and `await confirm("Sure?")`: questions to the person in front of the session.
 *
 * The answer comes from the front end; one that cannot ask refuses, and the promise rejects.
 * @module
 */
import { currentScope } from "../../workflow/run.ts";
import type { InputAnswer } from "../protocol.ts";
import type { Outbox } from "./outbox.ts";

export interface InputOptions {
  /** What is typed is not shown. */
  readonly password?: boolean;
}

export class Questions {
  readonly #outbox: Outbox;
  readonly #fallbackCell: () => number | undefined;
  readonly #waiting = new Map<number, (answer: InputAnswer) => void>();
  #last = 0;

  constructor(outbox: Outbox, fallbackCell: () => number | undefined) {
    this.#outbox = outbox;
    this.#fallbackCell = fallbackCell;
  }

  /**
   * Asks for a line of text. Rejects with `StdinNotAllowed` where nobody can be asked, with the interrupt when
   * the cell is stopped.
   */
  input = async (
    prompt: unknown = "",
    { password = false }: InputOptions = {},
  ): Promise<string> => {
    const scope = currentScope();
    const signal = scope?.run.signal;
    signal?.throwIfAborted();
    const cell = scope?.run.outermost.cell ?? this.#fallbackCell();
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const onAbort = () => {
      this.#waiting.delete(id);
      this.#outbox.add({ kind: "input-cancelled", id });
      this.#outbox.flush();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(id, (answer) => {
      signal?.removeEventListener("abort", onAbort);
      if (answer.ok) resolve(answer.value);
      else reject(refusal(answer));
    });
    this.#outbox.add({
      kind: "input-request",
      id,
      ...(cell === undefined ? {} : { cell }),
      prompt: String(prompt),
      password: Boolean(password),
    });
    this.#outbox.flush();
    return await promise;
  };

  /** Asks a question until the answer is yes or no. An empty answer is `no`. */
  confirm = async (question: unknown = "Go on?"): Promise<boolean> => {
    for (;;) {
      const answer = (await this.input(`${String(question)} [y/N] `)).trim().toLowerCase();
      if (["y", "yes"].includes(answer)) return true;
      if (["", "n", "no"].includes(answer)) return false;
    }
  };

  /** One that nobody waits for any more is dropped. */
  answered(id: number, answer: InputAnswer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }
}

function refusal({ name, message }: Extract<InputAnswer, { ok: false }>): Error {
  const error = new Error(message);
  Object.defineProperty(error, "name", { value: name });
  return error;
}
