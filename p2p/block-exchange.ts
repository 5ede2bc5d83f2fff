import type { Helia } from 'helia';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf } from '#domain/bytes.ts';
import { asDiskError } from './level-database.ts';
import type { VillageBlocks } from './village-blocks.ts';

/**
 * What fits a bitswap message of 4 MiB with its envelope. A larger block in a store would make every message fail that
 * is to carry it, so it must never get in.
 */
export const MAX_BLOCK_BYTES = 4 * 1024 * 1024 - 1024;
/** Bitswap forgets a want now and then (a message lost with its connection), so it is renewed this often, ms. */
const RENEW_EVERY_MS = 5000;
/** A cancelled want has left bitswap's list after this, ms. */
const RENEW_PAUSE_MS = 100;

export type BlockExchange = Pick<VillageNode, 'putBlock' | 'hasBlock' | 'getBlock' | 'fetchBlocks'>;

const FETCHED_AT_ONCE = 16;

export function createBlockExchange(helia: Pick<Helia, 'blockstore'>, blocks: VillageBlocks): BlockExchange {
  const exchange: BlockExchange = {
    async putBlock(cid, bytes) {
      const problem = blockProblem(cid, bytes);
      if (problem !== undefined) throw new AppError('BAD_BLOCK', `block ${cid} was not stored: ${problem}`);
      try {
        await helia.blockstore.put(parseCid(cid), bytes);
      } catch (error) {
        throw asDiskError(error, 'the block store');
      }
    },
    hasBlock: async (cid) => blocks.has(parseCid(cid)),
    async getBlock(cid, { signal, localOnly }) {
      const key = parseCid(cid);
      const local = await blocks.readLocal(key);
      if (local) return local;
      if (localOnly) throw notFound(cid, 'it is not on this device');
      const bytes = await fetchBlock(helia, key, signal);
      if (!bytes) throw notFound(cid, 'no peer sent it in time');
      const problem = blockProblem(cid, bytes);
      if (problem !== undefined) throw notFound(cid, problem);
      step('sync.block-fetched');
      return bytes;
    },
    async fetchBlocks(wanted, { signal, deliver }) {
      const missing: string[] = [];
      const open = [...wanted];
      const take = async (): Promise<void> => {
        for (let next = open.shift(); next; next = open.shift()) {
          const { cid } = next;
          try {
            await deliver(cid, await exchange.getBlock(cid, { signal }));
          } catch (error) {
            if (!(error instanceof AppError) || error.code !== 'BLOCK_NOT_FOUND') throw error;
            missing.push(cid);
          }
        }
      };
      await Promise.all(Array.from({ length: FETCHED_AT_ONCE }, take));
      return missing;
    },
  };
  return exchange;
}

/** The block once a peer sends it and it is stored; undefined once the signal aborts. */
async function fetchBlock(
  helia: Pick<Helia, 'blockstore'>,
  cid: CID,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
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

function parseCid(cid: string): CID {
  try {
    return CID.parse(cid, base32);
  } catch {
    throw notFound(cid, 'that is not the name of a block');
  }
}

function blockProblem(cid: string, bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_BLOCK_BYTES) return `${bytes.length} bytes are over the limit of ${MAX_BLOCK_BYTES}`;
  return cidOf(bytes) === cid ? undefined : 'the bytes do not have that CID';
}

const notFound = (cid: string, why: string): AppError =>
  new AppError('BLOCK_NOT_FOUND', `block ${cid} was not found: ${why}`, { retryable: true, data: { cid } });
