import { concat, Interface } from 'ethers';
import type * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import type { OperatorChange, SignedBatch } from '#core/ports/settlement-chain.ts';
import artifact from './artifacts/settlement-ledger.json' with { type: 'json' };
import { hexBytes, type JsonRpc, RpcError } from './json-rpc.ts';

const ledger = new Interface(artifact.abi);

export const SETTLED_TOPIC = ledger.getEvent('BatchSettled')?.topicHash ?? '';

export interface LedgerTerms {
  /** bytes32 */
  readonly village: string;
  readonly operators: readonly string[];
  readonly threshold: number;
  /** Minor units, negative. */
  readonly debtFloor: bigint;
}

const NO_TOKEN = '0x0000000000000000000000000000000000000000';
const NO_UNIT = 0n;

/** Creation code of a ledger without escrow: money moves outside, the chain keeps the balances. */
export const encodeDeployment = (terms: LedgerTerms): string =>
  encode(() =>
    concat([
      artifact.bytecode,
      ledger.encodeDeploy([terms.village, terms.operators, terms.threshold, NO_TOKEN, NO_UNIT, terms.debtFloor]),
    ]),
  );
export const encodeSubmit = (signed: SignedBatch): string =>
  encode(() => ledger.encodeFunctionData('submit', [signed.batch, signed.payload, concat(signed.signatures)]));
export const encodeRotation = (change: OperatorChange, signatures: readonly string[]): string =>
  encode(() => ledger.encodeFunctionData('rotateOperators', [change.operators, change.threshold, concat(signatures)]));

/** ethers throws a TypeError on a value that does not fit its ABI type. */
function encode(make: () => string): string {
  try {
    return make();
  } catch (cause) {
    throw refusal('BadEncoding', cause);
  }
}

type View = 'head' | 'period' | 'operators' | 'threshold' | 'operatorEpoch' | 'village' | 'debtFloor' | 'balanceOf';

/** The one value a view of the ledger returns, at the latest block. */
export async function readLedger<T>(
  rpc: JsonRpc,
  address: string,
  schema: z.ZodType<T>,
  view: View,
  args: readonly unknown[] = [],
  signal?: AbortSignal,
): Promise<T> {
  const data = ledger.encodeFunctionData(view, args);
  const answer = await rpc.ask(hexBytes, 'eth_call', [{ to: address, data }, 'latest'], signal);
  try {
    const values: unknown[] = ledger.decodeFunctionResult(view, answer).toArray();
    return schema.parse(values[0]);
  } catch (cause) {
    throw new AppError('CHAIN_MISMATCH', `There is no settlement ledger at ${address} on this chain.`, { cause });
  }
}

/** BATCH_REFUSED with the name of the ledger's custom error in `data.reason`. */
export function refusal(reason: string, cause?: unknown): AppError {
  return new AppError('BATCH_REFUSED', `The settlement ledger refuses: ${reason}.`, { data: { reason }, cause });
}

/** What the ledger said when a simulated call failed; undefined when the chain failed, not the ledger. */
export function decodeRefusal(error: unknown): AppError | undefined {
  if (!(error instanceof RpcError)) return undefined;
  const parsed = error.revertData === undefined ? null : ledger.parseError(error.revertData);
  if (parsed) return refusal(parsed.name, error);
  if (/out of gas|exceeds allowance|block gas limit/i.test(error.answer)) return refusal('TooMuchGas', error);
  return /revert/i.test(error.answer) ? refusal('Reverted', error) : undefined;
}
