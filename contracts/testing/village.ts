import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { id, keccak256, Signature, SigningKey, Wallet, ZeroHash } from 'ethers';
import type { OperatorChange, PinnedChain, SettlementChain, SignedBatch } from '#core/ports/settlement-chain.ts';
import {
  BATCH_TYPES,
  type BatchHead,
  batchDigest,
  type LedgerDomain,
  ledgerDomain,
  OPERATORS_TYPES,
} from '#domain/settlement/batch.ts';
import { packLanes } from '#domain/settlement/lanes.ts';
import type { LedgerChain } from '../ledger-chain.ts';
import { createChainHost, type LedgerChainHost } from '../start-chain-host.ts';

/** A made-up village: the same keys and batches in every test and in the processes that tests start. */
export const VILLAGE = id('village of the tests');
export const DEBT_FLOOR = -1_000_000n;
const APRIL_2024 = 2024 * 12 + 3;
const MAY_2024_S = 1_714_521_600;
const MONTH_S = 31 * 86_400;

/** Ascending by address, as the ledger wants its signatures. */
export const COORDINATORS: readonly Wallet[] = ['Amara', 'Baraka', 'Chidi']
  .map((name) => new Wallet(new SigningKey(id(name))))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
export const STRANGER = new Wallet(new SigningKey(id('stranger')));

export const termsOf = (signers: readonly Wallet[], threshold = signers.length) => ({
  village: VILLAGE,
  operators: signers.map((w) => w.address),
  threshold,
  debtFloor: DEBT_FLOOR,
});

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
const compact = async (signature: Promise<string>): Promise<string> =>
  Signature.from(await signature).compactSerialized;

/** The n-th month's batch (0 = April 2024), signed. */
export async function signMonth(
  domain: LedgerDomain,
  n: number,
  prev: string,
  deltas: ReadonlyMap<number, bigint>,
  signers: readonly Wallet[],
): Promise<SignedBatch & { readonly digest: string }> {
  const payload = hex(packLanes(deltas));
  const batch: BatchHead = {
    village: VILLAGE,
    prev,
    statementsRoot: id(`statements ${n}`),
    evidence: id(`evidence ${n}`),
    period: APRIL_2024 + n,
    periodEnd: MAY_2024_S + n * MONTH_S,
  };
  return signBatch(domain, batch, payload, signers);
}

export async function signBatch(
  domain: LedgerDomain,
  batch: BatchHead,
  payload: string,
  signers: readonly Wallet[],
): Promise<SignedBatch & { readonly digest: string }> {
  const value = { ...batch, payload: keccak256(payload) };
  const signatures: string[] = [];
  for (const signer of signers)
    signatures.push(await compact(signer.signTypedData(ledgerDomain(domain), BATCH_TYPES, value)));
  return { batch, payload, signatures, digest: batchDigest(domain, batch, keccak256(payload)) };
}

export const signRotation = (
  domain: LedgerDomain,
  change: OperatorChange,
  signers: readonly Wallet[],
): Promise<string[]> =>
  Promise.all(signers.map((s) => compact(s.signTypedData(ledgerDomain(domain), OPERATORS_TYPES, { ...change }))));

/** Member 0 pays the others one minor unit times their index. */
export function movesOf(members: number, scale = 1000n): Map<number, bigint> {
  const moves = new Map<number, bigint>();
  let paid = 0n;
  for (let m = 1; m < members; m++) {
    const amount = BigInt(m) * (m % 2 === 0 ? -scale : scale);
    moves.set(m, amount);
    paid += amount;
  }
  return moves.set(0, -paid);
}

export const firstMonth = (domain: LedgerDomain): Promise<SignedBatch & { readonly digest: string }> =>
  signMonth(domain, 0, ZeroHash, movesOf(5), COORDINATORS);

export interface OpenedVillage {
  readonly dir: string;
  readonly pinned: PinnedChain;
  readonly host: LedgerChainHost;
  readonly chain: LedgerChain;
}

export const makeDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'gridpact-chain-'));
export const removeDir = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true });

/** Opens the village's chain in a directory, founding it when it is new. */
export async function openVillage(
  dir: string,
  options: { readonly terms?: ReturnType<typeof termsOf>; readonly rpcUrl?: string } = {},
): Promise<OpenedVillage> {
  const { terms = termsOf(COORDINATORS), ...where } = options;
  const host = createChainHost({ dir, ...where });
  try {
    const pinned = await host.prepare();
    return { dir, pinned, host, chain: await host.open({ pinned, ...terms }) };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

export async function closeVillage(village: { readonly chain: SettlementChain; readonly host: LedgerChainHost }) {
  await village.chain.stop();
  await village.host.stop();
}
