/**
 * Values ⇄ Flyte's literals: what the rest of `flyte/` uses of this folder.
 * @module
 */
export { differences } from "./castable.ts";
export type { LiteralContext } from "./context.ts";
export { decodeMap } from "./decode.ts";
export { encodeMap } from "./encode.ts";
export { expectedOutputs } from "./expected.ts";
export { literalsHash } from "./hash.ts";
export { resultOf } from "./result.ts";
export { outputsOf, typedInterface } from "./types.ts";
