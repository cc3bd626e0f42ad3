/**
 * What cells show besides their value: `display(value)` and its forms, rich bundles, `svg`.
 *
 * Bundles are made here, where the values are; live values never leave the process.
 *
 * Invariants
 *   V1  What can be shown at once is sent before `display` returns, so it keeps its place among what is printed.
 *   V2  What is shown in one place comes in the order it was asked for, also when a hook takes its time.
 *   V3  An update of a place whose cell was cleared since shows anew; front ends would drop it without a word.
 * @module
 */
import { randomUUID } from "node:crypto";
import { bundleOf } from "../../values/bundle.ts";
import { BundleError, isMediaType, ownBundle } from "../../values/own-bundle.ts";
import { preview } from "../../values/preview.ts";
import type { MimeBundle } from "../../values/shape.ts";
import { html } from "../../workflow/deck-content.ts";
import { currentScope } from "../../workflow/run.ts";
import type { HostItem } from "../protocol.ts";
import { type FormName, forms, type Given } from "./display-forms.ts";

const HOOK = Symbol.for("Jupyter.display");

/** A thing shown once that can be replaced later. */
export interface DisplayHandle<T = unknown> {
  readonly id: string;
  /** Shows another value in the same place, also from a later cell. */
  update(value: T): void;
}

export interface DisplayOptions {
  /** Front ends know the place by it; made up when absent. */
  readonly id?: string;
  /** By media type: `{ "image/png": { width: 300 } }`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

type Form<N extends FormName> = (
  given: Given<N>,
  options?: DisplayOptions,
) => DisplayHandle<Given<N>>;

/** `display(value)`, `display.html(text)`, … */
export type Display = ((value: unknown, options?: DisplayOptions) => DisplayHandle) & {
  readonly [N in FormName]: Form<N>;
};

export type ShownItem = Extract<HostItem, { kind: "display" | "clear-output" }>;
type Bundling = MimeBundle | Promise<MimeBundle>;

/** Where something is, or will be, shown. */
interface Place {
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The cell it was shown in last, and how often that had been cleared then. */
  shown: { readonly cell: number | undefined; readonly clears: number } | undefined;
  /** The last that waits for its hook; what comes later is shown after it. */
  pending: Promise<void> | undefined;
}

export interface DisplaysOptions {
  readonly send: (item: ShownItem) => void;
  /** Width of `text/plain`. */
  readonly columns: number;
  /** For what is shown outside any cell's async context. */
  readonly fallbackCell: () => number | undefined;
}

const handles = new WeakSet<object>();

/** As the value of a cell it shows nothing: what it is of has just been shown. */
export function isDisplayHandle(value: unknown): boolean {
  return typeof value === "object" && value !== null && handles.has(value);
}

export class Displays {
  readonly display: Display;
  readonly #options: DisplaysOptions;
  /** Hooks that are still at work, by cell: the cell ends after them. */
  readonly #pending = new Map<number | undefined, Set<Promise<void>>>();
  /** How often a cell has cleared its outputs. */
  readonly #clears = new Map<number | undefined, number>();

  constructor(options: DisplaysOptions) {
    this.#options = options;
    const bundled = (value: unknown) => bundleOf(value, options.columns);
    const shown = Object.entries(forms).map(([name, form]) => [
      name,
      // The table gives each form what its own type says.
      (given: never, how?: DisplayOptions) => this.#handle(form, given, how),
    ]);
    this.display = Object.assign(
      (value: unknown, how?: DisplayOptions) => this.#handle(bundled, value, how),
      Object.fromEntries(shown),
    );
  }

  /** Shows a bundle as it is: media type → content. */
  displayBundle = (
    bundle: Record<string, unknown>,
    metadata?: Record<string, unknown>,
  ): DisplayHandle<Record<string, unknown>> =>
    this.#handle(checkedBundle, bundle, metadata === undefined ? {} : { metadata });

  /** A place of its own: the first call shows a bundle there, later ones replace it. */
  newPlace(): (bundle: Record<string, unknown>) => void {
    const place = newPlace();
    return (bundle) => this.#show(place, checkedBundle(bundle));
  }

  clearOutput = (options: { wait?: boolean } = {}): void => {
    const cell = this.#cell();
    this.#clears.set(cell, this.#clearsOf(cell) + 1);
    const wait = options.wait ?? false;
    this.#options.send({ kind: "clear-output", ...(cell !== undefined && { cell }), wait });
  };

  /** Sends what was shown in a thread, as that of the cell whose context this is called in. */
  relay(item: ShownItem): void {
    if (item.kind === "clear-output") return this.clearOutput(item);
    const cell = this.#cell();
    this.#options.send({ ...item, ...(cell !== undefined && { cell }) });
  }

  /** Resolves when what the cell has asked to show by now is shown: a timer may go on asking for ever. */
  async settled(cell: number | undefined): Promise<void> {
    await Promise.all(this.#pending.get(cell) ?? []);
  }

  #handle<T>(bundled: (value: T) => Bundling, value: T, how?: DisplayOptions): DisplayHandle<T> {
    const place = newPlace(how);
    this.#show(place, bundled(value));
    const handle = {
      id: place.id,
      update: (next: T) => this.#show(place, bundled(next)),
    };
    handles.add(handle);
    return handle;
  }

  #show(place: Place, bundling: Bundling): void {
    const before = place.pending;
    if (!(bundling instanceof Promise)) {
      if (before === undefined) return this.#send(place, bundling);
    }
    const cell = this.#cell();
    const pending = this.#pending.get(cell) ?? new Set();
    this.#pending.set(cell, pending);
    const clears = this.#clearsOf(cell);
    const showing = Promise.all([bundling, before]).then(([bundle]) => {
      // What was asked for before the outputs were cleared is cleared with them.
      if (clears === this.#clearsOf(cell)) this.#send(place, bundle);
      if (place.pending === showing) place.pending = undefined;
      pending.delete(showing);
      if (pending.size === 0) this.#pending.delete(cell);
    });
    place.pending = showing;
    pending.add(showing);
  }

  #send(place: Place, bundle: MimeBundle): void {
    const { id: displayId, metadata, shown } = place;
    const cell = this.#cell();
    const update = shown !== undefined && shown.clears === this.#clearsOf(shown.cell);
    if (!update) place.shown = { cell, clears: this.#clearsOf(cell) };
    const of = cell === undefined ? {} : { cell };
    this.#options.send({ kind: "display", ...of, bundle, metadata, displayId, update });
  }

  #clearsOf(cell: number | undefined): number {
    return this.#clears.get(cell) ?? 0;
  }

  #cell(): number | undefined {
    return currentScope()?.run.cell ?? this.#options.fallbackCell();
  }
}

function newPlace({ id = randomUUID(), metadata = {} }: DisplayOptions = {}): Place {
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`the id of a display is a text, not ${preview(id).line}`);
  }
  return { id, metadata, shown: undefined, pending: undefined };
}

/** A bundle by hand: a slip in a key would show nothing at all. */
function checkedBundle(bundle: Record<string, unknown>): MimeBundle {
  try {
    const strange = Object.keys(bundle ?? {}).find((type) => !isMediaType(type));
    if (strange !== undefined && !Array.isArray(bundle)) {
      throw new BundleError(`${preview(strange).line} is no media type, as "text/html" is`);
    }
    return ownBundle(bundle, () => `(${Object.keys(bundle).join(", ")})`);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new TypeError(
      `displayBundle takes an object of media types, like { "text/html": "<b>hi</b>" }: ${error.message}`,
    );
  }
}

/** An SVG picture, as a template string; interpolations are escaped, but for pictures in it. */
export function svg(parts: TemplateStringsArray, ...values: unknown[]): object {
  const text = html(parts, ...values).toString();
  // Without HTML beside it: within another picture it has to stay SVG.
  return { toString: () => text, [HOOK]: () => ({ "image/svg+xml": text, "text/plain": text }) };
}

/** What a task in a thread may use of a session, by name; what is shown there belongs to its cell. */
export function threadNames({ display, displayBundle, clearOutput }: Displays) {
  return { display, displayBundle, clearOutput, svg };
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
