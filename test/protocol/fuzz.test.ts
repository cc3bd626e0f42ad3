/** What strangers and broken clients send: it is dropped or answered in words, and the kernel goes on. */
import { createHmac, randomUUID } from "node:crypto";
import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Request, XSubscriber } from "zeromq";
import type { KernelClient } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

/** The kernel has read everything that was sent before on both channels, and works. */
async function goesOn(client: KernelClient = suite.client): Promise<void> {
  for (const channel of ["shell", "control"] as const) {
    const { content } = await client.request("kernel_info_request", {}, channel);
    expect(content.status).toBe("ok");
  }
}

const header = (more: object = {}) => ({
  msg_id: randomUUID(),
  msg_type: "is_complete_request",
  session: "fuzz",
  username: "fuzz",
  date: new Date().toISOString(),
  version: "5.3",
  ...more,
});

type Frame = string | Uint8Array;

/** One way to damage frames; `seed` chooses where. */
const damages: Readonly<Record<string, (frames: Frame[], seed: number) => Frame[]>> = {
  "a frame less": (frames, seed) => frames.toSpliced(seed % frames.length, 1),
  "a frame twice": (frames, seed) => {
    const at = seed % frames.length;
    return frames.toSpliced(at, 0, frames[at] ?? "");
  },
  "two frames swapped": (frames, seed) => {
    const at = seed % (frames.length - 1);
    return frames.toSpliced(at, 2, frames[at + 1] ?? "", frames[at] ?? "");
  },
  "a frame cut short": (frames, seed) => {
    const at = seed % frames.length;
    const frame = Buffer.from(frames[at] ?? "");
    return frames.with(at, frame.subarray(0, seed % Math.max(1, frame.length)));
  },
  "a bit flipped": (frames, seed) => {
    const at = seed % frames.length;
    const frame = Buffer.from(frames[at] ?? "");
    const place = (seed >> 3) % Math.max(1, frame.length);
    frame[place] = (frame[place] ?? 0) ^ (1 << (seed & 7));
    return frames.with(at, frame);
  },
  "another key": (frames) => {
    const hmac = createHmac("sha256", "guessed");
    for (const part of frames.slice(2, 6)) hmac.update(part);
    return frames.with(1, hmac.digest("hex"));
  },
  "no signature": (frames) => frames.with(1, ""),
  "no delimiter": (frames) => frames.slice(1),
  "only the delimiter": (frames) => frames.slice(0, 1),
  "a thousand frames": (frames) => [
    ...Array.from({ length: 1_000 }, () => "x"),
    ...frames.slice(1),
  ],
};

test("forged and damaged messages are never answered", async () => {
  const damage = fc.constantFrom(...Object.keys(damages));
  const channel = fc.constantFrom("shell" as const, "control" as const, "stdin" as const);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(damage, fc.nat({ max: 1 << 20 }), channel), {
        minLength: 5,
        maxLength: 20,
      }),
      async (steps) => {
        const ids: string[] = steps.flatMap(([name, seed, to]) => {
          const sent = header();
          const parts = [JSON.stringify(sent), "{}", "{}", '{"code":"1"}'];
          const whole = suite.client.signed(parts);
          const broken = damages[name]?.(whole, seed) ?? [];
          suite.client.sendRaw(broken, to);
          return isWellSigned(broken, suite.kernel.connection.key) ? [] : [sent.msg_id];
        });
        await goesOn();
        const answered = suite.client.received.filter(({ parent }) =>
          ids.includes(String(parent["msg_id"])),
        );
        expect(answered).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});

/** A frame before the delimiter, or one more at the end, is an identity or a buffer: such a message is whole. */
function isWellSigned(frames: readonly Frame[], key: string): boolean {
  const at = frames.findIndex((frame) => String(frame) === "<IDS|MSG>");
  const parts = frames.slice(at + 2, at + 6);
  if (at < 0 || parts.length < 4) return false;
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex") === String(frames[at + 1]);
}

test("a replay is not answered a second time, on no channel", async () => {
  const sent = header();
  const frames = suite.client.signed([JSON.stringify(sent), "{}", "{}", '{"code":"1"}']);
  suite.client.sendRaw(frames);
  await suite.client.idle(sent.msg_id);
  suite.client.sendRaw(frames);
  suite.client.sendRaw(frames, "control");
  suite.client.sendRaw([...frames, "a buffer more"]);
  await goesOn();
  const replies = suite.client.received.filter(
    ({ header: { msg_type }, parent }) =>
      msg_type === "is_complete_reply" && parent["msg_id"] === sent.msg_id,
  );
  expect(replies).toHaveLength(1);
});

test("well signed parts that are no JSON, no UTF-8 or too deep are dropped or answered", async () => {
  const text = JSON.stringify(header());
  const deep = (open: string, close: string, inside = "") =>
    open.repeat(100_000) + inside + close.repeat(100_000);
  const parts: readonly Frame[] = [
    "",
    "{",
    "nothing",
    "null",
    "[]",
    "7",
    '"text"',
    Buffer.from([0xff, 0xfe, 0x22, 0x80]),
    Buffer.from(`{"code": "\xff\xfe"}`, "latin1"),
    deep("[", "]"),
    deep('{"a":', "}", "1"),
    '{"__proto__": {"code": "1"}, "constructor": 1}',
    `{"code": "${"x".repeat(1_000_000)}"}`,
  ];
  for (const part of parts) {
    for (const place of [0, 1, 2, 3]) {
      const whole: Frame[] = [JSON.stringify(header()), "{}", "{}", '{"code":"1"}'];
      suite.client.sendRaw(suite.client.signed(whole.with(place, part)));
    }
  }
  const deepHeader = `${text.slice(0, -1)}, "more": ${deep("[", "]")}}`;
  suite.client.sendRaw(suite.client.signed([deepHeader, "{}", "{}", '{"code":"1"}']));
  await goesOn();
});

/** What each request has; to be filled with what does not belong there. */
const requestFields: Readonly<Record<string, readonly string[]>> = {
  execute_request: [
    "code",
    "silent",
    "store_history",
    "user_expressions",
    "allow_stdin",
    "stop_on_error",
  ],
  complete_request: ["code", "cursor_pos"],
  inspect_request: ["code", "cursor_pos", "detail_level"],
  is_complete_request: ["code"],
  history_request: [
    "hist_access_type",
    "output",
    "raw",
    "n",
    "session",
    "start",
    "stop",
    "pattern",
    "unique",
  ],
  comm_info_request: ["target_name"],
  kernel_info_request: ["unknown"],
  interrupt_request: ["unknown"],
  delete_subshell_request: ["subshell_id"],
  list_subshell_request: ["unknown"],
  comm_open: ["comm_id", "target_name", "data", "target_module"],
  comm_msg: ["comm_id", "data"],
  comm_close: ["comm_id", "data"],
  connect_request: ["unknown"],
  debug_request: ["seq", "type", "command"],
  no_such_request: ["unknown"],
  execute_reply: ["status"],
};

test("every request with fields of any type is answered as the specification says, in words", async () => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      "",
      "x",
      "tail",
      "range",
      "search",
      "*",
      "[",
      0,
      -1,
      0.5,
      1e9,
      -1e9,
      1e308,
      2 ** 53,
      [],
      [1],
      {},
      { a: "1" },
      { a: 1 },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const request = fc.constantFrom(...Object.entries(requestFields)).chain(([type, fields]) =>
    fc.record({
      type: fc.constant(type),
      content: fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record(Object.fromEntries(fields.map((name) => [name, odd])), {
            requiredKeys: [],
          }),
        },
        { weight: 1, arbitrary: odd },
      ),
      metadata: fc.oneof(fc.constant({}), odd),
      subshell: fc.constantFrom(undefined, undefined, undefined, "no such subshell"),
      channel: fc.constantFrom("shell" as const, "control" as const),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 15 }), async (requests) => {
      const client = await suite.kernel.connect();
      try {
        const ids = requests.map(({ channel, content, metadata, subshell, type }) =>
          client.send(type, content, {
            channel,
            metadata: metadata as object, // anything at all: that is the point
            ...(subshell === undefined ? {} : { subshell }),
          }),
        );
        await Promise.all(ids.map((id) => client.idle(id)));
        await goesOn(client);
        expect(client.problems()).toEqual([]);
      } finally {
        client.close();
      }
    }),
    { numRuns: 60 },
  );
});

test.each([["yes"], [1], [{}], [null]])(
  "shutdown_request with restart %j does not shut down",
  async (restart) => {
    const { content } = await suite.client.request("shutdown_request", { restart }, "control");
    expect(content).toMatchObject({ status: "error", ename: "BadMessage" });
    await goesOn();
  },
);

test("subscribers that send anything are welcomed where that is possible, and disturb nobody", async () => {
  const stranger = new XSubscriber({ linger: 0 });
  try {
    stranger.connect(`tcp://127.0.0.1:${suite.kernel.connection.iopub_port}`);
    const frames = [
      Buffer.from([]),
      Buffer.from([2, 1, 1]),
      Buffer.from([1, 255, 254]), // a topic that is not UTF-8
      Buffer.from([0, 65]),
      Buffer.alloc(60_000, 1),
      Buffer.from([1, ...Buffer.from("wanted")]),
    ];
    for (const frame of frames) await stranger.send(frame);
    const topics: string[] = [];
    for await (const [topic] of stranger) {
      topics.push(String(topic));
      if (topics.at(-1) === "wanted") break;
    }
    expect(topics.filter((topic) => topic.startsWith("\u0001"))).toHaveLength(1);
    await goesOn();
  } finally {
    stranger.close();
  }
});

test("a heartbeat of any form is echoed, one that is too large is refused, and the heart beats on", async () => {
  expect(await suite.client.beat("")).toBe("");
  const stranger = new Request({ linger: 0 });
  try {
    stranger.connect(`tcp://127.0.0.1:${suite.kernel.connection.hb_port}`);
    const refused = new Promise<void>((resolve) =>
      stranger.events.on("disconnect", () => resolve()),
    );
    await stranger.send(Buffer.alloc(1_000_000));
    await refused;
  } finally {
    stranger.close();
  }
  expect(await suite.client.beat("still there")).toBe("still there");
});

test("bytes that are not ZeroMQ, on all five ports, are nobody's business", async () => {
  const { connection } = suite.kernel;
  const { control_port, hb_port, iopub_port, shell_port, stdin_port } = connection;
  for (const port of [control_port, hb_port, iopub_port, shell_port, stdin_port]) {
    for (const bytes of [
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      Buffer.alloc(10_000, 255),
      Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3]),
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
        socket.on("error", () => undefined); // refused in the middle of it: as it should be
        socket.on("close", () => resolve());
        socket.resume();
        setTimeout(() => socket.destroy(), 300); // a greeting that never ends is not answered
      });
    }
  }
  await goesOn();
  expect(await suite.client.beat("well")).toBe("well");
});
