import * as z from 'zod';
import { cidSchema, entrySchema, meterSchema, msSchema, naturalSchema } from '../ids.ts';
import { sealedFieldsSchema } from '../membership/private-fields.ts';
import { announceBody } from '../metering/frame.ts';
import { announcementOf, rivalName } from './shelves.ts';
import { type Apply, decisionKey, isCoordinator } from './state.ts';

export const decideBody = z.strictObject({
  meter: meterSchema,
  fromMs: msSchema,
  action: z.enum(['accept', 'reject']),
  private: sealedFieldsSchema,
});
/** Days of one file: four years, and the record stays below its limit. */
export const MAX_ENTRY_SEGMENTS = 1500;
export const entryBody = z.strictObject({
  entry: entrySchema,
  kind: z.enum(['hand', 'file']),
  private: sealedFieldsSchema,
  segments: z.array(cidSchema).min(1).max(MAX_ENTRY_SEGMENTS),
  hours: z.int().min(0),
  wh: naturalSchema,
});
export const vouchBody = z.strictObject({ entry: entrySchema, private: sealedFieldsSchema });

const announce: Apply = (ctx) => {
  const body = announceBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable segment';
  const s = body.data;
  const { segments } = ctx.state;
  const { device } = ctx.record;
  if (announcementOf(segments, s.cid, device)) return 'this segment is announced already';
  if (ctx.record.book !== `segments-${s.day.slice(0, 7)}`) return 'the segment is in the book of another month';
  const name = segments.has(s.cid) ? rivalName(s.cid, device) : s.cid;
  segments.set(name, { ...s, device, record: ctx.record.id, atMs: ctx.record.at.ms });
  return undefined;
};

const decide: Apply = (ctx) => {
  const body = decideBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable decision';
  if (!isCoordinator(ctx.state, ctx.author)) return 'only a coordinator decides on readings';
  if (!ctx.state.meters.has(body.data.meter)) return 'no such meter';
  const key = decisionKey(body.data.meter, body.data.fromMs);
  ctx.state.decisions.set(key, { ...body.data, by: ctx.author, atMs: ctx.record.at.ms });
  return undefined;
};

const enter: Apply = (ctx) => {
  const body = entryBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable entry';
  const { entry: id, ...e } = body.data;
  if (ctx.state.entries.has(id)) return 'this entry exists';
  ctx.state.entries.set(id, { id, ...e, author: ctx.author, atMs: ctx.record.at.ms, vouched: null });
  return undefined;
};

const vouch: Apply = (ctx) => {
  const body = vouchBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable voucher';
  const e = ctx.state.entries.get(body.data.entry);
  if (!e) return 'no such entry';
  if (e.author === ctx.author) return 'the author cannot vouch for their own entry';
  if (e.vouched) return 'already vouched for';
  ctx.state.entries.set(e.id, {
    ...e,
    vouched: { by: ctx.author, private: body.data.private, atMs: ctx.record.at.ms },
  });
  for (const cid of e.segments) ctx.state.vouched.set(cid, true);
  return undefined;
};

export const operationRules: Readonly<Record<string, Apply>> = {
  'segment.announce': announce,
  'vee.decide': decide,
  'entry.add': enter,
  'entry.vouch': vouch,
};
