import { expect, test } from "vitest";
import { WidgetUpdates } from "../../../kernel/widget-updates.ts";

const WIDGET = "jupyter.widget";

function message(data: unknown, buffers: Uint8Array[] = []) {
  return { op: "message" as const, id: "w", data, metadata: {}, buffers };
}

function update(state: object, buffers: Uint8Array[] = []) {
  return message({ method: "update", state, buffer_paths: [] }, buffers);
}

test("U1: updates that wait go out as one, with the last value of each name", () => {
  const updates = new WidgetUpdates();
  const first = updates.take(1, update({ a: 1, b: 1 }), WIDGET);
  expect(updates.take(1, update({ a: 2 }), WIDGET)).toBeUndefined();
  expect(updates.take(1, update({ a: 3, c: 1 }), WIDGET)).toBeUndefined();
  expect(first?.()).toEqual(update({ a: 3, b: 1, c: 1 }));
});

test("U1: an update after one that was sent goes out itself", () => {
  const updates = new WidgetUpdates();
  expect(updates.take(1, update({ a: 1 }), WIDGET)?.()).toEqual(update({ a: 1 }));
  expect(updates.take(1, update({ a: 2 }), WIDGET)?.()).toEqual(update({ a: 2 }));
});

test.each([
  ["a message of its own", message({ method: "custom", content: 1 })],
  ["an update with bytes", update({ a: 9 }, [new Uint8Array(1)])],
  ["its end", { ...message({}), op: "close" as const }],
])("U2: an update does not overtake %s", (_, between) => {
  const updates = new WidgetUpdates();
  const taken = [update({ a: 1 }), between, update({ a: 2 })].map((item) =>
    updates.take(1, item, WIDGET),
  );
  expect(taken.map((take) => take?.())).toEqual([update({ a: 1 }), between, update({ a: 2 })]);
});

test("an update of another cell goes out under that cell", () => {
  const updates = new WidgetUpdates();
  const first = updates.take(1, update({ a: 1 }), WIDGET);
  const second = updates.take(2, update({ a: 2 }), WIDGET);
  expect([first?.(), second?.()]).toEqual([update({ a: 1 }), update({ a: 2 })]);
});

test("U3: messages of other comms are left alone, whatever they look like", () => {
  const updates = new WidgetUpdates();
  const taken = [1, 2].map((a) => updates.take(1, update({ a }), "my-target"));
  expect(taken.map((take) => take?.())).toEqual([update({ a: 1 }), update({ a: 2 })]);
});
