/**
 * A kernel from start to exit: the order of start and stop, signals, exit codes.
 *
 * Exit codes: 0 shut down as asked; 2 the connection file cannot be used; 69 an address is taken or the user
 * process cannot start (EX_UNAVAILABLE); 70 a bug of ours (EX_SOFTWARE).
 * @module
 */
import type { Session } from "../runtime/session/client/api.ts";
import { startSession } from "../runtime/session/client/session.ts";
import { systemClock } from "./clock.ts";
import { type Connection, ConnectionError, readConnection } from "./connection.ts";
import { DeckThread } from "./deck-thread.ts";
import { type Log, stderrLog } from "./log.ts";
import { Router } from "./router.ts";

const EXIT = { ok: 0, usage: 2, unavailable: 69, software: 70 } as const;
/** Width of `text/plain` in a notebook. */
const COLUMNS = 100;
const CLOSE_GRACE_MS = 300;
const ANSWER_GRACE_MS = 500;
/** Files of the last runs may still be on their way. */
const FLUSH_GRACE_MS = 2_000;
const PARENT_CHECK_MS = 1_000;

/** Serves one kernel until it is shut down. @returns the exit code; never throws. */
export async function runKernel(connectionFile: string): Promise<number> {
  const log = stderrLog(process.env["EAGERDECK_LOG"]);
  try {
    return await serve(connectionFile, log);
  } catch (error) {
    if (error instanceof ConnectionError) return said(error, EXIT.usage, log);
    return said(error, EXIT.software, log);
  }
}

// In a function of its own: inside one with `using`, TypeScript 6.0.3 lowers the whole body and forgets to
// write the specifier as `./sockets.js`.
const loadSockets = () => import("./sockets.ts");

async function serve(connectionFile: string, log: Log): Promise<number> {
  const connection = await readConnection(connectionFile);
  // First the session, which boots in its own process while ZeroMQ is loaded here.
  const session = startSession({
    folder: process.cwd(),
    columns: COLUMNS,
    spare: true,
    history: true,
  });
  try {
    return await serveSession(session, connection, log);
  } finally {
    await session.close({ graceMs: 0 }); // nothing left to do after a shutdown in order
  }
}

async function serveSession(session: Session, connection: Connection, log: Log): Promise<number> {
  const { BindError, Sockets } = await loadSockets();
  const sockets = new Sockets(connection.key, log);
  try {
    await sockets.bind(connection);
  } catch (error) {
    await sockets.close();
    if (error instanceof BindError) return said(error, EXIT.unavailable, log);
    throw error;
  }

  const { promise: ending, resolve: end } = Promise.withResolvers<number>();
  const renderer = new DeckThread(log);
  const router = new Router({
    session,
    transport: sockets,
    renderer,
    clock: systemClock,
    log,
    // In the next turn: its reply and idle come first.
    onShutdown: () => setImmediate(() => end(EXIT.ok)),
  });
  using _signals = onSignals({
    SIGINT: () => router.interrupt(),
    SIGTERM: () => end(EXIT.ok),
    SIGHUP: () => end(EXIT.ok),
  });
  using _bugs = onBugs((error) => end(said(error, EXIT.software, log)));
  using _parent = onParentDeath(() => end(EXIT.ok));
  session.ready.catch((error: unknown) => end(said(error, EXIT.unavailable, log)));
  sockets
    .serve((channel, message) => router.receive(channel, message))
    .catch((error: unknown) => end(said(error, EXIT.software, log)));

  const code = await ending;
  await session.close({ graceMs: CLOSE_GRACE_MS });
  await answered(router);
  await within(FLUSH_GRACE_MS, renderer.flush());
  router.close();
  await sockets.close();
  return code;
}

/** Cells that were running are answered; a kernel that was told to end does not wait long for them. */
async function answered(router: Router): Promise<void> {
  await within(ANSWER_GRACE_MS, router.idle());
}

async function within(timeMaxMs: number, done: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeMaxMs);
  await Promise.race([done, late]);
  clearTimeout(timer);
}

function said(error: unknown, code: number, log: Log): number {
  const isBug = code === EXIT.software;
  log(
    "error",
    error instanceof Error ? ((isBug ? error.stack : undefined) ?? error.message) : String(error),
  );
  return code;
}

function onSignals(listeners: Readonly<Partial<Record<NodeJS.Signals, () => void>>>): Disposable {
  const entries = Object.entries(listeners);
  for (const [signal, listener] of entries) process.on(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of entries) process.off(signal, listener);
    },
  };
}

/** Nobody catches our own bugs: the kernel ends in order, and Jupyter starts another one. */
function onBugs(act: (error: unknown) => void): Disposable {
  process.on("uncaughtException", act); // unhandled rejections come here too
  return {
    [Symbol.dispose]() {
      process.off("uncaughtException", act);
    },
  };
}

/** Jupyter names the server that started us; when it dies nobody else would end this kernel. */
function onParentDeath(act: () => void): Disposable {
  const parent = process.ppid;
  const isWatched = Number(process.env["JPY_PARENT_PID"]) === parent;
  const timer = setInterval(() => {
    if (isWatched && process.ppid !== parent) act();
  }, PARENT_CHECK_MS);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
