import { expect, test } from "vitest";
import { parseConnection, readConnection } from "../../../kernel/connection.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const file = {
  transport: "tcp",
  ip: "127.0.0.1",
  key: "secret",
  signature_scheme: "hmac-sha256",
  shell_port: 1,
  iopub_port: 2,
  stdin_port: 3,
  control_port: 4,
  hb_port: 5,
  kernel_name: "eagerdeck",
};
const parse = (more: object) => parseConnection(JSON.stringify({ ...file, ...more }), "c.json");

test("a connection file gives key and addresses", () => {
  expect(parse({})).toEqual({
    key: "secret",
    addresses: {
      shell: "tcp://127.0.0.1:1",
      iopub: "tcp://127.0.0.1:2",
      stdin: "tcp://127.0.0.1:3",
      control: "tcp://127.0.0.1:4",
      heartbeat: "tcp://127.0.0.1:5",
    },
  });
});

test("ipc and IPv6 have their own addresses", () => {
  expect(parse({ transport: "ipc", ip: "/tmp/k" }).addresses.iopub).toBe("ipc:///tmp/k-2");
  expect(parse({ ip: "::1" }).addresses.shell).toBe("tcp://[::1]:1");
});

test("an empty key is for this machine only", () => {
  for (const more of [
    {},
    { ip: "localhost" },
    { ip: "127.1.2.3" },
    { transport: "ipc", ip: "/tmp/k" },
  ]) {
    expect(parse({ key: "", signature_scheme: "", ...more }).key).toBe("");
  }
  expect(() => parse({ key: "", ip: "0.0.0.0" })).toThrow("anybody there could run code");
});

test("what cannot be used is one sentence", async () => {
  expect(() => parse({ signature_scheme: "hmac-md5" })).toThrow('"hmac-md5" is not supported');
  expect(() => parse({ shell_port: 99_999 })).toThrow("shell_port");
  expect(() => parse({ transport: "udp" })).toThrow("transport");
  expect(() => parseConnection('{"ip": "127.0', "c.json")).toThrow(
    "c.json is not a connection file: it is not JSON",
  );
  using folder = tempFolder();
  await expect(readConnection(`${folder.path}/none.json`)).rejects.toThrow(
    "cannot read the connection file",
  );
});

test("curve keys come as a pair or not at all", () => {
  const publicKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
  const secretKey = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
  expect(parse({ curve_publickey: publicKey, curve_secretkey: secretKey }).curve).toEqual({
    publicKey,
    secretKey,
  });
  expect(parse({}).curve).toBeUndefined();
  expect(() => parse({ curve_publickey: publicKey })).toThrow("without curve_secretkey");
  expect(() => parse({ curve_secretkey: secretKey })).toThrow("without curve_publickey");
  for (const wrong of ["", null, "short", publicKey.replace("r", " ")]) {
    expect(() => parse({ curve_publickey: wrong, curve_secretkey: secretKey })).toThrow(
      "curve_publickey",
    );
  }
});
