import { type ChainRun, joinRuns } from '#domain/metering/chain-runs.ts';
import { type Database, int, type Row, text } from './open-database.ts';

/** A read model of the books: may be dropped and made again. */
export const CHAIN_TABLES = `
   -- unbroken pieces of the chains of gateways, by their ends: one row to a chain that is here and whole
   create table chain_run (id integer primary key, device text not null, meter text not null, head text,
     tail text not null, segment text not null) strict;
   create index chain_run_of on chain_run (device, meter);
   create index chain_run_by_head on chain_run (head);
   create index chain_run_by_tail on chain_run (tail);`;

export interface ChainTables {
  /** Runs of every chain that is in more than one piece or does not begin at nothing; at most so many. */
  openChains(most: number): ChainRun[];
  /** The runs of one chain. */
  chainRuns(device: string, meter: string): ChainRun[];
  /** What the segment says of chains is in the runs. */
  isLinked(cid: string): boolean;
  /** Leaves of frames of a meter that are not shared with this device. */
  lockedLeaves(meter: string): Set<string>;
}

const rowOf = (r: Row): ChainRun => ({
  device: text(r, 'device'),
  meter: text(r, 'meter'),
  head: r['head'] === null ? null : text(r, 'head'),
  tail: text(r, 'tail'),
  segment: text(r, 'segment'),
});
const OPEN = `with broken as (select device, meter from chain_run where head is not null
  union select device, meter from chain_run where head is null group by device, meter having count(*) > 1)
  select chain_run.* from broken join chain_run using (device, meter) limit ?`;

const LEAF_HEX = 64;

export function chainTables(db: Database): ChainTables {
  return {
    openChains: (most) => db.all(OPEN, most).map(rowOf),
    chainRuns: (device, meter) =>
      db.all('select * from chain_run where device = ? and meter = ?', device, meter).map(rowOf),
    isLinked: (cid) => db.get('select 1 from segment where cid = ? and linked = 1', cid) !== undefined,
    lockedLeaves(meter) {
      const leaves = new Set<string>();
      for (const row of db.all('select lower(hex(leaves)) as leaves from locked_frame where meter = ?', meter)) {
        const all = text(row, 'leaves');
        for (let at = 0; at < all.length; at += LEAF_HEX) leaves.add(all.slice(at, at + LEAF_HEX));
      }
      return leaves;
    },
  };
}

/** Within a transaction: adds what frames and segments follow to the chains, none of them a second time. */
export function addToChains(db: Database, links: Iterable<ChainRun>): void {
  for (const run of joinRuns(links)) {
    const { device, meter, head, tail, segment } = run;
    const before = head === null ? undefined : db.get(ENDING, head, device, meter);
    const after = db.get(STARTING, tail, device, meter);
    if (before) {
      db.run('update chain_run set tail = ? where id = ?', after ? text(after, 'tail') : tail, int(before, 'id'));
      if (after) db.run('delete from chain_run where id = ?', int(after, 'id'));
    } else if (after) {
      db.run('update chain_run set head = ?, segment = ? where id = ?', head, segment, int(after, 'id'));
    } else {
      db.run(
        'insert into chain_run (device, meter, head, tail, segment) values (?, ?, ?, ?, ?)',
        device,
        meter,
        head,
        tail,
        segment,
      );
    }
  }
}
const ENDING = 'select id from chain_run where tail = ? and device = ? and meter = ? limit 1';
const STARTING = 'select id, tail from chain_run where head = ? and device = ? and meter = ? limit 1';
