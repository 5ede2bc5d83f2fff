import { blob, type Database, int, text } from './open-database.ts';

export const BUNDLE_TABLES = `
   -- what other consoles were last known to have, and the files that went out and came in
   create table console_known (device text primary key, at_ms integer not null, by_file integer not null,
     have blob not null, wants blob not null) strict;
   create table bundle_log (at_ms integer not null, way text not null, device text not null, entries integer not null,
     blocks integer not null, bytes integer not null) strict;
   create table conflict_seen (id text primary key, at_ms integer not null) strict;`;

/** What another console has, as far as it told. */
export interface KnownConsole {
  /** 64 hex. */
  readonly device: string;
  readonly atMs: number;
  /** Told by a file it wrote, not over a wire. */
  readonly byFile: boolean;
  /** Packed marks. */
  readonly have: Uint8Array;
  /** Digests one after another. */
  readonly wants: Uint8Array;
}
export interface BundleLogRow {
  readonly atMs: number;
  readonly way: 'in' | 'out';
  /** Who it came from or goes to; empty: whoever needs it. */
  readonly device: string;
  readonly entries: number;
  readonly blocks: number;
  readonly bytes: number;
}

export interface BundleTables {
  putKnownConsole(known: KnownConsole): void;
  knownConsoles(): KnownConsole[];
  addBundle(row: BundleLogRow): void;
  /** The last file of each way. */
  lastBundle(way: 'in' | 'out'): BundleLogRow | undefined;
  /** A conflict that a person here has looked at. */
  markConflictSeen(id: string, atMs: number): void;
  seenConflicts(): ReadonlySet<string>;
}

export const bundleTables = (db: Database): BundleTables => ({
  putKnownConsole: (k) =>
    db.run(
      'insert or replace into console_known values (?, ?, ?, ?, ?)',
      k.device,
      k.atMs,
      k.byFile ? 1 : 0,
      k.have,
      k.wants,
    ),
  knownConsoles: () =>
    db.all('select * from console_known order by at_ms desc, device').map((r) => ({
      device: text(r, 'device'),
      atMs: int(r, 'at_ms'),
      byFile: int(r, 'by_file') === 1,
      have: blob(r, 'have'),
      wants: blob(r, 'wants'),
    })),
  addBundle(row) {
    const { atMs, way, device, entries, blocks, bytes } = row;
    db.run('insert into bundle_log values (?, ?, ?, ?, ?, ?)', atMs, way, device, entries, blocks, bytes);
    db.run('delete from bundle_log where rowid not in (select rowid from bundle_log order by rowid desc limit 500)');
  },
  lastBundle(way) {
    const r = db.get('select * from bundle_log where way = ? order by rowid desc limit 1', way);
    return (
      r && {
        atMs: int(r, 'at_ms'),
        way,
        device: text(r, 'device'),
        entries: int(r, 'entries'),
        blocks: int(r, 'blocks'),
        bytes: int(r, 'bytes'),
      }
    );
  },
  markConflictSeen: (id, atMs) => db.run('insert or replace into conflict_seen values (?, ?)', id, atMs),
  seenConflicts: () => new Set(db.all('select id from conflict_seen').map((r) => text(r, 'id'))),
});
