/**
 * A length of time as a value: what a task takes or gives, exact to the nanosecond.
 *
 * Invariants:
 * 1. `seconds` and `nanos` are integers of the same sign, `|nanos| < 10⁹`: one length has one form.
 * 2. Immutable.
 * @module
 */
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

/** A length of time. `Duration.of("1h 30m")`, `Duration.ofMs(1500)`, `Duration.of({ seconds: 1, nanos: 5 })`. */
export class Duration {
  /** What schemas of this class stand for: `z.instanceof(Duration)`. */
  static readonly [VALUE_TYPE]: ValueType = { kind: "duration" };

  /** Whole seconds, towards zero. */
  readonly seconds: number;
  /** The rest in nanoseconds, of the same sign. */
  readonly nanos: number;

  private constructor(total: bigint) {
    this.seconds = Number(total / NANOS);
    this.nanos = Number(total % NANOS);
    Object.freeze(this);
  }

  /**
   * @param length text like `"1h 30m"`, `"250ms"` or ISO 8601 (`"PT1H30M"`), parts in seconds and nanoseconds, or another
   *   Duration.
   * @throws {TypeError} for text of another form; {RangeError} beyond ten thousand years.
   */
  static of(
    length: string | Duration | { readonly seconds?: number | bigint; readonly nanos?: number },
  ): Duration {
    if (length instanceof Duration) return length;
    if (typeof length === "string") return Duration.#checked(parse(length));
    if (typeof length !== "object" || length === null) throw notALength(length);
    const { seconds = 0, nanos = 0 } = length;
    if (typeof seconds !== "bigint" && !Number.isSafeInteger(seconds)) throw notALength(length);
    if (!Number.isSafeInteger(nanos)) throw notALength(length);
    return Duration.#checked(BigInt(seconds) * NANOS + BigInt(nanos));
  }

  /** @param ms milliseconds, also negative and fractions; below a nanosecond is cut. */
  static ofMs(ms: number): Duration {
    if (!Number.isFinite(ms)) throw notALength(ms);
    const whole = Math.trunc(ms);
    return Duration.#checked(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)));
  }

  /** @param seconds also negative and fractions, exact to the microsecond as Python's timedelta. */
  static ofSeconds(seconds: number): Duration {
    if (!Number.isFinite(seconds)) throw notALength(seconds);
    const whole = Math.trunc(seconds);
    const micros = Math.round((seconds - whole) * 1e6);
    return Duration.#checked(BigInt(whole) * NANOS + BigInt(micros) * 1_000n);
  }

  static #checked(total: bigint): Duration {
    const size = total < 0n ? -total : total;
    if (size > LIMIT_SECONDS * NANOS) {
      throw new RangeError("a length of time is at most 315,576,000,000 seconds (10,000 years)");
    }
    return new Duration(total);
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
