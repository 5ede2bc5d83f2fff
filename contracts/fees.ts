import * as z from 'zod';
import { type JsonRpc, quantity, RpcError } from './json-rpc.ts';

/** What a transaction offers per gas (EIP-1559), in wei. */
export interface Fees {
  readonly tipWei: bigint;
  /** Tip and base fee together are never more. */
  readonly capWei: bigint;
}

const DEFAULT_TIP_WEI = 1_000_000_000n;
const blockSchema = z.object({ baseFeePerGas: quantity.default(0n) });

/** What the chain asks now; the cap leaves room for six full blocks in a row. */
export async function readFees(rpc: JsonRpc, signal?: AbortSignal): Promise<Fees> {
  const block = await rpc.ask(blockSchema, 'eth_getBlockByNumber', ['latest', false], signal);
  const tipWei = await rpc.ask(quantity, 'eth_maxPriorityFeePerGas', [], signal).catch((error: unknown) => {
    if (error instanceof RpcError) return DEFAULT_TIP_WEI;
    throw error;
  });
  return { tipWei, capWei: 2n * block.baseFeePerGas + tipWei };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** Nodes replace a transaction only for 12.5 % more on the tip and on the cap (geth's price bump is 10 %, others ask 12.5 %). */
const dearer = (wei: bigint): bigint => (wei === 0n ? 0n : (wei * 9n + 7n) / 8n);

/** The fees of a replacement: enough over the version before, and no less than the chain asks now. */
export function bumpFees(before: Fees, asked: Fees): Fees {
  const tipWei = larger(dearer(before.tipWei), asked.tipWei);
  return { tipWei, capWei: larger(larger(dearer(before.capWei), asked.capWei), tipWei) };
}
