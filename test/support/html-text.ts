/**
 * HTML as the weakest viewers see it: what is left when styles, or tags, are gone.
 * @module
 */

/** The text of HTML, without its `<style>`; attributes are gone, entities decoded, blanks as they stand. */
export function htmlText(html: string): string {
  return decoded(
    html
      .replaceAll(/<style>.*?<\/style>/gs, "")
      .replaceAll(/<br\/?>/g, "\n")
      .replaceAll(/<[^>]*>/g, ""),
  );
}

function decoded(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");
}

/** Each opening tag with its attributes, in order. */
export function htmlTags(html: string): { name: string; attributes: Map<string, string> }[] {
  return [...html.matchAll(/<([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, name = "", attributes = ""]) => ({
      name,
      attributes: new Map(
        [...attributes.matchAll(/([a-zA-Z-]+)(?:="([^"]*)")?/g)].map(([, key = "", value = ""]) => [
          key,
          decoded(value),
        ]),
      ),
    }),
  );
}

/** Each declaration of each `style` attribute: `[property, value]`. */
export function styleDeclarations(html: string): [property: string, value: string][] {
  return htmlTags(html).flatMap(({ attributes }) =>
    (attributes.get("style") ?? "")
      .split(";")
      .filter((declaration) => declaration !== "")
      .map((declaration): [string, string] => {
        const colon = declaration.indexOf(":");
        return [declaration.slice(0, colon).trim(), declaration.slice(colon + 1).trim()];
      }),
  );
}
