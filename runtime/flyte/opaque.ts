/**
 * A value of a task that only its own language can open: a pickle, an error, bytes with a tag that nobody here knows.
 *
 * It shows where the value is and passes on unchanged; nothing ever decodes it. Cheap to import: the protocol's message
 * inside is only held.
 * @module
 */
import type { Literal } from "./idl/flyteidl/core/literals_pb.ts";

const literals = new WeakMap<OpaqueValue, Literal>();

/** A value that cannot be looked into, but can be given to another task. */
export class OpaqueValue {
  /** What it is, in words: `pickle`, `error`, `bytes`. */
  readonly kind: string;
  /** As the value names it: `PythonPickle`, the tag of bytes. */
  readonly format: string;
  /** Where it is, if it is stored somewhere. */
  readonly uri: string | undefined;

  /** @internal Made by reading a task's outputs. */
  constructor(literal: Literal, shown: { kind: string; format?: string; uri?: string }) {
    this.kind = shown.kind;
    this.format = shown.format ?? "";
    this.uri = shown.uri;
    literals.set(this, literal);
    Object.freeze(this);
  }

  toString(): string {
    const parts = [this.kind, this.format, this.uri].filter((part) => part);
    return `OpaqueValue(${parts.join(", ")})`;
  }

  toJSON(): { kind: string; format: string; uri?: string } {
    const { kind, format, uri } = this;
    return { kind, format, ...(uri === undefined ? {} : { uri }) };
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** @internal The literal inside, as it came. */
export function literalOf(value: OpaqueValue): Literal {
  const literal = literals.get(value);
  if (literal === undefined) throw new Error("an OpaqueValue is made by reading a task's outputs");
  return literal;
}
