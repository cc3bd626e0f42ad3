import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outgoing } from "../../../kernel/messages.ts";
import { jsonText, Wire } from "../../../kernel/wire.ts";

const KEY = "a0b1c2d3-e4f5-secret";
/** Made and signed by Python: `hmac.new(key, digestmod=sha256)` over the four parts. */
const SIGNATURE = "0a9c2d640783cffa75c6de9315d31b34a8156a0218ca929c60198e9386edf366";
const PARTS = [
  '{"msg_id": "m-1", "username": "ada", "session": "s-1", "date": "2026-01-02T03:04:05.678901Z", "msg_type": "execute_request", "version": "5.3"}',
  "{}",
  "{}",
  '{"code": "“π” 😀", "silent": false}',
];

function pythonFrames(): Buffer[] {
  return ["client-1", "<IDS|MSG>", SIGNATURE, ...PARTS].map((text) => Buffer.from(text));
}

function signedFrames(parts: readonly string[]): Buffer[] {
  const hmac = createHmac("sha256", KEY);
  for (const part of parts) hmac.update(part);
  return ["<IDS|MSG>", hmac.digest("hex"), ...parts].map((text) => Buffer.from(text));
}

describe("reading", () => {
  test("a message signed by Python is read", () => {
    const read = new Wire(KEY).read(pythonFrames());
    expect(read).toMatchObject({
      kind: "message",
      message: {
        header: { msg_id: "m-1", msg_type: "execute_request", session: "s-1", version: "5.3" },
        content: { code: "“π” 😀", silent: false },
        buffers: [],
      },
    });
  });

  test("identities and buffers come through as they are, also a buffer that looks like the delimiter", () => {
    const buffers = [Buffer.from([0, 255, 1]), Buffer.from("<IDS|MSG>")];
    const read = new Wire(KEY).read([Buffer.from("hop"), ...pythonFrames(), ...buffers]);
    if (read.kind !== "message") throw new Error(read.why);
    expect(read.message.identities.map(String)).toEqual(["hop", "client-1"]);
    expect(read.message.buffers).toEqual(buffers);
  });

  test("any flipped bit in what is signed is dropped for its signature, never parsed, never an exception", () => {
    const bits = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.nat(), fc.integer({ min: 0, max: 7 }));
    fc.assert(
      fc.property(bits, ([index, at, bit]) => {
        const frames = pythonFrames();
        const frame = frames[index] as Buffer; // 2 to 6 are the signature and the four parts
        const place = at % frame.length;
        frame[place] = (frame[place] ?? 0) ^ (1 << bit);
        expect(new Wire(KEY).read(frames)).toEqual({ kind: "dropped", why: "signature" });
      }),
    );
  });

  test("W2: any frames at all are dropped without an exception", () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom("<IDS|MSG>", "{}", "[1", SIGNATURE, '{"msg_id":1}')
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 9 }), fc.constantFrom(KEY, ""), (frames, key) => {
        expect(new Wire(key).read(frames).kind).toBe("dropped");
      }),
    );
  });

  test("a truncated message is dropped", () => {
    for (let length = 0; length < 7; length++) {
      expect(new Wire(KEY).read(pythonFrames().slice(0, length)).kind).toBe("dropped");
    }
  });

  test("the same signed bytes a second time are a replay", () => {
    const wire = new Wire(KEY);
    expect(wire.read(pythonFrames()).kind).toBe("message");
    expect(wire.read(pythonFrames())).toEqual({ kind: "dropped", why: "replay" });
  });

  test("a signed message whose JSON or header is bad is dropped", () => {
    const wire = new Wire(KEY);
    expect(wire.read(signedFrames(["{", "{}", "{}", "{}"]))).toMatchObject({ why: "json" });
    expect(wire.read(signedFrames(['{"msg_id": 1}', "{}", "{}", "{}"]))).toMatchObject({
      why: "header",
    });
    expect(wire.read(signedFrames(["[]", "{}", "{}", "{}"]))).toMatchObject({ why: "header" });
  });

  test("the oldest of 65,536 signatures is forgotten, the others are remembered", () => {
    const wire = new Wire(KEY);
    const nth = (n: number) => signedFrames([`{"msg_id":"${n}","msg_type":"x"}`, "{}", "{}", "{}"]);
    for (let n = 0; n <= 65_536; n++) wire.read(nth(n));
    expect(wire.read(nth(1))).toEqual({ kind: "dropped", why: "replay" });
    expect(wire.read(nth(65_536))).toEqual({ kind: "dropped", why: "replay" });
    expect(wire.read(nth(0)).kind).toBe("message");
  }, 30_000);

  test("a message that is not signed leaves no trace among the replays", () => {
    const wire = new Wire(KEY);
    const forged = pythonFrames();
    forged[6] = Buffer.from('{"code": "other"}');
    expect(wire.read(forged)).toEqual({ kind: "dropped", why: "signature" });
    expect(wire.read(pythonFrames()).kind).toBe("message");
  });

  test("an unsigned kernel reads a message whatever its signature, also twice", () => {
    const wire = new Wire("");
    expect(wire.read(pythonFrames()).kind).toBe("message");
    expect(wire.read(pythonFrames()).kind).toBe("message");
  });
});

describe("writing", () => {
  const status = outgoing(
    "status",
    { execution_state: "idle" },
    { parent: { msg_id: "m-1", subshell_id: "x" } },
  );

  test("a message is signed over its four parts, and its parent is a copy", () => {
    const frames = new Wire(KEY).write([Buffer.from("topic")], status).map(String);
    const [topic, delimiter, signature, header = "", parent, metadata, content, ...rest] = frames;
    const hmac = createHmac("sha256", KEY);
    for (const part of frames.slice(3, 7)) hmac.update(part);
    expect({ topic, delimiter, rest }).toEqual({
      topic: "topic",
      delimiter: "<IDS|MSG>",
      rest: [],
    });
    expect(signature).toBe(hmac.digest("hex"));
    expect([parent, metadata, content]).toEqual([
      '{"msg_id":"m-1","subshell_id":"x"}',
      "{}",
      '{"execution_state":"idle"}',
    ]);
    expect(JSON.parse(header)).toMatchObject({ msg_type: "status", version: "5.5" });
    expect(JSON.parse(header).date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("ids differ, the session stays", () => {
    const wire = new Wire(KEY);
    const headers = [1, 2, 3].map(() => JSON.parse(String(wire.write([], status)[2])));
    expect(new Set(headers.map(({ msg_id }) => msg_id)).size).toBe(3);
    expect(new Set(headers.map(({ session }) => session))).toEqual(new Set([wire.session]));
  });

  test("without a key the signature is empty", () => {
    expect(String(new Wire("").write([], status)[1])).toBe("");
  });
});

describe("W3: JSON of anything", () => {
  test("BigInt becomes its digits, a cycle is named", () => {
    const cyclic: Record<string, unknown> = { big: 12345678901234567890n };
    cyclic["self"] = [cyclic];
    expect(jsonText(cyclic)).toBe('{"big":"12345678901234567890","self":["[circular]"]}');
  });

  test("a header of any depth that a client sent can be sent back as parent", () => {
    const wire = new Wire(KEY);
    const deep = `{"msg_id":"1","msg_type":"x","more":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    const read = wire.read(signedFrames([deep, "{}", "{}", deep]));
    if (read.kind !== "message") throw new Error(read.why);
    const status = outgoing("status", { execution_state: "busy" }, { parent: read.message.header });
    const parent = String(wire.write([], status)[3]);
    expect(JSON.parse(parent)).toMatchObject({ msg_id: "1", msg_type: "x" });
    expect(parent).toContain("[too deep]");
  });

  test("lone surrogates are replaced, pairs and escaped backslashes are not touched", () => {
    expect(JSON.parse(jsonText({ "\ud800": "a\udc00b😀\\ud800\\\udfff" }))).toEqual({
      "\ufffd": "a\ufffdb😀\\ud800\\\ufffd",
    });
  });

  test("any value gives JSON that UTF-8 can hold and that means the same", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = jsonText(value);
        expect(Buffer.from(text).toString()).toBe(text);
        if (text.includes("\ufffd")) return;
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
