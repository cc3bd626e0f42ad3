/**
 * The values of an execution that went well.
 *
 * Invariants
 *   R1  No value is not the same as no answer: an empty answer for outputs that are declared means that admin could not
 *       read their file, and the file itself is asked.
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { CallFailure } from "../workflow/errors.ts";
import type { FlyteClient } from "./client.ts";
import { isTooLarge, remoteFailure } from "./errors.ts";
import { type LiteralMap, LiteralMapSchema } from "./idl/flyteidl/core/literals_pb.ts";
import type { Store } from "./storage.ts";
import type { Target } from "./targets.ts";

/** Of `outputs.pb` as a whole; what is larger was to be a file. */
const BYTES_MAX = 256 * 1024 * 1024;

export interface Reading {
  readonly client: FlyteClient;
  readonly store: Store;
  readonly signal: AbortSignal | undefined;
}

/**
 * @returns the literals of all outputs. @throws {CallFailure} `OUTPUT_UNREADABLE`, with where they are.
 * @throws {FlyteError} when the cluster does not answer.
 */
export async function readOutputs(
  { client, store, signal }: Reading,
  target: Target,
  name: string,
): Promise<LiteralMap["literals"]> {
  const declared = Object.keys(target.outputs);
  if (declared.length === 0) return {};
  const { project, domain } = target;
  const id = { project, domain, name };
  const options = signal === undefined ? {} : { signal };
  let signedUrl = "";
  try {
    const data = await client.admin.getExecutionData({ id }, options);
    const literals = data.fullOutputs?.literals ?? {};
    if (isComplete(literals, declared)) return literals;
    signedUrl = data.outputs?.url ?? "";
  } catch (error) {
    // One message cannot hold it; the file can.
    if (!isTooLarge(error)) throw remoteFailure(error, `read the outputs of execution ${name}`);
  }
  const tried: string[] = [];
  for (const uri of [signedUrl, await outputsUri(client, id, options)]) {
    if (uri === "") continue;
    try {
      const bytes = await store.read(uri, { ...options, maxBytes: BYTES_MAX });
      const { literals } = fromBinary(LiteralMapSchema, bytes);
      if (isComplete(literals, declared)) return literals;
      tried.push(`${withoutQuery(uri)} holds ${Object.keys(literals).length} values`);
    } catch (error) {
      signal?.throwIfAborted();
      tried.push(`${withoutQuery(uri)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const where = tried.length > 0 ? tried.join("; ") : "the cluster tells no place of theirs";
  throw new CallFailure(
    "OUTPUT_UNREADABLE",
    `${target.name}: execution ${name} went well, and its outputs (${declared.join(", ")}) cannot be read: ${where}`,
    { kind: "system" },
  );
}

function isComplete(literals: LiteralMap["literals"], declared: readonly string[]): boolean {
  return declared.every((name) => Object.hasOwn(literals, name));
}

async function outputsUri(
  { admin }: FlyteClient,
  id: { readonly project: string; readonly domain: string; readonly name: string },
  options: { readonly signal?: AbortSignal },
): Promise<string> {
  try {
    const { closure } = await admin.getExecution({ id }, options);
    const result = closure?.outputResult;
    if (result?.case !== "outputs") return "";
    const { data } = result.value;
    return data.case === "uri" ? data.value : "";
  } catch (error) {
    throw remoteFailure(error, `ask where the outputs of execution ${id.name} are`);
  }
}

/** A signed address is a secret as long as it holds. */
function withoutQuery(uri: string): string {
  return uri.split("?", 1)[0] ?? "";
}
