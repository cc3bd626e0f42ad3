/**
 * The MIME bundle of a cell's value, or of what `display` is given: what a front end shows of it.
 *
 * Other than a preview it is asked for by the person, so nothing is redacted and more is shown.
 * @module
 */
import { inspect, types } from "node:util";
import { fileType, IMAGE_BYTES_MAX, imageLine, isImage } from "./bytes.ts";
import { elementOf } from "./element.ts";
import { errorBody, errorBodyToText, isError } from "./error-body.ts";
import { cutText, escapeHtml, escapeText } from "./escape.ts";
import { frameBody, frameLine, frameOf } from "./frame.ts";
import { errorField } from "./guard.ts";
import { asBytes } from "./leaves.ts";
import { BundleError, ownBundle } from "./own-bundle.ts";
import { preview } from "./preview.ts";
import { displayHook, imageBytes } from "./rich.ts";
import type { MimeBundle } from "./shape.ts";
import { tableBundle } from "./table-forms.ts";

const HOOK_TIME_MAX_MS = 250;
/** The first deck loads its renderer. */
const PATIENT_TIME_MAX_MS = 10_000;
const PATIENT = Symbol.for("eagerdeck.patient");
const TEXT_LENGTH_MAX = 100_000;
const IMAGE_LENGTH_MAX = 10_000_000;
/** `inspect` needs 200 ms for an object of 200,000 keys, and nobody reads them. */
const KEYS_MAX = 200;

/**
 * Turns a value into the bundle a front end can show.
 * @param value any JavaScript value; read once, neither kept nor changed. Its display hook is called; one that has to
 *   be awaited is not waited for.
 * @param widthColumns line width of `text/plain`, in terminal columns.
 * @returns at least `text/plain`; keys are media types (RFC 6838). A hook that fails does not throw here, the bundle
 *   says so in its text.
 * @throws {TypeError} when `widthColumns` is not a positive integer.
 */
export function mimeBundle(value: unknown, widthColumns: number): MimeBundle {
  const hook = hookOf(value);
  if (hook !== undefined && types.isAsyncFunction(hook)) {
    checkWidth(widthColumns);
    return plainBundle(value, widthColumns);
  }
  const bundle = bundleOf(value, widthColumns);
  return types.isPromise(bundle) ? plainBundle(value, widthColumns) : bundle;
}

/**
 * The same, and a display hook may take its time: 250 ms, or 10 s when it has `[Symbol.for("eagerdeck.patient")]`.
 * Never rejects for what a hook does.
 */
export async function displayBundle(value: unknown, widthColumns: number): Promise<MimeBundle> {
  return await bundleOf(value, widthColumns);
}

/** As `displayBundle`, at once unless the hook has to be awaited: what is shown keeps its place among what is printed. */
export function bundleOf(value: unknown, widthColumns: number): MimeBundle | Promise<MimeBundle> {
  checkWidth(widthColumns);
  const hook = hookOf(value);
  if (hook === undefined) return plainBundle(value, widthColumns);
  try {
    const made = hook.call(value);
    if (!isThenable(made)) return hookBundle(value, made, widthColumns);
    return awaitedBundle(value, { made, isPatient: isPatient(hook) }, widthColumns);
  } catch (error) {
    return failedHook(value, error, widthColumns);
  }
}

async function awaitedBundle(
  value: unknown,
  hooked: { readonly made: PromiseLike<unknown>; readonly isPatient: boolean },
  widthColumns: number,
): Promise<MimeBundle> {
  const timeMaxMs = hooked.isPatient ? PATIENT_TIME_MAX_MS : HOOK_TIME_MAX_MS;
  const late = Symbol("late");
  let timer: NodeJS.Timeout | undefined;
  try {
    const made = await Promise.race([
      hooked.made,
      new Promise((resolve) => {
        timer = setTimeout(resolve, timeMaxMs, late);
      }),
    ]);
    return made === late
      ? noted(value, widthColumns, `its display hook took longer than ${timeMaxMs} ms`)
      : hookBundle(value, made, widthColumns);
  } catch (error) {
    return failedHook(value, error, widthColumns);
  } finally {
    clearTimeout(timer);
  }
}

function isThenable(made: unknown): made is PromiseLike<unknown> {
  return (
    typeof made === "object" && made !== null && "then" in made && typeof made.then === "function"
  );
}

function failedHook(value: unknown, error: unknown, widthColumns: number): MimeBundle {
  return noted(value, widthColumns, `its display hook failed: ${preview(error).line}`);
}

/** Of a proxy too, as data frames of some packages are: who asks for a value to be shown lets its code run. */
function hookOf(value: unknown): ReturnType<typeof displayHook> {
  if (typeof value !== "object" || value === null || !types.isProxy(value)) {
    return displayHook(value);
  }
  try {
    const hook: unknown = Reflect.get(value, Symbol.for("Jupyter.display"));
    return typeof hook === "function" ? (hook as ReturnType<typeof displayHook>) : undefined;
  } catch {
    // A trap that throws: it is shown as any other proxy.
    return undefined;
  }
}

function checkWidth(widthColumns: number): void {
  if (Number.isSafeInteger(widthColumns) && widthColumns > 0) return;
  throw new TypeError(`widthColumns must be a positive integer, not ${String(widthColumns)}`);
}

function isPatient(hook: object): boolean {
  return Object.getOwnPropertyDescriptor(hook, PATIENT)?.value === true;
}

function noted(value: unknown, widthColumns: number, note: string): MimeBundle {
  return { "text/plain": `${plainText(value, widthColumns)}\n(${note})` };
}

/** What a hook returned, made fit to be sent. */
function hookBundle(value: unknown, made: unknown, widthColumns: number): MimeBundle {
  try {
    return ownBundle(made, () => plainText(value, widthColumns));
  } catch (error) {
    const what =
      error instanceof BundleError ? error.message : `what cannot be read: ${preview(error).line}`;
    return noted(value, widthColumns, `its display hook returned ${what}`);
  }
}

function plainBundle(value: unknown, widthColumns: number): MimeBundle {
  const element = elementOf(value);
  if (element && element["image/svg+xml"] === undefined) {
    return ownBundle(element, () => plainText(value, widthColumns));
  }
  const bytes = imageOf(element ?? value);
  const type = bytes && fileType(bytes);
  if (bytes && isImage(type) && bytes.length <= IMAGE_LENGTH_MAX) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const content = buffer.toString(type.mime === "image/svg+xml" ? "utf8" : "base64");
    const line = imageLine(type, bytes);
    return {
      [type.mime]: content,
      ...(type.mime === "image/svg+xml" &&
        bytes.length <= IMAGE_BYTES_MAX &&
        svgInHtml(buffer, line)),
      "text/plain": line,
    };
  }
  const frame = typeof value === "object" && value !== null ? frameOf(value) : undefined;
  const table = frame && frameBody(frame, undefined);
  if (frame && table) return tableBundle(table, frameLine(frame));
  return { "text/plain": plainText(value, widthColumns) };
}

/** JupyterLab draws SVG of a notebook that is not trusted within an `<img>` only; no script in it runs there either. */
function svgInHtml(svg: Buffer, line: string): MimeBundle {
  const source = `data:image/svg+xml;base64,${svg.toString("base64")}`;
  return {
    "text/html": `<img src="${source}" alt="${escapeHtml(line)}" style="max-width:100%;height:auto">`,
  };
}

function imageOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return undefined;
  return asBytes(value) ?? imageBytes(value);
}

/** What `util.inspect` says, which is what people know from Node; never throws, never endless. */
function plainText(value: unknown, widthColumns: number): string {
  if (typeof value === "object" && value !== null && !types.isProxy(value) && isError(value)) {
    return errorText(value);
  }
  const [looked, left] = narrowed(value);
  const options = {
    depth: 4,
    breakLength: widthColumns,
    maxArrayLength: 100,
    maxStringLength: 10_000,
  };
  const text =
    inspected(looked, options) ?? inspected(looked, { ...options, customInspect: false });
  if (text === undefined) return preview(value).line;
  const more = left > 0 ? `\n… ${left.toLocaleString("en-US")} more keys` : "";
  return cutText(escapeText(text), TEXT_LENGTH_MAX) + more;
}

function inspected(value: unknown, options: object): string | undefined {
  try {
    return inspect(value, options);
  } catch {
    // A throwing `toStringTag`, `constructor` or inspector: the next way of looking takes over.
    return undefined;
  }
}

/** The same object, or a copy of its first keys when it has too many of them; and how many are left. */
function narrowed(value: unknown): [value: unknown, left: number] {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return [value, 0];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return [value, 0];
  const keys = Object.keys(value);
  if (keys.length <= KEYS_MAX) return [value, 0];
  const copy: object = Object.create(prototype);
  for (const key of keys.slice(0, KEYS_MAX)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property) Object.defineProperty(copy, key, property);
  }
  return [copy, keys.length - KEYS_MAX];
}

/** An error that is a value, not one that was thrown: the same text as in a deck, its message whole. */
function errorText(error: object): string {
  const body = errorBody(error, (value) => preview(value).line);
  const message = errorField(error, "message");
  const whole =
    typeof message === "string" ? escapeText(cutText(message, TEXT_LENGTH_MAX)) : body.message;
  return errorBodyToText({ ...body, message: whole });
}
