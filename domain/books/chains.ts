import { concat, digestOf, equalBytes } from '../bytes.ts';
import { LayeredMap } from '../layered-map.ts';
import type { KnownRecord } from './record.ts';

/** The last record of a device in a book that a cut holds. As records are chained by `prev`, its id fixes all before it. */
export interface Position {
  readonly seq: number;
  readonly id: string;
}
/** What moved on since the cut before: book -> device -> position. */
export interface Cut {
  readonly [book: string]: { readonly [device: string]: Position };
}

export const DIGEST_BYTES = 32;
/** `book device` -> digests of its records there by seq, 32 bytes each. */
export type Chains = LayeredMap<Uint8Array>;
export const noChains = (): Chains => new LayeredMap<Uint8Array>(() => '');

const chainOf = (chains: Chains, book: string, device: string): Uint8Array | undefined =>
  chains.get(`${book} ${device}`);

/** How many records of a device in a book the chains hold; numbers below this are taken for good. */
export const lengthOf = (chains: Chains, book: string, device: string): number =>
  (chainOf(chains, book, device)?.length ?? 0) / DIGEST_BYTES;

/** The digest of the record at a number; undefined when the chains do not reach it. */
export function digestAt(chains: Chains, book: string, device: string, seq: number): Uint8Array | undefined {
  const chain = chainOf(chains, book, device);
  if (!chain || (seq + 1) * DIGEST_BYTES > chain.length) return undefined;
  return chain.subarray(seq * DIGEST_BYTES, (seq + 1) * DIGEST_BYTES);
}

/** Whether exactly this record, and not a twin of it, is on the chains. */
export function holds(chains: Chains, record: Pick<KnownRecord, 'id' | 'book' | 'device' | 'seq'>): boolean {
  const at = digestAt(chains, record.book, record.device, record.seq);
  return at !== undefined && equalBytes(at, digestOf(record.id));
}

export type Followed =
  | { readonly ok: true; readonly records: readonly KnownRecord[] }
  /** So many records that it names are not here. */
  | { readonly ok: false; readonly missing: number }
  | { readonly ok: false; readonly missing: 0; readonly fault: string };

/** The records that a cut adds to the chains: from each position back along `prev` to where the chain ends. */
export function followCut(chains: Chains, cut: Cut, find: (id: string) => KnownRecord | undefined): Followed {
  const records: KnownRecord[] = [];
  let missing = 0;
  for (const [book, devices] of Object.entries(cut)) {
    for (const [device, position] of Object.entries(devices)) {
      const known = lengthOf(chains, book, device);
      if (position.seq < known) return fault('the cut goes back behind the one before');
      let id: string | null = position.id;
      for (let seq = position.seq; seq >= known; seq--) {
        const record: KnownRecord | undefined = id === null ? undefined : find(id);
        if (!record) {
          missing += seq - known + 1;
          id = null;
          break;
        }
        if (record.book !== book || record.device !== device || record.seq !== seq)
          return fault('the cut names a record in another place');
        records.push(record);
        id = record.prev;
        if (seq === known && !joins(chains, book, device, known, record.prev))
          return fault('the cut follows another chain than the one before');
      }
    }
  }
  return missing > 0 ? { ok: false, missing } : { ok: true, records };
}

const fault = (text: string): Followed => ({ ok: false, missing: 0, fault: text });

function joins(chains: Chains, book: string, device: string, known: number, prev: string | null): boolean {
  if (known === 0) return prev === null;
  const last = digestAt(chains, book, device, known - 1);
  return prev !== null && last !== undefined && equalBytes(last, digestOf(prev));
}

/** The chains with the records that {@link followCut} found. */
export function extend(chains: Chains, records: readonly KnownRecord[]): Chains {
  const added = Map.groupBy(records, (r) => `${r.book} ${r.device}`);
  const out = chains.fork();
  for (const [place, list] of added) {
    const digests = list.sort((a, b) => a.seq - b.seq).map((r) => digestOf(r.id));
    out.set(place, concat(out.get(place) ?? new Uint8Array(), ...digests));
  }
  return out;
}

/**
 * The furthest positions that can be named now: from the end of each chain on, record after record that is here and may
 * be named. Where a device forked, the branch goes on that alone may be.
 */
export function positionsOf(
  chains: Chains,
  outside: Iterable<KnownRecord>,
  mayName: (record: KnownRecord) => boolean,
): Cut {
  const seats = new Map<string, KnownRecord[]>();
  const places = new Map<string, { readonly book: string; readonly device: string }>();
  for (const r of outside) {
    const place = `${r.book}|${r.device}`;
    places.set(place, r);
    const seat = `${place}|${r.seq}`;
    const list = seats.get(seat);
    if (list) list.push(r);
    else seats.set(seat, [r]);
  }
  const cut: Record<string, Record<string, Position>> = {};
  for (const [place, { book, device }] of [...places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let last: KnownRecord | undefined;
    for (let seq = lengthOf(chains, book, device); ; seq++) {
      const next: KnownRecord[] = (seats.get(`${place}|${seq}`) ?? []).filter(
        (r) => mayName(r) && (last ? r.prev === last.id : joins(chains, book, device, seq, r.prev)),
      );
      if (next.length !== 1) break;
      last = next[0];
    }
    if (!last) continue;
    const ofBook = cut[book] ?? {};
    ofBook[device] = { seq: last.seq, id: last.id };
    cut[book] = ofBook;
  }
  return cut;
}
