import { describe, expect, test } from "vitest";
import {
  deckBundle,
  deckRows,
  isTrivial,
  liveBundle,
  liveRows,
  rowsToText,
  type Span,
} from "../../../../runtime/deck/views.ts";
import { RemoteError } from "../../../../runtime/flyte/failures.ts";
import { columnsOf } from "../../../../runtime/values/escape.ts";
import { RunEvents, START_MS } from "../../../support/run-events.ts";

const PAGE = "https://console.example.org/console/projects/p/domains/d/executions";
const COLUMNS = 79;

interface Linked {
  readonly executionId?: string;
  readonly url?: string;
  readonly version?: string;
}

function remoteCall(run: RunEvents, name: string, x: number, parent: string, link: Linked = {}) {
  const id = run.call(name, { parent, inputs: { x }, where: "remote" });
  const executionId = link.executionId ?? `e-simple-${id}`;
  run.events.push({
    ...{ kind: "call-linked", runId: run.runId, at: START_MS, id, executionId },
    ...{ url: link.url ?? `${PAGE}/${executionId}`, version: link.version ?? "v1" },
  });
  return id;
}

function note(run: RunEvents, id: string, text: string): void {
  run.events.push({ kind: "call-noted", runId: run.runId, at: START_MS + 100, id, text });
}

function textOf(run: RunEvents): string {
  return rowsToText(deckRows(run.record(), { columns: COLUMNS, rowsMax: 60 }));
}

function spansOf(run: RunEvents): Span[] {
  return deckRows(run.record(), { columns: COLUMNS, rowsMax: 60 }).flat();
}

async function htmlOf(run: RunEvents): Promise<string> {
  return (await deckBundle(run.record()))["text/html"] as string;
}

function pythonError(): RemoteError {
  const stack = [
    "Traceback (most recent call last):",
    '  File "/app/etl.py", line 12, in clean',
    '    raise TypeError("x must be <positive>")',
    "TypeError: x must be <positive>",
  ].join("\n");
  return new RemoteError("TypeError", "x must be <positive>", stack, {
    flyteCode: "USER:TypeError",
    origin: "user",
    worker: "pod-1",
  });
}

describe("a call that runs on a cluster", () => {
  test("says what it waits for there, until it has a value", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    const [first = "", second = ""] = [1, 2].map((x) => remoteCall(run, "addOne", x, root));
    note(run, first, "queued on the cluster");
    note(run, second, "no answer from flyte:443 for 35 s");
    const live = () =>
      rowsToText(
        liveRows(run.record(), { columns: COLUMNS, rowsMax: 20, nowMs: START_MS + 36_000 }),
      );
    expect(live()).toMatchInlineSnapshot(`
      "▸ simple()                                                   2 running   36.0 s
      ▸ addOne(x: 1)  queued on the cluster                           remote   36.0 s
      ▸ addOne(x: 2)  no answer from flyte:443 for 35 s               remote   36.0 s"
    `);
    const html = (await liveBundle(run.record(), START_MS + 36_000))["text/html"] as string;
    expect(html).toContain("queued on the cluster");
    expect(html).toContain(`href="${PAGE}/e-simple-t2"`);
    note(run, first, "");
    run.settle(second, 40_000, { output: 0 });
    expect(live()).not.toMatch(/queued|no answer/);
    expect(live()).toContain("addOne(x: 2) → 0");
  });

  test("shares what it waits for with the others of its row", () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    const ids = Array.from({ length: 20 }, (_, x) => remoteCall(run, "addOne", x, root));
    const live = () =>
      rowsToText(
        liveRows(run.record(), { columns: COLUMNS, rowsMax: 20, nowMs: START_MS + 1_000 }),
      );
    for (const id of ids) note(run, id, "queued on the cluster");
    expect(live()).toContain("addOne × 20   20 running   queued on the cluster");
    note(run, ids[3] ?? "", "");
    expect(live()).not.toContain("queued");
  });

  test("has a deck with its page, also when it was the only one and went well", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    run.settle(remoteCall(run, "addOne", 1, root), 10, { output: 2 });
    run.settle(root, 11, { output: 2 });
    run.end(12);
    expect(isTrivial(run.record())).toBe(false);
    const link = spansOf(run).find(({ url }) => url !== undefined);
    expect(link).toMatchObject({ url: `${PAGE}/e-simple-t2` });
    expect(link?.text.trim()).toBe("remote");
    const bundle = await deckBundle(run.record());
    expect(bundle["text/html"]).toContain('title="execution e-simple-t2 · version v1"');
    expect(bundle["text/markdown"]).toContain(`[remote](<${PAGE}/e-simple-t2>)`);
  });

  test("that failed shows its execution once, and the stack of there as it was written", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    const call = remoteCall(run, "clean", -1, root);
    run.settle(call, 900, { failed: pythonError() });
    run.settle(root, 901, { failed: pythonError(), root: call });
    run.end(902, "failed");
    expect(textOf(run)).toMatchInlineSnapshot(`
      "✕ simple()   failed in 902 ms   1 task: 1 failed
        ✕ clean failed after 900 ms
          TypeError: x must be <positive>
              Traceback (most recent call last):
                File "/app/etl.py", line 12, in clean
                  raise TypeError("x must be <positive>")
            flyteCode: "USER:TypeError"
            worker: "pod-1"
          execution e-simple-t2 · version v1 ↗
          Look at it: const t = deck.task("t2"); t.inputs
          Run it again: await t.rerun({ x: -1 })
      ✕ clean(x: -1)                       TypeError: x must be <… remote      900 ms"
    `);
    const html = await htmlOf(run);
    expect(html).toContain("Traceback (most recent call last):");
    expect(html).toContain("raise TypeError(&quot;x must be &lt;positive&gt;&quot;)");
  });

  test("and was given up leads to what may still be seen there, up to five", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    for (let x = 0; x < 20; x++) {
      run.settle(remoteCall(run, "addOne", x, root), 500, { cancelled: "the cell was stopped" });
    }
    run.settle(root, 500, { cancelled: "the cell was stopped" });
    run.end(501, "interrupted");
    const text = textOf(run);
    expect(text).toContain(
      "  executions of cancelled calls:\n    addOne(x: 0)  execution e-simple-t2 · version v1 ↗\n",
    );
    expect(text.match(/execution e-simple/g)).toHaveLength(5);
    expect(text).toContain("… 15 more");
    const bundle = await deckBundle(run.record());
    expect(bundle["text/html"]).toContain("executions of cancelled calls:");
    expect(bundle["text/markdown"]).toContain("executions of cancelled calls:");
  });

  test("and whose process was killed says that it may still run, and how to end it, until it is heard to have ended", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    const ids = [1, 2].map((x) => remoteCall(run, "addOne", x, root));
    run.end(501, "killed");
    const head = "2 executions on the cluster may still run. To end them:";
    expect(textOf(run)).toContain(`  ${head}\n    await runs()[0].cancel()\n    addOne(x: 1)`);
    const bundle = await deckBundle({ ...run.record(), handle: "runs()[3]" });
    expect(bundle["text/plain"]).toContain(`${head} await runs()[3].cancel()\n`);
    expect(bundle["text/markdown"]).toContain(`${head} \`await runs()[3].cancel()\``);
    expect(bundle["text/html"]).toContain(head);
    expect(bundle["text/html"]).toContain("await runs()[3].cancel()");
    const hear = (id: string) =>
      run.events.push({
        ...{ kind: "execution-ended", runId: run.runId, at: START_MS + 900, id },
        phase: "ABORTED",
      });
    hear(ids[0] ?? "");
    expect(textOf(run)).toContain("an execution on the cluster may still run. To end it:");
    hear(ids[1] ?? "");
    expect(textOf(run)).not.toContain("may still run");
  });

  test("has no link where its page is no address of the web, or would end the escape", async () => {
    for (const url of ["javascript:alert(1)", "https://x/\x1b]8;;evil\x07", "https://x/\nb", ""]) {
      const run = new RunEvents();
      const root = run.call("simple", { entity: "eager" });
      const call = remoteCall(run, "addOne", 1, root, { url });
      run.settle(call, 900, { failed: pythonError() });
      run.end(902, "failed");
      expect(spansOf(run).some((span) => span.url !== undefined)).toBe(false);
      expect(await htmlOf(run)).not.toContain("<a ");
    }
  });

  test("keeps to the columns and to text, however it and its execution are called", async () => {
    const run = new RunEvents();
    const root = run.call("simple", { entity: "eager" });
    const name = `<img onerror=alert(1)>\x1b[31m${"長い名前".repeat(40)}`;
    const url = `${PAGE}/${"a".repeat(400)}`;
    const call = remoteCall(run, name, 1, root, { executionId: name, version: name, url });
    run.settle(call, 900, { failed: pythonError() });
    run.end(902, "failed");
    for (const line of textOf(run).split("\n")) {
      if (/Look at it|Run it again/.test(line)) continue;
      expect(columnsOf(line)).toBeLessThanOrEqual(COLUMNS);
    }
    const html = await htmlOf(run);
    expect(html).not.toContain("<img onerror");
    expect(html).toContain(url);
    expect(textOf(run) + html).not.toContain("\x1b");
  });
});
