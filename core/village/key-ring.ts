import type { DataKey } from '#core/crypto/data-key.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { monthOfScope } from '#domain/membership/audiences.ts';

export interface HeldKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly scope: string;
  /** Device whose share opened to it; this device for a key it made. A restored copy is another device: what it made before is given. */
  readonly giver: string;
}

/** The audience keys on this disk, sealed under the data key: those of a month together, those without a month together. */
export interface KeyRing {
  readonly held: ReadonlyMap<string, HeldKey>;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  newestOwn(scope: string): HeldKey | undefined;
  add(more: readonly HeldKey[]): void;
  /** What stood when nothing was owed to anybody; '' before that. */
  settledStamp(): string;
  putSettledStamp(stamp: string): void;
}

const labelOf = (village: string, shelf: string): string => `audience-keys|${village}|${shelf}`;
const stampLabel = (village: string): string => `audience-keys-settled|${village}`;
const shelfOf = (scope: string): string => monthOfScope(scope) ?? 'standing';

export function openKeyRing(store: ConsoleStore, dataKey: DataKey, village: string, device: string): KeyRing {
  const held = new Map<string, HeldKey>();
  const keys = new Map<string, Uint8Array>();
  const own = new Map<string, HeldKey>();
  const put = (h: HeldKey): void => {
    held.set(h.id, h);
    keys.set(h.id, h.key);
    if (h.giver === device) own.set(h.scope, h);
  };
  for (const label of store.secretLabels(labelOf(village, ''))) {
    const sealed = store.getSecret(label);
    if (!sealed) continue;
    for (const line of new TextDecoder().decode(dataKey.open(label, sealed)).split('\n')) {
      const [id, scope, hex, giver] = line.split(' ');
      if (id && scope && hex && giver) put({ id, scope, key: new Uint8Array(Buffer.from(hex, 'hex')), giver });
    }
  }
  const save = (shelf: string): void => {
    const lines = [...held.values()]
      .filter((h) => shelfOf(h.scope) === shelf)
      .map((h) => `${h.id} ${h.scope} ${Buffer.from(h.key).toString('hex')} ${h.giver}`);
    const label = labelOf(village, shelf);
    store.putSecret(label, dataKey.seal(label, new TextEncoder().encode(lines.join('\n'))));
  };
  return {
    held,
    keys,
    newestOwn: (scope) => own.get(scope),
    settledStamp() {
      const sealed = store.getSecret(stampLabel(village));
      return sealed ? new TextDecoder().decode(dataKey.open(stampLabel(village), sealed)) : '';
    },
    putSettledStamp(stamp) {
      const label = stampLabel(village);
      store.putSecret(label, dataKey.seal(label, new TextEncoder().encode(stamp)));
    },
    add(more) {
      for (const h of more) put(h);
      for (const shelf of new Set(more.map((h) => shelfOf(h.scope)))) save(shelf);
    },
  };
}
