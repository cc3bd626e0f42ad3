/**
 * A real session in a temporary folder: user process and checker are children, closed with the test.
 * @module
 */
import {
  type ExecuteRequest,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Settled,
  startSession,
} from "../../runtime/session/client/session.ts";
import { tempFolder } from "./temp-folder.ts";

export interface TestSession extends AsyncDisposable {
  readonly session: Session;
  readonly folder: string;
  /** Everything the session said, in order. */
  readonly events: readonly SessionEvent[];
  /** Runs a cell to its end. */
  run(code: string, options?: Omit<ExecuteRequest, "code">): Promise<Settled>;
  /** `text/plain` of the value of a cell; throws with the error's message when the cell failed. */
  value(code: string): Promise<string | undefined>;
  /** What a cell printed so far. */
  printed(cell: number, stream?: "stdout" | "stderr"): string;
  /** Writes a file into the session's folder. */
  write(name: string, text: string): string;
}

/** Opens a session; type checks are off unless a test is about them, for the checker takes half a second to start. */
export function openSession(
  options: Partial<SessionOptions> & { readonly files?: Readonly<Record<string, string>> } = {},
): TestSession {
  const { files, ...rest } = options;
  const folder = tempFolder(files);
  const session = startSession({ folder: folder.path, columns: 80, check: "off", ...rest });
  const events: SessionEvent[] = [];
  session.onEvent((event) => events.push(event));
  const run: TestSession["run"] = (code, request = {}) =>
    session.execute({ code, ...request }).settled;
  return {
    session,
    folder: folder.path,
    events,
    run,
    value: async (code) => {
      const settled = await run(code);
      if (settled.error) throw new Error(`${settled.error.name}: ${settled.error.message}`);
      const text = settled.value?.["text/plain"];
      return text === undefined ? undefined : String(text);
    },
    printed: (cell, stream = "stdout") =>
      events
        .flatMap((item) =>
          item.kind === "event" &&
          item.event.kind === "log" &&
          item.cell === cell &&
          item.event.stream === stream
            ? [item.event.text]
            : [],
        )
        .join(""),
    write: folder.write,
    [Symbol.asyncDispose]: async () => {
      await session.close({ graceMs: 200 });
      folder[Symbol.dispose]();
    },
  };
}
