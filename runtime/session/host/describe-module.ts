/**
 * What a module offers to be run, as plain data: asked by the command line through `Session.evaluate`.
 * @module
 */
import { describeEntity, isEntity } from "../../types/interface.ts";
import { DESCRIPTION_TYPE, type ModuleDescription } from "../module-description.ts";

/**
 * Describes the exported entities of a module.
 * @param module its namespace object.
 * @returns a value that shows itself as one JSON bundle of `DESCRIPTION_TYPE`.
 */
export function describeModule(module: Readonly<Record<string, unknown>>): object {
  const entities: ModuleDescription["entities"] = Object.entries(module).flatMap(
    ([exported, value]) => (isEntity(value) ? [{ exported, ...describeEntity(value) }] : []),
  );
  const description: ModuleDescription = { entities };
  return {
    [Symbol.for("Jupyter.display")]: () => ({ [DESCRIPTION_TYPE]: description, "text/plain": "" }),
  };
}
