/**
 * What a cell's text is: nothing, a command of the kernel's, or TypeScript.
 * @module
 */
import type { CheckPolicy } from "../runtime/session/client/api.ts";
import { installArguments } from "../runtime/session/client/install.ts";
import { type RemoteRequest, remoteRequest } from "../runtime/session/client/remote.ts";

export type Plan =
  | { readonly kind: "blank" }
  | { readonly kind: "cell" }
  /** `x?`, `?x`, `x??`: what is known of a name. */
  | { readonly kind: "inspect"; readonly name: string; readonly level: 0 | 1 }
  | { readonly kind: "restart" }
  /** Without a policy: which one is it? */
  | { readonly kind: "check"; readonly policy?: CheckPolicy }
  /** `%load FILE`: the file's text takes the place of the cell. */
  | { readonly kind: "load"; readonly file: string }
  /** `%remote flytesnacks/development`. */
  | { readonly kind: "remote"; readonly request: RemoteRequest }
  /** `%npm i zod`. */
  | { readonly kind: "install"; readonly packages: readonly string[] }
  | { readonly kind: "unknown"; readonly command: string };

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d.]*`;
const INSPECT = new RegExp(String.raw`^(?:(\?\??)[ \t]*(${NAME})|(${NAME})[ \t]*(\?\??))$`, "u");

/** None of these forms is valid TypeScript, so no cell is taken for a command. */
export function planOf(code: string): Plan {
  const text = code.trim();
  if (text === "") return { kind: "blank" };
  if (text.startsWith("%") && !text.includes("\n")) return commandOf(text);
  const [, before, first, second, after] = INSPECT.exec(text) ?? [];
  const name = first ?? second;
  if (name === undefined) return { kind: "cell" };
  return { kind: "inspect", name, level: (before ?? after) === "??" ? 1 : 0 };
}

const BEGINNINGS = [
  "%check",
  "%check error",
  "%check off",
  "%check warn",
  "%load",
  "%npm i",
  "%remote",
  "%remote off",
  "%restart",
];

/** @returns the commands that begin as the text does, when it is the beginning of one. */
export function commandsLike(text: string): readonly string[] | undefined {
  if (!text.startsWith("%") || text.includes("\n")) return undefined;
  return BEGINNINGS.filter((command) => command.startsWith(text));
}

function commandOf(text: string): Plan {
  const [command = "", ...words] = text.split(/\s+/);
  const [word] = words;
  if (command === "%restart" && words.length === 0) return { kind: "restart" };
  if (command === "%check" && words.length === 0) return { kind: "check" };
  if (command === "%check" && (word === "off" || word === "warn" || word === "error")) {
    return { kind: "check", policy: word };
  }
  if (command === "%load" && words.length > 0) {
    return { kind: "load", file: text.slice("%load".length).trim() }; // names may hold blanks
  }
  const request = command === "%remote" ? remoteRequest(words) : undefined;
  if (request !== undefined) return { kind: "remote", request };
  const packages = installArguments(text);
  if (packages !== undefined) return { kind: "install", packages };
  return { kind: "unknown", command: text };
}
