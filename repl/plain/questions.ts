/**
 * `input()` of cells, asked of the person on stdin, one question after the other.
 * @module
 */
import type { InputAnswer, InputQuestion } from "../../runtime/session/client/api.ts";
import { sanitize } from "../terminal/sanitize.ts";
import type { LineReader } from "./line-reader.ts";

const gone: InputAnswer = { ok: false, name: "Interrupted", message: "input() was interrupted" };
const ended: InputAnswer = { ok: false, name: "EOFError", message: "the input has ended" };

export interface QuestionsOptions {
  /** Why nobody can be asked while the given cells run; undefined when stdin is a person's. */
  readonly refusal: string | undefined;
  /** Opens stdin for one question. */
  readonly open: () => LineReader;
}

export class Questions {
  readonly #options: QuestionsOptions;
  #before: Promise<unknown> = Promise.resolve();
  /** Of line mode, which has stdin open. */
  reader: LineReader | undefined;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  ask(question: InputQuestion): Promise<InputAnswer> {
    const answer = this.#before.then(() => this.#ask(question));
    this.#before = answer.catch(() => undefined);
    return answer;
  }

  async #ask(question: InputQuestion): Promise<InputAnswer> {
    if (question.signal.aborted) return gone;
    if (this.reader) return await answerOf(this.reader, question);
    const { refusal, open } = this.#options;
    if (refusal !== undefined) return { ok: false, name: "StdinNotAllowed", message: refusal };
    using reader = open();
    return await answerOf(reader, question);
  }
}

async function answerOf(
  reader: LineReader,
  { prompt, password: isSecret, signal }: InputQuestion,
): Promise<InputAnswer> {
  const value = await reader.read(sanitize(prompt), { isAnswer: true, isSecret, signal });
  if (value !== undefined) return { ok: true, value };
  return signal.aborted ? gone : ended;
}
