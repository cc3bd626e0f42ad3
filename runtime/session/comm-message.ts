/**
 * What travels over a comm: the channel between objects of a front end and objects of cells.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 * @module
 */

/** One message of a comm. `data` and `metadata` are JSON; `buffers` stay binary all the way. */
export type CommMessage =
  | {
      readonly op: "open";
      readonly id: string;
      /** What the other side is to make of it: the name of one of its targets. */
      readonly target: string;
      readonly data: unknown;
      readonly metadata: Readonly<Record<string, unknown>>;
      readonly buffers: readonly Uint8Array[];
    }
  | {
      readonly op: "message" | "close";
      readonly id: string;
      readonly data: unknown;
      readonly metadata: Readonly<Record<string, unknown>>;
      readonly buffers: readonly Uint8Array[];
    };
