/**
 * The order of everything: busy → handler → flush → reply → idle, for each request, in one function.
 *
 * Invariants
 *   K2  A handler never touches a socket; `#handle` alone says busy, replies and says idle.
 *   R1  Every request gets exactly one busy and one idle, an unknown or malformed one too: a client counts a
 *       cell as scheduled until the idle with its id.
 *   R2  Cells of a lane are handled one after the other in the order they came; other requests at once, also
 *       while a cell runs.
 *   R3  An error answers what waits as `aborted`, and what was sent before its client could know of it.
 *       What is sent afterwards runs.
 * @module
 */
import type { Execution, Session } from "../runtime/session/client/api.ts";
import type { Clock } from "./clock.ts";
import { CommTable } from "./comm-table.ts";
import { type Plan, planOf } from "./commands.ts";
import type { DeckRenderer } from "./deck-renderer.ts";
import { decodeContent, isRequestType } from "./decode.ts";
import { handleComm, isCommType } from "./handlers/comms.ts";
import {
  type Context,
  type Handler,
  handlers,
  type Reply,
  type Services,
  type Turn,
} from "./handlers/index.ts";
import { Interrupts } from "./interrupts.ts";
import { type Lane, Lanes, type Ticket } from "./lanes.ts";
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
import { Stdin } from "./stdin.ts";

export interface RouterOptions {
  readonly session: Session;
  readonly transport: Transport;
  readonly renderer: DeckRenderer;
  readonly clock: Clock;
  readonly log: Log;
  /** A shutdown was asked for; it has not been answered yet. */
  readonly onShutdown: () => void;
}

interface Answer {
  readonly name: RequestName;
  readonly reply: Reply<RequestName>;
}

interface Request {
  readonly channel: Channel;
  readonly message: IncomingMessage;
  /** Only for cells. */
  readonly turn?: Turn;
  /** What is done between busy and idle; default: the handler of its type. */
  readonly work?: (context: Context) => Promise<Answer | undefined>;
  /** Called once, before the reply is sent. */
  readonly onAnswered?: (reply: { readonly status?: string } | undefined) => void;
}

/** Notebooks without workflows do not pay for the thread that draws decks, 20 MB; the first deck does not wait for it. */
const MAY_CALL = /\b(?:task|eager|workflow|mapTask|Deck)\b/;

type ExecuteContent = MessageContent["execute_request"];

export class Router {
  readonly #options: RouterOptions;
  readonly #parents = new Parents();
  readonly #comms = new CommTable();
  readonly #lanes: Lanes;
  readonly #outputs: Outputs;
  readonly #interrupts: Interrupts;
  readonly #stdin: Stdin;
  readonly #services: Services;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { clock, log, renderer, session, transport } = options;
    const parents = this.#parents;
    const comms = this.#comms;
    this.#lanes = new Lanes(clock);
    const outputs = new Outputs({ session, transport, parents, comms, renderer, clock, log });
    this.#outputs = outputs;
    this.#interrupts = new Interrupts({ session, parents, outputs, clock, log });
    this.#stdin = new Stdin({ transport, parents, log, flush: (cell) => outputs.flush(cell) });
    session.onInput((question) => this.#stdin.ask(question));
    this.#services = {
      session,
      outputs,
      parents,
      comms,
      lanes: this.#lanes,
      interrupt: () => this.interrupt(),
      shutdown: options.onShutdown,
      completing: new Map(),
    };
  }

  /** Takes a message whose header is good. Does not wait and does not throw. */
  receive(channel: Channel | "stdin", message: IncomingMessage): void {
    if (channel === "stdin") return this.#stdin.receive(message);
    const { msg_type, subshell_id } = message.header;
    const lane = this.#lanes.of(subshell_id);
    if (lane === undefined) return this.#refuse(channel, message, unknownSubshell(subshell_id));
    if (msg_type === "execute_request") this.#enqueue(channel, message, lane);
    else if (isCommType(msg_type)) {
      const work = (context: Context) => handleComm(msg_type, context);
      lane.whenStarted(() => void this.#handle({ channel, message, work }));
    } else void this.#handle({ channel, message });
  }

  /** SIGINT, or an `interrupt_request`. */
  interrupt(): void {
    this.#interrupts.press();
  }

  /** Resolves when every cell that has been received so far has been answered. */
  async idle(): Promise<void> {
    await this.#lanes.idle();
  }

  close(): void {
    this.#interrupts.close();
    this.#outputs.close();
  }

  #refuse(channel: Channel, message: IncomingMessage, reply: ReturnType<typeof failure>): void {
    const turn: Turn = { kind: "refused", failure: reply };
    if (message.header.msg_type === "execute_request") {
      return void this.#handle({ channel, message, turn });
    }
    const { msg_type } = message.header;
    const name = isRequestType(msg_type) ? nameOf(msg_type) : undefined;
    const work = async () => (name === undefined ? undefined : { name, reply });
    void this.#handle({ channel, message, work });
  }

  #enqueue(channel: Channel, message: IncomingMessage, lane: Lane): void {
    const decoded = decodeContent("execute_request", message.content);
    if (!decoded.ok) return void this.#handle({ channel, message, turn: { kind: "blank" } }); // says so itself
    if (lane.isFull) return this.#refuse(channel, message, QUEUE_FULL);
    const { content } = decoded;
    const plan = planOf(content.code);
    const isExclusive = plan.kind !== "cell" || Object.keys(content.user_expressions).length > 0;
    const ticket = lane.ticket(Date.parse(message.header.date ?? ""));
    // Given to the session at once, which checks it while the cells before it run; unless something waits that
    // has to be over first, such as `%restart` or expressions that need the session between two cells.
    const submitted =
      plan.kind === "cell" && lane.isOpen && !ticket.isAborted
        ? this.#submit(message, content, lane)
        : undefined;
    lane.enqueue(isExclusive, async (began) => {
      const asked = { plan, message, content, lane, ticket, submitted };
      const turn = await this.#turn(asked);
      began();
      await this.#handle({
        channel,
        message,
        turn,
        onAnswered: (reply) => {
          if (turn.kind === "cell") lane.cells.delete(turn.execution.cell);
          if (reply?.status === "error" && content.stop_on_error && !content.silent) lane.failed();
        },
      });
    });
  }

  async #turn(options: {
    readonly plan: Plan;
    readonly message: IncomingMessage;
    readonly content: ExecuteContent;
    readonly lane: Lane;
    readonly ticket: Ticket;
    readonly submitted: Execution | undefined;
  }): Promise<Turn> {
    const { plan, message, content, lane, ticket, submitted } = options;
    if (submitted === undefined && ticket.isAborted && plan.kind !== "blank") {
      return { kind: "aborted" };
    }
    if (plan.kind !== "cell") return plan;
    const execution = submitted ?? this.#submit(message, content, lane);
    const started = await execution.started;
    if (!started.aborted) return { kind: "cell", execution, count: started.n };
    lane.cells.delete(execution.cell);
    this.#parents.aborted(execution.cell);
    const { error } = await execution.settled;
    return error === undefined
      ? { kind: "aborted" }
      : { kind: "refused", failure: failure(error.name, error.message) };
  }

  #submit(message: IncomingMessage, content: ExecuteContent, lane: Lane): Execution {
    const { cellId } = message.metadata;
    const execution = this.#options.session.execute({
      code: content.code,
      lane: lane.name,
      silent: content.silent,
      storeHistory: content.store_history && !content.silent,
      stopOnError: content.stop_on_error,
      ...(typeof cellId === "string" ? { cellId } : {}),
    });
    lane.cells.add(execution.cell);
    if (MAY_CALL.test(content.code)) this.#options.renderer.warm();
    this.#parents.add(execution.cell, {
      header: message.header,
      silent: content.silent,
      ...(content.allow_stdin ? { stdin: message.identities } : {}),
    });
    return execution;
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
    const answer = await this.#answer(request, context);
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

  async #answer({ message, work }: Request, context: Context): Promise<Answer | undefined> {
    const type = message.header.msg_type;
    const name = isRequestType(type) ? nameOf(type) : undefined;
    try {
      if (work !== undefined) return await work(context);
      if (name !== undefined) return { name, reply: await this.#run(name, context) };
    } catch (error) {
      // What users do wrong are values; only our own bugs come here.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log("error", `${type} failed: ${text}`);
      if (name === undefined) return undefined;
      const said = `eagerdeck could not answer this: ${String(error)}`;
      return { name, reply: failure("InternalError", said) };
    }
    this.#options.log("debug", `unknown message type ${JSON.stringify(type)}`);
    return undefined;
  }

  async #run<N extends RequestName>(name: N, context: Context): Promise<Reply<N>> {
    const decoded = decodeContent(`${name}_request`, context.message.content);
    if (!decoded.ok) return failure("BadMessage", decoded.reason);
    const handler: Handler<N> = handlers[name];
    return await handler(decoded.content, context);
  }
}

const QUEUE_FULL = failure("QueueFull", "too many cells wait already; this one was not run");

function unknownSubshell(id: string | null | undefined) {
  return failure("UnknownSubshell", `there is no subshell ${id}; it may have been deleted`);
}

function nameOf(type: `${RequestName}_request`): RequestName {
  return type.slice(0, -"_request".length) as RequestName; // the template type says exactly this
}
