/**
 * The order of everything: busy → handler → flush → reply → idle, for each request, in one function.
 *
 * Invariants
 *   K2  A handler never touches a socket; `#handle` alone says busy, replies and says idle.
 *   R1  Every request gets exactly one busy and one idle, an unknown or malformed one too: a client counts a
 *       cell as scheduled until the idle with its id.
 *   R2  Cells are handled one after the other in the order they came; other requests at once, also while a
 *       cell runs.
 *   R3  An error answers what waits as `aborted`, and what was sent before its client could know of it.
 *       What is sent afterwards runs.
 * @module
 */
import type { Execution, Session } from "../runtime/session/client/api.ts";
import type { Clock } from "./clock.ts";
import { type Plan, planOf } from "./commands.ts";
import type { DeckRenderer } from "./deck-renderer.ts";
import { decodeContent, isRequestType } from "./decode.ts";
import {
  type Context,
  type Handler,
  handlers,
  type Reply,
  type Services,
  type Turn,
} from "./handlers/index.ts";
import { Interrupts } from "./interrupts.ts";
import type { Log } from "./log.ts";
import {
  type Channel,
  type Dict,
  failure,
  type IncomingMessage,
  type MessageContent,
  outgoing,
  type PublishedType,
  type RequestName,
  type Transport,
} from "./messages.ts";
import { Outputs } from "./outputs.ts";
import { Parents } from "./parents.ts";

/** Cells that may wait. */
const WAITING_MAX = 1_000;
/** How long cells may still arrive that were sent before their client could know of an error. */
const ABORT_LATE_MS = 50;

export interface RouterOptions {
  readonly session: Session;
  readonly transport: Transport;
  readonly renderer: DeckRenderer;
  readonly clock: Clock;
  readonly log: Log;
  /** A shutdown was asked for; it has not been answered yet. */
  readonly onShutdown: () => void;
}

interface Request {
  readonly channel: Channel;
  readonly message: IncomingMessage;
  /** Only for cells. */
  readonly turn?: Turn;
  /** Called once, before the reply is sent. */
  readonly onAnswered?: (reply: { readonly status?: string } | undefined) => void;
}

type ExecuteContent = MessageContent["execute_request"];

export class Router {
  readonly #options: RouterOptions;
  readonly #parents = new Parents();
  readonly #outputs: Outputs;
  readonly #interrupts: Interrupts;
  readonly #services: Services;
  /** The end of the line of cells. */
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Waiting requests that must be over before the next cell is given to the session. */
  #exclusive = 0;
  /** Raised by an error: what came before and is not with the session yet is aborted. */
  #epoch = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { clock, log, renderer, session, transport } = options;
    const parents = this.#parents;
    this.#outputs = new Outputs({ session, transport, parents, renderer, clock, log });
    this.#interrupts = new Interrupts({ session, parents, outputs: this.#outputs, clock, log });
    this.#services = {
      session,
      outputs: this.#outputs,
      interrupt: () => this.interrupt(),
      shutdown: options.onShutdown,
      completing: new Map(),
    };
  }

  /** Takes a message whose header is good. Does not wait and does not throw. */
  receive(channel: Channel, message: IncomingMessage): void {
    if (message.header.msg_type === "execute_request") this.#enqueue(channel, message);
    else void this.#handle({ channel, message });
  }

  /** SIGINT, or an `interrupt_request`. */
  interrupt(): void {
    this.#interrupts.press();
  }

  /** Resolves when every cell that has been received so far has been answered. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  close(): void {
    this.#outputs.close();
  }

  #enqueue(channel: Channel, message: IncomingMessage): void {
    const decoded = decodeContent("execute_request", message.content);
    if (!decoded.ok || this.#waiting >= WAITING_MAX) {
      const turn: Turn = { kind: decoded.ok ? "refused" : "blank" };
      return void this.#handle({ channel, message, turn });
    }
    const { content } = decoded;
    const plan = planOf(content.code);
    const isExclusive = plan.kind !== "cell" || Object.keys(content.user_expressions).length > 0;
    const epoch = this.#wasSentTooEarly(message) ? -1 : this.#epoch;
    // Given to the session at once, which checks it while the cells before it run; unless something waits that
    // has to be over first, such as `%restart` or expressions that need the session between two cells.
    const submitted =
      plan.kind === "cell" && this.#exclusive === 0 && epoch >= 0
        ? this.#submit(message, content)
        : undefined;
    this.#waiting += 1;
    if (isExclusive) this.#exclusive += 1;
    const take = async (): Promise<void> => {
      const turn = await this.#turn({ plan, message, content, epoch, submitted });
      await this.#handle({
        channel,
        message,
        turn,
        // Before the reply leaves: whoever has read it may send the next cell within the same millisecond.
        onAnswered: (reply) => {
          if (reply?.status !== "error" || !content.stop_on_error || content.silent) return;
          this.#epoch += 1;
          this.#failedAtMs = this.#options.clock.now();
        },
      });
      this.#waiting -= 1;
      if (isExclusive) this.#exclusive -= 1;
    };
    this.#tail = this.#tail.then(take);
  }

  async #turn(options: {
    readonly plan: Plan;
    readonly message: IncomingMessage;
    readonly content: ExecuteContent;
    readonly epoch: number;
    readonly submitted: Execution | undefined;
  }): Promise<Turn> {
    const { plan, message, content, epoch } = options;
    const isLate = options.submitted === undefined && epoch !== this.#epoch;
    if (isLate && plan.kind !== "blank") return { kind: "aborted" };
    if (plan.kind !== "cell") return plan;
    const execution = options.submitted ?? this.#submit(message, content);
    const started = await execution.started;
    if (!started.aborted) return { kind: "cell", execution, count: started.n };
    const { error } = await execution.settled;
    return error === undefined ? { kind: "aborted" } : { kind: "refused" };
  }

  #submit(message: IncomingMessage, content: ExecuteContent): Execution {
    const { cellId } = message.metadata;
    const execution = this.#options.session.execute({
      code: content.code,
      silent: content.silent,
      storeHistory: content.store_history && !content.silent,
      stopOnError: content.stop_on_error,
      ...(typeof cellId === "string" ? { cellId } : {}),
    });
    this.#parents.add(execution.cell, { header: message.header, silent: content.silent });
    return execution;
  }

  /** By the client's own clock: good enough, as it usually is the same machine's. */
  #wasSentTooEarly(message: IncomingMessage): boolean {
    const sentAtMs = Date.parse(message.header.date ?? "");
    const isJustAfter = this.#options.clock.now() - this.#failedAtMs < ABORT_LATE_MS;
    return isJustAfter && sentAtMs < Math.floor(this.#failedAtMs);
  }

  async #handle(request: Request): Promise<void> {
    const { channel, message } = request;
    const { transport } = this.#options;
    const publish = <T extends PublishedType>(
      type: T,
      content: MessageContent[T],
      parent: Dict = message.header,
    ): void => transport.publish(outgoing(type, content, { parent }));
    publish("status", { execution_state: "busy" });
    const metadata = request.turn === undefined ? {} : { started: new Date().toISOString() };
    const context: Context = { ...this.#services, message, publish, turn: request.turn };
    const answer = await this.#answer(message, context);
    request.onAnswered?.(answer?.reply);
    await transport.flushed();
    if (answer !== undefined) {
      const { name, reply } = answer;
      transport.reply(
        channel,
        message.identities,
        outgoing(`${name}_reply`, reply, { parent: message.header, metadata }),
      );
    }
    publish("status", { execution_state: "idle" });
    // A completion answered during a cell ends with `idle`, which front ends and idle cullers take for the state
    // of the kernel. The parent is empty, so that no cell's timing changes.
    if (this.#parents.someRuns) publish("status", { execution_state: "busy" }, {});
  }

  async #answer(
    message: IncomingMessage,
    context: Context,
  ): Promise<{ readonly name: RequestName; readonly reply: Reply<RequestName> } | undefined> {
    const type = message.header.msg_type;
    if (!isRequestType(type)) {
      this.#options.log("debug", `unknown message type ${JSON.stringify(type)}`);
      return undefined;
    }
    const name = nameOf(type);
    try {
      return { name, reply: await this.#run(name, message.content, context) };
    } catch (error) {
      // What users do wrong are values; only our own bugs come here.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log("error", `${type} failed: ${text}`);
      return {
        name,
        reply: failure("InternalError", `eagerdeck could not answer this: ${String(error)}`),
      };
    }
  }

  async #run<N extends RequestName>(name: N, raw: unknown, context: Context): Promise<Reply<N>> {
    const decoded = decodeContent(`${name}_request`, raw);
    if (!decoded.ok) return failure("BadMessage", decoded.reason);
    const handler: Handler<N> = handlers[name];
    return await handler(decoded.content, context);
  }
}

function nameOf(type: `${RequestName}_request`): RequestName {
  return type.slice(0, -"_request".length) as RequestName; // the template type says exactly this
}
