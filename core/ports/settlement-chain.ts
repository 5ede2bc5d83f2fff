import type { BatchHead, LedgerDomain } from '#domain/settlement/batch.ts';

export interface ChainStatus extends LedgerDomain {
  readonly genesis: string;
  readonly block: number;
  /** bytes32 digest of the last settled batch. */
  readonly head: string;
  readonly period: number;
  /** Addresses that may co-sign, ascending, and how many must. */
  readonly operators: readonly string[];
  readonly threshold: number;
  /** How often the operators were changed. */
  readonly epoch: number;
}

export interface SettlementReceipt {
  /** bytes32: the batch digest, which is now the ledger's head or an ancestor of it. */
  readonly digest: string;
  readonly txHash: string;
  readonly block: number;
  readonly gasUsed: number;
  /** Buried deep enough for this chain's rule. */
  readonly final: boolean;
}

export interface SignedBatch {
  readonly batch: BatchHead;
  /** Packed lanes, see packLanes. 0x hex. */
  readonly payload: string;
  /** EIP-2098 signatures, 64 bytes each as 0x hex, in ascending order of signer. */
  readonly signatures: readonly string[];
}

/**
 * The village's SettlementLedger on its chain. A submission is durable before it is broadcast and is safe to repeat after a crash.
 * Errors: AppError CHAIN_UNREACHABLE (retryable), CHAIN_MISMATCH (another genesis or ledger than pinned), BATCH_REFUSED (reason), CHAIN_NO_FUNDS.
 */
export interface SettlementChain {
  readonly domain: LedgerDomain;
  status(signal?: AbortSignal): Promise<ChainStatus>;
  /** Idempotent: settles, or finds the receipt of what was settled before. Resolves once mined. */
  submit(signed: SignedBatch, signal?: AbortSignal): Promise<SettlementReceipt>;
  /** The receipt of a digest, if the ledger has it. */
  receiptOf(digest: string, signal?: AbortSignal): Promise<SettlementReceipt | undefined>;
  /** Hands the right to co-sign to other keys; signed by the current threshold (EIP-712 `Operators`). Idempotent. */
  rotateOperators(change: OperatorChange, signatures: readonly string[], signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface OperatorChange {
  /** bytes32 */
  readonly village: string;
  /** Current value of the ledger's operator epoch. */
  readonly epoch: number;
  /** Ascending, without duplicates. */
  readonly operators: readonly string[];
  readonly threshold: number;
}

export interface PinnedChain extends LedgerDomain {
  readonly genesis: string;
}

/** Prepares a chain for a village that is about to be founded: starts it and says what the founding document must pin. */
export interface ChainHost {
  prepare(): Promise<PinnedChain>;
  /** Deploys the ledger at the pinned address if it is not there yet. Idempotent. */
  open(options: {
    readonly pinned: PinnedChain;
    /** bytes32 */
    readonly village: string;
    readonly operators: readonly string[];
    readonly threshold: number;
    /** Lowest lane value in minor units, negative. */
    readonly debtFloor: bigint;
  }): Promise<SettlementChain>;
  stop(): Promise<void>;
}
