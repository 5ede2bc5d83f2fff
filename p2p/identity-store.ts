import { type DeviceIdentity, openIdentity } from './device-identity.ts';
import { cidOfOrbitHash } from './orbit-hash.ts';
import type { VillageBlocks } from './village-blocks.ts';

/** Identity blocks by OrbitDB hash. Kept among the blocks of the village, so that stock peers can fetch them. */
export interface IdentityStore {
  get(hash: string): Promise<DeviceIdentity | undefined>;
  /** Durable when resolved. */
  keep(identity: DeviceIdentity): Promise<void>;
}

export function createIdentityStore(blocks: Pick<VillageBlocks, 'readLocal' | 'put'>): IdentityStore {
  const kept = new Map<string, DeviceIdentity>();
  const read = async (hash: string): Promise<DeviceIdentity | undefined> => {
    const bytes = await blocks.readLocal(cidOfOrbitHash(hash));
    const identity = bytes && openIdentity(bytes);
    if (identity) kept.set(hash, identity);
    return identity;
  };
  return {
    get: async (hash) => kept.get(hash) ?? read(hash),
    async keep(identity) {
      if (kept.has(identity.hash)) return;
      if (!(await read(identity.hash))) await blocks.put(cidOfOrbitHash(identity.hash), identity.bytes);
      kept.set(identity.hash, identity);
    },
  };
}
