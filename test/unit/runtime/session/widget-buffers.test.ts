import fc from "fast-check";
import { expect, test } from "vitest";
import { putBuffers, withoutBuffers } from "../../../../runtime/session/host/widgets/buffers.ts";

test("bytes are taken out with their paths, in arrays their place is kept, the state is left as it was", () => {
  const state = {
    a: new Uint8Array([1]),
    b: [1, new Uint16Array([513]).buffer],
    c: { d: new DataView(new ArrayBuffer(2)) },
  };
  const split = withoutBuffers(state);
  expect(split.state).toEqual({ b: [1, null], c: {} });
  expect(split.paths).toEqual([["a"], ["b", 1], ["c", "d"]]);
  expect(split.buffers.map((bytes) => [...bytes])).toEqual([[1], [1, 2], [0, 0]]);
  expect(state.b).toHaveLength(2);
});

test("what says itself how it is written in JSON is left to do so", () => {
  const date = new Date(0);
  expect(withoutBuffers({ date }).state).toEqual({ date });
});

const key = fc.string({ minLength: 1 }).filter((name) => name !== "__proto__");
const nested = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.uint8Array({ maxLength: 4 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

test("any state is the same after its bytes were taken out and put back", () => {
  fc.assert(
    fc.property(fc.dictionary(key, nested, { noNullPrototype: true }), (state) => {
      const split = withoutBuffers(state);
      const again = structuredClone(split.state);
      putBuffers(again, structuredClone(split.paths), split.buffers);
      expect(again).toEqual(state);
    }),
  );
});

test.each([
  [undefined],
  [[["a", "b", "c"]]],
  [[[]]],
  [["a"]],
  [[["__proto__"]]],
  [[["__proto__", "polluted"]]],
  [[["constructor", "prototype", "polluted"]]],
])("paths that lead nowhere are skipped: %j", (paths) => {
  const state = { a: 1 };
  putBuffers(state, paths, [new Uint8Array([1])]);
  expect(state).toEqual({ a: 1 });
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
