/**
 * What the editor asks the type service: completions, signatures, documentation of a completion.
 *
 * A newer question of one kind takes the place of the older one; answers carry the editor's version, and
 * the editor drops those that come too late.
 * @module
 */
import type { CompletionKind, Session } from "../runtime/session/client/api.ts";
import { type CompletionSources, completeCommand } from "./commands/complete.ts";
import { isCommand } from "./commands/registry.ts";
import type { Action, EditorState } from "./editor/state.ts";
import type { SessionName } from "./state/transcript.ts";

export interface AssistOptions {
  readonly session: Session;
  readonly editor: () => EditorState;
  readonly commands: () => CompletionSources;
  readonly dispatch: (action: Action) => void;
  /** Names that cells have given to the session. */
  readonly names: () => readonly SessionName[];
  /** Whether the type service leaves a Tab without an answer. */
  readonly setTypesOff: (isOff: boolean) => void;
}

type Kind = "complete" | "signature" | "describe";

const ANSWER_MS = 3_000;
/** What comes unasked and later than this would pop up while the person already types on. */
const UNASKED_MS = 150;
const PATIENCE_MS = 1_000;
const DOCUMENTATION_LENGTH_MAX = 400;

export class Assist {
  readonly #options: AssistOptions;
  readonly #open = new Map<Kind, AbortController>();

  constructor(options: AssistOptions) {
    this.#options = options;
  }

  async complete(version: number, isUnasked: boolean): Promise<void> {
    const { editor, dispatch, session, setTypesOff } = this.#options;
    const { text, cursor } = editor();
    const ofCommand = await completeCommand(text, cursor, this.#options.commands());
    if (ofCommand) {
      return dispatch({ kind: "completions", version, completions: ofCommand, isUnasked });
    }
    // The argument of a command is code of its own: `.type xs.`.
    const start = isCommand(text) ? (/^\s*(?:[.%]\S+\s+|\?\??)/.exec(text)?.[0].length ?? 0) : 0;
    if (cursor < start) return;
    const asked = this.#begin("complete", isUnasked ? UNASKED_MS : ANSWER_MS);
    // What is asked for by Tab has a second; then the names of the session are better than nothing.
    const patience = isUnasked
      ? undefined
      : setTimeout(() => this.#offerNames(version), PATIENCE_MS);
    try {
      const code = text.slice(start);
      const found = await session.types.complete(code, cursor - start, asked.limit);
      if (asked.isOld()) return;
      setTypesOff(false);
      const completions = { ...found, start: found.start + start, end: found.end + start };
      dispatch({ kind: "completions", version, completions, isUnasked });
    } catch {
      // A newer question aborted it and gets its own answer; else the type service is slow or gone, and the names stand.
    } finally {
      clearTimeout(patience);
    }
  }

  #offerNames(version: number): void {
    const { editor, dispatch, names, setTypesOff } = this.#options;
    setTypesOff(true);
    const { text, cursor } = editor();
    const word = /[\p{L}\p{N}_$]*$/u.exec(text.slice(0, cursor))?.[0] ?? "";
    // Behind a dot stands a member of something, which only types know.
    if (/(?<!\.\.)\.\s*$/.test(text.slice(0, cursor - word.length))) return;
    const items = names().map(({ name, kind }) => ({ name, kind: kindOf(kind) }));
    const completions = { start: cursor - word.length, end: cursor, items };
    dispatch({ kind: "completions", version, completions, isUnasked: true });
  }

  async signature(version: number): Promise<void> {
    const { editor, dispatch, session } = this.#options;
    const { text, cursor } = editor();
    const asked = this.#begin("signature", ANSWER_MS);
    try {
      const help = await session.types.signature(text, cursor, asked.limit);
      if (!asked.isOld()) dispatch({ kind: "signature", version, ...(help ? { help } : {}) });
    } catch {
      // As above. Nobody waits for this answer: the box is a help that comes by itself.
    }
  }

  /** Type and documentation of a name in a text, for the popup's last row. */
  async describe(name: string, text: string, at: number): Promise<void> {
    const { dispatch, session } = this.#options;
    const asked = this.#begin("describe", ANSWER_MS);
    try {
      const hover = await session.types.hover(text, at, asked.limit);
      if (asked.isOld() || hover === undefined) return;
      const documentation = hover.documentation.replaceAll(/\s+/g, " ").trim();
      const about = [oneLine(hover.signature), documentation].filter((part) => part !== "");
      dispatch({
        kind: "described",
        name,
        text: about.join(" — ").slice(0, DOCUMENTATION_LENGTH_MAX),
      });
    } catch {
      // As above.
    }
  }

  #begin(kind: Kind, limitMs: number): { readonly limit: AbortSignal; isOld(): boolean } {
    this.#open.get(kind)?.abort();
    const controller = new AbortController();
    this.#open.set(kind, controller);
    return {
      limit: AbortSignal.any([controller.signal, AbortSignal.timeout(limitMs)]),
      isOld: () => controller.signal.aborted,
    };
  }
}

/** As completions call what declarations call otherwise. */
function kindOf(declared: string): CompletionKind {
  switch (declared) {
    case "function":
    case "class":
    case "interface":
    case "enum":
    case "type":
      return declared;
    case "const":
      return "constant";
    default:
      return "variable";
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
