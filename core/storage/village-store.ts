import type { DataKey } from '#core/crypto/data-key.ts';
import { ARCHIVE_TABLES, type ArchiveTables, archiveTables } from './archive-tables.ts';
import { BUNDLE_TABLES, type BundleTables, bundleTables } from './bundle-tables.ts';
import { CHAIN_TABLES, type ChainTables, chainTables } from './chain-tables.ts';
import { FETCH_TABLES, type FetchTables, fetchTables } from './fetch-tables.ts';
import { blob, int, openDatabase, text } from './open-database.ts';
import { pollOf, type RawReading, readingOf, sealReading } from './raw-readings.ts';
import { READING_TABLES, type ReadingTables, readingTables } from './reading-tables.ts';
import { RECORD_TABLES, type RecordTables, recordTables } from './record-tables.ts';
import { SEGMENT_TABLES, type SegmentTables, segmentTables } from './segment-tables.ts';
import { SETTLED_TABLES, type SettledTables, settledTables } from './settled-tables.ts';

const MIGRATIONS = [
  `-- what this console alone knows
   create table local_meter (meter text primary key, address blob not null, added_ms integer not null) strict;
   create table reading (meter text not null, at_ms integer not null, answered integer not null, sealed blob not null,
     primary key (meter, at_ms)) strict, without rowid;
   -- the ends of this device's chains: of each meter it reads, and of its segments
   create table sealed_until (meter text primary key, to_ms integer not null, leaf text) strict;
   create table last_segment (one integer primary key check (one = 1), cid text not null) strict;
   create table pending_segment (cid text primary key, block blob not null, announce blob not null, until text not null) strict;
   create table refused (at_ms integer not null, peer text not null, book text not null, reason text not null,
     primary key (peer, book, reason)) strict, without rowid;
   create table submission (digest text primary key, state text not null, detail text not null, at_ms integer not null) strict;${BUNDLE_TABLES}${ARCHIVE_TABLES}${FETCH_TABLES}
   -- read models of the books
${SEGMENT_TABLES}
${CHAIN_TABLES}
${RECORD_TABLES}
${SETTLED_TABLES}
${READING_TABLES}`,
];

export interface PendingSegment {
  readonly cid: string;
  readonly block: Uint8Array;
  /** Canonical body of its `segment.announce` record. */
  readonly announce: Uint8Array;
  readonly until: readonly { readonly meter: string; readonly toMs: number; readonly leaf: string }[];
}
/** One village's SQLite: raw readings and local settings (kept), segments and frames (read models). */
export interface VillageStore
  extends SegmentTables,
    ChainTables,
    ReadingTables,
    RecordTables,
    SettledTables,
    BundleTables,
    ArchiveTables,
    FetchTables {
  readonly path: string;
  addLocalMeter(meter: string, address: string, atMs: number): void;
  removeLocalMeter(meter: string): void;
  localMeters(): { readonly meter: string; readonly address: string }[];
  addReadings(readings: readonly RawReading[]): void;
  /** Readings of one meter in [from, to]. Where only the edges of a step are wanted, polls inside it come without what they said. */
  readings(meter: string, fromMs: number, toMs: number, stepMs?: number): RawReading[];
  lastReading(meter: string): RawReading | undefined;
  firstReadingMs(meter: string): number | undefined;
  /** Instant of the newest poll of any meter. */
  lastPollMs(): number | undefined;
  /** Drops polls that are neither edges of the step nor newer than `beforeMs`. */
  dropInner(beforeMs: number, stepMs: number): void;
  /** How far a meter is sealed, and the leaf of its newest frame; null where this device sealed none of it. */
  sealedUntil(meter: string): { readonly toMs: number; readonly leaf: string | null } | undefined;
  /** The newest segment of this device. */
  lastSegment(): string | null;
  /** A segment between sealed and announced; after a crash it is finished, never made a second time. */
  putPendingSegment(p: PendingSegment): void;
  pendingSegments(): PendingSegment[];
  /**
   * What comes next is sealed by another device key: forgets what was sealed and not announced, and where the chains of
   * the key before ended. The readings stay, and how far they are sealed.
   */
  beginChains(): void;
  /** Moves the chains on and forgets the pending segment, together. */
  finishSegment(p: PendingSegment): void;
  addRefused(r: { readonly atMs: number; readonly peer: string; readonly book: string; readonly reason: string }): void;
  refused(
    limit: number,
  ): { readonly atMs: number; readonly peer: string; readonly book: string; readonly reason: string }[];
  counts(): { readonly readings: number; readonly frames: number; readonly segments: number };
  setSubmission(digest: string, state: string, detail: string, atMs: number): void;
  submission(digest: string): { readonly state: string; readonly detail: string } | undefined;
  close(): void;
}

/** What a meter said at an instant stays; only a silence gives way to an answer. */
const INSERT_READING = `insert into reading values (?, ?, ?, ?) on conflict (meter, at_ms) do update set
  answered = 1, sealed = excluded.sealed where reading.answered = 0 and excluded.answered = 1`;

const SEALED = `insert into sealed_until values (?, ?, ?) on conflict (meter) do update set
  to_ms = max(to_ms, excluded.to_ms), leaf = excluded.leaf`;

/** What is refused again only becomes newer, so a peer that is refused a lot pushes out no other's name. */
const REFUSED_PER_PEER = 8;
const REFUSED = 500;
const KEEP_OF_PEER = `delete from refused where peer = ? and (book, reason) not in
  (select book, reason from refused where peer = ? order by at_ms desc limit ?)`;
const KEEP_REFUSED = `delete from refused where (peer, book, reason) not in
  (select peer, book, reason from refused order by at_ms desc limit ?)`;

const ADDRESSES = 'meter-addresses';

export function openVillageStore(path: string, dataKey: DataKey): VillageStore {
  const db = openDatabase(path, MIGRATIONS);
  let local: { readonly meter: string; readonly address: string }[] | undefined;
  const readLocal = () =>
    db.all('select meter, address from local_meter order by meter').map((r) => ({
      meter: text(r, 'meter'),
      address: new TextDecoder().decode(dataKey.open(ADDRESSES, blob(r, 'address'))),
    }));
  return {
    path,
    ...segmentTables(db),
    ...chainTables(db),
    ...readingTables(db),
    ...recordTables(db),
    ...settledTables(db),
    ...bundleTables(db),
    ...archiveTables(db, dataKey),
    ...fetchTables(db),
    addLocalMeter(meter, address, atMs) {
      const sealed = dataKey.seal(ADDRESSES, new TextEncoder().encode(address));
      db.run('insert or replace into local_meter values (?, ?, ?)', meter, sealed, atMs);
      local = undefined;
    },
    removeLocalMeter(meter) {
      db.run('delete from local_meter where meter = ?', meter);
      local = undefined;
    },
    localMeters() {
      local ??= readLocal();
      return local;
    },
    addReadings(readings) {
      db.transaction(() => {
        for (const r of readings) db.run(INSERT_READING, r.meter, r.atMs, r.answered ? 1 : 0, sealReading(dataKey, r));
      });
    },
    readings: (meter, from, to, step = 1) =>
      db
        .all('select * from reading where meter = ? and at_ms between ? and ? order by at_ms', meter, from, to)
        .map((r) => (int(r, 'at_ms') % step === 0 ? readingOf(dataKey, r) : pollOf(r))),
    lastReading(meter) {
      const row = db.get('select * from reading where meter = ? and answered = 1 order by at_ms desc limit 1', meter);
      return row ? readingOf(dataKey, row) : undefined;
    },
    firstReadingMs(meter) {
      const row = db.get('select min(at_ms) as at_ms from reading where meter = ?', meter);
      return row && row['at_ms'] !== null ? int(row, 'at_ms') : undefined;
    },
    lastPollMs() {
      const row = db.get('select max(at_ms) as at_ms from reading');
      return row && row['at_ms'] !== null ? int(row, 'at_ms') : undefined;
    },
    dropInner: (before, step) => db.run('delete from reading where at_ms < ? and at_ms % ? <> 0', before, step),
    sealedUntil(meter) {
      const row = db.get('select to_ms, leaf from sealed_until where meter = ?', meter);
      return row && { toMs: int(row, 'to_ms'), leaf: row['leaf'] === null ? null : text(row, 'leaf') };
    },
    lastSegment() {
      const row = db.get('select cid from last_segment');
      return row ? text(row, 'cid') : null;
    },
    putPendingSegment: (p) =>
      db.run(
        'insert or replace into pending_segment values (?, ?, ?, ?)',
        p.cid,
        p.block,
        p.announce,
        JSON.stringify(p.until),
      ),
    pendingSegments: () =>
      db.all('select * from pending_segment order by cid').map((r) => ({
        cid: text(r, 'cid'),
        block: blob(r, 'block'),
        announce: blob(r, 'announce'),
        until: JSON.parse(text(r, 'until')) as PendingSegment['until'],
      })),
    beginChains: () =>
      db.transaction(() => {
        for (const table of ['pending_segment', 'last_segment']) db.run(`delete from ${table}`);
        db.run('update sealed_until set leaf = null');
      }),
    finishSegment: (p) =>
      db.transaction(() => {
        for (const { meter, toMs, leaf } of p.until) db.run(SEALED, meter, toMs, leaf);
        db.run('insert or replace into last_segment values (1, ?)', p.cid);
        db.run('delete from pending_segment where cid = ?', p.cid);
      }),
    addRefused(r) {
      // Others decide how often this happens: the disk is not waited for.
      db.relaxed(() => {
        db.run('insert or replace into refused values (?, ?, ?, ?)', r.atMs, r.peer, r.book, r.reason);
        db.run(KEEP_OF_PEER, r.peer, r.peer, REFUSED_PER_PEER);
        db.run(KEEP_REFUSED, REFUSED);
      });
    },
    refused: (limit) =>
      db.all('select * from refused order by at_ms desc limit ?', limit).map((r) => ({
        atMs: int(r, 'at_ms'),
        peer: text(r, 'peer'),
        book: text(r, 'book'),
        reason: text(r, 'reason'),
      })),
    counts: () => ({
      readings: int(db.get('select count(*) as n from reading') ?? {}, 'n'),
      frames: int(db.get('select count(*) as n from frame') ?? {}, 'n'),
      segments: int(db.get('select count(*) as n from segment') ?? {}, 'n'),
    }),
    setSubmission: (digest, state, detail, atMs) =>
      db.run('insert or replace into submission values (?, ?, ?, ?)', digest, state, detail, atMs),
    submission(digest) {
      const row = db.get('select state, detail from submission where digest = ?', digest);
      return row ? { state: text(row, 'state'), detail: text(row, 'detail') } : undefined;
    },
    close: () => db.close(),
  };
}
