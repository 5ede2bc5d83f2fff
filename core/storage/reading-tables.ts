import { blob, type Database, int, type Row, text } from './open-database.ts';
import type { StoredFrame } from './segment-tables.ts';

/** The UTC day of a settled segment. */
const dayOfSettled = (cid: string): string =>
  `(select min(shelf) from settled where kind = 'segments' and key >= ${cid} and key < ${cid} || '!')`;
/** A day is part of its month, in any zone, and of the one before where that ends with it; later months follow. */
const forgetMonths = (day: string): string =>
  `delete from month_known where month >= substr(date(${day}, '-3 days'), 1, 7);`;

/** What was computed from frames, sealed under the data key: may be dropped and made again. */
export const READING_TABLES = `
   create table day_sums (from_ms integer primary key, inputs text not null, late text not null,
     pending integer not null, sums blob not null, hours blob not null) strict;
   create index day_pending on day_sums (from_ms) where pending > 0;
   create table days_looked (one integer primary key check (one = 1), stamp text not null) strict;
   create table month_energy (month text not null, inputs text not null, sealed blob not null,
     primary key (month, inputs)) strict;
   create table verified_close (digest text primary key, sealed blob not null) strict;
   -- what the energy of a month is known to be made of, without a look at its days; the triggers take it back
   create table month_known (month text primary key, stamp text not null, inputs text not null) strict, without rowid;
   create table segment_changes (one integer primary key check (one = 1), n integer not null) strict;
   insert into segment_changes values (1, 0);
   create trigger segment_put after insert on segment begin
     ${forgetMonths(dayOfSettled('new.cid'))} update segment_changes set n = n + 1; end;
   create trigger segment_judged after update of state, locked on segment begin
     ${forgetMonths(dayOfSettled('new.cid'))} update segment_changes set n = n + 1; end;
   create trigger segment_gone after delete on segment begin
     ${forgetMonths(dayOfSettled('old.cid'))} update segment_changes set n = n + 1; end;
   create trigger settled_put after insert on settled when new.kind in ('segments', 'decisions') begin
     ${forgetMonths('new.shelf')} end;
   create trigger vouched_put after insert on settled when new.kind = 'vouched' begin
     ${forgetMonths(dayOfSettled('new.key'))} end;`;

/** Judged months kept side by side: as they are, and as the cuts of rival closes see them. */
const MONTHS_KEPT = 4;

export interface StoredDay {
  readonly fromMs: number;
  /** Fingerprint of everything the day was made from. */
  readonly inputs: string;
  /** Meters read on the day and entered in the books only after it, with what the books say of them. */
  readonly late: string;
  /** Spikes in it that wait for a decision. */
  readonly pending: number;
  readonly sums: Uint8Array;
  readonly hours: Uint8Array;
}

export interface KnownMonth {
  readonly stamp: string;
  readonly inputs: string;
}

/** What opening a frame takes, and judging what is in it. */
export type StoredDayFrame = Pick<StoredFrame, 'segment' | 'meter' | 'signatureOk' | 'key' | 'sealed'>;

/** Frames by time, and what was made of them. */
export interface ReadingTables {
  /** Frames of all meters that start in [fromMs, toMs), meter by meter, each in order of time. */
  framesOn(fromMs: number, toMs: number): StoredDayFrame[];
  /** Frames of a meter that start in [fromMs, toMs), in order of time. */
  framesOf(meter: string, fromMs: number, toMs: number): StoredFrame[];
  /** Newest frames of a meter that start before `beforeMs`. */
  lastFrames(meter: string, beforeMs: number, limit: number): StoredFrame[];
  daySums(fromMs: number): Pick<StoredDay, 'inputs' | 'late' | 'sums'> | undefined;
  dayHours(fromMs: number, inputs: string): Uint8Array | undefined;
  /** What each judged day was made from. */
  /** Of the days that start in [fromMs, toMs]. */
  dayInputs(fromMs: number, toMs: number): Map<number, Pick<StoredDay, 'inputs' | 'late'>>;
  /** Days on which spikes wait for a decision, newest first. */
  pendingDays(): number[];
  putDay(day: StoredDay): void;
  /** With which stamp all days before the recent ones were looked through last; '': not since something changed. */
  daysLooked(): string;
  putDaysLooked(stamp: string): void;
  monthEnergy(month: string, inputs: string): Uint8Array | undefined;
  putMonthEnergy(month: string, inputs: string, sealed: Uint8Array): void;
  /** What the energy of a month is made of, as it was found under a stamp of what does not lie settled here. */
  knownMonth(month: string): KnownMonth | undefined;
  putKnownMonth(month: string, known: KnownMonth): void;
  /** Grows with every change of what segments are here and of what is locked in them. */
  segmentChanges(): number;
  verifiedClose(digest: string): Uint8Array | undefined;
  putVerifiedClose(digest: string, sealed: Uint8Array): void;
}

const frameOf = (r: Row): StoredFrame => ({
  segment: text(r, 'segment'),
  meter: text(r, 'meter'),
  fromMs: int(r, 'from_ms'),
  stepMs: int(r, 'step_ms'),
  intervals: int(r, 'intervals'),
  signatureOk: int(r, 'signature_ok') === 1,
  key: text(r, 'key'),
  sealed: blob(r, 'sealed'),
});

/** One look into the index per meter, however many frames there are. */
const FRAMES_ON = `with recursive next(meter) as (select min(meter) from frame
  union all select (select min(meter) from frame where meter > next.meter) from next where next.meter is not null)
  select frame.segment, frame.meter, frame.signature_ok, frame.key, frame.sealed
  from next cross join frame on frame.meter = next.meter and frame.from_ms >= ? and frame.from_ms < ?
  order by frame.meter, frame.from_ms, frame.segment`;

export function readingTables(db: Database): ReadingTables {
  const sealedIn = (row: Row | undefined, column: string): Uint8Array | undefined => row && blob(row, column);
  return {
    framesOn: (from, to) =>
      db.all(FRAMES_ON, from, to).map((r) => ({
        segment: text(r, 'segment'),
        meter: text(r, 'meter'),
        signatureOk: int(r, 'signature_ok') === 1,
        key: text(r, 'key'),
        sealed: blob(r, 'sealed'),
      })),
    framesOf: (meter, from, to) =>
      db
        .all(
          'select * from frame where meter = ? and from_ms >= ? and from_ms < ? order by from_ms, segment',
          meter,
          from,
          to,
        )
        .map(frameOf),
    lastFrames: (meter, before, limit) =>
      db
        .all(
          'select * from frame where meter = ? and from_ms < ? order by from_ms desc, segment limit ?',
          meter,
          before,
          limit,
        )
        .map(frameOf),
    daySums(fromMs) {
      const row = db.get('select inputs, late, sums from day_sums where from_ms = ?', fromMs);
      return row && { inputs: text(row, 'inputs'), late: text(row, 'late'), sums: blob(row, 'sums') };
    },
    dayHours: (fromMs, inputs) =>
      sealedIn(db.get('select hours from day_sums where from_ms = ? and inputs = ?', fromMs, inputs), 'hours'),
    dayInputs: (fromMs, toMs) =>
      new Map(
        db
          .all('select from_ms, inputs, late from day_sums where from_ms between ? and ?', fromMs, toMs)
          .map((r) => [int(r, 'from_ms'), { inputs: text(r, 'inputs'), late: text(r, 'late') }]),
      ),
    pendingDays: () =>
      db.all('select from_ms from day_sums where pending > 0 order by from_ms desc').map((r) => int(r, 'from_ms')),
    daysLooked: () => text(db.get('select stamp from days_looked') ?? { stamp: '' }, 'stamp'),
    putDaysLooked: (stamp) => db.relaxed(() => db.run('insert or replace into days_looked values (1, ?)', stamp)),
    putDay: (d) =>
      db.relaxed(() =>
        db.run(
          'insert or replace into day_sums values (?, ?, ?, ?, ?, ?)',
          d.fromMs,
          d.inputs,
          d.late,
          d.pending,
          d.sums,
          d.hours,
        ),
      ),
    monthEnergy: (month, inputs) =>
      sealedIn(db.get('select sealed from month_energy where month = ? and inputs = ?', month, inputs), 'sealed'),
    putMonthEnergy: (month, inputs, sealed) =>
      db.relaxed(() => {
        db.run('insert or replace into month_energy values (?, ?, ?)', month, inputs, sealed);
        db.run(
          `delete from month_energy where month = ? and rowid not in
             (select rowid from month_energy where month = ? order by rowid desc limit ${MONTHS_KEPT})`,
          month,
          month,
        );
      }),
    knownMonth(month) {
      const row = db.get('select stamp, inputs from month_known where month = ?', month);
      return row && { stamp: text(row, 'stamp'), inputs: text(row, 'inputs') };
    },
    putKnownMonth: (month, { stamp, inputs }) =>
      db.relaxed(() => db.run('insert or replace into month_known values (?, ?, ?)', month, stamp, inputs)),
    segmentChanges: () => int(db.get('select n from segment_changes') ?? {}, 'n'),
    verifiedClose: (digest) => sealedIn(db.get('select sealed from verified_close where digest = ?', digest), 'sealed'),
    putVerifiedClose: (digest, sealed) => db.run('insert or replace into verified_close values (?, ?)', digest, sealed),
  };
}
