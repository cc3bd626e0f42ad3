/**
 * Repeating what the network or a busy cluster made fail.
 *
 * 1. Creating calls are repeated too: names and versions make them the same call (`ALREADY_EXISTS` is then ours).
 * 2. A cut connection looks as if the request had been cancelled: it is repeated unless our own signal did it.
 * 3. A message that is too large looks like an overload: it is never repeated.
 * 4. A request asks for another token once. With a token that came meanwhile it is repeated for nothing.
 * 5. Who waits for a token or pauses holds no place among those in flight, and a request is signed when it goes out: what
 *    waits in the queue would otherwise carry a token of long ago.
 * @module
 */
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Transport,
} from "@connectrpc/connect";
import type { Limiter } from "../workflow/limiter.ts";
import { causesOf, FlyteError, isTooLarge } from "./errors.ts";
import { sleep } from "./sleep.ts";

/** Puts tokens into requests, and hears when they were not taken. */
export interface Signer {
  /**
   * Resolves when there is what requests need, as far as anybody knows.
   * @throws {FlyteError} when there is no way to get a token.
   */
  ready(background: boolean, signal: AbortSignal): Promise<void>;
  /**
   * @param force signs with what there is, also if that is nothing.
   * @returns what was put in, for the next two; undefined when it is time for `ready` again.
   */
  sign(header: Headers, force: boolean): unknown;
  /** The request was answered. */
  accepted(signed: unknown): void;
  /**
   * @returns `"newer"`: there has been another token since the request was signed; `"renewed"`: there is now; `"no"`:
   *   repeating would be the same.
   */
  refused(
    signed: unknown,
    background: boolean,
    signal: AbortSignal,
  ): Promise<"newer" | "renewed" | "no">;
}

export interface RetryPolicy {
  /** The n-th pause is at most `baseMs` · 2ⁿ, and never more than `capMs`. */
  readonly baseMs: number;
  readonly capMs: number;
  /** No repetition begins later than this after the request began. */
  readonly budgetMs: number;
  /** The same as long as the cluster has never answered: then the settings are the likely reason. */
  readonly firstBudgetMs: number;
  /** The same for requests in the background: who polls asks again anyway, and wants to know how long nobody answers. */
  readonly backgroundBudgetMs: number;
  /** 0 … 1. */
  readonly random: () => number;
}

export const RETRY: RetryPolicy = {
  baseMs: 100,
  capMs: 5_000,
  budgetMs: 60_000,
  firstBudgetMs: 10_000,
  backgroundBudgetMs: 2_000,
  random: Math.random,
};

/** A pause that is worth a word to who waits. */
const NOTICE_AFTER_MS = 3_000;

/** How often a token may end between getting it and getting a place. */
const SIGN_ROUNDS_MAX = 5;

const BACKGROUND = createContextKey(false, { description: "nobody waits at the screen" });

/**
 * For `CallOptions.contextValues` of polls: they never ask a person to log in, they wait until somebody did; and they fail
 * at once when there is no answer.
 */
export function inBackground(): ContextValues {
  return createContextValues().set(BACKGROUND, true);
}

interface Rules {
  readonly wire: Transport;
  readonly inFlight: Limiter;
  readonly policy: RetryPolicy;
  readonly signer: Signer | undefined;
  readonly notice: ((text: string) => void) | undefined;
  readonly endpoint: string;
  /** Aborts when the channel is closed. */
  readonly closed: AbortSignal;
}

/** A transport that repeats, signs and waits for room. */
export function retrying(rules: Rules): Transport {
  const { wire, inFlight, policy, signer, notice, endpoint, closed } = rules;
  let answered = false;
  let told = false;
  const unary: Transport["unary"] = async (method, signal, timeoutMs, header, input, values) => {
    const background = values?.get(BACKGROUND) ?? false;
    const stop = signal === undefined ? closed : AbortSignal.any([signal, closed]);
    /** On the wire and in pauses; waiting for room or for a login does not count. */
    let spentMs = 0;
    let renewed = false;

    const budget = () => {
      if (background) return policy.backgroundBudgetMs;
      return answered ? policy.budgetMs : policy.firstBudgetMs;
    };
    /** Takes a place and signs. */
    const prepared = async () => {
      for (let round = 1; ; round++) {
        await signer?.ready(background, stop);
        await room(inFlight, stop);
        const headers = new Headers(header);
        const signed = signer?.sign(headers, round === SIGN_ROUNDS_MAX);
        if (signer === undefined || signed !== undefined) return { headers, signed };
        inFlight.release();
      }
    };
    const once = async () => {
      const { headers, signed } = await prepared();
      const sentAt = performance.now();
      try {
        const answer = await wire.unary(method, stop, timeoutMs, headers, input, values);
        answered = true;
        told = false;
        signer?.accepted(signed);
        return { answer };
      } catch (error) {
        return { failure: cutAsSuch(error), signed };
      } finally {
        spentMs += performance.now() - sentAt;
        inFlight.release();
      }
    };

    try {
      for (let attempt = 0; ; attempt++) {
        const { answer, failure, signed } = await once();
        if (answer !== undefined) return answer;
        stop.throwIfAborted();
        if (signer !== undefined && !renewed && refusesToken(failure)) {
          answered = true;
          const outcome = await signer.refused(signed, background, stop);
          if (outcome === "no") throw failure;
          renewed = outcome === "renewed";
          continue;
        }
        if (!isPassing(failure)) throw failure;
        const pause = pauseMs(policy, attempt);
        spentMs += pause;
        if (spentMs > budget()) throw failure;
        if (!told && spentMs > NOTICE_AFTER_MS) {
          told = true;
          const { rawMessage } = ConnectError.from(failure);
          notice?.(`no answer from ${endpoint}, trying again: ${rawMessage}`);
        }
        await sleep(pause, stop);
      }
    } catch (error) {
      throw stop.aborted ? cancelled(stop) : error;
    }
  };
  // Flyte's services answer one message to one message; streams are passed on as they are.
  return { unary, stream: (...given) => wire.stream(...given) };
}

/** @param attempt how many repetitions there were before. */
export function pauseMs({ baseMs, capMs, random }: RetryPolicy, attempt: number): number {
  // From nothing up: clients that a restart made fail together do not come back together.
  return random() * Math.min(capMs, baseMs * 2 ** attempt);
}

/** A cut connection under its own name: nobody but us cancels our requests, and then this is not looked at. */
function cutAsSuch(error: unknown): unknown {
  const failure = ConnectError.from(error, Code.Internal);
  if (failure.code !== Code.Canceled) return error;
  const words = "the connection was cut before the answer came";
  return new ConnectError(words, Code.Unavailable, failure.metadata, undefined, failure);
}

/** Whether the same request may succeed a moment later. */
function isPassing(error: unknown): boolean {
  const failure = ConnectError.from(error, Code.Internal);
  switch (failure.code) {
    case Code.Unavailable:
    case Code.Aborted:
    case Code.DeadlineExceeded:
      return true;
    case Code.ResourceExhausted:
      return !isTooLarge(failure);
    case Code.Internal:
      return isReset(failure);
    default:
      return false;
  }
}

/** A stream or a connection that ended in the middle, by its words or by Node's code below. */
function isReset(failure: ConnectError): boolean {
  return (
    /stream (?:closed|terminated|was reset)|RST_STREAM|GOAWAY|socket hang up|closed connection/i.test(
      failure.rawMessage,
    ) || causesOf(failure).some(({ code }) => /^(?:ERR_HTTP2_|EPIPE$|ENET|EHOST|ECONN)/.test(code))
  );
}

/** Whether the server did not take the token; a proxy in between may say it in words only. */
function refusesToken(error: unknown): boolean {
  const failure = ConnectError.from(error);
  if (failure.code === Code.Unauthenticated) return true;
  return failure.code === Code.Unknown && /\btoken\b|\b407\b/i.test(failure.rawMessage);
}

/** What a call rejects with that was given up: the closed connection says so itself. */
function cancelled(stop: AbortSignal): Error {
  const reason: unknown = stop.reason;
  if (reason instanceof FlyteError) return reason;
  return new ConnectError("the request was cancelled", Code.Canceled, undefined, undefined, reason);
}

/** Waits for a place among the requests in flight. */
async function room(inFlight: Limiter, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      waiting?.leave();
      reject(stop.reason);
    };
    const waiting = inFlight.take(() => {
      stop.removeEventListener("abort", leave);
      resolve();
    });
    if (waiting !== undefined) stop.addEventListener("abort", leave, { once: true });
  });
}
