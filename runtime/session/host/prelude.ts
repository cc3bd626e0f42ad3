/**
 * The names every cell starts with. All of them can be redeclared.
 *
 * Their types are in `client/types/prelude.ts`; a test holds every name there against the user process.
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { currentContext } from "../../workflow/context.ts";
import { Deck } from "../../workflow/deck.ts";
import { EagerException } from "../../workflow/errors.ts";
import { group } from "../../workflow/group.ts";
import { mapTask } from "../../workflow/map-task.ts";
import { eager, task } from "../../workflow/task.ts";
import { workflow } from "../../workflow/workflow.ts";
import type { Comms } from "./comms.ts";
import type { DeckHistory } from "./deck-history.ts";
import { type Displays, svg } from "./display.ts";
import type { Evaluator } from "./evaluator.ts";
import { currentSignal } from "./evaluator.ts";
import { laterNames } from "./later.ts";
import type { Questions } from "./questions.ts";
import type { SessionScope } from "./scope.ts";
import { TASK_MAKERS } from "./targets.ts";
import { controls } from "./widgets/controls.ts";
import { widgetFactory } from "./widgets/widget.ts";

export interface PreludeParts {
  readonly scope: SessionScope;
  readonly evaluator: Evaluator;
  readonly displays: Displays;
  readonly comms: Comms;
  readonly questions: Questions;
  readonly history: DeckHistory;
  readonly folder: string;
}

/** What `import … from "eagerdeck"` gives, but for what is loaded later. */
const api = { task, workflow, eager, mapTask, group, currentContext, EagerException, Deck };

/**
 * `z`, loaded when a cell first says it: zod is half of all that a user process would load at its start.
 * By the path of its ES module, so that it is the one copy that `import { z } from "eagerdeck"` gives too.
 */
function schemas(): unknown {
  const path = fileURLToPath(import.meta.resolve("zod"));
  const { z }: typeof import("zod") = createRequire(import.meta.url)(path);
  return z;
}

/** Publishes the prelude on a fresh scope. @returns its names. */
export function installPrelude(parts: PreludeParts): string[] {
  const { scope, evaluator, displays, comms, questions, history } = parts;
  const makeWidget = widgetFactory(comms);
  const values: Record<string, unknown> = {
    ...api,
    decks: history.decks,
    runs: history.runs,
    display: displays.display,
    displayBundle: displays.displayBundle,
    clearOutput: displays.clearOutput,
    html: Deck.html,
    md: Deck.md,
    svg,
    comms: comms.api,
    widget: Object.assign(makeWidget, controls(makeWidget)),
    input: questions.input,
    confirm: questions.confirm,
    cells: evaluator.cells,
    Out: {},
    _: undefined,
    _error: undefined,
    require: evaluator.require,
    __dirname: parts.folder,
    __filename: join(parts.folder, "__eagerdeck.ts"),
  };
  for (const [name, value] of Object.entries(values)) {
    scope.set(name, value);
    scope.publish(name, "var", TASK_MAKERS.has(name));
  }
  const accessors: Record<string, () => unknown> = {
    deck: () => history.deck,
    signal: currentSignal,
    z: schemas,
    ...laterNames(),
  };
  for (const [name, read] of Object.entries(accessors)) {
    scope.define(name, read);
    scope.publish(name, "var", false);
  }
  return [...Object.keys(values), ...Object.keys(accessors)];
}
