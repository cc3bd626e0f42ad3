/**
 * Questions of cells, asked on stdin one after the other.
 *
 * Invariants
 *   Q1  A client is asked only for a cell that it sent, that allowed it, and that still runs: nobody else waits there.
 *   Q2  One question is open at a time; the next one follows its answer or its end.
 *   Q3  A reply that answers no open question is dropped.
 * @module
 */
import type { InputAnswer, InputQuestion } from "../runtime/session/client/api.ts";
import { decodeContent } from "./decode.ts";
import type { Log } from "./log.ts";
import { type IncomingMessage, outgoing, type Transport } from "./messages.ts";
import type { Parents } from "./parents.ts";

export interface StdinOptions {
  readonly transport: Transport;
  readonly parents: Parents;
  readonly log: Log;
  /** Sends what the cell has written so far: a prompt stands below it. */
  readonly flush: (cell: number) => Promise<void>;
}

interface Open {
  readonly id: string;
  readonly answer: (value: string) => void;
}

export class Stdin {
  readonly #options: StdinOptions;
  #tail: Promise<unknown> = Promise.resolve();
  #open: Open | undefined;

  constructor(options: StdinOptions) {
    this.#options = options;
  }

  /** Waits for its turn, asks, and waits for the reply. Never rejects. */
  ask(question: InputQuestion): Promise<InputAnswer> {
    const answer = this.#tail.then(() => this.#ask(question));
    this.#tail = answer;
    return answer;
  }

  /** Anything that came in on stdin. */
  receive(message: IncomingMessage): void {
    const { log } = this.#options;
    const { msg_type } = message.header;
    if (msg_type !== "input_reply") return log("debug", `${msg_type} on stdin is no input_reply`);
    const decoded = decodeContent("input_reply", message.content);
    if (!decoded.ok) return log("error", decoded.reason);
    const answered = message.parent["msg_id"];
    // jupyter_client's replies do not say which question they answer; JupyterLab's do.
    const isOurs = answered === undefined || answered === this.#open?.id;
    if (this.#open === undefined || !isOurs) return log("debug", "a reply that nobody waits for");
    this.#open.answer(decoded.content.value);
  }

  async #ask({ cell, prompt, password, signal }: InputQuestion): Promise<InputAnswer> {
    const { flush, log, parents, transport } = this.#options;
    const parent = cell === undefined ? undefined : parents.of(cell);
    if (signal.aborted) return refused("nobody waits for the answer any more");
    if (cell === undefined || parent?.stdin === undefined) {
      return refused(
        "input() needs somebody to ask, and who ran this cell does not take questions",
      );
    }
    if (!parents.isRunning(cell)) {
      return refused("input() asks while its cell runs, and this one has ended: await it there");
    }
    await flush(cell);
    const { promise, resolve } = Promise.withResolvers<InputAnswer>();
    const onAbort = () => resolve(refused("nobody waits for the answer any more"));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const request = outgoing("input_request", { prompt, password }, { parent: parent.header });
      const { id, sent } = transport.request(parent.stdin, request);
      this.#open = { id, answer: (value) => resolve({ ok: true, value }) };
      await sent;
      return await promise;
    } catch (error) {
      log("info", `a question could not be sent: ${String(error)}`);
      return refused(
        "whoever ran this cell cannot be reached any more, so input() has nobody to ask",
      );
    } finally {
      this.#open = undefined;
      signal.removeEventListener("abort", onAbort);
    }
  }
}

function refused(message: string): InputAnswer {
  return { ok: false, name: "StdinNotAllowed", message };
}
