import type { Out } from './wire.ts';

type SyncStatus = Out['sync']['status'];

/** What of the Sync screen waits for a person. */
export function syncNeeds({ conflicts, chains, fetching, peers }: SyncStatus) {
  return {
    conflicts: conflicts.filter((c) => !c.seen && !c.isDecided),
    chains: chains.filter((c) => !c.seen),
    damaged: fetching.months.filter((m) => m.lost > 0),
    refused: peers.filter((p) => p.keyRefused && !p.connected),
  };
}

export function countSyncNeeds(status: SyncStatus | undefined): number {
  if (!status) return 0;
  return Object.values(syncNeeds(status)).reduce((sum, { length }) => sum + length, 0);
}
