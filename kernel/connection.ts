/**
 * The connection file that Jupyter writes: read, checked, turned into addresses.
 * @module
 */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { z } from "zod";

export type SocketName = "shell" | "iopub" | "stdin" | "control" | "heartbeat";

export interface Connection {
  readonly addresses: Readonly<Record<SocketName, string>>;
  /** Empty: messages are neither signed nor checked. */
  readonly key: string;
  /** Present: everything on the sockets is encrypted (CurveZMQ), and who does not know the public key is refused. */
  readonly curve?: CurveKeys;
}

/** The kernel's own pair, as Z85 text. */
export interface CurveKeys {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The connection file cannot be used; the message is for people. */
export class ConnectionError extends Error {
  static {
    Object.defineProperty(ConnectionError.prototype, "name", { value: "ConnectionError" });
  }
}

const z85Key = z
  .string()
  .regex(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/, "expected a key of 40 characters in Z85")
  .optional();
const port = z.number().int().min(1).max(65_535);
const fileSchema = z.object({
  transport: z.enum(["tcp", "ipc"]).default("tcp"),
  ip: z.string().min(1),
  key: z.string().default(""),
  signature_scheme: z.string().default("hmac-sha256"),
  shell_port: port,
  iopub_port: port,
  stdin_port: port,
  control_port: port,
  hb_port: port,
  curve_publickey: z85Key,
  curve_secretkey: z85Key,
});

/** @throws {ConnectionError} when the file is missing, half-written, or asks for what we do not do. */
export async function readConnection(path: string): Promise<Connection> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ConnectionError(`cannot read the connection file ${path}`, { cause: error });
  }
  return parseConnection(text, path);
}

/** @param path for the message only. */
export function parseConnection(text: string, path: string): Connection {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new ConnectionError(`${path} is not a connection file: it is not JSON`, { cause: error });
  }
  const decoded = fileSchema.safeParse(raw);
  if (!decoded.success) {
    const issue = decoded.error.issues[0];
    throw new ConnectionError(
      `${path} is not a connection file: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const file = decoded.data;
  // An empty scheme is what an unsigned kernel gets from Jupyter.
  if (file.key !== "" && file.signature_scheme !== "hmac-sha256") {
    throw new ConnectionError(
      `signature_scheme "${file.signature_scheme}" is not supported, only "hmac-sha256"`,
    );
  }
  if (file.key === "" && file.transport === "tcp" && !isLoopback(file.ip)) {
    throw new ConnectionError(
      `the key is empty and ${file.ip} can be reached from other machines: anybody there could run code`,
    );
  }
  const address = (number: number): string =>
    file.transport === "ipc"
      ? `ipc://${file.ip}-${number}`
      : `tcp://${isIP(file.ip) === 6 ? `[${file.ip}]` : file.ip}:${number}`;
  const curve = curveOf(file, path);
  return {
    key: file.key,
    ...(curve === undefined ? {} : { curve }),
    addresses: {
      shell: address(file.shell_port),
      iopub: address(file.iopub_port),
      stdin: address(file.stdin_port),
      control: address(file.control_port),
      heartbeat: address(file.hb_port),
    },
  };
}

/** Whoever asks for encryption must not get a kernel without it: half a pair is refused, never ignored. */
function curveOf(
  file: Readonly<Pick<z.infer<typeof fileSchema>, "curve_publickey" | "curve_secretkey">>,
  path: string,
): CurveKeys | undefined {
  const { curve_publickey: publicKey, curve_secretkey: secretKey } = file;
  if (publicKey !== undefined && secretKey !== undefined) return { publicKey, secretKey };
  if (publicKey === undefined && secretKey === undefined) return undefined;
  const [given, missing] = publicKey === undefined ? ["secret", "public"] : ["public", "secret"];
  throw new ConnectionError(
    `${path} has curve_${given}key without curve_${missing}key: encryption needs both, and is not left off`,
  );
}

function isLoopback(ip: string): boolean {
  return ip === "localhost" || ip === "::1" || /^127\.\d+\.\d+\.\d+$/.test(ip);
}
