/**
 * A type service with its real child in a temporary folder, driven cell by cell.
 * @module
 */
import { analyse } from "../../runtime/session/analyse.ts";
import type { Completions } from "../../runtime/session/client/api.ts";
import { startTypeService, type TypeService } from "../../runtime/session/client/types/service.ts";
import { tempFolder } from "./temp-folder.ts";

export interface Checker extends AsyncDisposable {
  readonly folder: string;
  readonly service: TypeService;
  /** What the person was told. */
  readonly notices: readonly string[];
  /** Checks the next cell, which is then refused: one line `2:7 TS2322 message` per error. */
  errors(code: string): Promise<string[]>;
  /** Checks the next cell, then says that it ran and published its values, or only these. */
  ran(code: string, published?: readonly string[]): Promise<string[]>;
  /** Completes at the `|` of the text. */
  complete(marked: string): Promise<Completions>;
  write(name: string, text: string): string;
}

export function openChecker(files: Readonly<Record<string, string>> = {}, below = "."): Checker {
  const folder = tempFolder(files);
  const notices: string[] = [];
  const service = startTypeService({
    folder: below === "." ? folder.path : `${folder.path}/${below}`,
    onNotice: (text) => notices.push(text),
  });
  let next = 1;
  const check = async (cell: number, code: string): Promise<string[]> => {
    const found = await service.check({ cell, code });
    if (!found) throw new Error(`cell ${cell} was not checked: ${notices.join("; ")}`);
    return found.map(({ line, column, code, message, severity }) => {
      const kind = severity === "error" ? "" : `${severity} `;
      return `${line}:${column} ${kind}TS${code} ${message}`;
    });
  };
  return {
    folder: folder.path,
    service,
    notices,
    errors: (code) => check(next++, code),
    async ran(code, published) {
      const cell = next++;
      const errors = await check(cell, code);
      const values = analyse(code).declared.filter(({ typeOnly }) => !typeOnly);
      const names = published ? values.filter(({ name }) => published.includes(name)) : values;
      service.published(cell, code, names);
      return errors;
    },
    complete(marked) {
      const offset = marked.indexOf("|");
      return service.complete(marked.slice(0, offset) + marked.slice(offset + 1), offset);
    },
    write: folder.write,
    async [Symbol.asyncDispose]() {
      await service.close();
      folder[Symbol.dispose]();
    },
  };
}
