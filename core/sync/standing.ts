import type { Village } from '#core/village/open-village.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';

export type Standing =
  | { readonly state: 'local' }
  | { readonly state: 'peers'; readonly count: number }
  | { readonly state: 'queued' }
  | { readonly state: 'anchored'; readonly block: number };

/** Where a record stands (P49): on this console, on n peers, agreed and waiting for the chain, or anchored in a block. */
export function standingOf(village: Village, record: string | undefined): Standing {
  const known = record ? village.index.find(record) : undefined;
  if (known) {
    for (const c of agreedChain(village.state().closes.values())) {
      if (known.seq > (c.cut.records[known.book]?.[known.device]?.seq ?? -1)) continue;
      return c.receipt?.final ? { state: 'anchored', block: c.receipt.block } : { state: 'queued' };
    }
  }
  const count = village.node.peers().filter((p) => p.inStep).length;
  return count > 0 ? { state: 'peers', count } : { state: 'local' };
}
