/**
 * Paths of live values: an identifier and what is read from it, `a.b[0]["c"]`. Pure.
 *
 * Strict by design: whatever is no such path, calls and computed indexes above all, is none.
 * @module
 */

const IDENTIFIER = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*`;
const INDEX = String.raw`\[\s*(?:\d{1,15}|"(?:[^"\\\n]|\\.)*"|'[^'\\\n]*')\s*\]`;
const STEP = String.raw`\s*\??\.\s*(${IDENTIFIER})|\s*(?:\?\.\s*)?(${INDEX})`;

const FIRST = new RegExp(`\\s*(${IDENTIFIER})`, "uy");
const NEXT = new RegExp(STEP, "uy");
const LAST = new RegExp(
  String.raw`(?<![\p{ID_Continue}$\u200c\u200d#]|(?<!\.\.)\.\s*)(?:${IDENTIFIER})(?:${STEP})*\s*$`,
  "u",
);
const NAME = new RegExp(`^${IDENTIFIER}$`, "u");
/** Paths are short; the text before a cursor is not. */
const PATH_CHARS_MAX = 500;

/** The names of a path, the identifier first; undefined when the text is anything else. */
export function parsePath(path: string): string[] | undefined {
  if (path.length > PATH_CHARS_MAX) return undefined;
  FIRST.lastIndex = 0;
  const [first, root] = FIRST.exec(path) ?? [];
  if (first === undefined || root === undefined) return undefined;
  const names = [root];
  const end = path.trimEnd().length;
  for (let at = first.length; at < end; at = NEXT.lastIndex) {
    NEXT.lastIndex = at;
    const [, member, index] = NEXT.exec(path) ?? [];
    const name = member ?? (index === undefined ? undefined : literal(index.slice(1, -1).trim()));
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

/** A number as the property's name, a string's content. */
function literal(text: string): string | undefined {
  if (/^\d/.test(text)) return String(Number(text));
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    // An escape that only JavaScript knows.
    return undefined;
  }
}

/** The path that ends at `end`, and where it begins; undefined when another expression ends there. */
export function pathBefore(
  code: string,
  end: number,
): { readonly path: string; readonly start: number } | undefined {
  const from = Math.max(0, end - PATH_CHARS_MAX);
  const found = LAST.exec(code.slice(from, end));
  // At the cut the name may have begun earlier.
  if (!found || (found.index === 0 && from > 0)) return undefined;
  return { path: found[0], start: from + found.index };
}

/** Whether a property's name can stand behind a dot. */
export function isIdentifier(name: string): boolean {
  return NAME.test(name);
}
