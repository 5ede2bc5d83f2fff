import * as z from 'zod';
import {
  agreementId,
  atMs,
  base,
  inFile,
  inVillage,
  jobStarted,
  memberId,
  meterId,
  minorAmount,
  month,
  person,
  pin,
  trust,
  villageCommand,
  wh,
} from './shared.ts';

/** open: not over or not closed; proposed: waits for signatures; signed: enough; queued: waits for the chain; settled; final. */
export const PERIOD_STATES = ['open', 'proposed', 'signed', 'queued', 'sent', 'settled', 'final'] as const;
const periodState = z.enum(PERIOD_STATES);
export const LINE_KINDS = [
  'host-charge',
  'host-rent',
  'neighbour-energy',
  'wheeling',
  'owner-share',
  'host-share',
  /** Late or corrected readings of months that are closed. */
  'adjustment',
] as const;
const line = z.object({
  kind: z.enum(LINE_KINDS),
  agreement: agreementId.nullable(),
  /** + to this member, - from this member. */
  amountMinor: minorAmount,
  other: person.nullable(),
  wh: wh.nullable(),
  pricePerKwh: z.bigint().nullable(),
  meter: meterId.nullable(),
  meterName: z.string().nullable(),
  hours: z.int().nullable(),
  gapHours: z.int().nullable(),
  heldWh: wh.nullable(),
  trust: trust.nullable(),
});
const statement = z.object({
  member: person,
  netMinor: minorAmount,
  paysMinor: minorAmount,
  receivesMinor: minorAmount,
  wh: wh.nullable(),
  trust: trust.nullable(),
  lines: z.array(line),
});
const energy = z.object({ measured: wh, site: wh.nullable(), held: wh, estimated: wh, unattributed: wh.nullable() });
const checks = z.array(
  z.object({
    code: z.enum([
      'month-over',
      'all-meters',
      'gaps',
      'held',
      'pending-vouch',
      'segments-missing',
      'not-readable',
      'sum-zero',
      'unattributed',
      'previous-closed',
    ]),
    ok: z.boolean(),
    count: z.int(),
    wh: wh.nullable(),
  }),
);
const batch = z.object({
  digest: z.string(),
  statementsRoot: z.string(),
  /** The digest as words, read aloud to compare. */
  words: z.array(z.string()),
  proposedBy: z.string(),
  proposedAtMs: atMs,
  signers: z.array(
    z.object({ member: person, signedAtMs: atMs.nullable(), keyHere: z.boolean(), lastHeardAtMs: atMs.nullable() }),
  ),
  threshold: z.int(),
  /** This console recomputed the same statements from the same cut; not-readable: not all of it is shared with this device. */
  verifiedHere: z.enum(['same', 'different', 'not-yet', 'not-readable']),
  tx: z.object({ hash: z.string(), block: z.int(), gasUsed: z.int(), final: z.boolean() }).nullable(),
});
const view = z.object({
  month,
  inFile,
  /** Closed months up to this one that are not on this laptop, while its statements cannot be computed without them. */
  needed: z.array(z.object({ month, file: z.string() })),
  state: periodState,
  statements: z.array(statement),
  owedMinor: minorAmount,
  paidOutMinor: minorAmount,
  /** Paid in less paid out over all statements: always zero. */
  differenceMinor: minorAmount,
  changesHandsMinor: minorAmount,
  /** Null while months are needed that are not here. */
  energy: energy.nullable(),
  checks,
  batch: batch.nullable(),
});
export type AccountsView = z.infer<typeof view>;

export const accounts = {
  periods: base.input(inVillage).output(
    z.object({
      periods: z.array(
        z.object({ month, state: periodState, over: z.boolean(), changesHandsMinor: minorAmount.nullable() }),
      ),
      current: month,
    }),
  ),
  /** A closed month as it was signed, an open one as it would be now. */
  get: base.input(inVillage.extend({ month })).output(view),
  statement: base.input(inVillage.extend({ month, member: memberId })).output(
    z.object({
      month,
      state: periodState,
      statement,
      batch: batch.nullable(),
      villageName: z.string(),
      qr: z.string(),
      receipt: z.string(),
    }),
  ),
  /** Names the cut, computes the statements and proposes the batch. */
  close: base.input(villageCommand.extend({ month })).output(jobStarted),
  sign: base
    .input(villageCommand.extend({ month, signer: memberId, pin, digest: z.string() }))
    .output(z.object({ signatures: z.int(), enough: z.boolean() })),
  settle: base.input(villageCommand.extend({ month })).output(jobStarted),
  chain: base.input(inVillage).output(
    z.object({
      reachable: z.boolean(),
      hereByDevice: z.boolean(),
      chainId: z.int(),
      ledger: z.string(),
      block: z.int().nullable(),
      head: z.string().nullable(),
      queue: z.array(z.object({ month, state: periodState, signatures: z.int(), threshold: z.int() })),
    }),
  ),
};
