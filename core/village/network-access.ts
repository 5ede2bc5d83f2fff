import type { DataKey } from '#core/crypto/data-key.ts';
import type { DeviceKeys } from '#core/crypto/device-keys.ts';
import { AppError } from '#core/ports/errors.ts';
import type { VillageNode, VillageNodeOptions } from '#core/ports/village-node.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { NETWORK_KEY_GRACE_MS, oldestNetworkEpoch } from '#domain/village/fold-network.ts';
import type { VillageState } from '#domain/village/state.ts';
import { createNetworkKeys } from './network-keys.ts';
import type { Act } from './record-index.ts';

/** Who of the village network may connect here, with which key, and where this console meets the others. */
export interface NetworkAccess {
  /** What the node asks at every connection. */
  readonly nodeOptions: Pick<VillageNodeOptions, 'networkKeys' | 'members' | 'isRevoked'>;
  /** For invitations: the newest key. */
  newestKey(): Uint8Array;
  /** The record that gives everyone of the village a new key. */
  changeKey(state: VillageState): Act;
  /** A node all consoles can reach, remembered by this console alone; undefined: none. */
  meetingPoint(): string | undefined;
  /** Remembers the address, or none, and dials it. Errors: BAD_ADDRESS; DIAL_FAILED, and it is remembered still. */
  setMeetingPoint(address: string | undefined): Promise<void>;
  start(running: Running): void;
  /** Records were folded. */
  onNews(): void;
}

interface Running {
  readonly node: VillageNode;
  readonly state: () => VillageState;
  readonly act: (acts: readonly Act[]) => Promise<unknown>;
}

interface AccessParts {
  readonly village: string;
  readonly store: ConsoleStore;
  readonly dataKey: DataKey;
  /** Of the secret that holds the keys. */
  readonly label: string;
  readonly keys: DeviceKeys;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export function createNetworkAccess({ village, store, dataKey, label, keys, now, log }: AccessParts): NetworkAccess {
  const networkKeys = createNetworkKeys(store, dataKey, label, keys);
  const preference = `meeting-point|${village}`;
  /** What the books say of devices, as last folded: connections must not wait for a fold. */
  let members: readonly string[] = [];
  let revoked: ReadonlySet<string> = new Set();
  let running: Running | undefined;
  let writing = false;
  /** When the old key stops to open the network if nothing else happens, UTC ms. */
  let oldUntilMs = Number.POSITIVE_INFINITY;

  const writeOwed = async ({ act, state }: Running): Promise<void> => {
    const owed = writing ? [] : networkKeys.owed(state());
    if (owed.length === 0) return;
    writing = true;
    try {
      await act(owed);
    } finally {
      writing = false;
    }
    onNews();
  };
  const onNews = (): void => {
    if (!running) return;
    const state = running.state();
    const devices = [...state.devices.values()];
    const granted = devices.filter((d) => d.revoked === null).map((d) => d.id);
    const lost = devices.filter((d) => d.revoked !== null).map((d) => d.id);
    const isKeyNew = networkKeys.learn(state, now());
    const changed = isKeyNew || granted.length !== members.length || lost.length !== revoked.size;
    members = granted;
    revoked = new Set(lost);
    const newest = state.networkKeys.at(-1);
    const isOldOpen = newest !== undefined && oldestNetworkEpoch(state, now()) < newest.epoch;
    oldUntilMs = isOldOpen ? newest.atMs + NETWORK_KEY_GRACE_MS : Number.POSITIVE_INFINITY;
    if (changed) running.node.recheckPeers();
    writeOwed(running).catch((e) => log(`network keys: ${String(e)}`));
  };
  const meetingPoint = (): string | undefined => store.preference(preference) || undefined;
  return {
    nodeOptions: {
      networkKeys: () => {
        if (now() >= oldUntilMs) onNews();
        return networkKeys.accepted();
      },
      members: () => members,
      isRevoked: (device) => revoked.has(device),
    },
    newestKey: () => networkKeys.newest(),
    changeKey: (state) => networkKeys.change(state),
    meetingPoint,
    async setMeetingPoint(address) {
      if (address === undefined) {
        store.setPreference(preference, '');
        return;
      }
      try {
        await running?.node.dial(address);
        store.setPreference(preference, address);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'BAD_ADDRESS') store.setPreference(preference, address);
        throw error;
      }
    },
    start(started) {
      running = started;
      const address = meetingPoint();
      // Without internet it does not answer; the node goes on trying by itself.
      if (address !== undefined) started.node.dial(address).catch(() => undefined);
    },
    onNews,
  };
}
