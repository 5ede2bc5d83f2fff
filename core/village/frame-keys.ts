import { keyIdOf, openSealedKey, sealKeyTo } from '#core/crypto/aead.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { type DeviceKeys, newSeed } from '#core/crypto/device-keys.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { isCoordinator, type VillageState } from '#domain/village/state.ts';

/** The keys of frames this device may read: one for a month and gateway, sealed to each device of the village. */
export interface FrameKeys {
  /** The key to seal this month's frames with; makes one where this device has none. */
  current(scope: string): { readonly id: string; readonly key: Uint8Array };
  /** All keys this device holds, by id; it grows. */
  all(): ReadonlyMap<string, Uint8Array>;
  /** Opens what was sealed to this device since. */
  learn(state: VillageState): boolean;
  /** Bodies of `key.share` records that are still owed: keys this device holds and others were not given. */
  owed(
    state: VillageState,
  ): { readonly key: string; readonly scope: string; readonly sealed: ReturnType<typeof sealKeyTo>[] }[];
}

interface HeldKey {
  readonly key: Uint8Array;
  readonly scope: string;
  readonly own: boolean;
  /** Device whose share opened to it; '' for an own key. */
  readonly giver: string;
}

export function createFrameKeys(store: ConsoleStore, dataKey: DataKey, village: string, keys: DeviceKeys): FrameKeys {
  const held = new Map<string, HeldKey>();
  const all = new Map<string, Uint8Array>();
  const hold = (id: string, key: HeldKey): void => {
    held.set(id, key);
    all.set(id, key.key);
  };
  const listLabel = `frame-keys|${village}`;
  const load = () => {
    const sealed = store.getSecret(listLabel);
    if (!sealed) return;
    for (const line of new TextDecoder().decode(dataKey.open(listLabel, sealed)).split('\n')) {
      const [scope = '', own, hex, giver = ''] = line.split(' ');
      if (!hex) continue;
      const key = new Uint8Array(Buffer.from(hex, 'hex'));
      hold(keyIdOf(key), { key, scope, own: own === 'own', giver });
    }
  };
  const save = () => {
    const lines = [...held.values()].map(
      (h) => `${h.scope} ${h.own ? 'own' : 'got'} ${Buffer.from(h.key).toString('hex')} ${h.giver}`,
    );
    store.putSecret(listLabel, dataKey.seal(listLabel, new TextEncoder().encode(lines.join('\n'))));
  };
  load();
  return {
    current(scope) {
      for (const [id, h] of held) if (h.own && h.scope === scope) return { id, key: h.key };
      const key = newSeed();
      const id = keyIdOf(key);
      hold(id, { key, scope, own: true, giver: '' });
      save();
      return { id, key };
    },
    all: () => all,
    learn(state) {
      let news = false;
      for (const [id, shares] of state.keyShares) {
        if (held.has(id)) continue;
        // Anyone of the village may have written noise under this id; the share that opens to the key is the one.
        for (const [giver, sealed] of shares.get(keys.id) ?? []) {
          const key = openSealedKey(keys, sealed);
          if (!key || keyIdOf(key) !== id) continue;
          hold(id, { key, scope: '', own: false, giver });
          news = true;
          break;
        }
      }
      if (news) save();
      return news;
    },
    owed(state) {
      const devices = [...state.devices.values()].filter((d) => d.revoked === null);
      const out = [];
      for (const [id, h] of held) {
        const shares = state.keyShares.get(id);
        const isServed = (device: string): boolean =>
          [...(shares?.get(device)?.keys() ?? [])].some(
            (author) => author === keys.id || (!h.own && (author === h.giver || isCoordinators(state, author))),
          );
        const missing = devices.filter((d) => !isServed(d.id));
        // The maker of a key shares it; anyone who holds it shares with those who came later.
        if (missing.length === 0 || (!h.own && !shares)) continue;
        out.push({
          key: id,
          scope: h.scope === '' ? '0000-00' : h.scope,
          sealed: missing.slice(0, 128).map((d) => sealKeyTo(d.id, d.box, h.key)),
        });
      }
      return out;
    },
  };
}

/** Their shares are taken to be good without opening them; the maker of a key trusts only its own. */
const isCoordinators = (state: VillageState, device: string): boolean =>
  isCoordinator(state, state.devices.get(device)?.member ?? '');
