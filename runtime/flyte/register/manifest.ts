/**
 * What a bundle says of itself to the container that unpacks it.
 * @module
 */

/** Its name in the bundle. */
export const MANIFEST = "eagerdeck.json";

export interface Manifest {
  /** The module to load: `workflows.mjs`. */
  readonly module: string;
  /** Of the eagerdeck that made it. */
  readonly eagerdeck: string;
  /** Packages that the image has to have. */
  readonly externals: readonly string[];
}
