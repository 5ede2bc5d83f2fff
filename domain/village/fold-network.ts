import * as z from 'zod';
import { bytesOf, deviceSchema } from '../ids.ts';
import { DAY_MS } from '../time.ts';
import { type Apply, isCoordinator, type NetworkKey, type SealedKey, type VillageState } from './state.ts';

/** So long the key before the newest still opens the network, so that who was away learns the new one. */
export const NETWORK_KEY_GRACE_MS = 30 * DAY_MS;
/** Devices to which one record seals a key. */
export const MAX_SEALED = 256;

const epochSchema = z.int().min(1).max(100_000);
export const networkKeyBody = z.strictObject({
  /** One more than the newest; the key a village starts with is epoch 0 and in no record. */
  epoch: epochSchema,
  /** What the key is called; it says nothing of it. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  sealed: z
    .array(z.strictObject({ device: deviceSchema, ephemeral: bytesOf(32), iv: bytesOf(12), box: bytesOf(48) }))
    .min(1)
    .max(MAX_SEALED),
});
export const networkSeenBody = z.strictObject({ epoch: epochSchema });

const change: Apply = ({ state, record, author }) => {
  const body = networkKeyBody.safeParse(record.body);
  if (!body.success) return 'unreadable network key';
  if (!isCoordinator(state, author)) return 'only a coordinator changes the key of the network';
  const { epoch, key, sealed } = body.data;
  if (epoch !== state.networkKeys.length + 1) return 'another change of the network key came first';
  if (state.networkKeys.some((k) => k.key === key)) return 'this network key was used before';
  const made: NetworkKey = { epoch, key, by: author, atMs: record.at.ms, sealed: new Map(), seen: new Set() };
  made.seen.add(record.device);
  addShares(made, sealed, record.device);
  state.networkKeys.push(made);
  return undefined;
};

const share: Apply = ({ state, record }) => {
  const body = networkKeyBody.safeParse(record.body);
  if (!body.success) return 'unreadable share of the network key';
  const { epoch, key, sealed } = body.data;
  const made = state.networkKeys[epoch - 1];
  if (made?.key !== key) return 'there is no such network key';
  addShares(made, sealed, record.device);
  return undefined;
};

const seen: Apply = ({ state, record }) => {
  const body = networkSeenBody.safeParse(record.body);
  if (!body.success) return 'unreadable notice of the network key';
  const made = state.networkKeys[body.data.epoch - 1];
  if (!made) return 'there is no such network key';
  made.seen.add(record.device);
  return undefined;
};

/** Only its device can tell a share from noise, so one of each author is kept: none can stand in another's way. */
function addShares(made: NetworkKey, sealed: readonly SealedKey[], author: string): void {
  for (const one of sealed) {
    const ofDevice = made.sealed.get(one.device) ?? new Map<string, SealedKey>();
    if (!ofDevice.has(author)) made.sealed.set(one.device, ofDevice.set(author, one));
  }
}

export const networkRules: Readonly<Record<string, Apply>> = {
  'network.key': change,
  'network.share': share,
  'network.seen': seen,
};

/** The lowest epoch whose key still opens the network: 0 while the village has only the key it started with. */
export function oldestNetworkEpoch(state: VillageState, nowMs: number): number {
  const newest = state.networkKeys.length;
  for (let epoch = newest; epoch > 0; epoch--) {
    const made = state.networkKeys[epoch - 1];
    if (made && (nowMs >= made.atMs + NETWORK_KEY_GRACE_MS || devicesWithout(state, made).length === 0)) return epoch;
  }
  return 0;
}

/** Granted devices, not revoked, that have not said that they hold this key. */
export const devicesWithout = (state: VillageState, { seen: holders }: NetworkKey): string[] =>
  [...state.devices.values()].filter((d) => d.revoked === null && !holders.has(d.id)).map((d) => d.id);

/** Whether a device was revoked that still knows the newest key. */
export function isNetworkKeyExposed(state: VillageState): boolean {
  const newest = state.networkKeys.at(-1);
  return [...state.devices.values()].some(
    (d) => d.revoked !== null && (!newest || newest.sealed.has(d.id) || newest.seen.has(d.id)),
  );
}
