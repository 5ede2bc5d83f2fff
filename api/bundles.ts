import * as z from 'zod';
import { atMs, base, deviceId, inVillage, jobStarted, villageCommand } from './shared.ts';

/** A file that lies with the core while a window writes or reads it piece by piece. */
const file = z.string().regex(/^[0-9a-f]{16}$/);
/** Base64 of at most this many bytes travels in one call. */
export const PIECE_BYTES = 1024 * 1024;
/** More than this is not shown as QR frames: it would take minutes. */
export const MAX_PACKED_BYTES = 24 * 1024;
const piece = z.base64().max(Math.ceil(PIECE_BYTES / 3) * 4);
const content = z.object({ entries: z.int(), days: z.int(), bytes: z.int() });
const passed = z.object({ atMs, name: z.string().nullable(), entries: z.int(), days: z.int(), bytes: z.int() });

export const bundles = {
  /** What a file would carry now, by the console it is for, and the last files of each way. */
  state: base.input(inVillage).output(
    z.object({
      everything: content,
      consoles: z.array(
        z.object({
          device: deviceId,
          name: z.string().nullable(),
          /** When it last told what it has; null: never. */
          toldAtMs: atMs.nullable(),
          /** Told by a file it wrote, not over a wire. */
          byFile: z.boolean(),
          lacks: content,
        }),
      ),
      lastIn: passed.nullable(),
      lastOut: passed.nullable(),
    }),
  ),
  /** The job's result: `file`, `name`, `bytes`, `entries`, `days`. */
  export: base
    .input(
      villageCommand.extend({
        since: z.discriminatedUnion('from', [
          z.object({ from: z.literal('start') }),
          z.object({ from: z.literal('console'), device: deviceId }),
          z.object({ from: z.literal('day'), day: z.iso.date() }),
        ]),
      }),
    )
    .output(jobStarted),
  read: base
    .input(z.object({ file, offset: z.int().min(0) }))
    .output(z.object({ data: z.base64(), isLast: z.boolean() })),
  /** Room for a file that is written next, piece by piece. Errors: DISK_FULL. */
  create: base.input(z.object({ bytes: z.int().min(0) })).output(z.object({ file })),
  /** The same piece may be written again; a piece beyond the end may not. */
  write: base.input(z.object({ file, offset: z.int().min(0), data: piece })).output(z.object({})),
  drop: base.input(z.object({ file })).output(z.object({})),
  /** Verifies a file and stores nothing of it; `report` then answers. Errors of the job: BAD_FILE, BUNDLE_OTHER_VILLAGE. */
  check: base.input(villageCommand.extend({ file })).output(jobStarted),
  report: base.input(inVillage.extend({ file })).output(
    z.object({
      /** Null: the first block of the file, which names its console, did not survive. */
      from: z.object({ device: deviceId, name: z.string().nullable(), madeAtMs: atMs }).nullable(),
      isKnownConsole: z.boolean(),
      isWhole: z.boolean(),
      bytes: z.int(),
      entries: z.object({ fresh: z.int(), known: z.int(), lost: z.int(), refused: z.int() }),
      days: z.object({ fresh: z.int(), known: z.int(), lost: z.int(), unannounced: z.int() }),
      faults: z.array(z.object({ offset: z.int(), what: z.string() })),
      /** Why entries were refused, as the node says it. */
      reasons: z.array(z.string()),
      /** Entries the file builds upon that are missing here. */
      gap: z.int(),
    }),
  ),
  /** Takes a file in; of a damaged one only with `wholeParts`. Result: `joined`, `known`, `restored`, `waiting`, `refused`, `days`. */
  take: base.input(villageCommand.extend({ file, wholeParts: z.boolean() })).output(jobStarted),
  /** People, assets and agreements that a console lacks (all without one), small enough for QR frames. Errors: BAD_INPUT. */
  pack: base
    .input(inVillage.extend({ device: deviceId.nullable() }))
    .output(z.object({ data: z.base64(), entries: z.int() })),
  /** A file made of what {@link pack} gave another console, to be checked and taken. Errors: BAD_FILE. */
  unpack: base
    .input(z.object({ data: z.base64().max(Math.ceil(MAX_PACKED_BYTES / 3) * 4) }))
    .output(z.object({ file })),
};
