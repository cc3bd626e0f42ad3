/**
 * The editor's history and the file behind it: what is typed goes into both, what was typed before comes
 * while the person already types.
 * @module
 */
import type { Inputs } from "../../runtime/store/inputs.ts";
import type { HistoryEntry } from "../editor/state.ts";

export class KeptInputs {
  #inputs: Inputs | undefined;
  /** What was entered before the file was open, which is not waited for. */
  readonly #early: { readonly source: string; readonly n?: number }[] = [];
  /** As they were read: newest slice first, each oldest first. */
  readonly #older: (readonly HistoryEntry[])[] = [];

  /** @param onOlder hears of entries older than all before, oldest first. */
  async open(
    opening: Promise<Inputs>,
    onOlder: (older: readonly HistoryEntry[]) => void,
  ): Promise<void> {
    const inputs = await opening;
    this.#inputs = inputs;
    for (const { source, n } of this.#early.splice(0)) inputs.add(source, n);
    await inputs.load((slice) => {
      const older = slice
        .toReversed()
        .map(({ source, root }) => ({ source, isHere: root === inputs.root }));
      this.#older.push(older);
      onOlder(older);
    });
  }

  /** What earlier and other sessions typed, as far as it has been read; oldest first. */
  earlier(): readonly string[] {
    return this.#older
      .toReversed()
      .flat()
      .map(({ source }) => source);
  }

  /** @param n the number of its cell; a command has none. */
  add(source: string, n?: number): void {
    if (this.#inputs) this.#inputs.add(source, n);
    else this.#early.push({ source, ...(n === undefined ? {} : { n }) });
  }
}
