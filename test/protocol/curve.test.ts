/** Encryption by CurveZMQ, with clients over real sockets. */
import { describe, expect, test } from "vitest";
import { curveKeyPair, Subscriber } from "zeromq";
import { KernelProcess } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const keys = curveKeyPair();
const connection = { curve_publickey: keys.publicKey, curve_secretkey: keys.secretKey };

describe("a kernel whose connection file has curve keys", () => {
  const suite = kernelSuite({ connection });

  test("serves a client that knows its public key, on all five sockets", async () => {
    const { result } = await suite.client.execute("console.log('secret'); 6 * 7");
    expect(result).toBe("42");
    expect((await suite.client.request("kernel_info_request", {}, "control")).content.status).toBe(
      "ok",
    );
    expect(await suite.client.beat("encrypted")).toBe("encrypted");
    const cell = suite.client.startCell("await input('name? ')", { allow_stdin: true });
    await suite.client.message(({ header }) => header.msg_type === "input_request");
    const reply = suite.client.send("input_reply", { value: "ada" }, { channel: "stdin" });
    suite.client.forget(reply); // nobody answers a reply
    expect((await suite.client.executed(cell)).result).toBe("'ada'");
  });

  test.each([
    ["without encryption", {}],
    [
      "with another kernel's key",
      {
        curveServerKey: curveKeyPair().publicKey,
        curvePublicKey: keys.publicKey,
        curveSecretKey: keys.secretKey,
      },
    ],
  ])("a listener %s hears nothing of what its subscribers hear", async (_name, options) => {
    const listener = new Subscriber({ linger: 0, ...options });
    try {
      // Each refused attempt ends with an event of the socket: the kernel did answer, and said no.
      const refused = new Promise<void>((resolve) => {
        listener.events.on("disconnect", () => resolve());
        listener.events.on("handshake:error:protocol", () => resolve());
        listener.events.on("handshake:error:auth", () => resolve());
        listener.events.on("handshake:error:other", () => resolve());
      });
      listener.subscribe();
      listener.connect(`tcp://127.0.0.1:${suite.kernel.connection.iopub_port}`);
      const heard: string[] = [];
      void (async () => {
        for await (const [topic] of listener) heard.push(String(topic));
      })();
      await refused;
      await suite.client.execute("console.log('not for everybody')");
      expect(heard).toEqual([]);
    } finally {
      listener.close();
    }
  });
});

test.each([
  ["a public key alone", { curve_publickey: keys.publicKey }, "without curve_secretkey"],
  ["a secret key alone", { curve_secretkey: keys.secretKey }, "without curve_publickey"],
  ["an empty key", { ...connection, curve_secretkey: "" }, "curve_secretkey"],
  ["a key that is none", { ...connection, curve_publickey: "x".repeat(39) }, "curve_publickey"],
])("%s: exit code 2, never a plain kernel", async (_name, given, reason) => {
  await using kernel = await KernelProcess.start({ connection: given });
  expect(await kernel.exited()).toEqual({ code: 2, signal: null });
  expect(kernel.stderr).toContain(reason);
  expect(kernel.stderr).not.toContain(keys.secretKey);
});
