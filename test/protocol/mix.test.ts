/** Random conversations: whatever is asked in whatever order, every request keeps the rules. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KernelClient } from "../support/kernel-client.ts";
import { kernelSuite } from "../support/kernel-suite.ts";

const suite = kernelSuite();

const cells = [
  "1 + 1",
  "console.log('text')",
  "throw new Error('no')",
  "await new Promise((r) => setTimeout(r, 30))",
  "display('shown')",
  "%check",
  " ",
  "const = 5",
  "for (let i = 0; i < 2_000; i++) console.log(i)",
];
const request = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("execute_request"),
      content: fc.record({
        code: fc.constantFrom(...cells),
        silent: fc.boolean(),
        stop_on_error: fc.boolean(),
        user_expressions: fc.constantFrom({}, {}, { a: "1" }),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      { type: "kernel_info_request", content: {} },
      { type: "complete_request", content: { code: "Mat", cursor_pos: 3 } },
      { type: "is_complete_request", content: { code: "{" } },
      { type: "inspect_request", content: { code: "Math", cursor_pos: 4 } },
      { type: "comm_open", content: {} },
      { type: "execute_request", content: { code: null } },
    ),
  },
  { weight: 1, arbitrary: fc.constant({ type: "interrupt_request", content: {} }) },
);

test("R1: any mix of requests of two clients is answered in order, with one busy and one idle each", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(request, fc.boolean()), { maxLength: 25 }),
      async (steps) => {
        const clients = [await suite.kernel.connect(), await suite.kernel.connect()] as const;
        try {
          const ids = steps.map(([{ type, content }, isFirst]) => {
            const client = clients[isFirst ? 0 : 1];
            const channel = type === "interrupt_request" ? "control" : "shell";
            return { client, id: client.send(type, content, { channel }) };
          });
          await Promise.all(ids.map(({ client, id }) => client.idle(id)));
          await Promise.all(
            ids
              .filter(({ client, id }) =>
                client.sent.some((sent) => sent.msg_id === id && sent.msg_type !== "comm_open"),
              )
              .map(({ client, id }) => client.reply(id)),
          );
          for (const client of clients) expect(client.problems()).toEqual([]);
        } finally {
          for (const client of clients) client.close();
        }
      },
    ),
    { numRuns: 15 },
  );
});

/** Cells of several lanes, comms, questions, deaths, and a client that leaves without a word. */
const step = fc.record({
  client: fc.constantFrom(0, 1),
  lane: fc.constantFrom("main", "main", "sub", "unknown"),
  ask: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        ...cells,
        "const shown = display('a'); shown.update('b'); clearOutput()",
        "await input('who? ')",
        "console.log('out'); console.error('err'); await null; console.log('out')",
        "await new Promise((r) => setTimeout(r, 100)); 5",
        "console.log('x'.repeat(100_000))",
        "comms.open('nobody', { a: 1 }).close()",
        "Promise.reject(new Error('nobody catches this')); await new Promise((r) => setTimeout(r, 20))",
      ),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        { type: "comm_open", content: { comm_id: "c", target_name: "echo", data: 1 } },
        { type: "comm_msg", content: { comm_id: "c", data: { n: 1 } } },
        { type: "comm_close", content: { comm_id: "c", data: {} } },
        { type: "comm_info_request", content: {} },
        { type: "history_request", content: { hist_access_type: "tail", n: 3, output: true } },
        { type: "list_subshell_request", content: {} },
        { type: "complete_request", content: { code: "sha", cursor_pos: 3 } },
      ),
    },
    { weight: 1, arbitrary: fc.constant({ type: "interrupt_request", content: {} }) },
    { weight: 1, arbitrary: fc.constantFrom("process.exit(3)", "%restart") },
  ),
});

test("R1, R2, L1: the rules hold over lanes, comms, questions, deaths and clients that leave", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const clients = [await suite.kernel.connect(), await suite.kernel.connect()] as const;
      const [first] = clients;
      try {
        const { content } = await first.request("create_subshell_request", {}, "control");
        const lanes = { main: undefined, sub: content.subshell_id, unknown: "no such subshell" };
        await first.execute(
          "comms.registerTarget('echo', (comm) => comm.onMessage(({ data }) => comm.send(data)))",
        );
        await leave();
        const sent = steps.map(({ ask, client: which, lane }) => {
          const client = clients[which];
          const subshell = lanes[lane as keyof typeof lanes];
          const how = subshell === undefined ? {} : { subshell };
          if (typeof ask === "string") {
            return { client, lane, isCell: true, id: client.startCell(ask, {}, how) };
          }
          const onControl = /interrupt|subshell/.test(ask.type);
          const id = onControl
            ? client.send(ask.type, ask.content, { channel: "control" })
            : client.send(ask.type, ask.content, how);
          return { client, lane, isCell: false, id };
        });
        for (const { client, id } of sent) await client.idle(id);
        await first.request(
          "delete_subshell_request",
          { subshell_id: content.subshell_id },
          "control",
        );
        for (const client of clients) {
          // Each reply left before its idle, on another socket: this one comes behind all of them.
          await client.request("kernel_info_request");
          for (const lane of ["main", "sub"]) {
            const cellsOfLane = sent.filter(
              (one) => one.isCell && one.lane === lane && one.client === client,
            );
            expect(repliedTo(client, cellsOfLane)).toEqual(cellsOfLane.map(({ id }) => id));
          }
          // A process that died may have been about to say something more.
          const hasDeath = steps.some(({ ask }) => ask === "process.exit(3)" || ask === "%restart");
          expect(client.problems(hasDeath ? sent.map(({ id }) => id) : [])).toEqual([]);
        }
      } finally {
        for (const client of clients) client.close();
      }
    }),
    { numRuns: 15 },
  );
}, 120_000);

/** A client sends cells and is gone before they are answered. */
async function leave(): Promise<void> {
  const leaver = await suite.kernel.connect();
  leaver.startCell("await new Promise((r) => setTimeout(r, 20)); await input('anybody? ')", {
    allow_stdin: true,
  });
  leaver.startCell("console.log('nobody reads this')");
  leaver.send("complete_request", { code: "Mat", cursor_pos: 3 });
  await leaver.message(({ header }) => header.msg_type === "execute_input");
  leaver.close();
}

/** The cells among `asked` in the order in which their replies came. */
function repliedTo(client: KernelClient, asked: readonly { readonly id: string }[]): string[] {
  const ids = new Set(asked.map(({ id }) => id));
  return client.received.flatMap(({ header, parent }) => {
    const id = String(parent["msg_id"]);
    return header.msg_type === "execute_reply" && ids.has(id) ? [id] : [];
  });
}
