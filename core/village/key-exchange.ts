import { setImmediate as immediate } from 'node:timers/promises';
import { createBreath } from '#core/breath.ts';
import { LayeredMap } from '#domain/layered-map.ts';
import { SHELVES } from '#domain/village/shelves.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { AudienceKeys, OwedShares } from './audience-keys.ts';
import type { StateCache } from './state-cache.ts';
import type { VillageBooks } from './village-books.ts';

/** Records that are judged in one fold; a month of a large village has one for each newcomer. */
const WRITTEN_TOGETHER = 10;

export interface KeyExchangeSource {
  /** 64 hex. */
  readonly device: string;
  readonly keys: Pick<AudienceKeys, 'learn' | 'owed'>;
  readonly books: Pick<VillageBooks, 'act' | 'idle' | 'isReading'>;
  readonly cache: Pick<StateCache, 'state' | 'checkpoint'>;
  readonly now: () => number;
  /** The folder was copied: nothing is written under its device key. */
  readonly copied: () => boolean;
  /** A key came that was not here. */
  readonly onLearnt: () => void;
  /** This device's turn has come to give what others did not. */
  readonly onTurn: () => void;
}

/** Keys of audiences as they come to this device and go from it to others. */
export interface KeyExchange {
  /** Opens what was sealed to this device since the last checkpoint was kept. */
  learn(): void;
  /** Tries the keys that lie in a checkpoint from elsewhere: of its own ones each is tried before it is kept. */
  learnSettled(): Promise<void>;
  /** Gives devices of the audiences what they lack; one pass at a time. */
  give(): Promise<void>;
  stop(): void;
}

export function createKeyExchange(source: KeyExchangeSource): KeyExchange {
  const { device, keys, books, cache, now, copied, onLearnt, onTurn } = source;
  let stopped = false;
  let turn: NodeJS.Timeout | undefined;
  let giving: Promise<void> | undefined;
  const learnFrom = (state: Pick<VillageState, 'keyShares'>): void => {
    if (keys.learn(state)) onLearnt();
  };
  const giveOnce = async (): Promise<void> => {
    let waiting: OwedShares[] = [];
    for (let isMore = true; isMore; await immediate()) {
      await books.idle();
      if (stopped || copied() || books.isReading()) return;
      const elapsedMs = performance.now();
      const owed = keys.owed(cache.state(), now(), elapsedMs);
      isMore = owed.isMore;
      clearTimeout(turn);
      if (owed.nextMs !== undefined) turn = setTimeout(onTurn, owed.nextMs - elapsedMs);
      waiting.push(...owed.records);
      if (waiting.length === 0 || (isMore && waiting.length < WRITTEN_TOGETHER)) continue;
      await books.act(waiting.map(({ book, body }) => ({ book, kind: 'key.share', body })));
      waiting = [];
    }
  };
  return {
    learn: () => learnFrom(cache.state()),
    async learnSettled() {
      const breath = createBreath();
      for (const [share, devices] of cache.checkpoint().state.keyShares) {
        if (devices.has(device)) learnFrom({ keyShares: new LayeredMap(SHELVES.keyShares).set(share, devices) });
        await breath();
      }
    },
    give() {
      giving ??= giveOnce().finally(() => {
        giving = undefined;
      });
      return giving;
    },
    stop() {
      stopped = true;
      clearTimeout(turn);
    },
  };
}
