import { describe, expect, test } from "vitest";
import { eager, task, workflow, z } from "../../../../runtime/index.ts";
import { describeEntity, ENTITY, isEntity } from "../../../../runtime/types/interface.ts";

describe("describeEntity", () => {
  test("says the interface of an entity as plain JSON", () => {
    const report = eager(
      {
        inputs: {
          region: z.enum(["eu", "us"]).describe("Where"),
          days: z.int().min(1).default(7),
          note: z.string().optional(),
          since: z.date(),
        },
        output: z.object({ total: z.number() }),
      },
      async function report() {
        return { total: 1 };
      },
    );
    const described = describeEntity(report);
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    expect(described).toMatchInlineSnapshot(`
      {
        "entity": "eager",
        "inputs": [
          {
            "name": "region",
            "required": true,
            "schema": {
              "description": "Where",
              "enum": [
                "eu",
                "us",
              ],
              "type": "string",
            },
            "type": {
              "kind": "enum",
              "values": [
                "eu",
                "us",
              ],
            },
          },
          {
            "name": "days",
            "required": false,
            "schema": {
              "default": 7,
              "maximum": 9007199254740991,
              "minimum": 1,
              "type": "integer",
            },
            "type": {
              "as": "number",
              "kind": "integer",
            },
          },
          {
            "name": "note",
            "required": false,
            "schema": {
              "type": "string",
            },
            "type": {
              "kind": "union",
              "variants": [
                {
                  "kind": "string",
                },
                {
                  "as": "undefined",
                  "kind": "none",
                },
              ],
            },
          },
          {
            "name": "since",
            "required": true,
            "schema": {},
            "type": {
              "kind": "date",
            },
          },
        ],
        "name": "report",
        "output": {
          "additionalProperties": false,
          "properties": {
            "total": {
              "type": "number",
            },
          },
          "required": [
            "total",
          ],
          "type": "object",
        },
      }
    `);
  });

  test("knows no inputs of an entity without schemas, and none of one that takes none", () => {
    const untyped = task(function untyped(_: { x: number }) {});
    expect(describeEntity(untyped)).toEqual({
      name: "untyped",
      entity: "task",
      inputs: undefined,
      output: undefined,
    });
    const empty = workflow({ inputs: {} }, function empty() {});
    expect(describeEntity(empty)).toMatchObject({ entity: "workflow", inputs: [] });
  });

  test("says `anything` for a schema that is no JSON Schema", () => {
    const any = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => ({ value }),
      },
    };
    const throwing = {
      "~standard": {
        ...any["~standard"],
        validate: () => ({ issues: [{ message: "no" }] }),
        jsonSchema: {
          input: () => {
            throw new Error("cannot");
          },
          output: () => ({}),
        },
      },
    };
    const odd = task({ inputs: { any, throwing }, output: any }, function odd() {});
    expect(describeEntity(odd)).toMatchObject({
      inputs: [
        { name: "any", schema: {}, required: false },
        { name: "throwing", schema: {}, required: true },
      ],
      output: undefined,
    });
  });
});

describe("isEntity", () => {
  test("holds for tasks, workflows and eager workflows, also of another copy of the package", () => {
    const foreign = Object.assign(() => {}, { [Symbol.for("eagerdeck.entity")]: {} });
    expect(ENTITY).toBe(Symbol.for("eagerdeck.entity"));
    const entities = [
      task(function a() {}),
      workflow(function b() {}),
      eager(async function c() {}),
      foreign,
    ];
    expect(entities.every(isEntity)).toBe(true);
    for (const other of [undefined, null, 7, {}, () => {}, class {}, { [ENTITY]: {} }]) {
      expect(isEntity(other)).toBe(false);
    }
  });
});
