/**
 * Questions to the user process about live values, which nobody waits for: 50 ms, then without.
 *
 * While one of them is overdue the process is blocked: others are answered with nothing at once, so that
 * completion is not slower in front of an endless loop.
 * @module
 */
import type { Peeked } from "./api.ts";

const ANSWER_MS = 50;

interface Question {
  readonly resolve: (peeked: Peeked | undefined) => void;
  isOverdue: boolean;
}

export class Peeks {
  readonly #questions = new Map<number, Question>();
  #next = 1;

  /** @param send gives the question to the user process. */
  async ask(send: (id: number) => void): Promise<Peeked | undefined> {
    for (const { isOverdue } of this.#questions.values()) if (isOverdue) return undefined;
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<Peeked | undefined>();
    const question: Question = { resolve, isOverdue: false };
    this.#questions.set(id, question);
    const timer = setTimeout(() => {
      question.isOverdue = true;
      resolve(undefined);
    }, ANSWER_MS);
    send(id);
    const answer = await promise;
    clearTimeout(timer);
    return answer;
  }

  answered(id: number, peeked: Peeked | undefined): void {
    this.#questions.get(id)?.resolve(peeked);
    this.#questions.delete(id);
  }

  /** The process that was asked is gone. */
  lost(): void {
    for (const { resolve } of this.#questions.values()) resolve(undefined);
    this.#questions.clear();
  }
}
