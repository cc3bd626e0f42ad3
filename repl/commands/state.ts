/**
 * What commands remember from one to the next: the settings, and the folder they stand in.
 * @module
 */
import type { Session } from "../../runtime/session/client/api.ts";
import { Settings } from "./settings.ts";

export class CommandState {
  readonly settings = new Settings();
  /** The folder of `.sh`, `.load`, `.save`, and of cells; absolute. */
  folder: string;
  /** Where `.cd -` goes. */
  folderBefore: string | undefined;
  readonly #stop: () => void;

  constructor(session: Session) {
    this.folder = session.folder;
    this.#stop = session.onEvent((event) => {
      // A new user process starts in the session's folder; commands and cells stand in the same place.
      if (event.kind === "phase" && event.phase === "lost") this.folder = session.folder;
    });
  }

  close(): void {
    this.#stop();
  }
}
