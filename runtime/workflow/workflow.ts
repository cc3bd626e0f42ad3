/**
 * `workflow`: a static graph, known before anything runs.
 *
 * Invariants
 *   W1  The function runs to be recorded, never to compute: its calls become nodes and nothing starts.
 *   W2  A node starts as soon as its inputs are there; the engine's rule for promised inputs does that.
 * @module
 */
import { isAsyncFunction, isGeneratorFunction, isPromise } from "node:util/types";
import type { Schemas, StandardSchema } from "../types/standard-schema.ts";
import { outputBinding } from "./binding.ts";
import type { Call } from "./call.ts";
import { compileError } from "./compile-error.ts";
import { type Definition, readDefinition } from "./definition.ts";
import { definitionMark, isReplacedSince } from "./newest.ts";
import { type Placeholder, placeholder } from "./placeholder.ts";
import { type RecordedNode, record } from "./recording.ts";
import { scopes } from "./scope.ts";
import type {
  AnyWiring,
  CallerInputs,
  EntityOptions,
  Graph,
  GraphBinding,
  PlaceholderInputs,
  Placeholders,
  Result,
  SchemaOptions,
  SignatureInputs,
  Unwired,
  Wired,
  Workflow,
} from "./signatures.ts";
import { startCall } from "./start.ts";
import { callable } from "./task.ts";

type WiringTo<
  O extends StandardSchema | undefined,
  S extends Schemas | undefined,
> = S extends Schemas
  ? Wired<CallerInputs<S>>
  : O extends StandardSchema
    ? Wired<NonNullable<O["~standard"]["types"]>["input"]>
    : unknown;

/**
 * Turns a function into a static workflow: it runs once, to record which calls feed which, and every call gives a
 * placeholder to pass on. Nodes run as soon as their inputs are there.
 *
 * ```ts
 * const subworkflow = workflow({ inputs: { x: z.int() }, output: z.int() }, function subworkflow({ x }) {
 *   const out = addOne({ x });
 *   return double({ x: out });
 * });
 * await subworkflow({ x: 5 }); // 12
 * subworkflow.graph.nodes;     // addOne, double
 * ```
 * The function cannot look at values: `if (out < 0)`, `out + 1` and `await out` belong into `eager`.
 * @throws {EagerException} `WORKFLOW_COMPILE` when the function needs a value, with the line.
 * @throws {TypeError} without a name: name the function or give `name`.
 */
export function workflow<F extends AnyWiring>(
  fn: F,
): Workflow<PlaceholderInputs<SignatureInputs<F>>, Unwired<ReturnType<F>>, F>;
export function workflow<
  const I extends Schemas,
  F extends (inputs: Placeholders<CallerInputs<I>>) => WiringTo<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(
  options: SchemaOptions<I, O, S>,
  fn: F,
): Workflow<CallerInputs<I>, Result<O, S, Unwired<ReturnType<F>>>, F>;
export function workflow<
  F extends (inputs: never) => WiringTo<O, S>,
  O extends StandardSchema | undefined = undefined,
  const S extends Schemas | undefined = undefined,
>(
  options: EntityOptions<undefined, O, S>,
  fn: F,
): Workflow<PlaceholderInputs<SignatureInputs<F>>, Result<O, S, Unwired<ReturnType<F>>>, F>;
export function workflow(first: unknown, second?: unknown): unknown {
  const read = readDefinition("workflow", first, second);
  if (isAsyncFunction(read.fn) || isGeneratorFunction(read.fn)) {
    throw compileError(read.name, "is an async function or a generator", ADVICE, workflow);
  }
  let compiled: Compiled | undefined;
  // A cell that is run again replaces a task; the workflow then follows, as an eager one would.
  const current = (): Compiled => {
    compiled = compiled === undefined || isOutdated(compiled) ? compile(definition) : compiled;
    return compiled;
  };
  const definition: Definition = {
    ...read,
    body: (inputs) => runGraph(definition, current(), inputs),
  };
  compilers.set(definition.fn, current);
  try {
    current();
  } catch (error) {
    // A task may be written below the workflow that uses it; then the first call compiles.
    if (!(error instanceof ReferenceError)) throw error;
  }
  return callable(definition, { graph: { enumerable: true, get: () => current().graph } });
}

const compilers = new WeakMap<Definition["fn"], () => Compiled>();

/**
 * The graph of a static workflow with the definition of each node, which the graph itself only names.
 * @throws {EagerException} `WORKFLOW_COMPILE`, as `workflow` does; {TypeError} for what is no static workflow.
 */
export function compiledWorkflow({ entity, name, fn }: Definition): {
  readonly graph: Graph;
  readonly nodes: readonly RecordedNode[];
} {
  const compiler = compilers.get(fn);
  if (!compiler) throw new TypeError(`${entity} ${name} is no static workflow: it has no graph`);
  return compiler();
}

interface Compiled {
  readonly graph: Graph;
  readonly nodes: readonly RecordedNode[];
  /** What the newest definition was at the time. */
  readonly mark: number;
}

function isOutdated({ nodes, mark }: Compiled): boolean {
  return nodes.some(({ definition }) => isReplacedSince(definition.name, mark));
}

function compile(definition: Definition): Compiled {
  const { name, inputs: schemas, fn } = definition;
  const mark = definitionMark();
  const nodes: RecordedNode[] = [];
  const own = inputPlaceholders(name, schemas);
  const returned = record({ name, nodes }, () => fn(own.object, NO_CONTEXT));
  if (isPromise(returned)) {
    // It is the rejection of somebody who awaited a placeholder; the error below says so.
    returned.catch(() => undefined);
    throw compileError(name, "returns a promise", ADVICE, compile);
  }
  if (nodes.some((node) => node.definition === definition)) {
    throw compileError(name, "calls itself", ENDLESS, compile);
  }
  const graph: Graph = {
    inputs: schemas === undefined ? own.names() : Object.keys(schemas),
    nodes: nodes.map(({ definition: called, inputs }, index) => ({
      id: `n${index}`,
      name: called.name,
      entity: called.entity,
      inputs,
    })),
    output: outputBinding(returned),
  };
  return { graph, nodes, mark };
}

// A static workflow's function is run to be recorded: there is no call yet that a context could tell about.
const NO_CONTEXT = undefined as never;

function inputPlaceholders(
  workflow: string,
  schemas: Schemas | undefined,
): { readonly object: Record<string, Placeholder>; names(): readonly string[] } {
  const known = new Map<string, Placeholder>();
  const get = (name: string): Placeholder => {
    const made = known.get(name) ?? placeholder(workflow, { kind: "input", name });
    known.set(name, made);
    return made;
  };
  const names = () => [...known.keys()];
  if (schemas !== undefined) {
    const entries = Object.keys(schemas).map((name) => [name, get(name)] as const);
    return { object: Object.fromEntries(entries), names };
  }
  // Without schemas an input is known by being read.
  const object = new Proxy<Record<string, Placeholder>>(
    {},
    {
      get: (_target, name) => (typeof name === "string" ? get(name) : undefined),
      has: (_target, name) => typeof name === "string",
      ownKeys: function spread(): never {
        const what = "spreads its inputs";
        throw compileError(workflow, what, "whose names are not known without schemas", spread);
      },
    },
  );
  return { object, names };
}

async function runGraph(
  definition: Definition,
  { graph, nodes }: Compiled,
  inputs: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  refuseEndlessNesting(definition);
  const calls = new Map<string, Call<unknown>>();
  const resolve = (from: GraphBinding): unknown => {
    switch (from.kind) {
      case "input":
        return inputs[from.name];
      case "node":
        return calls.get(from.id);
      case "value":
        return from.value;
      case "list":
        return Promise.all(from.members.map(resolve));
      case "object":
        return object(from.members);
      default:
        return from satisfies never;
    }
  };
  const object = async (members: Readonly<Record<string, GraphBinding>>) => {
    const values = await Promise.all(Object.values(members).map(resolve));
    return Object.fromEntries(Object.keys(members).map((name, index) => [name, values[index]]));
  };
  nodes.forEach(({ definition: called, inputs: bound, source }, index) => {
    const entries = Object.entries(bound).map(([name, from]) => [name, resolve(from)] as const);
    calls.set(`n${index}`, startCall(called, Object.fromEntries(entries), source));
  });
  await Promise.all(calls.values());
  return resolve(graph.output);
}

/** Static workflows that call each other have no condition that could end it. */
function refuseEndlessNesting(definition: Definition): void {
  let at = scopes.getStore()?.call?.parent;
  for (; at?.definition.entity === "workflow"; at = at.parent) {
    if (at.definition === definition) {
      throw compileError(
        definition.name,
        "calls itself through another workflow",
        ENDLESS,
        runGraph,
      );
    }
  }
}

const ENDLESS =
  "which would never end, as a static workflow has no condition to stop at. Write it with eager(async …)";
const ADVICE =
  "but a static workflow's function only passes values on, at once. Write it with eager(async …)";
