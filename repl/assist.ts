/**
 * What the editor asks the type service: completions, signatures, documentation of a completion.
 *
 * A newer question of one kind takes the place of the older one; answers carry the editor's version, and
 * the editor drops those that come too late.
 * @module
 */
import type { Completions, Session } from "../runtime/session/client/api.ts";
import { type CompletionSources, completeCommand } from "./commands/complete.ts";
import { isCommand } from "./commands/registry.ts";
import type { Action, EditorState } from "./editor/state.ts";

export interface AssistOptions {
  readonly session: Session;
  readonly editor: () => EditorState;
  readonly commands: () => CompletionSources;
  readonly dispatch: (action: Action) => void;
  readonly notice: (text: string) => void;
}

type Kind = "complete" | "signature" | "describe";

const ANSWER_MS = 3_000;
/** What comes unasked and later than this would pop up while the person already types on. */
const UNASKED_MS = 150;
const DOCUMENTATION_LENGTH_MAX = 400;

export class Assist {
  readonly #options: AssistOptions;
  readonly #open = new Map<Kind, AbortController>();

  constructor(options: AssistOptions) {
    this.#options = options;
  }

  async complete(version: number, isUnasked: boolean): Promise<void> {
    const { editor, dispatch, notice, session } = this.#options;
    const { text, cursor } = editor();
    const ofCommand = await completeCommand(text, cursor, this.#options.commands());
    if (ofCommand) {
      return dispatch({ kind: "completions", version, completions: ofCommand, isUnasked });
    }
    if (isCommand(text) && isUnasked) return;
    const asked = this.#begin("complete", isUnasked ? UNASKED_MS : ANSWER_MS);
    try {
      const completions: Completions = await session.types.complete(text, cursor, asked.limit);
      if (!asked.isOld()) dispatch({ kind: "completions", version, completions, isUnasked });
    } catch {
      // A newer question aborted it and gets its own answer. Else the type service is slow or gone.
      if (!asked.isOld() && !isUnasked) {
        notice("no completions: the type checker does not answer");
      }
    }
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

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
