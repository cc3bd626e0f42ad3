/**
 * A temporary folder that goes with the test.
 * @module
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TempFolder extends Disposable {
  readonly path: string;
  /** Writes a file below the folder; @returns its absolute path. */
  write(name: string, text: string): string;
}

/** @param files name → text, written at once. */
export function tempFolder(files: Readonly<Record<string, string>> = {}): TempFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "eagerdeck-test-")));
  const write = (name: string, text: string) => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { path, write, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
