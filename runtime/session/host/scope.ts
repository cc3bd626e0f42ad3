/**
 * The session's names: objects that cells read and write directly.
 *
 * Names live on segments of at most 512 names each, because an object of more than about a thousand
 * names, and any object without a prototype chain of its own, becomes a V8 dictionary, some 25 times
 * slower in a hot loop. A segment inherits from a Proxy: own names never reach it; what is missing
 * ends in its traps, which turn it into the language's own error.
 *
 * Invariants
 *   S1  A name keeps its segment for ever, so every closure sees every redeclaration.
 *   S2  Names are never deleted; a redeclaration replaces the value when it has run, not before.
 *   S3  The global object is never touched.
 * @module
 */
import { denoNameAdvice } from "../deno-advice.ts";
import type { DeclaredKind, SessionNames } from "./targets.ts";

const NAMES_PER_SEGMENT_MAX = 512;

export type Segment = Record<string, unknown>;

export class SessionScope implements SessionNames {
  readonly segments: Segment[] = [];
  readonly #segmentOf = new Map<string, number>();
  readonly #kinds = new Map<string, DeclaredKind>();
  readonly #taskMakers = new Set<string>();
  /** Names whose declaration began and failed, with the cell that did: for the error message. */
  readonly #missed = new Map<string, string>();
  /** By the accessor of a name: where it reads from. */
  readonly #sources = new WeakMap<() => unknown, object>();

  segmentOf(name: string): number {
    const known = this.#segmentOf.get(name);
    if (known !== undefined) return known;
    const index = Math.floor(this.#segmentOf.size / NAMES_PER_SEGMENT_MAX);
    this.#segmentOf.set(name, index);
    if (index === this.segments.length) this.segments.push(this.#newSegment());
    return index;
  }

  kindOf(name: string): DeclaredKind | undefined {
    return this.#kinds.get(name);
  }

  isTaskMaker(name: string): boolean {
    return this.#taskMakers.has(name);
  }

  isGlobal(name: string): boolean {
    return name in globalThis;
  }

  /** The name exists for later cells from now on, with this kind. */
  publish(name: string, kind: DeclaredKind, isTaskMaker: boolean): void {
    this.#kinds.set(name, kind);
    this.#missed.delete(name);
    if (isTaskMaker) this.#taskMakers.add(name);
    else this.#taskMakers.delete(name);
  }

  /** A cell failed before it had published these. */
  miss(names: Iterable<string>, label: string): void {
    for (const name of names) if (!this.#kinds.has(name)) this.#missed.set(name, label);
  }

  get(name: string): unknown {
    return this.#segment(name)[name];
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#segment(name), name);
  }

  /** Gives a name a value, as a publishing cell does. */
  set(name: string, value: unknown): void {
    const segment = this.#segment(name);
    // An import or a prelude accessor gives way to a plain value.
    Object.defineProperty(segment, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  /**
   * Makes reading `name` call `read`, so that a module's live binding stays live.
   * @param source whom `reads` may ask for later.
   */
  define(name: string, read: () => unknown, source?: object): void {
    const segment = this.#segment(name);
    if (source) this.#sources.set(read, source);
    Object.defineProperty(segment, name, {
      get: read,
      // A later cell that redeclares the name replaces the accessor.
      set: (value: unknown) => this.set(name, value),
      enumerable: true,
      configurable: true,
    });
  }

  /** Whether `name` still reads what `source` defined. */
  reads(name: string, source: object): boolean {
    const read = Object.getOwnPropertyDescriptor(this.#segment(name), name)?.get;
    return read !== undefined && this.#sources.get(read) === source;
  }

  /** What defined the accessor of a name with `define`, if it was said. */
  sourceOf(name: string): object | undefined {
    const read = Object.getOwnPropertyDescriptor(this.#segment(name), name)?.get;
    return read && this.#sources.get(read);
  }

  /** Whether reading the name runs code of ours. */
  isAccessor(name: string): boolean {
    return Object.getOwnPropertyDescriptor(this.#segment(name), name)?.get !== undefined;
  }

  /** All published names, oldest first. */
  published(): Iterable<[string, DeclaredKind]> {
    return this.#kinds;
  }

  /** Reads that must not throw: `typeof x` of a name nobody declared yet. */
  readonly maybe: Segment = new Proxy(Object.create(null), {
    get: (_, name) => (typeof name === "string" && this.has(name) ? this.get(name) : undefined),
  });

  /** Assignments to a name that no cell declared. */
  readonly undeclared: Segment = new Proxy(Object.create(null), {
    get: (_, name) => this.get(String(name)),
    set: (_, name, value) => {
      if (typeof name === "string" && this.has(name)) {
        this.set(name, value);
        return true;
      }
      // A property that code made on the global object since the cell was compiled.
      if (name in globalThis) return Reflect.set(globalThis, name, value);
      throw new ReferenceError(`${String(name)} is not defined`);
    },
  });

  /** Assignments to a `const` or an import of the session. */
  readonly constant: Segment = new Proxy(Object.create(null), {
    get: (_, name) => this.get(String(name)),
    set: (_, name) => {
      throw new TypeError(`Assignment to constant variable '${String(name)}'.`);
    },
  });

  #segment(name: string): Segment {
    const segment = this.segments[this.segmentOf(name)];
    if (!segment) throw new Error(`no segment for '${name}'`);
    return segment;
  }

  #newSegment(): Segment {
    return Object.create(
      new Proxy(Object.create(null), {
        get: (_, name) => {
          if (typeof name !== "string") return undefined;
          if (name in globalThis) return Reflect.get(globalThis, name);
          const missed = this.#missed.get(name);
          const advice = denoNameAdvice(name);
          throw new ReferenceError(
            missed
              ? `${name} is not initialized: ${missed} failed before it`
              : `${name} is not defined${advice ? `: ${advice}` : ""}`,
          );
        },
        set: (_, name, value, receiver) =>
          Reflect.defineProperty(receiver, name, {
            value,
            writable: true,
            enumerable: true,
            configurable: true,
          }),
        has: () => false,
      }),
    );
  }
}
