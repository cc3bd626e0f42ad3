/**
 * The other side of `repl-mode.ts`: V8's own evaluation of cells, as a debugger's console has it.
 * @module
 */
import { type Runtime, Session } from "node:inspector";
import { stripTypeScriptTypes } from "node:module";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import type { ReplAnswer, ReplRequest } from "./repl-mode.ts";

/** A sloppy `this` is the whole global object, and random programs make long strings. */
const SHOWN_MAX = 20_000;

const session = new Session();
session.connect();
const contexts = new Map<string, number>();
session.on("Runtime.executionContextCreated", ({ params }) => {
  contexts.set(params.context.name, params.context.id);
});
session.post("Runtime.enable");
/** The inspector alone does not keep a realm: without this a collection between two cells ends it. */
const kept: unknown[] = [];

Reflect.set(globalThis, "$shown", (value: unknown) =>
  inspect(value, { depth: 4 }).slice(0, SHOWN_MAX),
);
Reflect.set(globalThis, "$thrown", (error: unknown) =>
  error instanceof Error || Object.prototype.toString.call(error) === "[object Error]"
    ? `${Reflect.get(Object(error), "name")}: ${Reflect.get(Object(error), "message")}`
    : inspect(error),
);

/** A fresh realm with what the host offers beyond the language; @returns its number for the inspector. */
function contextOf(name: string): number {
  const known = contexts.get(name);
  if (known !== undefined) return known;
  const { setTimeout, console, process, URL, fetch } = globalThis;
  const outer = { $shown: Reflect.get(globalThis, "$shown") };
  const context = createContext(
    { ...outer, $thrown: Reflect.get(globalThis, "$thrown"), setTimeout, console, process, URL },
    { name },
  );
  kept.push(context);
  runInContext("0", context);
  Reflect.set(context, "fetch", fetch);
  const id = contexts.get(name);
  if (id === undefined) throw new Error(`the inspector did not announce the context ${name}`);
  return id;
}

function text(object: Runtime.RemoteObject, how: "$shown" | "$thrown", context?: number) {
  const { objectId, unserializableValue, value } = object;
  const argument = objectId
    ? { objectId }
    : unserializableValue
      ? { unserializableValue }
      : { value };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  session.post(
    "Runtime.callFunctionOn",
    {
      functionDeclaration: `function (value) { return globalThis.${how}(value) }`,
      arguments: [argument],
      executionContextId: context ?? contexts.get("main") ?? 1,
    },
    (error, answer) => (error ? reject(error) : resolve(String(answer.result.value))),
  );
  return promise;
}

async function evaluate({ code, context, types }: ReplRequest): Promise<string> {
  const contextId = context === undefined ? undefined : contextOf(context);
  const expression = types ? stripTypeScriptTypes(code) : code;
  const answer = await new Promise<Runtime.EvaluateReturnType>((resolve, reject) => {
    session.post(
      "Runtime.evaluate",
      {
        expression,
        replMode: true,
        awaitPromise: true,
        ...(contextId === undefined ? {} : { contextId }),
      },
      // Without an error there is a result of that method; the declarations do not say so together.
      (error, result) => (error ? reject(error) : resolve(result as Runtime.EvaluateReturnType)),
    );
  });
  const thrown = answer.exceptionDetails?.exception;
  return thrown
    ? `! ${await text(thrown, "$thrown", contextId)}`
    : await text(answer.result, "$shown", contextId);
}

let before: Promise<void> = Promise.resolve();
process.on("message", (request: ReplRequest) => {
  before = before.then(async () => {
    const said = await evaluate(request).catch((error: unknown) => `refused: ${String(error)}`);
    process.send?.({ id: request.id, said } satisfies ReplAnswer);
  });
});
process.on("unhandledRejection", () => undefined);
process.on("disconnect", () => process.exit(0));
