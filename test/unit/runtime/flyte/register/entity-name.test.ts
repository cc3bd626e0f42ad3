import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  entityName,
  projectFile,
  projectPath,
} from "../../../../../runtime/flyte/register/entity-name.ts";
import { definitionOf } from "../../../../../runtime/workflow/definition.ts";
import { eager, task } from "../../../../../runtime/workflow/task.ts";
import { tempFolder } from "../../../../support/temp-folder.ts";

const nameOf = (entity: unknown) => {
  const definition = definitionOf(entity);
  if (!definition) throw new Error("no entity");
  return entityName(definition);
};

afterEach(() => vi.unstubAllEnvs());

describe("the name on a cluster", () => {
  test("is the path of the file from its project's folder, with dots, and the function", () => {
    const addOne = task(function addOne() {});
    expect(nameOf(addOne)).toBe("test.unit.runtime.flyte.register.entity-name.test.addOne");
    const flow = eager(async function flow() {});
    expect(nameOf(flow)).toBe("test.unit.runtime.flyte.register.entity-name.test.flow");
  });

  test("is the option name where there is one, also when it says the function's", () => {
    expect(nameOf(task({ name: "ml.train" }, () => 1))).toBe("ml.train");
    expect(nameOf(task({ name: "train" }, function train() {}))).toBe("train");
  });

  test("stays with other options", () => {
    const addOne = task({ inputs: { x: z.int() } }, function addOne({ x }) {
      return x;
    });
    expect(nameOf(addOne.with({ retries: 2 }))).toBe(nameOf(addOne));
  });

  test("begins with the notebook in a cell, and with session where there is none", () => {
    const cell = definitionOf(task(function inCell() {}));
    if (!cell) throw new Error("no definition");
    const elsewhere = { ...cell, fn: () => 1 };
    vi.stubEnv("JPY_SESSION_NAME", "/home/me/my notebook.ipynb");
    expect(entityName(elsewhere)).toBe("my_notebook.inCell");
    vi.stubEnv("JPY_SESSION_NAME", "");
    expect(entityName(elsewhere)).toBe("session.inCell");
  });

  test("is refused for a map, and for 300 characters", () => {
    const item = definitionOf(task(function f() {}));
    if (!item) throw new Error("no definition");
    expect(() => entityName({ ...item, entity: "map" })).toThrow("only tasks, workflows and eager");
    expect(() => nameOf(task({ name: "x".repeat(300) }, () => 1))).toThrow("300 characters");
  });
});

describe("the path of a source", () => {
  test("begins at the nearest package.json, else in the file's own folder", () => {
    using folder = tempFolder({ "app/package.json": "{}", "app/src/a.ts": "", "loose/b.ts": "" });
    expect(projectFile(`${folder.path}/app/src/a.ts`)).toBe("src/a.ts");
    expect(projectPath(`${folder.path}/loose/b.mts`)).toBe("b");
  });

  test("of an installed package begins with its name", () => {
    expect(projectPath("/x/node_modules/@a/b/dist/c.js")).toBe("@a/b/dist/c");
  });
});
