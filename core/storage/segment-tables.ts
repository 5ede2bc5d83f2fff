import { type ChainRun, SEGMENT_CHAIN } from '#domain/metering/chain-runs.ts';
import { DAY_AWAY, MONTH_AWAY } from './archive-tables.ts';
import { addToChains } from './chain-tables.ts';
import { type Database, int, type Row, text } from './open-database.ts';
import { dropSettled } from './settled-tables.ts';

/** Read models of the books: may be dropped and made again. */
export const SEGMENT_TABLES = `
   create table segment (cid text primary key, state text not null, reason text not null, bytes integer not null,
     locked integer not null, away integer not null default 0, lost integer not null default 0,
     linked integer not null default 0, against text) strict, without rowid;
   create index segment_bad on segment (cid) where state = 'bad';
   create index segment_locked on segment (cid, locked) where locked > 0;
   create table frame (segment text not null, meter text not null, from_ms integer not null, step_ms integer not null,
     intervals integer not null, signature_ok integer not null, key text not null, sealed blob not null) strict;
   create unique index frame_by_meter on frame (meter, from_ms, segment);
   create table locked_frame (segment text not null, meter text not null, key text not null, frames integer not null,
     leaves blob not null, away integer not null default 0, primary key (segment, meter, key)) strict, without rowid;
   create index locked_by_key on locked_frame (key, segment);
   create index locked_by_meter on locked_frame (meter);`;

/** 'bad': kept out for good, with the reason. Not in the table: not here, or not looked at yet. */
export type SegmentState = 'verified' | 'bad';

export interface StoredFrame {
  readonly segment: string;
  readonly meter: string;
  readonly fromMs: number;
  readonly stepMs: number;
  readonly intervals: number;
  readonly signatureOk: boolean;
  /** Id of the audience key that opens it. */
  readonly key: string;
  /** As the gateway sealed it: IV, ciphertext, tag. */
  readonly sealed: Uint8Array;
}

/** Frames of one meter whose key this device was not given. */
export interface LockedFrames {
  readonly meter: string;
  readonly key: string;
  readonly frames: number;
  /** Their leaves in hex, one after the other. */
  readonly leaves: string;
}

/** What a segment says of the chains of its gateway: what it follows itself, and what each frame follows. */
export interface SegmentChain {
  readonly device: string;
  readonly prev: string | null;
  /** Of the frames that opened and that the gateway itself read: leaf, and leaf of the frame before, in hex. */
  readonly frames: readonly {
    readonly meter: string;
    readonly key: string;
    readonly prev: string | null;
    readonly leaf: string;
  }[];
}

export interface Against {
  readonly device: string;
  readonly announcement: string;
}
function readAgainst(row: string): Against {
  const [device = '', announcement = ''] = row.split(' ');
  return { device, announcement };
}

export interface CheckedSegment {
  readonly cid: string;
  readonly state: SegmentState;
  readonly reason: string;
  readonly bytes: number;
  /** Of what is bad: the device that the block names ('' for none), and the announcement it was held against. */
  readonly against: Against | null;
  /** Those that opened now; those opened before are not repeated. */
  readonly frames: readonly StoredFrame[];
  /** All that stay closed. */
  readonly locked: readonly LockedFrames[];
  readonly chain: SegmentChain;
}

export interface SegmentRow {
  readonly state: SegmentState;
  readonly reason: string;
  readonly against: Against | null;
  readonly bytes: number;
  /** Frames in it that are not shared with this device. */
  readonly locked: number;
  /** It was checked here and is in the file of its month now: frames and block are not on this disk. */
  readonly away: boolean;
  /** Its block on this disk was damaged and is to be had again; its frames are here. */
  readonly lost: boolean;
}

/** Segments that are not here, and frames that are here and closed to this device. */
export interface Unread {
  readonly absent: number;
  readonly locked: number;
}

export interface SegmentTables {
  segment(cid: string): SegmentRow | undefined;
  segments(): Map<string, SegmentRow>;
  /**
   * One transaction, without waiting for the disk: after a power cut the last ones may be missing and are checked again
   * from their blocks.
   */
  putSegments(checked: readonly CheckedSegment[]): void;
  /** The block of a verified segment is not on this disk any more. Answers whether that is news. */
  markLost(cid: string): boolean;
  /** Segments that are kept out for good. */
  badSegments(): string[];
  /** Of so many segments that are settled at a cut, those that entered first: how many have no row, and how many of their frames are not shared with this device. */
  unreadSettled(cut: number, segments: number): Unread;
  /** How many frames of these segments are not shared with this device. */
  lockedIn(cids: Iterable<string>): number;
  /** Frames that are not shared with this device, by meter. */
  lockedByMeter(): Map<string, number>;
  segmentsLockedBy(key: string): string[];
  /**
   * Forgets everything that the books can tell again. What was made from months that are not here stays, and with
   * `exceptCheckpoint` the state at the last anchored cut.
   */
  dropReadModels(how?: { readonly exceptCheckpoint: boolean }): void;
}

/** A second announcement of a block lies under its name and that of the device. */
const BLOCK_OF_KEY = `substr(key, 1, instr(key || ' ', ' ') - 1)`;

const rowOf = (r: Row): SegmentRow => ({
  state: text(r, 'state') as SegmentState,
  reason: text(r, 'reason'),
  against: r['against'] === null ? null : readAgainst(text(r, 'against')),
  bytes: int(r, 'bytes'),
  locked: int(r, 'locked'),
  away: int(r, 'away') === 1,
  lost: int(r, 'lost') === 1,
});
export function segmentTables(db: Database): SegmentTables {
  const put = ({ cid, state, reason, bytes, against, locked, chain }: CheckedSegment): ChainRun[] => {
    const before = db.get('select state, locked, linked from segment where cid = ?', cid);
    // One that was bad had the chain of whoever announced it.
    const isLinked = before !== undefined && text(before, 'state') !== 'bad' && int(before, 'linked') === 1;
    const closedBefore = new Set<string>();
    if (before && int(before, 'locked') > 0) {
      for (const r of db.all('select meter, key from locked_frame where segment = ?', cid))
        closedBefore.add(`${text(r, 'meter')} ${text(r, 'key')}`);
      db.run('delete from locked_frame where segment = ?', cid);
    }
    if (before && state === 'bad') db.run('delete from frame where segment = ?', cid);
    const closed = locked.reduce((n, l) => n + l.frames, 0);
    db.run(
      'insert or replace into segment values (?, ?, ?, ?, ?, 0, 0, 1, ?)',
      cid,
      state,
      reason,
      bytes,
      closed,
      against && `${against.device} ${against.announcement}`,
    );
    for (const { meter, key, frames: n, leaves } of locked)
      db.run('insert into locked_frame values (?, ?, ?, ?, ?, 0)', cid, meter, key, n, Buffer.from(leaves, 'hex'));
    const { device, prev } = chain;
    const links: ChainRun[] = isLinked ? [] : [{ device, meter: SEGMENT_CHAIN, head: prev, tail: cid, segment: cid }];
    for (const { meter, key, prev: head, leaf: tail } of chain.frames) {
      if (!isLinked || closedBefore.has(`${meter} ${key}`)) links.push({ device, meter, head, tail, segment: cid });
    }
    return links;
  };
  /** Meter by meter: the index is in that order, and so are the rows that are read together. */
  const putFrames = (checked: readonly CheckedSegment[]): void => {
    const byMeter = Map.groupBy(
      checked.flatMap(({ frames }) => frames),
      ({ meter }) => meter,
    );
    for (const frames of byMeter.values()) {
      for (const f of frames) {
        db.run(
          'insert or ignore into frame values (?, ?, ?, ?, ?, ?, ?, ?)',
          f.segment,
          f.meter,
          f.fromMs,
          f.stepMs,
          f.intervals,
          f.signatureOk ? 1 : 0,
          f.key,
          f.sealed,
        );
      }
    }
  };
  return {
    segment(cid) {
      const row = db.get('select * from segment where cid = ?', cid);
      return row ? rowOf(row) : undefined;
    },
    segments: () => new Map(db.all('select * from segment').map((r) => [text(r, 'cid'), rowOf(r)])),
    putSegments: (checked) =>
      db.relaxed(() => {
        addToChains(db, checked.flatMap(put));
        putFrames(checked);
      }),
    markLost(cid) {
      const row = db.get(`select 1 from segment where cid = ? and state = 'verified' and away + lost = 0`, cid);
      if (row) db.run('update segment set lost = 1 where cid = ?', cid);
      return row !== undefined;
    },
    badSegments: () => db.all("select cid from segment where state = 'bad'").map((r) => text(r, 'cid')),
    unreadSettled(cut, segments) {
      const settled = `from settled where kind = 'segments' and key = cid and since <= ? and until > ? and place < ?`;
      const locked = `select coalesce(sum(locked), 0) as n from segment where locked > 0 and exists (select 1 ${settled})`;
      const here = `select count(*) as n from settled where kind = 'segments' and since <= ? and until > ? and place < ?
        and exists (select 1 from segment where cid = ${BLOCK_OF_KEY})`;
      const areHere = int(db.get('select first from segments_here') ?? { first: 0 }, 'first') >= segments;
      return {
        absent: areHere ? 0 : segments - int(db.get(here, cut, cut, segments) ?? {}, 'n'),
        locked: int(db.get(locked, cut, cut, segments) ?? {}, 'n'),
      };
    },
    lockedIn(cids) {
      let n = 0;
      for (const cid of cids)
        n += int(db.get('select locked from segment where cid = ?', cid) ?? { locked: 0 }, 'locked');
      return n;
    },
    lockedByMeter: () =>
      new Map(
        db
          .all('select meter, sum(frames) as n from locked_frame where away = 0 group by meter')
          .map((r) => [text(r, 'meter'), int(r, 'n')]),
      ),
    segmentsLockedBy: (key) =>
      db
        .all('select distinct segment from locked_frame where key = ? and away = 0', key)
        .map((r) => text(r, 'segment')),
    dropReadModels: (how) =>
      db.transaction(() => {
        for (const table of [
          'frame',
          'locked_frame',
          'chain_run',
          'record',
          'book_read',
          'segments_here',
          'days_looked',
          'month_known',
        ])
          db.run(`delete from ${table}`);
        db.run('delete from segment where away = 0');
        db.run('update segment set linked = 0');
        db.run(`delete from day_sums where not ${DAY_AWAY}`);
        db.run(`delete from month_energy where month not in (select month from archived_month where ${MONTH_AWAY})`);
        db.run(`delete from verified_close where not exists (select 1 from archived_month where ${MONTH_AWAY})`);
        if (how?.exceptCheckpoint) return;
        for (const table of ['checkpoint', 'started_from']) db.run(`delete from ${table}`);
        dropSettled(db);
      }),
  };
}
