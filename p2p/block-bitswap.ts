import type { Helia } from 'helia';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { AppError } from '#core/ports/errors.ts';
import { cidOf } from '#domain/bytes.ts';
import type { BlockName, BlockSource, SourceListener } from './block-session.ts';
import { asDiskError } from './level-database.ts';

/** Bitswap forgets a want now and then (a message lost with its connection), so it is renewed this often, ms. */
const RENEW_EVERY_MS = 5000;
/** A cancelled want has left bitswap's list after this, ms. */
const RENEW_PAUSE_MS = 100;
/** Nobody says in bitswap what he lacks: after so long without a single block nobody has the rest, ms. */
const PATIENCE_MS = 20_000;
const ASKED_AT_ONCE = 32;

type Bitswap = Pick<Helia, 'blockstore'>;

/** The block once a peer sends it and it is stored; undefined once the signal aborts. */
export async function fetchByBitswap(helia: Bitswap, cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
  while (!signal.aborted) {
    try {
      const chunks: Uint8Array[] = [];
      const renewed = AbortSignal.any([signal, AbortSignal.timeout(RENEW_EVERY_MS)]);
      for await (const chunk of helia.blockstore.get(cid, { signal: renewed })) chunks.push(chunk);
      return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    } catch (error) {
      const disk = asDiskError(error, 'the block store');
      if (disk instanceof AppError) throw disk;
      await pause(RENEW_PAUSE_MS, signal);
    }
  }
  return undefined;
}

/** Asks all connected peers at once; the peers behind it are not told apart. */
export function createBitswapSource<Block extends BlockName>(
  helia: Bitswap,
  listener: SourceListener<Block>,
  onError: (error: unknown) => void,
): BlockSource<Block> {
  const open = new Map<Block, AbortController>();
  const closing = new AbortController();
  let openBytes = 0;
  let patience: NodeJS.Timeout | undefined;
  const waitAgain = (): void => {
    clearTimeout(patience);
    if (open.size === 0 || closing.signal.aborted) return;
    patience = setTimeout(() => source.close(), PATIENCE_MS);
  };
  const ask = async (block: Block, giveUp: AbortController): Promise<void> => {
    const signal = AbortSignal.any([closing.signal, giveUp.signal]);
    const bytes = await fetchByBitswap(helia, CID.parse(block.cid, base32), signal).catch(onError);
    if (closing.signal.aborted) return;
    open.delete(block);
    openBytes -= block.bytes;
    const isSound = bytes instanceof Uint8Array && bytes.length === block.bytes && cidOf(bytes) === block.cid;
    if (isSound) waitAgain();
    if (isSound && !giveUp.signal.aborted) listener.onBlock(source, block, bytes);
    else listener.onLacks(source, block);
  };
  const source: BlockSource<Block> = {
    peer: undefined,
    get openBytes() {
      return openBytes;
    },
    get openCount() {
      return open.size;
    },
    maxOpen: ASKED_AT_ONCE,
    get isOver() {
      return closing.signal.aborted;
    },
    want(blocks) {
      const wasIdle = open.size === 0;
      for (const block of blocks) {
        const giveUp = new AbortController();
        open.set(block, giveUp);
        openBytes += block.bytes;
        void ask(block, giveUp);
      }
      if (wasIdle) waitAgain();
    },
    cancel: (block) => open.get(block)?.abort(),
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      clearTimeout(patience);
      listener.onEnd(source, [...open.keys()], undefined);
    },
  };
  return source;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
