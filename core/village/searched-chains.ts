import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import type { ChainRun } from '#domain/metering/chain-runs.ts';
import type { ChainSearch, Heads, Named } from './chain-search.ts';

type Found = ReadonlyMap<string | null, Named>;
export type Linked = Pick<CheckedSegment, 'cid' | 'state' | 'locked' | 'chain'>;

/**
 * What was found of broken chains, as long as a new search would find the same. The heads alone do not tell: what one of
 * them names may come closed, or in a chain of another gateway, or together with a second one that follows it.
 */
export interface SearchedChains {
  /** @param stamp of what the search looks at besides segments that are here */
  readonly find: (runs: readonly ChainRun[], stamp: string, signal: AbortSignal) => Promise<Found>;
  /** What names a head that was searched for, or is named by one, is searched for anew. */
  readonly onStored: (segments: readonly Linked[]) => void;
  /** Forgets the others. */
  readonly keepOnly: (chains: { readonly has: (chain: string) => boolean }) => void;
  readonly forget: () => void;
}

export const chainOf = ({ device, meter }: Pick<ChainRun, 'device' | 'meter'>): string => `${device} ${meter}`;

interface Searched {
  readonly stamp: string;
  readonly heads: Heads;
  readonly found: Promise<Found>;
}

const LEAF_HEX = 64;

export function createSearchedChains(search: ChainSearch): SearchedChains {
  const searched = new Map<string, Searched>();
  /** By a head, which is a leaf or a CID: the chains in which it was searched for. */
  const chainsAt = new Map<string, Set<string>>();

  const drop = (chain: string): void => {
    for (const head of searched.get(chain)?.heads ?? []) {
      if (head === null) continue;
      const at = chainsAt.get(head);
      at?.delete(chain);
      if (at?.size === 0) chainsAt.delete(head);
    }
    searched.delete(chain);
  };
  const touch = (name: string | null): void => {
    if (name !== null) for (const chain of chainsAt.get(name) ?? []) drop(chain);
  };
  const touchAll = ({ cid, locked, chain }: Linked): void => {
    touch(cid);
    touch(chain.prev);
    for (const { prev, leaf } of chain.frames) {
      touch(prev);
      touch(leaf);
    }
    for (const { leaves } of locked) {
      for (let at = 0; at < leaves.length; at += LEAF_HEX) touch(leaves.slice(at, at + LEAF_HEX));
    }
  };
  const forget = (): void => {
    searched.clear();
    chainsAt.clear();
  };
  return {
    async find(runs, stamp, signal) {
      const [first] = runs;
      if (!first) return new Map();
      const chain = chainOf(first);
      const whole = [...runs.map(({ head }) => head ?? '').sort(), stamp].join(' ');
      const before = searched.get(chain);
      if (before?.stamp === whole) return before.found;
      drop(chain);
      const heads = new Set(runs.map(({ head }) => head));
      // Kept from its beginning: what comes during a search may have been passed by.
      const made = { stamp: whole, heads, found: search(first, heads, signal) };
      searched.set(chain, made);
      for (const head of heads) {
        if (head !== null) chainsAt.set(head, (chainsAt.get(head) ?? new Set()).add(chain));
      }
      try {
        return await made.found;
      } catch (e) {
        if (searched.get(chain) === made) drop(chain);
        throw e;
      }
    },
    onStored(segments) {
      // The frames of one that is refused now are not there any more.
      if (segments.some(({ state }) => state === 'bad')) forget();
      for (const s of segments) {
        if (chainsAt.size === 0) return;
        touchAll(s);
      }
    },
    keepOnly(chains) {
      for (const chain of searched.keys()) if (!chains.has(chain)) drop(chain);
    },
    forget,
  };
}
