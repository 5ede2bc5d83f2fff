import { createKeyOpener, createKeySealer, keyIdOf } from '#core/crypto/aead.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { type DeviceKeys, newSeed } from '#core/crypto/device-keys.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { MAX_SEALED, oldestNetworkEpoch } from '#domain/village/fold-network.ts';
import type { Device, NetworkKey, VillageState } from '#domain/village/state.ts';
import type { Act } from './record-index.ts';

const KEY_BYTES = 32;

/** The keys of the village network this console holds; the newest opens every invitation and every dial. */
export interface NetworkKeys {
  /** Those that open the network now, the newest first; never empty. */
  accepted(): readonly Uint8Array[];
  newest(): Uint8Array;
  /** Opens what was sealed to this device and drops what opens nothing any more. True when the accepted keys changed. */
  learn(state: VillageState, nowMs: number): boolean;
  /** What this console still has to write: that it holds the newest key, and shares for who came later. */
  owed(state: VillageState): readonly Act[];
  /** A new key for everyone who is granted and not revoked. */
  change(state: VillageState): Act;
}

/** `label`: of the secret that holds the keys, one after the other, the newest first. */
export function createNetworkKeys(store: ConsoleStore, dataKey: DataKey, label: string, keys: DeviceKeys): NetworkKeys {
  let held = readKeys(store, dataKey, label);
  let accepted = held;

  const opener = createKeyOpener(keys);
  const sealTo = (devices: readonly Device[], key: Uint8Array) => {
    const sealer = createKeySealer();
    return devices.slice(0, MAX_SEALED).map((d) => sealer.sealTo(d.id, d.box, key));
  };
  const openShare = ({ key, sealed }: NetworkKey): Uint8Array | undefined => {
    for (const one of sealed.get(keys.id)?.values() ?? []) {
      const opened = opener.open(one);
      if (opened && keyIdOf(opened) === key) return opened;
    }
    return undefined;
  };
  const heldOf = (made: NetworkKey): Uint8Array | undefined => held.find((k) => keyIdOf(k) === made.key);

  return {
    accepted: () => accepted,
    newest: () => accepted[0] ?? held[0] ?? new Uint8Array(KEY_BYTES),
    learn(state, nowMs) {
      const oldest = oldestNetworkEpoch(state, nowMs);
      const names = new Set(state.networkKeys.map((k) => k.key));
      const found: Uint8Array[] = [];
      for (const made of [...state.networkKeys].reverse()) {
        const key = made.epoch < oldest ? undefined : (heldOf(made) ?? openShare(made));
        if (key) found.push(key);
      }
      if (oldest === 0) found.push(...held.filter((k) => !names.has(keyIdOf(k))));
      // A console that was away too long keeps what it has: nothing else tells that it was once of the village.
      if (found.length === 0 || isSameList(found, accepted)) return false;
      accepted = found;
      held = found;
      store.putSecret(label, dataKey.seal(label, Buffer.concat(held)));
      return true;
    },
    owed(state) {
      const made = state.networkKeys.at(-1);
      const key = made ? heldOf(made) : undefined;
      const self = state.devices.get(keys.id);
      if (!made || !key || !self || self.revoked) return [];
      const acts: Act[] = [];
      if (!made.seen.has(keys.id)) acts.push({ book: 'members', kind: 'network.seen', body: { epoch: made.epoch } });
      const missing = [...state.devices.values()].filter(
        (d) => d.revoked === null && !made.sealed.has(d.id) && !made.seen.has(d.id) && d.id !== keys.id,
      );
      if (missing.length > 0) {
        const body = { epoch: made.epoch, key: made.key, sealed: sealTo(missing, key) };
        acts.push({ book: 'members', kind: 'network.share', body });
      }
      return acts;
    },
    change(state) {
      const key = newSeed();
      const devices = [...state.devices.values()].filter((d) => d.revoked === null);
      // This device first, or the key would be lost with this call.
      devices.sort((a, b) => Number(b.id === keys.id) - Number(a.id === keys.id));
      const epoch = state.networkKeys.length + 1;
      return { book: 'members', kind: 'network.key', body: { epoch, key: keyIdOf(key), sealed: sealTo(devices, key) } };
    },
  };
}

function readKeys(store: ConsoleStore, dataKey: DataKey, label: string): readonly Uint8Array[] {
  const sealed = store.getSecret(label);
  const bytes = sealed ? dataKey.open(label, sealed) : new Uint8Array();
  return Array.from({ length: bytes.length / KEY_BYTES }, (_, i) => bytes.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES));
}

const isSameList = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((key, i) => Buffer.compare(key, b[i] ?? new Uint8Array()) === 0);
