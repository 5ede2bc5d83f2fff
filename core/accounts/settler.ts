import { join } from 'node:path';
import type { CoreOptions } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import type { ChainHost, ChainStatus, SettlementChain } from '#core/ports/settlement-chain.ts';
import { step } from '#core/ports/steps.ts';
import type { Village } from '#core/village/open-village.ts';
import { agreedChain, batchOf } from '#domain/village/fold-settlement.ts';
import { type Close, lanesOf, type VillageState } from '#domain/village/state.ts';
import { ledgerOf, zoneOf } from './closing.ts';

/** Carries agreed closes to the ledger and their receipts back into the books: exactly once, whatever crashes. */
export interface Settler {
  /** This device owns the embedded chain of the village. */
  readonly here: boolean;
  /** What the chain said last; undefined when it was not reached. */
  status(): Promise<ChainStatus | undefined>;
  /** Settles everything agreed that has no final receipt. Errors: CHAIN_UNREACHABLE, BATCH_REFUSED, ... */
  settle(signal?: AbortSignal): Promise<number>;
  /** Looks for work soon. */
  nudge(): void;
  /** Where the batch of a digest stands on its way to the chain. */
  progress(digest: string): 'queued' | 'sent' | undefined;
  stop(): Promise<void>;
}

/** Where a device keeps the embedded chain it owns. */
export const chainDir = (dir: string, device: string): string => join(dir, 'chains', device.slice(0, 16));

const RETRY_MS = 5_000;

export function createSettler(village: Village, options: CoreOptions): Settler {
  const abort = new AbortController();
  let host: ChainHost | undefined;
  let opened: Promise<SettlementChain> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<number> | undefined;
  const sent = new Set<string>();
  const here = (): boolean => !village.copied() && village.state().founding?.chain.device === village.keys.id;

  const chain = (): Promise<SettlementChain> => {
    const founding = village.state().founding;
    if (!founding || !here()) {
      return Promise.reject(
        new AppError(
          'CHAIN_UNREACHABLE',
          'The chain of this village belongs to another device; it settles when that one has synced.',
          { retryable: true },
        ),
      );
    }
    host ??= options.createChainHost({ dir: chainDir(options.dir, village.keys.id) });
    opened ??= host
      .open({
        pinned: { chainId: founding.chain.chainId, genesis: founding.chain.genesis, ledger: founding.chain.ledger },
        village: `0x${village.id}`,
        operators: [founding.founder.address],
        threshold: 1,
        debtFloor: founding.debtFloor,
      })
      .catch((e: unknown) => {
        opened = undefined;
        throw e;
      });
    return opened;
  };
  const work = (): Close[] => agreedChain(village.state().closes.values()).filter((c) => !c.receipt?.final);
  const settleAll = async (signal?: AbortSignal): Promise<number> => {
    let settled = 0;
    const due = work();
    if (due.length === 0) return settled;
    const ledger = await chain();
    for (const close of due) {
      await bringOperators(village.state(), ledger, close, signal);
      sent.add(close.digest);
      village.notify('accounts');
      const state = village.state();
      const { head, payload } = batchOf(
        {
          ...close,
          village: village.id,
          zone: zoneOf(state),
          lanes: lanesOf(state, close.digest),
        },
        ledgerOf(state),
      );
      const signatures = [...close.signatures]
        .sort((a, b) => (a.address < b.address ? -1 : 1))
        .slice(0, close.threshold);
      let receipt = await ledger.receiptOf(close.digest, signal);
      receipt ??= await ledger.submit({ batch: head, payload, signatures: signatures.map((s) => s.sig) }, signal);
      const known = village.state().closes.get(close.digest)?.receipt;
      if (known?.txHash !== receipt.txHash || known.final !== receipt.final) {
        const { digest, txHash, block, gasUsed, final } = receipt;
        await village.act([
          { book: 'settlement', kind: 'close.receipt', body: { digest, txHash, block, gasUsed, final } },
        ]);
        step('chain.receipt-recorded');
      }
      sent.delete(close.digest);
      if (receipt.final) settled += 1;
    }
    return settled;
  };
  const settle = (signal?: AbortSignal): Promise<number> => {
    const any = signal ? AbortSignal.any([signal, abort.signal]) : abort.signal;
    running ??= settleAll(any).finally(() => {
      running = undefined;
    });
    return running;
  };
  const nudge = (): void => {
    if (abort.signal.aborted || timer || !here() || work().length === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      settle()
        .catch((e) => options.log(`settling: ${e instanceof Error ? e.message : String(e)}`))
        .finally(() => {
          if (!abort.signal.aborted && work().length > 0) {
            timer = setTimeout(() => {
              timer = undefined;
              nudge();
            }, RETRY_MS);
          }
        });
    }, 50);
  };
  return {
    get here() {
      return here();
    },
    async status() {
      if (!here()) return undefined;
      try {
        return await (await chain()).status(abort.signal);
      } catch (e) {
        if (e instanceof AppError && e.retryable) return undefined;
        throw e;
      }
    },
    settle,
    nudge,
    progress: (digest) => (sent.has(digest) ? 'sent' : undefined),
    async stop() {
      abort.abort();
      clearTimeout(timer);
      await running?.catch(() => undefined);
      await opened?.then((c) => c.stop()).catch(() => undefined);
      await host?.stop();
    },
  };
}

/** The ledger must know the coordinators who signed: hands over epoch by epoch, as the books agreed. */
async function bringOperators(
  state: VillageState,
  ledger: SettlementChain,
  close: Close,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await ledger.status(signal);
    const wanted = close.signatures.every((s) => status.operators.some((o) => o.toLowerCase() === s.address));
    if (wanted && status.threshold === close.threshold) return;
    const change = state.coordinatorChanges.find((c) => c.agreed && c.epoch === status.epoch);
    if (!change)
      throw new AppError('BATCH_REFUSED', 'The ledger does not know the coordinators who signed this close.', {
        data: { reason: 'operators' },
      });
    const signatures = [...change.signatures]
      .sort((a, b) => (a.address < b.address ? -1 : 1))
      .slice(0, status.threshold);
    await ledger.rotateOperators(
      { village: `0x${state.village}`, epoch: change.epoch, operators: change.operators, threshold: change.threshold },
      signatures.map((s) => s.sig),
      signal,
    );
  }
}
