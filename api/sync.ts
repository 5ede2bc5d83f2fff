import * as z from 'zod';
import {
  atMs,
  base,
  chainBreak,
  deviceId,
  inVillage,
  meterId,
  minorAmount,
  month,
  source,
  villageCommand,
} from './shared.ts';

const amount = z.object({ segments: z.int(), bytes: z.int() });
/** Segments that are fetched, or not, together. */
const part = {
  announced: z.int(),
  present: z.int(),
  verified: z.int(),
  /** Missing, and nobody in reach has them. */
  absent: z.int(),
  /** Damaged on this disk, and to be had again; what they tell is known. */
  lost: z.int(),
  isFetched: z.boolean(),
};
/** Whose segments, or of which UTC month. */
const fetchWhat = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('device'), device: deviceId }),
  z.object({ kind: z.literal('month'), month }),
]);
export type FetchWhat = z.infer<typeof fetchWhat>;
/** How far the announced segments are on this console. */
const fetching = z.object({
  /** waiting: what is missing nobody in reach has. */
  state: z.enum(['idle', 'fetching', 'waiting', 'paused']),
  announced: amount,
  present: amount,
  verified: amount,
  /** Missing, and nobody in reach has them. */
  absent: amount,
  /** Damaged on this disk, and to be had again. */
  lost: amount,
  /** Missing, and not asked for because somebody at this console said so. */
  cancelled: amount,
  /** Segments kept out for good. */
  bad: z.int(),
  /** Frames in them that are not shared with this console. */
  lockedFrames: z.int(),
  bytesPerSecond: z.int(),
  /** null where nobody can say. */
  secondsLeft: z.int().nullable(),
  /** By the device that announced them. */
  devices: z.array(z.object({ ...part, device: deviceId, name: z.string().nullable() })),
  /** Months that are not all here, or not fetched, and the file each was last written to. */
  months: z.array(z.object({ ...part, month, file: z.string().nullable() })),
});

/** One of two records that cannot both count. */
const conflictSide = z.object({
  /** null: a console that is not known here. */
  by: z.string().nullable(),
  /** null: the record is not here. */
  atMs: atMs.nullable(),
  /** Of a close: what all who pay pay together, and who stands behind it. */
  close: z.object({ paidMinor: minorAmount, signatures: z.int(), threshold: z.int() }).nullable(),
  /** Of an asset: what it was registered as. */
  asset: z.object({ source, capacityW: z.int(), owner: z.string().nullable() }).nullable(),
});

export const sync = {
  status: base.input(inVillage).output(
    z.object({
      online: z.boolean(),
      /** Nothing is taken from others while less than `reservedBytes` is free. */
      disk: z.object({ freeBytes: z.int(), reservedBytes: z.int() }),
      addresses: z.array(z.string()),
      /** Address of a console on the internet over which others are met. */
      meetingPoint: z.string().nullable(),
      /** Equal on every console with the same books. */
      stateHash: z.string(),
      words: z.array(z.string()),
      records: z.int(),
      segments: z.object({ announced: z.int(), present: z.int(), bytes: z.int() }),
      fetching,
      peers: z.array(
        z.object({
          peer: z.string(),
          device: deviceId.nullable(),
          name: z.string().nullable(),
          connected: z.boolean(),
          /** Connected over a third console only. */
          relayed: z.boolean(),
          /** It answered and does not know the network key this console has: it was changed while one was away. */
          keyRefused: z.boolean(),
          heardAtMs: atMs.nullable(),
          inStep: z.boolean(),
          toSend: z.int(),
          toFetch: z.int(),
          /** Their state hash as last told: compared by eye or by the console. */
          sameState: z.boolean().nullable(),
          addresses: z.array(z.string()),
        }),
      ),
      refused: z.array(
        z.object({ atMs, peer: z.string(), name: z.string().nullable(), book: z.string(), reason: z.string() }),
      ),
      conflicts: z.array(
        z.object({
          id: z.string(),
          /** Somebody at this console has looked at it and said so. */
          seen: z.boolean(),
          /** Signatures have chosen: nothing is left to do. */
          isDecided: z.boolean(),
          kind: z.enum(['equivocation', 'serial-twice', 'two-closes']),
          /** The book and number, the serial number, or the month. */
          about: z.string(),
          counts: conflictSide,
          onHold: conflictSide,
        }),
      ),
      /** Where what a gateway sealed does not go on from what it sealed before; the newest first. */
      chains: z.array(
        z.object({
          id: z.string(),
          seen: z.boolean(),
          kind: chainBreak,
          device: deviceId,
          name: z.string().nullable(),
          /** The sealed days in which it shows. */
          sides: z.array(z.object({ day: z.string(), atMs })),
          meters: z.array(z.object({ id: meterId, name: z.string() })),
          moreMeters: z.int(),
        }),
      ),
    }),
  ),
  dial: base.input(villageCommand.extend({ address: z.string().trim().min(4).max(400) })).output(z.object({})),
  /** Segments are not asked for until resumed, also after a restart; books go on. */
  pause: base.input(villageCommand).output(z.object({})),
  resume: base.input(villageCommand).output(z.object({})),
  /** This console asks nobody for these until told to; what is here stays, and what a file brings is taken. */
  cancelFetch: base.input(villageCommand.extend({ what: fetchWhat })).output(z.object({})),
  fetchAgain: base.input(villageCommand.extend({ what: fetchWhat })).output(z.object({})),
  /** Forgets where a console was reached; it is back on the list once it shows up. */
  forgetPeer: base.input(villageCommand.extend({ peer: z.string().min(4).max(128) })).output(z.object({})),
  /** null: none. Remembered by this console alone, and handed on with invitations. */
  setMeetingPoint: base
    .input(villageCommand.extend({ address: z.string().trim().min(4).max(400).nullable() }))
    .output(z.object({})),
  /** For this console alone: whoever looks at another still sees it. */
  markSeen: base.input(villageCommand.extend({ conflict: z.string().max(200) })).output(z.object({})),
  setOnline: base.input(villageCommand.extend({ online: z.boolean() })).output(z.object({})),
};
