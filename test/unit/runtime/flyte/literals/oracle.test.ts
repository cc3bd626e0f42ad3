import { deepStrictEqual } from "node:assert";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { test } from "vitest";
import { LiteralMapSchema } from "../../../../../runtime/flyte/idl/flyteidl/core/literals_pb.ts";
import {
  decodeMap,
  encodeMap,
  typedInterface,
} from "../../../../../runtime/flyte/literals/literals.ts";
import { typedValue } from "../../../../support/typed-values.ts";

const require = createRequire(import.meta.url);

/** The code that Flyte publishes for its protocol needs protobufjs, which comes on its own. */
const hasOracle = (() => {
  try {
    require.resolve("protobufjs/minimal");
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOracle && !process.env["CI"])(
  "Flyte's own code of the protocol reads what is written, and writes what is read",
  async () => {
    // biome-ignore lint/suspicious/noExplicitAny: generated code without useful types, and an oracle
    const { flyteidl } = require("@flyteorg/flyteidl/gen/pb-js/flyteidl.js") as any;
    await fc.assert(
      fc.asyncProperty(typedValue, async ({ schema, value }) => {
        // Their code loses such a key; it is pinned down in a test of its own that ours does not.
        fc.pre(!inspect(value, { depth: null }).includes("__proto__"));
        const variables =
          typedInterface({ name: "t", inputs: { x: schema } }).inputs?.variables ?? {};
        const bytes = toBinary(LiteralMapSchema, await encodeMap({ x: value }, variables, {}));
        const theirs = flyteidl.core.LiteralMap.encode(
          flyteidl.core.LiteralMap.decode(bytes),
        ).finish();
        const { x } = await decodeMap(fromBinary(LiteralMapSchema, theirs), variables, {});
        deepStrictEqual(x, value);
      }),
      { numRuns: 100 },
    );
  },
);
