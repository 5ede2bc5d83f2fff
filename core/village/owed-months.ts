import { createHash } from 'node:crypto';
import type { VillageState } from '#domain/village/state.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * Months of which keys may be owed to somebody ('' for keys without one): all of them when people or what they share
 * changed, else those to which a key or a share came.
 */
export interface OwedMonths {
  /** Newest first. */
  readonly list: (state: VillageState) => string[];
  /** A key of this month came. */
  readonly open: (month: string) => void;
  /** Everybody has the keys of this month. Kept over restarts once that is so of all months. */
  readonly close: (month: string) => void;
}

export function createOwedMonths(ring: Pick<KeyRing, 'months' | 'settled' | 'putSettled'>): OwedMonths {
  let { stamp } = ring.settled();
  const open = new Set(ring.settled().open);
  let laid: ReadonlyMap<string, number> = new Map();
  return {
    list(state) {
      const now = stampOf(state);
      if (now !== stamp) for (const month of ring.months()) open.add(month);
      stamp = now;
      const counts = laidByMonth(state);
      for (const [month, shares] of counts) if (laid.get(month) !== shares) open.add(month);
      laid = counts;
      return [...open].sort().reverse();
    },
    open: (month) => void open.add(month),
    close(month) {
      open.delete(month);
      const settled = ring.settled();
      if (open.size === 0 && (settled.stamp !== stamp || settled.open.length > 0)) ring.putSettled({ stamp, open: [] });
    },
  };
}

/** Shares that no kept checkpoint holds. */
function laidByMonth({ keyShares }: VillageState): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const { changed, fresh } = keyShares.laid();
  for (const shares of [changed, fresh])
    for (const [id, devices] of shares) {
      const month = keyShares.shelfOf(id, devices);
      counts.set(month, (counts.get(month) ?? 0) + 1);
    }
  return counts;
}

/** Equal while who is here, and what they may read, is the same. */
function stampOf(state: VillageState): string {
  const devices = [...state.devices.values()].map((d) => `${d.id}${d.revoked ? 'r' : ''}${d.frozenFrom ? 'f' : ''}`);
  const members = [...state.members.values()].map((m) => `${m.id}${m.roles.join()}${m.signatories.length}`);
  const inForce = [...state.agreements.values()].filter((a) => a.effectiveMs !== null).length;
  const revoked = [...state.dataGrants.values()].filter((g) => g.revoked).length;
  const counts = [inForce, state.dataGrants.size, revoked, state.meters.size, state.assets.size];
  return createHash('sha256')
    .update([...counts, ...devices, ...members].join(' '))
    .digest('hex');
}
