/** `.remote` and `%remote`: where calls of a session run that say nothing else. Runs `dist/`. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { task, z } from "../../runtime/index.ts";
import { askRemote } from "../../runtime/session/client/remote.ts";
import type { RemoteRequest } from "../../runtime/session/remote-answer.ts";
import { KernelProcess } from "../support/kernel-client.ts";
import { type RemoteRig, remoteRig } from "../support/remote-rig.ts";
import { openSession, type TestSession } from "../support/session.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openRepl } from "../support/terminal.ts";

const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne({ x }) {
  if (x < 0) throw new RangeError("x must not be negative");
  return x + 1;
});
/** The same in a cell. Its function is not what runs. */
const CELL =
  "const addOne = task({ inputs: { x: z.int() }, output: z.int() }, function addOne() { return -1; })";
const SET: RemoteRequest = {
  ...{ action: "set", project: "flytesnacks", domain: "development" },
  config: "config.yaml",
};

let rig: RemoteRig;
let files: Record<string, string>;
beforeEach(async () => {
  rig = await remoteRig();
  await rig.serve(addOne, { name: "session.addOne" });
  files = { "config.yaml": rig.double.configYaml };
});
afterEach(async () => await rig[Symbol.asyncDispose]());

function told({ events }: TestSession): (string | undefined)[] {
  return events.flatMap((event) => (event.kind === "default-remote" ? [event.name] : []));
}

describe("a session", () => {
  test("runs its calls on the cluster from `set` to `off`, and says how the cluster is", async () => {
    await using open = openSession({ files });
    const { session } = open;
    await open.run(CELL);
    expect(await open.value("await addOne({ x: 5 })")).toBe("-1");
    const set = await askRemote(session, SET);
    expect(set.ok).toBe(true);
    expect(set.text).toContain(
      `calls run on flytesnacks/development of ${rig.double.endpoint}\n  server   v1.16.5-double\n`,
    );
    expect(session.defaultRemote).toBe("flytesnacks/development");
    expect(await open.value("await addOne({ x: 5 })")).toBe("6");
    expect((await askRemote(session, { action: "show" })).text).toBe(set.text);
    expect((await askRemote(session, { action: "off" })).text).toBe(
      "calls run in this session again",
    );
    expect(await open.value("await addOne({ x: 5 })")).toBe("-1");
    expect(told(open)).toEqual(["flytesnacks/development", undefined]);
  });

  test("shows the project of the settings as soon as they have been read, and only once", async () => {
    const config = `${rig.double.configYaml}task:\n  project: flytesnacks\n  domain: development\n`;
    await using open = openSession({ files: { "config.yaml": config } });
    const made = `new FlyteRemote({ config: Config.auto("config.yaml") }).use()`;
    expect(await open.value(made)).toBe("FlyteRemote of the project that its settings say");
    expect(open.session.defaultRemote).toBe("remote");
    const fetched = "(await FlyteRemote.current.list(), await FlyteRemote.current.list()).length";
    expect(await open.value(fetched)).toBe("0");
    expect(await open.value("FlyteRemote.current")).toBe("FlyteRemote flytesnacks/development");
    expect(told(open)).toEqual(["remote", "flytesnacks/development"]);
  });

  test("needs no project where the settings say it, and names what they do not", async () => {
    const place = "task:\n  project: flytesnacks\n  domain: development\n";
    const config = `${rig.double.configYaml}${place}`;
    const half = config.replace("  domain: development\n", "");
    await using open = openSession({ files: { "config.yaml": config, "half.yaml": half } });
    const set = await askRemote(open.session, { action: "set", config: "config.yaml" });
    expect(set).toMatchObject({
      ok: true,
      text: expect.stringContaining("calls run on flytesnacks/development of"),
    });
    expect(await askRemote(open.session, { action: "set", config: "half.yaml" })).toEqual({
      ok: false,
      text: "half.yaml does not say task.domain; give both: .remote PROJECT/DOMAIN --config half.yaml",
    });
    expect(open.session.defaultRemote).toBe("flytesnacks/development");
  });

  test("without settings changes nothing and names the places where it looked", async () => {
    await using open = openSession();
    const { ok, text } = await askRemote(open.session, SET);
    expect(ok).toBe(false);
    expect(text).toContain(`${open.folder}/config.yaml`);
    expect(text).not.toContain("\n");
    expect(open.session.defaultRemote).toBeUndefined();
  });

  test("takes a cluster that does not answer, and says so in its first line", async () => {
    const config = "admin:\n  endpoint: 127.0.0.1:1\n  insecure: true\n";
    await using open = openSession({ files: { "config.yaml": config } });
    const { ok, text } = await askRemote(open.session, SET);
    expect(ok).toBe(true);
    expect(text).toMatch(/^calls run on flytesnacks\/development, but now: .*127\.0\.0\.1:1/);
  });

  test("hears of it as well when a cell says it, and works where a cell took the names", async () => {
    await using open = openSession({ files });
    await open.run(
      'new FlyteRemote({ config: Config.auto("config.yaml"), defaultProject: "a", defaultDomain: "b" }).use()',
    );
    expect(open.session.defaultRemote).toBe("a/b");
    await open.run("const FlyteRemote = 1, Config = 2, defaultRemote = 3");
    expect((await askRemote(open.session, { action: "off" })).ok).toBe(true);
    expect(told(open)).toEqual(["a/b", undefined]);
  });

  test("runs its calls itself after a restart and after a crash, and the lost cell says so", async () => {
    await using open = openSession({ files });
    const { session } = open;
    await session.ready;
    await askRemote(session, SET);
    await session.restart();
    expect(session.defaultRemote).toBeUndefined();
    await askRemote(session, SET);
    const { error } = await open.run(
      "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})",
    );
    expect(error?.message).toContain("calls no longer run on flytesnacks/development");
    expect(session.defaultRemote).toBeUndefined();
    expect(await open.value("FlyteRemote.current")).toBeUndefined();
  });

  test("ends a failed call with the address of its page and the stack of there", async () => {
    await using open = openSession({ files });
    await open.run(CELL);
    await askRemote(open.session, SET);
    const { error } = await open.run(
      "await eager(async function flow() { return await addOne({ x: -1 }); })()",
    );
    const [execution] = rig.double.executions();
    expect(error?.url).toBe(
      `http://${rig.double.endpoint}/console/projects/flytesnacks/domains/development/executions/${execution?.name}`,
    );
    expect(error?.cause).toMatchObject({ message: "x must not be negative" });
    expect(error?.cause?.url).toBeUndefined();
  });

  test("can be interrupted while a cluster says nothing, and says that it is set", async () => {
    await using server = createServer(() => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on a port
    const config = `admin:\n  endpoint: 127.0.0.1:${port}\n  insecure: true\n`;
    await using open = openSession({ files: { "config.yaml": config } });
    const connected = once(server, "connection");
    const answer = askRemote(open.session, SET);
    const [socket] = await connected;
    await open.session.interrupt("cooperate");
    expect(await answer).toEqual({
      ok: true,
      text: expect.stringMatching(
        /^calls run on flytesnacks\/development; how .* the cell was stopped/,
      ),
    });
    expect(open.session.defaultRemote).toBe("flytesnacks/development");
    socket.destroy();
  });

  test("says once what the cluster refused, with the names that are near", async () => {
    await using open = openSession({ files });
    await open.run(CELL.replaceAll("addOne", "addTwo"));
    await askRemote(open.session, SET);
    const { error } = await open.run("await addTwo({ x: 1 })");
    expect(error).toMatchObject({ name: "EagerException", code: "REMOTE_NOT_FOUND" });
    expect(error?.message).toContain("session.addOne");
    expect(error?.cause).toBeUndefined();
  });
});

test("the kernel has it as %remote, and says in one error what is wrong", async () => {
  using folder = tempFolder(files);
  await using kernel = await KernelProcess.start({ folder: folder.path });
  const client = await kernel.connect();
  const said = async (code: string) => {
    const { reply, id } = await client.execute(code);
    const stream = client
      .published(id)
      .filter(({ header }) => header.msg_type === "stream")
      .map(({ content }) => String(content["text"]))
      .join("");
    return { ...reply.content, stream };
  };
  expect((await said("%remote")).stream).toMatch(/^calls run in this session/);
  const line = "%remote flytesnacks/development --config config.yaml";
  expect((await said(line)).stream).toMatch(/^calls run on flytesnacks\/development of /);
  await client.execute(CELL);
  expect((await client.execute("await addOne({ x: 1 })")).result).toBe("2");
  expect(await said("%remote a/b --config no.yaml")).toMatchObject({
    status: "error",
    evalue: expect.stringContaining(resolve(folder.path, "no.yaml")),
  });
  expect((await said("%restart")).stream).toBe(
    "Restarted: all variables are gone.\nCalls no longer run on flytesnacks/development.\n",
  );
  expect((await said("%remote off")).stream).toMatch(/already/);
  expect(await said("%remote nonsense")).toMatchObject({ status: "error" });
});

test("the terminal names the cluster in its status row, and leads to the page of a call", async () => {
  using folder = tempFolder(files);
  using terminal = openRepl({ folder: folder.path, columns: 100, rows: 30 });
  await terminal.prompt(1);
  terminal.type(".remote flytesnacks/development --config config.yaml\r");
  await terminal.see((text) => {
    expect(text).toContain(`of ${rig.double.endpoint}`);
    expect(text).toMatch(/\nflytesnacks\/development · Ctrl-D leave/);
  });
  terminal.type(`${CELL}\r`);
  await terminal.idle(2);
  terminal.type("await addOne({ x: 5 })\r");
  await terminal.see((text) => expect(text).toMatch(/✓ addOne\(x: 5\)[\s\S]*Out\[2\]: 6/));
  const [execution] = rig.double.executions();
  expect(terminal.raw).toMatch(new RegExp(`\\x1b\\]8;;http://[^\\x07]*/${execution?.name}\\x07`));
  terminal.type(".task t1\r");
  await terminal.see((text) => expect(text).toContain(`execution ${execution?.name} · version v1`));
  terminal.type(".remote wrong\r");
  await terminal.see((text) => expect(text).toContain(".remote takes PROJECT/DOMAIN"));
  terminal.type(".reset\r");
  await terminal.see((text) =>
    expect(text).toMatch(/calls no longer run on flytesnacks[\s\S]*\nlocal · Ctrl-D/),
  );
});
