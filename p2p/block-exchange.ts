import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf } from '#domain/bytes.ts';
import { MAX_SEGMENT_BYTES } from '#domain/metering/frame.ts';
import { fetchByBitswap } from './block-bitswap.ts';
import { type BlockFetcherContext, createBlockFetcher } from './block-fetcher.ts';
import { type BlockServerContext, startBlockServer } from './block-server.ts';
import { asDiskError } from './level-database.ts';

/** A larger block in a store would make every bitswap message fail that is to carry it, so it must never get in. */
export const MAX_BLOCK_BYTES = MAX_SEGMENT_BYTES;

export interface BlockExchange
  extends Pick<VillageNode, 'putBlock' | 'hasBlock' | 'heldBlocks' | 'getBlock' | 'fetchBlocks' | 'fetching'> {
  stop(): Promise<void>;
}

export async function startBlockExchange(
  context: BlockFetcherContext & Pick<BlockServerContext, 'channels' | 'isBarred'>,
): Promise<BlockExchange> {
  const { helia, blocks } = context;
  const server = await startBlockServer(context);
  const fetcher = createBlockFetcher(context, MAX_BLOCK_BYTES);
  return {
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
    async heldBlocks(cids) {
      const are = await blocks.hasMany(cids.map((cid) => parseCid(cid).multihash.digest));
      return new Set(cids.filter((_, i) => are[i]));
    },
    async getBlock(cid, { signal, localOnly }) {
      const key = parseCid(cid);
      const local = await blocks.readLocal(key);
      if (local) return local;
      if (localOnly) throw notFound(cid, 'it is not on this device');
      const bytes = await fetchByBitswap(helia, key, signal);
      if (!bytes) throw notFound(cid, 'no peer sent it in time');
      const problem = blockProblem(cid, bytes);
      if (problem !== undefined) throw notFound(cid, problem);
      step('sync.block-fetched');
      return bytes;
    },
    fetchBlocks: fetcher.fetchBlocks,
    fetching: fetcher.fetching,
    async stop() {
      await server.stop();
      await fetcher.stop();
    },
  };
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
