/**
 * Links to the console of a cluster.
 * @module
 */

export interface Place {
  readonly consoleUrl: string;
  readonly project: string;
  readonly domain: string;
}

/** The page of an execution. */
export function executionUrl({ consoleUrl, project, domain }: Place, name: string): string {
  return `${base(consoleUrl, project, domain)}/executions/${encodeURIComponent(name)}`;
}

/** The page of a version of a task, workflow or launch plan. */
export function entityUrl(
  { consoleUrl, project, domain }: Place,
  kind: "task" | "workflow" | "launch_plan",
  name: string,
  version: string,
): string {
  return `${base(consoleUrl, project, domain)}/${kind}/${encodeURIComponent(name)}/version/${encodeURIComponent(version)}`;
}

/** What the page of an execution says of it; `undefined` for any other text. */
export function readExecutionUrl(
  url: string,
): { readonly project: string; readonly domain: string; readonly name: string } | undefined {
  const found = /\/projects\/([^/]+)\/domains\/([^/]+)\/executions\/([^/?#]+)/.exec(url);
  if (found === null) return undefined;
  const [project = "", domain = "", name = ""] = found.slice(1).map(decodeURIComponent);
  return { project, domain, name };
}

function base(consoleUrl: string, project: string, domain: string): string {
  return `${consoleUrl}/console/projects/${encodeURIComponent(project)}/domains/${encodeURIComponent(domain)}`;
}
