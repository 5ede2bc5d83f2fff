import type { DataKey } from '#core/crypto/data-key.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { monthOfScope } from '#domain/membership/audiences.ts';
import { createRecent } from './recent.ts';

export interface HeldKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly scope: string;
  /** Device whose share opened to it; this device for a key it made. A restored copy is another device: what it made before is given. */
  readonly giver: string;
}

/** Where it is known that nothing is owed to anybody. */
export interface Settled {
  /** What stood when all keys were looked through; '' before that. */
  readonly stamp: string;
  /** Months of keys that came since. */
  readonly open: readonly string[];
}

/**
 * The audience keys on this disk, sealed one by one under the data key and read when they are asked for. Those of meters
 * lie by month, the others under no month ('').
 */
export interface KeyRing {
  readonly find: (id: string) => HeldKey | undefined;
  readonly newestOwn: (scope: string) => HeldKey | undefined;
  /** In the order in which they came. */
  readonly ofMonth: (month: string) => readonly HeldKey[];
  readonly months: () => string[];
  /** Grows with every key that comes. */
  readonly newest: () => number;
  /** Ids of those that came since {@link newest} was so much. */
  readonly since: (newest: number) => string[];
  readonly add: (more: readonly HeldKey[]) => void;
  readonly settled: () => Settled;
  readonly putSettled: (settled: Settled) => void;
}

/** In memory at most: keys asked for one by one, ids that were asked for and are not here, whole months. */
const KEYS_KEPT = 2_000;
const ABSENT_KEPT = 20_000;
const MONTHS_KEPT = 3;

const labelOf = (village: string): string => `audience-key|${village}`;
const settledLabel = (village: string): string => `audience-keys-settled|${village}`;
const NOTHING_SETTLED: Settled = { stamp: '', open: [] };

const pack = (h: HeldKey): Uint8Array =>
  new TextEncoder().encode(`${h.id} ${h.scope} ${Buffer.from(h.key).toString('hex')} ${h.giver}`);
function unpack(bytes: Uint8Array): HeldKey {
  const [id = '', scope = '', hex = '', giver = ''] = new TextDecoder().decode(bytes).split(' ');
  return { id, scope, key: new Uint8Array(Buffer.from(hex, 'hex')), giver };
}

export function openKeyRing(store: ConsoleStore, dataKey: DataKey, village: string, device: string): KeyRing {
  const recent = createRecent<HeldKey>(KEYS_KEPT);
  const own = createRecent<HeldKey>(KEYS_KEPT);
  const months = createRecent<readonly HeldKey[]>(MONTHS_KEPT);
  const absent = new Set<string>();
  let newest: number | undefined;
  let settled: Settled | undefined;
  const open = (sealed: Uint8Array): HeldKey => unpack(dataKey.open(labelOf(village), sealed));
  const readSettled = (): Settled => {
    const sealed = store.getSecret(settledLabel(village));
    if (!sealed) return NOTHING_SETTLED;
    return JSON.parse(new TextDecoder().decode(dataKey.open(settledLabel(village), sealed))) as Settled;
  };
  const putSettled = (next: Settled): void => {
    const label = settledLabel(village);
    store.putSecret(label, dataKey.seal(label, new TextEncoder().encode(JSON.stringify(next))));
    settled = next;
  };
  const ring: KeyRing = {
    find(id) {
      const known = recent.get(id);
      if (known || absent.has(id)) return known;
      const sealed = store.audienceKey(village, id);
      if (sealed) return recent.put(id, open(sealed));
      if (absent.size >= ABSENT_KEPT) absent.clear();
      absent.add(id);
      return undefined;
    },
    newestOwn(scope) {
      const known = own.get(scope);
      if (known) return known;
      const found = store
        .audienceKeysOf(village, monthOfScope(scope) ?? '', scope)
        .map(open)
        .findLast((h) => h.giver === device);
      return found && own.put(scope, found);
    },
    ofMonth: (month) => months.get(month) ?? months.put(month, store.audienceKeysOf(village, month).map(open)),
    months: () => store.audienceKeyMonths(village),
    newest() {
      newest ??= store.newestAudienceKey(village);
      return newest;
    },
    since: (place) => store.audienceKeysSince(village, place),
    add(more) {
      const rows = more.map((h) => {
        const month = monthOfScope(h.scope) ?? '';
        return { id: h.id, month, scope: h.scope, sealed: dataKey.seal(labelOf(village), pack(h)) };
      });
      const { stamp, open: before } = ring.settled();
      const opened = [...new Set([...before, ...rows.map(({ month }) => month)])];
      store.transaction(() => {
        store.addAudienceKeys(village, rows);
        if (opened.length > before.length) putSettled({ stamp, open: opened });
      });
      months.clear();
      absent.clear();
      newest = undefined;
      for (const h of more) {
        recent.put(h.id, h);
        if (h.giver === device) own.put(h.scope, h);
      }
    },
    settled() {
      settled ??= readSettled();
      return settled;
    },
    putSettled,
  };
  return ring;
}
