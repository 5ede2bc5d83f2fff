/** Items by key in the order in which they entered, which never change: in memory, or in rows on a disk. */
export interface Items<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** How many entered before it; undefined for a key that is not here. */
  positionOf(key: string): number | undefined;
  /** From a position on. */
  entries(from?: number): Iterable<readonly [string, V]>;
  /** By the order of text no item lies on a shelf before this one. */
  firstShelf(): string | undefined;
  /** By the order of text no item lies on a shelf after this one. */
  lastShelf(): string | undefined;
  /** Those on the shelves from one to another, both inside, by the order of text. */
  within(first: string, last: string): Iterable<readonly [string, V]>;
}

const NOTHING: Items<never> = {
  size: 0,
  get: () => undefined,
  has: () => false,
  positionOf: () => undefined,
  entries: () => [],
  firstShelf: () => undefined,
  lastShelf: () => undefined,
  within: () => [],
};

/** What a map holds beyond what it stands on. */
export interface Laid<V> {
  /** Other values for keys that are below. */
  readonly changed: ReadonlyMap<string, V>;
  /** In order, after all that is below. */
  readonly fresh: ReadonlyMap<string, V>;
}

/** Items on top of others. */
export interface Layered<V> extends Items<V> {
  /** What it stands on. */
  readonly below: Items<V>;
  laid(): Laid<V>;
  shelfOf(key: string, value: V): string;
}

/**
 * A map on top of items that lie elsewhere and are read when they are asked for, so that it costs what was added and not
 * what there is. Equal to a `Map` into which the same was put, whatever lies below.
 */
export class LayeredMap<V> implements Layered<V>, Iterable<readonly [string, V]> {
  readonly #shelfOf: (value: V, key: string) => string;
  readonly #below: Items<V>;
  #changed: Map<string, V>;
  #fresh: Map<string, V>;
  #isShared = false;
  #places: Map<string, number> | undefined;
  #shelves: Map<string, string[]> | undefined;

  /** @param shelfOf the shelf that a value is looked for on together with others */
  constructor(shelfOf: (value: V, key: string) => string, below: Items<V> = NOTHING, laid?: Laid<V>) {
    this.#shelfOf = shelfOf;
    this.#below = below;
    this.#changed = new Map(laid?.changed);
    this.#fresh = new Map(laid?.fresh);
  }

  get below(): Items<V> {
    return this.#below;
  }
  get size(): number {
    return this.#below.size + this.#fresh.size;
  }
  get(key: string): V | undefined {
    return this.#fresh.get(key) ?? this.#changed.get(key) ?? this.#below.get(key);
  }
  has(key: string): boolean {
    return this.#fresh.has(key) || this.#below.has(key);
  }
  set(key: string, value: V): this {
    this.#own();
    const isBelow = !this.#fresh.has(key) && this.#below.has(key);
    if (isBelow) this.#changed.set(key, value);
    else this.#fresh.set(key, value);
    this.#places = undefined;
    this.#shelves = undefined;
    return this;
  }
  positionOf(key: string): number | undefined {
    this.#places ??= new Map([...this.#fresh.keys()].map((k, i) => [k, i]));
    const at = this.#places.get(key);
    return at === undefined ? this.#below.positionOf(key) : this.#below.size + at;
  }
  *entries(from = 0): Generator<readonly [string, V]> {
    if (from < this.#below.size)
      for (const [key, value] of this.#below.entries(from)) yield [key, this.#changed.get(key) ?? value];
    let skip = from - this.#below.size;
    for (const entry of this.#fresh) if (skip-- <= 0) yield entry;
  }
  *keys(from = 0): Generator<string> {
    for (const [key] of this.entries(from)) yield key;
  }
  *values(from = 0): Generator<V> {
    for (const [, value] of this.entries(from)) yield value;
  }
  [Symbol.iterator](): Generator<readonly [string, V]> {
    return this.entries();
  }
  *within(first: string, last: string): Generator<readonly [string, V]> {
    for (const entry of this.#below.within(first, last)) if (!this.#changed.has(entry[0])) yield entry;
    this.#shelves ??= this.#shelve();
    const shelves = first === last ? [first] : [...this.#shelves.keys()].filter((s) => s >= first && s <= last);
    for (const shelf of shelves) for (const key of this.#shelves.get(shelf) ?? []) yield [key, this.get(key) as V];
  }
  firstShelf(): string | undefined {
    this.#shelves ??= this.#shelve();
    let first = this.#below.firstShelf();
    for (const shelf of this.#shelves.keys()) if (first === undefined || shelf < first) first = shelf;
    return first;
  }
  lastShelf(): string | undefined {
    this.#shelves ??= this.#shelve();
    let last = this.#below.lastShelf();
    for (const shelf of this.#shelves.keys()) if (last === undefined || shelf > last) last = shelf;
    return last;
  }
  /** A copy that goes its own way. */
  fork(): LayeredMap<V> {
    const copy = new LayeredMap(this.#shelfOf, this.#below);
    copy.#changed = this.#changed;
    copy.#fresh = this.#fresh;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }
  /** The same on other items below, which hold what this one laid on its own. */
  standingOn(below: Items<V>): LayeredMap<V> {
    return new LayeredMap(this.#shelfOf, below);
  }
  laid(): Laid<V> {
    return { changed: this.#changed, fresh: this.#fresh };
  }
  shelfOf(key: string, value: V): string {
    return this.#shelfOf(value, key);
  }

  #own(): void {
    if (!this.#isShared) return;
    this.#changed = new Map(this.#changed);
    this.#fresh = new Map(this.#fresh);
    this.#isShared = false;
  }
  #shelve(): Map<string, string[]> {
    const shelves = new Map<string, string[]>();
    for (const laid of [this.#changed, this.#fresh])
      for (const [key, value] of laid) {
        const shelf = this.#shelfOf(value, key);
        const keys = shelves.get(shelf);
        if (keys) keys.push(key);
        else shelves.set(shelf, [key]);
      }
    return shelves;
  }
}
