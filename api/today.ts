import * as z from 'zod';
import { atMs, base, inVillage, meterId, minorAmount, month, place, source, wh } from './shared.ts';

const hourMix = z.object({
  fromMs: atMs,
  /** Wh made by kind of source in this hour; battery = discharge. */
  madeWh: z.array(z.object({ source, wh })),
  usedWh: wh.nullable(),
  chargedWh: wh,
  /** measured, or expected from the same weekday of up to three weeks. */
  basis: z.enum(['measured', 'expected', 'gap']),
});
export const ALARM_KINDS = [
  'meter-silent',
  'spike-held',
  'register-reset',
  'asset-weak',
  'sign-close',
  'sign-agreement',
  'books-differ',
  'record-refused',
] as const;

export const today = {
  get: base.input(inVillage).output(
    z.object({
      nowMs: atMs,
      simulated: z.boolean(),
      flow: z.object({
        atMs: atMs.nullable(),
        sources: z.array(
          z.object({
            source,
            name: z.string(),
            nowW: z.number().nullable(),
            capacityW: z.int(),
            running: z.boolean(),
            lastHeardAtMs: atMs.nullable(),
          }),
        ),
        battery: z
          .object({
            socPercent: z.number().nullable(),
            storageWh: wh,
            storedWh: wh.nullable(),
            reservePercent: z.int(),
            chargeW: z.number(),
            dischargeW: z.number(),
          })
          .nullable(),
        uses: z.array(
          z.object({ place, count: z.int(), silent: z.int(), nowW: z.number().nullable(), names: z.array(z.string()) }),
        ),
        lossW: z.number().nullable(),
      }),
      /** Hours until usable battery energy plus expected generation no longer covers expected use. */
      enough: z.discriminatedUnion('known', [
        z.object({
          known: z.literal(false),
          reason: z.enum(['under-three-days', 'no-battery', 'no-battery-reading', 'no-meters']),
          days: z.int(),
        }),
        z.object({
          known: z.literal(true),
          hours: z.int(),
          /** It lasts until generation again exceeds use. */
          covers: z.boolean(),
          untilMs: atMs,
          usableWh: wh,
          weeks: z.int(),
          steps: z.array(
            z.object({
              fromMs: atMs,
              startWh: wh,
              expectedMadeWh: wh,
              expectedUsedWh: wh,
              endWh: wh,
              bySource: z.array(z.object({ source, wh })),
            }),
          ),
        }),
      ]),
      day: z.object({ madeWh: wh, usedWh: wh, storedWh: wh, lostWh: wh.nullable(), hours: z.array(hourMix) }),
      waiting: z
        .object({
          month,
          changesHandsMinor: minorAmount,
          statements: z.int(),
          signatures: z.int(),
          threshold: z.int(),
          nextSigners: z.array(z.string()),
        })
        .nullable(),
      alarms: z.array(
        z.object({
          kind: z.enum(ALARM_KINDS),
          meter: meterId.nullable(),
          name: z.string(),
          sinceMs: atMs.nullable(),
          wh: wh.nullable(),
          count: z.int(),
        }),
      ),
      nextSteps: z.array(
        z.object({
          kind: z.enum([
            'add-meter',
            'add-member',
            'sign-close',
            'ask-to-sign',
            'close-month',
            'decide-spike',
            'sign-agreement',
            'invite',
            'vouch',
            'draft-agreement',
          ]),
          name: z.string(),
          target: z.string(),
        }),
      ),
      lastSync: z.object({ atMs: atMs.nullable(), name: z.string().nullable(), peersNow: z.int() }),
    }),
  ),
};
