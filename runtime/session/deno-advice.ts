/**
 * What to write here in the place of what only Deno has.
 *
 * There is no `Deno` object, not even a small one: packages look for it to find out where they run.
 * @module
 */

/** @returns the rest of a sentence, for a global that only Deno has. */
export function denoNameAdvice(name: string): string | undefined {
  if (name !== "Deno") return undefined;
  return "cells run in Node: Deno.jupyter.display(x) is display(x), Deno.jupyter.html`…`, md`…` and svg`…` are html`…`, md`…` and svg`…`; files and the rest are in node:fs, node:process, …";
}

/** @returns a sentence, for a specifier that only Deno understands. */
export function denoImportAdvice(specifier: string): string | undefined {
  const [, scheme, name = "", version = ""] =
    /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(@[^/]+)?/.exec(specifier) ?? [];
  if (scheme === undefined) return undefined;
  const rest = specifier.slice(specifier.indexOf(name) + name.length + version.length);
  const plain = `import from '${name}${rest}'`;
  return scheme === "npm"
    ? `npm: specifiers are Deno's; run %npm i ${name}${version} and ${plain}`
    : `jsr: specifiers are Deno's; run npx jsr add ${name}${version} in this folder and ${plain}`;
}
