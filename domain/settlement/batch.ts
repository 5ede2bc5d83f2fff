import { TypedDataEncoder, type TypedDataField } from 'ethers';

/** What k of n coordinators sign to settle a period. 32-byte values are 0x hex. */
export interface BatchHead {
  readonly village: string;
  /** Digest of the batch before; zero for the first. */
  readonly prev: string;
  readonly statementsRoot: string;
  /** sha-256 of the canonical cut. */
  readonly evidence: string;
  /** Month index (see monthIndex), strictly growing. */
  readonly period: number;
  /** Seconds UTC. */
  readonly periodEnd: number;
}
export interface LedgerDomain {
  readonly chainId: number;
  readonly ledger: string;
}
const NO_LEDGER: LedgerDomain = { chainId: 1, ledger: `0x${'0'.repeat(40)}` };
/** The ledger that a founding document pins; before there is one, none that exists. */
export const ledgerIn = (founding: { readonly chain: LedgerDomain } | null): LedgerDomain =>
  founding ? { chainId: founding.chain.chainId, ledger: founding.chain.ledger } : NO_LEDGER;
export const ledgerDomain = (d: LedgerDomain) => ({
  name: 'Gridpact SettlementLedger',
  version: '1',
  chainId: d.chainId,
  verifyingContract: d.ledger,
});
type Types = Record<string, TypedDataField[]>;
const field = (type: string, name: string): TypedDataField => ({ name, type });
export const BATCH_TYPES: Types = {
  Batch: [
    field('bytes32', 'village'),
    field('bytes32', 'prev'),
    field('bytes32', 'statementsRoot'),
    field('bytes32', 'evidence'),
    field('uint32', 'period'),
    field('uint40', 'periodEnd'),
    field('bytes32', 'payload'),
  ],
};
export const OPERATORS_TYPES: Types = {
  Operators: [
    field('bytes32', 'village'),
    field('uint32', 'epoch'),
    field('address[]', 'operators'),
    field('uint8', 'threshold'),
  ],
};
/** EIP-712 digest of a batch; `payloadHash` is keccak256 of the packed lanes. */
export const batchDigest = (domain: LedgerDomain, head: BatchHead, payloadHash: string): string =>
  TypedDataEncoder.hash(ledgerDomain(domain), BATCH_TYPES, { ...head, payload: payloadHash });

/** Hands the right to co-sign to other keys; `epoch` counts these changes from 0. */
export interface OperatorsValue {
  readonly village: string;
  readonly epoch: number;
  /** Ascending addresses. */
  readonly operators: readonly string[];
  readonly threshold: number;
}
export const operatorsDigest = (domain: LedgerDomain, value: OperatorsValue): string =>
  TypedDataEncoder.hash(ledgerDomain(domain), OPERATORS_TYPES, { ...value, operators: [...value.operators] });
