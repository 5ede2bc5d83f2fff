import { keccak_256 } from '@noble/hashes/sha3.js';
import * as z from 'zod';
import { encode, sha256, toHex } from '../bytes.ts';
import { bigSchema, cidSchema, hash32Schema, memberSchema, monthSchema, signatureSchema } from '../ids.ts';
import { type BatchHead, batchDigest, type LedgerDomain } from '../settlement/batch.ts';
import { LANE_MAX, LANE_MIN, packLanes } from '../settlement/lanes.ts';
import { monthIndex, monthSpan, type Zone } from '../time.ts';
import {
  type Apply,
  type Close,
  type FoldContext,
  isCoordinator,
  type LaneChange,
  lanesOf,
  type PeriodCut,
  type VillageState,
  ZERO_HASH,
} from './state.ts';

const positions = z.record(z.string().max(64), z.strictObject({ seq: z.int().min(0), id: cidSchema }));
export const cutSchema = z.strictObject({
  records: z.record(z.string().max(40), positions),
  checkpoint: hash32Schema,
  rules: z.literal(1),
});
/** What one lane can move in one batch: more could not be packed. */
const netSchema = bigSchema.refine((v) => v >= LANE_MIN && v <= LANE_MAX);
export const proposeBody = z.strictObject({
  month: monthSchema,
  prev: hash32Schema,
  root: hash32Schema,
  cut: cutSchema,
  lanes: z
    .array(z.strictObject({ member: memberSchema, index: z.int().min(0).max(1_000_000), net: netSchema }))
    .max(100_000),
  digest: hash32Schema,
});
export type Proposal = z.infer<typeof proposeBody>;
export const closeSignBody = z.strictObject({ digest: hash32Schema, signer: memberSchema, sig: signatureSchema });
export const receiptBody = z.strictObject({
  digest: hash32Schema,
  txHash: hash32Schema,
  block: z.int().min(0),
  gasUsed: z.int().min(0),
  final: z.boolean(),
});

/** sha-256 of the canonical cut: the `evidence` of a batch. */
export const evidenceOf = (cut: PeriodCut): string => `0x${toHex(sha256(encode(cut)))}`;

export interface BatchInput {
  readonly village: string;
  readonly month: string;
  readonly zone: Zone;
  readonly prev: string;
  readonly root: string;
  readonly cut: PeriodCut;
  readonly lanes: readonly LaneChange[];
}

/** Head, payload and EIP-712 digest of the batch that settles a month. */
export function batchOf(
  input: BatchInput,
  ledger: LedgerDomain,
): { readonly head: BatchHead; readonly payload: string; readonly digest: string } {
  const head: BatchHead = {
    village: `0x${input.village}`,
    prev: input.prev,
    statementsRoot: input.root,
    evidence: evidenceOf(input.cut),
    period: monthIndex(input.month),
    periodEnd: Math.floor(monthSpan(input.month, input.zone).to / 1000),
  };
  const payload = packLanes(new Map(input.lanes.map((l) => [l.index, l.net])));
  return { head, payload: `0x${toHex(payload)}`, digest: batchDigest(ledger, head, `0x${toHex(keccak_256(payload))}`) };
}

/** `taken`: lanes of earlier closes. */
export function laneFault(
  members: VillageState['members'],
  taken: VillageState['lanes'],
  lanes: readonly LaneChange[],
): string | undefined {
  if (lanes.reduce((a, l) => a + l.net, 0n) !== 0n) return 'the lanes do not sum to zero';
  if (lanes.some((l) => !members.has(l.member))) return 'a lane is of nobody in this village';
  if (new Set(lanes.map((l) => l.member)).size !== lanes.length) return 'a member has two lanes';
  if (lanes.some((l) => (taken.get(l.member) ?? l.index) !== l.index)) return 'a member has another lane';
  const owners = new Map([...taken].map(([member, index]) => [index, member]));
  for (const l of lanes) {
    if ((owners.get(l.index) ?? l.member) !== l.member) return 'two members in one lane';
    owners.set(l.index, l.member);
  }
  return undefined;
}

const propose: Apply = (ctx) => {
  const body = proposeBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable close';
  const b = body.data;
  const { state } = ctx;
  const founding = state.founding;
  if (!founding) return 'the village is not founded';
  if (!isCoordinator(state, ctx.author)) return 'only a coordinator closes a month';
  if (state.closes.has(b.digest)) return 'proposed already';
  const onHead = b.prev === state.head;
  if (onHead && b.month <= (state.closes.get(state.head)?.month ?? '')) return 'this month or a later one is closed';
  const fault = laneFault(state.members, onHead ? state.lanes : new Map(), b.lanes);
  if (fault !== undefined) return fault;
  const zone = { offsetMin: founding.zoneOffsetMin };
  const { digest } = batchOf({ village: state.village, zone, ...b }, ctx.ledger);
  if (digest !== b.digest) return 'the digest is not of this batch';
  const rival = [...state.closes.values()].find((c) => c.month === b.month && c.prev === b.prev);
  if (rival)
    state.conflicts.push({
      id: ctx.record.id,
      kind: 'two-closes',
      counts: rival.record,
      onHold: ctx.record.id,
      text: b.month,
    });
  state.closes.set(b.digest, {
    month: b.month,
    digest: b.digest,
    prev: b.prev,
    root: b.root,
    evidence: evidenceOf(b.cut),
    cut: b.cut,
    proposedBy: ctx.author,
    proposedMs: ctx.record.at.ms,
    record: ctx.record.id,
    signatures: [],
    threshold: state.coordinators.threshold,
    agreed: false,
    receipt: null,
  });
  state.closeLanes.set(b.digest, b.lanes);
  return undefined;
};

const sign: Apply = (ctx) => {
  const body = closeSignBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable signature';
  const { digest, signer, sig } = body.data;
  const { state } = ctx;
  const close = state.closes.get(digest);
  if (!close) return 'no such close';
  const electors = ctx.electorsOf(digest);
  if (typeof electors === 'string') return electors;
  const address = electors.keys.get(signer);
  if (address === undefined) return 'not one of the coordinators who close accounts';
  if (ctx.recover(digest, sig) !== address) return 'the signature is not of the signer';
  if (close.signatures.some((s) => s.member === signer)) return 'already signed';
  const signatures = [...close.signatures, { member: signer, address, sig, atMs: ctx.record.at.ms }];
  state.closes.set(digest, { ...close, signatures, threshold: electors.threshold });
  agreeOnNext(ctx);
  return undefined;
};

export const hasEnough = (close: Close): boolean => close.signatures.length >= close.threshold;

/**
 * Moves the head on while a close on it has enough signatures. Someone who signs two closes of one month decides
 * nothing: the one with a receipt counts; without one, the first in order to have enough, and the chain's head decides.
 */
function agreeOnNext({ state, anchored }: FoldContext): void {
  for (;;) {
    const settled = anchored.get(state.head);
    const next = [...state.closes.values()].find(
      (c) => c.prev === state.head && hasEnough(c) && (settled === undefined || settled === c.digest),
    );
    if (!next) return;
    if (next.month <= (state.closes.get(state.head)?.month ?? '')) return;
    const lanes = lanesOf(state, next.digest);
    if (laneFault(state.members, state.lanes, lanes) !== undefined) return;
    state.closes.set(next.digest, { ...next, agreed: true });
    state.head = next.digest;
    for (const l of lanes) state.lanes.set(l.member, l.index);
  }
}

const receipt: Apply = (ctx) => {
  const body = receiptBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable receipt';
  const close = ctx.state.closes.get(body.data.digest);
  if (!close || !hasEnough(close)) return 'no agreed close for this receipt';
  if (close.receipt?.final) return 'already final';
  const owner = ctx.state.founding?.chain.device;
  if (owner && owner !== ctx.record.device) return 'only the device that owns the chain writes receipts';
  const { digest: _, ...r } = body.data;
  ctx.state.closes.set(close.digest, { ...close, receipt: { ...r, atMs: ctx.record.at.ms } });
  return undefined;
};

/** Agreed closes from the first to the last, following `prev`. */
export function agreedChain(closes: Iterable<Close>): Close[] {
  const byPrev = new Map([...closes].filter((c) => c.agreed).map((c) => [c.prev, c]));
  const out: Close[] = [];
  for (let c = byPrev.get(ZERO_HASH); c; c = byPrev.get(c.digest)) out.push(c);
  return out;
}

export const settlementRules: Readonly<Record<string, Apply>> = {
  'close.propose': propose,
  'close.sign': sign,
  'close.receipt': receipt,
};
