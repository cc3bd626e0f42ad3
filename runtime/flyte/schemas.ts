/**
 * Which side of a call applies a schema that changes its value: the one that runs the function, and only that one.
 *
 * Loads nothing of the cluster.
 * @module
 */
import { changesValue } from "../types/schema-type.ts";
import { takenValue } from "../types/taken-value.ts";
import type { Definition } from "../workflow/definition.ts";
import { referenceOf } from "./reference.ts";

type Inputs = Readonly<Record<string, unknown>>;

/**
 * What is sent: each part as its schema takes it, coerced and with its defaults, for an interface is typed by what its
 * schemas take, so that anybody can call it. What was fetched knows nothing of the caller's schemas.
 */
export function inputsToSend(definition: Definition, given: Inputs, made: Inputs): Inputs {
  const { inputs } = definition;
  if (inputs === undefined || !Object.values(inputs).some(changesValue)) return made;
  const again = referenceOf(definition) === undefined;
  return Object.fromEntries(
    Object.entries(made).map(([name, value]) => {
      const schema = inputs[name];
      return [name, schema ? takenValue(schema, given[name], value, again) : value];
    }),
  );
}

/**
 * Whether the container has applied the schemas of the output, and they would change the value once more. Of what was
 * fetched the schemas are the caller's own: what its function gave has never been through them.
 */
export function isOutputMade(definition: Definition): boolean {
  const { output, outputs } = definition;
  if (referenceOf(definition) !== undefined) return false;
  if (output !== undefined) return changesValue(output);
  return outputs !== undefined && Object.values(outputs).some(changesValue);
}
