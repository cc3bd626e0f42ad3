/**
 * Results on their way out: `outputs.pb`, and what is too large for it in files beside it.
 *
 * Invariants
 *   O1  `outputs.pb` is written last: when it is there, everything that it names is.
 */
import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { formatBytes } from "../../values/format.ts";
import type { TypedInterface } from "../idl/flyteidl/core/interface_pb.ts";
import {
  type Literal,
  type LiteralMap,
  LiteralMapSchema,
  LiteralSchema,
} from "../idl/flyteidl/core/literals_pb.ts";
import type { Store } from "../storage.ts";
import { below } from "./request.ts";

const MB = 2 ** 20;
/** Readers elsewhere begin to refuse more. */
const LARGE_BYTES = 2 * MB;

/** The result is more than a cluster passes on. */
export class OutputTooLarge extends Error {
  static {
    Object.defineProperty(OutputTooLarge.prototype, "name", { value: "OutputTooLarge" });
  }
  readonly recoverable = false;
}

export interface OutputOptions {
  readonly prefix: string;
  readonly io: TypedInterface;
  /** Megabytes, of all outputs together. */
  readonly maxMb: number;
  /** Megabytes from which an output goes into a file of its own; undefined: never. */
  readonly offloadMb: number | undefined;
  readonly notice: (text: string) => void;
}

/** @throws {OutputTooLarge}; what the storage throws. */
export async function writeOutputs(
  store: Store,
  outputs: LiteralMap,
  options: OutputOptions,
): Promise<void> {
  const { io, notice, offloadMb, prefix } = options;
  const literals: Record<string, Literal> = {};
  const files: { readonly uri: string; readonly bytes: Uint8Array }[] = [];
  for (const [name, literal] of Object.entries(outputs.literals)) {
    const bytes = toBinary(LiteralSchema, literal);
    if (offloadMb === undefined || bytes.length < offloadMb * MB) {
      literals[name] = literal;
      continue;
    }
    const uri = below(prefix, `${name}_offloaded_metadata.pb`);
    files.push({ uri, bytes });
    const type = io.outputs?.variables[name]?.type;
    const value = {
      uri,
      sizeBytes: BigInt(bytes.length),
      ...(type && { inferredType: type }),
    };
    literals[name] = create(LiteralSchema, {
      hash: literal.hash || createHash("sha256").update(bytes).digest("hex"),
      value: { case: "offloadedMetadata", value },
    });
  }
  const bytes = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
  checkSize(bytes.length, options);
  if (bytes.length > LARGE_BYTES) {
    notice(`the outputs have ${formatBytes(bytes.length)}; ${ADVICE}`);
  }
  for (const file of files) await store.write(file.uri, file.bytes);
  await store.write(below(prefix, "outputs.pb"), bytes);
}

const ADVICE = "return a FlyteFile of what is large, and pass that on";

function checkSize(size: number, { maxMb }: OutputOptions): void {
  if (size <= maxMb * MB) return;
  throw new OutputTooLarge(
    `the outputs have ${formatBytes(size)}, and ${formatBytes(maxMb * MB)} are allowed; ${ADVICE}`,
  );
}

/** `_F_L_MIN_SIZE_MB`, set where the cluster offloads. */
export function offloadLimit(environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment["_F_L_MIN_SIZE_MB"];
  const limit = Number(text);
  return text && Number.isFinite(limit) && limit >= 0 ? limit : undefined;
}
