import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { type KernelClient, KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";
import { tempFolder } from "../support/temp-folder.ts";

const history = async (client: KernelClient, content: object) =>
  (await client.request("history_request", { raw: true, output: false, ...content })).content
    .history;

describe("in one session", () => {
  const suite = kernelSuite();
  const asked = async (content: object) => await history(suite.client, content);

  test("tail gives the newest, oldest first; range by count; output on request", async () => {
    await suite.client.execute("const one = 1");
    await suite.client.execute("one + 1");
    await suite.client.execute("one + 2");
    expect(await asked({ hist_access_type: "tail", n: 2 })).toEqual([
      [1, 2, "one + 1"],
      [1, 3, "one + 2"],
    ]);
    const range = { hist_access_type: "range", session: 0, start: 1, stop: 3 };
    expect(await asked(range)).toEqual([
      [1, 1, "const one = 1"],
      [1, 2, "one + 1"],
    ]);
    expect(await asked({ ...range, output: true })).toEqual([
      [1, 1, ["const one = 1", null]],
      [1, 2, ["one + 1", "2"]],
    ]);
  });

  test("search takes * and ? and nothing else; unique keeps the newest", async () => {
    await suite.client.execute("[10][0]");
    await suite.client.execute("one + 1");
    const search = (pattern: string, more: object = {}) =>
      asked({ hist_access_type: "search", pattern, n: 10, ...more });
    expect((await search("[10]*")).map(([, , source]: string[]) => source)).toEqual(["[10][0]"]);
    expect((await search("one + ?")).map(([, n]: number[]) => n)).toEqual([2, 3, 5]);
    expect((await search("one + ?", { unique: true })).map(([, n]: number[]) => n)).toEqual([3, 5]);
    expect(await search("one")).toEqual([]);
  });

  test("cells that are silent or not to be stored are not in it, failed ones are", async () => {
    await suite.client.execute("'silent'", { silent: true });
    await suite.client.execute("'unstored'", { store_history: false });
    await suite.client.execute("throw new Error('kept')");
    const sources = (await asked({ hist_access_type: "tail", n: 1_000 })).map(
      ([, , source]: string[]) => source,
    );
    expect(sources).toContain("throw new Error('kept')");
    expect(sources).not.toContain("'silent'");
    expect(sources).not.toContain("'unstored'");
  });

  test("it is answered while a cell blocks the user process", async () => {
    const cell = suite.client.startCell(
      "const until = Date.now() + 1500; while (Date.now() < until) {}",
    );
    await suite.client.message(
      ({ header, parent }) => header.msg_type === "execute_input" && parent["msg_id"] === cell,
    );
    expect((await asked({ hist_access_type: "tail", n: 1 })).at(-1)[2]).toContain("until");
    expect(
      suite.client.received.some(
        ({ header, parent }) => header.msg_type === "execute_reply" && parent["msg_id"] === cell,
      ),
    ).toBe(false);
    await suite.client.executed(cell);
  });

  test("a secret is not kept", async () => {
    await suite.client.execute(
      `const apiKey = "sk-live-0123456789abcdef0123456789"; apiKey.length`,
    );
    const rows = JSON.stringify(await asked({ hist_access_type: "tail", n: 1, output: true }));
    expect(rows).toContain("apiKey");
    expect(rows).not.toContain("0123456789abcdef");
  });

  test("another way to ask is refused in words", async () => {
    const { content } = await suite.client.request("history_request", { hist_access_type: "all" });
    expect(content).toMatchObject({ status: "error", ename: "BadMessage" });
    expect(content.evalue).toContain("history_request.hist_access_type");
  });
});

test("the next kernel of a folder knows what the last one ran, the cell that killed it included", async () => {
  using folder = tempFolder();
  const first = await KernelProcess.start({ folder: folder.path });
  const client = await first.connect();
  await client.execute("const early = 1");
  await client.execute("process.exit(1)");
  await first.end();
  await using second = await KernelProcess.start({ folder: folder.path });
  const later = await second.connect();
  await later.execute("'second'");
  expect(await history(later, { hist_access_type: "tail", n: 10 })).toEqual([
    [1, 1, "const early = 1"],
    [1, 2, "process.exit(1)"],
    [2, 1, "'second'"],
  ]);
  expect(await history(later, { hist_access_type: "range", session: -1, start: 0 })).toHaveLength(
    2,
  );
  expect(await history(later, { hist_access_type: "range", session: 2, start: 1 })).toHaveLength(1);
  expect(await history(later, { hist_access_type: "range", session: -9, start: 1 })).toEqual([]);
});

test("a file that cannot be read is moved aside and the session goes on", async () => {
  using folder = tempFolder();
  folder.write(
    ".eagerdeck/cells.db",
    "this is no database, and long enough not to be taken for one".repeat(20),
  );
  await using kernel = await KernelProcess.start({ folder: folder.path });
  const client = await kernel.connect();
  await client.execute("7");
  expect(await history(client, { hist_access_type: "tail", n: 1 })).toEqual([[1, 1, "7"]]);
  const database = new DatabaseSync(join(folder.path, ".eagerdeck/cells.db"), { readOnly: true });
  expect(database.prepare("SELECT source FROM cells").all()).toEqual([{ source: "7" }]);
  database.close();
});

test("EAGERDECK_HISTORY=off writes no file; the session's own history is there", async () => {
  await using kernel = await KernelProcess.start({ env: { EAGERDECK_HISTORY: "off" } });
  const client = await kernel.connect();
  await client.execute("8");
  expect(await history(client, { hist_access_type: "tail", n: 1 })).toEqual([[1, 1, "8"]]);
  expect(
    () => new DatabaseSync(join(kernel.folder, ".eagerdeck/cells.db"), { readOnly: true }),
  ).toThrow();
});
