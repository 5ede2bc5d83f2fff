import { z } from 'zod';
import { plantMeter } from './plant-source.ts';

/** Newline-delimited JSON on a loopback port; one request a line, one reply a line, matched by id. */
const MAX_CONTROL_LINE = 64 * 1024;
const MAX_SPEED = 1_000_000;
const id = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const instant = z.int().min(0).max(8.64e15);

export const controlRequest = z.union([
  z.strictObject({ id, set: z.strictObject({ atMs: instant }) }),
  z.strictObject({ id, run: z.strictObject({ speed: z.number().min(0).max(MAX_SPEED) }) }),
  z.strictObject({ id, state: z.literal(true) }),
  z.strictObject({
    id,
    fault: z.strictObject({
      meter: z.int().min(1).max(247),
      /** The meter stops answering, or answers again. */
      silent: z.boolean().optional(),
      /** Its registers start again from zero, once. */
      reset: z.literal(true).optional(),
    }),
  }),
]);
export type ControlRequest = z.infer<typeof controlRequest>;

const wh = z.string().regex(/^\d{1,20}$/);
export const plantState = z.strictObject({
  id,
  atMs: instant,
  meters: z
    .array(
      z.strictObject({
        unit: z.int(),
        importWh: wh,
        exportWh: wh,
        powerW: z.number(),
        socPercent: z.number().nullable(),
        answers: z.boolean(),
      }),
    )
    .max(247),
});
const controlError = z.strictObject({
  id: id.nullable(),
  error: z.strictObject({ code: z.string().max(60), message: z.string().max(500) }),
});
export const controlReply = z.union([plantState, z.strictObject({ id, atMs: instant }), controlError]);
export type ControlReply = z.infer<typeof controlReply>;

/** The one line a plant prints on stdout when it serves. */
export const readyLine = z.strictObject({
  ready: z.literal(true),
  simulated: z.literal(true),
  modbusPort: z.int().min(1).max(65_535),
  controlPort: z.int().min(1).max(65_535),
  meters: z.array(plantMeter).min(1).max(247),
  fromMs: instant,
  toMs: instant,
  zoneOffsetMin: z
    .int()
    .min(-14 * 60)
    .max(14 * 60),
});
export type ReadyLine = z.infer<typeof readyLine>;

/** Splits a byte stream into lines of bounded length; throws RangeError on a longer one. */
export function createLineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let rest = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > MAX_CONTROL_LINE) throw new RangeError('line too long');
      onLine(rest.subarray(0, end).toString('utf8'));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_CONTROL_LINE) throw new RangeError('line too long');
    pending = rest;
  };
}
