import { keccak256 } from 'ethers';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import type { ChainStatus, PinnedChain, SettlementChain, SettlementReceipt } from '#core/ports/settlement-chain.ts';
import { batchDigest } from '#domain/settlement/batch.ts';
import { hash32, type JsonRpc, quantity, RpcError } from './json-rpc.ts';
import { encodeRotation, encodeSubmit, readLedger, refusal, SETTLED_TOPIC } from './ledger-calls.ts';
import type { Submitter } from './submitter.ts';

/**
 * When a receipt is final.
 * 'at-once': the embedded chain mines by itself, only for us, and what it loses in a crash is replayed from the queue.
 * 'finalized': the chain's own finalized block, or 12 blocks on top where it knows none.
 */
type Finality = 'at-once' | 'finalized';
const CONFIRMATIONS = 12n;

/** The port, and the balances as the chain has them. */
export interface LedgerChain extends SettlementChain {
  /** Member index -> minor units, positive = the village owes the member. */
  balances(members: readonly number[], signal?: AbortSignal): Promise<Map<number, bigint>>;
}

export interface LedgerChainOptions {
  readonly pinned: PinnedChain;
  readonly rpc: JsonRpc;
  readonly submitter: Submitter;
  readonly finality: Finality;
  readonly stop: () => Promise<void>;
}

const logsSchema = z.array(z.object({ transactionHash: hash32 }));
const receiptSchema = z.object({ transactionHash: hash32, blockNumber: quantity, gasUsed: quantity }).nullable();
const blockSchema = z.object({ number: quantity }).nullable();
const integer = z.bigint();
const payloadSchema = z.string().regex(/^0x([0-9a-f]{2})+$/i);
const signatureSchema = z.array(z.string().regex(/^0x[0-9a-f]{128}$/i));

function createMutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

async function readFinalBlock(rpc: JsonRpc, signal?: AbortSignal): Promise<bigint> {
  try {
    const block = await rpc.ask(blockSchema, 'eth_getBlockByNumber', ['finalized', false], signal);
    if (block) return block.number;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
  return (await rpc.ask(quantity, 'eth_blockNumber', [], signal)) - CONFIRMATIONS;
}

export function createLedgerChain({ pinned, rpc, submitter, finality, stop }: LedgerChainOptions): LedgerChain {
  const exclusive = createMutex();
  const at = pinned.ledger;

  /** The embedded chain may come back from a crash without its last blocks; on others the next submission sees to it. */
  const replayLost = (signal?: AbortSignal): Promise<void> =>
    finality === 'at-once' ? exclusive(() => submitter.replay(signal)) : Promise.resolve();

  async function findReceipt(digest: string, signal?: AbortSignal): Promise<SettlementReceipt | undefined> {
    const filter = {
      address: pinned.ledger,
      topics: [SETTLED_TOPIC, null, digest],
      fromBlock: '0x0',
      toBlock: 'latest',
    };
    const [log] = await rpc.ask(logsSchema, 'eth_getLogs', [filter], signal);
    if (!log) return undefined;
    const receipt = await rpc.ask(receiptSchema, 'eth_getTransactionReceipt', [log.transactionHash], signal);
    if (!receipt) return undefined;
    const final = finality === 'at-once' || receipt.blockNumber <= (await readFinalBlock(rpc, signal));
    return {
      digest,
      txHash: receipt.transactionHash,
      block: Number(receipt.blockNumber),
      gasUsed: Number(receipt.gasUsed),
      final,
    };
  }

  async function readStatus(signal?: AbortSignal): Promise<ChainStatus> {
    const [block, head, period, operators, threshold, epoch] = await Promise.all([
      rpc.ask(quantity, 'eth_blockNumber', [], signal),
      readLedger(rpc, at, hash32, 'head', [], signal),
      readLedger(rpc, at, integer, 'period', [], signal),
      readLedger(rpc, at, z.array(z.string()), 'operators', [], signal),
      readLedger(rpc, at, integer, 'threshold', [], signal),
      readLedger(rpc, at, integer, 'operatorEpoch', [], signal),
    ]);
    return {
      ...pinned,
      block: Number(block),
      head,
      period: Number(period),
      operators,
      threshold: Number(threshold),
      epoch: Number(epoch),
    };
  }

  return {
    domain: { chainId: pinned.chainId, ledger: pinned.ledger },
    async status(signal) {
      await replayLost(signal);
      return readStatus(signal);
    },
    submit: ({ batch, payload, signatures }, signal) =>
      exclusive(async () => {
        if (!payloadSchema.safeParse(payload).success || !signatureSchema.safeParse(signatures).success)
          throw refusal('BadEncoding');
        const digest = batchDigest(pinned, batch, keccak256(payload));
        await submitter.perform(
          {
            digest,
            to: pinned.ledger,
            data: encodeSubmit({ batch, payload, signatures }),
            isDone: async (s) => (await findReceipt(digest, s)) !== undefined,
          },
          signal,
        );
        const receipt = await findReceipt(digest, signal);
        if (receipt) return receipt;
        throw new AppError(
          'CHAIN_UNREACHABLE',
          `The chain lost batch ${digest} again. It is sent anew on the next try.`,
          {
            retryable: true,
            data: { digest },
          },
        );
      }),
    async receiptOf(digest, signal) {
      await replayLost(signal);
      return findReceipt(hash32.parse(digest), signal);
    },
    rotateOperators: (change, signatures, signal) =>
      exclusive(() =>
        submitter.perform(
          {
            digest: `operators:${change.epoch}`,
            to: pinned.ledger,
            data: encodeRotation(change, signatures),
            isDone: async (s) =>
              (await readLedger(rpc, at, integer, 'operatorEpoch', [], s)) > change.epoch && (await holds(change, s)),
          },
          signal,
        ),
      ),
    async balances(members, signal) {
      const found = new Map<number, bigint>();
      for (const member of members)
        found.set(member, await readLedger(rpc, at, integer, 'balanceOf', [member], signal));
      return found;
    },
    stop,
  };

  async function holds(
    change: { readonly operators: readonly string[]; readonly threshold: number },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const now = await readStatus(signal);
    const same = now.operators.join().toLowerCase() === change.operators.join().toLowerCase();
    return same && now.threshold === change.threshold;
  }
}
