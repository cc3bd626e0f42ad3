/**
 * The code of `runtime/flyte/README.md`: files by the name in their first line, and the other blocks, which are one
 * program from top to bottom.
 * @module
 */
import { readFileSync } from "node:fs";

const GUIDE = "runtime/flyte/README.md";

export interface GuideCode {
  /** By name: `flow.ts`, … */
  readonly files: Readonly<Record<string, string>>;
  readonly program: string;
  /** Contents of the blocks of a language, in order. */
  blocks(language: string): readonly string[];
}

export function guideCode(): GuideCode {
  const text = readFileSync(GUIDE, "utf8");
  const all = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const blocks = (language: string) =>
    all.flatMap(([, name, content = ""]) => (name === language ? [content] : []));
  const files: Record<string, string> = {};
  const fragments: string[] = [];
  for (const block of blocks("ts")) {
    const name = /^\/\/ ([\w-]+\.ts)\n/.exec(block)?.[1];
    if (name === undefined) fragments.push(block);
    else files[name] = block;
  }
  return { files, program: fragments.join("\n"), blocks };
}

/** The program with each promise of a value, `await f(); // 12`, as a comparison by `told(value, "12")`. */
export function checkedProgram(program: string): string {
  return program.replaceAll(
    /^(await .+); \/\/ (-?\d.*|'.*'|\[ .*|\{ .*)$/gm,
    (_line, expression: string, value: string) =>
      `told(${expression}, ${JSON.stringify(value.trim())});`,
  );
}
