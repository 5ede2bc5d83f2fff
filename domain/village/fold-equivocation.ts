import { type Chains, digestAt, lengthOf } from '../books/chains.ts';
import type { Hlc, KnownRecord } from '../books/record.ts';
import { cidOfDigest } from '../bytes.ts';
import type { Conflict, Device } from './state.ts';

/** What came of a device that wrote two records with one number. */
export interface Freeze {
  /** Shown as the instant of the freeze. */
  readonly from: Hlc;
  readonly counts: (record: KnownRecord) => boolean;
}
export interface Equivocation {
  readonly conflicts: readonly Conflict[];
  readonly frozen: ReadonlyMap<string, Freeze>;
}

const before = (a: Hlc, b: Hlc): boolean => a.ms < b.ms || (a.ms === b.ms && a.n < b.n);
const bookOf = (r: KnownRecord): string => `${r.device}|${r.book}`;

type Seat = readonly [KnownRecord, ...KnownRecord[]];
/** device -> book -> seq -> the records with that number. */
type Seats = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<number, Seat>>>;
const seatOf = (seats: Seats, r: KnownRecord): Seat | undefined => seats.get(r.device)?.get(r.book)?.get(r.seq);

function seatAll(records: readonly KnownRecord[]): Seats {
  const seats = new Map<string, Map<string, Map<number, [KnownRecord, ...KnownRecord[]]>>>();
  for (const r of records) {
    const books = seats.get(r.device) ?? new Map<string, Map<number, [KnownRecord, ...KnownRecord[]]>>();
    if (books.size === 0) seats.set(r.device, books);
    const numbers = books.get(r.book) ?? new Map<number, [KnownRecord, ...KnownRecord[]]>();
    if (numbers.size === 0) books.set(r.book, numbers);
    const seat = numbers.get(r.seq);
    if (seat) seat.push(r);
    else numbers.set(r.seq, [r]);
  }
  return seats;
}

/** Seats that more than one record claims or that a cut has given away, each with its records by id, in one order. */
function contestedIn(seats: Seats, chains: Chains): Seat[] {
  const named: (readonly [string, Seat])[] = [];
  for (const books of seats.values())
    for (const numbers of books.values())
      for (const seat of numbers.values()) {
        const [r] = seat;
        if (seat.length > 1 || r.seq < lengthOf(chains, r.book, r.device)) named.push([`${bookOf(r)}|${r.seq}`, seat]);
      }
  return named
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, seat]) => seat.toSorted((a, b) => (a.id < b.id ? -1 : 1)) as [KnownRecord, ...KnownRecord[]]);
}

/**
 * Two records of one device with the same book and number: both are shown, and the device is frozen. Its key is in two
 * hands then and its clocks prove nothing, so what others had seen decides:
 * - what an anchored cut holds stays, and a branch off it counts for nothing;
 * - of a branch counts what another device had seen, if nobody had seen the other branch;
 * - elsewhere counts what another device had seen, and what is older than that and than both twins.
 * Source: docs/threat-model.md.
 */
export function findEquivocation(
  records: readonly KnownRecord[],
  chains: Chains,
  revoked: ReadonlyMap<string, NonNullable<Device['revoked']>>,
): Equivocation {
  const seats = seatAll(records);
  const contested = contestedIn(seats, chains);
  const conflicts: Conflict[] = [];
  const earliest = new Map<string, Hlc>();
  for (const seat of contested) {
    const [first, ...others] = seat;
    const settled = digestAt(chains, first.book, first.device, first.seq);
    const twins = settled ? seat : others;
    for (const { id, book, seq } of twins) {
      const counts = settled ? cidOfDigest(settled) : first.id;
      conflicts.push({ id, kind: 'equivocation', counts, onHold: id, text: `${book} ${seq}` });
    }
    if (twins.length === 0) continue;
    for (const { device, at } of seat) {
      const known = earliest.get(device);
      if (!known || before(at, known)) earliest.set(device, at);
    }
  }
  if (earliest.size === 0) return { conflicts, frozen: new Map() };
  const byId = new Map(records.map((r) => [r.id, r]));
  const suspects = new Set(earliest.keys());
  const seen = seenByOthers(records, byId, suspects, revoked);
  const forks = forksOf(contested);
  const frozen = new Map<string, Freeze>();
  for (const [device, from] of earliest) {
    const latest = latestOf(records, seen, device);
    const point = latest && before(from, latest) ? latest : from;
    frozen.set(device, { from: point, counts: judge({ seats, forks, byId, seen, chains, from: point }) });
  }
  return { conflicts, frozen };
}

/** Records of suspect devices that a record of another device follows, directly or over `prev`. */
function seenByOthers(
  records: readonly KnownRecord[],
  byId: ReadonlyMap<string, KnownRecord>,
  suspects: ReadonlySet<string>,
  revoked: ReadonlyMap<string, NonNullable<Device['revoked']>>,
): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const witness of records) {
    const last = revoked.get(witness.device)?.last;
    if (suspects.has(witness.device) || (last && witness.seq > (last[witness.book] ?? -1))) continue;
    for (const id of witness.seen) {
      for (let r = byId.get(id); r && suspects.has(r.device) && !seen.has(r.id); r = byId.get(r.prev ?? ''))
        seen.add(r.id);
    }
  }
  return seen;
}

function latestOf(records: readonly KnownRecord[], seen: ReadonlySet<string>, device: string): Hlc | undefined {
  let latest: Hlc | undefined;
  for (const r of records)
    if (r.device === device && seen.has(r.id) && (!latest || before(latest, r.at))) latest = r.at;
  return latest;
}

interface Evidence {
  readonly seats: Seats;
  readonly forks: ReadonlyMap<string, number>;
  readonly byId: ReadonlyMap<string, KnownRecord>;
  readonly seen: ReadonlySet<string>;
  readonly chains: Chains;
  readonly from: Hlc;
}

type Standing = 'void' | 'branch' | 'trunk';

/** Where each book of each device forks first: both branches vouch for what is before it. */
function forksOf(contested: readonly Seat[]): ReadonlyMap<string, number> {
  const forks = new Map<string, number>();
  for (const [r, twin] of contested)
    if (r && twin) forks.set(bookOf(r), Math.min(r.seq, forks.get(bookOf(r)) ?? r.seq));
  return forks;
}

function judge({ seats, forks, byId, seen, chains, from }: Evidence): (record: KnownRecord) => boolean {
  const known = new Map<string, { readonly standing: Standing; readonly counts: boolean }>();
  const one = (r: KnownRecord): { readonly standing: Standing; readonly counts: boolean } => {
    const seat = seatOf(seats, r) ?? [];
    const prev = r.prev === null ? undefined : byId.get(r.prev);
    const above = prev && known.get(prev.id);
    if (above?.standing === 'void' || r.seq < lengthOf(chains, r.book, r.device))
      return { standing: 'void', counts: false };
    const rivalSeen = seat.some((other) => other.id !== r.id && seen.has(other.id));
    if (rivalSeen || (above?.standing === 'branch' && !above.counts)) return { standing: 'branch', counts: false };
    if (seat.length > 1 || above?.standing === 'branch') return { standing: 'branch', counts: seen.has(r.id) };
    const common = r.seq < (forks.get(bookOf(r)) ?? 0);
    return { standing: 'trunk', counts: common || seen.has(r.id) || (before(r.at, from) && above?.counts !== false) };
  };
  return (record) => {
    const line: KnownRecord[] = [];
    for (let r: KnownRecord | undefined = record; r && !known.has(r.id); r = byId.get(r.prev ?? '')) line.push(r);
    for (const r of line.reverse()) known.set(r.id, one(r));
    return known.get(record.id)?.counts ?? false;
  };
}
