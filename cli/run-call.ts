/**
 * The call that `eagerdeck run` makes: a cell of a session, checked where no schema knows the inputs.
 * @module
 */
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Diagnostic } from "../runtime/session/cell-error.ts";
import type { ExportedEntity } from "../runtime/session/client/describe.ts";
import type { Session, Settled } from "../runtime/session/client/session.ts";
import { givenText } from "./inputs.ts";
import type { Stop } from "./stop.ts";
import { UsageError } from "./usage.ts";

export interface WorkflowCall {
  /** Absolute. */
  readonly path: string;
  readonly entity: ExportedEntity;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** As they were typed: a number may turn out to be meant as text. */
  readonly args: readonly string[];
  readonly stop: Stop;
}

/** Lines of the checked cell before its first input. */
const LINES_BEFORE_INPUTS = 2;

/**
 * Calls the workflow and waits for its end.
 * @throws {UsageError} when the checker refuses the inputs; then nothing has run.
 */
export async function callWorkflow(session: Session, call: WorkflowCall): Promise<Settled> {
  const { entity, inputs, path, stop } = call;
  stop.calling();
  if (entity.inputs !== undefined) {
    const url = JSON.stringify(pathToFileURL(path).href);
    const code = `const { ${entity.exported}: workflow } = await import(${url});\nawait workflow(${JSON.stringify(inputs)})`;
    return await session.execute({ code, check: "off" }).settled;
  }
  const settled = await checkedCall(session, call, inputs);
  const wrong = wrongInputs(settled, Object.keys(inputs));
  if (wrong.length === 0) return decided(settled, call);
  // `--id 5` of an input that is a string: JSON said number, the signature says text.
  const texts = givenText(call.args);
  const asText = Object.entries(inputs).map(([name, value]) =>
    wrong.includes(name) && texts.has(name) ? [name, texts.get(name)] : [name, value],
  );
  return decided(await checkedCall(session, call, Object.fromEntries(asText)), call);
}

/** One input per line, so that the line of a diagnostic names the input. */
async function checkedCall(
  session: Session,
  { entity, path }: WorkflowCall,
  inputs: Readonly<Record<string, unknown>>,
): Promise<Settled> {
  const lines = Object.entries(inputs).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  const code = [
    // Relative: with rewriteRelativeImportExtensions the checker takes no other path to a `.ts` file.
    `import { ${entity.exported} as workflow } from ${JSON.stringify(relativeSpecifier(session.folder, path))};`,
    "await workflow({",
    ...lines,
    "});",
  ].join("\n");
  return await session.execute({ code, check: "error" }).settled;
}

function relativeSpecifier(folder: string, path: string): string {
  const specifier = relative(folder, path).replaceAll("\\", "/");
  return specifier.startsWith(".") ? specifier : `./${specifier}`;
}

function wrongInputs(settled: Settled, names: readonly string[]): string[] {
  return (settled.error?.diagnostics ?? []).flatMap(
    (diagnostic) => inputOf(diagnostic, names) ?? [],
  );
}

function inputOf({ line }: Diagnostic, names: readonly string[]): string | undefined {
  return names[line - LINES_BEFORE_INPUTS - 1];
}

function decided(settled: Settled, { entity, inputs }: WorkflowCall): Settled {
  const [diagnostic] = settled.error?.diagnostics ?? [];
  if (!diagnostic) return settled;
  throw new UsageError(sentence(diagnostic, entity.exported, Object.keys(inputs)));
}

/** The checker's finding in the words of the command line. */
function sentence(diagnostic: Diagnostic, workflow: string, names: readonly string[]): string {
  const message = diagnostic.message.replaceAll(/ \| Promise<[^>]*>/g, "");
  const input = inputOf(diagnostic, names);
  const missing =
    /Property '(.+?)' is missing/.exec(message)?.[1] ??
    /following properties .*?: (.+?)(?:\n|$)/.exec(message)?.[1];
  if (missing) return `${workflow} needs --${missing.split(", ").join(", --")}`;
  if (input && /known properties/.test(message)) return `${workflow} has no input '--${input}'`;
  const [first = ""] = message.split("\n");
  return input ? `--${input}: ${first}` : `the inputs do not fit ${workflow}: ${first}`;
}
