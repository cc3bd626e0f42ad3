/**
 * Bytes in a widget's state travel beside its JSON: taken out with their paths, and put back.
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
 * @module
 */

export type BufferPath = readonly (string | number)[];

export interface Split {
  /** JSON: where bytes were in an object nothing is, in an array null. */
  readonly state: Record<string, unknown>;
  readonly paths: BufferPath[];
  readonly buffers: Uint8Array[];
}

/** Takes the bytes out of a state, which is left as it is. */
export function withoutBuffers(state: Readonly<Record<string, unknown>>): Split {
  const paths: BufferPath[] = [];
  const buffers: Uint8Array[] = [];
  const copy = (value: unknown, path: BufferPath): unknown => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      paths.push(path);
      buffers.push(bytesOf(value));
      return undefined;
    }
    if (Array.isArray(value))
      return value.map((item, index) => copy(item, [...path, index]) ?? null);
    if (!isPlain(value)) return value;
    const entries = Object.entries(value).map(
      ([key, item]) => [key, copy(item, [...path, key])] as const,
    );
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  };
  return { state: copy(state, []) as Record<string, unknown>, paths, buffers }; // a plain object stays one
}

/**
 * Puts bytes to their places in a state that came from a front end.
 * @param paths as they came: one that leads nowhere is skipped.
 */
export function putBuffers(
  state: Record<string, unknown>,
  paths: unknown,
  buffers: readonly Uint8Array[],
): void {
  if (!Array.isArray(paths)) return;
  for (const [index, path] of paths.entries()) {
    const buffer = buffers[index];
    if (buffer === undefined || !Array.isArray(path) || path.length === 0) continue;
    let place: unknown = state;
    for (const key of path.slice(0, -1)) {
      place = isContainer(place) && Object.hasOwn(place, key) ? Reflect.get(place, key) : undefined;
    }
    const last: unknown = path.at(-1);
    const isKey = typeof last === "string" || typeof last === "number";
    if (isContainer(place) && isKey && last !== "__proto__") Reflect.set(place, last, buffer);
  }
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return value instanceof ArrayBuffer
    ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What JSON would write key by key; a Date and its like say themselves how they are written. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && typeof Reflect.get(value, "toJSON") !== "function";
}
