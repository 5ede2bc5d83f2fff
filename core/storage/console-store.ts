import type { DataKey } from '#core/crypto/data-key.ts';
import { dropAudienceKeys, KEY_TABLES, type KeyTables, keyTables } from './key-tables.ts';
import { blob, type Database, int, openDatabase, text } from './open-database.ts';

const MIGRATIONS = [
  `create table village (id text primary key, name blob not null, member text not null, device text not null,
     role text not null, added_ms integer not null) strict;
   create table secret (label text primary key, sealed blob not null) strict;
   create table pin_try (label text primary key, count integer not null, last_ms integer not null) strict;
   create table preference (name text primary key, value text not null) strict;
   create table command (id text primary key, procedure text not null, answer text not null, at_ms integer not null) strict;${KEY_TABLES}`,
];

export interface VillageRow {
  readonly id: string;
  readonly name: string;
  readonly member: string;
  readonly device: string;
  readonly how: 'founded' | 'joined' | 'demo';
}

/** What belongs to this console and not to a village: which villages it holds, secrets (sealed), preferences, answered commands. */
export interface ConsoleStore extends KeyTables {
  villages(): VillageRow[];
  addVillage(row: VillageRow, atMs: number): void;
  /** The village is held under another device key from now on. */
  setDevice(id: string, device: string): void;
  /** Forgets a village, its keys and every secret whose label names it. */
  removeVillage(id: string): void;
  putSecret(label: string, sealed: Uint8Array): void;
  getSecret(label: string): Uint8Array | undefined;
  removeSecret(label: string): void;
  pinTries(label: string): { readonly count: number; readonly lastMs: number };
  setPinTries(label: string, tries: { readonly count: number; readonly lastMs: number }): void;
  preference(name: string): string | undefined;
  setPreference(name: string, value: string): void;
  removePreference(name: string): void;
  /** The answer a command got the first time. */
  answered(id: string): { readonly procedure: string; readonly answer: string } | undefined;
  keepAnswer(id: string, procedure: string, answer: string, atMs: number): void;
  transaction<T>(work: () => T): T;
  close(): void;
}

const NAME = 'village-name';

/** What could name anyone or open anything lies under the data key. */
export function openConsoleStore(path: string, dataKey: DataKey): ConsoleStore {
  const db: Database = openDatabase(path, MIGRATIONS);
  return {
    ...keyTables(db),
    villages: () =>
      db.all('select * from village order by added_ms, id').map((r) => ({
        id: text(r, 'id'),
        name: new TextDecoder().decode(dataKey.open(NAME, blob(r, 'name'))),
        member: text(r, 'member'),
        device: text(r, 'device'),
        how: text(r, 'role') as VillageRow['how'],
      })),
    addVillage: (v, atMs) =>
      db.run(
        'insert or ignore into village values (?, ?, ?, ?, ?, ?)',
        v.id,
        dataKey.seal(NAME, new TextEncoder().encode(v.name)),
        v.member,
        v.device,
        v.how,
        atMs,
      ),
    setDevice: (id, device) => db.run('update village set device = ? where id = ?', device, id),
    removeVillage: (id) =>
      db.transaction(() => {
        db.run('delete from village where id = ?', id);
        db.run("delete from secret where label like '%|' || ? || '%'", id);
        dropAudienceKeys(db, id);
        db.run("delete from pin_try where label like '%|' || ? || '%'", id);
        db.run("delete from preference where name like '%|' || ? || '%'", id);
      }),
    putSecret: (label, sealed) => db.run('insert or replace into secret values (?, ?)', label, sealed),
    removeSecret: (label) => db.run('delete from secret where label = ?', label),
    getSecret(label) {
      const row = db.get('select sealed from secret where label = ?', label);
      return row ? blob(row, 'sealed') : undefined;
    },
    pinTries(label) {
      const row = db.get('select count, last_ms from pin_try where label = ?', label);
      return row ? { count: int(row, 'count'), lastMs: int(row, 'last_ms') } : { count: 0, lastMs: 0 };
    },
    setPinTries: (label, t) => db.run('insert or replace into pin_try values (?, ?, ?)', label, t.count, t.lastMs),
    preference(name) {
      const row = db.get('select value from preference where name = ?', name);
      return row ? text(row, 'value') : undefined;
    },
    removePreference: (name) => db.run('delete from preference where name = ?', name),
    setPreference: (name, value) => db.run('insert or replace into preference values (?, ?)', name, value),
    answered(id) {
      const row = db.get('select procedure, answer from command where id = ?', id);
      return row ? { procedure: text(row, 'procedure'), answer: text(row, 'answer') } : undefined;
    },
    keepAnswer(id, procedure, answer, atMs) {
      db.run('insert or replace into command values (?, ?, ?, ?)', id, procedure, answer, atMs);
      db.run('delete from command where at_ms < ?', atMs - 30 * 86_400_000);
    },
    transaction: (work) => db.transaction(work),
    close: () => db.close(),
  };
}
