import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { expect, test } from "vitest";
import { Outbox } from "../../../../runtime/session/host/outbox.ts";
import type { HostItem } from "../../../../runtime/session/protocol.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** The frames that an outbox wrote, each with its items. */
function frames(file: string): { readonly bytes: number; readonly items: HostItem[] }[] {
  const all = readFileSync(file);
  const found = [];
  for (let at = 0; at < all.length; ) {
    const bytes = all.readUInt32BE(at);
    found.push({ bytes, items: deserialize(all.subarray(at + 4, at + 4 + bytes)) });
    at += 4 + bytes;
  }
  return found;
}

test("a huge text goes out in many frames, whole, in order and never cut inside a character", () => {
  using folder = tempFolder();
  const file = join(folder.path, "frames");
  const fd = openSync(file, "w");
  const outbox = new Outbox(undefined, fd);
  const texts = ["before\n", `1${"😀".repeat(1_000_000)}`, "after\n"];
  for (const text of texts) {
    const event = { kind: "log", runId: "", at: 0, stream: "stdout", text } as const;
    outbox.add({ kind: "event", cell: 1, event });
  }
  outbox.flush();
  closeSync(fd);
  const written = frames(file);
  const pieces = written.flatMap(({ items }) =>
    items.map((item) =>
      item.kind === "event" && item.event.kind === "log" ? item.event.text : "",
    ),
  );
  expect(pieces.join("") === texts.join("")).toBe(true);
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  expect(Math.max(...written.map(({ bytes }) => bytes))).toBeLessThan(1_000_000);
});
