/**
 * flytekit's `flytekit.config`: sections and options as Python's configparser reads them.
 * @module
 */
import { FlyteError } from "../errors.ts";
import type { Layer } from "./settings.ts";

/**
 * @param file for messages.
 * @throws {FlyteError} `CONFIG_INVALID` with line and column when the text is not of this form.
 */
export function iniLayer(text: string, file: string): Layer {
  const options = parse(text, file);
  return ({ ini }) => {
    const found = options.get(ini);
    if (found === undefined) return undefined;
    const [section, option] = ini.split(".");
    return { value: found.value, where: `[${section}] ${option} in ${file}, line ${found.line}` };
  };
}

function parse(text: string, file: string): Map<string, { value: string; line: number }> {
  const options = new Map<string, { value: string; line: number }>();
  let section: string | undefined;
  let last: string | undefined;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === "") continue;
    if (content.startsWith("#") || content.startsWith(";")) continue;
    // What is indented goes on with the option above it.
    const open = last === undefined ? undefined : options.get(last);
    if (/^\s/.test(raw) && last !== undefined && open !== undefined) {
      options.set(last, { ...open, value: `${open.value}\n${content}`.trim() });
      continue;
    }
    const header = /^\[([^\]]+)\]/.exec(content);
    if (header) {
      section = header[1]?.trim();
      last = undefined;
      continue;
    }
    const option = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(content);
    const name = option?.[1];
    if (name === undefined || section === undefined) {
      const column = raw.length - raw.trimStart().length + 1;
      const wanted = section === undefined ? "a [section]" : "`option = value`";
      throw new FlyteError(
        "CONFIG_INVALID",
        `${file}, line ${line}, column ${column}: here stands ${wanted} in an INI file`,
      );
    }
    last = `${section}.${name.toLowerCase()}`;
    options.set(last, { value: option?.[2] ?? "", line });
  }
  return options;
}
