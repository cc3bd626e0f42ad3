/** Random conversations: whatever is asked in whatever order, every request keeps the rules. */
import fc from "fast-check";
import { expect, test } from "vitest";
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
