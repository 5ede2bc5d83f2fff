/** What a reader throws at the first byte that is not as it must be. */
class NotExact extends Error {
  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`);
  }
}

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const NULL = 0xf6;
const FALSE = 0xf4;
const TRUE = 0xf5;
const MAX_DEPTH = 32;
/** Arguments of one call. */
const LETTERS_AT_ONCE = 4096;

interface Met {
  readonly pattern: RegExp;
  readonly text: string;
}
const MAX_MET = 4096;
/** Texts read last: keys, books and hashes come again and again, and are then neither made nor looked at anew. */
const met: (Met | undefined)[] = Array.from({ length: MAX_MET });

/**
 * Walks the canonical dag-cbor of a shape known beforehand: one pass, no values between, nothing allocated that was not
 * asked for. Throws at the first byte that differs, so what it reads is what the strict decoder and a schema would take.
 */
export class ExactReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at;
  }
  /** The bytes are used up. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.#fail('more bytes than the value has');
  }
  /** A map of `n` entries begins. */
  map(n: number): void {
    if (this.#head(MAP) !== n) this.#fail('a map of another size');
  }
  /** The next key of a map. */
  key(name: string): void {
    if (this.#head(TEXT) !== name.length) this.#fail(`no ${name}`);
    const from = this.#take(name.length);
    for (let i = 0; i < name.length; i++) if (this.#bytes[from + i] !== name.charCodeAt(i)) this.#fail(`no ${name}`);
  }
  /** Number of items of an array that begins. */
  array(min: number, max: number): number {
    const n = this.#head(ARRAY);
    if (n < min || n > max) this.#fail('an array out of bounds');
    return n;
  }
  /** Whether null comes next; it is taken. */
  isNull(): boolean {
    if (this.#bytes[this.#at] !== NULL) return false;
    this.#at += 1;
    return true;
  }
  int(min: number, max: number): number {
    const n = this.#head(UNSIGNED);
    if (n < min || n > max) this.#fail('a number out of bounds');
    return n;
  }
  /** `n` numbers from 0 to `max`; none of them are kept where nobody wants them. */
  ints(n: number, max: number, keep: boolean): number[] {
    const out: number[] = [];
    for (let i = 0; i < n; i++) {
      const first = this.#bytes[this.#at] as number;
      // Most are one byte, or two.
      let value: number;
      if (first < 24) {
        this.#at += 1;
        value = first;
      } else value = this.#head(UNSIGNED);
      if (value > max) this.#fail('a number out of bounds');
      if (keep) out.push(value);
    }
    return out;
  }
  /** From 0 to 2^64 - 1. */
  natural(): bigint {
    if (this.#bytes[this.#at] !== 0x1b) return BigInt(this.#head(UNSIGNED));
    const at = this.#take(9);
    const value = this.#view.getBigUint64(at + 1);
    if (value < 0x1_0000_0000n) this.#fail('a number longer than it needs');
    return value;
  }
  /** As {@link natural}; NaN beyond 2^53 - 1. */
  naturalNumber(): number {
    if (this.#bytes[this.#at] !== 0x1b) return this.#head(UNSIGNED);
    const at = this.#take(9);
    const high = this.#view.getUint32(at + 1);
    if (high === 0) this.#fail('a number longer than it needs');
    const value = high * 0x1_0000_0000 + this.#view.getUint32(at + 5);
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
  /** Passes over what {@link natural} would read. */
  skipNatural(): void {
    if (this.#bytes[this.#at] !== 0x1b) {
      this.#head(UNSIGNED);
      return;
    }
    const at = this.#take(9);
    if (this.#view.getUint32(at + 1) === 0) this.#fail('a number longer than it needs');
  }
  /** A view into the bytes. */
  bytes(min: number, max: number): Uint8Array {
    const n = this.#head(BYTES);
    if (n < min || n > max) this.#fail('bytes of another length');
    const from = this.#take(n);
    return this.#bytes.subarray(from, from + n);
  }
  /** Text whose pattern allows nothing but ASCII. */
  ascii(pattern: RegExp, max = 64): string {
    const n = this.#head(TEXT);
    if (n > max) this.#fail('text too long');
    const from = this.#take(n);
    let slot = n;
    for (let i = from; i < from + n; i++) slot = (Math.imul(slot, 31) + (this.#bytes[i] as number)) | 0;
    slot &= MAX_MET - 1;
    const before = met[slot];
    if (before?.pattern === pattern && this.#isText(before.text, from, n)) return before.text;
    const text = this.#letters(from, n);
    if (!pattern.test(text)) this.#fail('text of another form');
    met[slot] = { pattern, text };
    return text;
  }
  /** Bytes that are written as so many lower-case hex digits. */
  hex(length: number): Uint8Array {
    if (this.#head(TEXT) !== 2 * length) this.#fail('hex of another length');
    const from = this.#take(2 * length);
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = (this.#hexDigit(from + 2 * i) << 4) | this.#hexDigit(from + 2 * i + 1);
    return out;
  }

  /** Any one value of the plain kinds: no links, no fractions, no text but ASCII. What the strict decoder makes of it. */
  plain(depth = 0): unknown {
    if (depth > MAX_DEPTH) this.#fail('too deep a value');
    const first = this.#bytes[this.#at] as number;
    if (first === NULL || first === TRUE || first === FALSE) {
      this.#at += 1;
      return first === NULL ? null : first === TRUE;
    }
    const major = first >> 5;
    if (major > MAP) this.#fail('a value of a kind that is not plain');
    const n = this.#head(major);
    if (major === UNSIGNED) return n;
    if (major === NEGATIVE) return Number.isSafeInteger(-1 - n) ? -1 - n : this.#fail('a number out of bounds');
    if (major === BYTES) return this.#bytes.slice(this.#at, this.#take(n) + n);
    if (major === TEXT) return this.#plainText(n);
    if (major === MAP) return this.#plainEntries(n, depth);
    const items: unknown[] = [];
    for (let i = 0; i < n; i++) items.push(this.plain(depth + 1));
    return items;
  }
  #plainText(n: number): string {
    return this.#letters(this.#skipAscii(n), n);
  }
  #plainEntries(n: number, depth: number): Record<string, unknown> {
    const entries: Record<string, unknown> = {};
    let before: string | undefined;
    for (let i = 0; i < n; i++) {
      const key = this.#plainText(this.#head(TEXT));
      if (before !== undefined && (key.length < before.length || (key.length === before.length && key <= before)))
        this.#fail('keys out of order');
      if (key === '__proto__') this.#fail('a key that is no plain one');
      entries[key] = this.plain(depth + 1);
      before = key;
    }
    return entries;
  }

  /** Passes over any one value of the plain kinds. */
  skipPlain(depth = 0): void {
    if (depth > MAX_DEPTH) this.#fail('too deep a value');
    const first = this.#bytes[this.#at] as number;
    if (first === NULL || first === TRUE || first === FALSE) {
      this.#at += 1;
      return;
    }
    const major = first >> 5;
    if (major > MAP) this.#fail('a value of a kind that is not plain');
    const n = this.#head(major);
    if (major === NEGATIVE && !Number.isSafeInteger(-1 - n)) this.#fail('a number out of bounds');
    if (major === BYTES) this.#take(n);
    else if (major === TEXT) this.#skipAscii(n);
    else if (major === ARRAY) for (let i = 0; i < n; i++) this.skipPlain(depth + 1);
    else if (major === MAP) this.#skipEntries(n, depth);
  }

  /** Keys come shorter first, and among those of one length in the order of their bytes, each once. */
  #skipEntries(n: number, depth: number): void {
    let beforeFrom = 0;
    let before = -1;
    for (let i = 0; i < n; i++) {
      const length = this.#head(TEXT);
      const from = this.#skipAscii(length);
      if (length < before || (length === before && this.#compare(beforeFrom, from, length) >= 0))
        this.#fail('keys out of order');
      [beforeFrom, before] = [from, length];
      this.skipPlain(depth + 1);
    }
  }
  #skipAscii(n: number): number {
    const from = this.#take(n);
    for (let i = from; i < from + n; i++) if ((this.#bytes[i] as number) > 127) this.#fail('text beyond ASCII');
    return from;
  }
  #compare(a: number, b: number, length: number): number {
    for (let i = 0; i < length; i++) {
      const difference = (this.#bytes[a + i] as number) - (this.#bytes[b + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }
  #letters(from: number, n: number): string {
    if (n > LETTERS_AT_ONCE)
      return this.#letters(from, LETTERS_AT_ONCE) + this.#letters(from + LETTERS_AT_ONCE, n - LETTERS_AT_ONCE);
    return String.fromCharCode.apply(null, this.#bytes.subarray(from, from + n) as unknown as number[]);
  }
  #isText(text: string, from: number, n: number): boolean {
    if (text.length !== n) return false;
    for (let i = 0; i < n; i++) if (text.charCodeAt(i) !== this.#bytes[from + i]) return false;
    return true;
  }
  #hexDigit(at: number): number {
    const byte = this.#bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
    if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
    return this.#fail('no hex digit');
  }
  #take(n: number): number {
    const from = this.#at;
    if (from + n > this.#bytes.length) this.#fail('the value is cut off');
    this.#at = from + n;
    return from;
  }
  #head(major: number): number {
    const first = this.#bytes[this.#take(1)] as number;
    if (first >> 5 !== major) this.#fail('a value of another kind');
    const info = first & 31;
    if (info < 24) return info;
    if (info === 24) return this.#atLeast(24, this.#bytes[this.#take(1)] as number);
    if (info === 25) return this.#atLeast(0x100, this.#view.getUint16(this.#take(2)));
    if (info === 26) return this.#atLeast(0x1_0000, this.#view.getUint32(this.#take(4)));
    if (info !== 27) this.#fail('a value without a length');
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) this.#fail('a number out of bounds');
    return this.#atLeast(0x1_0000_0000, value);
  }
  /** A value has one form only: the shortest. */
  #atLeast(least: number, value: number): number {
    if (value < least) this.#fail('a number longer than it needs');
    return value;
  }
  #fail(what: string): never {
    throw new NotExact(what, this.#at);
  }
}
