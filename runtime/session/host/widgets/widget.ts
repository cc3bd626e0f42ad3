/**
 * Widgets: a state that a cell and the front end share, and JavaScript that draws it there (anywidget's protocol).
 *
 * `widget({ esm, state })` opens a comm that Jupyter's widget managers know; with anywidget's extension installed
 * the front end runs `esm` and keeps `state` the same on both sides, also while a cell waits.
 *
 * Invariants
 *   W1  A change is sent once to the other side, never back to where it came from, but for the echo that lets other
 *       front ends of this kernel follow.
 *   W2  Only names that the state began with exist: a front end adds none.
 * @see https://anywidget.dev/en/afm/
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
 * @module
 */
import type { Comm, CommData, Comms } from "../comms.ts";
import { putBuffers, withoutBuffers } from "./buffers.ts";

const TARGET = "jupyter.widget";
const CONTROL_TARGET = "jupyter.widget.control";
const PROTOCOL_VERSION = "2.1.0";
/** Whichever version the front end has: its module says what it can do. */
const MODEL = {
  _model_module: "anywidget",
  _model_module_version: "*",
  _model_name: "AnyModel",
  _view_module: "anywidget",
  _view_module_version: "*",
  _view_name: "AnyView",
  _view_count: null,
};

export type WidgetState = Record<string, unknown>;

export interface WidgetOptions<S extends WidgetState> {
  /** Text of an ES module whose default export has `render({ model, el })`. */
  readonly esm: string;
  readonly css?: string;
  /** What both sides share, by name: JSON, and bytes in it. */
  readonly state?: S;
}

type ChangeHandler<T> = (value: T, previous: T) => unknown;

export class Widget<S extends WidgetState = WidgetState> {
  /** Its model in the front end. */
  readonly id: string;
  /** Reading gives the newest values, setting one shows in the front end. Changes *inside* a value are not seen. */
  readonly state: S;
  readonly #values: Record<string, unknown>;
  readonly #fixed: Readonly<Record<string, unknown>>;
  readonly #comm: Comm;
  readonly #handlers = new Map<string, Set<ChangeHandler<unknown>>>();
  #onMessage: ((content: unknown, buffers: readonly Uint8Array[]) => unknown) | undefined;

  /** Use `widget`. */
  constructor(comms: Comms, { esm, css, state }: WidgetOptions<S>) {
    if (typeof esm !== "string") {
      throw new TypeError(
        'widget takes { esm: "export default { render({ model, el }) { … } }", state: { … } }',
      );
    }
    this.#fixed = {
      ...MODEL,
      _esm: esm,
      ...(css === undefined ? {} : { _css: css }),
      _anywidget_id: "eagerdeck",
    };
    this.#values = { ...state };
    for (const name of Object.keys(this.#values)) {
      if (name.startsWith("_"))
        throw new TypeError(`names of a widget's state do not begin with "_": ${name}`);
    }
    const { state: json, paths, buffers } = withoutBuffers(this.snapshot());
    this.#comm = comms.api.open(
      TARGET,
      { state: json, buffer_paths: paths },
      { metadata: { version: PROTOCOL_VERSION }, buffers },
    );
    this.id = this.#comm.id;
    this.#comm.onMessage((message) => this.#receive(message));
    this.state = this.#proxy();
  }

  /** Sets several values with one message. @throws {TypeError} for a name that the state did not begin with. */
  set(changes: Partial<S>): void {
    const names = Object.keys(changes);
    const unknown = names.find((name) => !Object.hasOwn(this.#values, name));
    if (unknown !== undefined) {
      throw new TypeError(
        `this widget has no "${unknown}"; it has ${Object.keys(this.#values).join(", ") || "no state"}`,
      );
    }
    const different = names.filter((name) => !Object.is(this.#values[name], changes[name]));
    if (different.length === 0) return;
    const update = Object.fromEntries(different.map((name) => [name, changes[name]]));
    this.#send("update", update);
    void this.#assign(update); // what a handler throws later is the cell's own uncaught error
  }

  /**
   * Calls `handler` after each change of that value, by either side.
   * @returns the way to stop.
   */
  on<K extends keyof S & string>(name: K, handler: ChangeHandler<S[K]>): () => void {
    if (!Object.hasOwn(this.#values, name)) throw new TypeError(`this widget has no "${name}"`);
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    const own: ChangeHandler<unknown> = (value, previous) =>
      handler(value as S[K], previous as S[K]); // values under this name are of this type
    handlers.add(own);
    return () => handlers.delete(own);
  }

  /** Resolves to the value after its next change. */
  async changed<K extends keyof S & string>(name: K): Promise<S[K]> {
    const { promise, resolve } = Promise.withResolvers<S[K]>();
    const stop = this.on(name, resolve);
    try {
      return await promise;
    } finally {
      stop();
    }
  }

  /** A message of your own: `model.on("msg:custom", …)` hears it. */
  send(content: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[] = []): void {
    this.#comm.send({ method: "custom", content }, { buffers });
  }

  /** Sets what is called for `model.send(content)` of the front end. */
  onMessage(handler: (content: unknown, buffers: readonly Uint8Array[]) => unknown): void {
    this.#onMessage = handler;
  }

  /** Removes it from the front end. */
  close(): void {
    this.#comm.close();
  }

  [Symbol.for("Jupyter.display")](): Record<string, unknown> {
    const view = { version_major: 2, version_minor: 1, model_id: this.id };
    const values = Object.entries(this.#values).map(([name, value]) => `${name}: ${brief(value)}`);
    return {
      "application/vnd.jupyter.widget-view+json": view,
      "text/plain": `Widget { ${values.join(", ")} }`,
    };
  }

  /** All that the front end's model is made of. */
  snapshot(): Record<string, unknown> {
    return { ...this.#fixed, ...this.#values };
  }

  #receive({ data, buffers }: CommData): unknown {
    switch (data?.method) {
      case "update":
        return this.#updated(data, buffers);
      case "request_state":
        return this.#send("update", this.snapshot());
      case "custom":
        return this.#onMessage?.(data.content, buffers);
      default:
        throw new Error(
          `a widget's front end sent an unknown method ${JSON.stringify(data?.method)}`,
        );
    }
  }

  #updated(
    data: { state?: unknown; buffer_paths?: unknown },
    buffers: readonly Uint8Array[],
  ): Promise<void> {
    const state = typeof data.state === "object" && data.state !== null ? { ...data.state } : {};
    putBuffers(state, data.buffer_paths, buffers);
    const known = Object.fromEntries(
      Object.entries(state).filter(([name]) => Object.hasOwn(this.#values, name)),
    );
    // Before the handlers, whose own changes must come after it.
    this.#send("echo_update", known);
    return this.#assign(known);
  }

  /** Calls the handlers in turn; resolves when those that are asynchronous have ended. */
  async #assign(update: Readonly<Record<string, unknown>>): Promise<void> {
    const changes = Object.entries(update).map(([name, value]) => {
      const previous = this.#values[name];
      this.#values[name] = value;
      return { name, value, previous };
    });
    const done: unknown[] = [];
    for (const { name, value, previous } of changes) {
      for (const handler of this.#handlers.get(name) ?? []) done.push(handler(value, previous));
    }
    await Promise.all(done);
  }

  #send(method: "update" | "echo_update", update: Readonly<Record<string, unknown>>): void {
    const { state, paths, buffers } = withoutBuffers(update);
    this.#comm.send({ method, state, buffer_paths: paths }, { buffers });
  }

  /** Over the values themselves: whoever looks at it sees them. */
  #proxy(): S {
    const refuse = () => {
      throw new TypeError("the names of a widget's state stay as they are");
    };
    return new Proxy(this.#values as S, {
      set: (_, name, value) => {
        this.set({ [String(name)]: value } as Partial<S>); // a name that it has not is refused there
        return true;
      },
      deleteProperty: refuse,
      defineProperty: refuse,
    });
  }
}

/** Makes widgets, and answers front ends that come late: a page that was loaded again asks for all of them. */
export function widgetFactory(comms: Comms) {
  const open = new Map<string, Widget<WidgetState>>();
  comms.api.registerTarget(CONTROL_TARGET, (comm) => {
    comm.onMessage(({ data }) => {
      if (data?.method !== "request_states") return;
      for (const id of open.keys()) if (!comms.isOpen(id)) open.delete(id);
      const widgets = [...open];
      const { state, paths, buffers } = withoutBuffers(
        Object.fromEntries(widgets.map(([id, widget]) => [id, model(widget.snapshot())])),
      );
      comm.send({ method: "update_states", states: state, buffer_paths: paths }, { buffers });
    });
  });
  return <S extends WidgetState>(options: WidgetOptions<S>): Widget<S> => {
    const made = new Widget<S>(comms, options);
    open.set(made.id, made as unknown as Widget<WidgetState>); // only its snapshot is asked for
    return made;
  };
}

/** A model as the answer to `request_states` has it. */
function model(state: Record<string, unknown>): Record<string, unknown> {
  return {
    model_name: state["_model_name"],
    model_module: state["_model_module"],
    model_module_version: state["_model_module_version"],
    state,
  };
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
