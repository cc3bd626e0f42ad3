/**
 * The kernels that are compared, how each is started, and the same cells in its language.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../support/kernel-client.ts";
import { freePorts } from "../../support/ports.ts";
import { BenchClient, within } from "./client.ts";

/** Cells that do the same in TypeScript and Python. */
export interface Cells {
  declare(name: string, value: number): string;
  /** A text variable of that name. */
  text(name: string): string;
  sleep(ms: number): string;
  /** Keeps the thread busy. */
  spin(ms: number): string;
  readonly endless: string;
  readonly pending: string;
  print(lines: number): string;
  updates(times: number): string;
  /** Prints `late` after the cell has ended. */
  readonly late: string;
  /** Ends the process that runs the cells. */
  readonly die: string;
  /** The name of a method of texts, without its end, and the whole. */
  readonly method: readonly [typed: string, whole: string];
}

const typescript: Cells = {
  declare: (name, value) => `const ${name} = ${value};`,
  text: (name) => `const ${name} = "some text";`,
  sleep: (ms) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`,
  spin: (ms) => `{ const until = Date.now() + ${ms}; while (Date.now() < until) {} }`,
  endless: "while (true) {}",
  pending: "await new Promise((resolve) => setTimeout(resolve, 3600_000));",
  print: (lines) => `for (let i = 0; i < ${lines}; i++) console.log("line", i);`,
  updates: (times) =>
    `const shown = display("0"); for (let i = 1; i <= ${times}; i++) shown.update(String(i));`,
  late: `setTimeout(() => console.log("late"), 200);`,
  die: "process.exit(1)",
  method: ["toUp", "toUpperCase"],
};

const python: Cells = {
  declare: (name, value) => `${name} = ${value}`,
  text: (name) => `${name} = "some text"`,
  sleep: (ms) => `import asyncio; await asyncio.sleep(${ms / 1_000})`,
  spin: (ms) => `import time\nuntil = time.time() + ${ms / 1_000}\nwhile time.time() < until: pass`,
  endless: "while True: pass",
  pending: "import asyncio; await asyncio.sleep(3600)",
  print: (lines) => `for i in range(${lines}): print("line", i)`,
  updates: (times) =>
    `from IPython.display import display\nh = display("0", display_id=True)\nfor i in range(1, ${times + 1}): h.update(str(i))`,
  late: `import threading; threading.Timer(0.2, lambda: print("late")).start()`,
  die: "import os; os._exit(1)",
  method: ["upp", "upper"],
};

export interface KernelKind {
  readonly name: string;
  readonly version: string;
  readonly cells: Cells;
  /** The connection file is put in the place of `{file}`. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What Jupyter does on Stop. */
  readonly interruptBy: "message" | "signal";
}

/** @param deno path of its program; absent: it is left out. @param python of a venv with ipykernel; as `deno`. */
export function kernelKinds(options: {
  readonly root: string;
  readonly deno?: string;
  readonly python?: string;
  readonly versions: Readonly<Record<"eagerdeck" | "tslab" | "deno" | "ipykernel", string>>;
}): KernelKind[] {
  const { root, deno, python: interpreter, versions } = options;
  const node = process.execPath;
  return [
    {
      name: "eagerdeck",
      version: versions.eagerdeck,
      cells: typescript,
      command: [node, join(root, "dist/cli/main.js"), "kernel", "start", "{file}"],
      interruptBy: "message",
    },
    {
      name: "tslab",
      version: versions.tslab,
      cells: {
        ...typescript,
        updates: (times) =>
          `import * as tslab from "tslab"; const shown = tslab.newDisplay(); for (let i = 0; i <= ${times}; i++) shown.text(String(i));`,
      },
      command: [
        node,
        join(root, "node_modules/tslab/bin/tslab"),
        "kernel",
        "--config-path",
        "{file}",
      ],
      interruptBy: "signal",
    },
    ...(deno === undefined
      ? []
      : [
          {
            name: "Deno",
            version: versions.deno,
            cells: {
              ...typescript,
              updates: (times: number) =>
                `for (let i = 0; i <= ${times}; i++) await Deno.jupyter.broadcast(i ? "update_display_data" : "display_data", { data: { "text/plain": String(i) }, metadata: {}, transient: { display_id: "u" } });`,
              die: "Deno.exit(1)",
            },
            command: [deno, "jupyter", "--kernel", "--conn", "{file}"],
            interruptBy: "signal" as const,
          },
        ]),
    ...(interpreter === undefined
      ? []
      : [
          {
            name: "ipykernel",
            version: versions.ipykernel,
            cells: python,
            command: [interpreter, "-m", "ipykernel_launcher", "-f", "{file}"],
            interruptBy: "signal" as const,
          },
        ]),
  ];
}

const START_MAX_MS = 30_000;

/** One running kernel with its client. */
export class RunningKernel {
  readonly kind: KernelKind;
  readonly client: BenchClient;
  /** From the start of its process to the first kernel_info_reply. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  #isGone = false;

  private constructor(
    kind: KernelKind,
    child: ChildProcess,
    client: BenchClient,
    startMs: number,
    exited: Promise<number>,
  ) {
    this.kind = kind;
    this.client = client;
    this.startMs = startMs;
    this.#child = child;
    this.#exited = exited;
    void exited.then(() => {
      this.#isGone = true;
    });
  }

  /** @throws {Error} when it does not answer. */
  static async start(kind: KernelKind, folder: string): Promise<RunningKernel> {
    const connection = await newConnection();
    const file = join(folder, `${randomUUID()}.json`);
    writeFileSync(file, JSON.stringify(connection));
    const [command = "", ...args] = kind.command.map((part) => part.replace("{file}", file));
    const startedAt = performance.now();
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...kind.env },
      stdio: ["ignore", "ignore", "ignore"],
      detached: true, // Jupyter sends signals to the group
    });
    const exited = new Promise<number>((resolve) =>
      child.once("close", () => resolve(performance.now())),
    );
    const client = new BenchClient(connection);
    const answer = await within(START_MAX_MS, firstAnswer(client, exited));
    if (answer === undefined) {
      client.close();
      child.kill("SIGKILL");
      throw new Error(`${kind.name} gave no kernel_info_reply within ${START_MAX_MS / 1_000} s`);
    }
    return new RunningKernel(kind, child, client, answer - startedAt, exited);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  interrupt(): void {
    if (this.kind.interruptBy === "message") this.client.ask("interrupt_request", {}, "control");
    else process.kill(-this.pid, "SIGINT");
  }

  /** @returns milliseconds until its process has ended, or `undefined` when it had to be killed. */
  async shutdown(restart = false): Promise<number | undefined> {
    const { sentAt } = this.client.ask("shutdown_request", { restart }, "control");
    const at = await within(5_000, this.#exited);
    if (at === undefined) await this.kill();
    this.client.close();
    return at === undefined ? undefined : at - sentAt;
  }

  async kill(): Promise<void> {
    if (this.#isGone) return;
    for (const pid of descendants(this.pid)) killed(pid);
    killed(this.pid);
    await this.#exited;
  }
}

async function firstAnswer(
  client: BenchClient,
  exited: Promise<unknown>,
): Promise<number | undefined> {
  const { reply } = client.ask("kernel_info_request", {}); // waits in the socket until somebody listens
  return await Promise.race([reply.then(({ at }) => at), exited.then(() => undefined)]);
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** Processes below one, by their command lines. */
export function descendants(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined; // it ended while we looked
  }
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

async function newConnection(): Promise<Connection> {
  const [shell_port = 0, iopub_port = 0, stdin_port = 0, control_port = 0, hb_port = 0] =
    await freePorts(5);
  const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port };
  const key = randomUUID();
  return { transport: "tcp", ip: "127.0.0.1", key, signature_scheme: "hmac-sha256", ...ports };
}
