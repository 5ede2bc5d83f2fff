import type { DeviceKeys } from '#core/crypto/device-keys.ts';
import {
  type BookRecord,
  type Hlc,
  type KnownRecord,
  openRecord,
  recordBytes,
  type SignedRecord,
  tick,
} from '#domain/books/record.ts';
import { DAY_MS } from '#domain/time.ts';

const SEEN = 64;
/** The node hands out nothing whose signature it did not check before it stored it. */
const verifiedByNode = (): boolean => true;

/** All records of a village in memory, and what is needed to write the next one. */
export interface RecordIndex {
  readonly all: ReadonlyMap<string, KnownRecord>;
  /** Adds what is new of the records that the node gave; answers the new ones. */
  absorb(records: readonly SignedRecord[]): KnownRecord[];
  /** Signs the next record of this device in a book; call {@link RecordIndex.absorb} before asking for another. */
  make(keys: DeviceKeys, village: string, book: string, kind: string, body: unknown, nowMs: number): SignedRecord;
  /** Last seq of each device in each book. */
  positions(): Record<string, Record<string, number>>;
}

export function createRecordIndex(): RecordIndex {
  const all = new Map<string, KnownRecord>();
  const last = new Map<string, KnownRecord>();
  let clock: Hlc | undefined;
  const later = (a: Hlc, b: Hlc | undefined): boolean => !b || a.ms > b.ms || (a.ms === b.ms && a.n > b.n);
  return {
    all,
    absorb(records) {
      const fresh: KnownRecord[] = [];
      for (const signed of records) {
        const opened = openRecord(signed, verifiedByNode);
        if (!opened.ok || all.has(opened.record.id)) continue;
        const { record } = opened;
        all.set(record.id, record);
        fresh.push(record);
        const key = `${record.book}|${record.device}`;
        if (record.seq > (last.get(key)?.seq ?? -1)) last.set(key, record);
      }
      return fresh;
    },
    make(keys, village, book, kind, body, nowMs) {
      // A clock far ahead is set aside by the fold; ours must not follow it there.
      for (const r of last.values()) if (r.at.ms <= nowMs + DAY_MS && later(r.at, clock)) clock = r.at;
      clock = tick(clock, nowMs);
      const mine = last.get(`${book}|${keys.id}`);
      const seen = [...last.values()]
        .filter((r) => r.book === book && r.device !== keys.id)
        .sort((a, b) => b.at.ms - a.at.ms)
        .slice(0, SEEN)
        .map((r) => r.id)
        .sort();
      const record: BookRecord = {
        v: 1,
        village,
        book,
        kind,
        device: keys.id,
        seq: mine ? mine.seq + 1 : 0,
        prev: mine ? mine.id : null,
        at: clock,
        seen,
        body,
      };
      const bytes = recordBytes(record);
      return { bytes, sig: keys.sign(bytes) };
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
