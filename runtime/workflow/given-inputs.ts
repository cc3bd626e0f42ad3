/**
 * What a caller passed, read once: named inputs, some of which may still be promises.
 * @module
 */
import { isPromise } from "node:util/types";
import type { InputPreview } from "../events/events.ts";
import { preview } from "../values/preview.ts";
import { isCall } from "./call.ts";
import type { Definition } from "./definition.ts";
import { reasonToText } from "./errors.ts";

export type Inputs = Readonly<Record<string, unknown>>;

export interface NamedInputs {
  readonly ok: true;
  /** A copy: neither the caller nor the function changes what the other has. */
  readonly inputs: Inputs;
  /** Names of those that are promises. */
  readonly promised: readonly string[];
}

/** The argument is no object of named inputs. */
export interface NoInputs {
  readonly ok: false;
  /** The argument, under a name to show it by. */
  readonly inputs: Inputs;
  readonly why: string;
  readonly thrown?: { readonly error: unknown };
}

export interface InputFailure {
  readonly name: string;
  readonly error: unknown;
}

const NO_NAMES: readonly string[] = [];

/** Never throws, though a getter of the caller's may. */
export function readInputs(definition: Definition, given: unknown): NamedInputs | NoInputs {
  if (given === undefined) return { ok: true, inputs: {}, promised: NO_NAMES };
  if (!isNamed(given)) {
    const shown = preview(given).line;
    return {
      ok: false,
      inputs: { argument: given },
      why: `${definition.name} takes one object of named inputs, like ${example(definition)}, not ${shown}`,
    };
  }
  try {
    const inputs: Inputs = { ...given };
    let promised: string[] | undefined;
    for (const name in inputs) {
      if (!isPromise(inputs[name])) continue;
      promised ??= [];
      promised.push(name);
    }
    return { ok: true, inputs, promised: promised ?? NO_NAMES };
  } catch (error) {
    return {
      ok: false,
      inputs: { argument: given },
      why: `${definition.name}: its inputs cannot be read: ${reasonToText(error)}`,
      thrown: { error },
    };
  }
}

/** Waits for the inputs that are promises. Rejects with an `InputFailure`, the first one. */
export async function arrivedInputs({ inputs, promised }: NamedInputs): Promise<Inputs> {
  // Without a prototype, so that an input named `__proto__` is one.
  const arrived: Record<string, unknown> = Object.create(null);
  await Promise.all(
    promised.map(async (name) => {
      try {
        arrived[name] = await inputs[name];
      } catch (error) {
        throw { name, error } satisfies InputFailure;
      }
    }),
  );
  return arrived;
}

export function inputPreviews(inputs: Inputs): InputPreview[] {
  return Object.entries(inputs).map(([name, value]) => ({
    name,
    preview: isCall(value)
      ? { line: `← ${value.id} ${value.name}`, kind: "call" }
      : preview(value, { name }),
  }));
}

function isNamed(given: unknown): given is Inputs {
  return typeof given === "object" && given !== null && !Array.isArray(given) && !isPromise(given);
}

/** `addOne({ x: … })` for an interface with schemas, else with a made-up name. */
function example({ name, inputs }: Definition): string {
  const names = inputs ? Object.keys(inputs) : ["x"];
  const given = names.length > 0 ? `{ ${names.map((input) => `${input}: …`).join(", ")} }` : "";
  return `${name}(${given})`;
}
