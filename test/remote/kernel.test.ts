/** A Jupyter kernel whose cells call a cluster, over real sockets: SIGINT, shutdown, kill -9. Runs `dist/`. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { task, z } from "../../runtime/index.ts";
import { type KernelClient, KernelProcess } from "../support/kernel-client.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let waiting: (() => void)[] = [];
let isReleased = false;
const naps = task(
  { name: "naps", inputs: { x: z.int() }, output: z.int() },
  async ({ x }, { signal }) => {
    await new Promise<void>((done, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (isReleased) done();
      waiting.push(done);
    });
    return x;
  },
);

let rig: RemoteRig;
let folder: TempFolder;
beforeEach(async () => {
  waiting = [];
  isReleased = false;
  folder = tempFolder();
  rig = await remoteRig();
  await rig.serve(naps, { name: "naps" });
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const setUp = () => `
const remote = new FlyteRemote({
  config: Config.forEndpoint("${rig.double.endpoint}", { insecure: true }),
  defaultProject: "flytesnacks", defaultDomain: "development",
});
const naps = await remote.fetchTask<{ x: number }, number>("naps");
const many = eager({ name: "many", remote }, async ({ n }: { n: number }) =>
  Promise.all(Array.from({ length: n }, (_, x) => naps({ x }))));`;
const CELL = "(await many({ n: 20 })).join()";
const CELL_ID = { metadata: { cellId: "the-cell" } };

const count = (phase: string) =>
  rig.double.executions().filter((execution) => execution.phase === phase).length;

async function kernelAtWork(): Promise<{
  kernel: KernelProcess;
  client: KernelClient;
  id: string;
}> {
  const kernel = await KernelProcess.start({ folder: folder.path });
  const client = await kernel.connect();
  const { reply } = await client.execute(setUp());
  expect(reply.content).toMatchObject({ status: "ok" });
  return { kernel, client, id: client.startCell(CELL, CELL_ID) };
}

describe("a notebook with twenty running children", { timeout: 120_000 }, () => {
  test("SIGINT leaves none of them running, and the kernel goes on", async () => {
    const { kernel, client, id } = await kernelAtWork();
    await using _kernel = kernel;
    await rig.double.when(() => count("RUNNING") === 20);
    kernel.child.kill("SIGINT");
    expect((await client.executed(id)).reply.content).toMatchObject({ ename: "Interrupted" });
    await rig.double.when(() => count("ABORTED") === 20);
    expect((await client.execute("1 + 2")).result).toBe("3");
  });

  test("a shutdown stops them before the kernel is gone", async () => {
    const { kernel, client } = await kernelAtWork();
    await using _kernel = kernel;
    await rig.double.when(() => count("RUNNING") === 20);
    await client.request("shutdown_request", { restart: true }, "control");
    await kernel.exited();
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("after kill -9 the same cell takes them up in a new kernel, and none runs twice", async () => {
    const { kernel } = await kernelAtWork();
    await using _kernel = kernel;
    await rig.double.when(() => count("RUNNING") === 20);
    kernel.child.kill("SIGKILL");
    await kernel.exited();
    const names = rig.double.executions().map(({ name }) => name);

    await using next = await KernelProcess.start({ folder: folder.path });
    const client = await next.connect();
    await client.execute(setUp());
    const id = client.startCell(CELL, CELL_ID);
    await client.message(({ content }) => String(content.text).includes("goes on with 20"));
    isReleased = true;
    for (const done of waiting) done();
    const { result } = await client.executed(id);
    expect(result).toBe(`'${Array.from({ length: 20 }, (_, x) => x).join()}'`);
    expect(rig.double.executions().map(({ name }) => name)).toEqual(names);
    expect(count("SUCCEEDED")).toBe(20);
  });

  test("after kill -9 a new kernel lists them in a table, and ends them", async () => {
    const { kernel } = await kernelAtWork();
    await using _kernel = kernel;
    await rig.double.when(() => count("RUNNING") === 20);
    kernel.child.kill("SIGKILL");
    await kernel.exited();

    await using next = await KernelProcess.start({ folder: folder.path });
    const client = await next.connect();
    await client.execute(setUp());
    expect((await client.execute("runs()")).result).toContain("may still run");
    const { published } = await client.execute("await runs()[0].executions({ remote })");
    const shown = published.find(({ header }) => header.msg_type === "execute_result");
    const data: Record<string, string> = shown?.content["data"] ?? {};
    expect(data["text/plain"]?.match(/RUNNING/g)).toHaveLength(20);
    expect(data["text/html"]?.match(/<a href="http[^"]+\/executions\/e-many-/g)).toHaveLength(20);
    const ended = await client.execute("(await runs()[0].cancel({ remote })).ended");
    expect(ended.result).toBe("20");
    await rig.double.when(() => count("ABORTED") === 20);
  });
});
