/** A session whose cells call a cluster: what is stopped, what is left, what is found again. Runs `dist/`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { task, z } from "../../runtime/index.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { openSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";

const naps = task(
  { inputs: { x: z.int() }, output: z.int() },
  async function naps({ x }, { signal }) {
    await new Promise<void>((done, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (released) done();
      waiting.push(done);
    });
    return x;
  },
);
let waiting: (() => void)[] = [];
let released = false;
const release = () => {
  released = true;
  for (const done of waiting) done();
};

const INDEX = JSON.stringify(pathToFileURL(resolve("dist/runtime/index.js")).href);
const from = (name: string) =>
  JSON.stringify(pathToFileURL(resolve(`dist/runtime/flyte/${name}.js`)).href);

let rig: RemoteRig;
beforeEach(async () => {
  waiting = [];
  released = false;
  rig = await remoteRig();
  await rig.serve(naps, { name: "naps" });
});
afterEach(async () => await rig[Symbol.asyncDispose]());

const setUp = () => `
const { FlyteRemote } = await import(${from("remote")});
const { Config } = await import(${from("config")});
const { eager } = await import(${INDEX});
const remote = new FlyteRemote({
  config: Config.forEndpoint("${rig.double.endpoint}", { insecure: true }),
  defaultProject: "flytesnacks", defaultDomain: "development",
});
const naps = await remote.fetchTask("naps");
const many = eager({ name: "many", remote }, async ({ n }) =>
  Promise.all(Array.from({ length: n }, (_, x) => naps({ x }))));`;
const CELL = "await many({ n: 20 })";

const count = (phase: string) =>
  rig.double.executions().filter((execution) => execution.phase === phase).length;

describe("a session whose cells run on a cluster", () => {
  test("shows each call with the page of its execution, and gives plain values", async () => {
    await using session = openSession();
    await session.run(setUp());
    release();
    expect(await session.value("await many({ n: 3 })")).toBe("[ 0, 1, 2 ]");
    const links = session.events.flatMap((item) =>
      item.kind === "event" && item.event.kind === "call-linked" ? [item.event.url] : [],
    );
    expect(links).toHaveLength(3);
    expect(links[0]).toContain(`http://${rig.double.endpoint}/console/`);
  });

  test("an interrupt leaves none of twenty running", async () => {
    await using session = openSession();
    await session.run(setUp());
    const cell = session.session.execute({ code: CELL });
    await rig.double.when(() => count("RUNNING") === 20);
    await session.session.interrupt("cooperate");
    expect((await cell.settled).status).toBe("interrupted");
    await rig.double.when(() => count("ABORTED") === 20);
  });

  test("a session that ends stops them first", async () => {
    const session = openSession();
    await session.run(setUp());
    session.session.execute({ code: CELL });
    await rig.double.when(() => count("RUNNING") === 20);
    await session[Symbol.asyncDispose]();
    expect([count("RUNNING"), count("ABORTED") + count("ABORTING")]).toEqual([0, 20]);
  });

  test("a restart stops them too", async () => {
    await using session = openSession();
    await session.run(setUp());
    session.session.execute({ code: CELL });
    await rig.double.when(() => count("RUNNING") === 20);
    await session.session.restart();
    await rig.double.when(() => count("ABORTED") === 20);
  });
});

describe("a front end that is killed", () => {
  /** A program with a session, as a kernel has one, that runs the cells and prints the value of the last one. */
  const program = (folder: string) => `
    const { startSession } = await import(${JSON.stringify(
      pathToFileURL(resolve("dist/runtime/session/client/session.js")).href,
    )});
    const session = startSession({ folder: ${JSON.stringify(folder)}, columns: 80, check: "off" });
    session.onEvent((item) => {
      if (item.kind === "notice") console.log("notice " + item.text);
    });
    await session.execute({ code: ${JSON.stringify(setUp())} }).settled;
    const settled = await session.execute({ code: ${JSON.stringify(CELL)}, cellId: "c1" }).settled;
    console.log(settled.error?.message ?? String(settled.value?.["text/plain"]).replaceAll("\\n", " "));
    await session.close();
  `;

  test("leaves executions that its successor takes up, and none runs twice", async () => {
    using folder = tempFolder();
    const first = spawn(process.execPath, ["--input-type=module", "-e", program(folder.path)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    await rig.double.when(() => count("RUNNING") === 20);
    first.kill("SIGKILL");
    await once(first, "exit");
    const names = rig.double.executions().map(({ name }) => name);

    const second = spawn(process.execPath, ["--input-type=module", "-e", program(folder.path)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    second.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("goes on with 20 executions")) release();
    });
    await once(second, "exit");
    expect(said).toContain("goes on with 20 executions that In [2] had started");
    expect(said).toContain("15, 16, 17, 18, 19");
    expect(rig.double.executions().map(({ name }) => name)).toEqual(names);
    expect(count("SUCCEEDED")).toBe(20);
  });
});
