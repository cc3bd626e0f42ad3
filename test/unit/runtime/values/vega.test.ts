import { expect, test } from "vitest";
import { vegaBundle } from "../../../../runtime/values/vega.ts";

const schema = (language: string, version: number) =>
  `https://vega.github.io/schema/${language}/v${version}.json`;

test.each([
  ["vega-lite", 5, ["application/vnd.vegalite.v5+json"]],
  ["vega-lite", 4, ["application/vnd.vegalite.v4+json"]],
  ["vega", 5, ["application/vnd.vega.v5+json"]],
  // Front ends draw 5 at most today.
  ["vega-lite", 6, ["application/vnd.vegalite.v6+json", "application/vnd.vegalite.v5+json"]],
])("%s %i goes out under the type of its version", (language, version, types) => {
  const spec = { $schema: schema(language, version), marks: [] };
  const bundle = vegaBundle(spec);
  expect(Object.keys(bundle)).toEqual([...types, "text/plain"]);
  for (const type of types) expect(bundle[type]).toEqual(spec);
});

test("without a $schema it is known by its keys, and gets one", () => {
  expect(vegaBundle({ mark: "bar", title: { text: ["Rain", "by month"] } })).toEqual({
    "application/vnd.vegalite.v5+json": {
      $schema: schema("vega-lite", 5),
      mark: "bar",
      title: { text: ["Rain", "by month"] },
    },
    "text/plain": "Vega-Lite chart: Rain by month",
  });
  expect(vegaBundle({ marks: [] })).toHaveProperty(["application/vnd.vega.v5+json"]);
});

test("JSON text and objects that know their specification are taken as it", () => {
  const whole = vegaBundle({ mark: "bar" });
  expect(vegaBundle('{"mark":"bar"}')).toEqual(whole);
  expect(vegaBundle({ toSpec: () => ({ mark: "bar" }) })).toEqual(whole);
});

test("what is no specification is refused with what would be one", () => {
  expect(() => vegaBundle({ a: 1 })).toThrow("{ a: 1 } is no Vega specification: an object with");
  expect(() => vegaBundle(5)).toThrow("5 is no Vega specification");
  expect(() => vegaBundle("chart.json")).toThrow("as text has to be JSON");
  expect(() => vegaBundle({ mark: 1n })).toThrow("a Vega specification cannot be written as JSON");
});
