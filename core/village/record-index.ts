import type { DeviceKeys } from '#core/crypto/device-keys.ts';
import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import type { RecordTables } from '#core/storage/record-tables.ts';
import { type Chains, holds, noChains } from '#domain/books/chains.ts';
import {
  type BookRecord,
  type Hlc,
  type KnownRecord,
  openRecord,
  recordBytes,
  type SignedRecord,
  tick,
} from '#domain/books/record.ts';
import { cidOf } from '#domain/bytes.ts';
import { DAY_MS } from '#domain/time.ts';

const SEEN = 64;
/** More than these wait for the next record. */
const SEEN_ELSEWHERE = 8;
const NO_SIGNATURE = new Uint8Array(64);
/** The node hands out nothing whose signature it did not check before it stored it. */
const verifiedByNode = (): boolean => true;

/** One act to be written: a record of this device. */
export interface Act {
  readonly book: string;
  readonly kind: string;
  readonly body: unknown;
}

/** What the next record of a device follows. */
export type Head = Pick<KnownRecord, 'id' | 'book' | 'device' | 'seq' | 'at'>;

/** The records of a village that no anchored cut holds, in memory, and what is needed to write the next one. */
export interface RecordIndex {
  readonly outside: ReadonlyMap<string, KnownRecord>;
  /** All records, in memory or not. */
  readonly size: number;
  find(id: string): KnownRecord | undefined;
  /** A checkpoint holds it. */
  isSettled(record: KnownRecord): boolean;
  /** Adds what is new; answers the new ones. */
  add(records: readonly KnownRecord[]): KnownRecord[];
  /** Lets go of the records that a checkpoint holds; answers their ids. */
  settle(chains: Chains): string[];
  heads(): Head[];
  restore(heads: readonly Head[], chains: Chains): void;
  clear(): void;
  /**
   * Signs the next records of this device, one after the other, and names in each what it had seen; call
   * {@link RecordIndex.add} before asking for more.
   */
  make(
    keys: DeviceKeys,
    village: string,
    acts: readonly Act[],
    nowMs: number,
    isFrozen: (device: string) => boolean,
  ): SignedRecord[];
  /** Last seq of each device in each book. */
  positions(): Record<string, Record<string, number>>;
}

/** A record whose signature the node checked before it stored it. */
export function knownRecord(bytes: Uint8Array): KnownRecord | undefined {
  const opened = openRecord({ bytes, sig: NO_SIGNATURE }, verifiedByNode, nativeSha256);
  return opened.ok ? opened.record : undefined;
}

export function createRecordIndex(store: Pick<RecordTables, 'recordBytes' | 'settledRecords'>): RecordIndex {
  const outside = new Map<string, KnownRecord>();
  const last = new Map<string, Head>();
  /** Heads that a record of this console named since it was opened. */
  const witnessed = new Set<string>();
  let settled: Chains = noChains();
  let settledCount: number | undefined;
  let clock: Hlc | undefined;
  const later = (a: Hlc, b: Hlc | undefined): boolean => !b || a.ms > b.ms || (a.ms === b.ms && a.n > b.n);
  const isNew = (record: KnownRecord): boolean => {
    if (outside.has(record.id) || holds(settled, record)) return false;
    outside.set(record.id, record);
    follow(record);
    return true;
  };
  const follow = (head: Head): void => {
    const key = `${head.book}|${head.device}`;
    if (head.seq > (last.get(key)?.seq ?? -1)) last.set(key, head);
  };
  /**
   * Newest records of other devices: all of this book, and of other books those that are not settled and that no record
   * of ours named before, so that whatever reached this console has a witness. A device that is frozen gets none.
   */
  const seenBy = (device: string, book: string, isFrozen: (device: string) => boolean): string[] => {
    const others = [...last.values()]
      .filter((r) => r.device !== device && !isFrozen(r.device))
      .sort((a, b) => b.at.ms - a.at.ms);
    const here = others.filter((r) => r.book === book).slice(0, SEEN);
    const elsewhere = others
      .filter((r) => r.book !== book && outside.has(r.id) && !witnessed.has(r.id))
      .slice(0, SEEN_ELSEWHERE);
    const seen = [...here, ...elsewhere].map((r) => r.id);
    for (const id of seen) witnessed.add(id);
    return seen.sort();
  };
  return {
    outside,
    get size() {
      settledCount ??= store.settledRecords();
      return outside.size + settledCount;
    },
    find(id) {
      const bytes = outside.has(id) ? undefined : store.recordBytes(id);
      return bytes ? knownRecord(bytes) : outside.get(id);
    },
    isSettled: (record) => holds(settled, record),
    add: (records) => records.filter(isNew),
    settle(chains) {
      settled = chains;
      const gone = [...outside.values()].filter((r) => holds(chains, r)).map((r) => r.id);
      for (const id of gone) outside.delete(id);
      settledCount = undefined;
      return gone;
    },
    heads: () => [...last.values()].map(({ id, book, device, seq, at }) => ({ id, book, device, seq, at })),
    restore(heads, chains) {
      settled = chains;
      for (const head of heads) follow(head);
    },
    clear() {
      outside.clear();
      settled = noChains();
      settledCount = undefined;
    },
    make(keys, village, acts, nowMs, isFrozen) {
      // A clock far ahead is set aside by the fold; ours must not follow it there.
      for (const r of last.values()) if (r.at.ms <= nowMs + DAY_MS && later(r.at, clock)) clock = r.at;
      const mine = new Map<string, Pick<Head, 'id' | 'seq'> | undefined>();
      return acts.map(({ book, kind, body }) => {
        clock = tick(clock, nowMs);
        const before = mine.get(book) ?? last.get(`${book}|${keys.id}`);
        const seq = before ? before.seq + 1 : 0;
        const seen = seenBy(keys.id, book, isFrozen);
        const prev = before ? before.id : null;
        const record: BookRecord = { v: 1, village, book, kind, device: keys.id, seq, prev, at: clock, seen, body };
        const bytes = recordBytes(record);
        mine.set(book, { id: cidOf(bytes), seq });
        return { bytes, sig: keys.sign(bytes) };
      });
    },
    positions() {
      const out: Record<string, Record<string, number>> = {};
      for (const r of last.values()) {
        const book = out[r.book] ?? {};
        out[r.book] = { ...book, [r.device]: r.seq };
      }
      return out;
    },
  };
}
