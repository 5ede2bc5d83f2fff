import * as z from 'zod';
import { atMs, base, deviceId, inVillage, villageCommand } from './shared.ts';

export const sync = {
  status: base.input(inVillage).output(
    z.object({
      online: z.boolean(),
      addresses: z.array(z.string()),
      /** Equal on every console with the same books. */
      stateHash: z.string(),
      words: z.array(z.string()),
      records: z.int(),
      segments: z.object({ announced: z.int(), present: z.int(), bytes: z.int() }),
      peers: z.array(
        z.object({
          peer: z.string(),
          device: deviceId.nullable(),
          name: z.string().nullable(),
          connected: z.boolean(),
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
          kind: z.enum(['equivocation', 'serial-twice', 'two-closes', 'two-versions']),
          counts: z.object({ by: z.string(), atMs, text: z.string() }),
          onHold: z.object({ by: z.string(), atMs, text: z.string() }),
        }),
      ),
    }),
  ),
  dial: base.input(villageCommand.extend({ address: z.string().trim().min(4).max(400) })).output(z.object({})),
  setOnline: base.input(villageCommand.extend({ online: z.boolean() })).output(z.object({})),
};
