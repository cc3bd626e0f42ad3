/**
 * How handles are shown, in notebooks, rows of calls and the terminal: what is known, and that nothing was fetched.
 * @module
 */
import { escapeHtml } from "../../values/escape.ts";
import { formatBytes } from "../../values/format.ts";
import { redactText } from "../../values/redact.ts";
import { shownUri } from "../storage/location.ts";

/** The method that front ends ask a value for. */
export const HOOK = Symbol.for("Jupyter.display");
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

export interface Shown {
  /** `FlyteFile`. */
  readonly kind: string;
  readonly name: string;
  readonly bytes: number | undefined;
  readonly uri: string | undefined;
  readonly state: string;
  /** Format, columns: what else is known. */
  readonly facts?: readonly string[];
}

/** `FlyteFile report.csv (18.4 kB, not downloaded)`, and the address in a line of its own. */
export function shownAsText(shown: Shown): string {
  const { kind, name, uri } = shown;
  const line = redactText(`${kind} ${name} (${factsOf(shown).join(", ")})`);
  return uri === undefined ? line : `${line}\n${redactText(shownUri(uri))}`;
}

export function shownAsBundle(shown: Shown): Record<string, string> {
  const { kind, name, uri } = shown;
  const facts = factsOf(shown).map((fact) => escapeHtml(redactText(fact)));
  const address = uri && `<br><code>${escapeHtml(redactText(shownUri(uri)))}</code>`;
  return {
    "text/plain": shownAsText(shown),
    "text/html": `<div><b>${kind}</b> ${escapeHtml(redactText(name))} <small>${facts.join(" · ")}</small>${address ?? ""}</div>`,
  };
}

function factsOf({ facts = [], bytes, state }: Shown): string[] {
  return [...facts, ...(bytes === undefined ? [] : [formatBytes(bytes)]), state];
}
