import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  checkInputs,
  checkValue,
  isOptional,
  misfitsToText,
} from "../../../../runtime/types/validate.ts";

describe("checkInputs", () => {
  test("stays synchronous with schemas that are", () => {
    expect(checkInputs({ x: z.int() }, { x: 1 })).toEqual({ ok: true, value: { x: 1 } });
  });

  test("waits for schemas that have to, one of them is enough", async () => {
    const later = z.string().refine(async (text) => text !== "no", "refused");
    const checked = checkInputs({ x: z.int(), later }, { x: "1", later: "no" });
    expect(checked).toBeInstanceOf(Promise);
    expect(await checked).toEqual({
      ok: false,
      misfits: [
        { path: "x", message: "Invalid input: expected number, received string" },
        { path: "later", message: "refused" },
      ],
    });
  });

  test("keeps an input that is undefined apart from one that is not given", () => {
    const schemas = { x: z.number().optional() };
    expect(checkInputs(schemas, {})).toEqual({ ok: true, value: {} });
    const given = checkInputs(schemas, { x: undefined });
    expect("value" in given && Object.keys(given.value)).toEqual(["x"]);
  });

  test("does not take an inherited property for an input", () => {
    const inherited = Object.create({ x: 1 });
    expect(checkInputs({ x: z.int() }, inherited)).toEqual({
      ok: false,
      misfits: [{ path: "x", message: "is missing" }],
    });
    expect(checkInputs({ toString: z.int() }, {})).toMatchObject({ ok: false });
  });

  test("refuses names that are not inputs", () => {
    expect(checkInputs({}, { y: 1 })).toEqual({
      ok: false,
      misfits: [{ path: "y", message: "is not an input; there are none" }],
    });
  });
});

test("a path names members and indexes as JavaScript would", () => {
  const schema = z.object({ orders: z.array(z.object({ price: z.number() })) });
  const checked = checkValue(schema, { orders: [{ price: 1 }, { price: "2" }] });
  expect("misfits" in checked && misfitsToText(checked.misfits)).toBe(
    "orders[1].price: Invalid input: expected number, received string",
  );
  const whole = checkValue(z.string(), 7);
  expect("misfits" in whole && misfitsToText(whole.misfits)).toBe(
    "Invalid input: expected string, received number",
  );
});

test.each<[string, z.ZodType, boolean]>([
  ["int", z.int(), false],
  ["optional", z.int().optional(), true],
  ["default", z.int().default(3), true],
  ["nullable", z.int().nullable(), false],
  ["any", z.any(), true],
  ["unknown", z.unknown(), true],
  [
    "an async check",
    z
      .string()
      .optional()
      .refine(async () => true),
    false,
  ],
  [
    "a check that throws",
    z.any().refine(() => {
      throw new Error("no");
    }),
    false,
  ],
])("whether an input may be left out: %s", (_name, schema, optional) => {
  expect(isOptional(schema)).toBe(optional);
});
