/**
 * A length of time as a value: what a task takes or gives, exact to the nanosecond.
 *
 * Invariants:
 * 1. `seconds` and `nanos` are integers of the same sign, `|nanos| < 10⁹`: one length has one form.
 * 2. Immutable.
 * @module
 */
import { types } from "node:util";
import { preview } from "../values/preview.ts";
import { VALUE_TYPE, type ValueType } from "./value-type.ts";

const NANOS = 1_000_000_000n;
/** What the wire's form may hold: 10,000 years. */
const LIMIT_SECONDS = 315_576_000_000n;

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: NANOS,
  m: 60n * NANOS,
  h: 3_600n * NANOS,
  d: 86_400n * NANOS,
  w: 604_800n * NANOS,
};
const PART = /(\d+)(?:\.(\d+))?\s*(ns|us|ms|s|m|h|d|w)\s*/gy;
const ISO =
  /^([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$/;

const BRAND = Symbol.for("eagerdeck.Duration");

/** A length in whole seconds and nanoseconds, which add up. */
export interface DurationParts {
  readonly seconds?: number | bigint;
  readonly nanos?: number;
}

/** A length of time: `new Duration("1h 30m")`, `Duration.ofMs(1500)`. Its schema is `z.instanceof(Duration)`. */
export class Duration {
  static {
    Object.defineProperty(Duration.prototype, BRAND, { value: true });
  }
  // A notebook may load its own copy of the package.
  static [Symbol.hasInstance](value: unknown): value is Duration {
    return typeof value === "object" && value !== null && !types.isProxy(value) && BRAND in value;
  }

  /** What a schema of this class stands for. */
  static readonly [VALUE_TYPE]: ValueType = { kind: "duration" };

  /** Whole seconds, towards zero. */
  readonly seconds: number;
  /** The rest in nanoseconds, of the same sign. */
  readonly nanos: number;

  /**
   * @param length text like `"1h 30m"` or `"-250ms"`, ISO 8601 (`"PT1H30M"`), parts, or another Duration.
   * @throws {TypeError} for text of another form; {RangeError} beyond ten thousand years.
   */
  constructor(length: string | DurationParts) {
    const total = typeof length === "string" ? parse(length) : ofParts(length);
    if ((total < 0n ? -total : total) > LIMIT_SECONDS * NANOS) {
      throw new RangeError("a length of time is at most 315,576,000,000 seconds (10,000 years)");
    }
    this.seconds = Number(total / NANOS);
    this.nanos = Number(total % NANOS);
    Object.freeze(this);
  }

  /** @param ms milliseconds, also negative and fractions; exact to the nanosecond. */
  static ofMs(ms: number): Duration {
    if (!Number.isFinite(ms)) throw notALength(ms);
    const seconds = Math.trunc(ms / 1_000);
    return new Duration({
      seconds: BigInt(seconds),
      nanos: Math.round((ms - seconds * 1_000) * 1e6),
    });
  }

  /** @param seconds also negative and fractions; exact to the microsecond, as Python's timedelta. */
  static ofSeconds(seconds: number): Duration {
    if (!Number.isFinite(seconds)) throw notALength(seconds);
    const whole = Math.trunc(seconds);
    return new Duration({
      seconds: BigInt(whole),
      nanos: Math.round((seconds - whole) * 1e6) * 1_000,
    });
  }

  /** Milliseconds, with a fraction. */
  get ms(): number {
    return this.seconds * 1_000 + this.nanos / 1e6;
  }

  /** Seconds, with a fraction. */
  get totalSeconds(): number {
    return this.seconds + this.nanos / 1e9;
  }

  /** Milliseconds: durations compare by `<` and `>`. */
  valueOf(): number {
    return this.ms;
  }

  /** ISO 8601: `PT1H30M`, `-PT0.5S`. */
  toString(): string {
    const { seconds, nanos } = this;
    const sign = seconds < 0 || nanos < 0 ? "-" : "";
    const all = Math.abs(seconds);
    const [h, m, s] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
    const rest =
      nanos === 0 ? "" : `.${String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "")}`;
    const text = `${h ? `${h}H` : ""}${m ? `${m}M` : ""}${s || rest ? `${s}${rest}S` : ""}`;
    return `${sign}PT${text || "0S"}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Duration ${this.toString()}`;
  }
}

function ofParts(parts: unknown): bigint {
  if (typeof parts !== "object" || parts === null) throw notALength(parts);
  const { seconds = 0, nanos = 0 } = parts as { seconds?: unknown; nanos?: unknown };
  if (typeof seconds !== "bigint" && !Number.isSafeInteger(seconds)) throw notALength(parts);
  if (!Number.isSafeInteger(nanos)) throw notALength(parts);
  return BigInt(seconds as number | bigint) * NANOS + BigInt(nanos as number);
}

function parse(text: string): bigint {
  const iso = ISO.exec(text);
  if (iso && /\d/.test(text)) {
    const [, sign, w = "0", d = "0", h = "0", m = "0", s = "0", fraction = ""] = iso;
    const hours = (BigInt(w) * 7n + BigInt(d)) * 24n + BigInt(h);
    const seconds = (hours * 60n + BigInt(m)) * 60n + BigInt(s);
    const total = seconds * NANOS + BigInt(fraction.padEnd(9, "0"));
    return sign === "-" ? -total : total;
  }
  const [, minus = "", body = ""] = /^(-?)(.*)$/s.exec(text.trim()) ?? [];
  let total = 0n;
  let end = 0;
  PART.lastIndex = 0;
  for (let part = PART.exec(body); part !== null; part = PART.exec(body)) {
    const [, whole = "0", fraction = "", unit = "s"] = part;
    const nanos = UNIT_NANOS[unit] ?? 0n;
    total += BigInt(whole) * nanos;
    if (fraction) total += (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length);
    end = PART.lastIndex;
  }
  if (body === "" || end !== body.length) throw notALength(text);
  return minus ? -total : total;
}

function notALength(value: unknown): TypeError {
  return new TypeError(
    `${preview(value).line} is not a length of time; write "1h 30m", "PT1H30M", or { seconds, nanos } in whole numbers`,
  );
}
