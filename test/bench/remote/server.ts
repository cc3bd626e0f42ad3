/**
 * The double as the cluster of a benchmark, in a process of its own; forked by the suite, which asks it by messages.
 *
 * Tasks: `bench.echo` gives its `x` at once, `bench.wait` never ends by itself.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { openClient } from "../../../runtime/flyte/client.ts";
import { Config } from "../../../runtime/flyte/config.ts";
import { ResourceType } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import { VariableMapSchema } from "../../../runtime/flyte/idl/flyteidl/core/interface_pb.ts";
import { SimpleType } from "../../../runtime/flyte/idl/flyteidl/core/types_pb.ts";
import { startDouble } from "../../support/flyte-double/double.ts";

/** What the suite asks. */
export type Question =
  | { readonly kind: "clear" }
  /** Requests since `clear`, of one RPC or of all. */
  | { readonly kind: "requests"; readonly rpc?: string }
  /** Executions by phase. */
  | { readonly kind: "phases" };

export interface Answered {
  readonly count: number;
  /** Milliseconds between the first and the last of them. */
  readonly spanMs: number;
  readonly phases: Readonly<Record<string, number>>;
}

const LATENCY_MS = Number(process.argv[2] ?? 0);
const double = await startDouble({ latencyMs: LATENCY_MS });
const client = openClient(Config.forEndpoint(double.endpoint, { insecure: true }).resolve({}));
const integer = { type: { type: { case: "simple" as const, value: SimpleType.INTEGER } } };
for (const name of ["bench.echo", "bench.wait"]) {
  const id = {
    ...{ resourceType: ResourceType.TASK, project: "flytesnacks", domain: "development" },
    ...{ name, version: "v1" },
  };
  const runtime = { version: "1.0.0", flavor: "bench" };
  await client.admin.createTask({
    id,
    spec: {
      template: {
        ...{ id, type: "container", metadata: { runtime } },
        interface: {
          inputs: create(VariableMapSchema, { variables: { x: integer } }),
          outputs: create(VariableMapSchema, { variables: { o0: integer } }),
        },
        target: { case: "container", value: { image: "bench" } },
      },
    },
  });
}
client.close();
double.answer("bench.echo", ({ x }) => (x === undefined ? {} : { o0: x }));
double.answer("bench.wait", async (_inputs, { signal }) => {
  await new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return {};
});

process.on("message", (question: Question) => {
  if (question.kind === "clear") double.requests.clear();
  const rpc = question.kind === "requests" ? question.rpc : undefined;
  const all = question.kind === "requests" ? double.requests.all(rpc) : [];
  const phases: Record<string, number> = {};
  if (question.kind === "phases") {
    for (const { phase } of double.executions()) phases[phase] = (phases[phase] ?? 0) + 1;
  }
  const spanMs = (all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0);
  process.send?.({ count: all.length, spanMs, phases } satisfies Answered);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ endpoint: double.endpoint });
