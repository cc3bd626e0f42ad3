import { describe, expect, test } from "vitest";
import { type EagerException, task, z } from "../../../../runtime/index.ts";
import { Run } from "../../../../runtime/workflow/run.ts";
import { HandExecutor } from "../../../support/hand-executor.ts";
import { observedEvents, rejection, settleTurns } from "../../../support/observed-events.ts";

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
  return x + 1;
});
const double = task({ inputs: { x: z.int() }, output: z.int() }, function double({ x }) {
  return x * 2;
});

async function failure(promise: Promise<unknown>): Promise<EagerException> {
  return (await rejection(promise)) as EagerException;
}

describe("inputs that do not fit", () => {
  test("reject with INPUT_INVALID naming every path, and the function does not run", async () => {
    let ran = false;
    const order = z.object({ price: z.number(), tags: z.array(z.string()) });
    const pay = task(
      { inputs: { orders: z.array(order), by: z.string(), on: z.string() } },
      function pay() {
        ran = true;
      },
    );
    const orders = [
      { price: 1, tags: [] },
      { price: "2", tags: ["a", 3] },
    ];
    const error = await failure(pay({ orders, by: 7, extra: 1 } as never));
    expect(error.code).toBe("INPUT_INVALID");
    expect(error.message).toMatchInlineSnapshot(
      `"pay: orders[1].price: Invalid input: expected number, received string; orders[1].tags[1]: Invalid input: expected string, received number; by: Invalid input: expected string, received number; on: is missing; extra: is not an input; the inputs are orders, by, on"`,
    );
    expect([error.task, error.attempts, ran]).toEqual(["pay", 0, false]);
  });

  test.each([[5], ["x"], [null], [[1]], [() => 1], [Promise.resolve({ x: 1 })]])(
    "an argument %o that is no object of named inputs is refused with the form to use",
    async (argument) => {
      const error = await failure((addOne as (argument: unknown) => Promise<unknown>)(argument));
      expect(error.code).toBe("INPUT_INVALID");
      expect(error.message).toMatch(
        /^addOne takes one object of named inputs, like addOne\({ x: … }\)/,
      );
    },
  );

  test("an argument whose getter throws rejects with what it threw", async () => {
    const thrown = new Error("getter");
    const given = {
      get x(): number {
        throw thrown;
      },
    };
    const error = await failure(addOne(given));
    expect([error.code, error.cause]).toEqual(["INPUT_INVALID", thrown]);
  });

  test("a Proxy as argument or value runs its traps for nobody but the function", async () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error("trap");
        },
        getPrototypeOf() {
          throw new Error("trap");
        },
        ownKeys() {
          throw new Error("trap");
        },
      },
    );
    const takes = task(function takes({ value }: { value: object }) {
      return typeof value;
    });
    using observed = observedEvents();
    expect(await takes({ value: hostile })).toBe("object");
    expect((await failure(takes(hostile as never))).code).toBe("INPUT_INVALID");
    expect(observed.of("call-settled")).toHaveLength(2);
  });

  test("a schema that throws rejects with what it threw", async () => {
    const thrown = new Error("schema broke");
    const refine = z.int().refine(() => {
      throw thrown;
    });
    const strange = task({ inputs: { x: refine } }, function strange() {});
    const error = await failure(strange({ x: 1 }));
    expect([error.code, error.cause]).toEqual(["INPUT_INVALID", thrown]);
  });

  test("are all said at once when a schema has to wait", async () => {
    const free = z.string().refine(async (name) => name !== "taken", "is taken");
    const register = task({ inputs: { name: free, age: z.int() } }, function register({ name }) {
      return name;
    });
    expect(await register({ name: "new", age: 3 })).toBe("new");
    const error = await failure(register({ name: "taken", age: "3" as never }));
    expect(error.message).toBe(
      "register: age: Invalid input: expected number, received string; name: is taken",
    );
  });
});

describe("schemas", () => {
  test("fill in defaults and transform what the function gets", async () => {
    const repeat = task(
      {
        inputs: { text: z.string().trim(), times: z.int().default(2), end: z.string().optional() },
      },
      function repeat({ text, times, end }) {
        return text.repeat(times) + (end ?? "!");
      },
    );
    expect(await repeat({ text: " ab " })).toBe("abab!");
    expect(await repeat({ text: "a", times: 3, end: "." })).toBe("aaa.");
  });

  test("of another library fit as well", async () => {
    const even = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "number" && value % 2 === 0
            ? { value }
            : { issues: [{ message: "is not even", path: [{ key: "deep" }, 0] }] },
        types: undefined as { input: number; output: number } | undefined,
      },
    };
    const half = task({ inputs: { x: even }, output: even }, function half({ x }) {
      return x / 2;
    });
    expect(await half({ x: 8 })).toBe(4);
    expect((await failure(half({ x: 7 }))).message).toBe("half: x.deep[0]: is not even");
    expect((await failure(half({ x: 2 }))).message).toBe(
      "half returned 1, which does not fit its output: deep[0]: is not even",
    );
  });

  test("of the output transform the value, and refuse one that does not fit with its preview", async () => {
    const wrong = task({ output: z.int() }, function wrong({ x }: { x: number }) {
      return x / 2;
    });
    expect(await wrong({ x: 4 })).toBe(2);
    const error = await failure(wrong({ x: 3 }));
    expect(error.code).toBe("OUTPUT_INVALID");
    expect(error.message).toMatch(/^wrong returned 1\.5, which does not fit its output: /);
    expect(error.attempts).toBe(1);
    const trimmed = task({ output: z.string().trim() }, async function trimmed() {
      return " a ";
    });
    expect(await trimmed()).toBe("a");
  });
});

describe("inputs that are promises", () => {
  test("are awaited before the function runs: calls, promises, several of them", async () => {
    expect(await double({ x: addOne({ x: 1 }) })).toBe(4);
    expect(await double({ x: Promise.resolve(3) })).toBe(6);
    const sum = task(function sum({ a, b, c }: { a: number; b: number; c: number }) {
      return a + b + c;
    });
    expect(await sum({ a: addOne({ x: 1 }), b: 10, c: Promise.resolve(100) })).toBe(112);
  });

  test("let independent calls run at the same time", async () => {
    const hand = new HandExecutor();
    const run = new Run({ title: "test", executor: hand });
    const last = run.enter(() => double({ x: addOne({ x: addOne({ x: 1 }) }) }));
    const other = run.enter(() => double({ x: 5 }));
    expect(hand.attempts.map(({ name }) => name)).toEqual(["addOne", "double"]);
    hand.attempt("double").resolve(10);
    hand.attempt("addOne").resolve(2);
    await settleTurns();
    expect(hand.attempt("addOne").inputs).toEqual({ x: 2 });
    hand.attempt("addOne").resolve(3);
    await settleTurns();
    expect(hand.attempt("double").inputs).toEqual({ x: 3 });
    hand.attempt("double").resolve(6);
    expect([await last, await other]).toEqual([6, 10]);
  });

  test("that reject fail the call without running it, with the rejection as cause", async () => {
    const reason = new Error("no value");
    const error = await failure(double({ x: Promise.reject(reason) }));
    expect([error.code, error.cause, error.attempts]).toEqual(["INPUT_FAILED", reason, 0]);
    expect(error.message).toBe("double did not run, its input x failed: Error: no value");
    const inner = await failure(double({ x: addOne({ x: "five" as never }) }));
    expect([inner.root.code, inner.root.task]).toEqual(["INPUT_INVALID", "addOne"]);
  });

  test("are checked by the schema once they are there", async () => {
    const error = await failure(double({ x: Promise.resolve("five") as never }));
    expect(error.message).toBe("double: x: Invalid input: expected number, received string");
  });

  test("do not change the caller's object, and the function changes only its own", async () => {
    const given = { list: Promise.resolve([1]), x: 1 };
    const changes = task(function changes(inputs: { list: number[]; x: number }) {
      inputs.x = 2;
      return inputs;
    });
    expect(await changes(given)).toEqual({ list: [1], x: 2 });
    expect(given).toEqual({ list: Promise.resolve([1]), x: 1 });
  });

  test("with a `then` that is no promise's are values", async () => {
    // biome-ignore lint/suspicious/noThenProperty: it only looks like a promise
    const query = { then: "a column" };
    const read = task(function read({ query }: { query: { then: string } }) {
      return query.then;
    });
    expect(await read({ query })).toBe("a column");
  });
});
