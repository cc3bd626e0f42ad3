/**
 * Vega and Vega-Lite specifications, as front ends want them: an object under the media type of its version.
 *
 * JupyterLab 4.6 draws Vega 5 and Vega-Lite 3 to 5. A specification of a later version goes out under its own type and
 * under that of version 5, whose renderer reads most of it and warns of the difference; VS Code and nbconvert take the
 * newest they know.
 * @module
 */
import { asJson, BundleError } from "./own-bundle.ts";
import { preview } from "./preview.ts";
import type { MimeBundle } from "./shape.ts";

const VERSION_DRAWN_MAX = 5;
const LITE_KEYS = ["mark", "layer", "concat", "hconcat", "vconcat", "facet", "repeat", "spec"];
const VEGA_KEYS = ["marks", "signals"];

type Language = "vega" | "vega-lite";

/**
 * @param spec an object, its JSON text, or something with a `toSpec()`.
 * @throws {BundleError} when it is no specification.
 */
export function vegaBundle(spec: unknown): MimeBundle {
  const given = asJson(unwrapped(spec), "a Vega specification");
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw noSpec(given);
  const schema: unknown = Reflect.get(given, "$schema");
  const [language, version] = versionOf(schema) ?? guessed(given);
  const whole =
    typeof schema === "string" ? given : { $schema: schemaOf(language, version), ...given };
  const versions = version > VERSION_DRAWN_MAX ? [version, VERSION_DRAWN_MAX] : [version];
  return {
    ...Object.fromEntries(versions.map((each) => [mediaType(language, each), whole])),
    "text/plain": lineOf(language, given),
  };
}

function unwrapped(spec: unknown): unknown {
  if (typeof spec === "string") {
    try {
      return JSON.parse(spec);
    } catch (error) {
      throw new BundleError(
        `a Vega specification as text has to be JSON: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }
  if (typeof spec === "object" && spec !== null && "toSpec" in spec) {
    if (typeof spec.toSpec === "function") return spec.toSpec();
  }
  return spec;
}

function versionOf(schema: unknown): readonly [Language, number] | undefined {
  if (typeof schema !== "string") return undefined;
  const [, language, version] = /\/(vega|vega-lite)\/v(\d+)/.exec(schema) ?? [];
  return language === undefined ? undefined : [language as Language, Number(version)];
}

function guessed(spec: object): readonly [Language, number] {
  if (LITE_KEYS.some((key) => key in spec)) return ["vega-lite", VERSION_DRAWN_MAX];
  if (VEGA_KEYS.some((key) => key in spec)) return ["vega", VERSION_DRAWN_MAX];
  throw noSpec(spec);
}

function noSpec(spec: unknown): BundleError {
  return new BundleError(
    `${preview(spec).line} is no Vega specification: an object with a $schema of vega or vega-lite, or with mark, layer, … (Vega-Lite) or marks (Vega)`,
  );
}

function schemaOf(language: Language, version: number): string {
  return `https://vega.github.io/schema/${language}/v${version}.json`;
}

function mediaType(language: Language, version: number): string {
  return `application/vnd.${language.replace("-", "")}.v${version}+json`;
}

/** `Vega-Lite chart: Rain by month` */
function lineOf(language: Language, spec: object): string {
  const name = language === "vega" ? "Vega chart" : "Vega-Lite chart";
  const title = textOf(Reflect.get(spec, "title"));
  return title === undefined ? name : `${name}: ${title}`;
}

function textOf(title: unknown): string | undefined {
  if (typeof title === "string") return title;
  if (Array.isArray(title)) return title.filter((line) => typeof line === "string").join(" ");
  if (typeof title === "object" && title !== null) return textOf(Reflect.get(title, "text"));
  return undefined;
}
