/**
 * What cells show besides their value: `display(value)`, rich bundles, `html`, `md`, `svg`.
 *
 * Bundles are made here, where the values are; live values never leave the process.
 * @module
 */
import { randomUUID } from "node:crypto";
import { displayBundle, mimeBundle } from "../../values/bundle.ts";
import type { MimeBundle } from "../../values/shape.ts";
import { html } from "../../workflow/deck-content.ts";
import { currentScope } from "../../workflow/run.ts";
import type { Outbox } from "./outbox.ts";

const HOOK = Symbol.for("Jupyter.display");

/** A thing shown once that can be replaced later. */
export interface DisplayHandle {
  readonly id: string;
  /** Shows another value in the same place, also from a later cell. */
  update(value: unknown): void;
}

export interface BundleHandle {
  update(bundle: Record<string, unknown>): void;
}

export class Displays {
  readonly #outbox: Outbox;
  readonly #columns: number;
  readonly #fallbackCell: () => number | undefined;
  /** Hooks that are still at work, by cell: the cell ends after them. */
  readonly #pending = new Map<number | undefined, Set<Promise<void>>>();

  constructor(outbox: Outbox, columns: number, fallbackCell: () => number | undefined) {
    this.#outbox = outbox;
    this.#columns = columns;
    this.#fallbackCell = fallbackCell;
  }

  /** Shows any value as the cell's result would be shown. */
  display = (value: unknown, options: { id?: string } = {}): DisplayHandle => {
    const id = options.id ?? randomUUID();
    this.#show(value, id, false);
    return { id, update: (next) => this.#show(next, id, true) };
  };

  /** Shows a bundle as it is: media type → content. */
  displayBundle = (
    bundle: Record<string, unknown>,
    metadata: Record<string, unknown> = {},
  ): void => {
    this.#send(asBundle(bundle), { metadata, update: false });
  };

  /** As `displayBundle`, in a place that can be filled again. */
  displayBundleWithId(bundle: Record<string, unknown>): BundleHandle {
    const displayId = randomUUID();
    this.#send(asBundle(bundle), { displayId, update: false });
    return { update: (next) => this.#send(asBundle(next), { displayId, update: true }) };
  }

  clearOutput = (options: { wait?: boolean } = {}): void => {
    this.#outbox.add({ kind: "clear-output", ...this.#cell(), wait: options.wait ?? false });
  };

  /** Resolves when what the cell asked to show has been shown. */
  async settled(cell: number): Promise<void> {
    await Promise.all(this.#pending.get(cell) ?? []);
    this.#pending.delete(cell);
  }

  #show(value: unknown, displayId: string, update: boolean): void {
    if (!hasHook(value)) {
      this.#send(mimeBundle(value, this.#columns), { displayId, update });
      return;
    }
    const { cell } = this.#cell();
    const pending = this.#pending.get(cell) ?? new Set();
    this.#pending.set(cell, pending);
    const showing: Promise<void> = displayBundle(value, this.#columns).then((bundle) => {
      this.#send(bundle, { displayId, update });
      pending.delete(showing);
    });
    pending.add(showing);
  }

  #send(
    bundle: MimeBundle,
    how: { displayId?: string; update: boolean; metadata?: Record<string, unknown> },
  ): void {
    const { metadata = {}, ...rest } = how;
    this.#outbox.add({ kind: "display", ...this.#cell(), bundle, metadata, ...rest });
  }

  #cell(): { cell?: number } {
    const cell = currentScope()?.run.cell ?? this.#fallbackCell();
    return cell === undefined ? {} : { cell };
  }
}

/** An own bundle is passed on as it is, made safe to send. */
function asBundle(bundle: unknown): MimeBundle {
  if (typeof bundle !== "object" || bundle === null || Array.isArray(bundle)) {
    throw new TypeError(
      'displayBundle takes an object of media types, like { "text/html": "<b>hi</b>" }',
    );
  }
  // Through JSON: functions and cycles are refused here, with the cell's own stack, not on the wire.
  return JSON.parse(
    JSON.stringify(bundle, (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ),
  );
}

function hasHook(value: unknown): boolean {
  try {
    return (
      typeof value === "object" && value !== null && typeof Reflect.get(value, HOOK) === "function"
    );
  } catch {
    // A proxy or getter that throws is shown like any other strange value.
    return false;
  }
}

/** An SVG picture, as a template string; interpolations are escaped, but for pictures in it. */
export function svg(parts: TemplateStringsArray, ...values: unknown[]): object {
  const text = html(parts, ...values).toString();
  return { [HOOK]: () => ({ "image/svg+xml": text, "text/plain": text }) };
}

let installed: Displays | undefined;

/** The displays of this process; `import "tslab"` reaches them from its own module. */
export function displays(): Displays {
  if (!installed) throw new Error("display works in cells of a session only");
  return installed;
}

export function installDisplays(of: Displays): void {
  installed = of;
}
