/**
 * MessagePack of plain values, the form in which Flyte holds structures.
 *
 * Ours rather than a library's for three reasons: an integer takes as few bytes as Python gives it (one value, one hash),
 * keys like `__proto__` are data, and nothing of any depth can overflow the stack.
 *
 * Invariants:
 * 1. Integers are given as bigint and written as integers; numbers are written as float64, whatever they look like.
 * 2. Read integers are numbers while they are exact, else bigint.
 * 3. Keys of maps are written in the order of their UTF-16 units.
 * @module
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */

/** What can be written and read; a key's value may be any of it. */
export type Plain =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | PlainMap;
export type PlainMap = { readonly [key: string]: Plain };

/** Levels of lists and maps; Python's reader takes 512. */
export const MAX_LEVELS = 500;

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws {RangeError} for integers beyond 64 bits and for more than `MAX_LEVELS` levels. */
export function pack(value: Plain): Uint8Array {
  const out = new Writer();
  write(out, value, 0);
  return out.done();
}

function write(out: Writer, value: Plain, level: number): void {
  if (level > MAX_LEVELS) throw new RangeError(`more than ${MAX_LEVELS} levels deep`);
  if (value === null) out.byte(0xc0);
  else if (value === false) out.byte(0xc2);
  else if (value === true) out.byte(0xc3);
  else if (typeof value === "number") {
    out.byte(0xcb);
    out.room(8).setFloat64(0, value);
  } else if (typeof value === "bigint") writeInteger(out, value);
  else if (typeof value === "string") writeText(out, value);
  else if (value instanceof Uint8Array) {
    out.head(value.length, [0xc4, 0xc5, 0xc6]);
    out.bytes(value);
  } else if (Array.isArray(value)) {
    if (value.length < 16) out.byte(0x90 | value.length);
    else out.head(value.length, [undefined, 0xdc, 0xdd]);
    for (const item of value as readonly Plain[]) write(out, item, level + 1);
  } else {
    const map = value as PlainMap;
    const keys = Object.keys(map).sort();
    if (keys.length < 16) out.byte(0x80 | keys.length);
    else out.head(keys.length, [undefined, 0xde, 0xdf]);
    for (const key of keys) {
      writeText(out, key);
      write(out, map[key] ?? null, level + 1);
    }
  }
}

function writeText(out: Writer, value: string): void {
  const bytes = utf8.encode(value);
  if (bytes.length < 32) out.byte(0xa0 | bytes.length);
  else out.head(bytes.length, [0xd9, 0xda, 0xdb]);
  out.bytes(bytes);
}

function writeInteger(out: Writer, value: bigint): void {
  if (value >= 0n) {
    if (value < 0x80n) out.byte(Number(value));
    else if (value < 0x1_00000000n) out.head(Number(value), [0xcc, 0xcd, 0xce]);
    else if (value < 1n << 64n) {
      out.byte(0xcf);
      out.room(8).setBigUint64(0, value);
    } else throw new RangeError(`${value} is beyond 64 bits`);
  } else if (value >= -0x20n) out.byte(Number(value) & 0xff);
  else if (value >= -0x80n) {
    out.byte(0xd0);
    out.room(1).setInt8(0, Number(value));
  } else if (value >= -0x8000n) {
    out.byte(0xd1);
    out.room(2).setInt16(0, Number(value));
  } else if (value >= -0x80000000n) {
    out.byte(0xd2);
    out.room(4).setInt32(0, Number(value));
  } else if (value >= -(1n << 63n)) {
    out.byte(0xd3);
    out.room(8).setBigInt64(0, value);
  } else throw new RangeError(`${value} is beyond 64 bits`);
}

class Writer {
  #buffer = new Uint8Array(256);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;

  /** A view on the next `size` bytes, which count as written. */
  room(size: number): DataView {
    this.#grow(size);
    const view = new DataView(this.#buffer.buffer, this.#at, size);
    this.#at += size;
    return view;
  }

  byte(value: number): void {
    this.#grow(1);
    this.#view.setUint8(this.#at++, value);
  }

  bytes(value: Uint8Array): void {
    this.#grow(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** A number in the smallest of 8, 16 and 32 bits that has a code. */
  head(size: number, [small, middle, large]: readonly [number | undefined, number, number]): void {
    if (small !== undefined && size < 0x100) {
      this.byte(small);
      this.byte(size);
    } else if (size < 0x10000) {
      this.byte(middle);
      this.room(2).setUint16(0, size);
    } else if (size < 0x1_00000000) {
      this.byte(large);
      this.room(4).setUint32(0, size);
    } else throw new RangeError(`a length of ${size} is beyond 32 bits`);
  }

  done(): Uint8Array {
    return this.#buffer.slice(0, this.#at);
  }

  #grow(more: number): void {
    if (this.#at + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + more));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** @throws {TypeError} for bytes that are not one value in MessagePack. */
export function unpack(bytes: Uint8Array): Plain {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.ended) throw new TypeError("bytes follow the value");
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(level: number): Plain {
    if (level > MAX_LEVELS) throw new TypeError(`more than ${MAX_LEVELS} levels deep`);
    const code = this.#unsigned(1);
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f, level);
    if (code < 0xa0) return this.#list(code & 0x0f, level);
    if (code < 0xc0) return this.#text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#taken(this.#unsigned(1 << (code - 0xc4))).slice();
      case 0xca:
        return this.#view.getFloat32(this.#step(4));
      case 0xcb:
        return this.#view.getFloat64(this.#step(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(1 << (code - 0xcc));
      case 0xcf:
        return narrow(this.#view.getBigUint64(this.#step(8)));
      case 0xd0:
        return this.#view.getInt8(this.#step(1));
      case 0xd1:
        return this.#view.getInt16(this.#step(2));
      case 0xd2:
        return this.#view.getInt32(this.#step(4));
      case 0xd3:
        return narrow(this.#view.getBigInt64(this.#step(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#unsigned(2 << (code - 0xdc)), level);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 << (code - 0xde)), level);
      default:
        throw new TypeError(`an extension of MessagePack (code 0x${code.toString(16)})`);
    }
  }

  #list(length: number, level: number): Plain[] {
    // Not allocated at once: a length of four billion takes five bytes to say.
    const items: Plain[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(level + 1));
    return items;
  }

  #map(size: number, level: number): PlainMap {
    const map: Record<string, Plain> = {};
    for (let i = 0; i < size; i++) {
      const key = this.value(level + 1);
      if (typeof key === "object" && key !== null) {
        throw new TypeError("a key that is no text or number");
      }
      setKey(map, String(key), this.value(level + 1));
    }
    return map;
  }

  #text(length: number): string {
    return text.decode(this.#taken(length));
  }

  #taken(length: number): Uint8Array {
    const start = this.#step(length);
    return this.#bytes.subarray(start, start + length);
  }

  #unsigned(size: number): number {
    const at = this.#step(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #step(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new TypeError("the bytes end too early");
    this.#at += size;
    return at;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Sets a key as data, also `__proto__`. */
export function setKey<T>(of: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") of[key] = value;
  else
    Object.defineProperty(of, key, { value, enumerable: true, configurable: true, writable: true });
}
