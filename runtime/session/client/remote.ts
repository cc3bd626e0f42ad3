/**
 * `.remote` and `%remote`: reads what was typed and asks the user process.
 * @module
 */
import { pathToFileURL } from "node:url";
import { builtModule } from "../package-root.ts";
import { REMOTE_ANSWER_TYPE, type RemoteAnswer, type RemoteRequest } from "../remote-answer.ts";
import type { Session } from "./api.ts";

export type { RemoteRequest } from "../remote-answer.ts";

/** As project and domain have to be named in Flyte. */
const PLACE = /^([\w.-]+)\/([\w.-]+)$/;

/**
 * @param words of the line behind the command.
 * @returns undefined for what is no such line.
 */
export function remoteRequest(words: readonly string[]): RemoteRequest | undefined {
  const [first, ...rest] = words;
  if (first === undefined) return { action: "show" };
  if (first === "off") return rest.length === 0 ? { action: "off" } : undefined;
  const { places, files } = sorted(words);
  const [place, ...otherPlaces] = places;
  const [config, ...otherFiles] = files;
  if (otherPlaces.length + otherFiles.length > 0 || config === "") return undefined;
  const file = config === undefined ? {} : { config };
  if (place === undefined) return config === undefined ? undefined : { action: "set", ...file };
  const [, project, domain] = PLACE.exec(place) ?? [];
  if (project === undefined || domain === undefined) return undefined;
  return { action: "set", project, domain, ...file };
}

/** People write the flag in front as well as behind. */
function sorted(words: readonly string[]) {
  const left: string[] = [];
  const files: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--config") files.push(words[++at] ?? "");
    else if (word.startsWith("--config=")) files.push(word.slice("--config=".length));
    else left.push(word);
  }
  return { places: left, files };
}

function isSetTo(place: string, request: RemoteRequest): boolean {
  if (request.action !== "set") return false;
  return request.project === undefined || place === `${request.project}/${request.domain}`;
}

/**
 * Sets, shows or takes back where calls run that say nothing else.
 * @returns what to tell the person; `ok: false` when nothing was changed.
 */
export async function askRemote(
  session: Session,
  request: RemoteRequest,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const module = pathToFileURL(builtModule("runtime/session/host/default-remote.js")).href;
  const answer = await session.evaluate(
    `await (await import(${JSON.stringify(module)})).defaultRemote(${JSON.stringify(request)})`,
  );
  if (!answer.ok) {
    const { message } = answer.error;
    const place = session.defaultRemote;
    // Interrupted while the cluster was asked how it is: by then it was set.
    if (place === undefined || !isSetTo(place, request)) return { ok: false, text: message };
    return {
      ok: true,
      text: `calls run on ${place}; how that cluster is was not heard: ${message}`,
    };
  }
  // Made by default-remote.ts of this very version.
  const { lines, error } = answer.value[REMOTE_ANSWER_TYPE] as RemoteAnswer;
  return error === undefined ? { ok: true, text: lines.join("\n") } : { ok: false, text: error };
}
