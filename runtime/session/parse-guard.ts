/**
 * Keeps text away from the parser that would end the process.
 *
 * oxc-parser is native and recursive: at some 4,000 levels of nesting (parentheses, type arguments; later
 * also arrows, `else if`, conditionals) it overflows the stack of the thread, and no `catch` helps. Under
 * 8 kB such depth needs brackets, which a scan sees. Longer text is parsed in a throw-away child first:
 * a scan would have to know every construct that nests, and a long cell can wait 0.1 s.
 * @module
 */
import { spawnSync } from "node:child_process";

const PLAIN_CHARS_MAX = 8_192;
const BRACKET_DEPTH_MAX = 1_000;
const CELL_CHARS_MAX = 16 * 1024 * 1024;
const CHILD_TIMEOUT_MS = 20_000;
const VERDICTS_KEPT = 4;

/** By text: a long cell is asked about when it is entered, checked and run. */
const verdicts = new Map<string, string | undefined>();

const CHILD_SOURCE = `
import { parseSync } from ${JSON.stringify(import.meta.resolve("oxc-parser"))};
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const text = Buffer.concat(chunks).toString("utf16le");
for (const lang of ["ts", "tsx"]) {
  parseSync("cell.ts", text, { lang, astType: "ts", sourceType: "module", showSemanticErrors: true });
}
`;

/** Whether the text is short and flat enough to be parsed at every key. */
export function isPlain(text: string): boolean {
  return text.length <= PLAIN_CHARS_MAX && bracketDepth(text) <= BRACKET_DEPTH_MAX;
}

/** Why a text must not be given to the parser, in words, or undefined when it may. */
export function refusal(text: string): string | undefined {
  if (isPlain(text)) return undefined;
  if (verdicts.has(text)) return verdicts.get(text);
  const verdict = judge(text);
  if (verdicts.size >= VERDICTS_KEPT) {
    for (const oldest of verdicts.keys()) {
      verdicts.delete(oldest);
      break;
    }
  }
  verdicts.set(text, verdict);
  return verdict;
}

function judge(text: string): string | undefined {
  if (text.length > CELL_CHARS_MAX) {
    return "the cell is longer than 16 MB: put the data into a file and read it";
  }
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", CHILD_SOURCE], {
    // UTF-16, so that lone surrogates arrive as they are.
    input: Buffer.from(text, "utf16le"),
    stdio: ["pipe", "ignore", "ignore"],
    timeout: CHILD_TIMEOUT_MS,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (child.error && !child.signal) return `the cell could not be parsed: ${child.error.message}`;
  return child.signal || child.status !== 0 ? "nested too deeply" : undefined;
}

/** The deepest nesting of brackets, counted without regard to strings: it decides only who parses. */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x28: // (
      case 0x3c: // <
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case 0x29:
      case 0x3e:
      case 0x5d:
      case 0x7d:
        if (depth > 0) depth--;
        break;
      default:
    }
  }
  return deepest;
}
