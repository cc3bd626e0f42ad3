/**
 * flytectl's `config.yaml`.
 *
 * The same file serves the Go programs, so keys that only they know are no mistakes; a key below `admin` that nobody
 * knows is one, and costs a warning. Go reads the keys in any case, and so do we.
 * @module
 */
import { createRequire } from "node:module";
import type { Node, ParsedNode } from "yaml";
import { nearest } from "../../values/nearest.ts";
import { FlyteError } from "../errors.ts";
import { FLAGS, type Layer, LISTS, type Row, TEXTS } from "./settings.ts";

/** Of flytectl and propeller; nothing to us. */
const GO_ONLY = [
  "maxBackoffDelay",
  "perRetryTimeout",
  "maxRetries",
  "maxMessageSizeBytes",
  "tokenRefreshWindow",
  "useAuth",
  "useAudienceFromAdmin",
  "authorizationServerUrl",
  "authorizationHeader",
  "tokenUrl",
  "pkceConfig",
  "deviceFlowConfig",
  "defaultServiceConfig",
  "defaultOrg",
];

const ALIASES_MAX = 100;

let loaded: typeof import("yaml") | undefined;
/** Loaded with the first file: `import "eagerdeck"` does not pay for it. */
function yaml(): typeof import("yaml") {
  loaded ??= createRequire(import.meta.url)("yaml") as typeof import("yaml");
  return loaded;
}

/**
 * @param file for messages.
 * @throws {FlyteError} `CONFIG_INVALID` with line and column when the text is no YAML or no map.
 */
export function yamlLayer(text: string, file: string): { layer: Layer; hints: string[] } {
  const { parseDocument, LineCounter, isAlias, isMap, isScalar } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}, line ${line}, column ${col}`;
  };
  const [error] = document.errors;
  if (error) throw new FlyteError("CONFIG_INVALID", `${place(error.pos[0])}: ${error.message}`);
  const { contents } = document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) {
    throw new FlyteError(
      "CONFIG_INVALID",
      `${place(contents.range?.[0] ?? 0)}: the file has to be a map with keys such as \`admin\``,
    );
  }
  const child = (parent: Node | null | undefined, key: string): Node | null | undefined => {
    const of = isAlias(parent) ? parent.resolve(document) : parent;
    if (!isMap<ParsedNode, ParsedNode | null>(of)) return undefined;
    const pairs = of.items.filter(({ key: found }) => isScalar(found));
    const exact = pairs.find(({ key: found }) => isScalar(found) && found.value === key);
    const any = pairs.find(
      ({ key: found }) =>
        isScalar(found) && String(found.value).toLowerCase() === key.toLowerCase(),
    );
    return (exact ?? any)?.value;
  };
  const layer: Layer = ({ yaml: path }) => {
    if (path === undefined) return undefined;
    let at: Node | null | undefined = contents;
    for (const key of path.split(".")) at = child(at, key);
    if (at === undefined || at === null) return undefined;
    const where = `${path} in ${place(at.range?.[0] ?? 0)}`;
    try {
      // Limited: aliases of aliases make gigabytes of a few lines.
      const value: unknown = at.toJS(document, { maxAliasCount: ALIASES_MAX });
      return { value, where };
    } catch (error) {
      throw new FlyteError("CONFIG_INVALID", `${where} refers to too much`, { cause: error });
    }
  };
  const admin = child(contents, "admin");
  const hints: string[] = [];
  if (isMap(admin)) {
    const known = new Map(knownKeys().map((key) => [key.toLowerCase(), key]));
    for (const { key } of admin.items) {
      if (!isScalar(key) || known.has(String(key.value).toLowerCase())) continue;
      const near = nearest(String(key.value), [...known.values()]);
      hints.push(
        `${place(key.range?.[0] ?? 0)}: nobody reads admin.${String(key.value)}` +
          (near === undefined ? "" : `; did you mean ${near}?`),
      );
    }
  }
  return { layer, hints };
}

function knownKeys(): string[] {
  const rows: Row[] = [TEXTS, FLAGS, LISTS].flatMap((table) => Object.values<Row>(table));
  const ours = rows.flatMap(({ yaml: path }) =>
    path?.startsWith("admin.") ? [path.slice("admin.".length)] : [],
  );
  return [...ours, ...GO_ONLY];
}
