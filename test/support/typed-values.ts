/**
 * Arbitrary schemas with arbitrary values that fit them, for property tests.
 * @module
 */
import fc from "fast-check";
import { z } from "zod";
import { Duration } from "../../runtime/types/duration.ts";

const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
export const key = fc.oneof(
  text,
  fc.constantFrom("__proto__", "constructor", "7", "", "o0", "toString"),
);
const date = fc.date({
  min: new Date("0001-01-01"),
  max: new Date("9999-12-31"),
  noInvalidDate: true,
});
const micros = fc
  .integer({ min: -1e15, max: 1e15 })
  .map((one) => new Duration({ seconds: Math.trunc(one / 1e6), nanos: (one % 1e6) * 1_000 }));
export const duration = fc
  .record({ seconds: fc.integer(), nanos: fc.integer({ min: -999_999_999, max: 999_999_999 }) })
  .map((parts) => new Duration(parts));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
export const json = fc.jsonValue({ depthSize: "medium" });

export interface Typed {
  readonly schema: z.ZodType;
  readonly value: fc.Arbitrary<unknown>;
}

/** Without parts. */
export const leaf = fc.constantFrom<Typed>(
  { schema: z.int(), value: fc.maxSafeInteger() },
  { schema: z.number(), value: fc.double() },
  { schema: z.string(), value: text },
  { schema: z.boolean(), value: fc.boolean() },
  { schema: z.bigint(), value: int64 },
  { schema: z.date(), value: date },
  { schema: z.instanceof(Duration), value: micros },
  { schema: z.enum(["a", "b", ""]), value: fc.constantFrom("a", "b", "") },
  { schema: z.null(), value: fc.constant(null) },
  { schema: z.any(), value: json },
);

/** A schema, and values that fit it, of up to three levels. */
const { typed } = fc.letrec<{ typed: Typed }>((tie) => ({
  typed: fc.oneof(
    { maxDepth: 3, depthIdentifier: "types" },
    leaf,
    tie("typed").map(
      ({ schema, value }): Typed => ({
        schema: z.array(schema),
        value: fc.array(value, { maxLength: 4 }),
      }),
    ),
    tie("typed").map(
      ({ schema, value }): Typed => ({
        schema: z.record(z.string(), schema),
        value: fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true }),
      }),
    ),
    tie("typed").map(
      ({ schema, value }): Typed => ({
        schema: schema.nullable(),
        value: fc.option(value, { nil: null }),
      }),
    ),
    fc.dictionary(key, tie("typed"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }).map(
      (fields): Typed => ({
        schema: z.object(mapped(fields, ({ schema }) => schema)),
        value: fc
          .tuple(...Object.values(fields).map(({ value }) => value))
          .map((values) =>
            Object.fromEntries(Object.keys(fields).map((name, i) => [name, values[i]])),
          ),
      }),
    ),
  ),
}));

/** Defines what it sets: `__proto__` is a key like others. */
export function mapped<A, B>(of: Record<string, A>, by: (one: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, one]) => [name, by(one)]));
}

/** A schema and one value of it. */
export const typedValue = typed.chain(({ schema, value }) =>
  fc.record({ schema: fc.constant(schema), value }),
);
