import { setTimeout as delay } from 'node:timers/promises';
import { Transaction, type Wallet } from 'ethers';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import { bumpFees, type Fees, readFees } from './fees.ts';
import { hash32, type JsonRpc, quantity, RpcError } from './json-rpc.ts';
import { decodeRefusal, refusal } from './ledger-calls.ts';
import type { QueuedTransaction, TransactionQueue } from './transaction-queue.ts';

/** One act on the chain. It is done when the ledger says so, never because of a receipt. */
export interface Act {
  /** Batch digest, or the name of another act. */
  readonly digest: string;
  /** Contract called; null creates one. */
  readonly to: string | null;
  /** Call data as 0x hex. */
  readonly data: string;
  isDone(signal?: AbortSignal): Promise<boolean>;
}

/** Signs, writes down and sends one transaction at a time with one key. */
export interface Submitter {
  /** Resolves when the act is done. Throws BATCH_REFUSED, CHAIN_NO_FUNDS, CHAIN_UNREACHABLE or the signal's reason. */
  perform(act: Act, signal?: AbortSignal): Promise<void>;
  /** Sends again what the chain should have and has not, after a crash or a rollback; waits until it is mined. */
  replay(signal?: AbortSignal): Promise<void>;
}

export interface SubmitterOptions {
  readonly rpc: JsonRpc;
  readonly wallet: Wallet;
  readonly queue: TransactionQueue;
  readonly chainId: number;
  /** Blocks come at once: a transaction that is not mined was lost, not too cheap. */
  readonly automine: boolean;
  readonly pollMs: number;
}

/** EIP-7825. */
const GAS_CAP = 16_777_216n;
const MAX_ATTEMPTS = 3;
const POLLS_BEFORE_RESEND = 20;
const POLLS_FOR_A_LATE_NODE = 5;

const receiptSchema = z.object({ transactionHash: hash32 }).nullable();

/** How a node answered a transaction: 'used' = its nonce is mined, 'cheap' = it asks for a higher fee. */
type Answer = 'accepted' | 'used' | 'cheap';

function readAnswer(error: unknown, address: string): Answer {
  if (!(error instanceof RpcError)) throw error;
  const text = error.answer.toLowerCase();
  if (/already (known|imported)|known transaction/.test(text)) return 'accepted';
  if (/nonce (is )?too low|nonce has already been used|old nonce/.test(text)) return 'used';
  if (/underpriced|fee too low|less than block base fee/.test(text)) return 'cheap';
  if (/insufficient funds|insufficient balance/.test(text)) throw noFunds(address, error);
  throw error;
}

function noFunds(address: string, cause?: unknown): AppError {
  return new AppError(
    'CHAIN_NO_FUNDS',
    `The submitter ${address} cannot pay for gas. Send it some of the chain's coin; the batch waits.`,
    { retryable: true, data: { address }, cause },
  );
}

export function createSubmitter({ rpc, wallet, queue, chainId, automine, pollMs }: SubmitterOptions): Submitter {
  async function pause(signal?: AbortSignal): Promise<void> {
    await delay(pollMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    signal?.throwIfAborted();
  }

  const minedCount = async (signal?: AbortSignal): Promise<number> =>
    Number(await rpc.ask(quantity, 'eth_getTransactionCount', [wallet.address, 'latest'], signal));

  async function broadcast(transaction: QueuedTransaction, signal?: AbortSignal): Promise<Answer> {
    let answer: Answer = 'accepted';
    try {
      await rpc.call('eth_sendRawTransaction', [transaction.raw], signal);
    } catch (error) {
      answer = readAnswer(error, wallet.address);
    }
    if (answer === 'accepted') queue.mark(transaction.hash, 'sent');
    return answer;
  }

  function signAndKeep(
    tx: { nonce: number; to: string | null; data: string; gas: bigint; digest: string },
    fees: Fees,
  ) {
    const transaction = Transaction.from({
      type: 2,
      chainId,
      nonce: tx.nonce,
      to: tx.to,
      data: tx.data,
      gasLimit: tx.gas,
      maxFeePerGas: fees.capWei,
      maxPriorityFeePerGas: fees.tipWei,
    });
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash);
    const kept = { nonce: tx.nonce, raw: transaction.serialized, hash: transaction.hash ?? '', digest: tx.digest };
    queue.add(kept);
    step('chain.tx-persisted');
    return { ...kept, status: 'signed' } as const;
  }

  async function resignDearer(last: QueuedTransaction, signal?: AbortSignal): Promise<QueuedTransaction> {
    const was = Transaction.from(last.raw);
    const before = { capWei: was.maxFeePerGas ?? 0n, tipWei: was.maxPriorityFeePerGas ?? 0n };
    const fees = bumpFees(before, await readFees(rpc, signal));
    return signAndKeep({ nonce: last.nonce, to: was.to, data: was.data, gas: was.gasLimit, digest: last.digest }, fees);
  }

  async function send(nonce: number, dearer: boolean, signal?: AbortSignal): Promise<void> {
    const [newest] = queue.at(nonce);
    if (!newest)
      throw new AppError('CHAIN_MISMATCH', `The submitter's key was used elsewhere: nonce ${nonce} is not ours.`, {
        data: { address: wallet.address, nonce },
      });
    const current = dearer ? await resignDearer(newest, signal) : newest;
    const answer = await broadcast(current, signal);
    if (answer === 'cheap') await broadcast(await resignDearer(current, signal), signal);
    step('chain.tx-broadcast');
  }

  async function noteMined(nonce: number, signal?: AbortSignal): Promise<void> {
    for (const version of queue.at(nonce)) {
      const receipt = await rpc.ask(receiptSchema, 'eth_getTransactionReceipt', [version.hash], signal);
      if (receipt) queue.mark(version.hash, 'mined');
    }
    step('chain.receipt-seen');
  }

  /**
   * Until the chain has mined every nonce in the queue, whichever version of it. Always works on the lowest nonce that is
   * missing now, so it does not matter how far a crash or a reorganisation took the chain back.
   */
  async function drain(signal?: AbortSignal): Promise<void> {
    let waitingFor: number | undefined;
    for (let polls = 0; ; polls++) {
      const nonce = await minedCount(signal);
      for (const mined of queue.unmined()) if (mined < nonce) await noteMined(mined, signal);
      if (waitingFor !== nonce) polls = 0;
      if (nonce >= queue.nextNonce()) return;
      waitingFor = nonce;
      if (polls % POLLS_BEFORE_RESEND === 0) await send(nonce, polls > 0 && !automine, signal);
      await pause(signal);
    }
  }

  /** Nodes behind one address may not agree for a moment on what is mined. */
  async function becomesDone(act: Act, signal?: AbortSignal): Promise<boolean> {
    for (let polls = 0; polls < POLLS_FOR_A_LATE_NODE; polls++) {
      if (await act.isDone(signal)) return true;
      await pause(signal);
    }
    return false;
  }

  async function estimateGas(act: Act, signal?: AbortSignal): Promise<bigint> {
    const call = { from: wallet.address, data: act.data, ...(act.to === null ? {} : { to: act.to }) };
    try {
      const used = await rpc.ask(quantity, 'eth_estimateGas', [call], signal);
      if (used > GAS_CAP) throw refusal('TooMuchGas');
      const withReserve = used + used / 5n;
      return withReserve > GAS_CAP ? GAS_CAP : withReserve;
    } catch (error) {
      const refused = decodeRefusal(error);
      if (refused) throw refused;
      if (error instanceof RpcError) readAnswer(error, wallet.address);
      throw error;
    }
  }

  async function signNext(act: Act, signal?: AbortSignal): Promise<void> {
    const gas = await estimateGas(act, signal);
    const fees = bumpFees({ capWei: 0n, tipWei: 0n }, await readFees(rpc, signal));
    const balance = await rpc.ask(quantity, 'eth_getBalance', [wallet.address, 'latest'], signal);
    if (balance < gas * fees.capWei) throw noFunds(wallet.address);
    const nonce = await minedCount(signal);
    signAndKeep({ nonce, to: act.to, data: act.data, gas, digest: act.digest }, fees);
  }

  return {
    async perform(act, signal) {
      await drain(signal);
      if (await act.isDone(signal)) return;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        await signNext(act, signal);
        await drain(signal);
        if (await becomesDone(act, signal)) return;
      }
      // Each attempt was simulated with success and then mined without effect.
      throw new AppError('CHAIN_UNREACHABLE', 'The chain mined the transaction without its effect. Try again later.', {
        retryable: true,
      });
    },
    replay: drain,
  };
}
