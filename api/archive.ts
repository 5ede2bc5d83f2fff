import * as z from 'zod';
import { atMs, base, inVillage, jobStarted, month, villageCommand } from './shared.ts';

/** The last file a month was written to. */
const monthFile = z.object({ name: z.string(), sha256: z.string(), atMs, bytes: z.int() });

/** Older months: written to a file, removed from this laptop, brought back with `bundles.take`. */
export const archive = {
  months: base.input(inVillage).output(
    z.object({
      /** So many months are meant to stay here: older ones are suggested, and nothing goes by itself. */
      keep: z.int(),
      /** The month of the signed checkpoint this console began at; null: it read all books from the first record. */
      startedFrom: month.nullable(),
      /** Newest first. */
      months: z.array(
        z.object({
          month,
          state: z.enum(['open', 'closed', 'settled']),
          place: z.enum(['here', 'dropping', 'dropped']),
          /** Records, blocks and readings on this disk, about. */
          bytes: z.int(),
          /** Null beside a month that is not here: it never was, and no file of it is known. */
          file: monthFile.nullable(),
          /** Why it cannot be removed now; null: it can, with its file. */
          stays: z.enum(['not-settled', 'recent', 'late-records', 'days-missing']).nullable(),
          isSuggested: z.boolean(),
        }),
      ),
    }),
  ),
  /** The job's result: `file`, `name`, `bytes`, `entries`, `days`, `sha256`. Errors of the job: MONTH_EXPORTED. */
  export: base.input(villageCommand.extend({ month })).output(jobStarted),
  /**
   * Removes a month from this disk once `file` was read back and holds all of it. Result: `entries`, `days`, `bytes`.
   * Errors of the job: MONTH_NEEDED_HERE, EXPORT_NOT_WHOLE, BAD_FILE, BUNDLE_DAMAGED, BUNDLE_OTHER_VILLAGE.
   */
  drop: base
    .input(villageCommand.extend({ month, file: z.string().regex(/^[0-9a-f]{16}$/), name: z.string().min(1).max(200) }))
    .output(jobStarted),
  /**
   * Brings a month that is not here back from connected consoles that kept it. Result: `entries`, `days`. Errors of the
   * job: MONTH_KEPT_NOWHERE, MONTH_EXPORTED, DISK_FULL.
   */
  bring: base.input(villageCommand.extend({ month })).output(jobStarted),
  setKeep: base.input(villageCommand.extend({ months: z.int().min(3).max(600) })).output(z.object({})),
};
