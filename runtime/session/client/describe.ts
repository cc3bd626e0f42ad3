/**
 * Asks the user process what a file exports, and how to import it from a cell.
 * @module
 */
import { pathToFileURL } from "node:url";
import type { CellError } from "../cell-error.ts";
import { DESCRIPTION_TYPE, type ModuleDescription } from "../module-description.ts";
import { builtModule } from "../package-root.ts";
import type { Session } from "./api.ts";

export type { InputDescription } from "../../types/interface.ts";
export type { ExportedEntity, ModuleDescription } from "../module-description.ts";

/**
 * Loads a module in the user process and describes its exported tasks and workflows.
 * @param path absolute.
 * @returns the description, or the error with which the module failed to load.
 */
export async function describeFile(
  session: Session,
  path: string,
): Promise<
  | { readonly ok: true; readonly module: ModuleDescription }
  | { readonly ok: false; readonly error: CellError }
> {
  const describer = JSON.stringify(
    pathToFileURL(builtModule("runtime/session/host/describe-module.js")).href,
  );
  const module = JSON.stringify(pathToFileURL(path).href);
  const answer = await session.evaluate(
    `(await import(${describer})).describeModule(await import(${module}))`,
  );
  if (!answer.ok) return answer;
  // Made by describe-module.ts of this very version.
  return { ok: true, module: answer.value[DESCRIPTION_TYPE] as ModuleDescription };
}
