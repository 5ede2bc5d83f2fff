import { deserialize, serialize } from 'node:v8';
import type { SettledItem, SettledRow, SettledTables } from '#core/storage/settled-tables.ts';
import type { Items, LayeredMap } from '#domain/layered-map.ts';
import { createRecent } from './recent.ts';

/** Of each kind: values read last, and keys that were asked for and are not there. */
const VALUES_KEPT = 1_000;
/** Who is given the keys of all months changes the shares of each, and every fold until the next cut reads them again. */
const SHARES_KEPT = 30_000;
const ABSENT_KEPT = 100_000;
const SHELVES_KEPT = 100;
const PAGE = 500;

interface Found<V> {
  readonly value: V;
  readonly place: number;
}

/** So many items of one kind, those that entered first, as they were at a cut: read from their rows when they are asked for. */
export function settledItems<V>(store: SettledTables, kind: string, cut: number, size: number): Items<V> {
  const recent = createRecent<Found<V>>(kind === 'keyShares' ? SHARES_KEPT : VALUES_KEPT);
  const absent = new Set<string>();
  const shelves = createRecent<readonly (readonly [string, V])[]>(SHELVES_KEPT);
  const open = (row: SettledRow): Found<V> => ({ value: deserialize(row.value) as V, place: row.place });
  const find = (key: string): Found<V> | undefined => {
    const known = recent.get(key);
    if (known || absent.has(key)) return known;
    const row = store.settledItem(kind, cut, key);
    if (row && row.place < size) return recent.put(key, open(row));
    if (absent.size >= ABSENT_KEPT) absent.clear();
    absent.add(key);
    return undefined;
  };
  return {
    size,
    get: (key) => find(key)?.value,
    has: (key) => find(key) !== undefined,
    positionOf: (key) => find(key)?.place,
    *entries(from = 0) {
      for (let next = from; next < size; ) {
        const rows = store.settledFrom(kind, cut, next, PAGE);
        for (const row of rows) if (row.place < size) yield [row.key, open(row).value] as const;
        const last = rows.at(-1);
        if (!last) return;
        next = last.place + 1;
      }
    },
    firstShelf: () => (size === 0 ? undefined : store.endShelf(kind, cut, size, 'first')),
    lastShelf: () => (size === 0 ? undefined : store.endShelf(kind, cut, size, 'last')),
    within(first, last) {
      const read = (): readonly (readonly [string, V])[] =>
        store
          .settledWithin(kind, cut, first, last)
          .flatMap((row) => (row.place < size ? [[row.key, open(row).value] as const] : []));
      if (size === 0) return [];
      return first === last ? (shelves.get(first) ?? shelves.put(first, read())) : read();
    },
  };
}

/** What a map holds beyond the rows it stands on. */
export function* itemsLaid<V>(kind: string, map: LayeredMap<V>): Generator<SettledItem> {
  const { changed, fresh } = map.laid();
  for (const laid of [changed, fresh])
    for (const [key, value] of laid)
      yield { kind, key, shelf: map.shelfOf(key, value), place: map.positionOf(key) ?? 0, value: serialize(value) };
}
