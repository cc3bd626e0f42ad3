/**
 * Which side of a call applies a schema that changes its value: the one that runs the function, and only that one.
 *
 * Loads nothing of the cluster.
 * @module
 */
import { changesValue } from "../types/schema-type.ts";
import type { Definition } from "../workflow/definition.ts";
import { referenceOf } from "./reference.ts";

type Inputs = Readonly<Record<string, unknown>>;

/**
 * What is sent: what the schemas made, with its defaults filled in, but where one makes another value than it takes, what
 * it was given. An interface is typed by what its schemas take, so that anybody can call it.
 */
export function inputsToSend({ inputs }: Definition, given: Inputs, made: Inputs): Inputs {
  if (inputs === undefined || !Object.values(inputs).some(changesValue)) return made;
  return Object.fromEntries(
    Object.keys({ ...given, ...made }).map((name) => {
      const schema = inputs[name];
      return [name, schema && changesValue(schema) ? given[name] : made[name]];
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
