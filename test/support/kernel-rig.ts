/**
 * A router between a session operated by hand and a transport that notes everything, with a clock that
 * stands still: the order of messages without processes, sockets or time.
 * @module
 */
import type { DeckRenderer } from "../../kernel/deck-renderer.ts";
import type {
  Channel,
  MessageContent,
  MessageType,
  OutgoingMessage,
  Transport,
} from "../../kernel/messages.ts";
import { Router } from "../../kernel/router.ts";
import type { MimeBundle } from "../../runtime/values/shape.ts";
import { HandClock, settled } from "./hand-clock.ts";
import { HandSession } from "./hand-session.ts";

/** Draws when the test says so. */
export class HandRenderer implements DeckRenderer {
  readonly events: string[] = [];
  readonly forgotten: string[] = [];
  readonly asked: {
    readonly kind: "live" | "deck";
    readonly runId: string;
    draw(html?: string): void;
    fail(): void;
  }[] = [];
  /** Answer at once. */
  isPrompt = true;

  warmed = 0;

  warm(): void {
    this.warmed += 1;
  }
  apply(event: { readonly kind: string }): void {
    this.events.push(event.kind);
  }
  live(runId: string): Promise<MimeBundle> {
    return this.#ask("live", runId);
  }
  deck(runId: string): Promise<MimeBundle> {
    return this.#ask("deck", runId);
  }
  forget(runId: string): void {
    this.forgotten.push(runId);
  }
  async flush(): Promise<void> {
    // nothing is written
  }
  close(): void {
    // nothing is open
  }

  #ask(kind: "live" | "deck", runId: string): Promise<MimeBundle> {
    const { promise, resolve, reject } = Promise.withResolvers<MimeBundle>();
    const number = this.asked.length + 1;
    const draw = (html = `${kind} ${number}`): void =>
      resolve({ "text/html": html, "text/plain": html });
    this.asked.push({ kind, runId, draw, fail: () => reject(new Error("cannot draw")) });
    if (this.isPrompt) draw();
    return promise;
  }
}

/** A message as one line: `shell execute_reply ok 1 <m1`. */
export interface Noted {
  readonly channel: "iopub" | "stdin" | Channel;
  readonly message: OutgoingMessage;
  readonly parent: string | undefined;
}

export class KernelRig implements Transport {
  readonly session = new HandSession();
  readonly clock = new HandClock();
  readonly renderer = new HandRenderer();
  readonly noted: Noted[] = [];
  readonly logged: string[] = [];
  shutdowns = 0;
  /** Nobody is at the other end of stdin. */
  isClientGone = false;
  readonly router = new Router({
    session: this.session,
    transport: this,
    renderer: this.renderer,
    clock: this.clock,
    log: (level, text) => this.logged.push(`${level} ${text}`),
    onShutdown: () => {
      this.shutdowns += 1;
    },
  });
  #requests = 0;
  #questions = 0;

  publish(message: OutgoingMessage): void {
    this.noted.push({ channel: "iopub", message, parent: parentOf(message) });
  }
  reply(channel: Channel, _identities: unknown, message: OutgoingMessage): void {
    this.noted.push({ channel, message, parent: parentOf(message) });
  }
  request(_identities: unknown, message: OutgoingMessage) {
    this.noted.push({ channel: "stdin", message, parent: parentOf(message) });
    this.#questions += 1;
    const sent = this.isClientGone ? Promise.reject(new Error("unreachable")) : Promise.resolve();
    return { id: `q${this.#questions}`, sent };
  }
  async flushed(): Promise<void> {
    // nothing waits
  }

  /** Sends a request; @returns its id: `m1`, `m2`, … */
  async send(
    type: string,
    content: unknown,
    options: {
      readonly channel?: Channel | "stdin";
      readonly client?: string;
      readonly sentAtMs?: number;
      readonly subshell?: string;
      /** `msg_id` of what it answers. */
      readonly answers?: string;
    } = {},
  ): Promise<string> {
    this.#requests += 1;
    const msg_id = `m${this.#requests}`;
    const date = new Date(options.sentAtMs ?? this.clock.wall()).toISOString();
    const session = options.client ?? "client";
    this.router.receive(options.channel ?? "shell", {
      identities: [],
      header: { msg_id, msg_type: type, session, date, subshell_id: options.subshell },
      parent: options.answers === undefined ? {} : { msg_id: options.answers },
      metadata: {},
      content,
      buffers: [],
    });
    await settled();
    return msg_id;
  }

  async execute(code: string, more: object = {}): Promise<string> {
    return await this.send("execute_request", { code, ...more });
  }

  /** What came for a request (all of it, or from everybody), as lines. */
  lines(parent?: string): string[] {
    return this.noted
      .filter((noted) => parent === undefined || noted.parent === parent)
      .map(({ message }) => lineOf(message));
  }

  /** The content of the newest message of a type. */
  last<T extends MessageType>(type: T): MessageContent[T] {
    const found = this.noted.findLast(({ message }) => message.type === type);
    if (found === undefined) throw new Error(`no ${type} came`);
    return found.message.content as MessageContent[T]; // found by its type
  }
}

function parentOf(message: OutgoingMessage): string | undefined {
  const id = message.parent["msg_id"];
  return typeof id === "string" ? id : undefined;
}

function lineOf(message: OutgoingMessage): string {
  switch (message.type) {
    case "status":
      return message.content.execution_state;
    case "stream":
      return `${message.content.name} ${JSON.stringify(message.content.text)}`;
    case "display_data":
    case "update_display_data":
    case "execute_result":
      return `${message.type} ${String(message.content.data["text/plain"])}`;
    case "error":
      return `error ${message.content.ename}: ${message.content.evalue}`;
    case "execute_input":
      return `input ${message.content.execution_count}`;
    case "input_request":
      return `input_request ${message.content.prompt}`;
    case "comm_open":
    case "comm_msg":
    case "comm_close":
      return `${message.type} ${message.content.comm_id} ${JSON.stringify(message.content.data)}`;
    default: {
      const content: object = message.content;
      const status = "status" in content ? ` ${String(content.status)}` : "";
      const count = "execution_count" in content ? ` ${String(content.execution_count)}` : "";
      return `${message.type}${status}${count}`;
    }
  }
}
