/**
 * Records the calls of a static workflow's function as nodes of a graph, while it is compiled.
 *
 * A module variable and not an AsyncLocalStorage: the function is synchronous, so nothing else runs meanwhile.
 * @module
 */
import type { SourcePosition } from "../events/events.ts";
import { inputBindings } from "./binding.ts";
import type { Definition } from "./definition.ts";
import { locate } from "./engine.ts";
import { type Placeholder, placeholder } from "./placeholder.ts";
import type { GraphBinding } from "./signatures.ts";

export interface RecordedNode {
  readonly definition: Definition;
  readonly inputs: Readonly<Record<string, GraphBinding>>;
  readonly source: SourcePosition | undefined;
}

export interface Recording {
  /** Of the workflow that is compiled. */
  readonly name: string;
  readonly nodes: RecordedNode[];
}

let current: Recording | undefined;

/** Whether a static workflow is being compiled. */
export function isRecording(): boolean {
  return current !== undefined;
}

/** Runs `wire` while every call becomes a node of `recording`. */
export function record<T>(recording: Recording, wire: () => T): T {
  const outer = current;
  current = recording;
  try {
    return wire();
  } finally {
    current = outer;
  }
}

/**
 * @returns a placeholder for the value of the call, or `undefined` when no workflow is being compiled.
 * @throws `WORKFLOW_COMPILE` when what is passed cannot be an input.
 */
export function recordNode(definition: Definition, given: unknown): Placeholder | undefined {
  if (current === undefined) return undefined;
  const inputs = inputBindings(current.name, definition, given);
  const index = current.nodes.push({ definition, inputs, source: locate() }) - 1;
  return placeholder(current.name, { kind: "node", index, name: definition.name });
}
