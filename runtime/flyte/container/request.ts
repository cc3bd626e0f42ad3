/**
 * What the cluster tells a container: arguments and environment, as the entry point uses them.
 * @module
 */

/** Arguments of `eagerdeck execute`, as they were given. */
export interface ExecuteArguments {
  readonly inputs: string;
  readonly outputPrefix: string;
  readonly rawOutputDataPrefix?: string | undefined;
  readonly checkpointPath?: string | undefined;
  readonly prevCheckpoint?: string | undefined;
  readonly bundle?: string | undefined;
  readonly sha256?: string | undefined;
  /** Megabytes. */
  readonly maxOutputMb: number;
  readonly module: string;
  readonly task: string;
}

/** Which execution this is; empty where nobody says. */
export interface Identity {
  readonly execution: string;
  readonly project: string;
  readonly domain: string;
  readonly task: string;
  readonly version: string;
  /** How often the task was tried before. */
  readonly attemptsBefore: number;
}

export function identityOf(environment: NodeJS.ProcessEnv): Identity {
  const text = (name: string) => environment[name] ?? "";
  const attempts = Number(environment["FLYTE_ATTEMPT_NUMBER"]);
  return {
    execution: text("FLYTE_INTERNAL_EXECUTION_ID"),
    project: text("FLYTE_INTERNAL_EXECUTION_PROJECT") || text("FLYTE_INTERNAL_TASK_PROJECT"),
    domain: text("FLYTE_INTERNAL_EXECUTION_DOMAIN") || text("FLYTE_INTERNAL_TASK_DOMAIN"),
    task: text("FLYTE_INTERNAL_TASK_NAME"),
    version: text("FLYTE_INTERNAL_TASK_VERSION"),
    attemptsBefore: Number.isSafeInteger(attempts) && attempts > 0 ? attempts : 0,
  };
}

/**
 * A prefix that the cluster filled in. Where it has nothing to say, two quotes arrive as text: templates are no shell.
 */
export function givenPrefix(text: string | undefined): string | undefined {
  return text === undefined || text === "" || text === '""' || text === "''"
    ? undefined
    : text.replace(/\/+$/, "");
}

/** `<prefix>/<name>` */
export function below(prefix: string, name: string): string {
  return `${prefix.replace(/\/+$/, "")}/${name}`;
}

/** A text of the environment that says yes or no, as flytekit reads it. */
export function isSet(text: string | undefined): boolean {
  return /^(?:true|t|1|yes|y|on)$/i.test(text?.trim() ?? "");
}
