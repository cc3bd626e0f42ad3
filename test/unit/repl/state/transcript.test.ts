import { expect, test } from "vitest";
import { Transcript } from "../../../../repl/state/transcript.ts";
import type { SessionEvent, Settled } from "../../../../runtime/session/client/api.ts";

function said(text: string, stream: "stdout" | "stderr" = "stdout", cell = 1): SessionEvent {
  return { kind: "event", cell, event: { kind: "log", runId: "", at: 0, stream, text } };
}

function shown(text: string, displayId?: string, update = false): SessionEvent {
  const id = displayId === undefined ? {} : { displayId };
  return { kind: "display", cell: 1, bundle: { "text/plain": text }, metadata: {}, update, ...id };
}

function settled(more: Partial<Settled> = {}): Settled {
  return { cell: 1, n: 1, status: "ok", published: [], durationMs: 1, ...more };
}

function begun(): Transcript {
  const transcript = new Transcript();
  transcript.entered(1, "first");
  transcript.started(1, 1);
  return transcript;
}

test("outputs stand in their order, and pieces of one stream are one", () => {
  const transcript = begun();
  for (const event of [said("a"), said("b\n"), said("e", "stderr"), shown("picture"), said("c")]) {
    transcript.apply(event);
  }
  const outputs = transcript
    .find(1)
    ?.outputs.map((output) =>
      output.kind === "text" ? `${output.stream} ${output.text}` : output.bundle["text/plain"],
    );
  expect(outputs).toEqual(["stdout ab\n", "stderr e", "picture", "stdout c"]);
});

test("an updated display is shown once, in its last state; an unknown one is not of this cell", () => {
  const transcript = begun();
  transcript.apply(shown("1 %", "bar"));
  transcript.apply(shown("99 %", "bar", true));
  transcript.apply(shown("other", "elsewhere", true));
  expect(transcript.find(1)?.outputs).toMatchObject([{ bundle: { "text/plain": "99 %" } }]);
});

test("cleared output is gone, at once or with the next", () => {
  const transcript = begun();
  transcript.apply(said("old"));
  transcript.apply({ kind: "clear-output", cell: 1, wait: true });
  expect(transcript.find(1)?.outputs).toHaveLength(1);
  transcript.apply(said("new"));
  expect(transcript.find(1)?.outputs).toMatchObject([{ text: "new" }]);
  transcript.apply({ kind: "clear-output", cell: 1, wait: false });
  expect(transcript.find(1)?.outputs).toEqual([]);
});

test("text beyond what a cell may keep is counted, not kept", () => {
  const transcript = begun();
  for (let piece = 0; piece < 6; piece++) transcript.apply(said("x".repeat(100_000)));
  const cell = transcript.find(1);
  expect(cell?.outputs).toMatchObject([{ text: "x".repeat(512_000) }]);
  expect(cell?.textLeftOut).toBe(88_000);
});

test("names are those of the newest cell that declared them, until their process is lost", () => {
  const transcript = begun();
  transcript.settled(settled({ published: [{ name: "x", kind: "let" }] }));
  transcript.entered(2, "second");
  transcript.settled(settled({ cell: 2, n: 2, published: [{ name: "x", kind: "const" }] }));
  expect(transcript.names()).toEqual([{ name: "x", kind: "const", n: 2 }]);
  transcript.apply({ kind: "phase", phase: "lost" });
  expect(transcript.names()).toEqual([]);
  expect(transcript.cells()).toHaveLength(2);
});

test("a cell that was dropped from the queue has no number and is no cell of the transcript", () => {
  const transcript = new Transcript();
  transcript.entered(1, "dropped");
  transcript.started(1, undefined);
  const { n: _, ...aborted } = settled({ status: "aborted" });
  transcript.settled(aborted);
  expect(transcript.cells()).toEqual([]);
  expect(transcript.find()).toBeUndefined();
});

test("what is forgotten is what has ended; a running cell stays", () => {
  const transcript = begun();
  transcript.settled(settled());
  transcript.entered(2, "running");
  transcript.started(2, 2);
  transcript.clear();
  expect(transcript.cells().map(({ n }) => n)).toEqual([2]);
  expect(transcript.find(1)).toBeUndefined();
});
